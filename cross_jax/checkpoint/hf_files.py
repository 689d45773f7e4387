"""The safetensors files of a Hugging Face checkpoint: one, or shards with an index."""

import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError, safe_open

from cross_jax.checkpoint.hf_names import common_key

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
DTYPES = {"BF16": "bfloat16", "F32": "float32"}  # safetensors' name -> NumPy's
_LENGTH_BYTES = 8  # of the header's length, little-endian, at the start of a file


class Stored(NamedTuple):
  """What a checkpoint says of one of its tensors."""

  file: Path
  key: str  # in the file
  shape: tuple[int, ...]
  dtype: str  # safetensors' name
  start: int  # bytes, where its values begin in the file


class Checkpoint:
  """The tensors of a folder by their usual names, read one at a time.

  Making it reads the headers only and sees that every file is whole. Values are read into memory of
  their own: the library's reader maps files, and what was read of them would stay resident.
  """

  def __init__(self, directory: Path):
    """Opens the files.

    Args:
      directory: with model.safetensors, or with shards and their model.safetensors.index.json.
    Raises:
      FileNotFoundError: there are no such files, or a shard is missing.
      ValueError: a file is damaged or truncated; the index does not fit the shards.
    """
    self.directory = directory
    self.stored: dict[str, Stored] = {}  # by usual name
    for path in _weight_files(directory):
      self._add(path)

  def read(self, key: str) -> np.ndarray:
    """The values of the tensor of this usual name, of a dtype in DTYPES."""
    stored = self.stored[key]
    dtype, count = jnp.dtype(DTYPES[stored.dtype]), math.prod(stored.shape)
    values = np.fromfile(stored.file, dtype, count, offset=stored.start)
    if values.size != count:
      raise ValueError(f"{stored.file} became shorter while it was read; fetch it again")
    return values.reshape(stored.shape)

  def _add(self, path: Path) -> None:
    header = read_header(path)
    try:
      with safe_open(str(path), framework="np"):  # sees that the tensors fill the file, each once
        pass
    except SafetensorError as error:
      raise ValueError(f"{path} is damaged ({error}); fetch it again") from error
    for key, (shape, dtype, start) in header.items():
      name = common_key(key)
      if name in self.stored:
        raise ValueError(
          f"{path} has {key}, but {self.stored[name].file} has it too, as "
          f"{self.stored[name].key}: remove the files of one of the two checkpoints"
        )
      self.stored[name] = Stored(path, key, shape, dtype, start)


def read_header(path: Path) -> dict[str, tuple[tuple[int, ...], str, int]]:
  """Shape, dtype (safetensors' name) and first byte of every tensor of a file, by name.

  Raises:
    ValueError: the file is not safetensors, or shorter or longer than its header says.
  Source: the format's description, https://github.com/huggingface/safetensors.
  """
  size_bytes = path.stat().st_size
  with path.open("rb") as file:
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    start = _LENGTH_BYTES + length
    if size_bytes < start:
      raise ValueError(
        f"{path} is {size_bytes} bytes, its header alone says {start}: truncated, or not "
        "safetensors; fetch it again"
      )
    try:
      header = json.loads(file.read(length))
      header.pop("__metadata__", None)
      end = start + max((entry["data_offsets"][1] for entry in header.values()), default=0)
      found = {
        key: (tuple(entry["shape"]), entry["dtype"], start + entry["data_offsets"][0])
        for key, entry in header.items()
      }
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
      raise ValueError(
        f"{path} has no readable header ({type(error).__name__}: {error}): not safetensors, or "
        "damaged; fetch it again"
      ) from error
  if size_bytes != end:
    state = "truncated" if size_bytes < end else "damaged"
    raise ValueError(
      f"{path} is {size_bytes} bytes, its header says {end}: {state}; fetch it again"
    )
  return found


def _weight_files(directory: Path) -> list[Path]:
  if not directory.is_dir():
    raise FileNotFoundError(f"{directory} does not exist: give the folder of a checkpoint")
  if (directory / WEIGHTS).is_file():
    return [directory / WEIGHTS]
  index = directory / INDEX
  if not index.is_file():
    raise FileNotFoundError(
      f"{directory} has neither {WEIGHTS} nor {INDEX}: give a folder with safetensors (those of "
      "pytorch_model.bin must be saved again by transformers)"
    )
  try:
    weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    names = sorted(set(weight_map.values()))
    is_plain = all(name == os.path.basename(name) for name in names)
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise ValueError(f"{index} is not an index ({type(error).__name__}: {error})") from error
  if not is_plain or not names:
    raise ValueError(f"{index} names {names or 'no shard'}: shards must be files beside it")
  paths = {name: directory / name for name in names}
  for path in paths.values():
    if not path.is_file():
      raise FileNotFoundError(f"{path} is missing, though {INDEX} names it: fetch it too")
  for name, path in paths.items():
    listed = {key for key, shard in weight_map.items() if shard == name}
    for key in sorted(listed ^ read_header(path).keys()):
      state = "does not have it" if key in listed else "has it"
      raise ValueError(f"{index} and {path} differ: {key}, the file {state}; fetch both again")
  return list(paths.values())


def write_tensors(
  directory: Path,
  tensors: Sequence[tuple[str, tuple[int, ...]]],
  read: Callable[[int], np.ndarray],
  *,
  dtype: str,
  max_shard_bytes: int,
) -> None:
  """Writes tensors as one file or as shards with an index, one tensor in memory at a time.

  The library's own writer takes all tensors of a shard at once, and copies them.

  Args:
    directory: where.
    tensors: (name, shape) in the order of the files.
    read: index into `tensors` -> its values, C-contiguous.
    dtype: of all of them, `bfloat16` or `float32`.
    max_shard_bytes: of the tensors of a file; a larger tensor has a file of its own.
  """
  itemsize = np.dtype(dtype).itemsize
  num_bytes = [int(np.prod(shape, dtype=np.int64)) * itemsize for _, shape in tensors]
  shards: list[list[int]] = []
  room = 0
  for i, size in enumerate(num_bytes):
    if not shards or size > room:
      shards.append([])
      room = max_shard_bytes
    shards[-1].append(i)
    room -= size
  names = [f"model-{i + 1:05}-of-{len(shards):05}.safetensors" for i in range(len(shards))]
  if len(shards) == 1:
    names = [WEIGHTS]
  for name, shard in zip(names, shards):
    _write_file(directory / name, [tensors[i] for i in shard], lambda j, s=shard: read(s[j]), dtype)
  if len(shards) > 1:
    weight_map = {tensors[i][0]: name for name, shard in zip(names, shards) for i in shard}
    index = {"metadata": {"total_size": sum(num_bytes)}, "weight_map": weight_map}
    (directory / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _write_file(
  path: Path,
  tensors: Sequence[tuple[str, tuple[int, ...]]],
  read: Callable[[int], np.ndarray],
  dtype: str,
) -> None:
  stored_dtype = {usual: stored for stored, usual in DTYPES.items()}[dtype]
  header: dict[str, Any] = {"__metadata__": {"format": "pt"}}  # what transformers asks for
  end = 0
  for name, shape in tensors:
    start, end = end, end + int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    header[name] = {"dtype": stored_dtype, "shape": list(shape), "data_offsets": [start, end]}
  text = json.dumps(header, separators=(",", ":")).encode()
  text += b" " * (-len(text) % _LENGTH_BYTES)  # the data are aligned
  with path.open("wb") as file:
    file.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
    for i, (name, shape) in enumerate(tensors):
      values = read(i)
      if values.shape != shape or values.dtype != np.dtype(dtype):
        raise ValueError(
          f"{name} is {values.dtype}{list(values.shape)}, its header says {dtype}{list(shape)}"
        )
      file.write(values.view(np.uint8).data if values.size else b"")
