"""The folder of a run: what is written where, once and whole."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from cross_jax.checkpoint.disk import is_first_process, write_json
from cross_jax.metrics import MetricWriter


class Folder(NamedTuple):
  """Paths of a run's folder."""

  root: Path

  def stage(self, name: str) -> Path:
    """metrics.jsonl, checkpoints/, policy/ and evaluation.json of a stage."""
    return self.root / name

  def policy(self, stage: str) -> Path:
    return self.root / stage / "policy"

  @property
  def results(self) -> Path:
    return self.root / "results.json"

  @property
  def videos(self) -> Path:
    return self.root / "videos"


def read_json(path: Path) -> Any:
  """The content of a JSON file, or None if there is no such file.

  Raises:
    ValueError: it is not JSON.
  """
  if not path.exists():
    return None
  try:
    return json.loads(path.read_text(encoding="utf-8"))
  except json.JSONDecodeError as error:
    raise ValueError(f"{path} is not JSON ({error}); delete it and run the command again") from None


class _NoMetrics(contextlib.nullcontext):
  """What the other processes have in place of a MetricWriter."""

  def __enter__(self):
    return self

  def write(self, step: int, metrics: Mapping[str, Any]) -> None:
    pass


def metric_writer(directory: Path, *, resume_step: int) -> Any:
  """A MetricWriter in the first process; in the others one that writes nothing."""
  if is_first_process():
    return MetricWriter(directory, resume_step=resume_step)
  return _NoMetrics()


def claim(folder: Folder, config: ConfigDict) -> None:
  """Makes the folder this config's, or checks that it already is.

  Which stages run and where they compute (`distributed`, `mesh`) may differ from call to call.

  Raises:
    ValueError: the folder holds a run of another config; names the first keys that differ.
  """
  path = folder.root / "config.json"
  mine = json.loads(config.to_json())
  theirs = read_json(path)
  if theirs is None:
    if is_first_process():
      write_json(path, mine)
    return
  differing = [
    f"{key}: {old!r} there, {new!r} now"
    for key, old, new in _differences(theirs, mine)
    if key.partition(".")[0] not in ("stages", "distributed", "mesh")
  ]
  if differing:
    raise ValueError(
      f"{folder.root} holds a run of another config ({'; '.join(differing[:5])}); give another "
      "--workdir, or delete the folder to start anew"
    )


def _differences(a: Mapping, b: Mapping, prefix: str = "") -> list[tuple[str, Any, Any]]:
  found = []
  for key in sorted(set(a) | set(b)):
    old, new = a.get(key), b.get(key)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
      found += _differences(old, new, f"{prefix}{key}.")
    elif old != new:
      found.append((prefix + key, old, new))
  return found
