"""LoRA: trained low-rank adapters beside frozen kernels, as pure functions on parameter trees.

  y = x W + (alpha / rank) (x A) B,  A: [in, rank], B: [rank, out]

The adapters are a tree of their own: the params of the train state, of the optimiser's moments and
of a checkpoint. A step made with `join=functools.partial(lora.join, alpha=...)` takes the frozen
base as its last argument; W + A B is never made, unless `merge` is asked for it.

Source: Hu et al. 2021, arXiv:2106.09685, section 4.1 (theirs is y = W x + B A x).
"""

import functools
import math
import re
from typing import Any

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict

from cross_jax import frozen

A, B = "lora_a", "lora_b"
DECODER = "^layers/"  # the linear layers of the decoder
_KERNEL = re.compile(r"(^|/)kernel$")
# What the model reads without models.qwen2_vl.dense.Dense: an adapter would change nothing.
_NOT_DENSE = re.compile(r"(^|/)(patch_embed|head)/")


def init_adapters(
  rng: jax.Array, params: Any, *, rank: int, pattern: str = DECODER, dtype: str = "float32"
) -> Any:
  """Adapters that change nothing yet: A normal of variance 1 / in, B zeros.

  Args:
    rng: key[].
    params: the base, nested dicts of arrays or jax.ShapeDtypeStructs; kernels are [in, out], or
      [depth, in, out] of stacked layers.
    rank: of A B, at least 1 and at most the smaller side of every kernel.
    pattern: regular expression; adapted is every kernel of a linear layer in whose path (keys
      joined by "/") it is found: "^layers/" all of the decoder, "(q|v)_proj" two of a layer.
    dtype: of the adapters, whatever the base's is.
  Returns:
    Nested dicts with lora_a dtype[in, rank] or [depth, in, rank] and lora_b dtype[rank, out] or
    [depth, rank, out] in place of each kernel, nothing else.
  Raises:
    ValueError: rank is out of range, or the pattern matches no linear layer.
  """
  kernels = {
    name: leaf.shape
    for name, leaf in frozen.named_leaves(params).items()
    if _KERNEL.search(name) and not _NOT_DENSE.search(name)
  }
  chosen = {name: shape for name, shape in kernels.items() if re.search(pattern, name)}
  if not chosen:
    raise ValueError(
      f"pattern {pattern!r} matches no kernel of a linear layer; they are {', '.join(kernels)}"
    )
  name, limit = min(((n, min(shape[-2:])) for n, shape in chosen.items()), key=lambda x: x[1])
  if not 1 <= rank <= limit:
    raise ValueError(
      f"rank {rank}: must be within 1..{limit}, the smaller side of {name} {list(chosen[name])}; "
      "change it, or leave this kernel out of the pattern"
    )
  adapters = {}
  for key, (name, shape) in zip(jax.random.split(rng, len(chosen)), sorted(chosen.items())):
    *stack, num_in, num_out = shape
    down = jax.random.normal(key, (*stack, num_in, rank), jnp.dtype(dtype)) / math.sqrt(num_in)
    adapters[_KERNEL.sub(rf"\1{A}", name)] = down
    adapters[_KERNEL.sub(rf"\1{B}", name)] = jnp.zeros((*stack, rank, num_out), jnp.dtype(dtype))
  return unflatten_dict(adapters, sep="/")


def join(base: Any, adapters: Any, *, alpha: float) -> Any:
  """The base with its adapters beside the kernels: parameters that the model takes anywhere.

  Args:
    base: nested dicts of arrays; nothing of it is copied.
    adapters: of init_adapters, for this base.
    alpha: float > 0; A B counts alpha / rank times. It belongs to the adapters: save it with them.
  Returns:
    Nested dicts with kernel, lora_a and lora_b, which has the factor in it.
  Raises:
    ValueError: an adapter that does not fit the base (path, shape, rank), a base that has adapters,
      or alpha <= 0.
  """
  _check(base, adapters, alpha)
  scaled = {
    name: leaf * (alpha / leaf.shape[-2]) if _adapter_of(name)[1] == B else leaf
    for name, leaf in flatten_dict(adapters, sep="/").items()
  }
  return frozen.join(base, unflatten_dict(scaled, sep="/"))


def merge(base: Any, adapters: Any, *, alpha: float) -> Any:
  """Plain parameters W + (alpha / rank) A B, to be served, converted or trained on.

  Args:
    base, adapters, alpha: as join.
  Returns:
    The base with new kernels where there are adapters, summed in float32 and rounded to the
    kernel's dtype, layer by layer; bfloat16 loses what join keeps.
  Raises:
    ValueError: as join.
  """
  _check(base, adapters, alpha)
  leaves, factors = flatten_dict(base, sep="/"), flatten_dict(adapters, sep="/")
  merged = {}
  for name, down in factors.items():
    layer, factor = _adapter_of(name)
    if factor == A:
      up, kernel = factors[f"{layer}{B}"], leaves[f"{layer}kernel"]
      merged[f"{layer}kernel"] = _add_product(kernel, down, up, alpha / down.shape[-1])
  return unflatten_dict(leaves | merged, sep="/")


@functools.partial(jax.jit, static_argnums=3)
def _add_product(kernel, down, up, scale: float):
  def add(arrays):
    kernel, down, up = (array.astype(jnp.float32) for array in arrays)
    total = kernel + scale * jnp.matmul(down, up, precision="highest")
    return total.astype(arrays[0].dtype)

  arrays = (kernel, down, up)
  return add(arrays) if kernel.ndim == 2 else jax.lax.map(add, arrays)


def _adapter_of(name: str) -> tuple[str, str]:
  """("layers/q_proj/", "lora_a") of "layers/q_proj/lora_a"."""
  layer, slash, factor = name.rpartition("/")
  return layer + slash, factor


def _check(base: Any, adapters: Any, alpha: float) -> None:
  if not alpha > 0:
    raise ValueError(f"alpha {alpha}: must be above 0; alpha = rank counts A B once")
  leaves, factors = frozen.named_leaves(base), frozen.named_leaves(adapters)
  if not factors:
    raise ValueError("there are no adapters: make them with init_adapters")
  for name in factors:
    layer, factor = _adapter_of(name)
    if factor not in (A, B) or f"{layer}{B if factor == A else A}" not in factors:
      raise ValueError(f"{name} is no adapter: there must be a {A} and a {B}, as of init_adapters")
    kernel = leaves.get(f"{layer}kernel")
    if kernel is None or _NOT_DENSE.search(layer):
      raise ValueError(
        f"{name}: the base has no linear layer {layer or 'at the root'}; these adapters are of "
        "another model"
      )
    if f"{layer}{A}" in leaves:
      raise ValueError(f"the base has adapters already, as {layer}{A}: merge them into it first")
    down, up = factors[f"{layer}{A}"], factors[f"{layer}{B}"]
    *stack, num_in, num_out = kernel.shape
    rank = down.shape[-1]
    if down.shape != (*stack, num_in, rank) or up.shape != (*stack, rank, num_out):
      raise ValueError(
        f"{layer}: {A} {list(down.shape)} and {B} {list(up.shape)} do not fit kernel "
        f"{list(kernel.shape)}: they must be {[*stack, num_in, 'rank']} and "
        f"{[*stack, 'rank', num_out]}, with one rank"
      )
