"""Low-rank adapters: what the model makes of them, and which do not fit."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict

from cross_jax import lora
from cross_jax.models.qwen2_vl import forward
from tests.models import small

ALPHA, RANK = 6.0, 3
EVERYTHING = "."
CONFIG = dataclasses.replace(small.CONFIG, is_scanned=True)
BASE = small.make_params()


def random_adapters(pattern=EVERYTHING, seed=1):
  """Adapters of the small policy in which B is not zero."""
  rng = np.random.default_rng(seed)
  return jax.tree.map(
    lambda a: np.asarray(rng.normal(size=a.shape) / 4, np.float32),
    jax.eval_shape(lambda: new_adapters(pattern=pattern)),
  )


def new_adapters(**changes):
  return lora.init_adapters(jax.random.key(0), BASE, **({"rank": RANK} | changes))


@jax.jit
def logits(params):
  """float32[B, T, V] of two prompts with pictures."""
  rng = np.random.default_rng(0)
  _, patches = small.make_images(rng, 2)
  ids = np.stack([small.make_prompt(rng) for _ in range(2)])
  positions = np.stack([small.prompt_positions(row) for row in ids], axis=1)
  embeds = forward.image_features(params, CONFIG, patches, small.GRIDS)
  hidden = forward.hidden_states(params, CONFIG, ids, np.ones_like(ids), positions, embeds)
  return forward.logits(params, CONFIG, hidden)


@pytest.fixture(scope="module")
def base_logits():
  return np.asarray(logits(BASE))


def test_a_zero_b_changes_nothing_bit_for_bit(base_logits):
  adapters = jax.tree.map_with_path(
    lambda path, leaf: 0 * leaf if path[-1].key == "lora_b" else leaf, random_adapters()
  )
  joined = lora.join(BASE, adapters, alpha=ALPHA)
  np.testing.assert_array_equal(logits(joined), base_logits)


def test_joined_equals_merged(base_logits):
  adapters = random_adapters()
  joined = logits(lora.join(BASE, adapters, alpha=ALPHA))
  merged = logits(lora.merge(BASE, adapters, alpha=ALPHA))
  np.testing.assert_allclose(joined, merged, atol=1e-5)
  assert np.abs(joined - base_logits).max() > 0.1


def test_the_model_reads_every_adapter(base_logits):
  adapters = flatten_dict(random_adapters(), sep="/")
  layers = {name.rsplit("/", 1)[0] for name in adapters}
  kernels = {name for name in flatten_dict(BASE, sep="/") if name.endswith("kernel")}
  assert kernels - {f"{layer}/kernel" for layer in layers} == {"vision/patch_embed/kernel"}
  for layer in layers:  # all but one are zero
    alone = {n: a if n.startswith(f"{layer}/") else 0 * a for n, a in adapters.items()}
    joined = lora.join(BASE, unflatten_dict(alone, sep="/"), alpha=ALPHA)
    assert np.abs(logits(joined) - base_logits).max() > 1e-3, layer


def test_gradient_is_that_through_the_merged_kernels():
  adapters = random_adapters("(q_proj|mlp_0)")
  weights = np.random.default_rng(2).normal(size=(2, 15, small.CONFIG.vocab_size))
  weights = weights.astype(np.float32)

  def loss(adapters, combine):
    return jnp.mean(weights * logits(combine(BASE, adapters, alpha=ALPHA)))

  gradient = jax.jit(jax.grad(loss), static_argnums=1)
  joined, merged = gradient(adapters, lora.join), gradient(adapters, lora.merge)
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), joined, merged)
  assert min(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(joined)) > 1e-5


def test_merge_hand_worked():
  base = {"fc": {"kernel": jnp.asarray([[1.0, 0.0], [0.0, 1.0]], jnp.bfloat16)}, "x": jnp.ones(1)}
  adapters = {"fc": {"lora_a": jnp.array([[1.0], [2.0]]), "lora_b": jnp.array([[10.0, 20.0]])}}
  merged = lora.merge(base, adapters, alpha=0.5)
  # The product is [[10, 20], [20, 40]], and counts alpha / rank = 1/2 times.
  np.testing.assert_array_equal(merged["fc"]["kernel"], [[6.0, 10.0], [10.0, 21.0]])
  assert merged["fc"]["kernel"].dtype == jnp.bfloat16 and merged["x"] is base["x"]
  joined = lora.join(base, adapters, alpha=0.5)
  np.testing.assert_array_equal(joined["fc"]["lora_b"], [[5.0, 10.0]])
  assert joined["fc"]["kernel"] is base["fc"]["kernel"]


def test_new_adapters():
  params = {"a": {"kernel": jnp.zeros((5, 64, 32))}, "b": {"kernel": jnp.zeros((64, 32))}}
  adapters = lora.init_adapters(jax.random.key(0), params, rank=16, pattern="")
  shapes = {name: leaf.shape for name, leaf in flatten_dict(adapters, sep="/").items()}
  assert shapes == {
    "a/lora_a": (5, 64, 16),
    "a/lora_b": (5, 16, 32),
    "b/lora_a": (64, 16),
    "b/lora_b": (16, 32),
  }
  for layer in adapters.values():
    assert float(jnp.std(layer["lora_a"])) == pytest.approx(1 / 8, rel=0.05)  # 64 inputs
    assert not layer["lora_b"].any() and layer["lora_a"].dtype == jnp.float32
  rows = adapters["a"]["lora_a"]
  assert not np.array_equal(rows[0], rows[1]) and not np.array_equal(
    rows[0], adapters["b"]["lora_a"]
  )
  # Shapes alone will do, and another dtype.
  described = jax.eval_shape(lambda: params)
  half = lora.init_adapters(jax.random.key(0), described, rank=16, pattern="b", dtype="bfloat16")
  assert list(half) == ["b"] and half["b"]["lora_a"].dtype == jnp.bfloat16


def test_the_default_is_the_decoder():
  adapters = jax.eval_shape(new_adapters)
  assert list(adapters) == ["layers"] and len(adapters["layers"]) == 7


@pytest.mark.parametrize(
  ("changes", "message"),
  [
    ({"rank": 0}, r"rank 0: must be within 1\.\.16, the smaller side of vision/"),
    ({"rank": 17}, "rank 17: must be within 1..16"),
    ({"pattern": "queries"}, "'queries' matches no kernel of a linear layer; they are .*layers/q_"),
    ({"pattern": "patch_embed"}, "'patch_embed' matches no kernel of a linear layer"),
  ],
)
def test_wrong_arguments(changes, message):
  with pytest.raises(ValueError, match=message):
    new_adapters(**({"pattern": EVERYTHING} | changes))


def adapters_with(**changes):
  return {"layers": {"q_proj": random_adapters("q_proj")["layers"]["q_proj"] | changes}}


@pytest.mark.parametrize("combine", [lora.join, lora.merge])
@pytest.mark.parametrize(
  ("adapters", "message"),
  [
    ({}, "there are no adapters"),
    ({"lines": adapters_with()["layers"]}, "the base has no linear layer lines/q_proj/"),
    (adapters_with(lora_a=np.zeros((2, 23, 3))), r"\[2, 23, 3\].* kernel \[2, 24, 72\]"),
    (adapters_with(lora_a=np.zeros((1, 24, 3))), r"\[1, 24, 3\].* they must be \[2, 24, 'rank'\]"),
    (adapters_with(lora_b=np.zeros((2, 4, 72))), "with one rank"),
    (adapters_with(kernel=np.zeros((2, 24, 72))), "q_proj/kernel is no adapter"),
    (
      {"vision": {"patch_embed": {"lora_a": np.zeros((96, 1)), "lora_b": np.zeros((1, 16))}}},
      "no linear layer vision/patch_embed/",
    ),
    ({"norm": {"lora_a": np.zeros((24, 1))}}, "norm/lora_a is no adapter: there must be a lora_a"),
  ],
)
def test_adapters_that_do_not_fit(combine, adapters, message):
  with pytest.raises(ValueError, match=message):
    combine(BASE, adapters, alpha=ALPHA)


def test_alpha_and_joining_twice():
  adapters = random_adapters()
  with pytest.raises(ValueError, match="alpha 0: must be above 0"):
    lora.join(BASE, adapters, alpha=0)
  joined = lora.join(BASE, adapters, alpha=ALPHA)
  for combine in (lora.join, lora.merge):
    with pytest.raises(ValueError, match="has adapters already, as layers/.*: merge them"):
      combine(joined, adapters, alpha=ALPHA)
