"""Bodies against blocks: boxes that are stopped, axis by axis, by the collision boxes of cells.

The player meets up to two boxes a cell (a stair is two; a shape of more is the box around them),
can step up and keeps to edges while sneaking. All else meets the box around a cell's shape.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.batch_layout import all_batched, batched
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules.cells import index_of, to_cell
from cross_jax.envs.voxel.rules.edits import PLACE_AT
from cross_jax.envs.voxel.rules.when_needed import when_needed, where_needed, work_in_turns
from cross_jax.envs.voxel.state import NUM_CELLS, PLAYER_HEIGHT, PLAYER_WIDTH, SIZE_Y, Edits

MAX_SPEED = 1.9  # m per tick of the player, sideways and up
MAX_MOB_SPEED = 0.95  # m per tick; mobs look one cell ahead
MAX_FALL_SPEED = 3.95  # m per tick of the player; terminal speed is 3.92
_MAX_BOX_M = 1.5  # height of a fence's box
STEP_M = 0.6  # that the player steps up without jumping
MAX_WIDTH, MAX_HEIGHT = 1.4, 2.0  # m, of a body against blocks; larger mobs are cut to it
SKIN = 1e-4  # m, bodies closer than this touch
MOBS_AT_ONCE = 16  # of a batch, moved in one turn
PLAYERS_AT_ONCE = 4  # the same, of those who need care
_UNIT_XZ, _UNIT_Y = 16, 32  # of packed coordinates, per m


def _window(low: int, high: int) -> np.ndarray:
  """int32[n, 3], the offsets (x, y, z) of the cells from `low` to `high` around a body's feet."""
  axes = (np.arange(-1, 2), np.arange(low, high + 1), np.arange(-1, 2))
  return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.int32)


_MOB_CELLS, _PLAYER_CELLS = _window(-1, 3), _window(-5, 3)
_CLOSE_SIZE = np.asarray([2, 4, 2], np.int32)  # cells that a player meets on most ticks
_CLOSE_CELLS = np.argwhere(np.ones(_CLOSE_SIZE)).astype(np.int32)


def _pack(box: np.ndarray) -> np.ndarray:
  """uint32[...], boxes float32[..., 6] on a grid of 1/16 m (x, z) and 1/32 m (y); 0 = none."""
  unit = np.asarray([_UNIT_XZ, _UNIT_Y, _UNIT_XZ] * 2)
  x0, y0, z0, x1, y1, z1 = np.moveaxis(np.round(box * unit).astype(np.uint32), -1, 0)
  return x0 | (y0 << 5) | (z0 << 11) | (x1 << 16) | (y1 << 21) | (z1 << 27)


def _packed() -> np.ndarray:
  """uint32[2, num_blocks]: what mobs meet; for the player also the second box of a pair."""
  boxes = tables.SHAPES.collision[tables.BLOCKS.shape] * tables.BLOCKS.is_solid[:, None, None]
  is_used = boxes[..., 4] > boxes[..., 1]
  low = np.where(is_used[..., None], boxes[..., :3], np.inf).min(1)
  high = np.where(is_used[..., None], boxes[..., 3:], -np.inf).max(1)
  around = np.where(is_used.any(1)[:, None], np.concatenate([low, high], axis=-1), 0.0)
  is_pair = is_used.sum(1) == 2
  first = np.where(is_pair[:, None], boxes[:, 0], around)
  second = np.where(is_pair[:, None], boxes[:, 1], 0.0)
  return np.stack([_pack(around), _pack(first), _pack(second)])


_AROUND, _FIRST, _SECOND = _packed()
_FULL = _pack(np.asarray([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]))
HEIGHT = np.where(_AROUND > 0, ((_AROUND >> 21) & 63) / _UNIT_Y, 0).astype(np.float32)  # m


class Boxes(NamedTuple):
  """Boxes as one array per side: x, y, z of the low corner, then of the high one."""

  low: tuple[jax.Array, jax.Array, jax.Array]  # float32[..., n] each, m
  high: tuple[jax.Array, jax.Array, jax.Array]
  is_there: jax.Array  # bool[..., n]


class Moved(NamedTuple):
  pos: jax.Array  # float32[..., 3], m
  vel: jax.Array  # float32[..., 3], m per tick; 0 along an axis that hit something
  is_on_ground: jax.Array  # bool[...]
  is_blocked: jax.Array  # bool[...], hit something sideways


def _unpack(words: jax.Array, cells: tuple[jax.Array, ...]) -> Boxes:
  """The boxes in the world of packed uint32[..., n] in cells with float32[..., n] x, y, z."""

  def corner(shift):
    part = lambda at, bits: ((words >> (shift + at)) & ((1 << bits) - 1)).astype(jnp.float32)
    return (
      cells[0] + part(0, 5) / _UNIT_XZ,
      cells[1] + part(5, 6) / _UNIT_Y,
      cells[2] + part(11, 5) / _UNIT_XZ,
    )

  return Boxes(corner(0), corner(16), words != 0)


def boxes_near(blocks: jax.Array, pos: jax.Array, edits: Edits) -> Boxes:
  """All boxes that the player at float32[3] `pos` may meet, with those of blocks just placed.

  Args:
    blocks: uint16[NUM_CELLS].
    pos: m, centre of the feet.
    edits: cells that change this tick.
  """
  look = lambda index: blocks[index]
  return _boxes_in(look, _placed(edits), to_cell(pos), _PLAYER_CELLS, is_player=True)


def _placed(edits: Edits) -> list[tuple[jax.Array, jax.Array]]:
  return [(edits.cell[k], edits.block[k]) for k in (PLACE_AT, PLACE_AT + 1)]


def _boxes_in(look, placed, cell: jax.Array, offsets: np.ndarray, *, is_player: bool) -> Boxes:
  """The boxes of the cells at `offsets` from int32[..., 3] `cell`.

  Args:
    look: function of int32[...] indices of cells, 0 or more, to uint16[...] blocks.
    placed: (index of a cell or NO_CELL, block) int32[] each, that are set this tick.
    cell, offsets: int32[..., 3], int32[n, 3].
    is_player: two boxes a cell.
  """
  shape = (1,) * (cell.ndim - 1) + (len(offsets),)
  x, y, z = (cell[..., axis, None] + offsets[:, axis].reshape(shape) for axis in range(3))
  index = index_of(x, y, z)
  block = jnp.where(index >= 0, look(jnp.maximum(index, 0)).astype(jnp.int32), 0)
  for place, new in placed:
    block = jnp.where((place >= 0) & (index == place), jnp.maximum(block, new), block)
  packed = (_FIRST, _SECOND) if is_player else (_AROUND,)
  words = [jnp.take(jnp.asarray(table), block, mode="clip") for table in packed]
  is_wall = index_of(x, jnp.minimum(y, SIZE_Y - 1), z) < 0  # the world's sides and its bottom
  words[0] = jnp.where(is_wall, _FULL, words[0])
  axes = tuple(a.astype(jnp.float32) for a in (x, y, z))
  parts = [_unpack(word, axes) for word in words]
  return jax.tree.map(lambda *a: jnp.concatenate(a, axis=-1), *parts)


def around_box(cell: jax.Array, block: jax.Array) -> tuple[jax.Array, jax.Array]:
  """(low, high) float32[3], m, of all that `block` int32[] stops bodies with in int32[3] `cell`."""
  axes = tuple(cell[axis].astype(jnp.float32) for axis in range(3))
  boxes = _unpack(jnp.asarray(_AROUND)[block], axes)
  return jnp.stack(boxes.low), jnp.stack(boxes.high)


def body_box(pos: jax.Array, width: jax.Array, height: jax.Array) -> tuple[jax.Array, jax.Array]:
  """(low, high) float32[..., 3], m, of bodies with feet at `pos`, float32[...] wide and tall."""
  half, zero = width / 2, jnp.zeros_like(width)
  return (
    pos - jnp.stack([half, zero, half], axis=-1),
    pos + jnp.stack([half, height, half], axis=-1),
  )


def overlaps(boxes: Boxes, low: jax.Array, high: jax.Array) -> jax.Array:
  """bool[...], whether the box low..high float32[..., 3] overlaps one of the boxes."""
  is_met = boxes.is_there
  for axis in range(3):
    is_met &= high[..., axis, None] > boxes.low[axis] + SKIN
    is_met &= low[..., axis, None] < boxes.high[axis] - SKIN
  return jnp.any(is_met, axis=-1)


def sweep(
  boxes: Boxes, low: jax.Array, high: jax.Array, wanted: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """Moves bodies by `wanted` float32[..., 3], stopped axis by axis (y, x, z).

  Returns:
    (float32[..., 3] moved, bool[..., 3] stopped).
  Source: Minecraft's Entity.collide.
  """
  low, high = ([corner[..., axis] for axis in range(3)] for corner in (low, high))
  moved, hits = [None] * 3, [None] * 3
  for axis in (1, 0, 2):
    moved[axis] = _free_path(boxes, low, high, axis, wanted[..., axis])
    hits[axis] = jnp.abs(moved[axis] - wanted[..., axis]) > 1e-6
    low[axis], high[axis] = low[axis] + moved[axis], high[axis] + moved[axis]
  return jnp.stack(moved, axis=-1), jnp.stack(hits, axis=-1)


def _free_path(boxes, low, high, axis, wanted):
  """float32[...], `wanted` cut at the first of the boxes on the way along `axis`."""
  is_met = boxes.is_there
  for other in range(3):
    if other != axis:
      is_met &= high[other][..., None] > boxes.low[other] + SKIN
      is_met &= low[other][..., None] < boxes.high[other] - SKIN
  ahead = boxes.low[axis] - high[axis][..., None]
  behind = boxes.high[axis] - low[axis][..., None]
  limit = jnp.min(jnp.where(is_met & (ahead >= -SKIN), ahead, jnp.inf), axis=-1)
  floor = jnp.max(jnp.where(is_met & (behind <= SKIN), behind, -jnp.inf), axis=-1)
  return jnp.clip(wanted, jnp.minimum(floor, 0.0), jnp.maximum(limit, 0.0))


def _as_moved(pos, wanted, moved, hits) -> Moved:
  return Moved(
    pos + moved,
    jnp.where(hits, 0.0, wanted),
    hits[..., 1] & (wanted[..., 1] < 0),
    hits[..., 0] | hits[..., 2],
  )


class Bodies(NamedTuple):
  """What moves: floats in m, with an axis of bodies (and one of games before it)."""

  pos: jax.Array  # float32[..., 3], centre of the feet
  vel: jax.Array  # float32[..., 3], m per tick, cut to +-MAX_MOB_SPEED
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
    placed = _placed(jax.tree.map(lambda x: x[game], edits))
    boxes = _boxes_in(look, placed, to_cell(body.pos), _MOB_CELLS, is_player=False)
    width, height = jnp.minimum(body.width, MAX_WIDTH), jnp.minimum(body.height, MAX_HEIGHT)
    low, high = body_box(body.pos, width, height)
    wanted = jnp.clip(body.vel, -MAX_MOB_SPEED, MAX_MOB_SPEED)
    return _as_moved(body.pos, wanted, *sweep(boxes, low, high, wanted))

  flat = jax.tree.map(lambda x: x.reshape(num_games * num_bodies, *x.shape[2:]), bodies)
  is_there = is_there.reshape(-1)
  none = jnp.zeros(is_there.shape, bool)
  start = Moved(flat.pos, flat.vel, none, none)
  moved = work_in_turns(is_there, move, start, (flat,), MOBS_AT_ONCE)
  return jax.tree.map(lambda x: x.reshape(num_games, num_bodies, *x.shape[1:]), moved)


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
  boxes = _boxes_in(look, _placed(edits), first, _CLOSE_CELLS, is_player=True)
  moved, hits = sweep(boxes, low, high, wanted)
  straight = _as_moved(_feet(low, high), wanted, moved, hits)
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
  boxes = _boxes_in(look, _placed(edits), to_cell(pos), _PLAYER_CELLS, is_player=True)
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
  after = _as_moved(_feet(low, high), wanted, moved, hits)
  return after._replace(is_on_ground=after.is_on_ground | is_further)


def has_room(
  blocks: jax.Array, edits: Edits, pos: jax.Array, shift: jax.Array, is_asked: jax.Array
) -> jax.Array:
  """bool[], whether the player at float32[3] `pos` would meet nothing `shift` away, if asked."""

  def look_around(_, blocks, edits, pos, shift):
    low, high = body_box(pos, jnp.float32(PLAYER_WIDTH), jnp.float32(PLAYER_HEIGHT))
    low, high = low + shift[0] + shift[1], high + shift[0] + shift[1]
    boxes = _boxes_in(
      lambda index: blocks[index], _placed(edits), _first_cell(low), _CLOSE_CELLS, is_player=True
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
