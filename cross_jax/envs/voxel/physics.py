"""How bodies move: Minecraft's gravity, drag and ground friction, and boxes against solid cells.

Deviations from Minecraft 1.16: every solid block fills its cell; no automatic steps; bodies pass
through each other; sneaking does not hold at edges; sprinting lasts while its key is held; nobody
drowns or starves; the world's edge is a wall.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX
from cross_jax.envs.voxel import tables
from cross_jax.envs.voxel.state import EYE_HEIGHT, SIZE_X, SIZE_Y, SIZE_Z, Player

GRAVITY = 0.08  # m per tick^2
AIR_DRAG = 0.98  # of the vertical velocity, per tick
GROUND_FRICTION = 0.6 * 0.91  # of the horizontal velocity, per tick, with a foot on the ground
AIR_FRICTION = 0.91
WATER_DRAG = 0.8
WATER_GRAVITY = 0.005
REST_VELOCITY = -GRAVITY * AIR_DRAG  # m per tick, of a body that the ground stopped last tick
JUMP_VELOCITY = 0.42  # m per tick: 1.25 m high
SPRINT_JUMP_BOOST = 0.2
SWIM_UP = 0.04
CLIMB_OUT_VELOCITY = 0.3  # against a bank, out of the water
CLIMB_VELOCITY = 0.2  # on a ladder
WALK_ACCELERATION, SPRINT_ACCELERATION = 0.1, 0.13
AIR_ACCELERATION, AIR_SPRINT_ACCELERATION = 0.02, 0.026
WATER_ACCELERATION = 0.02
INPUT_SCALE, SNEAK_SCALE = 0.98, 0.3
SAFE_FALL_M = 3.0
MIN_SPRINT_FOOD = 6.0
MAX_SPEED = 1.9  # m per tick; a body may not cross more than the two cells it looks ahead
SKIN = 1e-4  # m, bodies closer than this touch

# Cells around floor(pos) that a body of up to 1.4 x 2.8 m can meet in one tick, as (x, y, z).
_NEAR = np.stack(
  np.meshgrid(np.arange(-1, 2), np.arange(-2, 5), np.arange(-1, 2), indexing="ij"), axis=-1
).reshape(-1, 3)


class Moved(NamedTuple):
  pos: jax.Array  # float32[N, 3], m
  vel: jax.Array  # float32[N, 3], m per tick; 0 along an axis that hit something
  is_on_ground: jax.Array  # bool[N]
  is_blocked: jax.Array  # bool[N], hit something sideways


def cell_index(cell: jax.Array) -> jax.Array:
  """The index of int32[..., 3] cells (x, y, z) in `State.blocks`; -1 outside the world."""
  size = jnp.asarray([SIZE_X, SIZE_Y, SIZE_Z], jnp.int32)
  size = size.reshape((1,) * (cell.ndim - 1) + (3,))
  is_inside = jnp.all((cell >= 0) & (cell < size), axis=-1)
  index = (cell[..., 1] * SIZE_Z + cell[..., 2]) * SIZE_X + cell[..., 0]
  return jnp.where(is_inside, index, -1)


def cell_of_index(index: jax.Array) -> jax.Array:
  """int32[..., 3], the (x, y, z) of cells numbered as in `State.blocks`."""
  layer, x = index // SIZE_X, index % SIZE_X
  return jnp.stack([x, layer // SIZE_Z, layer % SIZE_Z], axis=-1)


def block_at(blocks: jax.Array, cell: jax.Array) -> jax.Array:
  """int32[...], the block of int32[..., 3] cells; air outside the world."""
  index = cell_index(cell)
  return jnp.where(index >= 0, blocks[jnp.maximum(index, 0)].astype(jnp.int32), 0)


def is_solid_at(blocks: jax.Array, cell: jax.Array) -> jax.Array:
  """bool[...], whether a body is stopped by int32[..., 3] cells; the world's edge is a wall."""
  is_wall = (
    (cell[..., 0] < 0)
    | (cell[..., 0] >= SIZE_X)
    | (cell[..., 2] < 0)
    | (cell[..., 2] >= SIZE_Z)
    | (cell[..., 1] < 0)
  )
  return jnp.asarray(tables.BLOCKS.is_solid)[block_at(blocks, cell)] | is_wall


def is_liquid_at(blocks: jax.Array, pos: jax.Array) -> jax.Array:
  """bool[...], whether points float32[..., 3] lie in a liquid."""
  return jnp.asarray(tables.BLOCKS.is_liquid)[block_at(blocks, to_cell(pos))]


def to_cell(pos: jax.Array) -> jax.Array:
  """int32[..., 3], the cells of float32[..., 3] points."""
  return jnp.floor(pos).astype(jnp.int32)


def direction(yaw_deg: jax.Array, pitch_deg: jax.Array) -> jax.Array:
  """float32[..., 3], the unit vector of a gaze: yaw 0 looks to +z, 90 to -x; pitch + is down."""
  yaw, pitch = jnp.deg2rad(yaw_deg), jnp.deg2rad(pitch_deg)
  flat = jnp.cos(pitch)
  return jnp.stack([-jnp.sin(yaw) * flat, -jnp.sin(pitch), jnp.cos(yaw) * flat], axis=-1)


def eye_of(player: Player) -> jax.Array:
  """float32[3], m, where the player looks from."""
  return player.pos + jnp.asarray([0.0, EYE_HEIGHT, 0.0])


def gaze_of(player: Player) -> jax.Array:
  """float32[3], the unit vector the player looks along."""
  return direction(player.yaw_deg, player.pitch_deg)


def move(
  blocks: jax.Array, pos: jax.Array, vel: jax.Array, width: jax.Array, height: jax.Array
) -> Moved:
  """Moves bodies by one tick of their velocity, stopped axis by axis (y, x, z) by solid cells.

  Args:
    blocks: uint16[NUM_CELLS].
    pos: float32[N, 3], m, centre of the feet.
    vel: float32[N, 3], m per tick, clipped to +-MAX_SPEED.
    width, height: float32[N], m, at most 1.4 and 2.8.
  Returns:
    Moved.
  Source: Minecraft's Entity.move, without steps: a block 1 m high must be jumped.
  """
  cells = to_cell(pos)[:, None, :] + jnp.asarray(_NEAR, jnp.int32)[None]
  is_solid = is_solid_at(blocks, cells)
  cells = cells.astype(jnp.float32)
  half = width / 2
  low = pos - jnp.stack([half, jnp.zeros_like(half), half], axis=-1)
  high = pos + jnp.stack([half, height, half], axis=-1)
  wanted = jnp.clip(vel, -MAX_SPEED, MAX_SPEED)
  moved, hits = [None] * 3, [None] * 3
  for axis in (1, 0, 2):
    shift = _free_path(cells, is_solid, low, high, axis, wanted[:, axis])
    hits[axis] = jnp.abs(shift - wanted[:, axis]) > 1e-6
    moved[axis] = shift
    step = jnp.zeros_like(pos).at[:, axis].set(shift)
    low, high = low + step, high + step
  hit = jnp.stack(hits, axis=-1)
  return Moved(
    pos + jnp.stack(moved, axis=-1),
    jnp.where(hit, 0.0, wanted),
    hits[1] & (wanted[:, 1] < 0),
    hits[0] | hits[2],
  )


def _free_path(cells, is_solid, low, high, axis, wanted):
  """float32[N], `wanted` cut at the first of the solid cells float32[N, 63, 3] on the way."""
  is_met = is_solid
  for other in range(3):
    if other != axis:
      near = cells[:, :, other]
      is_met &= (high[:, None, other] > near + SKIN) & (low[:, None, other] < near + 1 - SKIN)
  ahead = cells[:, :, axis] - high[:, None, axis]
  behind = cells[:, :, axis] + 1 - low[:, None, axis]
  limit = jnp.min(jnp.where(is_met & (ahead >= -SKIN), ahead, jnp.inf), axis=1)
  floor = jnp.max(jnp.where(is_met & (behind <= SKIN), behind, -jnp.inf), axis=1)
  return jnp.clip(wanted, jnp.minimum(floor, 0.0), jnp.maximum(limit, 0.0))


def settle(vel: jax.Array, was_on_ground: jax.Array, is_in_water: jax.Array) -> jax.Array:
  """float32[N, 3], the velocity after gravity and drag at the end of a tick."""
  friction = jnp.where(was_on_ground, GROUND_FRICTION, AIR_FRICTION)
  friction = jnp.where(is_in_water, WATER_DRAG, friction)[:, None]
  fall = jnp.where(
    is_in_water, vel[:, 1] * WATER_DRAG - WATER_GRAVITY, (vel[:, 1] - GRAVITY) * AIR_DRAG
  )
  return (vel * friction).at[:, 1].set(fall)


def player_velocity(blocks: jax.Array, player: Player, buttons: jax.Array) -> jax.Array:
  """float32[3], m per tick, the player's velocity after this tick's keys, before moving.

  Args:
    blocks: uint16[NUM_CELLS].
    player: the player.
    buttons: int8[23].
  Source: LivingEntity.travel and moveRelative. Steady speeds on the ground come out as
    a / (1 - 0.546): 0.2159 (walk), 0.2806 (sprint), 0.0648 (sneak) m per tick.
  """
  key = lambda name: buttons[BUTTON_INDEX[name]] > 0
  axis = lambda plus, minus: key(plus).astype(jnp.float32) - key(minus).astype(jnp.float32)
  is_sneaking = key("sneak")
  is_sprinting = (
    key("sprint") & key("forward") & ~key("back") & ~is_sneaking & (player.food > MIN_SPRINT_FOOD)
  )
  is_in_water = is_liquid_at(blocks, player.pos + jnp.asarray([0.0, 0.2, 0.0]))
  ground = jnp.where(is_sprinting, SPRINT_ACCELERATION, WALK_ACCELERATION)
  air = jnp.where(is_sprinting, AIR_SPRINT_ACCELERATION, AIR_ACCELERATION)
  acceleration = jnp.where(player.is_on_ground, ground, air)
  acceleration = jnp.where(is_in_water, WATER_ACCELERATION, acceleration)

  scale = jnp.where(is_sneaking, INPUT_SCALE * SNEAK_SCALE, INPUT_SCALE)
  forward, left = axis("forward", "back") * scale, axis("left", "right") * scale
  length = jnp.sqrt(forward * forward + left * left)
  acceleration = acceleration / jnp.maximum(length, 1.0)
  yaw = jnp.deg2rad(player.yaw_deg)
  sin, cos = jnp.sin(yaw), jnp.cos(yaw)
  dx = (left * cos - forward * sin) * acceleration
  dz = (forward * cos + left * sin) * acceleration

  is_jumping = key("jump") & player.is_on_ground & ~is_in_water
  boost = jnp.where(is_jumping & is_sprinting, SPRINT_JUMP_BOOST, 0.0)
  rise = jnp.where(is_jumping, JUMP_VELOCITY, player.vel[1])
  swim = jnp.where(key("jump"), SWIM_UP, 0.0) - jnp.where(is_sneaking, SWIM_UP, 0.0)
  rise = rise + jnp.where(is_in_water, swim, 0.0)
  is_climbing = jnp.asarray(tables.BLOCKS.is_climbable)[block_at(blocks, to_cell(player.pos))]
  climb = jnp.where(
    key("jump") | key("forward"), CLIMB_VELOCITY, jnp.where(is_sneaking, 0.0, -0.15)
  )
  rise = jnp.where(is_climbing, climb, rise)
  return jnp.stack(
    [player.vel[0] + dx - sin * boost, rise, player.vel[2] + dz + cos * boost], axis=-1
  )


def land(blocks: jax.Array, player: Player, moved: Moved, buttons: jax.Array) -> Player:
  """The player after `moved` (its row 0): gravity, drag, the fall and its damage.

  Args:
    blocks: uint16[NUM_CELLS].
    player: the player before the move; its `is_on_ground` decides the friction.
    moved: what `move` returned.
    buttons: int8[23].
  Source: damage is ceil(fall - 3 m), one health point a metre; water breaks the fall.
  """
  pos = moved.pos[0]
  is_in_water = is_liquid_at(blocks, pos + jnp.asarray([0.0, 0.2, 0.0]))
  vel = settle(moved.vel[:1], player.is_on_ground[None], is_in_water[None])[0]
  is_leaving = is_in_water & moved.is_blocked[0] & (buttons[BUTTON_INDEX["jump"]] > 0)
  vel = vel.at[1].set(jnp.where(is_leaving, CLIMB_OUT_VELOCITY, vel[1]))
  is_soft = is_in_water | jnp.asarray(tables.BLOCKS.is_climbable)[block_at(blocks, to_cell(pos))]
  fall_m = jnp.where(is_soft, 0.0, player.fall_m + jnp.maximum(player.pos[1] - pos[1], 0.0))
  damage = jnp.where(moved.is_on_ground[0], jnp.maximum(jnp.ceil(fall_m - SAFE_FALL_M), 0.0), 0.0)
  return player._replace(
    pos=pos,
    vel=vel,
    is_on_ground=moved.is_on_ground[0],
    fall_m=jnp.where(moved.is_on_ground[0], 0.0, fall_m),
    health=jnp.maximum(player.health - damage, 0.0),
  )
