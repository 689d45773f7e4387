"""Melee: the player's hits with their cool-down, the mobs' hits back, and the mobs that die."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.params import EASY, PEACEFUL, Params
from cross_jax.envs.voxel.rules import chance, drops, events
from cross_jax.envs.voxel.rules.cells import direction
from cross_jax.envs.voxel.rules.gaits import is_resting
from cross_jax.envs.voxel.rules.health import HURT_TICKS, armor_factor, hurt
from cross_jax.envs.voxel.rules.mobs import FLEE_TICKS, FUSE, heading_deg, is_angry
from cross_jax.envs.voxel.rules.rounding import rounded
from cross_jax.envs.voxel.state import MAX_MOBS, PLAYER_HEIGHT, PLAYER_WIDTH, State

KNOCKBACK = 0.4  # m per tick, sideways and up
SPRINT_KNOCKBACK = 0.5  # of one more push, along the player's gaze
SPRINT_SLOWING = 0.6  # of the player's speed, after such a hit
CRITICAL_FACTOR = 1.5  # falling, not sprinting, charged
CHARGED = 0.9  # of the cool-down, for a critical hit or a sprinter's push
MISS_TICKS = 10  # after a swing in the air, in which `attack` does nothing while it is held
ATTACK_EXHAUSTION = 0.1
MOB_ATTACK_TICKS = 20  # between a mob's attacks
MOB_REACH_M = 0.7  # between the sides of a mob and of the player
# What wears by hitting and breaking, and so counts as used: all tools but shears, and tridents.
IS_WEAPON = (tables.ITEMS.tool > 0) & (tables.ITEMS.tool != tables.TOOL_SHEARS)
IS_WEAPON = IS_WEAPON | (np.arange(len(IS_WEAPON)) == tables.ITEMS.index["trident"])


def charge(item: jax.Array, attack_ticks: jax.Array) -> jax.Array:
  """float32[], 0..1, how far `item` int32[] has charged int32[] ticks after the last swing.

  Source: Minecraft 1.16 Player.getAttackStrengthScale(0.5).
  """
  full = jnp.asarray(tables.ITEMS.attack_ticks)[item]
  return jnp.clip((attack_ticks.astype(jnp.float32) + 0.5) / full, 0.0, 1.0)


def mob_damage(kind: jax.Array, params: Params) -> jax.Array:
  """float32[...], health points of a hit by mobs int32[...] in the world's difficulty."""
  if params.difficulty == PEACEFUL:
    return jnp.zeros(kind.shape, jnp.float32)
  if params.difficulty == EASY:
    return jnp.asarray(tables.MOBS.damage)[kind]
  return jnp.asarray(tables.MOBS.damages)[kind, params.difficulty - EASY]


def attack(state: State, action: RawAction, params: Params) -> State:
  """The player's hit on the mob at the crosshair on the tick that `attack` goes down.

  A swing in the air costs the cool-down too, and then `attack` held does nothing for MISS_TICKS.
  Of a hit on a mob within its HURT_TICKS, only what it is more than the last one counts, and it
  pushes nothing. A mob that dies counts in kill_entity, a hit with a tool or weapon in use_item;
  `bury` removes the dead. Who eats does not hit.

  Source: Minecraft 1.16 Minecraft.startAttack, Player.attack, LivingEntity.hurt. Deviation: swords
    do not sweep.
  """
  player, mobs, aim = state.player, state.mobs, state.aim
  index = BUTTON_INDEX["attack"]
  is_held = action.buttons[index] > 0
  is_swung = is_held & (state.prev_buttons[index] == 0) & (player.eat_ticks == 0)
  is_missed = is_swung & (aim.mob < 0) & (aim.cell < 0)
  miss_ticks = jnp.where(is_missed, MISS_TICKS, jnp.maximum(player.miss_ticks - 1, 0))
  slot = jnp.maximum(aim.mob, 0)
  kind = mobs.kind[slot]
  item = state.slots.item[layout.HOTBAR + player.hotbar]
  part = charge(item, player.attack_ticks)
  is_charged = part > CHARGED
  is_critical = (player.fall_m > 0) & ~player.is_on_ground & ~player.is_sprinting & is_charged
  factor = (0.2 + 0.8 * part * part) * jnp.where(is_critical, CRITICAL_FACTOR, 1.0)
  damage = rounded(jnp.asarray(tables.ITEMS.attack_damage)[item] * factor, state.tick)
  is_fresh = mobs.hurt_ticks[slot] == 0
  more = jnp.where(is_fresh, damage, damage - mobs.last_damage[slot])
  is_hit = is_swung & (aim.mob >= 0) & (more > 0)
  lost = more * armor_factor(more, jnp.asarray(tables.MOBS.armor)[kind])
  health = mobs.health[slot] - jnp.where(is_hit, lost, 0.0)
  is_dead = is_hit & (health <= 0) & (mobs.health[slot] > 0)

  is_sprint_hit = is_hit & player.is_sprinting & is_charged
  vel = _pushed(state, slot, is_fresh, is_sprint_hit)
  flight = rounded(heading_deg(mobs.pos[slot] - player.pos), state.tick)
  flight = flight + rounded((chance.mob_draws(state)[slot, 0] - 0.5) * 60.0, state.tick)
  fights = jnp.asarray(tables.MOBS.temper)[kind] > 0
  ticks = jnp.where(fights, jnp.minimum(mobs.think_ticks[slot], MOB_ATTACK_TICKS), FLEE_TICKS)
  is_it = (jnp.arange(MAX_MOBS) == slot) & is_hit
  mobs = mobs._replace(
    health=jnp.where(is_it, health, mobs.health),
    vel=jnp.where(is_it[:, None], vel[None], mobs.vel),
    hurt_ticks=jnp.where(is_it & is_fresh, HURT_TICKS, mobs.hurt_ticks),
    last_damage=jnp.where(is_it, damage, mobs.last_damage),
    yaw_deg=jnp.where(is_it & is_fresh, flight, mobs.yaw_deg),
    think_ticks=jnp.where(is_it & is_fresh, ticks, mobs.think_ticks),
  )
  slowed = player.vel * jnp.asarray([SPRINT_SLOWING, 1.0, SPRINT_SLOWING])
  state = state._replace(
    player=player._replace(
      attack_ticks=jnp.where(is_swung, 0, player.attack_ticks) + 1,
      swing_ticks=jnp.where(is_swung, 0, player.swing_ticks) + 1,
      miss_ticks=jnp.where(is_held, miss_ticks, 0),
      exhaustion=player.exhaustion + jnp.where(is_hit, ATTACK_EXHAUSTION, 0.0),
      vel=jnp.where(is_sprint_hit, slowed, player.vel),
      is_sprinting=player.is_sprinting & ~is_sprint_hit,
    ),
    mobs=mobs,
  )
  is_used = is_hit & jnp.asarray(IS_WEAPON)[item]
  state = events.note(state, "use_item", item, is_used.astype(jnp.int32))
  return events.note(state, "kill_entity", kind, is_dead.astype(jnp.int32))


def _pushed(
  state: State, slot: jax.Array, is_fresh: jax.Array, is_sprint_hit: jax.Array
) -> jax.Array:
  """float32[3], the velocity of the mob that the player just hit; `is_fresh` unless it still hurt.

  Source: LivingEntity.knockback: half of what it had, and `strength` away; who stands on the ground
    also rises, by up to 0.4.
  """
  player, mobs = state.player, state.mobs
  give = 1 - jnp.asarray(tables.MOBS.steady)[mobs.kind[slot]]
  stands = is_resting(mobs.vel)[slot]

  def push(vel, away, strength):
    strength = strength * give
    rise = jnp.where(stands, jnp.minimum(vel[1] / 2 + strength, KNOCKBACK), vel[1])
    pushed = (vel / 2 + rounded(away * strength, state.tick)).at[1].set(rise)
    return jnp.where(strength > 0, pushed, vel)

  offset = (mobs.pos[slot] - player.pos).at[1].set(0.0)
  away = offset / jnp.maximum(jnp.sqrt(jnp.sum(offset * offset)), 1e-3)
  vel = push(mobs.vel[slot], away, jnp.where(is_fresh, KNOCKBACK, 0.0))
  gaze = direction(player.yaw_deg, jnp.zeros(()))
  return push(vel, gaze, jnp.where(is_sprint_hit, SPRINT_KNOCKBACK, 0.0))


def strike(state: State, action: RawAction, params: Params) -> State:
  """The angry mobs' hits on the player, each within MOB_REACH_M and every MOB_ATTACK_TICKS.

  Source: Minecraft's melee goals in outline; of several hits in a tick the hardest counts, a hit
    makes invulnerable for HURT_TICKS and pushes away from its mob. Who shoots does not strike.
  """
  player, mobs = state.player, state.mobs
  offset = player.pos[None] - mobs.pos
  distance = jnp.sqrt(offset[:, 0] ** 2 + offset[:, 2] ** 2)
  gap = distance - (jnp.asarray(tables.MOBS.width)[mobs.kind] + PLAYER_WIDTH) / 2
  height = jnp.asarray(tables.MOBS.height)[mobs.kind]
  is_level = (offset[:, 1] < height) & (offset[:, 1] > -PLAYER_HEIGHT)
  is_near = is_angry(mobs) & is_level & (gap <= MOB_REACH_M)
  fights = (jnp.asarray(tables.MOBS.shot)[mobs.kind] == 0) & (
    jnp.asarray(tables.MOBS.trick)[mobs.kind] != FUSE
  )
  is_striking = is_near & fights & (mobs.think_ticks == 0) & (player.health > 0)
  damage = jnp.where(is_striking, mob_damage(mobs.kind, params), 0.0)
  hardest = jnp.argmax(damage)
  is_hurt = (damage[hardest] > 0) & (player.hurt_ticks == 0)
  away = offset[hardest].at[1].set(0.0) / jnp.maximum(distance[hardest], 1e-3)
  rise = jnp.where(player.is_on_ground, KNOCKBACK, player.vel[1])
  pushed = (player.vel / 2 + rounded(away * KNOCKBACK, state.tick)).at[1].set(rise)
  rest = jnp.where(is_striking, MOB_ATTACK_TICKS, mobs.think_ticks)
  state = state._replace(
    player=player._replace(vel=jnp.where(is_hurt, pushed, player.vel)),
    mobs=mobs._replace(think_ticks=rest),
  )
  return hurt(state, damage[hardest])


def has_dead(state: State) -> jax.Array:
  """bool[], whether a mob without health is still there."""
  return jnp.any((state.mobs.kind > 0) & (state.mobs.health <= 0))


def bury(state: State, action: RawAction, params: Params) -> State:
  """A mob without health leaves its slot and drops what it carries; one a tick."""
  mobs = state.mobs
  is_dead = (mobs.kind > 0) & (mobs.health <= 0)
  slot = jnp.argmax(is_dead)
  kind = jnp.where(is_dead[slot], mobs.kind[slot], 0)
  where = mobs.pos[slot] + jnp.asarray([0.0, 0.25, 0.0])
  lying = drops.spawn_loot(state.drops, tables.MOBS.loot, kind, where, chance.loot_draws(state))
  is_it = (jnp.arange(MAX_MOBS) == slot) & is_dead
  return state._replace(mobs=mobs._replace(kind=jnp.where(is_it, 0, mobs.kind)), drops=lying)
