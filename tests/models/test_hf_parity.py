"""Our Qwen2-VL against transformers' on the same random weights, through the conversion."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from cross_jax.models.qwen2_vl.rope import mrope_positions
from cross_jax.sampling import make_sampler
from tests.models import hf_twin

CONFIG = hf_twin.CONFIG
ATOL = 1e-4
WIDE, SMALL, TALL = (4, 6), (2, 2), (8, 2)  # patches (height, width)


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
  """(transformers' model, our params, our config) with the same random weights."""
  directory = tmp_path_factory.mktemp("twins") / "hf"
  model = hf_twin.random_model(CONFIG)
  hf_twin.save(model, directory)
  return model, *hf_twin.load(directory)


ROWS = {
  "text only": [(9,)],
  "one image": [(3, WIDE, 5)],
  "an image first": [(WIDE, 4)],
  "images of different sizes": [(2, WIDE, SMALL, TALL, 4)],
  "images between turns": [(2, SMALL, 7, WIDE, 3, SMALL, 1)],
  "a batch of unequal lengths": [(2, WIDE, 4, SMALL, 9), (5, WIDE, 1, SMALL, 2), (1, WIDE, SMALL)],
}


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", ROWS)
def test_logits(twins, name, side):
  model, params, config = twins
  rng = np.random.default_rng(len(name))
  rows = [hf_twin.make_row(rng, config, *parts) for parts in ROWS[name]]
  _, mask = hf_twin.padded(rows, side)
  expected = hf_twin.hf_logits(model, rows, config, side)[mask]
  got = hf_twin.our_logits(params, config, rows, side)[mask]
  assert np.abs(expected).max() > 1.0  # a difference would show
  np.testing.assert_allclose(got, expected, rtol=0, atol=ATOL)


def test_the_pictures_matter(twins):
  model, params, config = twins
  row = hf_twin.make_row(np.random.default_rng(0), config, 2, WIDE, 4)
  other = row._replace(patches=255 - row.patches)
  one, two = (hf_twin.our_logits(params, config, [r])[0, -1] for r in (row, other))
  assert np.abs(one - two).max() > 100 * ATOL


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", ROWS)
def test_mrope_positions(twins, name, side):
  model, _, config = twins
  rows = [hf_twin.make_row(np.random.default_rng(1), config, *parts) for parts in ROWS[name]]
  inputs = hf_twin.hf_inputs(rows, config, side)
  inputs.pop("pixel_values", None)
  grids = inputs.pop("image_grid_thw", None)
  expected, deltas = model.model.get_rope_index(**inputs, image_grid_thw=grids)
  _, mask = hf_twin.padded(rows, side)
  got = hf_twin.our_positions(rows, config, side)
  np.testing.assert_array_equal(got[:, mask], expected.numpy()[:, mask])
  for b, row in enumerate(rows):  # what the first response token continues from
    ours = mrope_positions(
      row.ids, row.grids, merge=config.merge, image_token_id=config.image_token_id
    )
    assert ours.max() + 1 == len(row.ids) + deltas[b].item()


def test_greedy_generation_token_for_token(twins):
  model, params, config = twins
  num_tokens, rng = 64, np.random.default_rng(5)
  layouts = ((2, WIDE, 4, SMALL, 9), (5, WIDE, SMALL))
  rows = [hf_twin.make_row(rng, config, *parts) for parts in layouts]
  with torch.no_grad():
    out = model.generate(
      **hf_twin.hf_inputs(rows, config, "left"),
      max_new_tokens=num_tokens,
      min_new_tokens=num_tokens,
      do_sample=False,
      suppress_tokens=[config.image_token_id],
      eos_token_id=hf_twin.PAD,
      pad_token_id=hf_twin.PAD,
    )
  expected = out[:, -num_tokens:].numpy()
  ids, mask = hf_twin.padded(rows, "right")
  sample = make_sampler(
    config, rows[0].grids, max_prompt_len=ids.shape[1], max_new_tokens=num_tokens, num_samples=1,
    temperature=0.0, stop_ids=(),
  )  # fmt: skip
  got = sample(
    params,
    np.stack([row.patches for row in rows]),
    ids,
    mask.sum(axis=1).astype(np.int32),
    hf_twin.our_positions(rows, config, "right"),
    jax.vmap(jax.random.key)(jnp.zeros(2, jnp.uint32)),
  )
  np.testing.assert_array_equal(np.asarray(got.ids[:, 0]), expected)
  assert all(len(set(row)) > 10 for row in expected.tolist())  # not one token over and over
