"""Many games as one gymnasium vector environment: `gymnasium.make_vec("CrossVoxel-v0", 64)`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from cross_jax.base import TICKS_PER_S
from cross_jax.envs.tasks import check_seed, get
from cross_jax.envs.voxel.gym.env import RENDER_MODES
from cross_jax.envs.voxel.gym.spaces import (
  SCREEN,
  Episode,
  Settings,
  batch_observation,
  check_options,
  draw_episode,
)
from cross_jax.envs.voxel.render import render_batch


class CrossVoxelVectorEnv(VectorEnv):
  """`num_envs` games in this process, stepped and drawn as one batch.

  Spaces are those of env.CrossVoxelEnv, batched; equal seeds give the games that
  gymnasium.vector.SyncVectorEnv gives. Infos are VoxelEnv's arrays [B] with a mask `_key` each, and
  the object arrays task, instruction and seed.
  """

  def __init__(
    self,
    num_envs: int = 1,
    *,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    render_mode: str | None = None,
    **settings: Any,
  ):
    """No game runs until `reset`.

    Args:
      num_envs: games, B.
      autoreset_mode: NEXT_STEP: the step after an episode's end ignores the game's action and
        starts its next episode; SAME_STEP: the step that ends it does, and infos has final_obs and
        final_info, all that infos has; DISABLED: `reset` with the option reset_mask does.
      render_mode: None, or "rgb_array": `render` gives the 640x360 screens.
      settings: fields of spaces.Settings.
    Raises:
      ValueError: num_envs below 1, unknown mode, task, difficulty or camera_unit.
    """
    if render_mode not in (None, *RENDER_MODES):
      raise ValueError(f"render_mode={render_mode!r}: must be None or one of {RENDER_MODES}")
    self.settings = Settings(**settings).checked()
    self.num_envs, self.render_mode = num_envs, render_mode
    self.autoreset_mode = AutoresetMode(autoreset_mode)
    self.metadata = {
      "render_modes": list(RENDER_MODES),
      "render_fps": TICKS_PER_S,
      "autoreset_mode": self.autoreset_mode,
    }
    self.single_observation_space = self.settings.observation_space()
    self.single_action_space = self.settings.action_space()
    self.observation_space = batch_space(self.single_observation_space, num_envs)
    self.action_space = batch_space(self.single_action_space, num_envs)
    self._env = self.settings.games(num_envs)
    self._rngs: list[np.random.Generator | None] = [None] * num_envs
    self._episodes: list[Episode | None] = [None] * num_envs
    self._is_over = np.zeros(num_envs, bool)  # ended, and not begun anew

  def reset(
    self,
    *,
    seed: int | list[int | None] | None = None,
    options: Mapping[str, Any] | None = None,
  ):
    """Starts episodes.

    Args:
      seed: of game 0's world, game i has seed + i; or one a game; None: the next drawn.
      options: {"task": a name or one a game; "reset_mask": bool[B], which games, all without it}.
    Returns:
      (observations, infos).
    Raises:
      ValueError: seeds out of range or of another number, another option, an unknown task.
    """
    options = check_options(options, ("task", "reset_mask"))
    seeds = list(seed) if np.ndim(seed) else _count_up(seed, self.num_envs)
    seeds = [None if number is None else check_seed(number) for number in seeds]
    task = options.get("task")
    tasks = list(task) if isinstance(task, (list, tuple, np.ndarray)) else [task] * self.num_envs
    if not len(seeds) == len(tasks) == self.num_envs:
      raise ValueError(
        f"{len(seeds)} seeds, {len(tasks)} tasks for {self.num_envs} games: pass one, or one a game"
      )
    mask = np.asarray(options.get("reset_mask", np.ones(self.num_envs, bool)))
    if mask.shape != (self.num_envs,) or mask.dtype != bool or not mask.any():
      raise ValueError(
        f"reset_mask {mask.tolist()}, {mask.dtype}: must be bool[{self.num_envs}], some True"
      )
    if seed is not None and not np.ndim(seed):
      self._np_random, self._np_random_seed = seeding.np_random(seeds[0])
    for name in {name for i, name in enumerate(tasks) if mask[i] and name is not None}:
      get(name)  # an unknown one is refused before anything has changed
    for i in np.flatnonzero(mask):
      if seeds[i] is not None or self._rngs[i] is None:
        self._rngs[i], _ = seeding.np_random(seeds[i])
    self._begin(np.flatnonzero(mask), seeds, tasks)
    return batch_observation(self._env.observe(), self._env.info()), self._infos()

  def step(self, actions: Mapping[str, Any]):
    """One tick of all games; see `autoreset_mode` for those that have ended.

    Raises:
      ValueError: no reset yet, actions not of `action_space`, a game that has ended (DISABLED).
    """
    raw = self.settings.raw_action(actions, self.num_envs)
    anew = self._is_over.copy()
    if anew.any() and self.autoreset_mode == AutoresetMode.DISABLED:
      raise ValueError(f"games {np.flatnonzero(anew).tolist()} have ended: reset them first")
    if anew.any():
      self._begin(np.flatnonzero(anew))
    step = self._env.step(raw, active=~anew)
    observations, infos = batch_observation(step.observation, step.info), {}
    self._is_over = step.terminated | step.truncated
    if self._is_over.any() and self.autoreset_mode == AutoresetMode.SAME_STEP:
      ended, final_infos = np.flatnonzero(self._is_over), self._infos(step.info)
      for i in ended:
        row = {key: value[i] for key, value in observations.items()}
        final = {"final_obs": row, "final_info": _of_game(final_infos, i)}
        infos = self._add_info(infos, final, i)
      self._begin(ended)
      observations = batch_observation(self._env.observe(), self._env.info())
    infos = self._infos() | infos
    return observations, step.reward.astype(np.float64), step.terminated, step.truncated, infos

  def render(self) -> tuple[np.ndarray, ...] | None:
    """One uint8[360, 640, 3] per game; None without a render_mode."""
    if self.render_mode is None:
      return None
    return tuple(np.array(render_batch(self._env.get_state(), (SCREEN,))[0]))

  def close_extras(self) -> None:
    self._env.close()

  def _begin(self, games: np.ndarray, seeds=None, tasks=None) -> None:
    chosen = [
      draw_episode(self._rngs[i], self.settings, *((seeds[i], tasks[i]) if seeds else ()))
      for i in games
    ]
    self._env.begin([e.task for e in chosen], [e.seed for e in chosen], games.tolist())
    for i, episode in zip(games, chosen, strict=True):
      self._episodes[i] = episode
    self._is_over[games] = False

  def _infos(self, info: Mapping[str, Any] | None = None) -> dict[str, Any]:
    infos = dict(self._env.info() if info is None else info)
    told = [episode.told() if episode else {} for episode in self._episodes]
    for key in ("task", "instruction", "seed"):
      infos[key] = np.asarray([entry.get(key) for entry in told], object)
    infos["error"] = np.asarray(infos["error"], object)
    return infos | {f"_{key}": np.ones(self.num_envs, bool) for key in infos}


def _of_game(infos: Mapping[str, Any], game: int) -> dict[str, Any]:
  """One game's row of infos, without the masks."""
  row = {}
  for key, value in infos.items():
    if isinstance(value, dict):
      row[key] = _of_game(value, game)
    elif not key.startswith("_"):
      # gymnasium would make an array of objects of NumPy's bools
      row[key] = bool(value[game]) if value.dtype == bool else value[game]
  return row


def _count_up(seed: int | None, num: int) -> list[int | None]:
  return [None if seed is None else check_seed(seed) + i for i in range(num)]
