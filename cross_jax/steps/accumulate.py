"""Exact gradient accumulation: sums and denominators add up, the quotient is taken once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.base import Batch
from cross_jax.frozen import JoinFn
from cross_jax.sharding import BATCH_AXES


class LossTerms(NamedTuple):
  """A loss and its metrics as parts that combine exactly over microbatches and devices."""

  loss: tuple[jax.Array, jax.Array]  # (sum, denom), float32[] each; minimised is sum / denom
  means: dict[str, tuple[jax.Array, jax.Array]]  # name -> (sum, denom)
  maxima: dict[str, jax.Array]  # name -> float32[]


LossFn = Callable[..., LossTerms]  # (params, batch, *more) -> LossTerms
GradFn = Callable[..., tuple[Any, LossTerms]]  # (params, batch, *more) -> (grads, LossTerms)


def make_grad_fn(
  loss_fn: LossFn,
  num_microbatches: int = 1,
  *,
  join: JoinFn | None = None,
  is_in_place: bool = False,
) -> GradFn:
  """The gradient of a (sum, denom) loss over one or more microbatches in turn.

  With sums s_m and denominators d_m of microbatch m the loss is sum_m s_m / sum_m d_m and its
  gradient sum_m grad s_m / sum_m d_m (no d_m depends on the parameters): the split changes nothing
  but rounding and peak memory, whereas the mean of microbatch means would weigh a token of a short
  microbatch more.

  Args:
    loss_fn: (params, batch, *more) -> LossTerms; batch a Batch or another pytree with the batch
      axis first, and so the pytrees in more.
    num_microbatches: divides the batch axis.
    join: (frozen, params) -> the parameters that loss_fn takes, as frozen.join or lora.join; the
      function then takes frozen as its last argument, for all microbatches, and has no gradient of
      it. None if params are all there is.
    is_in_place: with one microbatch, the loss is divided and not its gradient, which then has no
      second copy; the two differ by rounding.
  Returns:
    A function (params, batch, *more) -> (grads, terms), or with join (params, batch, *more, frozen)
    -> (grads, terms): float32 gradients of sum / denom, zeros if denom is 0, and the LossTerms of
    the whole batch.
  Raises:
    ValueError: num_microbatches is below 1, or (when traced) does not divide the batch.
  """
  if num_microbatches < 1:
    raise ValueError(f"num_microbatches {num_microbatches}: must be at least 1")

  is_divided_first = is_in_place and num_microbatches == 1

  def full_grad(params, *args):
    *args, frozen = args if join is not None else (*args, None)

    def loss_sum(params, *args):
      terms = loss_fn(params if join is None else join(frozen, params), *args)
      total, denom = terms.loss
      return total * _inverse(jax.lax.stop_gradient(denom)) if is_divided_first else total, terms

    grad_of_sum = jax.grad(loss_sum, has_aux=True)
    if num_microbatches == 1:
      grads, terms = grad_of_sum(params, *args)
    else:
      grads, terms = _accumulate(grad_of_sum, params, split_batch(tuple(args), num_microbatches))
    if is_divided_first:
      return jax.tree.map(lambda g: g.astype(jnp.float32), grads), terms
    scale = _inverse(terms.loss[1])
    return jax.tree.map(lambda g: g.astype(jnp.float32) * scale, grads), terms

  return full_grad


def _inverse(denom):
  """1 / denom, 0 if there is nothing to divide by."""
  return jnp.where(denom > 0, 1.0 / jnp.where(denom > 0, denom, 1.0), 0.0)


def split_batch(tree: Any, num_microbatches: int) -> Any:
  """Puts a microbatch axis in front of every array; row i goes to microbatch i % num_microbatches.

  Rows are dealt out in turn, not in blocks, so that a sharded batch stays on its devices.

  Args:
    tree: pytree of arrays with the batch axis first; in Batches it is where BATCH_AXES say.
    num_microbatches: divides the batch axis.
  Returns:
    The pytree, its arrays [M, ...] with the batch axis shortened by the factor M.
  Raises:
    ValueError: num_microbatches does not divide the batch axis.
  """

  def split(array, axis):
    num_rows = array.shape[axis]
    if num_rows % num_microbatches:
      raise ValueError(
        f"batch of {num_rows} rows: must be a multiple of num_microbatches {num_microbatches}; "
        "pad it with masked rows or change num_microbatches"
      )
    shape = (*array.shape[:axis], -1, num_microbatches, *array.shape[axis + 1 :])
    return jnp.moveaxis(array.reshape(shape), axis + 1, 0)

  def split_node(node):
    if isinstance(node, Batch):
      return Batch(*(split(array, axis) for array, axis in zip(node, BATCH_AXES)))
    return split(node, 0)

  return jax.tree.map(split_node, tree, is_leaf=lambda node: isinstance(node, Batch))


def _accumulate(grad_of_sum, params, microbatches):
  def add(carry, args):
    grads, terms = carry
    new_grads, new = grad_of_sum(params, *args)
    grads = jax.tree.map(lambda total, g: total + g.astype(jnp.float32), grads, new_grads)
    loss, means = jax.tree.map(jnp.add, (terms.loss, terms.means), (new.loss, new.means))
    maxima = jax.tree.map(jnp.maximum, terms.maxima, new.maxima)
    return (grads, LossTerms(loss, means, maxima)), None

  first = jax.tree.map(lambda array: array[0], microbatches)
  _, shapes = jax.eval_shape(grad_of_sum, params, *first)
  zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
  terms = zeros._replace(maxima=jax.tree.map(lambda leaf: leaf - jnp.inf, zeros.maxima))
  grads = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, jnp.float32), params)
  carry, _ = jax.lax.scan(add, (grads, terms), microbatches)
  return carry
