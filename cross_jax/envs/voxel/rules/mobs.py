"""What mobs want: wander, flee, chase, keep a shot's distance, go around what they cannot jump.

`think_ticks`: a calm mob counts it down: above STROLL_TICKS it flees, then it strolls, below
IDLE_TICKS it stands, at 0 it draws a new heading. An angry mob heads for the player, and
`think_ticks` is the rest of its attack cool-down. The way is greedy: straight ahead, jumping at
obstacles; before a wall that is too high it turns aside for DETOUR_TICKS (`detour_ticks`, whose
sign is the side) and tries again.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules.cells import direction, is_solid_at, to_cell
from cross_jax.envs.voxel.state import MAX_MOBS, Mobs

SWIM, FLY, HOP, STILL = (tables.GAIT_NAMES.index(name) for name in ("swim", "fly", "hop", "still"))
FUSE, TELEPORT = (tables.TRICK_NAMES.index(name) for name in ("fuse", "teleport"))
IDLE_TICKS = 40  # below: stands
STROLL_TICKS = 80  # up to: strolls; above: flees
FLEE_TICKS = 120  # think_ticks of a mob that was just hit
FLEE_FACTOR, MAX_FLEE_SPEED = 1.6, 0.17  # the player walks at 0.2159 m per tick
SIGHT_M = 16.0
STANDOFF_M = 0.9  # an angry mob comes no nearer than this, centre to centre
SHOT_STANDOFF_M = 7.0  # and one that shoots not nearer than this
DETOUR_TICKS, DETOUR_DEG = 15, 75.0
FUSE_M = 3.0  # at which a creeper stops and its fuse burns
_STANDOFF = np.where(
  np.asarray(tables.MOBS.shot) > 0, SHOT_STANDOFF_M, np.maximum(STANDOFF_M, tables.MOBS.width / 2)
).astype(np.float32)


def heading_deg(offset: jax.Array) -> jax.Array:
  """float32[...], the yaw that looks along float32[..., 3] `offset`."""
  return jnp.rad2deg(jnp.arctan2(-offset[..., 0], offset[..., 2]))


def is_angry(mobs: Mobs) -> jax.Array:
  """bool[MAX_MOBS], whether a mob is after the player: hostile, or neutral and hurt."""
  temper = jnp.asarray(tables.MOBS.temper)[mobs.kind]
  is_hurt = mobs.health < jnp.asarray(tables.MOBS.max_health)[mobs.kind]
  return ((temper == 2) | ((temper == 1) & is_hurt)) & (mobs.kind > 0)


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
  aside = jnp.sign(mobs.detour_ticks).astype(jnp.float32) * DETOUR_DEG
  yaw = jnp.where(is_chasing, heading_deg(offset) + aside, yaw)

  pace = jnp.asarray(tables.MOBS.speed)[mobs.kind]
  flight = jnp.minimum(pace * FLEE_FACTOR, MAX_FLEE_SPEED)
  calm = jnp.where(left > STROLL_TICKS, flight, jnp.where(left > IDLE_TICKS, pace, 0.0))
  is_fusing = (jnp.asarray(tables.MOBS.trick)[mobs.kind] == FUSE) & (mobs.timer_ticks > 0)
  is_near = distance <= jnp.asarray(_STANDOFF)[mobs.kind]
  chase = jnp.where(is_near | is_fusing, 0.0, pace)
  speed = jnp.where(is_chasing, chase, calm)
  return mobs._replace(yaw_deg=yaw, think_ticks=jnp.where(is_new, drawn, left)), speed


def detour(blocks: jax.Array, mobs: Mobs, is_stopped: jax.Array, draws: jax.Array) -> jax.Array:
  """int32[MAX_MOBS], detour_ticks: an angry walker before a wall of two goes around it.

  Args:
    blocks: uint16[NUM_CELLS].
    mobs: the mobs after the move.
    is_stopped: bool[MAX_MOBS], something is in the way.
    draws: float32[MAX_MOBS] in 0..1: which side.
  """
  ahead = direction(mobs.yaw_deg, jnp.zeros((MAX_MOBS,)))
  reach = jnp.asarray(tables.MOBS.width)[mobs.kind][:, None] / 2 + 0.4
  chest = mobs.pos + ahead * reach + jnp.asarray([[0.0, 1.2, 0.0]])
  is_tall = is_solid_at(blocks, to_cell(chest))
  side = jnp.where(draws < 0.5, -DETOUR_TICKS, DETOUR_TICKS)
  left = mobs.detour_ticks - jnp.sign(mobs.detour_ticks)
  return jnp.where(is_stopped & is_tall & is_angry(mobs) & (left == 0), side, left)
