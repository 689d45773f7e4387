"""All tasks of the official catalogue: lists them, or plays each with its expert.

  python -m cross_jax.envs.tasks --list --family interact
  python -m cross_jax.envs.tasks --check --seeds 20 --workdir runs/tasks --markdown docs/tasks.md

A check that is cut short goes on where it was when it is started again with the same work folder.
The last line of a check is JSON: {"num_tasks", "num_tasks_at_95", "by_family"}.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from cross_jax.envs.experts.play import DEMONSTRATION_SEED
from cross_jax.envs.tasks import check, report
from cross_jax.envs.tasks.catalogue import FAMILIES, get, list_tasks
from cross_jax.envs.tasks.difficulty import DIFFICULTIES
from cross_jax.envs.tasks.episode import MAX_SEED


def _arguments() -> argparse.Namespace:
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.envs.tasks",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  what = parser.add_mutually_exclusive_group(required=True)
  what.add_argument("--check", action="store_true", help="play tasks with the experts")
  what.add_argument("--list", action="store_true", help="print the catalogue")
  parser.add_argument("--family", choices=FAMILIES, default=None, help="only this family")
  parser.add_argument("--tasks", nargs="+", default=None, metavar="NAME", help="only these tasks")
  parser.add_argument("--limit", type=int, default=None, help="only so many tasks")
  parser.add_argument("--seeds", type=int, default=20, help="worlds of each task (20)")
  parser.add_argument(
    "--first_seed", type=int, default=DEMONSTRATION_SEED, help=f"({DEMONSTRATION_SEED})"
  )
  parser.add_argument(
    "--difficulty", choices=DIFFICULTIES, default=None, help="default: the project's own set-up"
  )
  parser.add_argument("--workdir", type=Path, default=Path("runs/tasks"), help="(runs/tasks)")
  parser.add_argument("--processes", type=int, default=os.cpu_count(), help="default: all cores")
  parser.add_argument("--markdown", type=Path, default=None, help="write all results to this file")
  args = parser.parse_args()
  for name, least in (("seeds", 1), ("limit", 1), ("processes", 1), ("first_seed", 0)):
    value = getattr(args, name)
    if value is not None and value < least:
      parser.error(f"--{name} {value}: must be at least {least}")
  if args.first_seed + args.seeds - 1 > MAX_SEED:
    parser.error(f"--first_seed {args.first_seed}: the last world must be at most {MAX_SEED}")
  if args.markdown is not None and not args.markdown.parent.is_dir():
    parser.error(f"--markdown {args.markdown}: there is no folder {args.markdown.parent}")
  return args


def _check(names: Sequence[str], plan: check.Plan, args: argparse.Namespace) -> list[check.Result]:
  """Plays what is missing, with a progress bar; results in the order of `names`."""
  results = {}
  with Progress(console=Console(stderr=True)) as progress:
    bar = progress.add_task("tasks", total=len(names))
    for result in check.run(names, plan, args.workdir, args.processes):
      results[result.task] = result
      progress.advance(bar)
  return [results[name] for name in names]


def main() -> None:
  """Lists, or checks; a check exits with 1 if a task is below 95%, with 130 after Ctrl-C."""
  args = _arguments()
  try:
    named = [get(name, args.family).name for name in args.tasks or ()]
  except ValueError as error:
    sys.exit(str(error))
  names = (tuple(dict.fromkeys(named)) or list_tasks(args.family))[: args.limit]
  if args.list:
    Console(width=160).print(report.task_table(names))
    print(f"{len(names)} tasks")
    return
  plan = check.Plan(args.seeds, args.first_seed, args.difficulty)
  try:
    rows = _check(names, plan, args)
  except KeyboardInterrupt:
    print(f"\ninterrupted; the same command goes on from {args.workdir}", file=sys.stderr)
    raise SystemExit(130) from None
  except OSError as error:
    sys.exit(f"{args.workdir}: results can't be kept there: {error}")
  total = check.summarise(rows)
  console = Console(width=120)
  console.print(report.family_table(rows))
  if total["num_tasks_at_95"] < total["num_tasks"]:
    console.print(report.failure_table(rows))
  if args.markdown is not None:
    report.write_markdown(args.markdown, rows, plan)
  print(json.dumps(total))
  raise SystemExit(0 if total["num_tasks_at_95"] == total["num_tasks"] else 1)


if __name__ == "__main__":
  main()
