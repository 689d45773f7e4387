"""What the crosshair points at: the first block, or the mob before it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules.cells import block_at, cell_index, eye_of, gaze_of, to_cell
from cross_jax.envs.voxel.state import NO_CELL, Aim, Mobs, State

BLOCK_REACH_M = 4.5
MELEE_REACH_M = 3.0
NO_MOB = -1
_CROSSINGS = 5  # cell walls that a gaze of BLOCK_REACH_M can cross along one axis


class Hit(NamedTuple):
  cell: jax.Array  # int32[], index of the first block on the gaze, or NO_CELL
  front: jax.Array  # int32[], index of the cell on this side of it, or NO_CELL
  distance: jax.Array  # float32[], m along the gaze, inf without a hit


class MobHit(NamedTuple):
  slot: jax.Array  # int32[], the first mob on the gaze, or NO_MOB
  distance: jax.Array  # float32[], m along the gaze, inf without one


def take_aim(state: State, action: RawAction, params: Params) -> State:
  """Notes what the gaze meets."""
  return state._replace(aim=aim_of(state))


def aim_of(state: State) -> Aim:
  """What the gaze meets: a mob hides the block behind it, and beyond MELEE_REACH_M is not met.

  Source: Minecraft 1.16 GameRenderer.pick.
  """
  eye, gaze = eye_of(state.player), gaze_of(state.player)
  hit, foe = cast(state.blocks, eye, gaze), cast_mobs(state.mobs, eye, gaze)
  is_mob = foe.distance < hit.distance
  return Aim(
    cell=jnp.where(is_mob, NO_CELL, hit.cell),
    front=jnp.where(is_mob, NO_CELL, hit.front),
    mob=jnp.where(is_mob & (foe.distance <= MELEE_REACH_M), foe.slot, NO_MOB),
  )


def cast(blocks: jax.Array, eye: jax.Array, gaze: jax.Array) -> Hit:
  """The first block within BLOCK_REACH_M that can be pointed at (visible and not a liquid).

  Every wall the ray can cross is met at once: the cell behind the k-th wall of an axis is known,
  and the nearest occupied one is the hit.

  Args:
    blocks: uint16[NUM_CELLS].
    eye: float32[3], m.
    gaze: float32[3], unit vector.
  Returns:
    Hit; plants fill their whole cell.
  """
  steps = jnp.arange(_CROSSINGS, dtype=jnp.int32)
  is_forward = gaze >= 0
  speed = jnp.where(jnp.abs(gaze) < 1e-7, 1e-7, jnp.abs(gaze))
  start = to_cell(eye)
  cells, times, fronts = [start[None]], [jnp.zeros((1,), jnp.float32)], [start[None]]
  for axis in range(3):
    sign = jnp.where(is_forward[axis], 1, -1)
    along = start[axis] + sign * (steps + 1)
    wall = jnp.where(is_forward[axis], along, along + 1).astype(jnp.float32)
    time = jnp.abs(wall - eye[axis]) / speed[axis]
    cell = to_cell(eye[None] + gaze[None] * time[:, None]).at[:, axis].set(along)
    cells.append(cell)
    fronts.append(cell.at[:, axis].set(along - sign))
    times.append(time)
  cell, front = jnp.concatenate(cells), jnp.concatenate(fronts)
  time = jnp.concatenate(times)
  block = block_at(blocks, cell)
  is_target = jnp.asarray(tables.BLOCKS.is_visible & ~tables.BLOCKS.is_liquid)[block]
  time = jnp.where(is_target & (time <= BLOCK_REACH_M), time, jnp.inf)
  first = jnp.argmin(time)
  is_hit = jnp.isfinite(time[first])
  return Hit(
    jnp.where(is_hit, cell_index(cell[first]), NO_CELL),
    jnp.where(is_hit & (first > 0), cell_index(front[first]), NO_CELL),
    time[first],
  )


def cast_mobs(mobs: Mobs, eye: jax.Array, gaze: jax.Array) -> MobHit:
  """The first mob within BLOCK_REACH_M whose box the ray from float32[3] `eye` enters."""
  half = jnp.asarray(tables.MOBS.width)[mobs.kind] / 2
  tall = jnp.asarray(tables.MOBS.height)[mobs.kind]
  low = mobs.pos - jnp.stack([half, jnp.zeros_like(half), half], axis=-1)
  high = mobs.pos + jnp.stack([half, tall, half], axis=-1)
  speed = jnp.where(jnp.abs(gaze) < 1e-7, 1e-7, gaze)[None]
  one, other = (low - eye[None]) / speed, (high - eye[None]) / speed
  enter = jnp.maximum(jnp.max(jnp.minimum(one, other), axis=-1), 0.0)
  leave = jnp.min(jnp.maximum(one, other), axis=-1)
  is_hit = (mobs.kind > 0) & (leave >= enter) & (enter <= BLOCK_REACH_M)
  distance = jnp.where(is_hit, enter, jnp.inf)
  first = jnp.argmin(distance).astype(jnp.int32)
  return MobHit(jnp.where(is_hit[first], first, NO_MOB), distance[first])
