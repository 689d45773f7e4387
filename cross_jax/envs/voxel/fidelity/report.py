"""Measures the world's rules against Minecraft 1.16's published numbers.

`python -m cross_jax.envs.voxel.fidelity [--only WORD] [--json] [--markdown FILE]`: plays every row
of this package, prints the table and, as the last line, JSON with the counts; exit code 1 if a row
is off its tolerance and not a chosen deviation.
"""

import argparse
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from cross_jax.envs.voxel.fidelity import blocks, gui, life, motion
from cross_jax.envs.voxel.fidelity.rows import Measured, Row

ROWS = (*motion.ROWS, *blocks.ROWS, *life.ROWS, *gui.ROWS)
_COLUMNS = ("rule", "unit", "measured", "published", "difference", "source", "verdict")
_START, _END = "<!-- fidelity table -->", "<!-- end of fidelity table -->"


def measure(rows: Iterable[Row]) -> list[Measured]:
  """The rows with their measured values; one that raises is off, with what it raised."""
  return [_measured(row) for row in rows]


def _measured(row: Row) -> Measured:
  try:
    return Measured(row, float(row.measure()))
  except Exception as error:  # noqa: BLE001 (a rule that no longer works may raise anything)
    return Measured(row, math.nan, " ".join(f"{type(error).__name__}: {error}".split()))


def cells(measured: Measured) -> tuple[str, ...]:
  """A row of the table as text, by _COLUMNS."""
  row = measured.row
  verdict = f"chosen: {row.chosen}" if measured.verdict == "chosen" else measured.verdict
  if measured.error:
    verdict = f"failed: {measured.error}".replace("|", "/")  # it divides Markdown's cells
  numbers = (measured.value, row.published, measured.difference)
  return row.rule, row.unit, *(f"{number:.5g}" for number in numbers), row.source, verdict


def counts(measured: list[Measured]) -> dict[str, int]:
  """How many rows there are of each verdict."""
  verdicts = [m.verdict for m in measured]
  return {"num_rows": len(verdicts)} | {v: verdicts.count(v) for v in ("ok", "chosen", "off")}


def write_markdown(measured: list[Measured], file: Path) -> None:
  """Puts the table between the markers in `file`, whole or not at all; raises as `around_table`."""
  head, tail = around_table(file)
  lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
  lines += ["| " + " | ".join(cells(m)) + " |" for m in measured]
  partial = file.with_name(f".{file.name}.partial")
  try:
    partial.write_text(head + "\n".join([_START, "", *lines, "", _END]) + tail)
    os.replace(partial, file)
  finally:
    partial.unlink(missing_ok=True)


def around_table(file: Path) -> tuple[str, str]:
  """What stands in `file` before and after the table.

  Raises:
    ValueError: the file has no markers.
    OSError: there is no such file.
  """
  head, is_found, rest = file.read_text().partition(_START)
  _, is_ended, tail = rest.partition(_END)
  if not (is_found and is_ended):
    raise ValueError(f"{file}: no lines {_START} and {_END}; add them where the table belongs")
  return head, tail


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit code."""
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.envs.voxel.fidelity", description=__doc__.split("\n")[0]
  )
  parser.add_argument("--only", help="measure the rows whose rule holds this word")
  parser.add_argument("--json", action="store_true", help="print no table, only the last line")
  parser.add_argument("--markdown", type=Path, help="write the table into this file")
  args = parser.parse_args(argv)
  rows = [row for row in ROWS if not args.only or args.only in row.rule]
  if not rows:
    parser.error(f"no rule holds {args.only!r}; without --only all {len(ROWS)} are measured")
  if args.markdown and args.only:
    parser.error("--markdown writes the whole table: leave --only out")
  try:
    if args.markdown:
      around_table(args.markdown)  # before minutes of measuring
  except (ValueError, OSError) as error:
    parser.error(str(error))
  console = Console(stderr=True)
  measured = []
  for row in track(rows, "measuring", console=console, disable=args.json):
    measured += measure([row])
  if not args.json:
    table = Table(*_COLUMNS)
    for m in measured:
      table.add_row(*cells(m), style=None if m.verdict == "ok" else "yellow")
    Console(width=160).print(table)
  if args.markdown:
    write_markdown(measured, args.markdown)
  off = [m.row.rule for m in measured if m.verdict == "off"]
  print(json.dumps(counts(measured) | {"off_rules": off}))
  return 1 if off else 0
