"""From a gradient to the next state: what the SFT and the GRPO step have in common."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from cross_jax.sharding import on_mesh
from cross_jax.steps.accumulate import GradFn, LossTerms
from cross_jax.steps.state import TrainState

Metrics = dict[str, jax.Array]  # name -> float32[]
Schedule = Callable[[jax.Array], jax.Array]  # number of updates -> learning rate


def make_update(
  grad_fn: GradFn,
  optimizer: optax.GradientTransformation,
  schedule: Schedule | None,
  *,
  is_in_place: bool = False,
) -> Callable[..., tuple[TrainState, Metrics]]:
  """One pure update: gradient, finiteness check, optimiser, metrics.

  The update is skipped (parameters and optimiser state as they were, step + 1, num_skipped + 1) if
  the loss or the gradient's norm is not finite, or if no token is kept: an overflow costs a batch,
  not the run. The metric skipped_updates counts them since step 0.

  Args:
    grad_fn: (params, *batches) -> (grads, LossTerms), as of make_grad_fn.
    optimizer: the optax transformation; clips by norm itself if it should.
    schedule: number of updates -> learning rate, reported as learning_rate; None reports none.
    is_in_place: the update is one branch and nothing the other, so that moments and parameters are
      written where they were; without, old and new ones are computed side by side and one is
      chosen: up to twice the gradients' memory more. The two differ by rounding.
  Returns:
    A function (state, *batches) -> (state, metrics); metrics are float32[] by name: those of the
    loss, and loss, grad_norm (before clipping), num_tokens (the loss's denominator),
    skipped_updates, learning_rate.
  """

  def update(state: TrainState, *batches: Any) -> tuple[TrainState, Metrics]:
    grads, terms = grad_fn(state.params, *batches)
    metrics = _finish(terms)
    grad_norm = optax.tree.norm(grads)
    is_usable = jnp.isfinite(metrics["loss"]) & jnp.isfinite(grad_norm) & (terms.loss[1] > 0)
    if schedule is not None:
      with jax.numpy_dtype_promotion("standard"):  # optax multiplies an integer and a float
        learning_rate = schedule(state.step - state.num_skipped)
      metrics["learning_rate"] = jnp.asarray(learning_rate, jnp.float32)

    def apply(grads, params, opt_state):
      grads = jax.tree.map(lambda g, p: g.astype(p.dtype), grads, params)
      with jax.numpy_dtype_promotion("standard"):  # optax raises a float to an integer power
        updates, opt_state = optimizer.update(grads, opt_state, params)
        params = optax.apply_updates(params, updates)  # float32 updates of bfloat16 parameters
      return params, opt_state

    old = (state.params, state.opt_state)
    if is_in_place:
      params, opt_state = jax.lax.cond(is_usable, apply, lambda grads, *old: old, grads, *old)
    else:
      params, opt_state = jax.tree.map(
        lambda new, old: jnp.where(is_usable, new, old), apply(grads, *old), old
      )
    num_skipped = state.num_skipped + (~is_usable).astype(jnp.int32)
    metrics |= {"grad_norm": grad_norm, "skipped_updates": num_skipped.astype(jnp.float32)}
    state = TrainState(params, opt_state, state.step + 1, num_skipped, state.rng)
    return state, metrics

  return update


def jit_update(update: Callable[..., Any], *, shardings: tuple[Any, ...] | None) -> Any:
  """Compiles an update; the state is donated, its old arrays are gone after the call.

  Args:
    update: of make_update.
    shardings: of the state and of each other argument, or None to follow the arguments.
  Returns:
    The jitted function.
  """
  if shardings is None:
    return jax.jit(update, donate_argnums=0)
  return jax.jit(
    on_mesh(update, shardings),
    donate_argnums=0,
    in_shardings=shardings,
    out_shardings=(shardings[0], None),
  )


def _finish(terms: LossTerms) -> Metrics:
  quotients = {"loss": terms.loss, **terms.means}
  metrics = {
    name: jnp.where(denom > 0, total / jnp.where(denom > 0, denom, 1.0), 0.0)
    for name, (total, denom) in quotients.items()
  }
  return metrics | terms.maxima | {"num_tokens": terms.loss[1]}
