"""The optimisers' state on a mesh: placed by the model's rules, and the updates of one device."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import PartitionSpec as P

from cross_jax import sharding
from cross_jax.models.qwen2_vl.config import preset
from cross_jax.models.qwen2_vl.forward import init_params
from cross_jax.optim import make_optimizer
from cross_jax.steps import LossTerms, init_state
from cross_jax.steps.update import jit_update, make_update

SHAPES = {
  "embed": {"embedding": (256, 128)},
  "layers": {
    "q_proj": {"kernel": (2, 128, 256), "bias": (2, 256), "lora_a": (2, 128, 4)},
    "k_proj": {"kernel": (2, 128, 64)},  # too narrow to be factored
    "down_proj": {"lora_a": (2, 256, 4), "lora_b": (2, 4, 128)},
  },
  "norm": {"scale": (128,)},
  "vision": {"merger": {"mlp_2": {"kernel": (128, 256), "lora_b": (4, 256)}}},
}
LOSS = LossTerms((jnp.float32(1.0), jnp.float32(1.0)), {}, {})


def draw(seed):
  rng = np.random.default_rng(seed)
  normal = lambda shape: rng.normal(size=shape).astype(np.float32)
  return jax.tree.map(normal, SHAPES, is_leaf=lambda node: isinstance(node, tuple))


def train(optimizer, mesh):
  """The state after two updates with given gradients, and its shardings."""
  state = init_state(draw(0), optimizer, jax.random.key(0))
  rules = sharding.QWEN2_VL_RULES
  placed = sharding.tree_shardings(state, mesh, rules)
  update = make_update(lambda params, grads: (grads, LOSS), optimizer, None)
  step = jit_update(update, shardings=(placed, placed.params))
  state = jax.device_put(state, placed)
  for seed in (1, 2):
    state, _ = step(state, jax.device_put(draw(seed), placed.params))
  return state, placed


@pytest.mark.parametrize("kind", ["adafactor", "muon"])
def test_updates_on_eight_devices_equal_those_of_one(kind):
  optimizer, _ = make_optimizer(
    kind=kind, learning_rate=0.1, warmup_steps=0, total_steps=10, weight_decay=0.1
  )
  expected, _ = train(optimizer, sharding.make_mesh(1, 1, 1))
  state, placed = train(optimizer, sharding.make_mesh(2, 2, 2))
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5),
    state._replace(rng=0),
    expected._replace(rng=0),
  )
  assert jax.tree.map(lambda leaf: leaf.sharding.spec, state.opt_state) == jax.tree.map(
    lambda s: s.spec, placed.opt_state
  )
  if kind != "adafactor":
    return
  found = {
    name: optax.tree.get(placed.opt_state, name)["layers"] for name in ("v_row", "v_col", "v")
  }
  # Means over a side of the kernel, on every device; a v in place of them as its kernel.
  assert found["v_row"]["q_proj"]["kernel"].spec == found["v_col"]["q_proj"]["kernel"].spec == P()
  assert found["v"]["q_proj"]["kernel"].spec == P()  # one element: there is no v
  assert found["v"]["k_proj"]["kernel"].spec == P(None, "fsdp", "tensor")
  assert optax.tree.get(state.opt_state, "v_row")["layers"]["q_proj"]["kernel"].shape == (2, 128)


def test_an_adapter_lies_as_the_sides_of_its_kernel():
  mesh = sharding.make_mesh(1, 2, 4)
  for name in ("q_proj", "down_proj", "blocks/qkv", "blocks/proj", "merger/mlp_0", "merger/mlp_2"):
    stack = () if "mlp_" in name else (3,)
    shapes = {"kernel": (*stack, 16, 32), "lora_a": (*stack, 16, 8), "lora_b": (*stack, 8, 32)}
    tree = {f"{name}/{key}": jax.ShapeDtypeStruct(s, jnp.float32) for key, s in shapes.items()}
    placed = sharding.tree_shardings(tree, mesh, sharding.QWEN2_VL_RULES)
    kernel, down, up = (placed[f"{name}/{key}"].shard_shape(s) for key, s in shapes.items())
    assert np.prod(kernel) * 8 == np.prod(shapes["kernel"])
    assert down == (*kernel[:-1], 8) and up == (*kernel[:-2], 8, kernel[-1])


@pytest.mark.parametrize("kind", ["adamw", "adafactor", "muon"])
def test_states_are_placed_where_heads_do_not_divide(kind):
  """Two key/value heads on a 'tensor' of 4: their kernels are on every device, statistics too."""
  config = preset("2b")
  mesh = sharding.make_mesh(1, 2, 4)
  optimizer, _ = make_optimizer(kind=kind, learning_rate=0.1, warmup_steps=0, total_steps=10)
  start = lambda: init_state(init_params(jax.random.key(0), config), optimizer, jax.random.key(0))
  shapes = jax.eval_shape(start)
  placed = sharding.tree_shardings(shapes, mesh, sharding.qwen2_vl_rules(config, mesh))
  kernel = placed.params["layers"]["k_proj"]["kernel"]
  assert kernel.spec == P(None, "fsdp", None)
