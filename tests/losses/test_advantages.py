"""Group-relative advantages."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference import grpo_loops

from cross_jax.losses import group_advantages


def test_hand_worked():
  # Returns 0, 0, 1, 3: mean 1, deviations -1, -1, 0, 2, squares sum to 6, over ddof 4 - 1 = 3 gives
  # std sqrt(2). With ddof 0 (std sqrt(1.5)) the last would be 1.633 instead of 1.414.
  got = group_advantages(jnp.array([[0.0, 0.0, 1.0, 3.0]]), eps=1e-9)
  np.testing.assert_allclose(got, [[-0.70711, -0.70711, 0.0, 1.41421]], atol=1e-5)


def test_hand_worked_without_std():
  got = group_advantages(jnp.array([[0.0, 0.0, 1.0, 3.0]]), normalize_by_std=False)
  np.testing.assert_allclose(got, [[-1.0, -1.0, 0.0, 2.0]], atol=1e-6)


def test_eps_is_added_to_the_std():
  # std of (0, 2) is sqrt(2); eps 1 gives 1 / (1.41421 + 1) = 0.41421. Under the root (1 / sqrt(3))
  # it would be 0.57735.
  got = group_advantages(jnp.array([[0.0, 2.0]]), eps=1.0)
  np.testing.assert_allclose(got, [[-0.41421, 0.41421]], atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0 / 3.0, -7.7])
def test_equal_returns_give_exact_zeros(value):
  # In float32 the mean of six 0.1 is not 0.1: divided by eps alone the error would be about 0.007.
  got = group_advantages(jnp.full((2, 6), value))
  assert np.array_equal(got, np.zeros((2, 6)))


def test_a_group_of_one_gives_zero():
  # ddof 1 of one member is 0 / 0; the official code would return 5.
  assert np.array_equal(group_advantages(jnp.array([[5.0], [0.0]])), np.zeros((2, 1)))


@pytest.mark.parametrize("normalize_by_std", [True, False])
def test_equals_the_loop(normalize_by_std):
  returns = np.random.default_rng(0).normal(size=(7, 5))
  returns[3] = 0.25
  got = group_advantages(returns, normalize_by_std=normalize_by_std)
  expected = grpo_loops.group_advantages(returns, normalize_by_std, 1e-6)
  np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_invariances():
  returns = jnp.asarray(np.random.default_rng(1).normal(size=(4, 6)), jnp.float32)
  got = group_advantages(returns)
  np.testing.assert_allclose(jnp.sum(got, axis=1), np.zeros(4), atol=1e-5)
  np.testing.assert_allclose(jnp.std(got, axis=1, ddof=1), np.ones(4), rtol=1e-4)
  np.testing.assert_allclose(group_advantages(3.0 * returns + 7.0), got, atol=1e-4)
  order = np.array([3, 1, 5, 0, 2, 4])
  np.testing.assert_allclose(group_advantages(returns[:, order]), got[:, order], atol=1e-6)
  # Groups do not see each other.
  np.testing.assert_allclose(group_advantages(returns[1:2]), got[1:2], atol=1e-6)


def test_no_gradient_passes():
  grad = jax.grad(lambda x: jnp.sum(jnp.square(group_advantages(x))))(jnp.array([[0.0, 1.0]]))
  assert np.array_equal(grad, np.zeros((1, 2)))


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (2, 0)])
def test_wrong_shape(shape):
  with pytest.raises(ValueError, match=r"returns have shape .* reshape the flat returns"):
    group_advantages(jnp.zeros(shape))


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_broken_return_does_not_look_like_no_spread(broken):
  got = group_advantages(jnp.array([[1.0, broken, 0.0], [0.0, 1.0, 1.0]]))
  assert np.isnan(got[0]).any() and np.isfinite(got[1]).all()
