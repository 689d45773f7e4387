"""How the player moves against blocks: he steps up, and keeps to edges while sneaking."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.rules.cells import to_cell
from cross_jax.envs.voxel.rules.collision import (
  SKIN,
  Boxes,
  Moved,
  as_moved,
  body_box,
  boxes_in,
  overlaps,
  placed,
  sweep,
  window,
)
from cross_jax.envs.voxel.rules.when_needed import when_needed, where_needed
from cross_jax.envs.voxel.state import PLAYER_HEIGHT, PLAYER_WIDTH, Edits

MAX_SPEED = 1.9  # m per tick, sideways and up
MAX_FALL_SPEED = 3.95  # m per tick; terminal speed is 3.92
STEP_M = 0.6  # that he steps up without jumping
PLAYERS_AT_ONCE = 4  # of a batch, of those who need care, moved in one turn
_MAX_BOX_M = 1.5  # height of a fence's box
_CELLS = window(-5, 3)
_CLOSE_SIZE = np.asarray([2, 4, 2], np.int32)  # cells that he meets on most ticks
_CLOSE_CELLS = np.argwhere(np.ones(_CLOSE_SIZE)).astype(np.int32)


def boxes_near(blocks: jax.Array, pos: jax.Array, edits: Edits) -> Boxes:
  """All boxes that the player at float32[3] `pos` may meet, with those of blocks just placed.

  Args:
    blocks: uint16[NUM_CELLS].
    pos: m, centre of the feet.
    edits: cells that change this tick.
  """
  look = lambda index: blocks[index]
  return boxes_in(look, placed(edits), to_cell(pos), _CELLS, is_player=True)


def move_player(
  blocks: jax.Array, edits: Edits, pos: jax.Array, vel: jax.Array, is_on_ground, is_held
) -> Moved:
  """Moves the player by one tick of its velocity, stepping up STEP_M from the ground.

  On most ticks he meets nothing but the cells right around him; a batch does the rest for the
  players who are fast, walk against something or sneak.

  Args:
    blocks: uint16[NUM_CELLS].
    edits: cells that change this tick.
    pos: float32[3], m, centre of the feet.
    vel: float32[3], m per tick, clipped to MAX_SPEED, downwards to MAX_FALL_SPEED.
    is_on_ground: bool[], before the move.
    is_held: bool[], keeps from walking off an edge higher than STEP_M (sneaking).
  Returns:
    Moved; `pos` is the centre of the feet.
  Source: Entity.move with maybeBackOffFromEdge (which gives way in steps of 0.05 m; here exactly).
  """
  low, high = body_box(pos, jnp.float32(PLAYER_WIDTH), jnp.float32(PLAYER_HEIGHT))
  wanted = jnp.clip(vel, jnp.asarray([-MAX_SPEED, -MAX_FALL_SPEED, -MAX_SPEED]), MAX_SPEED)
  first = _first_cell(low + jnp.minimum(wanted, 0.0) - 2 * SKIN)
  last = to_cell(high + jnp.maximum(wanted, 0.0) + 2 * SKIN)
  look = lambda index: blocks[index]
  boxes = boxes_in(look, placed(edits), first, _CLOSE_CELLS, is_player=True)
  moved, hits = sweep(boxes, low, high, wanted)
  straight = as_moved(_feet(low, high), wanted, moved, hits)
  is_sneaking = is_held & is_on_ground & (wanted[1] <= 0)
  is_hard = jnp.any(last - first >= _CLOSE_SIZE)
  is_hard |= is_sneaking & ~_stays_on(boxes, low, high, wanted)
  is_hard |= (is_on_ground | straight.is_on_ground) & straight.is_blocked
  given = (pos, wanted, is_on_ground, is_sneaking, edits)
  return where_needed(
    is_hard, _move_with_care, straight, *given, blocks=blocks, at_once=PLAYERS_AT_ONCE
  )


def _stays_on(boxes: Boxes, low: jax.Array, high: jax.Array, wanted: jax.Array) -> jax.Array:
  """bool[], whether one of the boxes carries the body low..high all the way of float32[3] `wanted`.

  Then `_keep_off_edge` cuts nothing.
  """
  is_floor = _is_floor(boxes, low[1])
  for axis in (0, 2):
    start, end = jnp.minimum(wanted[axis], 0.0), jnp.maximum(wanted[axis], 0.0)
    is_floor &= boxes.high[axis] - low[axis] - 2 * SKIN > end
    is_floor &= boxes.low[axis] - high[axis] + 2 * SKIN < start
  return jnp.any(is_floor)


def _is_floor(boxes: Boxes, y: jax.Array) -> jax.Array:
  """bool[n], which boxes end within STEP_M below float32[] `y`."""
  return boxes.is_there & (boxes.high[1] <= y + SKIN) & (boxes.high[1] > y - STEP_M - SKIN)


def _feet(low: jax.Array, high: jax.Array) -> jax.Array:
  """float32[3], the centre of the feet of the body low..high."""
  return (low + high) / 2 * jnp.asarray([1.0, 0.0, 1.0]) + low * jnp.asarray([0.0, 1.0, 0.0])


def _move_with_care(_, pos, wanted, is_on_ground, is_sneaking, edits, look) -> Moved:
  """`move_player` with all cells that the player may meet, step and edge."""
  low, high = body_box(pos, jnp.float32(PLAYER_WIDTH), jnp.float32(PLAYER_HEIGHT))
  boxes = boxes_in(look, placed(edits), to_cell(pos), _CELLS, is_player=True)
  wanted = jnp.where(is_sneaking, _keep_off_edge(boxes, low, high, wanted), wanted)
  up, flat = jnp.asarray([0.0, STEP_M, 0.0]), wanted * jnp.asarray([1.0, 0.0, 1.0])
  none = jnp.zeros((4, 3))

  def take_part(k: jax.Array, parts: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
    """Straight on; then up, across and down: each part from where the one before ended."""
    ways, _ = parts
    start = jnp.stack([none[0], none[0], ways[1], ways[1] + ways[2]])[k]
    way, hits = sweep(boxes, low + start, high + start, jnp.stack([wanted, up, flat, -ways[1]])[k])
    return ways.at[k].set(way), parts[1].at[k].set(hits)

  ways, stops = jax.lax.fori_loop(0, 4, take_part, (none, none > 0))
  moved, hits, cross_hits = ways[0], stops[0], stops[2]
  is_stepping = (is_on_ground | (hits[1] & (wanted[1] < 0))) & (hits[0] | hits[2])
  lift, down = ways[1] + ways[2], ways[3]
  stepped = lift + down
  length = lambda a: a[0] ** 2 + a[2] ** 2
  is_further = is_stepping & (length(stepped) > length(moved) + 1e-9)
  moved = jnp.where(is_further, stepped, moved)
  hits = jnp.where(is_further, cross_hits | jnp.asarray([False, True, False]), hits)
  after = as_moved(_feet(low, high), wanted, moved, hits)
  return after._replace(is_on_ground=after.is_on_ground | is_further)


def has_room(
  blocks: jax.Array, edits: Edits, pos: jax.Array, shift: jax.Array, is_asked: jax.Array
) -> jax.Array:
  """bool[], whether the player at float32[3] `pos` would meet nothing `shift` away, if asked."""

  def look_around(_, blocks, edits, pos, shift):
    low, high = body_box(pos, jnp.float32(PLAYER_WIDTH), jnp.float32(PLAYER_HEIGHT))
    low, high = low + shift[0] + shift[1], high + shift[0] + shift[1]
    boxes = boxes_in(
      lambda index: blocks[index], placed(edits), _first_cell(low), _CLOSE_CELLS, is_player=True
    )
    return ~overlaps(boxes, low, high)

  return when_needed(is_asked, look_around, jnp.zeros((), bool), blocks, edits, pos, shift)


def _first_cell(low: jax.Array) -> jax.Array:
  """int32[3], the first of the cells whose boxes may reach to float32[3] `low`."""
  return to_cell(low - jnp.asarray([0.0, _MAX_BOX_M - 1.0, 0.0]))


def _keep_off_edge(boxes: Boxes, low: jax.Array, high: jax.Array, wanted: jax.Array) -> jax.Array:
  """float32[3], `wanted` cut so that something within STEP_M below still carries the body."""
  for axis in (0, 2):
    other = 2 - axis
    is_floor = _is_floor(boxes, low[1])
    is_floor &= high[other] > boxes.low[other] + SKIN
    is_floor &= low[other] < boxes.high[other] - SKIN
    furthest = jnp.max(jnp.where(is_floor, boxes.high[axis] - low[axis], -jnp.inf)) - 2 * SKIN
    nearest = jnp.min(jnp.where(is_floor, boxes.low[axis] - high[axis], jnp.inf)) + 2 * SKIN
    cut = jnp.clip(wanted[axis], jnp.minimum(nearest, 0.0), jnp.maximum(furthest, 0.0))
    shift = jnp.stack([cut if a == axis else jnp.zeros_like(cut) for a in range(3)])
    low, high = low + shift, high + shift
    wanted = jnp.where(jnp.arange(3) == axis, cut, wanted)
  return wanted
