"""The policy itself: losses and gradients on meshes of eight devices equal those of one."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.sharding import PartitionSpec as P

from cross_jax import sharding
from cross_jax.checkpoint import CheckpointManager
from cross_jax.losses import masked_sum
from cross_jax.models.qwen2_vl.config import preset
from cross_jax.models.qwen2_vl.forward import response_and_attention_logp, response_logp
from cross_jax.steps import init_state, make_grad_fn
from cross_jax.steps.grpo import grpo_loss
from cross_jax.steps.sft import sft_loss, supervised_attention_loss
from tests.steps import sharded_policy
from tests.steps.sharded_policy import CONFIG, GRIDS

QUICK_COMPILE = {"xla_backend_optimization_level": 0}  # half the time
REF_SHIFT = np.float32(-0.2)  # nats


def sft_and_grpo(params, batch):
  """(gradients, terms) of the losses of make_sft_step and make_grpo_step."""
  logp_fn = lambda p, b: response_logp(p, CONFIG, b, GRIDS)
  grpo = grpo_loss(
    logp_fn, clip_low=0.2, clip_high=0.28, clip_floor=3.0, kl_coef=0.1, reduce_fn=masked_sum
  )
  ref_logp = batch.old_logp + REF_SHIFT
  return {
    "sft": make_grad_fn(sft_loss(logp_fn))(params, batch),
    "grpo": make_grad_fn(grpo)(params, batch, ref_logp),
  }


def supervised_attention(params, batch):
  """(gradients, terms) of the loss of make_sft_step with an attention_weight."""
  logp_fn = lambda p, b: response_and_attention_logp(p, CONFIG, b, GRIDS, layer=1)
  return {"sft": make_grad_fn(supervised_attention_loss(logp_fn, 0.5))(params, batch)}


def two_microbatches(params, batch):
  """(gradients, terms) of the loss of make_sft_step with num_microbatches=2."""
  logp_fn = lambda p, b: response_logp(p, CONFIG, b, GRIDS)
  return {"sft": make_grad_fn(sft_loss(logp_fn), 2)(params, batch)}


def on_one_device(function):
  """(parameters, batch, the function, its results)."""
  params, batch = sharded_policy.make_params(), sharded_policy.make_batch()
  run = jax.jit(function, compiler_options=QUICK_COMPILE)
  return params, batch, function, jax.device_get(run(params, batch))


def check_on_mesh(one_device, sizes):
  params, batch, function, expected = one_device
  mesh = sharding.make_mesh(*sizes)
  rules = sharding.qwen2_vl_rules(CONFIG, mesh)
  placed = (sharding.tree_shardings(params, mesh, rules), sharding.batch_shardings(mesh))
  run = jax.jit(
    sharding.on_mesh(function, placed), in_shardings=placed, compiler_options=QUICK_COMPILE
  )
  got = jax.device_get(run(jax.device_put(params, placed[0]), sharding.put_batch(batch, mesh)))
  for name, (grads, terms) in got.items():
    expected_grads, expected_terms = expected[name]
    jax.tree.map(
      lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), grads, expected_grads
    )
    loss, expected_loss = (t / denom for t, denom in (terms.loss, expected_terms.loss))
    assert loss == pytest.approx(expected_loss, rel=1e-5), name
    largest = [float(np.max(np.abs(g))) for g in jax.tree.leaves(grads)]
    assert max(largest) > 1e-2 and min(largest) > 0, name  # every parameter takes part


@pytest.fixture(scope="module")
def one_device():
  return on_one_device(sft_and_grpo)


# With 'tensor' 8 the four key/value heads are replicated.
@pytest.mark.parametrize("sizes", [(8, 1, 1), (2, 4, 1), (1, 2, 4), (1, 1, 8)])
def test_losses_and_gradients_equal_those_of_one_device(one_device, sizes):
  check_on_mesh(one_device, sizes)


def test_supervised_attention_equals_that_of_one_device():
  check_on_mesh(on_one_device(supervised_attention), (2, 2, 2))


def test_one_row_on_each_device():
  # 4 rows of a microbatch over data x fsdp = 4, with 'tensor' beside them: the partitioner, left to
  # itself, adds rows of one device to those of another (placement.by_kernel).
  check_on_mesh(on_one_device(two_microbatches), (2, 2, 2))


def test_heads_stay_whole():
  shapes = jax.eval_shape(lambda: sharded_policy.make_params())
  for sizes, kv_heads_a_device in (((1, 2, 4), 1), ((1, 1, 8), 4), ((8, 1, 1), 4)):
    mesh = sharding.make_mesh(*sizes)
    placed = sharding.tree_shardings(shapes, mesh, sharding.qwen2_vl_rules(CONFIG, mesh))["layers"]
    for name, heads in (("q_proj", 8 // sizes[2]), ("k_proj", kv_heads_a_device)):
      shape = shapes["layers"][name]["kernel"].shape
      part = placed[name]["kernel"].shard_shape(shape)
      assert part == (shape[0], shape[1] // sizes[1], heads * CONFIG.head_dim), (name, sizes)


@pytest.mark.parametrize(
  "name, num_tensor, message",
  [
    ("2b", 8, r"mesh \(1, 1, 8\) of .*: 'tensor' 8 does not divide the model's 12 heads; choose a "
     "'tensor' of 1, 2, 4 and put the other devices into 'fsdp'"),
    ("7b", 8, "'tensor' 8 does not divide the model's 28 heads; choose a 'tensor' of 1, 2, 4 and"),
    ("tiny", 3, "'tensor' 3 does not divide the model's 4 vision_heads; choose a 'tensor' of 1, 2"),
  ],
)  # fmt: skip
def test_a_mesh_that_does_not_divide_the_heads_is_refused(name, num_tensor, message):
  mesh = sharding.make_mesh(1, 1, num_tensor)
  with pytest.raises(ValueError, match=message):
    sharding.qwen2_vl_rules(preset(name), mesh)


def test_presets_on_the_meshes_they_allow():
  mesh = sharding.make_mesh(1, 2, 4)
  assert sharding.qwen2_vl_rules(preset("7b"), mesh) == sharding.QWEN2_VL_RULES  # 4 kv heads
  rules = sharding.qwen2_vl_rules(preset("2b"), mesh)  # 2 kv heads
  leaf = jax.ShapeDtypeStruct((28, 1536, 256), jnp.bfloat16)
  tree = {"layers": {"k_proj": {"kernel": leaf}, "gate_proj": {"kernel": leaf}}}
  placed = jax.tree.map(lambda s: s.spec, sharding.tree_shardings(tree, mesh, rules))["layers"]
  assert placed["k_proj"]["kernel"] == P(None, "fsdp", None)
  assert placed["gate_proj"]["kernel"] == P(None, "fsdp", "tensor")


def test_a_state_moves_to_another_mesh(tmp_path):
  start = lambda: init_state(sharded_policy.make_params(), optax.sgd(0.1, 0.9), jax.random.key(3))
  shapes, rng = jax.eval_shape(start), np.random.default_rng(0)
  state = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(leaf.dtype),
                       shapes._replace(rng=()))._replace(rng=jax.random.key(3))  # fmt: skip

  def shardings(*sizes):
    mesh = sharding.make_mesh(*sizes)
    return sharding.tree_shardings(shapes, mesh, sharding.qwen2_vl_rules(CONFIG, mesh))

  values = lambda tree: jax.device_get(tree._replace(rng=jax.random.key_data(tree.rng)))
  with CheckpointManager(tmp_path) as checkpoints:
    checkpoints.save(5, jax.device_put(state, shardings(2, 2, 2)), {})
    for sizes in ((1, 1, 8), (1, 1, 1)):
      placed = shardings(*sizes)
      template = jax.tree.map(
        lambda leaf, s: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=s), shapes, placed
      )
      got = checkpoints.restore(template).state
      jax.tree.map(np.testing.assert_array_equal, values(got), values(state))
      assert jax.tree.all(jax.tree.map(lambda leaf, s: leaf.sharding == s, got, placed)), sizes
