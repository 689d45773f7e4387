"""Plain parameters in a folder of their own: what a stage hands to the next, or to a user."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cross_jax.checkpoint import tree
from cross_jax.checkpoint.disk import is_first_process, meet, writing


def save_params(
  directory: str | os.PathLike[str], params: Any, *, meta: dict[str, Any] | None = None
) -> None:
  """Writes parameters; an earlier export there is replaced only once the new one is complete.

  Args:
    directory: of the export.
    params: pytree of arrays.
    meta: what JSON can hold, and bytes; as the model's configuration.
  Raises:
    TypeError: meta holds what JSON cannot.
    FileExistsError: the directory is there and is no export.
    OSError: no room, or the file system refused; names directory, needed and free bytes.
  """
  directory = Path(directory).absolute()
  if directory.exists() and not _is_export(directory):
    raise FileExistsError(f"{directory} exists and holds no parameters: give another directory")
  args = tree.save_args(params, meta or {})
  complete, replaced = (directory.with_name(directory.name + end) for end in (".new", ".old"))
  if is_first_process():
    directory.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(complete, ignore_errors=True)
  meet(f"{directory}: begun")
  with (
    writing(directory.parent, tree.num_bytes(params)),
    tree.make_checkpointer(tree.write_gb(params)) as checkpointer,
  ):
    checkpointer.save(complete, args=args)
  if is_first_process():
    if directory.exists():
      shutil.rmtree(replaced, ignore_errors=True)
      directory.rename(replaced)
    complete.rename(directory)
    shutil.rmtree(replaced, ignore_errors=True)
  meet(f"{directory}: in place")


def load_params(directory: str | os.PathLike[str], template: Any | None = None) -> Any:
  """Reads parameters of save_params.

  Args:
    directory: of the export.
    template: pytree of arrays or jax.ShapeDtypeStructs that says structure and placement; None for
      nested dicts on the default device.
  Returns:
    The parameters bit for bit as they were saved.
  Raises:
    FileNotFoundError: there is no export.
    ValueError: the template has another parameter, shape or dtype; names path and both shapes;
      raised before anything is read.

  >>> import tempfile, jax.numpy as jnp
  >>> with tempfile.TemporaryDirectory() as directory:
  ...   save_params(directory + "/params", {"w": jnp.ones(2)})
  ...   print(load_params(directory + "/params"))
  {'w': Array([1., 1.], dtype=float32)}
  """
  return tree.read_tree(_find(directory), template)


def leaf_reader(
  directory: str | os.PathLike[str], template: Any
) -> contextlib.AbstractContextManager[Callable[[str], np.ndarray]]:
  """Opens parameters of save_params to read them leaf by leaf, for what is too large at once.

  Args:
    directory: of the export.
    template: nested dicts of jax.ShapeDtypeStructs that says structure.
  Returns:
    Context of a function: path of a leaf, its keys joined by "/" -> the leaf.
  Raises:
    FileNotFoundError: there is no export.
    ValueError: as `load_params`, on entering.
  """
  return tree.leaf_reader(_find(directory), template)


def load_meta(directory: str | os.PathLike[str]) -> dict[str, Any]:
  """Reads the metadata that save_params was given.

  Args:
    directory: of the export.
  Returns:
    The dict; empty if none was given.
  Raises:
    FileNotFoundError: there is no export.
  """
  return tree.read_meta(_find(directory))


def _find(directory: str | os.PathLike[str]) -> Path:
  directory = Path(directory).absolute()
  if not _is_export(directory):
    state = "holds no parameters" if directory.is_dir() else "does not exist"
    raise FileNotFoundError(f"{directory} {state}: give a directory written by save_params")
  return directory


def _is_export(directory: Path) -> bool:
  return (directory / tree.TREE_ITEM).is_dir() and (directory / tree.META_ITEM).is_dir()
