"""One episode of each task family, won by the expert: its first frame, the way, the success."""

from pathlib import Path

import jax
import numpy as np

from cross_jax.base import no_op
from cross_jax.envs import tasks
from cross_jax.envs.experts import play
from cross_jax.envs.experts.snapshot import snapshots
from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.state import State

EPISODES = (  # task and world seed of each family
  ("mine_block:oak_log", 5),
  ("kill_entity:cow", 5),
  ("craft_item:enchanting_table", 2),
  ("craft_item:cooked_cod", 3),
  ("custom:interact_with_loom", 4),
)
NUM_FRAMES = 4
_TYPICAL = {"kill_entity": 1}  # the frame of a family for the overview, else the third


def _row(states: State, i: int) -> State:
  return jax.tree.map(lambda leaf: np.array(leaf[i]), states)


def won_episodes(episodes: tuple[tuple[str, int], ...]) -> list[list[State]]:
  """The states of episodes (task, seed), tick by tick, from the first to the success.

  Raises:
    ValueError: the expert loses one.
  """
  env = VoxelEnv(len(episodes))
  env.reset(*zip(*episodes))
  states: list[list[State]] = [[] for _ in episodes]
  is_playing = np.ones(len(episodes), bool)
  while True:
    now = env.get_state()
    for i in np.flatnonzero(is_playing):
      states[i].append(_row(now, i))
    is_playing &= ~np.asarray(now.goal.is_reached)
    if not is_playing.any():
      return states
    action, active = no_op((len(episodes),)), np.flatnonzero(is_playing)
    for i, view in zip(active, snapshots(now, active)):
      raw = play.act(view)
      action.buttons[i], action.camera_deg[i] = raw.buttons, raw.camera_deg
    step = env.step(action, active=is_playing, render=False)
    lost = is_playing & (step.reward == 0) & (step.terminated | step.truncated)
    if lost.any():
      raise ValueError(f"the expert lost {[episodes[i] for i in np.flatnonzero(lost)]}")


def save(out: Path) -> int:
  """Writes a strip for each family, and one with a picture of each.

  A strip shows the whole screen at half its size, or its middle where a GUI is open.
  """
  overview = {}
  for (task, seed), states in zip(EPISODES, won_episodes(EPISODES), strict=True):
    ticks = np.linspace(0, len(states) - 1, NUM_FRAMES).round().astype(int)
    screens = shots.draw([states[t] for t in ticks])
    is_gui = states[0].gui.kind > 0
    pictures = screens[:, 90:270, 160:480] if is_gui else shots.half(screens)
    title = f'{task}: "{tasks.instruction(task, seed)}" At ticks {", ".join(map(str, ticks))}.'
    family = tasks.get(task).family
    sheets.save_sheet(sheets.strip(title, list(pictures)), out / f"{family}.webp")
    overview[family.replace("_", " ")] = pictures[_TYPICAL.get(family, 2)]
  sheet = sheets.contact_sheet(list(overview), list(overview.values()), len(overview))
  sheets.save_sheet(sheet, out / "overview.webp")
  return len(EPISODES) + 1
