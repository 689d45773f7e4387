"""The GRPO step, for single decisions (STRL) and whole episodes (MTRL) alike."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from cross_jax.base import Batch
from cross_jax.frozen import JoinFn
from cross_jax.losses import shapes
from cross_jax.losses.kl import kl_estimate
from cross_jax.losses.ratio import clipped_surrogate, dual_clipped_surrogate, is_clipped, log_ratio
from cross_jax.losses.reduce import masked_sum
from cross_jax.steps.accumulate import LossFn, LossTerms, make_grad_fn
from cross_jax.steps.sft import ResponseLogpFn
from cross_jax.steps.state import TrainState
from cross_jax.steps.update import Metrics, Schedule, jit_update, make_update

# (values [B, N], mask [B, N]) -> (sum, denom), as those of losses.reduce
ReduceFn = Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]


def grpo_loss(
  response_logp_fn: ResponseLogpFn,
  *,
  clip_low: float,
  clip_high: float,
  clip_floor: float | None,
  kl_coef: float,
  reduce_fn: ReduceFn,
) -> LossFn:
  """The GRPO objective of a batch, as (sum, denom), and its metrics.

  L = reduce_t(surrogate_t + kl_coef k3_t)

  Args:
    response_logp_fn, clip_low, clip_high, clip_floor, kl_coef, reduce_fn: as make_grpo_step.
  Returns:
    A loss function (params, batch, ref_logp) -> LossTerms.
  """
  clips = {"clip_low": clip_low, "clip_high": clip_high}

  def loss(params, batch: Batch, ref_logp: jax.Array) -> LossTerms:
    mask = batch.target_mask
    # A padded token may be anything, not finite too: it is set to 0 before it is used.
    logp = jnp.where(mask, response_logp_fn(params, batch), 0.0)
    for name, array in [("old_logp", batch.old_logp), ("ref_logp", ref_logp)]:
      shapes.check_equal("logp", logp, name, array)
    old_logp, ref_logp = jnp.where(mask, batch.old_logp, 0.0), jnp.where(mask, ref_logp, 0.0)
    if clip_floor is None:
      policy_loss = clipped_surrogate(logp, old_logp, batch.advantage, **clips)
    else:
      policy_loss = dual_clipped_surrogate(
        logp, old_logp, batch.advantage, **clips, clip_floor=clip_floor
      )
    kl = kl_estimate(logp, ref_logp, kind="k3")
    clipped = is_clipped(logp, old_logp, batch.advantage, **clips)
    ratio = jnp.exp(log_ratio(logp, old_logp))
    return LossTerms(
      loss=reduce_fn(policy_loss + kl_coef * kl, mask),
      means={
        "policy_loss": reduce_fn(policy_loss, mask),
        "kl": masked_sum(kl, mask),
        "kl_old": masked_sum(kl_estimate(old_logp, logp, kind="k1"), mask),
        "entropy": masked_sum(-logp, mask),
        "clip_fraction": masked_sum(clipped.astype(jnp.float32), mask),
        "ratio_mean": masked_sum(ratio, mask),
      },
      maxima={"ratio_max": jnp.max(jnp.where(mask, ratio, 0.0))},
    )

  return loss


def make_grpo_step(
  response_logp_fn: ResponseLogpFn,
  optimizer: optax.GradientTransformation,
  *,
  clip_low: float = 0.2,
  clip_high: float = 0.2,
  clip_floor: float | None = 3.0,
  kl_coef: float = 0.01,
  reduce_fn: ReduceFn = masked_sum,
  schedule: Schedule | None = None,
  num_microbatches: int = 1,
  is_in_place: bool = False,
  join: JoinFn | None = None,
  shardings: tuple[Any, ...] | None = None,
) -> Callable[..., tuple[TrainState, Metrics]]:
  """The jitted GRPO step (state, batch, ref_logp) -> (state, metrics); the state is donated.

  ref_logp is float32[B, N], nats, of batch.target_ids under the reference policy (make_logp_fn);
  with kl_coef 0 it serves the kl metric only, and batch.old_logp will do. With `join` the step is
  (state, batch, ref_logp, frozen) -> (state, metrics), as in make_sft_step.

  Args:
    response_logp_fn: (params, batch) -> float32[B, N], nats, of batch.target_ids.
    optimizer: as of optim.make_optimizer.
    clip_low, clip_high: floats >= 0, of the ratio.
    clip_floor: float > 1, the dual clip for negative advantages; None for none.
    kl_coef: float >= 0, weight of the k3 estimate of KL(policy || reference).
    reduce_fn: masked_sum for the mean over tokens; masked_sum_of_rows or masked_mean_of_rows of
      losses.reduce for means over rows, where each row is one response. With microbatches its denom
      must add up, as all three do.
    schedule: number of updates -> learning rate, for the metrics only.
    num_microbatches: gradient accumulation, exact (see accumulate.make_grad_fn).
    is_in_place: less memory in the update (see update.make_update).
    join: (frozen, state.params) -> params, as frozen.join or lora.join; None without a frozen part.
    shardings: of the state (sharding.tree_shardings), the batch (sharding.batch_shardings),
      ref_logp (sharding.row_sharding) and, with join, the frozen parameters.
  Returns:
    The step. Metrics, float32[]: loss, policy_loss, kl (k3 to the reference, nats per token),
    kl_old (k1 to the sampling policy), entropy (estimate: mean -logp of the sampled tokens, nats),
    clip_fraction (tokens that the clip holds back), ratio_mean, ratio_max, grad_norm, num_tokens
    (the denominator of the loss), skipped_updates, learning_rate (with a schedule).
  Raises:
    ValueError: kl_coef is negative; at the first call also a bad clip or another shape of ref_logp.
  Source: Shao et al. 2024, arXiv:2402.03300, eq. 3; token mean and two clips as Yu et al. 2025,
    arXiv:2503.14476; the defaults are the official code's (verl, actor.yaml).
  """
  if not kl_coef >= 0:
    raise ValueError(f"kl_coef {kl_coef}: must be >= 0; 0 drops the term")
  loss_fn = grpo_loss(
    response_logp_fn,
    clip_low=clip_low,
    clip_high=clip_high,
    clip_floor=clip_floor,
    kl_coef=kl_coef,
    reduce_fn=reduce_fn,
  )
  grad_fn = make_grad_fn(loss_fn, num_microbatches, join=join, is_in_place=is_in_place)
  update = make_update(grad_fn, optimizer, schedule, is_in_place=is_in_place)
  return jit_update(update, shardings=shardings)
