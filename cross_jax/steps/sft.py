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
# (params, batch) -> (float32[B, N], float32[B, N]), nats, of target_ids and of looking at look_at
LookLogpFn = Callable[[Any, Batch], tuple[jax.Array, jax.Array]]


def guided_sft_loss(look_logp_fn: LookLogpFn, look_weight: float) -> LossFn:
  """`sft_loss`, and attention drawn to what the tokens write of.

  L = sum_t m_t (w_t (-logp_t) + look_weight g_t (-log a_t)) / sum_t m_t; a_t is the attention from
  where token t is predicted to image token look_at_t, and g_t = [look_at_t >= 0].

  A search of the picture by name gives no gradient before both where to look and how to read the
  place off are half learnt: small policies stay on that plateau for thousands of steps.

  Args:
    look_logp_fn: (params, batch) -> (logp, log a), float32[B, N] each, nats.
    look_weight: > 0, of a token's attention against a token.
  Returns:
    A loss function (params, batch) -> LossTerms, with the mean look_nll, nats a token with look_at.
  Source: supervised attention, Liu et al. 2016, arXiv:1609.04186.
  """

  def loss(params, batch: Batch) -> LossTerms:
    logp, look_logp = look_logp_fn(params, batch)
    total, denom = _weighted_nll(logp, batch)
    is_looking = batch.target_mask & (batch.look_at >= 0)
    look = masked_sum(jnp.where(is_looking, -look_logp, 0.0), is_looking)
    return LossTerms((total + look_weight * look[0], denom), means={"look_nll": look}, maxima={})

  return loss


def _weighted_nll(logp: jax.Array, batch: Batch) -> tuple[jax.Array, jax.Array]:
  # A padded token may be anything, not finite too: it is set to 0 before it is used.
  logp = jnp.where(batch.target_mask, logp, 0.0)
  weighted = -logp * jnp.where(batch.target_mask, batch.advantage, 0.0)
  return masked_sum(weighted, batch.target_mask)


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
    total = _weighted_nll(response_logp_fn(params, batch), batch)
    return LossTerms(loss=total, means={}, maxima={})

  return loss


def make_sft_step(
  response_logp_fn: ResponseLogpFn | LookLogpFn,
  optimizer: optax.GradientTransformation,
  *,
  look_weight: float = 0.0,
  schedule: Schedule | None = None,
  num_microbatches: int = 1,
  shardings: tuple[Any, Batch] | None = None,
) -> Callable[[TrainState, Batch], tuple[TrainState, Metrics]]:
  """The jitted supervised step (state, batch) -> (state, metrics); the state is donated.

  Args:
    response_logp_fn: (params, batch) -> float32[B, N], nats, of batch.target_ids; with look_weight
      above 0 also those of looking at batch.look_at (LookLogpFn).
    optimizer: as of optim.make_optimizer.
    look_weight: >= 0, of the attention to look_at against a token (guided_sft_loss).
    schedule: number of updates -> learning rate, for the metrics only.
    num_microbatches: gradient accumulation, exact (see accumulate.make_grad_fn).
    shardings: of the state (sharding.tree_shardings) and the batch (sharding.batch_shardings).
  Returns:
    The step. Metrics, float32[]: loss (nats per token), grad_norm, num_tokens, skipped_updates,
    learning_rate (with a schedule), look_nll (with look_weight; the loss then contains it).
  Raises:
    ValueError: look_weight is below 0.
  """
  if look_weight < 0:
    raise ValueError(f"look_weight {look_weight}: must be 0 (no guidance) or above")
  if look_weight:
    loss_fn = guided_sft_loss(response_logp_fn, look_weight)
  else:
    loss_fn = sft_loss(response_logp_fn)
  grad_fn = make_grad_fn(loss_fn, num_microbatches)
  return jit_update(make_update(grad_fn, optimizer, schedule), shardings=shardings)
