"""One game as a gymnasium environment with MineRL's actions: `CrossVoxel-v0`."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from cross_jax.base import TICKS_PER_S
from cross_jax.envs.tasks import check_seed, get
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.gym.spaces import (
  SCREEN,
  Episode,
  Settings,
  batch_observation,
  check_options,
  draw_episode,
)
from cross_jax.envs.voxel.render import render_batch

RENDER_MODES = ("rgb_array",)
STATS = {
  "mine_block": BLOCKS, "kill_entity": MOBS, "craft_item": ITEMS, "pickup": ITEMS,
  "use_item": ITEMS, "interact": BLOCKS,
}  # fmt: skip


class CrossVoxelEnv(gymnasium.Env):
  """A game of the embedded world.

  Observations: {"pov": uint8[height, width, 3], "inventory": int32[num_items] in the order of
  tables.ITEMS.names, "is_gui_open": 0 or 1}. Actions: MineRL's dict, camera in `camera_unit`; a key
  left out is released. Reward 1 on the tick of the success, which ends the episode, as death does.
  info: VoxelEnv's, without the batch axis, its counts as {name: count} (0 where missing), and task,
  instruction, seed and is_success.

  >>> import gymnasium
  >>> env = gymnasium.make("cross_jax.envs.voxel.gym:CrossVoxel-v0", width=32, height=18)
  >>> observation, info = env.reset(seed=0, options={"task": "craft_item:arrow"})
  >>> observation["pov"].shape, int(observation["is_gui_open"])
  ((18, 32, 3), 1)
  """

  metadata = {"render_modes": list(RENDER_MODES), "render_fps": TICKS_PER_S}

  def __init__(self, *, render_mode: str | None = None, **settings: Any):
    """No game runs until `reset`.

    Args:
      render_mode: None, or "rgb_array": `render` gives the 640x360 screen.
      settings: fields of spaces.Settings.
    Raises:
      ValueError: unknown task, difficulty, camera_unit or render_mode, sizes that can't be drawn.
    """
    if render_mode not in (None, *RENDER_MODES):
      raise ValueError(f"render_mode={render_mode!r}: must be None or one of {RENDER_MODES}")
    self.render_mode = render_mode
    self.settings = Settings(**settings).checked()
    self.observation_space = self.settings.observation_space()
    self.action_space = self.settings.action_space()
    self._env = self.settings.games(1)
    self._episode: Episode | None = None

  def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None):
    """Starts an episode.

    Args:
      seed: of the world, 0..2**32 - 1, and of the episodes after it; None: the next drawn.
      options: {"task": a name}; without it the task is drawn.
    Returns:
      (observation, info).
    Raises:
      ValueError: seed out of range, another option, an unknown task.
    """
    task = check_options(options, ("task",)).get("task")
    seed = None if seed is None else check_seed(seed)
    if task is not None:
      get(task)  # a refused reset changes nothing
    super().reset(seed=seed)
    self._episode = draw_episode(self.np_random, self.settings, seed, task)
    observation = self._env.reset([self._episode.task], [self._episode.seed])
    return self._observation(observation, self._env.info())

  def step(self, action: Mapping[str, Any]):
    """One tick.

    Raises:
      ValueError: no reset yet, or the action is not one of `action_space`.
    """
    step = self._env.step(self.settings.raw_action(_with_batch_axis(action), 1))
    observation, info = self._observation(step.observation, step.info)
    ended = bool(step.terminated[0]), bool(step.truncated[0])
    return observation, float(step.reward[0]), *ended, info

  def render(self) -> np.ndarray | None:
    """uint8[360, 640, 3], the whole screen; None without a render_mode."""
    if self.render_mode is None:
      return None
    return np.array(render_batch(self._env.get_state(), (SCREEN,))[0][0])

  def close(self) -> None:
    self._env.close()

  def _observation(self, observation, info) -> tuple[dict[str, Any], dict[str, Any]]:
    batch = batch_observation(observation, info)
    one = {key: value[0] for key, value in batch.items()}
    return one, self._one_info(info)

  def _one_info(self, info: Mapping[str, Any]) -> dict[str, Any]:
    one = _without_batch_axis({key: value for key, value in info.items() if key not in STATS})
    for key, table in STATS.items():
      counts = info[key][0]
      one[key] = Counter({table.names[i]: int(counts[i]) for i in np.flatnonzero(counts)})
    return one | self._episode.told()


def _with_batch_axis(action: Any) -> Any:
  if not isinstance(action, Mapping):
    return action
  return {key: np.asarray(value)[None] for key, value in action.items()}


def _without_batch_axis(value: Any) -> Any:
  if isinstance(value, dict):
    return {key: _without_batch_axis(entry) for key, entry in value.items()}
  first = value[0]
  return first.item() if isinstance(first, np.generic) else first
