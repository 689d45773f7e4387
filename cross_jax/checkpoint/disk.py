"""Writing that fails clearly: enough room beforehand, and an error that says what to do."""

import contextlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from orbax.checkpoint import multihost

_MEETINGS = itertools.count()  # a barrier's name is used once
_PATIENCE_MS = 24 * 3600 * 1000
HEADROOM_BYTES = 1 << 20  # metadata, indices and JSON beside the arrays
_UNFINISHED = "*.orbax-checkpoint-tmp*"  # what a failed save leaves behind, never a visible step


@contextlib.contextmanager
def writing(directory: Path, array_bytes: int) -> Iterator[None]:
  """Guards a save into `directory`: on failure the unfinished part is removed and the error clear.

  Args:
    directory: an existing directory on the file system that is written to.
    array_bytes: of the arrays, uncompressed; HEADROOM_BYTES come on top.
  Raises:
    OSError: too little room before the save, or the file system refused a write; names the
      directory, needed and free bytes, and the way out.
  """
  needed_bytes = array_bytes + HEADROOM_BYTES
  free_bytes = shutil.disk_usage(directory).free
  if free_bytes < needed_bytes:
    raise OSError(_message(directory, needed_bytes, free_bytes, "not enough room"))
  try:
    yield
  except (OSError, ValueError) as error:
    # TensorStore reports a refused write as ValueError: "...: No space left [os_error_code='28']".
    reason = re.search(r"([^:]*) \[os_error_code='\d+'\]", str(error))
    if isinstance(error, ValueError) and reason is None:
      raise
    cause = reason[1].strip() if reason else str(error)
    free_bytes = shutil.disk_usage(directory).free
    for path in directory.glob(_UNFINISHED):
      shutil.rmtree(path, ignore_errors=True)
    raise OSError(_message(directory, needed_bytes, free_bytes, cause)) from error


def is_first_process() -> bool:
  """Whether this process moves folders and writes small files; all write their arrays."""
  return jax.process_index() == 0


def meet(what: str) -> None:
  """Returns when all processes are here; they may take hours.

  Through the coordinator: a collective of the devices gives up after half a minute on CPUs.

  Args:
    what: for the error, if one never comes.
  """
  if jax.process_count() > 1:
    barrier = multihost.get_barrier_sync_fn(processes=set(range(jax.process_count())))
    barrier(key=f"{next(_MEETINGS)} {what}", timeout_ms=_PATIENCE_MS)


@contextlib.contextmanager
def new_folder(directory: Path) -> Iterator[Path]:
  """Yields an empty folder: `directory` once the block has ended, removed if it fails.

  Args:
    directory: absolute, the same in all processes; must not exist. Its parents are made.
  Raises:
    FileExistsError: the directory exists.
  """
  if directory.exists():
    raise FileExistsError(f"{directory} exists: give another directory, or delete it first")
  meet(f"{directory}: not there")
  partial = directory.with_name(f".{directory.name}.partial")
  if is_first_process():
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
  meet(f"{directory}: begun")
  try:
    yield partial
    meet(f"{directory}: complete")
    if is_first_process():
      partial.rename(directory)
  except BaseException:
    shutil.rmtree(partial, ignore_errors=True)
    raise
  meet(f"{directory}: in place")


def write_json(path: Path, value: Any) -> None:
  """Writes a JSON file that is never seen half-written; makes its folder.

  Args:
    path: the file; one that is there is replaced as a whole.
    value: what `json.dumps` takes.
  Raises:
    OSError: no room, or the file system refused; what was there before stays.
  """
  write_text(path, json.dumps(value, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
  """Writes a text file that is never seen half-written; makes its folder.

  Args:
    path: the file; one that is there is replaced as a whole.
    text: UTF-8.
  Raises:
    OSError: no room, or the file system refused; what was there before stays.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  partial = path.with_name(f".{path.name}.partial")
  try:
    with writing(path.parent, len(text)):
      partial.write_text(text, encoding="utf-8")
      os.replace(partial, path)
  except OSError:
    partial.unlink(missing_ok=True)
    raise


def read_json(path: Path) -> dict[str, Any]:
  """The object in a JSON file.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is not JSON, or not an object.
  """
  if not path.is_file():
    raise FileNotFoundError(f"{path} is missing: give the folder of a whole checkpoint")
  try:
    content = json.loads(path.read_text(encoding="utf-8"))
  except ValueError as error:
    raise ValueError(f"{path} is not JSON ({error}); fetch it again") from error
  if not isinstance(content, dict):
    raise ValueError(f"{path} holds no JSON object; fetch it again")
  return content


def _message(directory: Path, needed_bytes: int, free_bytes: int, cause: str) -> str:
  return (
    f"could not save in {directory}: {cause}; needed up to {needed_bytes} bytes, free {free_bytes} "
    "bytes. Earlier checkpoints are intact. Free some space, keep fewer checkpoints or use another "
    "working directory, then run the same command again to resume"
  )
