"""The README's moving picture, from films of a run or from the scripted experts.

python -m experiments.moving_picture --videos runs/demo/videos/mtrl_*.mp4
python -m experiments.moving_picture --expert mine_block:oak_log:3 craft_item:emerald:1
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cross_jax.base import Observation, View
from cross_jax.envs.experts import FORMS, SEGMENT_VIEW, label, plan, snapshots
from cross_jax.envs.tasks import instruction
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.render import segment_batch
from cross_jax.rollout.collect import Answer, Episode, collect
from experiments.frames import draw_frame
from experiments.video import read_mp4, write_webp

SCREEN = View(0, 0, 640, 360, 640, 360)
HOLD_S = 1.0  # how long the end of a film stands
OUT = Path(__file__).resolve().parent.parent / "docs" / "media" / "demo.webp"


def film_expert(
  task: str, seed: int, *, max_ticks_per_decision: int = 8, max_decisions: int = 200
) -> tuple[list[np.ndarray], bool]:
  """An expert that speaks: its decisions as text, in a random action space each, are executed.

  Args:
    task, seed: the episode.
    max_ticks_per_decision: k of the decoders.
    max_decisions: the film ends after so many.
  Returns:
    (frames uint8[448, 640, 3], whether the task was solved).
  """
  env = VoxelEnv(1, (SCREEN,))
  frames: list[np.ndarray] = []
  last: dict = {}
  rng = np.random.default_rng(seed)

  def act(
    observation: Observation,
    instructions: Sequence[str],
    previous: Sequence[str],
    seeds: np.ndarray,
  ) -> Sequence[Answer]:
    state = env.get_state()
    (view,) = snapshots(state)
    segmentation = np.asarray(segment_batch(state, SEGMENT_VIEW))[0]
    text = label(plan(view), view, segmentation)[FORMS[rng.integers(len(FORMS))]]
    none = np.zeros(0, np.int32)
    return [Answer(none, none, np.zeros(0, np.float32), text)]

  def on_frame(views, episode, text, space, num_ticks) -> None:
    last.update(
      image=views[-1],
      instruction=instruction(episode.task, episode.seed),
      text=text,
      space=space,
      num_ticks=num_ticks,
    )
    frames.append(draw_frame(**last))

  (trajectory,) = collect(
    env,
    act,
    [Episode(task, seed)],
    max_ticks_per_decision=max_ticks_per_decision,
    max_decisions=max_decisions,
    base_seed=0,
    keep_views=False,
    on_frame=on_frame,
  )
  frames.append(draw_frame(**last, outcome=trajectory.is_success))
  return frames, trajectory.is_success


def join(
  films: Sequence[Sequence[np.ndarray]], *, max_ticks: int, every: int, hold_frames: int
) -> list[np.ndarray]:
  """Films one after another: every n-th frame of the last ticks of each, its end frame held."""
  joined: list[np.ndarray] = []
  for film in films:
    joined += film[-max_ticks:][::every]
    joined += [film[-1]] * hold_frames
  return joined


def _parse_episode(text: str) -> tuple[str, int]:
  task, _, seed = text.rpartition(":")
  if not task or not seed.isdigit():
    raise ValueError(f"episode {text!r}: must be TASK:SEED, as in mine_block:oak_log:3")
  return task, int(seed)


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  source = parser.add_mutually_exclusive_group(required=True)
  source.add_argument("--videos", nargs="+", help="films of a run, shown one after another")
  source.add_argument("--expert", nargs="+", help="episodes TASK:SEED for the scripted experts")
  parser.add_argument("--out", type=Path, default=OUT)
  parser.add_argument("--max_ticks", type=int, default=120, help="of each film, up to its end")
  parser.add_argument("--every", type=int, default=1, help="shows every n-th tick")
  parser.add_argument("--fps", type=float, default=8.0, help="frames a second; the game has 20")
  parser.add_argument("--width", type=int, default=480, help="px")
  arguments = parser.parse_args(argv)
  try:
    films = _films(arguments.videos, arguments.expert)
    hold_frames = round(HOLD_S * arguments.fps)
    frames = join(
      films, max_ticks=arguments.max_ticks, every=arguments.every, hold_frames=hold_frames
    )
    print(write_webp(arguments.out, frames, fps=arguments.fps, width=arguments.width))
  except (FileNotFoundError, ValueError) as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  return 0


def _films(videos: Sequence[str] | None, episodes: Sequence[str] | None) -> list[list[np.ndarray]]:
  if videos:
    return [read_mp4(path) for path in videos]
  play: Callable[[str], list[np.ndarray]] = lambda text: film_expert(*_parse_episode(text))[0]
  return [play(text) for text in episodes or ()]


if __name__ == "__main__":
  sys.exit(main())
