"""Group-relative advantages."""

import jax
import jax.numpy as jnp


def group_advantages(
  returns: jax.Array, *, normalize_by_std: bool = True, eps: float = 1e-6
) -> jax.Array:
  """Each return relative to the other members of its group.

  A_br = (G_br - mean_r G_b) / (std_r G_b + eps), std with ddof 1; without the division if
  normalize_by_std is False (Dr. GRPO).

  Args:
    returns: float32[B, R], unitless; a row is a group.
    normalize_by_std: divides by the group's spread.
    eps: float > 0, added to the standard deviation.
  Returns:
    float32[B, R], unitless, no gradient; a group without spread (one member included) gives exact
    zeros.
  Raises:
    ValueError: returns are not [B, R] with R >= 1.
  Source: Shao et al. 2024, arXiv:2402.03300, sec. 4.1.2; Liu et al. 2025, arXiv:2503.20783,
    sec. 3.1 (no division). The official code (verl, compute_grpo_outcome_advantage) passes the
    return of a group of one through as its advantage, and divides the rounding errors of a group of
    equal returns by eps; here both are zero.

  >>> print(group_advantages(jnp.array([[0.0, 1.0, 2.0], [0.1, 0.1, 0.1]])).round(3))
  [[-1.  0.  1.]
   [ 0.  0.  0.]]
  """
  returns = jax.lax.stop_gradient(jnp.asarray(returns, jnp.float32))
  if returns.ndim != 2 or returns.shape[1] < 1:
    raise ValueError(
      f"returns have shape {returns.shape}: expected [groups, members] with at least one member; "
      "reshape the flat returns to (num_groups, group_size)"
    )
  # not `>`: a return that is NaN stays NaN, as a step counts and skips such an update
  has_spread = jnp.max(returns, axis=1, keepdims=True) != jnp.min(returns, axis=1, keepdims=True)
  centered = returns - jnp.mean(returns, axis=1, keepdims=True)
  if normalize_by_std and returns.shape[1] > 1:
    centered = centered / (jnp.std(returns, axis=1, ddof=1, keepdims=True) + eps)
  return jnp.where(has_spread, centered, 0.0)
