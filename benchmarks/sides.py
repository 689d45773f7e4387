"""Both sides of a benchmark in processes of their own, one measuring while the others wait.

A side is a generator function: its first `yield` is the report of its preparation (loading,
compiling, warm-up, what must agree), every later one the report of one repetition.
"""

import contextlib
import multiprocessing
import os
import statistics
import traceback
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Report = dict[str, Any]
Side = Callable[[Any], Iterator[Report]]  # must be importable: it is sent to another process

CONSOLE = Console(stderr=True, highlight=False)
_FAILED = "failed"


def alternate(
  title: str,
  sides: Mapping[str, Side],
  work: Any,
  repetitions: int,
  *,
  check: Callable[[dict[str, Report]], Any] = lambda prepared: None,
  is_prepared_together: bool = False,
) -> tuple[dict[str, Report], dict[str, list[Report]]]:
  """Prepares the sides, then runs a repetition of each in turn.

  Args:
    title: of the progress bar, on stderr.
    sides: name -> generator function of `work`.
    work: what they all do; picklable.
    repetitions: measured ones per side.
    check: called with the reports of the preparation before anything is measured; raises if the
      sides do not agree.
    is_prepared_together: all sides prepare at the same time instead of one after the other.
  Returns:
    (name -> report of the preparation, name -> reports of the repetitions).
  Raises:
    RuntimeError: a side failed; with its traceback.
  """
  columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
  with contextlib.ExitStack() as stack:
    bar = stack.enter_context(Progress(*columns, console=CONSOLE))
    task = bar.add_task(title, total=(repetitions + 1) * len(sides))
    prepared: dict[str, Report] = {}
    measured: dict[str, list[Report]] = {name: [] for name in sides}
    following: dict[str, Callable[[], Report]] = {}
    for group in [list(sides)] if is_prepared_together else [[name] for name in sides]:
      for name in group:
        following[name] = stack.enter_context(_started(name, sides[name], work))
      for name in group:
        bar.update(task, description=f"{title}: {name}, preparation")
        prepared[name] = following[name]()
        bar.advance(task)
    check(prepared)
    for _ in range(repetitions):
      for name in sides:
        bar.update(task, description=f"{title}: {name}")
        measured[name].append(following[name]())
        bar.advance(task)
  return prepared, measured


@contextlib.contextmanager
def _started(name: str, side: Side, work: Any) -> Iterator[Callable[[], Report]]:
  """A process that prepares the side at once; yields the function that gets its next report."""
  os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # an accelerator is shared
  context = multiprocessing.get_context("spawn")
  near, far = context.Pipe()
  process = context.Process(target=_serve, args=(far, side, work), daemon=True)
  process.start()
  far.close()
  near.send(None)
  is_asked = True

  def following() -> Report:
    nonlocal is_asked
    try:
      if not is_asked:
        near.send(None)
      is_asked = False
      kind, report = near.recv()
    except (EOFError, BrokenPipeError) as error:
      process.join()
      raise RuntimeError(
        f"{name}: its process ended with exit code {process.exitcode} (-9 is often a lack of "
        "memory): try --quick"
      ) from error
    if kind == _FAILED:
      raise RuntimeError(f"{name} failed:\n{report}")
    return report

  try:
    yield following
  finally:
    near.close()  # the side's next wait ends
    process.join(timeout=5)
    process.kill()


def _serve(far: Connection, side: Side, work: Any) -> None:
  reports = side(work)
  with contextlib.suppress(EOFError, KeyboardInterrupt):
    while True:
      far.recv()
      try:
        message = ("report", next(reports))
      except Exception:  # noqa: BLE001 (told to the process that asked)
        message = (_FAILED, traceback.format_exc())
      far.send(message)


def summary(values: list[float], digits: int = 4) -> Report:
  """Median and spread of repetitions, rounded to `digits` significant digits.

  >>> summary([2.0, 1.0, 4.0])
  {'median': 2.0, 'min': 1.0, 'max': 4.0, 'spread': 1.5, 'repetitions': 3}
  """
  median = statistics.median(values)
  parts = {"median": median, "min": min(values), "max": max(values)}
  parts["spread"] = (max(values) - min(values)) / median  # of the median
  rounded = {name: float(f"{value:.{digits}g}") for name, value in parts.items()}
  return {**rounded, "repetitions": len(values)}


def fastest(medians: Mapping[str, float]) -> str:
  """The side of the smallest median time."""
  return min(medians, key=lambda name: medians[name])
