"""A Hugging Face checkpoint folder to and from the parts of a policy; see convert for both ends."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from tokenizers import Tokenizer

from cross_jax import prompt
from cross_jax.checkpoint import hf_config, hf_files
from cross_jax.checkpoint.disk import read_json, writing
from cross_jax.checkpoint.hf_chat import CHAT_TEMPLATE, OLD_CHAT_TEMPLATE, TOKENIZER_CONFIG
from cross_jax.checkpoint.hf_names import (
  EMBED_KEY,
  HEAD_KEY,
  Tensor,
  from_leaf,
  tensors_of,
  to_leaf,
)
from cross_jax.checkpoint.hf_preprocessor import PREPROCESSOR, PROCESSOR, to_hf_preprocessor
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
CARRIED = (  # what is neither weights nor config.json, and goes along as it is
  TOKENIZER,
  TOKENIZER_CONFIG,
  PREPROCESSOR,
  "added_tokens.json",
  CHAT_TEMPLATE,
  OLD_CHAT_TEMPLATE,
  "generation_config.json",
  "merges.txt",
  PROCESSOR,
  "special_tokens_map.json",
  "video_preprocessor_config.json",
  "vocab.json",
)
_MAX_NAMED = 5  # keys that an error names before it counts the rest


def read_config(directory: Path, checkpoint: hf_files.Checkpoint) -> Qwen2VLConfig:
  """The config of a checkpoint, after its tensors have been compared with it.

  Args:
    directory: of config.json.
    checkpoint: the opened tensors.
  Returns:
    The config, of the dtype that the tensors are stored in.
  Raises:
    FileNotFoundError: there is no config.json.
    ValueError: config.json is damaged or of another model; tensors are missing, unknown, of another
      shape, or of a dtype that is not bfloat16 or float32 throughout; names them.
  """
  described = read_json(directory / CONFIG)
  first, *others = checkpoint.stored.items() or [("no tensor", None)]
  key, stored = first
  if stored is None or stored.dtype not in hf_files.DTYPES:
    raise ValueError(
      f"{directory}: {key} is {stored and stored.dtype}, only {' and '.join(hf_files.DTYPES)} can "
      "be converted; save the model in one of them first"
    )
  for other, found in others:
    if found.dtype != stored.dtype:
      raise ValueError(
        f"{directory}: {other} is {found.dtype} but {key} {stored.dtype}; save the model in one "
        "dtype first"
      )
  config = hf_config.from_hf(
    described, dtype=hf_files.DTYPES[stored.dtype], where=directory / CONFIG
  )
  _check_tensors(checkpoint, config)
  return config


def read_params(
  checkpoint: hf_files.Checkpoint,
  config: Qwen2VLConfig,
  on_tensor: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
  """The parameters of a checkpoint, on the CPU; one tensor more than they in memory.

  Args:
    checkpoint: the opened tensors.
    config: of `read_config`; param_dtype may be another one.
    on_tensor: called after every tensor.
  Returns:
    Nested dicts, as `init_params` makes them, of config.param_dtype; jax.Arrays, as Orbax copies
    those of NumPy once more.
  """
  leaves: dict[str, np.ndarray] = {}
  for tensor in tensors_of(config):
    values = to_leaf(tensor, checkpoint.read(tensor.key))
    if tensor.path not in leaves:
      leaves[tensor.path] = np.empty(tensor.leaf_shape, jax.numpy.dtype(config.param_dtype))
    leaves[tensor.path][... if tensor.layer is None else tensor.layer] = values
    on_tensor()
  cpu = jax.local_devices(backend="cpu")[0]
  # One at a time: where JAX has to copy, the copies of all would be under way together.
  put = lambda leaf: jax.device_put(leaf, cpu).block_until_ready()
  return _nested({path: put(leaves.pop(path)) for path in list(leaves)})


def write_checkpoint(
  directory: Path,
  read_leaf: Callable[[str], np.ndarray],
  config: Qwen2VLConfig,
  tokenizer: Tokenizer,
  *,
  carried: Path | None = None,
  max_shard_bytes: int,
  on_tensor: Callable[[], None] = lambda: None,
) -> None:
  """Writes a checkpoint into an empty folder.

  Args:
    directory: the folder.
    read_leaf: path of a parameter, its keys joined by "/" -> the parameter; called once for each,
      and one is kept at a time. Written as config.param_dtype.
    config: of the model.
    tokenizer: of the model.
    carried: folder whose CARRIED files are taken, and its config.json if it is of this model;
      None if they are to be made from config and tokenizer.
    max_shard_bytes: of a weights file.
    on_tensor: called after every tensor.
  Raises:
    ValueError: Hugging Face's model cannot have the numbers or the dtype of `config`.
    OSError: no room, or the file system refused.
  """
  if config.param_dtype not in hf_files.DTYPES.values():
    raise ValueError(
      f"parameters are {config.param_dtype}, only {' and '.join(hf_files.DTYPES.values())} can be "
      "converted"
    )
  described = _described(config, tokenizer, carried)
  tensors = tensors_of(config)  # leaf by leaf
  dtype = jax.numpy.dtype(config.param_dtype)
  current: dict[str, np.ndarray] = {}  # the one leaf in memory

  def read(index: int) -> np.ndarray:
    tensor: Tensor = tensors[index]
    if tensor.path not in current:
      current.clear()
      current[tensor.path] = read_leaf(tensor.path)
    values = from_leaf(tensor, current[tensor.path])
    on_tensor()
    return values.astype(dtype, copy=False)

  num_bytes = sum(math.prod(tensor.shape) * dtype.itemsize for tensor in tensors)
  with writing(directory, num_bytes):
    hf_files.write_tensors(
      directory,
      [(tensor.key, tensor.shape) for tensor in tensors],
      read,
      dtype=config.param_dtype,
      max_shard_bytes=max_shard_bytes,
    )
    if carried is None:
      for name, content in _made_files(config, tokenizer).items():
        (directory / name).write_text(content, encoding="utf-8")
    else:
      (directory / TOKENIZER).write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
      for name in CARRIED:
        if (carried / name).is_file():
          (directory / name).write_bytes((carried / name).read_bytes())
    (directory / CONFIG).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def _check_tensors(checkpoint: hf_files.Checkpoint, config: Qwen2VLConfig) -> None:
  expected = {tensor.key: tensor.shape for tensor in tensors_of(config)}
  stored = dict(checkpoint.stored)
  if config.is_tied and HEAD_KEY in stored and EMBED_KEY in stored:
    # Some tools write the tied projection too: it may be dropped if it says nothing new.
    if not np.array_equal(checkpoint.read(HEAD_KEY), checkpoint.read(EMBED_KEY)):
      raise ValueError(
        f"{checkpoint.directory}: {HEAD_KEY} differs from {EMBED_KEY}, though config.json ties "
        'them: set "tie_word_embeddings": false, or remove the tensor'
      )
    del stored[HEAD_KEY]
  problems = [f"{key} is missing" for key in expected if key not in stored]
  problems += [f"{key} is unknown" for key in stored if key not in expected]
  problems += [
    f"{key} is {list(stored[key].shape)}, config.json says {list(shape)}"
    for key, shape in expected.items()
    if key in stored and stored[key].shape != shape
  ]
  if problems:
    more = f" (and {len(problems) - _MAX_NAMED} more)" if len(problems) > _MAX_NAMED else ""
    raise ValueError(
      f"{checkpoint.directory} is not the Qwen2-VL of its config.json: "
      f"{'; '.join(problems[:_MAX_NAMED])}{more}. Take config.json and weights of one checkpoint"
    )


def _described(config: Qwen2VLConfig, tokenizer: Tokenizer, carried: Path | None) -> dict[str, Any]:
  """The carried config.json if it is of this model, else one made from its numbers."""
  if carried is None or not (carried / CONFIG).is_file():
    return hf_config.to_hf(config, tokenizer)
  described = read_json(carried / CONFIG)
  found = hf_config.from_hf(described, dtype=config.param_dtype, where=carried / CONFIG)
  if not hf_config.is_same_model(found, config):
    return hf_config.to_hf(config, tokenizer)
  return {
    key: config.param_dtype if key in ("dtype", "torch_dtype") else value
    for key, value in described.items()
  }


def _made_files(config: Qwen2VLConfig, tokenizer: Tokenizer) -> dict[str, str]:
  preprocessor = to_hf_preprocessor(config)
  tokens = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "eos_token": "<|im_end|>",
    "pad_token": "<|endoftext|>",
  }
  return {
    CHAT_TEMPLATE: prompt.CHAT_TEMPLATE,
    TOKENIZER: tokenizer.to_str(pretty=True),
    TOKENIZER_CONFIG: json.dumps(tokens, indent=2) + "\n",
    PREPROCESSOR: json.dumps(preprocessor, indent=2) + "\n",
  }


def _nested(leaves: dict[str, jax.Array]) -> dict[str, Any]:
  tree: dict[str, Any] = {}
  for path, leaf in leaves.items():
    *modules, name = path.split("/")
    node = tree
    for module in modules:
      node = node.setdefault(module, {})
    node[name] = leaf
  return tree
