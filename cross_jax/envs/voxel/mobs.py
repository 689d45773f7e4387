"""How mobs behave: wander, flee, chase, swim and hover, one rule per behaviour of the mob table.

`think_ticks` is all a mob remembers. A calm mob counts it down: above STROLL_TICKS it flees, then
it strolls, below IDLE_TICKS it stands, at 0 it draws a new heading. An angry mob heads for the
player, and `think_ticks` is the rest of its attack cool-down.
"""

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel import tables
from cross_jax.envs.voxel.physics import (
  AIR_FRICTION,
  GROUND_FRICTION,
  JUMP_VELOCITY,
  REST_VELOCITY,
  SWIM_UP,
  Moved,
  direction,
  is_liquid_at,
  is_solid_at,
  settle,
  to_cell,
)
from cross_jax.envs.voxel.state import MAX_MOBS, Mobs

IDLE_TICKS = 40  # below: stands
STROLL_TICKS = 80  # up to: strolls; above: flees
FLEE_TICKS = 120  # think_ticks of a mob that was just hit
FLEE_FACTOR, MAX_FLEE_SPEED = 1.6, 0.17  # the player walks at 0.2159 m per tick
SIGHT_M = 16.0
TURN_BACK_SHARE = 0.1  # of the ticks that a calm mob pushes against a wall
STANDOFF_M = 0.9  # an angry mob comes no nearer than this, centre to centre
HOVER_LOW_M, HOVER_HIGH_M = 0.8, 1.6  # heights above the ground between which a flyer stays
HOVER_SPEED = 0.05  # m per tick, up and down
WATER_FRICTION = 0.9  # of a swimmer's velocity, per tick
SURFACE_MARGIN_M = 0.1  # of water that a swimmer keeps above it


def heading_deg(offset: jax.Array) -> jax.Array:
  """float32[...], the yaw that looks along float32[..., 3] `offset`."""
  return jnp.rad2deg(jnp.arctan2(-offset[..., 0], offset[..., 2]))


def is_angry(mobs: Mobs) -> jax.Array:
  """bool[MAX_MOBS], whether a mob is after the player: hostile, or neutral and hurt."""
  behavior = jnp.asarray(tables.MOBS.behavior)[mobs.kind]
  is_hurt = mobs.health < jnp.asarray(tables.MOBS.max_health)[mobs.kind]
  is_roused = (behavior == tables.HOSTILE) | ((behavior == tables.NEUTRAL) & is_hurt)
  return is_roused & (mobs.kind > 0)


def think(mobs: Mobs, player_pos: jax.Array, draws: jax.Array) -> tuple[Mobs, jax.Array]:
  """Headings and speeds of this tick.

  Args:
    mobs: the mobs.
    player_pos: float32[3], m.
    draws: float32[MAX_MOBS, 2] in 0..1, this tick's chance: a heading and a duration.
  Returns:
    (mobs, speed float32[MAX_MOBS] m per tick that each wants along its heading).
  """
  offset = player_pos[None] - mobs.pos
  distance = jnp.sqrt(offset[:, 0] ** 2 + offset[:, 2] ** 2)
  is_chasing = is_angry(mobs) & (distance < SIGHT_M)
  left = jnp.maximum(mobs.think_ticks - 1, 0)
  is_new = ~is_chasing & (left == 0)
  span = STROLL_TICKS - IDLE_TICKS
  drawn = IDLE_TICKS + (draws[:, 1] * span).astype(jnp.int32)
  yaw = jnp.where(is_new, draws[:, 0] * 360.0, mobs.yaw_deg)
  yaw = jnp.where(is_chasing, heading_deg(offset), yaw)

  pace = jnp.asarray(tables.MOBS.speed)[mobs.kind]
  flight = jnp.minimum(pace * FLEE_FACTOR, MAX_FLEE_SPEED)
  calm = jnp.where(left > STROLL_TICKS, flight, jnp.where(left > IDLE_TICKS, pace, 0.0))
  chase = jnp.where(distance > STANDOFF_M, pace, 0.0)
  speed = jnp.where(is_chasing, chase, calm)
  return mobs._replace(yaw_deg=yaw, think_ticks=jnp.where(is_new, drawn, left)), speed


def mob_velocity(blocks: jax.Array, mobs: Mobs, speed: jax.Array) -> jax.Array:
  """float32[MAX_MOBS, 3], m per tick, the mobs' velocities before moving.

  The acceleration is what keeps `speed` steady against the friction of the place: a (1 - friction).
  """
  behavior = jnp.asarray(tables.MOBS.behavior)[mobs.kind]
  is_wet = is_liquid_at(blocks, mobs.pos + jnp.asarray([[0.0, 0.2, 0.0]]))
  is_swimmer = behavior == tables.AQUATIC
  is_standing = is_resting(mobs.vel)
  friction = jnp.where(is_standing, GROUND_FRICTION, AIR_FRICTION)
  gain = jnp.where(is_swimmer & ~is_wet, 0.0, speed * (1 - friction))
  push = direction(mobs.yaw_deg, jnp.zeros((MAX_MOBS,))) * gain[:, None]
  vel = mobs.vel + push

  rise = vel[:, 1] + jnp.where(is_wet & ~is_swimmer, SWIM_UP, 0.0)
  height = jnp.asarray(tables.MOBS.height)[mobs.kind]
  top = mobs.pos[:, 1] + height + SURFACE_MARGIN_M
  is_deep = is_liquid_at(blocks, mobs.pos.at[:, 1].set(top))
  dive = speed * 0.5 * jnp.sin(jnp.deg2rad(mobs.yaw_deg * 3.0))
  dive = jnp.where(is_deep, dive, jnp.minimum(dive, 0.0) - 0.02)
  rise = jnp.where(is_swimmer & is_wet, dive, rise)

  down = jnp.asarray([[0.0, 1.0, 0.0]])
  is_low = is_solid_at(blocks, to_cell(mobs.pos - HOVER_LOW_M * down))
  is_high = ~is_solid_at(blocks, to_cell(mobs.pos - HOVER_HIGH_M * down))
  hover = jnp.where(is_low, HOVER_SPEED, jnp.where(is_high, -HOVER_SPEED, 0.0))
  rise = jnp.where(behavior == tables.FLYING, hover, rise)
  return vel.at[:, 1].set(rise)


def is_resting(vel: jax.Array) -> jax.Array:
  """bool[N], whether bodies with float32[N, 3] velocities were stopped by the ground last tick."""
  return jnp.abs(vel[:, 1] - REST_VELOCITY) < 1e-5


def land_mobs(
  blocks: jax.Array, mobs: Mobs, moved: Moved, speed: jax.Array, draws: jax.Array
) -> Mobs:
  """The mobs after the move: drag, a jump at each obstacle, sometimes a new heading there.

  Args:
    blocks: uint16[NUM_CELLS].
    mobs: the mobs before the move.
    moved: what `physics.move` returned for them.
    speed: float32[MAX_MOBS], what `think` returned.
    draws: float32[MAX_MOBS, 2] in 0..1.
  """
  behavior = jnp.asarray(tables.MOBS.behavior)[mobs.kind]
  is_wet = is_liquid_at(blocks, moved.pos + jnp.asarray([[0.0, 0.2, 0.0]]))
  vel = settle(moved.vel, is_resting(mobs.vel), is_wet)
  is_floating = (behavior == tables.FLYING) | ((behavior == tables.AQUATIC) & is_wet)
  vel = jnp.where(is_floating[:, None], moved.vel * WATER_FRICTION, vel)
  is_stopped = moved.is_blocked & (speed > 0)
  is_jumping = is_stopped & (moved.is_on_ground | is_wet) & ~is_floating
  vel = vel.at[:, 1].set(jnp.where(is_jumping, JUMP_VELOCITY, vel[:, 1]))
  is_turning = is_stopped & ~is_angry(mobs) & (draws[:, 1] < TURN_BACK_SHARE)
  is_there = mobs.kind > 0
  return mobs._replace(
    pos=jnp.where(is_there[:, None], moved.pos, mobs.pos),
    vel=jnp.where(is_there[:, None], vel, 0.0),
    yaw_deg=jnp.where(is_turning, draws[:, 0] * 360.0, mobs.yaw_deg),
    hurt_ticks=jnp.maximum(mobs.hurt_ticks - 1, 0),
  )
