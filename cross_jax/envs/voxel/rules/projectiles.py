"""What mobs shoot and throw: arrows, fireballs, potions, spit, and how they fly and hit.

One mob a tick looks whether it can shoot (slot = tick modulo MAX_MOBS): it must be angry, in range,
rested (or nearly: what it shoots too early it rests longer) and see the player's eyes. Source:
Minecraft 1.16's projectiles and ranged goals for speed, gravity and pauses; an archer draws for 20
ticks, 40 after the last arrow, on hard difficulty 20. Deviations: a shot that meets a block is
gone; beams, fangs and bullets fly like the rest; a potion hurts like a hit; pillagers shoot as
often as skeletons; damage is the mob table's, not by the arrow's speed.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import HARD, Params
from cross_jax.envs.voxel.rules import chance, combat
from cross_jax.envs.voxel.rules.cells import eye_of, is_solid_at, to_cell
from cross_jax.envs.voxel.rules.health import hurt
from cross_jax.envs.voxel.rules.mobs import is_angry
from cross_jax.envs.voxel.rules.rounding import rounded
from cross_jax.envs.voxel.state import (
  MAX_MOBS,
  MAX_PROJECTILES,
  PLAYER_HEIGHT,
  PLAYER_WIDTH,
  Projectiles,
  State,
)


class Shot(NamedTuple):
  speed: float  # m per tick
  gravity: float  # m per tick^2
  drag: float  # of the velocity, per tick
  pause_ticks: int
  hard_pause_ticks: int  # on hard difficulty
  range_m: float
  is_fire: bool
  spread: float  # m per tick, at most, of each axis


_SHOTS = {
  "none": Shot(0.0, 0.0, 1.0, 1, 1, 0.0, False, 0.0),
  "arrow": Shot(1.6, 0.05, 0.99, 60, 40, 15.0, False, 0.10),
  "small_fireball": Shot(1.0, 0.0, 1.0, 40, 40, 24.0, True, 0.05),
  "fireball": Shot(0.8, 0.0, 1.0, 60, 60, 32.0, False, 0.02),
  "potion": Shot(0.75, 0.05, 0.99, 60, 60, 10.0, False, 0.04),
  "spit": Shot(1.5, 0.06, 0.99, 40, 40, 10.0, False, 0.08),
  "bullet": Shot(0.5, 0.0, 1.0, 60, 60, 16.0, False, 0.0),
  "beam": Shot(1.9, 0.0, 1.0, 80, 80, 15.0, False, 0.0),
  "fangs": Shot(1.0, 0.0, 1.0, 100, 100, 16.0, False, 0.0),
  "trident": Shot(1.6, 0.05, 0.99, 40, 40, 10.0, False, 0.10),
  "snowball": Shot(1.6, 0.03, 0.99, 20, 20, 10.0, False, 0.10),
}  # by tables.SHOT_NAMES
_TABLE = Shot(*(np.asarray(c) for c in zip(*(_SHOTS[name] for name in tables.SHOT_NAMES))))
_SPEED, _GRAVITY, _DRAG, _RANGE, _SPREAD = (
  np.asarray(a, np.float32)
  for a in (_TABLE.speed, _TABLE.gravity, _TABLE.drag, _TABLE.range_m, _TABLE.spread)
)
HALF_TURN = MAX_MOBS // 2  # ticks that a mob shoots early rather than a turn late
MAX_AGE = 100  # ticks
HIT_MARGIN_M = 0.3  # around the player's body
PUSH = 0.4  # m per tick, of a hit
FIRE_TICKS = 100  # of a small fireball
_SIGHT_STEPS = 24  # points of the line of sight
_FLIGHT_STEPS = 3  # points of a tick's flight that are looked at


def shoot(state: State, action: RawAction, params: Params) -> State:
  """The mob whose turn it is shoots, if it can; all of them rest."""
  animals, player = state.mobs, state.player
  shots = jnp.asarray(tables.MOBS.shot)[animals.kind]
  rest = jnp.where(shots > 0, jnp.maximum(animals.timer_ticks - 1, 0), animals.timer_ticks)
  slot = state.tick % MAX_MOBS
  kind, shot = animals.kind[slot], shots[slot]
  muzzle = animals.pos[slot].at[1].add(jnp.asarray(tables.MOBS.height)[kind] * 0.85)
  offset = eye_of(player) - jnp.asarray([0.0, 0.4, 0.0]) - muzzle
  distance = jnp.maximum(jnp.sqrt(jnp.sum(offset * offset)), 0.1)
  part = (np.arange(_SIGHT_STEPS, dtype=np.float32) + 0.5) / _SIGHT_STEPS
  line = muzzle[None] + offset[None] * jnp.asarray(part)[:, None]
  is_seen = ~jnp.any(is_solid_at(state.blocks, to_cell(line)))
  is_ready = (shot > 0) & (rest[slot] <= HALF_TURN) & is_angry(animals)[slot] & (player.health > 0)
  is_shot = is_ready & is_seen & (distance <= jnp.asarray(_RANGE)[shot])

  speed, gravity = jnp.asarray(_SPEED)[shot], jnp.asarray(_GRAVITY)[shot]
  ticks = distance / jnp.maximum(speed, 0.1)
  lift = 0.5 * gravity * ticks  # m per tick, what gravity takes on the way
  spread = (chance.shot_draws(state) * 2 - 1) * jnp.asarray(_SPREAD)[shot]
  spread, lift = rounded(spread, state.tick), rounded(lift, state.tick)
  vel = (rounded(offset / distance * speed, state.tick) + spread).at[1].add(lift)
  damage = combat.mob_damage(kind[None], params)[0]
  air = state.projectiles
  free = jnp.argmax(jnp.where(air.kind == 0, MAX_AGE + 1, air.age))
  is_it = (jnp.arange(MAX_PROJECTILES) == free) & is_shot
  pauses = _TABLE.hard_pause_ticks if params.difficulty == HARD else _TABLE.pause_ticks
  pause = jnp.asarray(np.asarray(pauses, np.int32))[shot] + rest[slot]
  rest = jnp.where((jnp.arange(MAX_MOBS) == slot) & is_shot, pause, rest)
  return state._replace(
    mobs=animals._replace(timer_ticks=rest),
    projectiles=Projectiles(
      jnp.where(is_it, shot, air.kind),
      jnp.where(is_it[:, None], muzzle[None], air.pos),
      jnp.where(is_it[:, None], vel[None], air.vel),
      jnp.where(is_it, damage, air.damage),
      jnp.where(is_it, 0, air.age),
    ),
  )


def are_flying(state: State) -> jax.Array:
  """bool[], whether a shot is in the air."""
  return jnp.any(state.projectiles.kind > 0)


def fly(state: State, action: RawAction, params: Params) -> State:
  """All shots fly one tick; the first that meets the player hurts him, blocks stop them."""
  air, player = state.projectiles, state.player
  part = (np.arange(_FLIGHT_STEPS, dtype=np.float32) + 1) / _FLIGHT_STEPS
  path = air.pos[:, None] + air.vel[:, None] * jnp.asarray(part)[None, :, None]
  is_there = air.kind > 0
  is_stopped = is_solid_at(state.blocks, to_cell(path))
  middle = player.pos + jnp.asarray([0.0, PLAYER_HEIGHT / 2, 0.0])
  reach = np.asarray([PLAYER_WIDTH, PLAYER_HEIGHT, PLAYER_WIDTH], np.float32) / 2 + HIT_MARGIN_M
  is_near = jnp.all(jnp.abs(path - middle[None, None]) <= reach[None, None], axis=-1)
  is_clear = jnp.cumsum(is_stopped, axis=1) == 0
  is_hit = jnp.any(is_near & is_clear, axis=1) & is_there & (player.health > 0)
  slot = jnp.argmax(is_hit)
  is_struck = is_hit[slot]
  is_gone = is_hit | jnp.any(is_stopped, axis=1) | (air.age >= MAX_AGE)
  vel = air.vel * jnp.asarray(_DRAG)[air.kind][:, None]
  vel = vel.at[:, 1].add(-jnp.asarray(_GRAVITY)[air.kind])
  kept = jnp.where(is_there & ~is_gone, air.kind, 0)

  flat = air.vel[slot] * jnp.asarray([1.0, 0.0, 1.0])
  push = flat / jnp.maximum(jnp.sqrt(jnp.sum(flat * flat)), 1e-3) * PUSH
  push = rounded(push, state.tick)
  is_vulnerable = is_struck & (player.hurt_ticks == 0)
  is_fire = jnp.asarray(np.asarray(_TABLE.is_fire))[air.kind[slot]] & is_vulnerable
  player = player._replace(
    vel=player.vel + jnp.where(is_vulnerable, push, 0.0),
    fire_ticks=jnp.where(is_fire, jnp.maximum(player.fire_ticks, FIRE_TICKS), player.fire_ticks),
  )
  state = state._replace(
    player=player,
    projectiles=Projectiles(
      kept,
      jnp.where(is_there[:, None], path[:, -1], air.pos),
      jnp.where(is_there[:, None], vel, air.vel),
      air.damage,
      jnp.where(is_there, air.age + 1, air.age),
    ),
  )
  return hurt(state, jnp.where(is_struck, air.damage[slot], 0.0))
