"""Slots equal the full forward pass, whatever was in them before and wherever they go on from."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models import small

from cross_jax.models.qwen2_vl import cache as caching
from cross_jax.models.qwen2_vl import forward, slots
from cross_jax.models.qwen2_vl.rope import mrope_positions, next_text_position

C = dataclasses.replace(small.CONFIG, is_scanned=True)  # compiles faster
B, S, T = 3, 40, 16
LATER = ((2, 2),)  # the image of the second turn
SECOND_TURN = [11, 5, 12, 13]  # 5 is the image


def positions_of(ids, grids):
  return mrope_positions(ids, grids, merge=2, image_token_id=small.CONFIG.image_token_id)


def new_tokens(slot, source, start, rows, positions):
  """NewTokens of rows padded to T."""
  ids, padded = np.zeros((len(rows), T), np.int32), np.zeros((3, len(rows), T), np.int32)
  for a, row in enumerate(rows):
    ids[a, : len(row)], padded[:, a, : len(row)] = row, positions[a]
  num = np.asarray([len(row) for row in rows], np.int32)
  index = lambda values: np.asarray(values, np.int32)
  return slots.NewTokens(index(slot), index(source), index(start), ids, num, padded)


@pytest.mark.parametrize("is_scanned", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_slots_equal_the_full_forward(is_scanned):
  config = dataclasses.replace(C, is_scanned=is_scanned)
  rng, params = np.random.default_rng(0), small.make_params()
  _, patches = small.make_images(rng, 2)
  later = rng.integers(0, 256, (2, 4, config.patch_dim)).astype(np.uint8)
  prompts = [small.make_prompt(rng, num_text) for num_text in (3, 6)]
  responses = rng.integers(6, 50, (2, 3)).astype(np.int32)

  @jax.jit
  def full(params, patches, later, ids, positions):
    patches = jnp.concatenate([patches, later], axis=1)
    images = forward.image_features(params, C, patches, small.GRIDS + LATER)
    segments = jnp.ones_like(ids)
    hidden = forward.hidden_states(params, C, ids, segments, positions, images)
    return forward.response_logits(params, C, hidden, jnp.arange(ids.shape[1])[None])[0]

  def expect(got, a, ids, image=None):
    """Logits after `ids`, those of the a-th prompt's pictures and perhaps a later one."""
    row, positions = np.zeros(S, np.int32), np.zeros((3, S), np.int32)
    grids = small.GRIDS + (() if image is None else LATER)
    row[: len(ids)], positions[:, : len(ids)] = ids, positions_of(np.asarray(ids), grids)
    image = later[:1] if image is None else image  # one too many is not looked at
    want = full(stacked, patches[a : a + 1], image, row[None], positions[:, None])
    np.testing.assert_allclose(got, np.asarray(want)[len(ids) - 1], atol=1e-5)

  @jax.jit
  def begin(params, layers, new):
    images = forward.image_features(params, config, patches, small.GRIDS)
    return slots.prefill_slots(params, config, layers, new, images, is_fresh=True)

  @jax.jit
  def go_on(params, layers, new):
    images = forward.image_features(params, config, later, LATER)
    return slots.prefill_slots(params, config, layers, new, images, is_fresh=False)

  @jax.jit
  def step(params, layers, *arguments):
    return slots.decode_slots(params, config, layers, *arguments)

  index = lambda *values: np.asarray(values, np.int32)
  stacked, params = params, caching.unstack_params(params, config)
  layers = slots.empty_slots(config, B, S)
  layers = jax.tree.map(lambda x: jnp.full_like(x, jnp.nan), layers)  # the worst that may be left

  # Prompt 0 into slot 2, prompt 1 into slot 0; a third row goes nowhere.
  first = [positions_of(ids, small.GRIDS) for ids in prompts]
  layers, logits = begin(params, layers, new_tokens([2, 0], [0, 0], [0, 0], prompts, first))
  for a in range(2):
    expect(logits[a], a, prompts[a])

  next_position = [next_text_position(p) for p in first]
  for n in range(3):
    ids = index(responses[1, n], 0, responses[0, n])
    at = index(next_position[1] + n, 0, next_position[0] + n)
    length = index(len(prompts[1]) + n, S, len(prompts[0]) + n)
    layers, logits = step(params, layers, ids, at, length, np.array([True, False, True]))
    expect(logits[2], 0, [*prompts[0], *responses[0, : n + 1]])
    expect(logits[0], 1, [*prompts[1], *responses[1, : n + 1]])
  idle = jax.tree.map(lambda x: np.asarray(x)[(slice(None),) * is_scanned + (1,)], layers)
  assert all(np.isnan(x).all() for x in jax.tree.leaves(idle))  # not written to

  # The next turn after slot 2's response: once copied to slot 1, once in place, one token shorter.
  long = np.asarray([*prompts[0], *responses[0], *SECOND_TURN], np.int32)
  short = np.asarray([*prompts[0], *responses[0, :2], *SECOND_TURN, 14], np.int32)
  starts = [len(prompts[0]) + 3, len(prompts[0]) + 2]
  texts = [long, short]
  rows = [ids[start:] for ids, start in zip(texts, starts)]
  after = [positions_of(ids, small.GRIDS + LATER)[:, start:] for ids, start in zip(texts, starts)]
  layers, logits = go_on(params, layers, new_tokens([1, 2], [2, 2], starts, rows, after))
  for a, (ids, image) in enumerate(zip(texts, later)):
    expect(logits[a], 0, ids, image[None])

  at = [next_text_position(positions_of(ids, small.GRIDS + LATER)) for ids in texts]
  length = index(S, len(long), len(short))
  layers, logits = step(
    params, layers, index(0, 20, 21), index(0, *at), length, np.array([False, True, True])
  )
  for a, (ids, image, new) in enumerate(zip(texts, later, (20, 21))):
    expect(logits[a + 1], 0, [*ids, new], image[None])


def test_a_row_that_goes_nowhere_changes_nothing():
  config, params = C, small.make_params()
  prompt = np.arange(6, 12, dtype=np.int32)
  new = new_tokens([B], [0], [0], [prompt], [positions_of(prompt, ())])
  layers = jax.tree.map(jnp.ones_like, slots.empty_slots(config, B, S))
  images = jnp.zeros((1, 0, config.width))
  after, logits = jax.jit(
    lambda layers: slots.prefill_slots(params, config, layers, new, images, is_fresh=True)
  )(layers)
  assert np.isfinite(logits).all()
  jax.tree.map(np.testing.assert_array_equal, after, layers)


def test_slots_are_of_the_config_dtype():
  config = dataclasses.replace(small.CONFIG, dtype="bfloat16")
  layers = slots.empty_slots(config, B, S)
  assert len(layers) == config.depth
  assert {(x.dtype.name, x.shape) for x in jax.tree.leaves(layers)} == {
    ("bfloat16", (B, config.kv_heads, S, config.head_dim))
  }
