"""The player's health: damage with its pause, and armour; what heals and starves is hunger.py's."""

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.state import State

MAX_HEALTH = 20.0
HURT_TICKS = 10  # after a damage, in which only a greater one counts
DAMAGE_EXHAUSTION = 0.1
_WORN = slice(layout.FEET, layout.HEAD + 1)


def armor_factor(damage: jax.Array, armor: jax.Array) -> jax.Array:
  """float32[...], the share of `damage` that `armor` points float32[...] let through.

  Source: Minecraft 1.16 CombatRules.getDamageAfterAbsorb, with toughness 0.
  """
  kept = jnp.clip(armor - damage / 2, armor / 5, 20.0)
  return 1 - kept / 25


def recover(state: State, action: RawAction, params: Params) -> State:
  """The pause after a damage runs out."""
  left = jnp.maximum(state.player.hurt_ticks - 1, 0)
  return state._replace(player=state.player._replace(hurt_ticks=left))


def hurt(state: State, damage: jax.Array, *, pierces: bool = False) -> State:
  """The player hurt by `damage` float32[] health points, or by what it is more than the last.

  Armour takes its share of what counts, so whoever wears it is not hurt by the same hit again.

  Source: Minecraft 1.16 LivingEntity.hurt, which compares the damages before armour.

  Args:
    state: the game.
    damage: 0 for none.
    pierces: armour does not help (falls, drowning, fire, hunger).
  """
  player = state.player
  is_fresh = player.hurt_ticks == 0
  more = jnp.where(is_fresh, damage, damage - player.last_damage)
  is_hurt = (damage > 0) & (more > 0) & (player.health > 0)
  lost = more
  if not pierces:
    worn = jnp.asarray(tables.ITEMS.armor)[state.slots.item[_WORN]]
    lost = more * armor_factor(more, jnp.sum(worn).astype(jnp.float32))
  player = player._replace(
    health=jnp.maximum(player.health - jnp.where(is_hurt, lost, 0.0), 0.0),
    hurt_ticks=jnp.where(is_hurt & is_fresh, HURT_TICKS, player.hurt_ticks),
    last_damage=jnp.where(is_hurt, damage, player.last_damage),
    exhaustion=player.exhaustion + jnp.where(is_hurt & (not pierces), DAMAGE_EXHAUSTION, 0.0),
  )
  return state._replace(player=player)
