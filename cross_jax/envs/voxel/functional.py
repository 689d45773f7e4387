"""Reset and step as pure functions for `jax.lax.scan`: games that start anew from a pool of worlds.

Making a world costs milliseconds, a tick microseconds: so the worlds are prepared, stay on the
device, and a game that ends is replaced by a copy of one of them inside the compiled step.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import NUM_BUTTONS, Observation, RawAction, View
from cross_jax.envs.tasks import LIMIT_TICKS, setup_row
from cross_jax.envs.tasks.setup import TaskSetup
from cross_jax.envs.voxel.batch_layout import all_batched, batched, in_groups, is_together
from cross_jax.envs.voxel.gui.layout import GUI_NONE
from cross_jax.envs.voxel.render import JAX, check_renderer, render_batch
from cross_jax.envs.voxel.render import renderer as drawn_by
from cross_jax.envs.voxel.render.rays import check_view
from cross_jax.envs.voxel.reset import reset
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.step import step_batch

BUILT_TOGETHER = 512  # worlds made at once, in the layout of an accelerator (batch_layout.py)
GAMES_PER_RESTART = 64  # of a batch, one is begun anew at a time: rarely more end in a tick


class Pool(NamedTuple):
  """Fresh games, at tick 0, with a leading axis P on every leaf."""

  games: State


class Game(NamedTuple):
  """One game under way."""

  state: State
  world: jax.Array  # int32[], row of the pool that it began as


class Functions(NamedTuple):
  """What `make` returns; both are pure, for one game, and fast under one `jax.vmap`.

  reset(pool, rng) -> (Game, Observation)
  step(pool, game, action, rng) -> (Game, Observation, reward, terminated, truncated, info)
  """

  reset: Callable[..., tuple[Game, Observation]]
  step: Callable[..., tuple[Game, Observation, jax.Array, jax.Array, jax.Array, dict[str, Any]]]


def make_pool(tasks: Sequence[str], seeds: Sequence[int], difficulty: str | None = None) -> Pool:
  """The worlds of (task, seed), equal to VoxelEnv's, on the default device.

  Args:
    tasks: names of the catalogue; row i of the pool is a game of tasks[i].
    seeds: 0..2**32 - 1 each.
    difficulty: 'zero', 'normal', 'hard' or None; see tasks.setup_row.
  Raises:
    ValueError: no task, or another number of seeds, an unknown task or difficulty, a seed out of
      range.
  """
  return Pool(_build(stack_setups(tasks, seeds, difficulty)))


def stack_setups(
  tasks: Sequence[str], seeds: Sequence[int], difficulty: str | None = None
) -> TaskSetup:
  """The set-ups of episodes with a leading axis, for `refill`; arguments as of `make_pool`."""
  if not tasks or len(tasks) != len(seeds):
    raise ValueError(f"{len(tasks)} tasks and {len(seeds)} seeds: pass one of each per world")
  rows = [setup_row(task, seed, difficulty) for task, seed in zip(tasks, seeds)]
  return jax.tree.map(lambda *leaves: np.stack(leaves), *rows)


def refill(pool: Pool, rows: jax.Array, setups: TaskSetup) -> Pool:
  """The pool with new worlds in some rows; may be called inside jit.

  Args:
    pool: P worlds.
    rows: int32[K], which to replace, 0..P-1.
    setups: of `stack_setups`, leading axis K; another K compiles again.
  """
  return _put(pool, rows, _build(setups))


@jax.jit
def _put(pool: Pool, rows: jax.Array, worlds: State) -> Pool:
  return Pool(jax.tree.map(lambda old, new: old.at[rows].set(new), pool.games, worlds))


@jax.jit
def _build(setups: TaskSetup) -> State:
  build = lambda setup: reset(setup, jax.random.PRNGKey(setup.seed))
  if is_together():
    return in_groups(jax.vmap(build), setups, BUILT_TOGETHER)
  return jax.lax.map(build, setups)


def make(
  views: Sequence[View] = (), *, max_ticks: int = LIMIT_TICKS, renderer: str = JAX
) -> Functions:
  """The pure pair (reset, step) of one game.

  `step` resets by itself: where an episode ends, the game and the observation returned are those of
  a new episode, in a world of the pool drawn by `rng`, which also decides its chance. info:

  final_obs    the Observation after the tick, before any reset (the last one where it ended)
  world        int32[], row of the pool of the episode that this tick belongs to
  tick         int32[], ticks of that episode so far
  is_success   bool[], whether its goal was reached
  num_clipped  int32[], action values of that episode that were out of range and clipped

  Under `jax.vmap(step, in_axes=(None, 0, 0, 0))` a whole batch is advanced and drawn at once, as
  VoxelEnv does it; the pool must be shared. A vmap of a vmap is right but slow: flatten the games.

  Args:
    views: what `Observation.views` holds, static; none: no pictures are drawn.
    max_ticks: an episode is truncated after so many.
    renderer: of the pictures, "jax" or, on a CPU with a C++ compiler, "native".
  Returns:
    Functions.
  Raises:
    ValueError: max_ticks below 1, an unknown renderer, a view that is not a rectangle of the
      screen; by `step`: a batch without `jax.vmap`, an action of another shape.
    RuntimeError: the native renderer can't be built.

  >>> reset, step = make(max_ticks=20)
  >>> pool = make_pool(["mine_block:oak_log", "kill_entity:cow", "craft_item:arrow"], [0, 1, 2])
  >>> game, observation = reset(pool, jax.random.key(0))
  >>> int(game.state.tick)
  0
  """
  if max_ticks < 1:
    raise ValueError(f"max_ticks={max_ticks}: must be at least 1")
  for view in views:
    check_view(view)
  check_renderer(renderer)
  look = functools.partial(_observe, views=tuple(views), renderer=renderer)

  @jax.custom_batching.custom_vmap
  def observe(state: State) -> Observation:
    return _first(look(_as_batch(state)))

  @observe.def_vmap
  def _(axis_size, in_batched, state):
    state = batched(axis_size, in_batched[0], state)
    return all_batched(look(state))

  @jax.custom_batching.custom_vmap
  def advance(pool: Pool, game: Game, action: RawAction, key: jax.Array):
    batch = _as_batch((game, action, key))
    return _first(_advance(pool, *batch, look=look, max_ticks=max_ticks))

  @advance.def_vmap
  def _(axis_size, in_batched, pool, *rest):
    if any(jax.tree.leaves(in_batched[0])):
      raise ValueError("the pool has a batch axis: share it, with in_axes=(None, 0, 0, 0)")
    rest = batched(axis_size, tuple(in_batched[1:]), tuple(rest))
    return all_batched(_advance(pool, *rest, look=look, max_ticks=max_ticks))

  def reset(pool: Pool, rng: jax.Array) -> tuple[Game, Observation]:
    game = _fresh(pool, *_draw(pool, _key_words(rng)))
    return game, observe(game.state)

  def step(pool: Pool, game: Game, action: RawAction, rng: jax.Array):
    _check_one(game, action)
    return advance(pool, game, action, _key_words(rng))

  return Functions(reset, step)


def _check_one(game: Game, action: RawAction) -> None:
  """ValueError unless these are one game and one action; `jax.vmap` shows them so, game by game."""
  shapes = jnp.shape(game.world), jnp.shape(action.buttons), jnp.shape(action.camera_deg)
  if shapes != ((), (NUM_BUTTONS,), (2,)):
    raise ValueError(
      f"world, buttons, camera_deg of shapes {shapes}: must be {((), (NUM_BUTTONS,), (2,))}, one "
      "game; of a batch: jax.vmap(step, in_axes=(None, 0, 0, 0))"
    )


def _key_words(rng: jax.Array) -> jax.Array:
  """uint32[2] of a key of either kind (jax.random.key or PRNGKey)."""
  is_typed = jnp.issubdtype(rng.dtype, jax.dtypes.prng_key)
  return jax.random.key_data(rng) if is_typed else rng


def _draw(pool: Pool, key: jax.Array) -> tuple[jax.Array, jax.Array]:
  """(world int32[], chance uint32[2]) of a new episode."""
  pick_rng, chance_rng = jax.random.split(key)
  return jax.random.randint(pick_rng, (), 0, pool.games.tick.shape[0], jnp.int32), chance_rng


def _fresh(pool: Pool, world: jax.Array, chance: jax.Array) -> Game:
  state = jax.tree.map(lambda rows: rows[world], pool.games)
  return Game(state._replace(rng=chance), world)


def _observe(states: State, *, views: tuple[View, ...], renderer: str) -> Observation:
  with drawn_by(renderer):
    images = render_batch(states, views) if views else ()
  return Observation(images, states.gui.kind != GUI_NONE)


def _advance(pool: Pool, games: Game, action: RawAction, keys: jax.Array, *, look, max_ticks: int):
  """`step` of a batch: leading axis B on all but the pool; `look` observes a batch."""
  active = jnp.ones(games.world.shape, bool)
  states, reward, terminated = step_batch(games.state, action, active)
  truncated = (states.tick >= max_ticks) & ~terminated
  observation = look(states)
  info = {
    "final_obs": observation,
    "world": games.world,
    "tick": states.tick,
    "is_success": states.goal.is_reached,
    "num_clipped": states.num_clipped,
  }
  worlds, chances = jax.vmap(functools.partial(_draw, pool))(keys)

  num_games = games.world.shape[0]
  num_at_once = max(1, num_games // GAMES_PER_RESTART)

  def restart(carry):  # few games end in a tick: a loop over those leaves the others in place
    rows, is_over = carry
    (ended,) = jnp.nonzero(is_over, size=num_at_once, fill_value=num_games)
    one = jnp.minimum(ended, num_games - 1)  # the place of a game that there isn't is not written
    fresh = jax.vmap(functools.partial(_fresh, pool))(worlds[one], chances[one])
    new = (fresh, look(fresh.state))
    put = lambda row, value: row.at[ended].set(value, mode="drop")
    return jax.tree.map(put, rows, new), is_over.at[ended].set(False, mode="drop")

  rows = (Game(states, games.world), observation)
  (games, observation), _ = jax.lax.while_loop(
    lambda carry: jnp.any(carry[1]), restart, (rows, terminated | truncated)
  )
  return games, observation, reward, terminated, truncated, info


def _as_batch(tree: Any) -> Any:
  return jax.tree.map(lambda x: jnp.asarray(x)[None], tree)


def _first(tree: Any) -> Any:
  return jax.tree.map(lambda x: x[0], tree)
