"""The optimiser and its schedule."""

import doctest

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from cross_jax import optim
from cross_jax.optim import decay_mask, make_optimizer
from cross_jax.steps import LossTerms, init_state
from cross_jax.steps.update import make_update

ARGUMENTS = {
  "learning_rate": 1.0,
  "warmup_steps": 10,
  "total_steps": 110,
  "end_lr_ratio": 0.2,
  "weight_decay": 0.0,
  "max_grad_norm": 1.0,
}


def test_schedule_hand_worked():
  _, schedule = make_optimizer(**ARGUMENTS)
  # Linear to 1 at update 10, then 0.2 + 0.8 (1 + cos(pi t / 100)) / 2 over the 100 that are left;
  # a decay over all 110 would give 0.6569 at update 60.
  expected = {0: 0.0, 5: 0.5, 10: 1.0, 35: 0.88284, 60: 0.6, 110: 0.2, 500: 0.2}
  with jax.numpy_dtype_promotion("standard"):
    for count, rate in expected.items():
      assert float(schedule(count)) == pytest.approx(rate, abs=1e-4)


def one_update(gradient, params=None, **changes):
  optimizer, _ = make_optimizer(**(ARGUMENTS | {"warmup_steps": 0} | changes))
  params = {"kernel": jnp.zeros((1, 2))} if params is None else params
  with jax.numpy_dtype_promotion("standard"):
    updates, _ = jax.jit(optimizer.update)(gradient, optimizer.init(params), params)
  return optax.apply_updates(params, updates)


def test_gradient_is_clipped_by_its_global_norm():
  # (3, 4) has norm 5: clipped to 1 it is (0.6, 0.8), seen in the first moment: 0.1 of it.
  optimizer, _ = make_optimizer(**ARGUMENTS)
  params = {"a": jnp.zeros((1, 1)), "b": jnp.zeros((1, 1))}
  gradient = {"a": jnp.full((1, 1), 3.0), "b": jnp.full((1, 1), 4.0)}
  with jax.numpy_dtype_promotion("standard"):
    _, state = optimizer.update(gradient, optimizer.init(params), params)
  moment = optax.tree.get(state, "mu")
  np.testing.assert_allclose([moment["a"][0, 0], moment["b"][0, 0]], [0.06, 0.08], rtol=1e-5)


def test_weight_decay_is_decoupled_and_spares_norms_and_biases():
  params = {
    "dense": {"kernel": jnp.ones((2, 2)), "bias": jnp.ones((2, 2))},
    "norm": {"scale": jnp.ones((2, 2))},
  }
  # No gradient: Adam's part is 0 and the decay is 1 - rate * 0.1 = 0.9.
  zeros = jax.tree.map(jnp.zeros_like, params)
  after = one_update(zeros, params, weight_decay=0.1)
  np.testing.assert_allclose(after["dense"]["kernel"], np.full((2, 2), 0.9), rtol=1e-6)
  np.testing.assert_array_equal(after["dense"]["bias"], np.ones((2, 2)))
  np.testing.assert_array_equal(after["norm"]["scale"], np.ones((2, 2)))


def test_decay_mask_by_path_and_rank():
  tree = {
    "layers": {
      "input_layernorm": {"scale": jnp.ones((3, 2))},
      "q_proj": {"bias": jnp.ones((3, 2))},
    },
    "embed": {"embedding": jnp.ones((5, 2))},
    "vector": jnp.ones(4),
  }
  assert decay_mask(tree) == {
    "layers": {"input_layernorm": {"scale": False}, "q_proj": {"bias": False}},
    "embed": {"embedding": True},
    "vector": False,
  }


def test_muon_takes_the_matrices_between_activations():
  tree = {
    "embed": {"embedding": jnp.ones((5, 2))},
    "head": {"kernel": jnp.ones((2, 5))},
    "layers": {"q_proj": {"kernel": jnp.ones((3, 2, 4)), "bias": jnp.ones((3, 4))}},
    "vision": {"patch_embed": {"kernel": jnp.ones((6, 2))}},
  }
  matrix = optax.contrib.MuonDimensionNumbers(-2, -1)
  assert optim.muon_dimensions(tree) == {
    "embed": {"embedding": None},
    "head": {"kernel": None},
    "layers": {"q_proj": {"kernel": matrix, "bias": None}},
    "vision": {"patch_embed": {"kernel": None}},
  }


def test_muon_update_is_orthogonal_and_of_the_size_of_adams():
  rng = np.random.default_rng(0)
  params = {"dense": {"kernel": jnp.zeros((2, 8, 8)), "bias": jnp.zeros((2, 8))}}
  gradient = jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), jnp.float32), params)
  after = one_update(gradient, params, kind="muon", weight_decay=0.1, learning_rate=0.01)
  for step in np.asarray(after["dense"]["kernel"]):  # one matrix for each stacked layer
    singular = np.linalg.svd(step, compute_uv=False)
    # 0.2 sqrt(8) times the rate; Newton-Schulz leaves singular values between 0.7 and 1.2.
    assert (abs(singular / (0.01 * 0.2 * 8**0.5) - 1) < 0.35).all()
  # Adam's first step, with Nesterov's momentum: 1 + 0.9 * 0.1 / (1 - 0.9**2) = 1.474 rates.
  np.testing.assert_allclose(abs(after["dense"]["bias"]), 0.01474, rtol=1e-3)


def test_adafactor_factors_each_stacked_layer_and_leaves_biases_whole():
  rng = np.random.default_rng(0)
  shapes = {"kernel": (2, 128, 130), "bias": (2, 130), "narrow": (2, 128, 100)}
  params = {name: jnp.zeros(shape) for name, shape in shapes.items()}
  gradient = {
    name: jnp.asarray(rng.normal(size=s), jnp.float32).at[0].mul(5) for name, s in shapes.items()
  }
  after = one_update(gradient, params, kind="adafactor", learning_rate=0.1, max_grad_norm=np.inf)
  # At the first update v is that of this gradient alone, and g / sqrt(g^2) its sign.
  for name in ("bias", "narrow"):
    np.testing.assert_allclose(after[name], -0.1 * np.sign(gradient[name]), rtol=1e-5)
  update = []
  for g in np.asarray(gradient["kernel"], np.float64):  # the two layers have their own v
    rows, columns = np.mean(g**2, axis=1), np.mean(g**2, axis=0)
    v = rows[:, None] * columns[None] / np.mean(rows)
    update.append(g / np.sqrt(v))
  update = np.stack(update)
  rms = np.sqrt(np.mean(update**2))  # of both layers together
  assert rms > 1.0
  np.testing.assert_allclose(after["kernel"], -0.1 * update / rms, rtol=1e-4, atol=1e-7)


def test_adafactor_decays_by_the_rate_and_spares_biases():
  params = {"kernel": jnp.ones((128, 128)), "bias": jnp.ones(128)}
  zeros = jax.tree.map(jnp.zeros_like, params)
  after = one_update(zeros, params, kind="adafactor", weight_decay=0.1, learning_rate=0.5)
  # 1 - 0.5 * 0.1; optax's own weight_decay_rate would take 0.1 off, whatever the rate.
  np.testing.assert_allclose(after["kernel"], np.full((128, 128), 0.95), rtol=1e-6)
  np.testing.assert_array_equal(after["bias"], np.ones(128))


def num_bytes(tree):
  return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def test_adafactor_descends_with_a_small_state():
  target = jax.random.normal(jax.random.key(0), (256, 512))
  loss = lambda params: jnp.mean((params["kernel"] - target) ** 2)
  params = {"kernel": jnp.zeros_like(target)}
  adamw, _ = make_optimizer(**ARGUMENTS)
  optimizer, _ = make_optimizer(**(ARGUMENTS | {"kind": "adafactor", "learning_rate": 0.1}))
  state = optimizer.init(params)
  # 4 (256 + 512) bytes of means and three counters against 8 * 256 * 512.
  assert num_bytes(state) < 4 * (256 + 512) + 32 < 0.02 * num_bytes(adamw.init(params))

  @jax.jit
  def update(params, state):
    value, gradient = jax.value_and_grad(loss)(params)
    with jax.numpy_dtype_promotion("standard"):
      updates, state = optimizer.update(gradient, state, params)
    return optax.apply_updates(params, updates), state, value

  values = []
  for _ in range(40):
    params, state, value = update(params, state)
    values.append(float(value))
  assert values[1:] == sorted(values[1:], reverse=True)  # the first update is of rate 0
  assert values[-1] < 0.05 * values[0]


def test_dtypes_of_the_moments():
  params = {"kernel": jnp.zeros((128, 128), jnp.bfloat16), "bias": jnp.zeros(128, jnp.bfloat16)}

  def dtypes(name, **changes):
    optimizer, _ = make_optimizer(**(ARGUMENTS | changes))
    loss = LossTerms((jnp.float32(1.0), jnp.float32(1.0)), {}, {})
    update = make_update(lambda params: (params, loss), optimizer, None)
    state = init_state(params, optimizer, jax.random.key(0))
    after, _ = jax.eval_shape(update, state)
    # As it was: else the second step would compile again and could not take the first one's memory.
    same = jax.tree.map(lambda a, b: (a.dtype, a.shape) == (b.dtype, b.shape), after, state)
    assert all(jax.tree.leaves(same))
    return {str(leaf.dtype) for leaf in jax.tree.leaves(optax.tree.get(state.opt_state, name))}

  assert dtypes("mu") == {"bfloat16"}
  assert dtypes("mu", mu_dtype="float32") == {"float32"}
  assert dtypes("nu", mu_dtype="float32") == {"bfloat16"}
  assert dtypes("v", kind="adafactor") == dtypes("v_row", kind="adafactor") == {"float32"}


@pytest.mark.parametrize(
  ("changes", "message"),
  [
    ({"kind": "sgd"}, "optimiser 'sgd': must be one of adamw, adafactor, muon"),
    ({"mu_dtype": "float16"}, "mu_dtype 'float16' of adamw: must be one of"),
    ({"kind": "adafactor", "mu_dtype": "float32"}, "None for adafactor, which has no first moment"),
    ({"learning_rate": 0.0}, "learning_rate 0.0"),
    ({"end_lr_ratio": 1.5}, "end_lr_ratio 1.5 within 0..1"),
    ({"max_grad_norm": 0.0}, "max_grad_norm 0.0"),
    ({"warmup_steps": 110}, "warmup_steps 110: .* below total_steps 110"),
  ],
)
def test_wrong_arguments(changes, message):
  with pytest.raises(ValueError, match=message):
    make_optimizer(**(ARGUMENTS | changes))


def test_docstring_examples():
  assert doctest.testmod(optim).failed == 0
