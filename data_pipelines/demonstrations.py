"""Makes the demonstrations: `python -m data_pipelines.demonstrations --data_dir DIR --episodes 8`.

Runs again where it stopped: whole shards are kept, the others are made. The same arguments give the
same data set to the bit, however often it was interrupted.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cross_jax.base import View
from cross_jax.checkpoint.disk import write_json
from cross_jax.envs.tasks import IN_DOMAIN, get, list_tasks
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.render.rays import check_view
from cross_jax.screen import TINY_VIEWS
from data_pipelines.episodes import Recorded, record_episodes
from data_pipelines.pictures import Pictures
from data_pipelines.storage import row_features, shard_path, write_metadata, write_shard

FIRST_SEED, LAST_SEED = 10_000, 99_999  # of demonstration worlds; evaluation uses 2_000_000 on
ARGUMENTS = "arguments.json"


class Shard(NamedTuple):
  """One file: the episodes whose rows it holds."""

  family: str
  index: int
  num_shards: int  # of the family
  episodes: tuple[tuple[str, int], ...]  # (task, seed)


def plan_shards(
  tasks: Sequence[str], episodes_per_task: int, episodes_per_shard: int
) -> list[Shard]:
  """Which episodes go into which file; tasks of a family take turns, so a file holds them all.

  Raises:
    ValueError: unknown task, or more episodes than there are demonstration seeds.
  """
  limit = LAST_SEED - FIRST_SEED + 1
  if not 1 <= episodes_per_task <= limit:
    raise ValueError(f"episodes_per_task={episodes_per_task}: must be 1..{limit}")
  families: dict[str, list[tuple[str, int]]] = {}
  for i in range(episodes_per_task):
    for task in tasks:
      families.setdefault(get(task).family, []).append((task, FIRST_SEED + i))
  shards = []
  for family, episodes in families.items():
    chunks = [
      tuple(episodes[i : i + episodes_per_shard])
      for i in range(0, len(episodes), episodes_per_shard)
    ]
    shards += [Shard(family, i, len(chunks), chunk) for i, chunk in enumerate(chunks)]
  return shards


def generate(
  data_dir: str | Path,
  *,
  tasks: Sequence[str] = IN_DOMAIN,
  episodes_per_task: int,
  views: tuple[View, ...] = TINY_VIEWS,
  seed: int = 0,
  max_ticks_per_decision: int = 8,
  perturb_share: float = 0.06,
  num_envs: int = 32,
  episodes_per_shard: int = 40,
  show_progress: bool = True,
) -> dict[str, Any]:
  """Writes a data set of expert demonstrations, or finishes one that was interrupted.

  Args:
    data_dir: folder of the data set, made if absent.
    tasks: task names.
    episodes_per_task: worlds per task, seeds FIRST_SEED on.
    views: the pictures of a row.
    seed: of the forms and perturbations.
    max_ticks_per_decision: k of the decoders.
    perturb_share: share of decisions that execute a random action.
    num_envs: games that run side by side; does not change the data.
    episodes_per_shard: episodes per file.
    show_progress: draw a progress bar.
  Returns:
    The data set's summary, also in DIR/summary.json: rows and episodes by family, failed episodes
    by task, and failed by the space that executed them.
  Raises:
    ValueError: data_dir holds a data set of other arguments; an unknown task; a number out of range
      or a view that is not a rectangle of the screen (nothing is begun then); no episode succeeded.
  """
  data_dir = Path(data_dir)
  _check(seed, max_ticks_per_decision, perturb_share, num_envs, episodes_per_shard)
  for view in views:
    check_view(view)
  shards = plan_shards(tasks, episodes_per_task, episodes_per_shard)
  arguments = {
    "tasks": list(tasks),
    "episodes_per_task": episodes_per_task,
    "views": [list(view) for view in views],
    "seed": seed,
    "max_ticks_per_decision": max_ticks_per_decision,
    "perturb_share": perturb_share,
    "episodes_per_shard": episodes_per_shard,
  }
  check_same(data_dir, arguments)
  note(data_dir, arguments)
  if (data_dir / "dataset_info.json").exists():
    return json.loads((data_dir / "summary.json").read_text())
  features = row_features([(view.height, view.width, 3) for view in views])
  missing = [shard for shard in shards if not _is_done(data_dir, shard)]
  if missing:
    env = VoxelEnv(num_envs)
    with _progress(show_progress) as bar:
      _make(
        data_dir,
        missing,
        features,
        env,
        Pictures(views),
        bar,
        seed=seed,
        max_ticks_per_decision=max_ticks_per_decision,
        perturb_share=perturb_share,
      )
    env.close()
  return finish(data_dir, shards, features)


def _check(seed: int, max_ticks: int, perturb_share: float, num_envs: int, shard: int) -> None:
  """ValueError for a number that no data set can be begun with."""
  for name, value, least in (
    ("seed", seed, 0), ("max_ticks_per_decision", max_ticks, 1), ("num_envs", num_envs, 1),
    ("episodes_per_shard", shard, 1),
  ):  # fmt: skip
    if value < least:
      raise ValueError(f"{name} {value}: must be at least {least}")
  if not 0 <= perturb_share <= 1:
    raise ValueError(f"perturb_share {perturb_share}: must be 0..1")


def check_same(data_dir: Path, arguments: dict[str, Any]) -> None:
  """ValueError if a folder holds a data set that was begun with other arguments."""
  path = data_dir / ARGUMENTS
  found = json.loads(path.read_text()) if path.exists() else arguments
  different = [key for key in arguments if found.get(key) != arguments[key]]
  if different:
    key = different[0]
    raise ValueError(
      f"{data_dir} was begun with {key}={found.get(key)}, now {key}={arguments[key]}; "
      "use another data_dir or delete this one"
    )


def note(data_dir: Path, arguments: dict[str, Any]) -> None:
  """Begins a data set: makes its folder and keeps its arguments there, for `check_same`."""
  data_dir.mkdir(parents=True, exist_ok=True)
  write_json(data_dir / ARGUMENTS, arguments)


def _make(
  data_dir, shards, features, env, pictures, bar, *, seed, max_ticks_per_decision, perturb_share
):
  """Plays the episodes of the shards in one stream and writes each shard as its last one ends."""
  episodes = [episode for shard in shards for episode in shard.episodes]
  shard_of = [i for i, shard in enumerate(shards) for _ in shard.episodes]
  first = {i: shard_of.index(i) for i in range(len(shards))}
  records: list[dict[int, Recorded]] = [{} for _ in shards]
  line = bar.add_task("demonstrations", total=len(episodes), rows=0, failed=0)
  num_rows = num_failed = 0
  played = record_episodes(
    env,
    pictures,
    episodes,
    base_seed=seed,
    max_ticks_per_decision=max_ticks_per_decision,
    perturb_share=perturb_share,
  )
  for index, record in played:
    num_rows, num_failed = num_rows + len(record.rows), num_failed + (not record.is_success)
    bar.update(line, advance=1, rows=num_rows, failed=num_failed)
    at = shard_of[index]
    records[at][index - first[at]] = record
    if len(records[at]) == len(shards[at].episodes):
      write_records(data_dir, shards[at], [records[at][i] for i in sorted(records[at])], features)
      records[at] = {}


def write_records(data_dir: Path, shard: Shard, records: list[Recorded], features) -> None:
  """Writes the rows and the log of a shard; it counts as done from then on."""
  path = shard_path(data_dir, shard.family, shard.index, shard.num_shards)
  write_shard(path, [row for record in records for row in record.rows], features)
  log = [record._replace(rows=len(record.rows))._asdict() for record in records]
  write_json(_log_path(path), log)  # last: a shard counts as done once this is there


def _log_path(path: Path) -> Path:
  return path.with_name(f"episodes_{path.name}.json")


def _is_done(data_dir: Path, shard: Shard) -> bool:
  path = shard_path(data_dir, shard.family, shard.index, shard.num_shards)
  return path.exists() and _log_path(path).exists()


def finish(data_dir: Path, shards: list[Shard], features) -> dict[str, Any]:
  """summary.json, then TFDS's metadata, which marks the data set as complete.

  Raises:
    ValueError: no episode has a row.
  """
  log = []
  for shard in shards:
    path = shard_path(data_dir, shard.family, shard.index, shard.num_shards)
    log += json.loads(_log_path(path).read_text())
  failed = [entry for entry in log if not entry["is_success"]]
  summary = {
    "num_rows": sum(entry["rows"] for entry in log),
    "num_episodes": len(log),
    "num_failed": len(failed),
    "rows_by_family": dict(_count(log, lambda e: get(e["task"]).family, lambda e: e["rows"])),
    "failed_by_task": dict(_count(failed, lambda e: e["task"])),
    "failed_by_space": dict(_count(failed, lambda e: e["space"])),
    "episodes_by_space": dict(_count(log, lambda e: e["space"])),
  }
  write_json(data_dir / "summary.json", summary)
  if not summary["num_rows"]:
    raise ValueError(
      f"{data_dir}: none of {len(log)} episodes succeeded, so there are no rows; add tasks or "
      "episodes, in another data_dir"
    )
  write_metadata(
    data_dir,
    features,
    {shard.family: shard.num_shards for shard in shards},
    "Expert demonstrations in the embedded voxel world, labelled in every action space.",
  )
  return summary


def _count(entries, key, value=lambda entry: 1) -> Counter:
  counts: Counter = Counter()
  for entry in entries:
    counts[key(entry)] += value(entry)
  return counts


def _progress(is_shown: bool) -> Progress:
  return Progress(
    TextColumn("{task.description}"),
    BarColumn(),
    TextColumn("{task.completed}/{task.total} episodes, {task.fields[rows]} rows"),
    TextColumn("{task.fields[failed]} failed"),
    TimeElapsedColumn(),
    TimeRemainingColumn(),
    disable=not is_shown,
  )


def main() -> None:
  """Command line of `generate`."""
  parser = argparse.ArgumentParser(
    prog="python -m data_pipelines.demonstrations", description=__doc__.splitlines()[0]
  )
  parser.add_argument("--data_dir", required=True)
  which = parser.add_mutually_exclusive_group()
  which.add_argument("--tasks", nargs="+", metavar="NAME", help="task names; default the 30")
  which.add_argument("--all_tasks", action="store_true", help="every supported task")
  parser.add_argument("--episodes", type=int, default=20, help="episodes of each task")
  parser.add_argument("--seed", type=int, default=0)
  parser.add_argument("--num_envs", type=int, default=32)
  args = parser.parse_args()
  tasks = list_tasks() if args.all_tasks else args.tasks or IN_DOMAIN
  try:
    summary = generate(
      args.data_dir,
      tasks=tasks,
      episodes_per_task=args.episodes,
      seed=args.seed,
      num_envs=args.num_envs,
    )
  except (ValueError, OSError) as error:
    sys.exit(f"error: {error}")
  except KeyboardInterrupt:
    print(f"\ninterrupted; the same command goes on from {args.data_dir}", file=sys.stderr)
    raise SystemExit(130) from None
  print(json.dumps(summary))


if __name__ == "__main__":
  main()
