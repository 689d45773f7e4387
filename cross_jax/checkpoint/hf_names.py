"""The tensors of a Hugging Face Qwen2-VL checkpoint: their names, shapes and place in our tree."""

from typing import NamedTuple

import jax
import numpy as np

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.forward import init_params
from cross_jax.sharding import path_name

# Module of our tree -> module of the checkpoint; {} is the layer, which we stack along axis 0.
_MODULES = {
  "embed": "model.embed_tokens",
  "layers/input_layernorm": "model.layers.{}.input_layernorm",
  "layers/q_proj": "model.layers.{}.self_attn.q_proj",
  "layers/k_proj": "model.layers.{}.self_attn.k_proj",
  "layers/v_proj": "model.layers.{}.self_attn.v_proj",
  "layers/o_proj": "model.layers.{}.self_attn.o_proj",
  "layers/post_attention_layernorm": "model.layers.{}.post_attention_layernorm",
  "layers/gate_proj": "model.layers.{}.mlp.gate_proj",
  "layers/up_proj": "model.layers.{}.mlp.up_proj",
  "layers/down_proj": "model.layers.{}.mlp.down_proj",
  "norm": "model.norm",
  "head": "lm_head",
  "vision/patch_embed": "visual.patch_embed.proj",
  "vision/blocks/norm1": "visual.blocks.{}.norm1",
  "vision/blocks/qkv": "visual.blocks.{}.attn.qkv",
  "vision/blocks/proj": "visual.blocks.{}.attn.proj",
  "vision/blocks/norm2": "visual.blocks.{}.norm2",
  "vision/blocks/fc1": "visual.blocks.{}.mlp.fc1",
  "vision/blocks/fc2": "visual.blocks.{}.mlp.fc2",
  "vision/merger/ln_q": "visual.merger.ln_q",
  "vision/merger/mlp_0": "visual.merger.mlp.0",
  "vision/merger/mlp_2": "visual.merger.mlp.2",
}
# Names of the modules inside transformers, which some tools write instead of those above.
_PREFIXES = {"model.language_model.": "model.", "model.visual.": "visual."}
HEAD_KEY, EMBED_KEY = "lm_head.weight", "model.embed_tokens.weight"


class Tensor(NamedTuple):
  """One tensor of a checkpoint."""

  key: str  # its name there
  shape: tuple[int, ...]  # there; linear layers are [out, in]
  path: str  # of our leaf, keys joined by "/"
  leaf_shape: tuple[int, ...]  # of our leaf, the layer axis included
  layer: int | None  # where along the leaf's axis 0 it stands; None if the leaf is not stacked


def tensors_of(config: Qwen2VLConfig) -> list[Tensor]:
  """Every tensor that a checkpoint of this model has, and no other.

  Args:
    config: of the model; `lm_head.weight` is among them only if it is not tied.
  Returns:
    One Tensor per name, layer by layer within a leaf.
  Source: state_dict of Hugging Face Qwen2VLForConditionalGeneration, as its checkpoints store it.

  >>> from cross_jax.models.qwen2_vl.config import tiny
  >>> tensors_of(tiny())[1][:2]
  ('model.layers.0.mlp.down_proj.weight', (192, 640))
  """
  shapes = jax.eval_shape(lambda: init_params(jax.random.key(0), config))
  tensors = []
  for path, leaf in jax.tree.leaves_with_path(shapes):
    module, _, name = path_name(path).rpartition("/")
    key = f"{_MODULES[module]}.{'bias' if name == 'bias' else 'weight'}"
    is_stacked = "{}" in key
    shape = leaf.shape[1:] if is_stacked else leaf.shape
    if module == "vision/patch_embed":
      shape = (shape[1], 3, config.temporal_patch, config.patch, config.patch)
    elif name == "kernel":
      shape = shape[::-1]
    tensors += [
      Tensor(key.format(layer), shape, f"{module}/{name}", leaf.shape, layer)
      for layer in (range(leaf.shape[0]) if is_stacked else (None,))
    ]
  return tensors


def common_key(key: str) -> str:
  """The name that checkpoints have, of a name that may be transformers' own.

  >>> common_key("model.language_model.norm.weight")
  'model.norm.weight'
  """
  for prefix, usual in _PREFIXES.items():
    if key.startswith(prefix):
      return usual + key.removeprefix(prefix)
  return key


def to_leaf(tensor: Tensor, values: np.ndarray) -> np.ndarray:
  """A checkpoint's values as they stand in our leaf (for one layer); a view."""
  if tensor.path.endswith("/kernel"):
    return values.reshape(values.shape[0], -1).T
  return values


def from_leaf(tensor: Tensor, leaf: np.ndarray) -> np.ndarray:
  """The values of a checkpoint's tensor in our leaf: C-contiguous, of `tensor.shape`."""
  values = leaf if tensor.layer is None else leaf[tensor.layer]
  if tensor.path.endswith("/kernel"):
    values = values.T
  return np.ascontiguousarray(values).reshape(tensor.shape)
