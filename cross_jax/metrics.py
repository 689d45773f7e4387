"""Metrics of a run: one JSON object a line for programs, TensorBoard for people."""

import contextlib
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorboardX

FILE_NAME = "metrics.jsonl"


class MetricWriter(contextlib.AbstractContextManager):
  """Appends scalars by step to DIRECTORY/metrics.jsonl and to TensorBoard files beside it.

  Every line is flushed. A resumed run drops what was written after the step it resumes from (and
  the line that a kill cut short), so that its lines equal those of the run that went through.

  >>> import tempfile
  >>> with tempfile.TemporaryDirectory() as directory:
  ...   with MetricWriter(directory) as writer:
  ...     writer.write(1, {"loss": 0.5})
  ...   print(read_metrics(directory))
  [{'step': 1, 'loss': 0.5}]
  """

  def __init__(self, directory: str | os.PathLike[str], *, resume_step: int | None = None):
    """Opens the files for appending.

    Args:
      directory: created if missing.
      resume_step: the last step that is kept of an earlier run here; None starts anew.
    Raises:
      ValueError: a line of an earlier run, other than the last, is not a JSON object with a step.
    """
    self._directory = Path(directory)
    self._directory.mkdir(parents=True, exist_ok=True)
    path = self._directory / FILE_NAME
    if resume_step is not None and path.exists():
      _drop_after(path, resume_step)
    self._file = path.open("w" if resume_step is None else "a", encoding="utf-8")
    # TensorBoard hides the purged steps of earlier files; two files of one second need two names.
    self._tensorboard = tensorboardX.SummaryWriter(
      str(self._directory),
      purge_step=0 if resume_step is None else resume_step + 1,
      filename_suffix=f".{time.time_ns()}",
    )

  def write(self, step: int, metrics: Mapping[str, Any]) -> None:
    """Writes the metrics of a step, and flushes.

    Args:
      step: the number of steps done.
      metrics: name -> scalar (Python, NumPy or JAX). What is not finite is null in the JSON line,
        as JSON has no such number, and itself in TensorBoard.
    Raises:
      ValueError: a metric is called "step".
      TypeError: a value is not a scalar.
    """
    if "step" in metrics:
      raise ValueError('a metric is called "step", the name of the step itself: rename it')
    values = {
      name: value if type(value) is int else float(value) for name, value in metrics.items()
    }
    line = {"step": int(step)}
    line |= {name: value if math.isfinite(value) else None for name, value in values.items()}
    self._file.write(json.dumps(line) + "\n")
    self._file.flush()
    for name, value in values.items():
      self._tensorboard.add_scalar(name, value, int(step))
    self._tensorboard.flush()

  def close(self) -> None:
    """Closes the files."""
    self._file.close()
    self._tensorboard.close()

  def __exit__(self, *_: object) -> None:
    self.close()


def read_metrics(directory: str | os.PathLike[str]) -> list[dict[str, Any]]:
  """The lines that a MetricWriter wrote, in order.

  Args:
    directory: of the writer.
  Returns:
    One dict a line: "step" and the metrics, None for what was not finite. A last line that a kill
    cut short is left out.
  Raises:
    FileNotFoundError: no metrics there.
    ValueError: another line is not a JSON object with a step.
  """
  return _read(Path(directory) / FILE_NAME)


def _read(path: Path) -> list[dict[str, Any]]:
  rows = []
  lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
  for number, line in enumerate(lines, 1):
    if not line.endswith("\n"):
      break  # only the last line can lack its end: the writer was killed
    try:
      row = json.loads(line)
    except json.JSONDecodeError as error:
      raise ValueError(_bad_line(path, number, line)) from error
    if not isinstance(row, dict) or "step" not in row:
      raise ValueError(_bad_line(path, number, line))
    rows.append(row)
  return rows


def _drop_after(path: Path, step: int) -> None:
  rows = [row for row in _read(path) if row["step"] <= step]
  shortened = path.with_suffix(".tmp")
  shortened.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
  os.replace(shortened, path)


def _bad_line(path: Path, number: int, line: str) -> str:
  return (
    f"{path} line {number}: {line.strip()[:80]!r} is not a JSON object with a step; repair the "
    "line or move the file away"
  )
