"""How often the experts win each task: episodes played in processes, results kept in a file.

A result line holds a task, its outcomes and a key of everything that the outcomes depend on, so a
run that was cut short goes on where it was, and one after a change starts anew.
"""

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from cross_jax.envs.tasks.catalogue import FAMILIES, LIMIT_TICKS, get

MIN_SUCCESS = 0.95
NUM_ENVS = 64  # games of a process's batch
FILE = "results.jsonl"
_SOURCES = ("cross_jax.envs.tasks", "cross_jax.envs.experts", "cross_jax.envs.voxel")


class Plan(NamedTuple):
  """What is played of each task."""

  num_seeds: int
  first_seed: int
  difficulty: str | None


class Result(NamedTuple):
  """The episodes of one task, by seed."""

  task: str
  ends: tuple[str, ...]  # 'won', 'died' or 'out of time'
  ticks: tuple[int, ...]

  @property
  def success(self) -> float:
    return self.ends.count("won") / len(self.ends)

  def ticks_won(self) -> list[int]:
    """Ticks of the episodes that were won."""
    return [n for end, n in zip(self.ends, self.ticks) if end == "won"]


def version() -> str:
  """A checksum of the code and tables that results depend on."""
  digest = hashlib.sha256()
  for package in _SOURCES:
    for file in sorted(_files(resources.files(package)), key=str):
      if "render" not in Path(str(file)).parts:
        digest.update(file.read_bytes())
  return digest.hexdigest()[:16]


def _files(folder: Any) -> Iterator[Any]:
  for entry in folder.iterdir():
    if entry.is_dir():
      yield from _files(entry)
    elif entry.name.endswith((".py", ".json", ".jsonl")):
      yield entry


def read(workdir: Path, plan: Plan) -> dict[str, Result]:
  """The results of `plan` that a work folder already holds, of this version of the code."""
  file, key = workdir / FILE, _key(plan)
  found: dict[str, Result] = {}
  for line in file.read_text().splitlines() if file.exists() else ():
    try:
      row = json.loads(line)
    except json.JSONDecodeError:
      continue  # a line that a killed run left unfinished
    if row["key"] == key:
      found[row["task"]] = Result(row["task"], tuple(row["ends"]), tuple(row["ticks"]))
  return found


def _key(plan: Plan) -> str:
  return f"{version()} {plan.num_seeds} {plan.first_seed} {plan.difficulty}"


def run(tasks: Sequence[str], plan: Plan, workdir: Path, num_processes: int) -> Iterator[Result]:
  """Plays what is missing and appends each task's result to the work folder.

  Args:
    tasks: names of the catalogue.
    plan: seeds and difficulty.
    workdir: made if it isn't there.
    num_processes: how many play; 1 plays in this process.
  Yields:
    One Result a task: first those already there, then the new ones as they come.
  """
  workdir.mkdir(parents=True, exist_ok=True)
  known = read(workdir, plan)
  yield from (known[task] for task in tasks if task in known)
  left = [task for task in tasks if task not in known]
  # rounds of as many tasks as keep a batch full; hard tasks last longest, so small rounds
  size = max(1, 2 * NUM_ENVS // plan.num_seeds)
  parts = [(tuple(left[i : i + size]), plan) for i in range(0, len(left), size)]
  key = _key(plan)
  with (workdir / FILE).open("a+") as file:
    _end_line(file)
    for results in _map(parts, num_processes):
      for result in results:
        row = {"key": key, "task": result.task, "ends": result.ends, "ticks": result.ticks}
        file.write(json.dumps(row) + "\n")
        yield result
      file.flush()


def _end_line(file: TextIO) -> None:
  """Closes a line that a killed run left unfinished, so that the next one is whole."""
  file.seek(0)
  text = file.read()
  if text and not text.endswith("\n"):
    file.write("\n")


def _map(parts: list[tuple[tuple[str, ...], Plan]], num_processes: int) -> Iterator[list[Result]]:
  if num_processes == 1 or len(parts) < 2:
    yield from map(play_part, parts)
    return
  context = multiprocessing.get_context("spawn")  # a forked JAX hangs
  with context.Pool(min(num_processes, len(parts)), initializer=_one_thread) as pool:
    yield from pool.imap_unordered(play_part, parts)


def _one_thread() -> None:
  """One core a process; set before JAX starts there. Ctrl-C is the parent's."""
  signal.signal(signal.SIGINT, signal.SIG_IGN)
  os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
  os.environ.setdefault("OMP_NUM_THREADS", "1")


def play_part(part: tuple[tuple[str, ...], Plan]) -> list[Result]:
  """Plays some tasks in this process."""
  from cross_jax.envs.experts.play import play  # not at import: experts need this package

  tasks, plan = part
  episodes = [(task, plan.first_seed + i) for task in tasks for i in range(plan.num_seeds)]
  outcomes = list(play(episodes, num_envs=NUM_ENVS, difficulty=plan.difficulty))
  by_task = [outcomes[i : i + plan.num_seeds] for i in range(0, len(outcomes), plan.num_seeds)]
  return [
    Result(rows[0].task, tuple(o.end for o in rows), tuple(o.num_ticks for o in rows))
    for rows in by_task
  ]


def summarise(results: Sequence[Result]) -> dict[str, Any]:
  """Counts by family: {"num_tasks", "num_tasks_at_95", "by_family": {family: {...}}}."""
  by_family = {}
  for family in FAMILIES:
    rows = [result for result in results if get(result.task).family == family]
    if rows:
      ticks = [n for row in rows for n in row.ticks_won()]
      by_family[family] = {
        "num_tasks": len(rows),
        "num_tasks_at_95": sum(row.success >= MIN_SUCCESS for row in rows),
        "success": round(float(np.mean([row.success for row in rows])), 4),
        "ticks_median": float(np.median(ticks)) if ticks else float(LIMIT_TICKS),
      }
  return {
    "num_tasks": len(results),
    "num_tasks_at_95": sum(result.success >= MIN_SUCCESS for result in results),
    "by_family": by_family,
  }


def reason(result: Result) -> str:
  """Why a task is below MIN_SUCCESS, from how its episodes ended; '' if it isn't."""
  if result.success >= MIN_SUCCESS:
    return ""
  counts = {end: result.ends.count(end) for end in ("died", "out of time")}
  return ", ".join(f"{end} in {n} of {len(result.ends)}" for end, n in counts.items() if n)
