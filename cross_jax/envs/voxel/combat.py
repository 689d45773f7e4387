"""Melee: the player's hits with their cool-down, the mobs' hits back."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel import chance, drops, events, layout, tables
from cross_jax.envs.voxel.mobs import FLEE_TICKS, heading_deg, is_angry
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.physics import direction
from cross_jax.envs.voxel.state import PLAYER_HEIGHT, PLAYER_WIDTH, State

HURT_TICKS = 10  # of invulnerability after a hit
KNOCKBACK = 0.4  # m per tick, sideways and up
SPRINT_KNOCKBACK = 0.4  # more of it, sideways
CRITICAL_FACTOR = 1.5  # falling, not sprinting, fully charged
CHARGED = 0.9
MOB_ATTACK_TICKS = 20  # between a mob's attacks
MOB_REACH_M = 0.7  # between the sides of a mob and of the player
REGENERATION_TICKS = 80  # one health point each while well fed
MIN_REGENERATION_FOOD = 18.0
MAX_HEALTH = 20.0
_IS_STEADY = np.asarray([name == "iron_golem" for name in tables.MOBS.names])  # no knock-back


def charge(item: jax.Array, attack_ticks: jax.Array) -> jax.Array:
  """float32[], the damage factor 0.2 + 0.8 f^2 of a hit `attack_ticks` after the last one.

  Source: Minecraft 1.16 Player.attack; f = min((ticks + 0.5) / cool-down of the item, 1).
  """
  full = jnp.asarray(tables.ITEMS.attack_ticks)[item].astype(jnp.float32)
  part = jnp.clip((attack_ticks.astype(jnp.float32) + 0.5) / jnp.maximum(full, 1.0), 0.0, 1.0)
  return 0.2 + 0.8 * part * part


def attack(state: State, action: RawAction, params: Params) -> State:
  """The player's hit on the mob at the crosshair on the tick that `attack` goes down.

  A hit in the air costs the cool-down too. A mob hit within its HURT_TICKS takes nothing. A mob
  that dies leaves its slot, drops its item and counts in kill_entity.
  """
  player, mobs, buttons = state.player, state.mobs, action.buttons
  draws = chance.mob_draws(state)[:, 0]
  index = BUTTON_INDEX["attack"]
  is_swung = (buttons[index] > 0) & (state.prev_buttons[index] == 0)
  slot = jnp.maximum(state.aim.mob, 0)
  kind = mobs.kind[slot]
  is_hit = is_swung & (state.aim.mob >= 0) & (mobs.hurt_ticks[slot] == 0)
  item = state.slots.item[layout.HOTBAR + player.hotbar]
  factor = charge(item, player.attack_ticks)
  is_sprinting = (buttons[BUTTON_INDEX["sprint"]] > 0) & (buttons[BUTTON_INDEX["forward"]] > 0)
  is_critical = (player.fall_m > 0) & ~player.is_on_ground & ~is_sprinting & (factor > CHARGED)
  factor = factor * jnp.where(is_critical, CRITICAL_FACTOR, 1.0)
  damage = jnp.asarray(tables.ITEMS.attack_damage)[item] * factor
  health = mobs.health[slot] - jnp.where(is_hit, damage, 0.0)
  is_dead = is_hit & (health <= 0)

  push = jnp.where(is_sprinting, KNOCKBACK + SPRINT_KNOCKBACK, KNOCKBACK)
  push = jnp.where(jnp.asarray(_IS_STEADY)[kind], 0.0, push)
  away = direction(player.yaw_deg, jnp.zeros(()))
  rise = jnp.where(push > 0, jnp.minimum(mobs.vel[slot, 1] / 2 + KNOCKBACK, KNOCKBACK), 0.0)
  vel = (mobs.vel[slot] / 2 + away * push).at[1].set(rise)
  flight = heading_deg(mobs.pos[slot] - player.pos) + (draws[slot] - 0.5) * 60.0
  behavior = jnp.asarray(tables.MOBS.behavior)[kind]
  fights = (behavior == tables.HOSTILE) | (behavior == tables.NEUTRAL)
  ticks = jnp.where(fights, jnp.minimum(mobs.think_ticks[slot], MOB_ATTACK_TICKS), FLEE_TICKS)
  mobs = mobs._replace(
    kind=mobs.kind.at[slot].set(jnp.where(is_dead, 0, kind)),
    health=mobs.health.at[slot].set(health),
    vel=mobs.vel.at[slot].set(jnp.where(is_hit, vel, mobs.vel[slot])),
    hurt_ticks=mobs.hurt_ticks.at[slot].set(jnp.where(is_hit, HURT_TICKS, mobs.hurt_ticks[slot])),
    yaw_deg=mobs.yaw_deg.at[slot].set(jnp.where(is_hit, flight, mobs.yaw_deg[slot])),
    think_ticks=mobs.think_ticks.at[slot].set(jnp.where(is_hit, ticks, mobs.think_ticks[slot])),
  )
  state = events.note(state, "kill_entity", kind, is_dead.astype(jnp.int32))
  drop = jnp.where(is_dead, jnp.asarray(tables.MOBS.drop_item)[kind], 0)
  where = mobs.pos[slot] + jnp.asarray([0.0, 0.25, 0.0])
  return state._replace(
    player=player._replace(attack_ticks=jnp.where(is_swung, 0, player.attack_ticks) + 1),
    mobs=mobs,
    drops=drops.spawn(state.drops, drop, jnp.int32(1), where),
  )


def strike(state: State, action: RawAction, params: Params) -> State:
  """The angry mobs' hits on the player, each within MOB_REACH_M and every MOB_ATTACK_TICKS.

  Source: Minecraft's melee goals in outline; of several hits in a tick the hardest counts, a hit
    makes invulnerable for HURT_TICKS and pushes away from its mob.
  """
  player, mobs = state.player, state.mobs
  offset = player.pos[None] - mobs.pos
  distance = jnp.sqrt(offset[:, 0] ** 2 + offset[:, 2] ** 2)
  gap = distance - (jnp.asarray(tables.MOBS.width)[mobs.kind] + PLAYER_WIDTH) / 2
  height = jnp.asarray(tables.MOBS.height)[mobs.kind]
  is_level = (offset[:, 1] < height) & (offset[:, 1] > -PLAYER_HEIGHT)
  is_near = is_angry(mobs) & is_level & (gap <= MOB_REACH_M)
  is_striking = is_near & (mobs.think_ticks == 0) & (player.health > 0)
  damage = jnp.where(is_striking, jnp.asarray(tables.MOBS.damage)[mobs.kind], 0.0)
  hardest = jnp.argmax(damage)
  is_hurt = (damage[hardest] > 0) & (player.hurt_ticks == 0)
  away = offset[hardest].at[1].set(0.0) / jnp.maximum(distance[hardest], 1e-3)
  rise = jnp.where(player.is_on_ground, KNOCKBACK, player.vel[1])
  pushed = (player.vel / 2 + away * KNOCKBACK).at[1].set(rise)
  player = player._replace(
    vel=jnp.where(is_hurt, pushed, player.vel),
    health=jnp.maximum(player.health - jnp.where(is_hurt, damage[hardest], 0.0), 0.0),
    hurt_ticks=jnp.where(is_hurt, HURT_TICKS, jnp.maximum(player.hurt_ticks - 1, 0)),
  )
  rest = jnp.where(is_striking, MOB_ATTACK_TICKS, mobs.think_ticks)
  return state._replace(player=player, mobs=mobs._replace(think_ticks=rest))


def regenerate(state: State, action: RawAction, params: Params) -> State:
  """One health point every REGENERATION_TICKS while fed and alive."""
  player = state.player
  is_due = (state.tick % REGENERATION_TICKS == REGENERATION_TICKS - 1) & (player.health > 0)
  is_due &= player.food >= MIN_REGENERATION_FOOD
  health = jnp.minimum(player.health + is_due.astype(jnp.float32), MAX_HEALTH)
  return state._replace(player=player._replace(health=health))
