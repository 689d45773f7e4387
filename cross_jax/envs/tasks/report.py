"""The results of the check as tables: on the terminal and in Markdown."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from cross_jax.envs.tasks.catalogue import FAMILIES, LIMIT_TICKS, get
from cross_jax.envs.tasks.check import MIN_SUCCESS, Plan, Result, reason, summarise
from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.world.biomes import BIOMES


def family_table(results: Sequence[Result]) -> Table:
  """Success by family."""
  table = Table("family", "tasks", "at 95%", "mean success", "ticks, median")
  for family, row in summarise(results)["by_family"].items():
    table.add_row(
      family,
      str(row["num_tasks"]),
      str(row["num_tasks_at_95"]),
      f"{row['success']:.1%}",
      f"{row['ticks_median']:.0f}",
    )
  return table


def failure_table(results: Sequence[Result]) -> Table:
  """The tasks below 95%, with the reasons."""
  table = Table("task", "family", "success", "reason", title="below 95%")
  for result in sorted(results, key=lambda r: r.success):
    if result.success < MIN_SUCCESS:
      table.add_row(result.task, get(result.task).family, f"{result.success:.0%}", reason(result))
  return table


def task_table(names: Sequence[str]) -> Table:
  """What the catalogue holds of some tasks."""
  table = Table("task", "family", "in-domain", "start", "biomes", "note")
  for name in names:
    task = get(name)
    table.add_row(
      name, task.family, "yes" if task.is_in_domain else "", _start(name), _biomes(name), task.note
    )
  return table


def _start(name: str) -> str:
  task = get(name)
  stacks = [f"{s.min_count} {ITEMS.names[s.item]}" for s in (*task.ingredients, *task.beside)]
  tools = ["bare hand" if tool == 0 else ITEMS.names[tool] for tool in task.tools]
  return " or ".join(tools) or ", ".join(stacks)


def _biomes(name: str) -> str:
  names = list(dict.fromkeys(BIOMES.names[row] for row in get(name).biomes))
  return "plains, sands" if names == ["any"] else ", ".join(names)


def markdown(results: Sequence[Result], plan: Plan) -> str:
  """The whole catalogue with its results as a Markdown document."""
  total = summarise(results)
  level = plan.difficulty or "the project's own"
  lines = [
    "# All tasks",
    "",
    "Every row of the official catalogue as the voxel world stages it, and how often the experts "
    "win it: raw actions, no pictures, at most "
    f"{LIMIT_TICKS} ticks, {plan.num_seeds} worlds from seed {plan.first_seed} on, difficulty "
    f"{level}.",
    "",
    "`python -m cross_jax.envs.tasks --check --markdown docs/tasks.md` writes this file.",
    "",
    f"{total['num_tasks_at_95']} of {total['num_tasks']} tasks are won in 95% of the worlds or "
    "more.",
    "",
    *_family_rows(results),
    "",
    *_failures(results),
    *_adjusted(results),
  ]
  for family in FAMILIES:
    rows = [result for result in results if get(result.task).family == family]
    if rows:
      lines += [f"## {family}", "", *_task_rows(rows), ""]
  return "\n".join(lines)


def _family_rows(results: Sequence[Result]) -> list[str]:
  lines = ["| family | tasks | at 95% | mean success | ticks, median |", "|---|---|---|---|---|"]
  for family, row in summarise(results)["by_family"].items():
    lines.append(
      f"| {family} | {row['num_tasks']} | {row['num_tasks_at_95']} | {row['success']:.1%} | "
      f"{row['ticks_median']:.0f} |"
    )
  return lines


def _failures(results: Sequence[Result]) -> list[str]:
  rows = [result for result in results if result.success < MIN_SUCCESS]
  if not rows:
    return []
  lines = ["## Below 95%", "", "| task | success | episodes that were lost |", "|---|---|---|"]
  return [*lines, *(f"| {r.task} | {r.success:.0%} | {reason(r)} |" for r in rows), ""]


def _adjusted(results: Sequence[Result]) -> list[str]:
  rows = [get(result.task) for result in results if get(result.task).note]
  if not rows:
    return []
  lines = ["## Where a set-up differs from the official row", "", "| task | how |", "|---|---|"]
  return [*lines, *(f"| {task.name} | {task.note} |" for task in rows), ""]


def _task_rows(results: Sequence[Result]) -> list[str]:
  lines = [
    "| task | in-domain | start | biomes | success | ticks, median | longest |",
    "|---|---|---|---|---|---|---|",
  ]
  for result in results:
    ticks = result.ticks_won() or [LIMIT_TICKS]
    domain = "yes" if get(result.task).is_in_domain else ""
    lines.append(
      f"| {result.task} | {domain} | {_start(result.task)} | {_biomes(result.task)} | "
      f"{result.success:.0%} | {np.median(ticks):.0f} | {max(ticks)} |"
    )
  return lines


def write_markdown(path: Path, results: Sequence[Result], plan: Plan) -> None:
  """Writes `markdown` to a file."""
  path.write_text(markdown(results, plan))
