"""What only some mobs do: the creeper's fuse and blast, the enderman's teleport.

Source: Minecraft 1.16 Creeper, SwellGoal, Explosion, EnderMan. Deviations: a blast breaks no blocks
and nothing shields from it; endermen do not mind being looked at, and vanish from some of the hits.
"""

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import EASY, HARD, NORMAL, PEACEFUL, Params
from cross_jax.envs.voxel.rules import chance
from cross_jax.envs.voxel.rules.cells import column_at, is_liquid_at
from cross_jax.envs.voxel.rules.collision import HEIGHT
from cross_jax.envs.voxel.rules.health import HURT_TICKS, hurt
from cross_jax.envs.voxel.rules.mobs import FUSE, FUSE_M, TELEPORT
from cross_jax.envs.voxel.rules.rounding import rounded
from cross_jax.envs.voxel.state import SIZE_X, SIZE_Z, State

FUSE_TICKS, FUSE_BREAK_M = 30, 7.0
CREEPER_POWER = 3.0
BLAST_PUSH = 1.0  # m per tick at its middle
TELEPORT_M, TELEPORT_SHARE = 8.0, 0.3  # sideways at most; of the hits


def blast_damage(distance_m: jax.Array, power: float) -> jax.Array:
  """float32[...], health points on normal difficulty of an explosion `distance_m` away.

  (i^2 + i) / 2 * 7 * 2 power + 1 rounded down, i = 1 - distance / (2 power); 0 beyond 2 power.
  """
  impact = 1.0 - distance_m / (2 * power)
  damage = jnp.floor((impact * impact + impact) / 2 * 7 * 2 * power + 1)
  return jnp.where(impact > 0, damage, 0.0)


def scale_damage(damage: jax.Array, params: Params) -> jax.Array:
  """float32[...], what normal difficulty's `damage` is in the world's difficulty."""
  if params.difficulty == EASY:
    return jnp.minimum(damage / 2 + 1, damage)
  return damage * {PEACEFUL: 0.0, NORMAL: 1.0, HARD: 1.5}[params.difficulty]


def has_fuses(state: State) -> jax.Array:
  """bool[], whether a creeper is there."""
  return jnp.any(jnp.asarray(tables.MOBS.trick)[state.mobs.kind] == FUSE)


def burn_fuses(state: State, action: RawAction, params: Params) -> State:
  """A creeper near the player swells and, after FUSE_TICKS, explodes and is gone."""
  animals, player = state.mobs, state.player
  is_fused = (jnp.asarray(tables.MOBS.trick)[animals.kind] == FUSE) & (animals.kind > 0)
  offset = player.pos[None] - animals.pos
  distance = jnp.sqrt(jnp.sum(offset * offset, axis=-1))
  is_lit = (distance < FUSE_M) | ((animals.timer_ticks > 0) & (distance < FUSE_BREAK_M))
  fuse = jnp.where(is_lit & (player.health > 0), animals.timer_ticks + 1, animals.timer_ticks - 1)
  fuse = jnp.where(is_fused, jnp.maximum(fuse, 0), animals.timer_ticks)
  is_blast = is_fused & (fuse >= FUSE_TICKS)
  damage = jnp.where(is_blast, blast_damage(distance, CREEPER_POWER), 0.0)
  first = jnp.argmax(damage)
  away = offset[first] / jnp.maximum(distance[first], 0.1)
  impact = jnp.maximum(1 - distance[first] / (2 * CREEPER_POWER), 0.0) * BLAST_PUSH
  push = jnp.where(damage[first] > 0, rounded(away * impact, state.tick), 0.0)
  state = state._replace(
    mobs=animals._replace(
      timer_ticks=jnp.where(is_blast, 0, fuse), kind=jnp.where(is_blast, 0, animals.kind)
    ),
    player=player._replace(vel=player.vel + push),
  )
  return hurt(state, scale_damage(damage[first], params))


def may_teleport(state: State) -> jax.Array:
  """bool[], whether an enderman is there."""
  return jnp.any(jnp.asarray(tables.MOBS.trick)[state.mobs.kind] == TELEPORT)


def teleport(state: State, action: RawAction, params: Params) -> State:
  """An enderman in water, on fire or, by chance, just hit, appears somewhere else on the ground.

  One a tick.
  """
  animals, draws = state.mobs, chance.mob_draws(state)
  is_able = (jnp.asarray(tables.MOBS.trick)[animals.kind] == TELEPORT) & (animals.kind > 0)
  is_able &= animals.health > 0
  is_hit = (animals.hurt_ticks == HURT_TICKS) & (draws[:, 0] < TELEPORT_SHARE)
  is_off = is_able & (is_hit | is_liquid_at(state.blocks, animals.pos) | (animals.fire_ticks > 0))
  slot = jnp.argmax(is_off)
  shift = (chance.teleport_draws(state) * 2 - 1) * TELEPORT_M
  x = jnp.clip(jnp.floor(animals.pos[slot, 0] + shift[0]), 1, SIZE_X - 2)
  z = jnp.clip(jnp.floor(animals.pos[slot, 2] + shift[1]), 1, SIZE_Z - 2)
  column = column_at(state.blocks, x, z)
  level = jnp.arange(len(column), dtype=jnp.int32)
  tops = jnp.asarray(HEIGHT)[column]
  top = jnp.max(jnp.where(tops > 0, level.astype(jnp.float32) + tops, 0.0))
  is_wet = jnp.any(jnp.asarray(tables.BLOCKS.is_liquid)[column] & (level >= top.astype(jnp.int32)))
  is_it = (jnp.arange(is_off.shape[0]) == slot) & is_off & ~is_wet & (top > 0)
  there = jnp.stack([x + 0.5, top, z + 0.5])
  pos = jnp.where(is_it[:, None], there[None], animals.pos)
  return state._replace(mobs=animals._replace(pos=pos))
