"""How the player moves: Minecraft's gravity, drag, friction, jumps, sprint, swimming and climbing.

Source: Minecraft 1.16 LivingEntity.travel, Entity.move, LocalPlayer.aiStep. Deviations: bodies pass
through each other; the swimmer keeps the standing body's height; the world's edge is a wall.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import player_move
from cross_jax.envs.voxel.rules.cells import block_at, eye_of, to_cell
from cross_jax.envs.voxel.rules.collision import Moved
from cross_jax.envs.voxel.rules.fluids import DRY, LAVA, WATER, Fluid, fluid_at
from cross_jax.envs.voxel.rules.health import hurt
from cross_jax.envs.voxel.rules.hunger import MIN_SPRINT_FOOD
from cross_jax.envs.voxel.rules.rounding import rounded
from cross_jax.envs.voxel.state import Player, State

GRAVITY = 0.08  # m per tick^2
AIR_DRAG = 0.98  # of the vertical velocity, per tick
SLIPPERINESS = 0.6  # of most blocks
AIR_FRICTION = 0.91  # of the horizontal velocity, per tick; on the ground times the slipperiness
GROUND_FRICTION = SLIPPERINESS * AIR_FRICTION
REST_VELOCITY = -GRAVITY * AIR_DRAG  # m per tick, of a body that the ground stopped last tick
JUMP_VELOCITY = 0.42  # m per tick: 1.25 m high
JUMP_DELAY = 10  # ticks between jumps while the key is held
SPRINT_JUMP_BOOST = 0.2
WALK_ACCELERATION, SPRINT_FACTOR = 0.1, 1.3
AIR_ACCELERATION, FLUID_ACCELERATION = 0.02, 0.02
INPUT_SCALE, SNEAK_SCALE, EAT_SCALE = 0.98, 0.3, 0.2
WATER_DRAG, SWIM_DRAG, WATER_GRAVITY = 0.8, 0.9, GRAVITY / 16
LAVA_DRAG, LAVA_GRAVITY = 0.5, GRAVITY / 4
SWIM_UP = 0.04  # m per tick^2 of the jump key in a fluid, and of sneak downwards
SHALLOW_M = 0.4  # of fluid in which one still jumps from the ground
CLIMB_OUT_VELOCITY, CLIMB_OUT_M = 0.3, 0.6  # against a bank, out of a fluid
CLIMB_VELOCITY, CLIMB_SPEED = 0.2, 0.15  # m per tick on a ladder: up; sideways and down at most
LEAST_SPEED = 0.003  # m per tick; below, an axis stands still
SAFE_FALL_M = 3.0
JUMP_EXHAUSTION, SPRINT_JUMP_EXHAUSTION = 0.05, 0.2
SPRINT_EXHAUSTION, SWIM_EXHAUSTION = 0.1, 0.01  # per m


def _by_block(default: float, values: dict[str, float]) -> np.ndarray:
  return np.asarray([values.get(name, default) for name in tables.BLOCKS.names], np.float32)


_SLIPPERINESS = _by_block(
  SLIPPERINESS,
  {"ice": 0.98, "packed_ice": 0.98, "frosted_ice": 0.98, "blue_ice": 0.989, "slime_block": 0.8},
)
_SPEED_FACTOR = _by_block(1.0, {"soul_sand": 0.4, "honey_block": 0.4})
_JUMP_FACTOR = _by_block(1.0, {"honey_block": 0.5})
_FALL_FACTOR = _by_block(1.0, {"hay_block": 0.2, "honey_block": 0.2, "slime_block": 0.0})


class Footing(NamedTuple):
  """Where the player is before a move."""

  fluid: Fluid
  is_under: jax.Array  # bool[], eyes in water
  is_climbing: jax.Array  # bool[], at a ladder or a vine
  floor: jax.Array  # int32[], the block 0.5 m below the feet


def move_player(state: State, action: RawAction, params: Params) -> State:
  """One tick of the player's keys, velocity and collisions, then gravity, drag and the fall."""
  blocks, before = state.blocks, state.player
  footing = _footing(blocks, before)
  player = _run(before, action, footing)
  wanted, player = _velocity(player, action, footing)
  is_held = action.buttons[BUTTON_INDEX["sneak"]] > 0
  moved = player_move.move_player(
    blocks, state.edits, player.pos, wanted, player.is_on_ground, is_held
  )
  vel = _climb_out(state, moved, _settle(moved, player, action, footing), footing)
  step = moved.pos - player.pos
  square = rounded(step**2, state.tick)
  metres = jnp.sqrt(square[0] + square[2])
  cost = jnp.where(footing.fluid.kind == WATER, SWIM_EXHAUSTION, 0.0)
  cost = jnp.where(player.is_sprinting & moved.is_on_ground, SPRINT_EXHAUSTION, cost)
  state = state._replace(
    player=player._replace(
      pos=moved.pos,
      vel=vel,
      is_on_ground=moved.is_on_ground,
      is_sprinting=player.is_sprinting & ~moved.is_blocked,
      exhaustion=player.exhaustion + cost * metres,
    )
  )
  return _fall(state, before.pos[1])


def _footing(blocks: jax.Array, player: Player) -> Footing:
  at = block_at(blocks, to_cell(player.pos))
  return Footing(
    fluid_at(blocks, player.pos),
    fluid_at(blocks, eye_of(player)).kind == WATER,
    jnp.asarray(tables.BLOCKS.is_climbable)[at],
    block_at(blocks, to_cell(player.pos - jnp.asarray([0.0, 0.5 + 1e-6, 0.0]))),
  )


def _run(player: Player, action: RawAction, footing: Footing) -> Player:
  """Sprint starts with its key and lasts until the run ahead ends."""
  key = lambda name: action.buttons[BUTTON_INDEX[name]] > 0
  may = key("forward") & ~key("back") & ~key("sneak") & (player.food > MIN_SPRINT_FOOD)
  may &= (player.eat_ticks == 0) & ((footing.fluid.kind != WATER) | footing.is_under)
  return player._replace(is_sprinting=may & (key("sprint") | player.is_sprinting))


def _velocity(player: Player, action: RawAction, footing: Footing) -> tuple[jax.Array, Player]:
  """(float32[3] m per tick before the move, the player with a jump's exhaustion and delay).

  Steady speeds on the ground come out as a / (1 - 0.546): 0.2159 (walk), 0.2806 (sprint), 0.0648
  (sneak) m per tick.
  """
  key = lambda name: action.buttons[BUTTON_INDEX[name]] > 0
  axis = lambda plus, minus: key(plus).astype(jnp.float32) - key(minus).astype(jnp.float32)
  fluid, is_sprinting = footing.fluid, player.is_sprinting
  slip = jnp.asarray(_SLIPPERINESS)[footing.floor]
  factor = jnp.where(is_sprinting, SPRINT_FACTOR, 1.0)
  ground = WALK_ACCELERATION * factor * (SLIPPERINESS**3) / slip**3
  push = jnp.where(player.is_on_ground, ground, AIR_ACCELERATION * factor)
  push = jnp.where(fluid.kind == DRY, push, FLUID_ACCELERATION)
  scale = jnp.where(key("sneak"), INPUT_SCALE * SNEAK_SCALE, INPUT_SCALE)
  scale = scale * jnp.where(player.eat_ticks > 0, EAT_SCALE, 1.0)
  forward, left = axis("forward", "back") * scale, axis("left", "right") * scale
  push = push / jnp.maximum(jnp.sqrt(forward * forward + left * left), 1.0)
  yaw = jnp.deg2rad(player.yaw_deg)
  sin, cos = jnp.sin(yaw), jnp.cos(yaw)

  vel = jnp.where(jnp.abs(player.vel) < LEAST_SPEED, 0.0, player.vel)
  is_wet = fluid.kind != DRY
  is_shallow = player.is_on_ground & (fluid.depth <= SHALLOW_M)
  jump_delay = jnp.where(key("jump"), jnp.maximum(player.jump_delay - 1, 0), 0)
  is_jumping = key("jump") & player.is_on_ground & (~is_wet | is_shallow) & (jump_delay == 0)
  leap = JUMP_VELOCITY * jnp.asarray(_JUMP_FACTOR)[footing.floor]
  rise = jnp.where(is_jumping, leap, vel[1])
  rise = rise + jnp.where(is_wet & key("jump") & ~is_shallow, SWIM_UP, 0.0)
  rise = rise - jnp.where((fluid.kind == WATER) & key("sneak"), SWIM_UP, 0.0)
  rise = jnp.where(is_sprinting & footing.is_under, _dive(player.pitch_deg, rise), rise)
  boost = jnp.where(is_jumping & is_sprinting, SPRINT_JUMP_BOOST, 0.0)
  fix = lambda product: rounded(product, player.hotbar)
  ahead_x, ahead_z, aside_x, aside_z = (
    fix(a) for a in (forward * sin, forward * cos, left * cos, left * sin)
  )
  push_x, push_z = fix((aside_x - ahead_x) * push), fix((ahead_z + aside_z) * push)
  boost_x, boost_z = fix(sin * boost), fix(cos * boost)
  vel = jnp.stack([vel[0] + (push_x - boost_x), rise, vel[2] + (push_z + boost_z)])

  is_climbing = footing.is_climbing & ~is_wet
  slow = jnp.clip(vel, -CLIMB_SPEED, jnp.asarray([CLIMB_SPEED, jnp.inf, CLIMB_SPEED]))
  hold = jnp.where(key("sneak"), jnp.maximum(slow[1], 0.0), slow[1])
  vel = jnp.where(is_climbing, slow.at[1].set(hold), vel)
  effort = jnp.where(is_sprinting, SPRINT_JUMP_EXHAUSTION, JUMP_EXHAUSTION)
  tired = player.exhaustion + jnp.where(is_jumping, effort, 0.0)
  jump_delay = jnp.where(is_jumping, JUMP_DELAY, jump_delay)
  return vel, player._replace(exhaustion=tired, jump_delay=jump_delay)


def _dive(pitch_deg: jax.Array, rise: jax.Array) -> jax.Array:
  """The vertical velocity of a sprinting swimmer: it turns to where he looks."""
  aim = -jnp.sin(jnp.deg2rad(pitch_deg))
  return rise + (aim - rise) * jnp.where(aim < -0.2, 0.085, 0.06)


def _settle(moved: Moved, player: Player, action: RawAction, footing: Footing) -> jax.Array:
  """float32[3], the velocity after drag and gravity at the end of a tick."""
  fluid, vel = footing.fluid, moved.vel
  is_up = moved.is_blocked | (action.buttons[BUTTON_INDEX["jump"]] > 0)
  is_climbing = footing.is_climbing & is_up
  vel = vel.at[1].set(jnp.where(is_climbing, CLIMB_VELOCITY, vel[1]))
  friction = AIR_FRICTION * jnp.where(
    player.is_on_ground, jnp.asarray(_SLIPPERINESS)[footing.floor], 1.0
  )
  dry = (vel * friction).at[1].set((vel[1] - GRAVITY) * AIR_DRAG)
  dry = dry * jnp.where(
    moved.is_on_ground & (jnp.arange(3) != 1), jnp.asarray(_SPEED_FACTOR)[footing.floor], 1.0
  )
  is_swimming = player.is_sprinting
  sink = vel[1] * WATER_DRAG - jnp.where(is_swimming, 0.0, WATER_GRAVITY)
  wet = (vel * jnp.where(is_swimming, SWIM_DRAG, WATER_DRAG)).at[1].set(sink)
  is_shallow = fluid.depth <= SHALLOW_M
  sink = jnp.where(is_shallow, vel[1] * WATER_DRAG - WATER_GRAVITY, vel[1] * LAVA_DRAG)
  hot = (vel * LAVA_DRAG).at[1].set(sink - LAVA_GRAVITY)
  return jnp.where(fluid.kind == WATER, wet, jnp.where(fluid.kind == LAVA, hot, dry))


def _climb_out(state: State, moved: Moved, vel: jax.Array, footing: Footing) -> jax.Array:
  """float32[3] `vel`, with a leap where a bank stops a swimmer and there is room above it."""
  step = moved.pos - state.player.pos
  ahead = jnp.stack([vel[0], vel[1] + CLIMB_OUT_M - step[1], vel[2]])
  is_stopped = (footing.fluid.kind != DRY) & moved.is_blocked
  is_leaping = is_stopped & (fluid_at(state.blocks, moved.pos + ahead).kind == DRY)
  shift = jnp.stack([step, ahead])
  is_leaping &= player_move.has_room(state.blocks, state.edits, state.player.pos, shift, is_leaping)
  return vel.at[1].set(jnp.where(is_leaping, CLIMB_OUT_VELOCITY, vel[1]))


def _fall(state: State, y_before: jax.Array) -> State:
  """Adds up the fall; on the ground it costs ceil(fall - 3 m) health points, in a fluid nothing."""
  player = state.player
  at = block_at(state.blocks, to_cell(player.pos))
  fluid = fluid_at(state.blocks, player.pos).kind
  is_soft = (fluid == WATER) | jnp.asarray(tables.BLOCKS.is_climbable)[at]
  fall_m = player.fall_m * jnp.where(fluid == LAVA, 0.5, 1.0)
  fall_m = fall_m + jnp.maximum(y_before - player.pos[1], 0.0)
  fall_m = jnp.where(is_soft, 0.0, fall_m)
  floor = block_at(state.blocks, to_cell(player.pos - jnp.asarray([0.0, 0.2, 0.0])))
  damage = jnp.ceil((fall_m - SAFE_FALL_M) * jnp.asarray(_FALL_FACTOR)[floor])
  damage = jnp.where(player.is_on_ground, jnp.maximum(damage, 0.0), 0.0)
  left = jnp.where(player.is_on_ground, 0.0, fall_m)
  return hurt(state._replace(player=player._replace(fall_m=left)), damage, pierces=True)
