"""Progress bars and log lines of a run, on a terminal or in a file."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
  BarColumn,
  MofNCompleteColumn,
  Progress,
  TextColumn,
  TimeElapsedColumn,
  TimeRemainingColumn,
)

from cross_jax.checkpoint.disk import is_first_process

CONSOLE = Console(stderr=False, highlight=False, soft_wrap=True)
_LINE_EVERY_S = 15.0  # without a terminal, a line this often instead of a bar


@contextlib.contextmanager
def progress(title: str, total: int, *, done: int = 0) -> Iterator[Callable[..., None]]:
  """A bar of `total` steps; yields advance(steps=1, note="").

  Without a terminal (a log file) it prints a line every 15 seconds; of several processes the first.
  """
  if not is_first_process():
    yield lambda steps=1, note=None: None
    return
  if not sys.stdout.isatty():
    yield _line_printer(title, total, done)
    return
  columns = (
    TextColumn("[bold]{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeElapsedColumn(),
    TimeRemainingColumn(),
    TextColumn("{task.fields[note]}"),
  )
  with Progress(*columns, console=CONSOLE) as bar:
    task = bar.add_task(title, total=total, completed=done, note="")

    def advance(steps: int = 1, note: str | None = None) -> None:
      bar.update(task, advance=steps, **({} if note is None else {"note": note}))

    yield advance


def _line_printer(title: str, total: int, done: int) -> Callable[..., None]:
  start = last = time.monotonic()

  def advance(steps: int = 1, note: str | None = None) -> None:
    nonlocal done, last
    done += steps
    now = time.monotonic()
    if done >= total or now - last > _LINE_EVERY_S:
      last = now
      print(f"{title}: {done}/{total} in {now - start:.0f} s {note or ''}".rstrip(), flush=True)

  return advance
