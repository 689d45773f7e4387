"""Products that are rounded before they are added."""

import jax
import jax.numpy as jnp


def rounded(product: jax.Array, count: jax.Array) -> jax.Array:
  """float32[...] `product` as it is, in a way that keeps it from being fused with a later addition.

  In a sum of two products the compiler fuses either of them, and which one differs between
  programs, so that a game alone and the same game in a batch would part in the last bit.

  Args:
    product: float32[...].
    count: int32[], not negative, which the compiler does not know.
  """
  bits = jax.lax.bitcast_convert_type(product, jnp.int32) + jnp.minimum(count, 0)
  return jax.lax.bitcast_convert_type(bits, jnp.float32)
