"""Recorded play as demonstrations: `python -m data_pipelines.recordings --data_dir DIR FOLDER`.

Replays what `python -m cross_jax.envs.voxel.play --record FOLDER` wrote, checks that the world is
the one that was played, and writes rows of the same features as the experts' data set. The raw
labels are the player's own, tick by tick, and so are the motions that stand above them; motion
alone, which runs for k ticks, names what the player did over as many (hindsight.motions_of), and
grounding what the player did next (hindsight.intents_of).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from cross_jax.actions import format_action, format_motion
from cross_jax.base import RawAction, View
from cross_jax.envs.experts import Snapshot, snapshots
from cross_jax.envs.experts.intent import Intent
from cross_jax.envs.experts.labels import ground, motion_alone
from cross_jax.envs.tasks import get
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.recording import Recording, begin, read_recording, replay
from cross_jax.screen import TINY_VIEWS
from cross_jax.stages.evaluate import EVALUATION_SEED
from data_pipelines.demonstrations import Shard, check_same, finish, note, write_records
from data_pipelines.episodes import Game, Recorded, make_row
from data_pipelines.hindsight import intents_of, motions_of
from data_pipelines.pictures import Pictures
from data_pipelines.storage import row_features

SPACE = "human"  # who executed the episode, in the summary


def record_of(recording: Recording, pictures: Pictures, *, max_ticks_per_decision: int) -> Recorded:
  """One recorded episode as rows.

  Of a run of equal raw labels the 1st, 2nd, 4th, 8th, ... tick is kept, as in the experts' data;
  ticks whose purpose hindsight doesn't tell are left out, and all of an episode without success.

  Raises:
    ValueError: the world differs from the one recorded.
  """
  env = VoxelEnv(1, difficulty=recording.difficulty)
  game = Game(0, recording.task, recording.seed, base_seed=0)
  num_ticks = len(recording.actions.buttons)
  actions = [RawAction(*fields) for fields in zip(*recording.actions)]
  is_worth = [game.is_worth_a_row(format_action(action)) for action in actions]
  views: list[Snapshot] = []
  drawn: dict[int, tuple[Any, np.ndarray]] = {}

  def look(tick: int) -> None:
    state = env.get_state()
    views.extend(snapshots(state))
    if is_worth[tick]:
      images, codes = pictures.draw(state, [0], [0])
      drawn[tick] = images[0], codes[0]

  begin(recording, env)
  is_success = False
  if num_ticks:
    look(0)
  for tick, (_, step) in enumerate(replay(recording, env)):
    is_success |= bool(step.reward[0] > 0)
    if tick + 1 < num_ticks:
      look(tick + 1)
  intents = intents_of(views, recording.actions, max_ticks_per_decision=max_ticks_per_decision)
  motions = motions_of(views, recording.actions, max_ticks_per_decision=max_ticks_per_decision)
  for tick, (intent, motion) in enumerate(zip(intents, motions)):
    if tick in drawn and intent is not None:
      images, codes = drawn[tick]
      game.num_ticks, game.num_decisions = tick, tick
      texts = label_human(actions[tick], motion, intent, views[tick], codes)
      game.rows.append(make_row(game, texts, images, bool(views[tick].gui)))
  game.space, game.num_ticks, game.num_decisions = SPACE, num_ticks, num_ticks
  return game.finish(is_success)


def label_human(
  action: RawAction, motion: RawAction, intent: Intent, view: Snapshot, codes: np.ndarray
) -> dict[str, str]:
  """The five forms of a human's tick, as `experts.label` gives those of an expert's.

  `raw` and the `+raw` forms hold the tick; `motion` and `grounding` stand alone, for the ticks that
  their decoders run for. In a GUI `motion` is the step of the cursor that serves the intent.

  Args:
    action: what was done.
    motion: over the ticks of a decision in the world, see hindsight.motions_of.
    intent: in hindsight.
    view: the state before it.
    codes: int32[90, 160] of SEGMENT_VIEW.
  """
  is_gui_open = view.gui != 0
  raw = format_action(action)
  alone = motion_alone(intent, view) if is_gui_open else motion
  grounding = ground(intent, view, codes)
  return {
    "raw": raw,
    "motion+raw": f"{format_motion(action, is_gui_open)}\n{raw}",
    "motion": format_motion(alone, is_gui_open),
    "grounding+raw": f"{grounding}\n{raw}",
    "grounding": grounding,
  }


def convert(
  paths: Sequence[str | Path],
  data_dir: str | Path,
  *,
  views: tuple[View, ...] = TINY_VIEWS,
  max_ticks_per_decision: int = 8,
  episodes_per_shard: int = 40,
  show_progress: bool = True,
) -> dict[str, Any]:
  """Writes a data set of recordings.

  Args:
    paths: recordings, or folders of them.
    data_dir: folder of the data set, made if absent; of these recordings only.
    views: the pictures of a row.
    max_ticks_per_decision: k of the decoders that will run the labels.
    episodes_per_shard: episodes per file.
    show_progress: draw a progress bar.
  Returns:
    The summary, also in DIR/summary.json; see demonstrations.generate.
  Raises:
    ValueError: k < 1, no recordings, a damaged one, one of another world or of one that is for
      evaluation, none that succeeded, data_dir holds another data set.
  """
  if max_ticks_per_decision < 1:
    raise ValueError(f"max_ticks_per_decision {max_ticks_per_decision}: must be at least 1")
  found = {file.resolve(): file for path in map(Path, paths) for file in _files(path)}
  files = sorted(found.values())  # each once, however often it was named
  if not files:
    raise ValueError(f"no recordings (*.jsonl) in {', '.join(map(str, paths))}")
  data_dir, recordings = Path(data_dir), [read_recording(file) for file in files]
  for file, recording in zip(files, recordings):
    if recording.seed >= EVALUATION_SEED:
      raise ValueError(
        f"{file}: seed {recording.seed}: worlds from {EVALUATION_SEED} on are for evaluation; "
        "leave this recording out"
      )
  shape = [list(view) for view in views]
  starts = [recording.start for recording in recordings]
  arguments = {
    "recordings": [file.name for file in files],
    "starts": starts,
    "views": shape,
    "max_ticks_per_decision": max_ticks_per_decision,
  }
  check_same(data_dir, arguments)
  features = row_features([(view.height, view.width, 3) for view in views])
  pictures, families = Pictures(views), {}
  bar = track(recordings, "recordings", disable=not show_progress)
  for file, recording in zip(files, bar):
    try:
      record = record_of(recording, pictures, max_ticks_per_decision=max_ticks_per_decision)
    except ValueError as error:
      raise ValueError(f"{file}: {error}") from error
    families.setdefault(get(record.task).family, []).append(record)
  if not any(record.rows for records in families.values() for record in records):
    raise ValueError(f"none of {len(files)} recordings has a success with a label: no data set")
  note(data_dir, arguments)
  shards = []
  for family, records in families.items():
    parts = [
      records[i : i + episodes_per_shard] for i in range(0, len(records), episodes_per_shard)
    ]
    for i, part in enumerate(parts):
      shards.append(Shard(family, i, len(parts), tuple((r.task, r.seed) for r in part)))
      write_records(data_dir, shards[-1], part, features)
  return finish(data_dir, shards, features)


def _files(path: Path) -> list[Path]:
  if not path.exists():
    raise ValueError(f"no file or folder {path}")
  return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def main() -> None:
  """Command line of `convert`."""
  parser = argparse.ArgumentParser(
    prog="python -m data_pipelines.recordings", description=__doc__.splitlines()[0]
  )
  parser.add_argument("--data_dir", required=True, help="folder of the data set, made if absent")
  parser.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
  args = parser.parse_args()
  try:
    print(json.dumps(convert(args.paths, args.data_dir)))
  except (ValueError, OSError) as error:
    sys.exit(f"error: {error}")


if __name__ == "__main__":
  main()
