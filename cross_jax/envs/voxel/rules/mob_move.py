"""How all bodies but the player's move against blocks: without stepping up."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.batch_layout import all_batched, batched
from cross_jax.envs.voxel.rules.cells import to_cell
from cross_jax.envs.voxel.rules.collision import (
  Moved,
  as_moved,
  body_box,
  boxes_in,
  placed,
  sweep,
  window,
)
from cross_jax.envs.voxel.rules.when_needed import work_in_turns
from cross_jax.envs.voxel.state import NUM_CELLS, Edits

MAX_SPEED = 0.95  # m per tick; mobs look one cell ahead
MAX_WIDTH, MAX_HEIGHT = 1.4, 2.0  # m, of a body against blocks; larger mobs are cut to it
MOBS_AT_ONCE = 16  # of a batch, moved in one turn
_CELLS = window(-1, 3)


class Bodies(NamedTuple):
  """What moves: floats in m, with an axis of bodies (and one of games before it)."""

  pos: jax.Array  # float32[..., 3], centre of the feet
  vel: jax.Array  # float32[..., 3], m per tick, cut to +-MAX_SPEED
  width: jax.Array  # float32[...], cut to MAX_WIDTH
  height: jax.Array  # float32[...], cut to MAX_HEIGHT


@jax.custom_batching.custom_vmap
def move_mobs(blocks: jax.Array, bodies: Bodies, is_there: jax.Array, edits: Edits) -> Moved:
  """Moves bodies by one tick of their velocity, without stepping up.

  There are few mobs in most games: a batch moves those that are there, MOBS_AT_ONCE in a turn.

  Args:
    blocks: uint16[NUM_CELLS].
    bodies: N of them.
    is_there: bool[N]; the others stay where they are, stopped by nothing.
    edits: cells that change this tick.
  Returns:
    Moved.
  """
  one = jax.tree.map(lambda x: x[None], (blocks, bodies, is_there, edits))
  return jax.tree.map(lambda x: x[0], _move_mobs_of_all(*one))


@move_mobs.def_vmap
def _(num_games: int, is_batched: Any, *args: Any):
  return all_batched(_move_mobs_of_all(*batched(num_games, tuple(is_batched), args)))


def _move_mobs_of_all(
  blocks: jax.Array, bodies: Bodies, is_there: jax.Array, edits: Edits
) -> Moved:
  """`move_mobs` of a batch: a leading axis of games on everything."""
  num_games, num_bodies = is_there.shape
  cells = blocks.reshape(-1)

  def move(row: jax.Array, moved: Moved, body: Bodies) -> Moved:
    game = row // num_bodies
    look = lambda index: cells.at[game * NUM_CELLS + index].get(mode="clip")
    edited = placed(jax.tree.map(lambda x: x[game], edits))
    boxes = boxes_in(look, edited, to_cell(body.pos), _CELLS, is_player=False)
    width, height = jnp.minimum(body.width, MAX_WIDTH), jnp.minimum(body.height, MAX_HEIGHT)
    low, high = body_box(body.pos, width, height)
    wanted = jnp.clip(body.vel, -MAX_SPEED, MAX_SPEED)
    return as_moved(body.pos, wanted, *sweep(boxes, low, high, wanted))

  flat = jax.tree.map(lambda x: x.reshape(num_games * num_bodies, *x.shape[2:]), bodies)
  is_there = is_there.reshape(-1)
  none = jnp.zeros(is_there.shape, bool)
  start = Moved(flat.pos, flat.vel, none, none)
  moved = work_in_turns(is_there, move, start, (flat,), MOBS_AT_ONCE)
  return jax.tree.map(lambda x: x.reshape(num_games, num_bodies, *x.shape[1:]), moved)
