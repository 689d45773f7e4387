"""A player at the start of a life."""

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.rules.edits import NO_CELL
from cross_jax.envs.voxel.rules.fluids import MAX_AIR_TICKS
from cross_jax.envs.voxel.rules.health import MAX_HEALTH
from cross_jax.envs.voxel.rules.hunger import MAX_FOOD, START_SATURATION
from cross_jax.envs.voxel.rules.physics import REST_VELOCITY
from cross_jax.envs.voxel.state import Player

RESTED_TICKS = 100  # since an attack: any item is charged


def fresh_player(pos: jax.Array, yaw_deg: jax.Array, pitch_deg: jax.Array) -> Player:
  """A player at float32[3] `pos`, whole, fed and at rest."""
  zero, none = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
  return Player(
    pos=pos,
    vel=jnp.asarray([0.0, REST_VELOCITY, 0.0]),
    yaw_deg=yaw_deg,
    pitch_deg=pitch_deg,
    is_on_ground=jnp.ones((), bool),
    fall_m=none,
    health=jnp.full((), MAX_HEALTH, jnp.float32),
    food=jnp.full((), MAX_FOOD, jnp.float32),
    hurt_ticks=zero,
    last_damage=none,
    attack_ticks=jnp.full((), RESTED_TICKS, jnp.int32),
    swing_ticks=jnp.full((), RESTED_TICKS, jnp.int32),
    miss_ticks=zero,
    mine_cell=jnp.full((), NO_CELL, jnp.int32),
    mine_progress=none,
    mine_delay=zero,
    use_delay=zero,
    jump_delay=zero,
    hotbar=zero,
    held_item=zero,
    saturation=jnp.full((), START_SATURATION, jnp.float32),
    exhaustion=none,
    food_ticks=zero,
    eat_ticks=zero,
    air_ticks=jnp.full((), MAX_AIR_TICKS, jnp.int32),
    fire_ticks=zero,
    is_sprinting=jnp.zeros((), bool),
  )
