"""How mobs move: they walk, swim, fly, hop or stay, each gait one small rule for a velocity."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import chance, mob_move, mobs
from cross_jax.envs.voxel.rules.cells import direction, is_liquid_at, is_solid_at, to_cell
from cross_jax.envs.voxel.rules.collision import Moved
from cross_jax.envs.voxel.rules.mobs import FLY, HOP, STILL, SWIM, is_angry
from cross_jax.envs.voxel.rules.physics import (
  AIR_DRAG,
  AIR_FRICTION,
  GRAVITY,
  GROUND_FRICTION,
  JUMP_VELOCITY,
  REST_VELOCITY,
  SWIM_UP,
  WATER_DRAG,
  WATER_GRAVITY,
)
from cross_jax.envs.voxel.state import MAX_MOBS, Mobs, State

TURN_BACK_SHARE = 0.1  # of the ticks that a calm mob pushes against a wall
HOVER_LOW_M, HOVER_HIGH_M = 0.8, 1.6  # heights above the ground between which a flyer stays
HOVER_SPEED = 0.05  # m per tick, up and down
SWOOP_SHARE = 0.25  # of its speed that an angry flyer or swimmer climbs or sinks with
FLOAT_FRICTION = 0.9  # of a swimmer's or flyer's velocity, per tick
SURFACE_MARGIN_M = 0.1  # of water that a swimmer keeps above it
HOP_SHARE = 0.06  # of the ticks on the ground in which a hopper leaps
HOP_FACTOR = 2.0  # of its pace, in the air: it stands in between
_DOWN = np.asarray([[0.0, 1.0, 0.0]], np.float32)


def move_mobs(state: State, action: RawAction, params: Params) -> State:
  """Thoughts, velocities by gait, one move of all mobs against the cells, then gravity and drag."""
  draws = chance.mob_draws(state)
  animals, speed = mobs.think(state.mobs, state.player.pos, draws)
  vel = _velocity(state, animals, speed, draws)
  width = jnp.asarray(tables.MOBS.width)[animals.kind]
  height = jnp.asarray(tables.MOBS.height)[animals.kind]
  bodies = mob_move.Bodies(animals.pos, vel, width, height)
  moved = mob_move.move_mobs(state.blocks, bodies, animals.kind > 0, state.edits)
  return state._replace(mobs=_land(state.blocks, animals, moved, speed, draws))


def _velocity(state: State, animals: Mobs, speed: jax.Array, draws: jax.Array) -> jax.Array:
  """float32[MAX_MOBS, 3], m per tick before the move.

  The acceleration is what keeps `speed` steady against the friction of the place: a (1 - friction).
  """
  blocks = state.blocks
  gait = jnp.asarray(tables.MOBS.gait)[animals.kind]
  is_wet = is_liquid_at(blocks, animals.pos + 0.2 * _DOWN)
  is_standing = is_resting(animals.vel)
  friction = jnp.where(is_standing, GROUND_FRICTION, AIR_FRICTION)
  gain = speed * (1 - friction)
  is_leaping = (gait == HOP) & is_standing & (speed > 0) & (draws[:, 0] < HOP_SHARE)
  is_grounded = (gait == HOP) & is_standing & ~is_leaping & ~is_wet
  gain = jnp.where(gait == HOP, gain * HOP_FACTOR, gain)
  gain = jnp.where(is_grounded | ((gait == SWIM) & ~is_wet) | (gait == STILL), 0.0, gain)
  leap = direction(animals.yaw_deg, jnp.zeros((MAX_MOBS,)))
  # axis by axis, so that every program fuses product and sum, and all round alike
  x, z = (animals.vel[:, axis] + leap[:, axis] * gain for axis in (0, 2))

  rise = animals.vel[:, 1] + jnp.where(is_wet & (gait != SWIM), SWIM_UP, 0.0)
  rise = jnp.where(is_leaping, JUMP_VELOCITY, rise)
  rise = jnp.where((gait == SWIM) & is_wet, _dive(state, animals, speed), rise)
  rise = jnp.where(gait == FLY, _hover(state, animals, speed), rise)
  return jnp.stack([x, rise, z], axis=-1)


def _towards_player(state: State, animals: Mobs, speed: jax.Array) -> jax.Array:
  """float32[MAX_MOBS], m per tick up or down to the height of the player's middle."""
  gap = state.player.pos[1] + 0.9 - animals.pos[:, 1]
  gap = gap - jnp.asarray(tables.MOBS.height)[animals.kind] / 2
  return jnp.clip(gap, -1.0, 1.0) * jnp.maximum(speed * SWOOP_SHARE, 0.03)


def _dive(state: State, animals: Mobs, speed: jax.Array) -> jax.Array:
  """float32[MAX_MOBS], a swimmer's vertical velocity: up and down, but below the surface."""
  height = jnp.asarray(tables.MOBS.height)[animals.kind]
  top = animals.pos[:, 1] + height + SURFACE_MARGIN_M
  is_deep = is_liquid_at(state.blocks, animals.pos.at[:, 1].set(top))
  dive = speed * 0.5 * jnp.sin(jnp.deg2rad(animals.yaw_deg * 3.0))
  dive = jnp.where(is_angry(animals), _towards_player(state, animals, speed), dive)
  return jnp.where(is_deep, dive, jnp.minimum(dive, 0.0) - 0.02)


def _hover(state: State, animals: Mobs, speed: jax.Array) -> jax.Array:
  """float32[MAX_MOBS], a flyer's vertical velocity: near the ground, or at the player."""
  is_low = is_solid_at(state.blocks, to_cell(animals.pos - HOVER_LOW_M * _DOWN))
  is_high = ~is_solid_at(state.blocks, to_cell(animals.pos - HOVER_HIGH_M * _DOWN))
  hover = jnp.where(is_low, HOVER_SPEED, jnp.where(is_high, -HOVER_SPEED, 0.0))
  return jnp.where(is_angry(animals), _towards_player(state, animals, speed), hover)


def is_resting(vel: jax.Array) -> jax.Array:
  """bool[N], whether bodies with float32[N, 3] velocities were stopped by the ground last tick."""
  return jnp.abs(vel[:, 1] - REST_VELOCITY) < 1e-5


def _settle(vel: jax.Array, was_on_ground: jax.Array, is_in_water: jax.Array) -> jax.Array:
  """float32[N, 3], the velocity after gravity and drag at the end of a tick."""
  friction = jnp.where(was_on_ground, GROUND_FRICTION, AIR_FRICTION)
  friction = jnp.where(is_in_water, WATER_DRAG, friction)[:, None]
  fall = jnp.where(
    is_in_water, vel[:, 1] * WATER_DRAG - WATER_GRAVITY, (vel[:, 1] - GRAVITY) * AIR_DRAG
  )
  return (vel * friction).at[:, 1].set(fall)


def _land(
  blocks: jax.Array, animals: Mobs, moved: Moved, speed: jax.Array, draws: jax.Array
) -> Mobs:
  """The mobs after the move: drag, a jump at each obstacle, sometimes a new heading there."""
  gait = jnp.asarray(tables.MOBS.gait)[animals.kind]
  is_wet = is_liquid_at(blocks, moved.pos + 0.2 * _DOWN)
  vel = _settle(moved.vel, is_resting(animals.vel), is_wet)
  is_floating = (gait == FLY) | ((gait == SWIM) & is_wet)
  vel = jnp.where(is_floating[:, None], moved.vel * FLOAT_FRICTION, vel)
  is_stopped = moved.is_blocked & (speed > 0)
  is_jumping = is_stopped & (moved.is_on_ground | is_wet) & ~is_floating & (gait != STILL)
  vel = vel.at[:, 1].set(jnp.where(is_jumping, JUMP_VELOCITY, vel[:, 1]))
  is_turning = is_stopped & ~is_angry(animals) & (draws[:, 1] < TURN_BACK_SHARE)
  is_there = animals.kind > 0
  after = animals._replace(
    pos=jnp.where(is_there[:, None], moved.pos, animals.pos),
    vel=jnp.where(is_there[:, None], vel, 0.0),
    hurt_ticks=jnp.maximum(animals.hurt_ticks - 1, 0),
  )
  return after._replace(
    yaw_deg=jnp.where(is_turning, draws[:, 0] * 360.0, animals.yaw_deg),
    detour_ticks=mobs.detour(blocks, after, is_stopped, draws[:, 0]),
  )
