"""The optimiser: AdamW, Adafactor or Muon with warm-up, cosine decay, clipping by global norm."""

import re
from typing import Any

import jax
import jax.numpy as jnp
import optax

from cross_jax.sharding import path_name

# Vectors and scales that weight decay would only shrink, by the last part of their path.
_NO_DECAY = re.compile(r"(^|/)[^/]*(bias|scale|norm)[^/]*$", re.IGNORECASE)
# Matrices between activations; tables and the pixels' projection are none, and stay with Adam.
_NO_MUON = re.compile(r"(^|/)(embed|head|patch_embed)/")
_MATRIX = optax.contrib.MuonDimensionNumbers(reduction_axis=-2, output_axis=-1)
_MUON_RMS = 0.2  # of an update, as AdamW's, so that both take the same learning rate
_TINY = 1e-30  # a norm of 0 is divided by
KINDS = ("adamw", "adafactor", "muon")
MU_DTYPES = (None, "float32", "bfloat16")


def decay_mask(params: Any) -> Any:
  """True for parameters that weight decay applies to: all but biases and the scales of norms.

  Args:
    params: pytree of arrays.
  Returns:
    The tree with a bool per leaf: False if the leaf has fewer than two dimensions or the last part
    of its path contains "bias", "scale" or "norm" (stacked layers have biases of two dimensions).

  >>> import jax.numpy as jnp
  >>> print(decay_mask({"dense": {"kernel": jnp.ones((2, 2)), "bias": jnp.ones((3, 2))}}))
  {'dense': {'bias': False, 'kernel': True}}
  """
  return jax.tree.map_with_path(
    lambda path, leaf: leaf.ndim >= 2 and not _NO_DECAY.search(path_name(path)), params
  )


def muon_dimensions(params: Any) -> Any:
  """Which parameters Muon updates, as `optax.contrib.muon` wants to know it.

  Args:
    params: pytree of arrays.
  Returns:
    The tree with, per leaf, the axes of its matrix (the last two; one before them is of stacked
    layers), or None: biases, norms, the embedding table, the head and the patch projection.
  """

  def choose(path, leaf):
    name = path_name(path)
    is_matrix = leaf.ndim >= 2 and name.endswith("kernel") and not _NO_MUON.search(name)
    return _MATRIX if is_matrix else None

  return jax.tree.map_with_path(choose, params)


def make_optimizer(
  *,
  kind: str = "adamw",
  learning_rate: float,
  warmup_steps: int,
  total_steps: int,
  end_lr_ratio: float = 0.1,
  weight_decay: float = 0.05,
  max_grad_norm: float = 1.0,
  b1: float = 0.9,
  b2: float = 0.95,
  mu_dtype: str | None = None,
  is_in_place: bool = False,
) -> tuple[optax.GradientTransformation, optax.Schedule]:
  """The optimiser after clipping by global norm, with linear warm-up from 0 and cosine decay.

  Args:
    kind: "adamw"; "adafactor": no first moment, and the second of a kernel as its means over rows
      and columns (_adafactor); or "muon": momentum made orthogonal for the matrices, AdamW for the
      rest (muon_dimensions), with updates of AdamW's size.
    learning_rate: float > 0, the peak, reached after warmup_steps updates.
    warmup_steps: updates, 0 <= warmup_steps < total_steps.
    total_steps: updates until the rate is end_lr_ratio * learning_rate, where it stays.
    end_lr_ratio: float in [0, 1]; 1 is a constant rate after warm-up.
    weight_decay: per unit of learning rate; AdamW, Adafactor: not on biases and norms (decay_mask),
      Muon: on its matrices only.
    max_grad_norm: the gradient is scaled down to this global norm; inf never.
    b1, b2: decay rates of AdamW's moments; Muon's momentum is 0.95, Adafactor has its own.
    mu_dtype: of the first moment, AdamW's and Muon's: "float32", "bfloat16", or None for the
      parameters' own. AdamW's second moment always has the parameters' dtype, Adafactor's float32.
    is_in_place: for steps with is_in_place: clipping is one factor, which needs no second copy of
      the gradient, where optax divides by the norm and chooses; the two differ by rounding.
  Returns:
    (optimiser, schedule); the schedule maps the number of updates to the learning rate.
  Raises:
    ValueError: a number outside its range, an unknown kind or dtype.
  Source: Loshchilov and Hutter 2019, arXiv:1711.05101; schedule 2017, arXiv:1608.03983; Muon of
    Jordan et al. 2024, scaled as in Liu et al. 2025, arXiv:2502.16982.
  """
  if kind not in KINDS:
    raise ValueError(f"optimiser {kind!r}: must be one of {', '.join(KINDS)}")
  if mu_dtype not in MU_DTYPES or (mu_dtype and kind == "adafactor"):
    raise ValueError(
      f"mu_dtype {mu_dtype!r} of {kind}: must be one of {MU_DTYPES}, and None for adafactor, which "
      "has no first moment"
    )
  if not (learning_rate > 0 and 0 <= end_lr_ratio <= 1 and max_grad_norm > 0):
    raise ValueError(
      f"learning_rate {learning_rate} and max_grad_norm {max_grad_norm} must be above 0, "
      f"end_lr_ratio {end_lr_ratio} within 0..1"
    )
  if not 0 <= warmup_steps < total_steps:
    raise ValueError(
      f"warmup_steps {warmup_steps}: must be at least 0 and below total_steps {total_steps}"
    )
  schedule = optax.warmup_cosine_decay_schedule(
    init_value=0.0 if warmup_steps else learning_rate,
    peak_value=learning_rate,
    warmup_steps=warmup_steps,
    decay_steps=total_steps,
    end_value=learning_rate * end_lr_ratio,
  )
  if kind == "muon":
    update = optax.contrib.muon(
      schedule,
      weight_decay=weight_decay,
      adam_b1=b1,
      adam_b2=b2,
      muon_weight_dimension_numbers=muon_dimensions,
      consistent_rms=_MUON_RMS,
      mu_dtype=mu_dtype,
    )
  elif kind == "adafactor":
    update = _adafactor(schedule, weight_decay)
  else:
    update = optax.adamw(
      schedule, b1=b1, b2=b2, weight_decay=weight_decay, mask=decay_mask, mu_dtype=mu_dtype
    )
  clip = _clip_by_factor if is_in_place else optax.clip_by_global_norm
  return optax.chain(clip(max_grad_norm), update), schedule


def _clip_by_factor(max_norm: float) -> optax.GradientTransformation:
  """g min(1, max_norm / |g|): `optax.clip_by_global_norm` as one cheap product, made where it is
  read."""

  def update(grads, state, params=None):
    del params
    factor = jnp.minimum(1.0, max_norm / jnp.maximum(optax.tree.norm(grads), _TINY))
    return jax.tree.map(lambda g: g * factor.astype(g.dtype), grads), state

  return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def _adafactor(schedule: optax.Schedule, weight_decay: float) -> optax.GradientTransformation:
  """Adafactor with the learning rate as it is given: not relative to the parameter's size or step.

  v_ij = r_i c_j / mean(r), with r and c the means of g^2 over columns and rows, decayed at the rate
  1 - t^-0.8; the update g / sqrt(v) is scaled down to root mean square 1, over stacked layers
  together. A leaf with fewer than two dimensions of 128 or more (a bias, an adapter) keeps its v
  whole; stacked kernels [depth, in, out] are factored layer by layer, as depth is below 128.

  Args:
    schedule: number of updates -> learning rate.
    weight_decay: per unit of learning rate.
  Returns:
    The transformation; its statistics are float32 whatever the parameters are, as a mean of decay
    rate 0.999 stands still in bfloat16.
  Source: Shazeer and Stern 2018, arXiv:1804.04235, algorithm 4 without relative step sizes, without
    momentum.
  """
  inner = optax.adafactor(
    schedule,
    min_dim_size_to_factor=128,
    decay_rate=0.8,
    multiply_by_parameter_scale=False,
    clipping_threshold=1.0,
    momentum=None,
    # optax subtracts this share of a parameter as it is, not times the learning rate.
    weight_decay_rate=lambda count: weight_decay * schedule(count),
    weight_decay_mask=decay_mask,
  )

  def init(params):
    # Shapes are all that it reads: no float32 copy of the parameters is made.
    return inner.init(
      jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, jnp.float32), params)
    )

  def update(grads, state, params):
    grads, params = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), (grads, params))
    return inner.update(grads, state, params)

  return optax.GradientTransformation(init, update)
