"""Reads what a run left in its folder: results, metrics and videos, complete or not."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from experiments.palette import STAGE_TITLES

_VIDEO = re.compile(r"(?P<stage>[a-z0-9]+)_(?P<task>.+)_(?P<seed>\d+)\.mp4")


class Video(NamedTuple):
  """A film of one evaluation episode."""

  stage: str
  task: str
  seed: int
  path: Path


class Run(NamedTuple):
  """A run's folder, as far as the run has come."""

  workdir: Path
  results: dict  # results.json; empty if there is none yet
  metrics: dict[str, list[dict]]  # stage to its rows, by step
  videos: list[Video]
  notices: list[str]  # what is missing or could not be read, in words


def read_run(workdir: str | Path) -> Run:
  """Reads a run's folder; what is missing is said in `notices`.

  Args:
    workdir: holds results.json, <stage>/metrics.jsonl and videos/, each of which may be missing.
  Raises:
    FileNotFoundError: there is no such folder.
    ValueError: results.json is not what a run writes.
  """
  workdir = Path(workdir)
  if not workdir.is_dir():
    raise FileNotFoundError(
      f"no folder {workdir}: give the --workdir of a run (`make demo` writes runs/demo)"
    )
  notices: list[str] = []
  results = _read_results(workdir / "results.json", notices)
  expected = set(results.get("config", {}).get("stages", STAGE_TITLES))
  if "strl" in expected:
    expected.add("cs2")  # the second cold start is part of the STRL stage
  metrics = {}
  for stage in STAGE_TITLES:
    path = workdir / stage / "metrics.jsonl"
    if path.exists():
      metrics[stage] = read_metrics(path, notices)
    elif stage in expected:
      notices.append(f"{STAGE_TITLES[stage]} has no metrics yet ({stage}/metrics.jsonl).")
    if stage in expected and stage != "cs2" and stage not in results.get("stages", {}):
      notices.append(f"{STAGE_TITLES[stage]} has not been evaluated yet.")
  return Run(workdir, results, metrics, find_videos(workdir / "videos"), notices)


def _read_results(path: Path, notices: list[str]) -> dict:
  if not path.exists():
    notices.append("The run has written no results.json yet.")
    return {}
  return load_results(path)


def load_results(path: str | Path) -> dict:
  """A results.json.

  Raises:
    ValueError: it is not JSON, or not the object that a run writes.
  """
  try:
    results = json.loads(Path(path).read_text(encoding="utf-8"))
  except ValueError as error:
    raise ValueError(
      f"{path}: not JSON ({error}); delete it and run the same command again to write it anew"
    ) from error
  if not isinstance(results, dict) or not isinstance(results.get("stages"), dict):
    raise ValueError(
      f'{path}: no object with "stages"; delete it and run the same command again to write it anew'
    )
  return results


def read_metrics(path: Path, notices: list[str]) -> list[dict]:
  """The rows of a metrics file in order of step; of a step logged twice (a resumed run) the last.

  Args:
    path: a JSONL file of {"step": int, name: number, ...}.
    notices: a line that cannot be read (a run killed while it wrote) is added here.
  """
  by_step: dict[float, dict] = {}
  lines = path.read_text(encoding="utf-8").splitlines()
  for i, line in enumerate(lines, 1):
    try:
      row = json.loads(line)
    except ValueError:
      row = None
    if not isinstance(row, dict):
      notices.append(f"{path.parent.name}/{path.name}: line {i} of {len(lines)} is no JSON object.")
      continue
    by_step[row.get("step", i)] = row
  return [by_step[step] for step in sorted(by_step)]


def find_videos(folder: Path) -> list[Video]:
  """The films in a folder, by their names (see experiments.video.video_name)."""
  videos = []
  for path in sorted(folder.glob("*.mp4")):
    match = _VIDEO.fullmatch(path.name)
    if match:
      task = match["task"].replace("-", ":")  # no task's name has a hyphen
      videos.append(Video(match["stage"], task, int(match["seed"]), path))
  return videos
