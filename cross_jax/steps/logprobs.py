"""Log-probabilities of given tokens, without a gradient: the reference's and the old policy's."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from cross_jax.base import Batch
from cross_jax.sharding import on_mesh
from cross_jax.steps.accumulate import split_batch
from cross_jax.steps.sft import ResponseLogpFn


def make_logp_fn(
  response_logp_fn: ResponseLogpFn,
  *,
  num_microbatches: int = 1,
  shardings: tuple[Any, Batch] | None = None,
) -> Callable[[Any, Batch], jax.Array]:
  """The jitted function (params, batch) -> float32[B, N], nats, of batch.target_ids.

  Args:
    response_logp_fn: (params, batch) -> float32[B, N], nats.
    num_microbatches: parts the batch is computed in, one after the other, to save memory.
    shardings: of the parameters and the batch, or None to follow the arguments; the result lies as
      batch.old_logp.
  Returns:
    The function; padding (target_mask False) is 0.
  Raises:
    ValueError: num_microbatches is below 1, or (when called) does not divide the batch.
  """
  if num_microbatches < 1:
    raise ValueError(f"num_microbatches {num_microbatches}: must be at least 1")

  def logp_fn(params, batch: Batch) -> jax.Array:
    if num_microbatches == 1:
      logp = response_logp_fn(params, batch)
    else:
      microbatches = split_batch(batch, num_microbatches)
      logp = jax.lax.map(lambda microbatch: response_logp_fn(params, microbatch), microbatches)
      logp = jnp.moveaxis(logp, 0, 1).reshape(batch.target_ids.shape)
    return jnp.where(batch.target_mask, logp, 0.0)

  if shardings is None:
    return jax.jit(logp_fn)
  return jax.jit(
    on_mesh(logp_fn, shardings), in_shardings=shardings, out_shardings=shardings[1].old_logp
  )
