"""The supervised step."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from cross_jax.base import Batch
from cross_jax.frozen import JoinFn
from cross_jax.losses import shapes
from cross_jax.losses.reduce import masked_sum
from cross_jax.steps.accumulate import LossFn, LossTerms, make_grad_fn
from cross_jax.steps.state import TrainState
from cross_jax.steps.update import Metrics, Schedule, jit_update, make_update

ResponseLogpFn = Callable[[Any, Batch], jax.Array]  # (params, batch) -> float32[B, N], nats
# (params, batch) -> (float32[B, N], float32[B, N]), nats: of target_ids, and of the attention from
# where they are predicted to attend_to
AttentionLogpFn = Callable[[Any, Batch], tuple[jax.Array, jax.Array]]


def supervised_attention_loss(
  attention_logp_fn: AttentionLogpFn, attention_weight: float
) -> LossFn:
  """`sft_loss` and a loss on where the tokens attend that have a place to attend to.

  L = sum_t m_t (w_t (-logp_t) + attention_weight g_t (-log a_t)) / sum_t m_t; a_t is the attention
  that the policy pays attend_to_t as it predicts token t, and g_t = [attend_to_t >= 0].

  Reading a place off a picture rewards only who finds it, and finding it only who reads it off:
  from random weights a small policy stays at guessing for hundreds of steps (docs/results.md).

  Args:
    attention_logp_fn: (params, batch) -> (logp, log a), float32[B, N] each, nats.
    attention_weight: > 0, of a token's attention against a token.
  Returns:
    A loss function (params, batch) -> LossTerms, with the means nll (w_t (-logp_t) alone, nats a
    token) and attention_nll (-log a_t, nats a token that has a place).
  Source: supervised attention of Liu et al. 2016, arXiv:1609.04186, here from points instead of
    word alignments, on part of a layer's heads and among the prefix's tokens.
  """

  def loss(params, batch: Batch) -> LossTerms:
    logp, attention_logp = attention_logp_fn(params, batch)
    shapes.check_equal("logp", logp, "target_mask", batch.target_mask)
    shapes.check_equal("attention_logp", attention_logp, "target_mask", batch.target_mask)
    nll = _weighted_nll(logp, batch)
    attention = masked_sum(-attention_logp, batch.target_mask & (batch.attend_to >= 0))
    total = nll[0] + attention_weight * attention[0]
    return LossTerms((total, nll[1]), means={"nll": nll, "attention_nll": attention}, maxima={})

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
  response_logp_fn: ResponseLogpFn | AttentionLogpFn,
  optimizer: optax.GradientTransformation,
  *,
  attention_weight: float = 0.0,
  schedule: Schedule | None = None,
  num_microbatches: int = 1,
  is_in_place: bool = False,
  join: JoinFn | None = None,
  shardings: tuple[Any, ...] | None = None,
) -> Callable[..., tuple[TrainState, Metrics]]:
  """The jitted supervised step (state, batch) -> (state, metrics); the state is donated.

  With `join` it is (state, batch, frozen) -> (state, metrics): state.params are a part of the
  policy, and frozen, which is not donated, has no gradient and no optimiser state.

  Args:
    response_logp_fn: (params, batch) -> float32[B, N], nats, of batch.target_ids; with an
      attention_weight above 0 an AttentionLogpFn.
    optimizer: as of optim.make_optimizer.
    attention_weight: >= 0, of supervised attention (supervised_attention_loss).
    schedule: number of updates -> learning rate, for the metrics only.
    num_microbatches: gradient accumulation, exact (see accumulate.make_grad_fn).
    is_in_place: less memory in the update (see update.make_update).
    join: (frozen, state.params) -> params, as frozen.join or lora.join; None without a frozen part.
    shardings: of the state (sharding.tree_shardings), the batch (sharding.batch_shardings) and,
      with join, the frozen parameters (sharding.tree_shardings).
  Returns:
    The step. Metrics, float32[]: loss (nats per token), grad_norm, num_tokens, skipped_updates,
    learning_rate (with a schedule); with an attention_weight also nll and attention_nll.
  Raises:
    ValueError: attention_weight is below 0; (when traced) arrays of another shape than the targets.
  """
  if not attention_weight >= 0:
    raise ValueError(f"attention_weight {attention_weight}: must be 0 (none) or above")
  if attention_weight:
    loss_fn = supervised_attention_loss(response_logp_fn, attention_weight)
  else:
    loss_fn = sft_loss(response_logp_fn)
  grad_fn = make_grad_fn(loss_fn, num_microbatches, join=join, is_in_place=is_in_place)
  update = make_update(grad_fn, optimizer, schedule, is_in_place=is_in_place)
  return jit_update(update, shardings=shardings)
