"""A batch of voxel games behind base.Environment."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import EnvStep, Observation, RawAction, View
from cross_jax.envs.tasks import LIMIT_TICKS, check_difficulty, setup_row
from cross_jax.envs.tasks.setup import TaskSetup
from cross_jax.envs.voxel.action_dict import check_action
from cross_jax.envs.voxel.gui.layout import GUI_NONE
from cross_jax.envs.voxel.render import (
  JAX,
  Labelled,
  check_renderer,
  draw_chosen,
  render_batch,
  render_labelled,
)
from cross_jax.envs.voxel.render import renderer as drawn_by
from cross_jax.envs.voxel.render.rays import check_view
from cross_jax.envs.voxel.reset import reset
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.step import step_batch

_reset_one = jax.jit(lambda setup: reset(setup, jax.random.PRNGKey(setup.seed)))
_step = jax.jit(step_batch, donate_argnums=0)
_copy = jax.jit(lambda states: jax.tree.map(jnp.copy, states))


@functools.partial(jax.jit, static_argnames="num_envs")
def _blank(setup: TaskSetup, num_envs: int) -> State:
  """Zeros in the shape of `num_envs` games."""
  one = jax.eval_shape(reset, setup, jax.random.PRNGKey(0))
  return jax.tree.map(lambda a: jnp.zeros((num_envs, *a.shape), a.dtype), one)


@functools.partial(jax.jit, donate_argnums=0)
def _put(states: State, i: jax.Array, game: State) -> State:
  """`states` with its row `i` replaced."""
  return jax.tree.map(lambda rows, row: rows.at[i].set(row), states, game)


class VoxelEnv:
  """`num_envs` games in this process, on JAX's default device.

  Equal (task, seed, actions) give equal games, whatever else is in the batch. Each batch size
  compiles `step` once; any number of games may be reset at a time without compiling again.

  >>> env = VoxelEnv(2)
  >>> observation = env.reset(["mine_block:oak_log", "craft_item:arrow"], [0, 1])
  >>> observation.is_gui_open.tolist()
  [False, True]
  """

  def __init__(
    self,
    num_envs: int,
    views: Sequence[View] = (),
    *,
    max_ticks: int = LIMIT_TICKS,
    difficulty: str | None = None,
    renderer: str = JAX,
  ):
    """No game runs until `reset`.

    Args:
      num_envs: games of the batch, B.
      views: what `Observation.views` holds; none: no pictures are drawn.
      max_ticks: an episode is truncated after so many.
      difficulty: of the set-ups, 'zero', 'normal', 'hard' or None; see tasks.setup_row.
      renderer: of the pictures, "jax" or, on a CPU with a C++ compiler, "native": the same
        pictures in a third of the time.
    Raises:
      ValueError: num_envs or max_ticks below 1, unknown difficulty or renderer, a view that is not
        a rectangle of the screen.
      RuntimeError: the native renderer can't be built.
    """
    if num_envs < 1:
      raise ValueError(f"num_envs={num_envs}: must be at least 1")
    if max_ticks < 1:
      raise ValueError(f"max_ticks={max_ticks}: must be at least 1")
    check_difficulty(difficulty)
    check_renderer(renderer)
    for view in views:
      check_view(view)
    self.num_envs, self.views, self.max_ticks = num_envs, tuple(views), max_ticks
    self.difficulty, self.renderer = difficulty, renderer
    self._states: State | None = None
    self._images: tuple[np.ndarray, ...] | None = None  # the newest that were drawn
    self._is_started = np.zeros(num_envs, bool)

  def reset(
    self, tasks: Sequence[str], seeds: Sequence[int], env_ids: Sequence[int] | None = None
  ) -> Observation:
    """Starts the games `env_ids` (all if None) on `tasks` and `seeds`; the others go on.

    Args:
      tasks: a name of the catalogue per game.
      seeds: 0..2**32 - 1 per game.
      env_ids: which games, 0..num_envs - 1, each at most once.
    Returns:
      The observations of all B games.
    Raises:
      ValueError: lengths differ, an id is out of range or twice, an unknown task, a seed out of
        range.
    """
    self.begin(tasks, seeds, env_ids)
    return self.observe()

  def begin(
    self, tasks: Sequence[str], seeds: Sequence[int], env_ids: Sequence[int] | None = None
  ) -> None:
    """`reset` without pictures: the next `step` or `observe` draws them."""
    ids = list(range(self.num_envs) if env_ids is None else env_ids)
    if any(isinstance(i, bool) or not isinstance(i, int | np.integer) for i in ids):
      raise ValueError(f"env_ids {ids}: must be integers, the numbers of games; no mask")
    ids = [int(i) for i in ids]
    if not len(tasks) == len(seeds) == len(ids):
      raise ValueError(
        f"{len(tasks)} tasks, {len(seeds)} seeds for {len(ids)} games: pass one of each per game"
      )
    if len(set(ids)) != len(ids) or not all(0 <= i < self.num_envs for i in ids):
      raise ValueError(f"env_ids {ids}: must differ and be 0..{self.num_envs - 1}")
    setups = [setup_row(task, seed, self.difficulty) for task, seed in zip(tasks, seeds)]
    for i, setup in zip(ids, setups):
      if self._states is None:
        self._states = _blank(setup, self.num_envs)
      self._states = _put(self._states, np.int32(i), _reset_one(setup))
      self._is_started[i] = True

  def step(
    self,
    action: RawAction,
    *,
    active: np.ndarray | None = None,
    render: bool | np.ndarray = True,
  ) -> EnvStep:
    """Advances the games where `active` (bool[B]; all if None) by one tick.

    Args:
      action: RawAction, int8[B, 23] and float32[B, 2] degrees.
      active: the games that run; the others are untouched.
      render: which pictures are drawn: all, none, or bool[B] those of some games; the others then
        keep the last one drawn.
    Returns:
      EnvStep. Rows of games that are not active: reward 0, the rest as they stand.
    Raises:
      ValueError: actions or `active` of another shape or out of range, a game was never reset.
    """
    action = check_action(action, self.num_envs)
    active = np.ones(self.num_envs, bool) if active is None else np.asarray(active)
    if active.shape != (self.num_envs,) or active.dtype != bool:
      raise ValueError(
        f"active of shape {active.shape}, type {active.dtype}: must be bool[{self.num_envs}]"
      )
    idle = np.flatnonzero(active & ~self._is_started)
    if idle.size:
      raise ValueError(f"games {idle.tolist()} have no episode: call reset for them first")
    self._states, reward, terminated = _step(self._require_states(), action, active)
    info = self.info()
    terminated = np.array(terminated)
    truncated = (info["tick"] >= self.max_ticks) & ~terminated & self._is_started
    observation = self._draw(np.broadcast_to(render, self.num_envs)) if np.any(render) else None
    return EnvStep(observation, np.array(reward), terminated, truncated, info)

  def observe(self) -> Observation:
    """The present pictures of all B games; black where no game was started.

    Raises:
      ValueError: no game was ever reset.
    """
    return self._draw(np.ones(self.num_envs, bool))

  def observe_labelled(self) -> tuple[Labelled, ...]:
    """The present pictures of all B games with what every pixel shows and how far away it is.

    Returns:
      One Labelled per view, NumPy arrays: rgb uint8[B, height, width, 3], code int32[B, height,
      width] (see render.segment_batch), depth float32[B, height, width], m.
    Raises:
      ValueError: no game was ever reset.
    """
    return jax.tree.map(np.asarray, render_labelled(self._require_states(), self.views))

  def _draw(self, is_wanted: np.ndarray) -> Observation:
    """New pictures of the games where `is_wanted`, the last ones of the others."""
    states = self._require_states()
    if not self.views:
      self._images = ()
    elif self._images is None or is_wanted.all():
      self._images = tuple(np.asarray(image) for image in self._render(states))
    else:
      images = tuple(image.copy() for image in self._images)
      for games, drawn in draw_chosen(self._render, states, np.flatnonzero(is_wanted)):
        for image, rows in zip(images, drawn):
          image[games] = rows[: len(games)]
      self._images = images
    return Observation(self._images, np.array(states.gui.kind) != GUI_NONE)

  def _render(self, states: State) -> tuple[jax.Array, ...]:
    with drawn_by(self.renderer):
      return render_batch(states, self.views)

  def get_state(self) -> State:
    """A copy of the games, with a leading axis B: what `set_state` takes back.

    Raises:
      ValueError: no game was ever reset.
    """
    return _copy(self._require_states())

  def set_state(self, states: State) -> None:
    """Goes on from `states`, of `get_state` of an environment of as many games.

    Raises:
      ValueError: another number of games, or arrays of another shape or type.
    """
    blank = functools.partial(_blank, num_envs=self.num_envs)
    expected = jax.eval_shape(blank, setup_row("mine_block:oak_log", 0))
    leaves = jax.tree_util.tree_leaves_with_path(expected)
    if jax.tree.structure(states) != jax.tree.structure(expected):
      raise ValueError(f"{type(states).__name__} is not a State: pass what get_state returned")
    for (path, want), have in zip(leaves, jax.tree.leaves(states)):
      if (have.shape, have.dtype) != (want.shape, want.dtype):
        raise ValueError(
          f"state{jax.tree_util.keystr(path)} is {have.dtype}{list(have.shape)}: must be "
          f"{want.dtype}{list(want.shape)}; it was saved with another num_envs or version"
        )
    self._states = jax.tree.map(jnp.array, states)
    self._images = None
    self._is_started = np.any(np.asarray(states.blocks) != 0, axis=1)

  def close(self) -> None:
    """Frees the games."""
    self._states = self._images = None
    self._is_started[:] = False

  def _require_states(self) -> State:
    if self._states is None:
      raise ValueError("no game has an episode: call reset first")
    return self._states

  def info(self) -> dict[str, Any]:
    """What `step` tells of all B games, MineRL's keys with a leading axis B, as they stand.

    Raises:
      ValueError: no game was ever reset.
    """
    states = self._require_states()
    player, stats = states.player, states.stats
    pos = np.array(player.pos)
    return {
      "inventory": {"item": np.array(states.slots.item), "count": np.array(states.slots.count)},
      "is_gui_open": np.array(states.gui.kind) != GUI_NONE,
      "location_stats": {
        "xpos": pos[:, 0],
        "ypos": pos[:, 1],
        "zpos": pos[:, 2],
        "yaw": np.array(player.yaw_deg),
        "pitch": np.array(player.pitch_deg),
      },
      "health": np.array(player.health),
      "food_level": np.array(player.food),
      **{name: np.array(counts) for name, counts in stats._asdict().items()},
      "is_success": np.array(states.goal.is_reached),
      "tick": np.array(states.tick),
      "num_clipped": np.array(states.num_clipped),
      "error": [None] * self.num_envs,
    }
