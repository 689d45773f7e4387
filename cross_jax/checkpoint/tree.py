"""A saved tree and its JSON metadata: written together, compared before anything is loaded."""

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp

from cross_jax.sharding import path_name

TREE_ITEM = "tree"
META_ITEM = "meta"
_GB = 10**9  # as Orbax counts
_DEFAULT_WRITE_GB = 96  # Orbax's
_BYTES_KEY = "__base64__"  # JSON has no bytes: {"__base64__": text}

Leaves = dict[str, tuple[tuple[int, ...], str]]  # path -> (shape, dtype) as stored


def save_args(tree: Any, meta: dict[str, Any]) -> ocp.args.Composite:
  """What Orbax is to write for a tree and its metadata.

  Args:
    tree: pytree of arrays, random keys included.
    meta: what JSON can hold, and bytes (an iterator's state); tuples come back as lists.
  Returns:
    Orbax's arguments of a save.
  Raises:
    TypeError: meta holds what JSON cannot.
  """
  encoded = json.loads(json.dumps(meta, default=_encode_bytes))
  return ocp.args.Composite(
    **{TREE_ITEM: ocp.args.StandardSave(tree), META_ITEM: ocp.args.JsonSave(encoded)}
  )


def read_tree(path: Path, template: Any | None) -> Any:
  """The tree saved at `path`.

  Args:
    path: a finished checkpoint.
    template: pytree of arrays or jax.ShapeDtypeStructs that says structure and placement, the
      default device where it says none; None for nested dicts on the default device.
  Returns:
    The tree, bit for bit as it was saved, from whatever devices.
  Raises:
    ValueError: the template has another parameter, shape or dtype; raised before anything is read.
  """
  with make_checkpointer() as checkpointer:
    saved = checkpointer.metadata(path).item_metadata[TREE_ITEM]
    device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    if template is None:
      template = jax.tree.map(lambda leaf: _abstract(leaf, device), saved.tree)
    else:
      _check_same(_stored_leaves(saved.tree), _stored_leaves(template), path)
      template = jax.tree.map(
        lambda leaf: _abstract(leaf, getattr(leaf, "sharding", None) or device), template
      )
    args = ocp.args.Composite(**{TREE_ITEM: ocp.args.StandardRestore(template)})
    return checkpointer.restore(path, args=args)[TREE_ITEM]


@contextlib.contextmanager
def leaf_reader(path: Path, template: Any) -> Iterator[Callable[[str], np.ndarray]]:
  """Opens the tree saved at `path` to read its leaves one by one, as many as are wanted.

  Args:
    path: a finished checkpoint.
    template: nested dicts of jax.ShapeDtypeStructs.
  Yields:
    Path of a leaf, its keys joined by "/" -> the leaf, bit for bit as it was saved.
  Raises:
    ValueError: as `read_tree`.
  """
  with make_checkpointer() as checkpointer:
    saved = checkpointer.metadata(path).item_metadata[TREE_ITEM]
  _check_same(_stored_leaves(saved.tree), _stored_leaves(template), path)
  as_numpy = ocp.RestoreArgs(restore_type=np.ndarray)
  # Standard handlers read all of a tree or nothing.
  with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as checkpointer:

    def read(leaf: str) -> np.ndarray:
      item, restore_args = 0, as_numpy
      for key in reversed(leaf.split("/")):
        item, restore_args = {key: item}, {key: restore_args}
      args = ocp.args.PyTreeRestore(item=item, restore_args=restore_args, partial_restore=True)
      (values,) = jax.tree.leaves(checkpointer.restore(path / TREE_ITEM, args=args))
      return values

    yield read


def read_meta(path: Path) -> dict[str, Any]:
  """The metadata saved at `path`, a finished checkpoint."""
  with make_checkpointer() as checkpointer:
    args = ocp.args.Composite(**{META_ITEM: ocp.args.JsonRestore()})
    encoded = checkpointer.restore(path, args=args)[META_ITEM]
  return json.loads(json.dumps(encoded), object_hook=_decode_bytes)


def num_bytes(tree: Any) -> int:
  """Bytes of the tree's arrays, uncompressed."""
  return sum(_leaf_bytes(tree))


def write_gb(tree: Any) -> int:
  """How many GB of a tree may be on their way to disk at a time: its largest leaf and up to one.

  What Orbax has compressed and not yet written stands in memory beside the tree.

  >>> write_gb({"w": jax.ShapeDtypeStruct((1_500_000_000,), np.uint8)})
  2
  """
  return max(_leaf_bytes(tree), default=0) // _GB + 1


def make_checkpointer(max_write_gb: int = _DEFAULT_WRITE_GB) -> ocp.Checkpointer:
  """Orbax's synchronous reader and writer of a tree and its metadata; close it after use."""
  tree_handler = ocp.StandardCheckpointHandler(save_concurrent_gb=max_write_gb)
  handlers = {TREE_ITEM: tree_handler, META_ITEM: ocp.JsonCheckpointHandler()}
  return ocp.Checkpointer(ocp.CompositeCheckpointHandler(**handlers))


def _leaf_bytes(tree: Any) -> list[int]:
  return [
    int(np.prod(shape, dtype=np.int64)) * jax.numpy.dtype(dtype).itemsize
    for shape, dtype in _stored_leaves(tree).values()
  ]


def _abstract(leaf: Any, where: jax.sharding.Sharding) -> jax.ShapeDtypeStruct:
  return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where)


def _stored_leaves(tree: Any) -> Leaves:
  def describe(leaf):
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
      leaf = jax.eval_shape(jax.random.key_data, leaf)  # a key is stored as its uint32 data
    return tuple(leaf.shape), np.dtype(leaf.dtype).name

  return {path_name(path): describe(leaf) for path, leaf in jax.tree.leaves_with_path(tree)}


def _check_same(saved: Leaves, expected: Leaves, where: Path) -> None:
  problems = []
  for path in sorted(saved.keys() | expected.keys()):
    if path not in expected:
      problems.append(f"{path} {_describe(saved[path])} is in the checkpoint but not in this run")
    elif path not in saved:
      problems.append(f"{path} {_describe(expected[path])} is in this run, not in the checkpoint")
    elif saved[path] != expected[path]:
      problems.append(
        f"{path} is {_describe(saved[path])} in the checkpoint but {_describe(expected[path])} "
        "in this run"
      )
  if problems:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    raise ValueError(
      f"checkpoint {where} does not fit: {problems[0]}{more}; nothing was loaded. Use the model "
      "and optimiser settings that it was saved with, or an empty directory for a new run"
    )


def _describe(leaf: tuple[tuple[int, ...], str]) -> str:
  return f"{leaf[1]}{list(leaf[0])}"


def _encode_bytes(value: Any) -> dict[str, str]:
  if isinstance(value, bytes):
    return {_BYTES_KEY: base64.b64encode(value).decode("ascii")}
  raise TypeError(
    f"meta holds {value!r} of type {type(value).__name__}: only JSON's types and bytes can be saved"
  )


def _decode_bytes(node: dict[str, Any]) -> Any:
  return base64.b64decode(node[_BYTES_KEY]) if node.keys() == {_BYTES_KEY} else node
