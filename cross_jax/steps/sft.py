"""The supervised step."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from cross_jax.base import Batch
from cross_jax.losses.reduce import masked_sum
from cross_jax.steps.accumulate import LossFn, LossTerms, make_grad_fn
from cross_jax.steps.state import TrainState
from cross_jax.steps.update import Metrics, Schedule, jit_update, make_update

ResponseLogpFn = Callable[[Any, Batch], jax.Array]  # (params, batch) -> float32[B, N], nats


def sft_loss(response_logp_fn: ResponseLogpFn) -> LossFn:
  """The weighted negative log-likelihood of a batch's response tokens, as (sum, denom).

  L = sum_t m_t w_t (-logp_t) / sum_t m_t, over all tokens of the global batch; w is
  batch.advantage, ones unless the data say otherwise.

  Args:
    response_logp_fn: (params, batch) -> float32[B, N], nats, of batch.target_ids.
  Returns:
    A loss function (params, batch) -> LossTerms.
  """

  def loss(params, batch: Batch) -> LossTerms:
    # A padded token may be anything, not finite too: it is set to 0 before it is used.
    logp = jnp.where(batch.target_mask, response_logp_fn(params, batch), 0.0)
    weighted = -logp * jnp.where(batch.target_mask, batch.advantage, 0.0)
    return LossTerms(loss=masked_sum(weighted, batch.target_mask), means={}, maxima={})

  return loss


def make_sft_step(
  response_logp_fn: ResponseLogpFn,
  optimizer: optax.GradientTransformation,
  *,
  schedule: Schedule | None = None,
  num_microbatches: int = 1,
  shardings: tuple[Any, Batch] | None = None,
) -> Callable[[TrainState, Batch], tuple[TrainState, Metrics]]:
  """The jitted supervised step (state, batch) -> (state, metrics); the state is donated.

  Args:
    response_logp_fn: (params, batch) -> float32[B, N], nats, of batch.target_ids.
    optimizer: as of optim.make_optimizer.
    schedule: number of updates -> learning rate, for the metrics only.
    num_microbatches: gradient accumulation, exact (see accumulate.make_grad_fn).
    shardings: of the state (sharding.tree_shardings) and the batch (sharding.batch_shardings).
  Returns:
    The step. Metrics, float32[]: loss (nats per token), grad_norm, num_tokens, skipped_updates,
    learning_rate (with a schedule).
  """
  grad_fn = make_grad_fn(sft_loss(response_logp_fn), num_microbatches)
  return jit_update(make_update(grad_fn, optimizer, schedule), shardings=shardings)
