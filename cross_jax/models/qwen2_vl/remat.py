"""Rematerialisation: what a layer keeps for the backward pass, by the name of a policy."""

from collections.abc import Callable
from typing import Any

import jax

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig

# Products with weights have no batch dimension; those of attention have one, and are made again.
_KEPT = {
  "dots": jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
  "full": jax.checkpoint_policies.nothing_saveable,
}


def rematerialised(config: Qwen2VLConfig, layer: Callable[..., Any]) -> Callable[..., Any]:
  """`layer`, keeping for its gradient only what config.remat names, and computing the rest again.

  "none" keeps all that the gradient needs (the layer as it is); "dots" the layer's input and its
  products with weights, but no attention weights; "full" the layer's input alone. A program without
  a gradient is the same under each.

  Args:
    config: of the model.
    layer: a function of one layer; what it closes over is kept once for all layers.
  Returns:
    A function of the same arguments and results.
  Source: Chen et al. 2016, arXiv:1604.06174.
  """
  if config.remat == "none":
    return layer
  # In a scan the forward and the backward loop are apart; unrolled, common subexpressions would be
  # merged, and all kept after all.
  return jax.checkpoint(layer, policy=_KEPT[config.remat], prevent_cse=not config.is_scanned)
