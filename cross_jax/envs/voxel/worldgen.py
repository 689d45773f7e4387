"""Procedural worlds: rolling ground, a pond, trees, plants, and what the task needs in sight.

A world is a height map and a list of features (the task's block, distractors, trees, boulders),
each a small template stamped on the ground in turn. One pass over the cells and a loop of scatters,
so that it compiles small and costs little.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.tasks.setup import NUM_DISTRACTOR_BLOCKS, TaskSetup
from cross_jax.envs.voxel import tables
from cross_jax.envs.voxel.cells import direction
from cross_jax.envs.voxel.features import Features, stamp_all
from cross_jax.envs.voxel.mobs import IDLE_TICKS
from cross_jax.envs.voxel.state import MAX_MOBS, NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z, Mobs

BASE_HEIGHT = 8  # y of the ground at the spawn
NUM_WAVES = 3
FLAT_M, ROLLING_M = 4.0, 9.0  # the ground is level up to the first distance from the spawn
MAX_RELIEF = 3  # cells that the ground may rise or fall
MAX_PITCH_DEG, FISH_PITCH_DEG = 15.0, 10.0  # of the first gaze, and more of it by a pond
TARGET_SPREAD_DEG = 50.0  # the task's block lies this far to the side of the first gaze at most
TARGET_MIN_M, TARGET_MAX_M = 3.0, 6.5  # from the spawn, before rounding to a cell
CLEAR_DEG = 35.0  # from the direction of the task's block that other things keep
POND_RADIUS_M, FISH_POND_RADIUS_M = 2.2, 2.9
FISH_POND_M = 4.0  # from the spawn to the middle of the pond, straight ahead
POND_DEPTH = 2  # cells
NUM_TREES, NUM_BOULDERS = 5, 2
MARGIN = 3  # cells that features keep from the world's edge
SAND_SHARE, PLANT_SHARE, ORE_SHARE = 0.2, 0.03, 0.03
PLANT_FREE_M = 4.0

_WOODS = ("oak", "birch", "spruce")
_PLANTS = ("grass", "dandelion", "poppy", "cornflower", "azure_bluet")
_BOULDERS = ("stone", "cobblestone", "andesite", "diorite", "coal_ore", "iron_ore")
_ORES = ("coal_ore", "iron_ore", "gold_ore", "redstone_ore", "diamond_ore")
_GUI_BLOCK = np.asarray(
  [0, 0, tables.BLOCKS.index["crafting_table"], tables.BLOCKS.index["furnace"]], np.int32
)  # by layout.GUI_*


def _ids(names: tuple[str, ...]) -> np.ndarray:
  return np.asarray([tables.BLOCKS.index[name] for name in names], np.int32)


class Spawn(NamedTuple):
  pos: jax.Array  # float32[3], m
  yaw_deg: jax.Array  # float32[]
  pitch_deg: jax.Array  # float32[]


def generate(setup: TaskSetup, rng: jax.Array) -> tuple[jax.Array, Spawn, Mobs]:
  """A world for a task.

  The task's block stands TARGET_MIN_M..TARGET_MAX_M from the player, within TARGET_SPREAD_DEG of
  the first gaze, on ground whose steps are at most one block; its mobs stand 2..7 m ahead, swimmers
  in a pond at whose edge the player is.

  Args:
    setup: the task's row.
    rng: uint32[2].
  Returns:
    (blocks uint16[NUM_CELLS], spawn, mobs).
  """
  names = ("spawn", "waves", "features", "pond", "mobs")
  keys = dict(zip(names, jax.random.split(rng, len(names))))
  draws = jax.random.uniform(keys["spawn"], (6,))
  column = jnp.floor(13.0 + 6.0 * draws[:2])
  yaw = draws[2] * 360.0 - 180.0
  center = column + 0.5  # float32[2], m, x and z of the spawn
  is_fish = setup.needs_water
  aim = jnp.where(
    setup.target_block > 0, yaw + (draws[4] * 2 - 1) * TARGET_SPREAD_DEG, yaw
  )  # degrees, towards what the task is about

  pond = _pond(keys["pond"], center, aim, is_fish)
  height, is_pond = _ground(keys["waves"], center, pond)
  is_sand = draws[5] < SAND_SHARE
  seed = jax.random.bits(keys["waves"], (), jnp.uint32)
  blocks = _fill(height, is_pond, is_sand, center, seed)
  features = _features(keys["features"], setup, is_sand, center, aim)
  blocks = stamp_all(blocks, height, is_pond, features)

  pos = jnp.stack([center[0], jnp.float32(BASE_HEIGHT + 1), center[1]])
  mobs = _mobs(keys["mobs"], setup, center, yaw, height)
  pitch = draws[3] * MAX_PITCH_DEG + jnp.where(is_fish, FISH_PITCH_DEG, 0.0)
  return blocks.astype(jnp.uint16), Spawn(pos, yaw, pitch), mobs


def _towards(center: jax.Array, yaw_deg: jax.Array, distance_m: jax.Array) -> jax.Array:
  """float32[..., 2], the points (x, z) `distance_m` away from `center` [2] or [..., 2]."""
  away = direction(yaw_deg, jnp.zeros_like(yaw_deg))
  flat = jnp.stack([away[..., 0], away[..., 2]], axis=-1)
  center = center.reshape((1,) * (flat.ndim - center.ndim) + center.shape)
  return center + flat * jnp.expand_dims(distance_m, -1)


def _columns() -> jax.Array:
  """float32[SIZE_Z, SIZE_X, 2], the middles (x, z) of the columns of cells."""
  z, x = np.meshgrid(np.arange(SIZE_Z) + 0.5, np.arange(SIZE_X) + 0.5, indexing="ij")
  return jnp.asarray(np.stack([x, z], axis=-1), jnp.float32)


def _distance(points: jax.Array, center: jax.Array) -> jax.Array:
  return jnp.sqrt(jnp.sum((points - center[None, None]) ** 2, axis=-1))


def _pond(rng, center, aim, is_fish):
  """(middle float32[2], radius float32[]): before a fisher's feet, else somewhere far."""
  draws = jax.random.uniform(rng, (2,))
  angle = jnp.where(is_fish, aim, aim + 60.0 + 240.0 * draws[0])
  middle = _towards(center, angle, jnp.where(is_fish, FISH_POND_M, 9.5 + 2.0 * draws[1]))
  return middle, jnp.where(is_fish, FISH_POND_RADIUS_M, POND_RADIUS_M)


def _ground(rng, center, pond):
  """(height int32[SIZE_Z, SIZE_X] of the top cell, is_pond bool[SIZE_Z, SIZE_X])."""
  columns = _columns()
  draws = jax.random.uniform(rng, (NUM_WAVES, 3))
  angle = draws[:, 0] * 2 * np.pi
  length = 15.0 + 13.0 * draws[:, 1]  # m, of the waves: the steps stay within one cell
  along = (
    columns[..., 0, None] * jnp.cos(angle)[None, None]
    + columns[..., 1, None] * jnp.sin(angle)[None, None]
  )
  phase = along / length[None, None] * 2 * np.pi + draws[:, 2][None, None] * 2 * np.pi
  relief = jnp.sum(jnp.sin(phase), axis=-1)
  distance = _distance(columns, center)
  relief = relief * jnp.clip((distance - FLAT_M) / (ROLLING_M - FLAT_M), 0.0, 1.0)
  middle, radius = pond
  shore = _distance(columns, middle)
  relief = relief * jnp.clip((shore - radius - 1.5) / 3.0, 0.0, 1.0)  # ponds lie in level ground
  relief = jnp.clip(jnp.round(relief), -MAX_RELIEF, MAX_RELIEF).astype(jnp.int32)
  return BASE_HEIGHT + relief, shore < radius


def _fill(height, is_pond, is_sand, center, seed):
  """int32[NUM_CELLS], the ground, the pond and the plants."""
  y = jnp.arange(SIZE_Y, dtype=jnp.int32)[:, None, None]
  top = height[None]
  index = jnp.arange(NUM_CELLS, dtype=jnp.uint32).reshape(SIZE_Y, SIZE_Z, SIZE_X)
  noise = _hash(index ^ seed)
  share = (noise >> 8).astype(jnp.float32) / float(1 << 24)
  block = {n: tables.BLOCKS.index[n] for n in ("stone", "dirt", "grass_block", "sand", "water")}
  ores = jnp.asarray(_ids(_ORES))[(noise % len(_ORES)).astype(jnp.int32)]
  rock = jnp.where(share < ORE_SHARE, ores, block["stone"])
  soil = jnp.where(is_sand, block["sand"], block["dirt"])
  turf = jnp.where(is_sand, block["sand"], block["grass_block"])
  cells = jnp.where(y < top - 3, rock, jnp.where(y < top, soil, turf))
  cells = jnp.where(y <= top, cells, 0)
  plants = jnp.asarray(_ids(_PLANTS))[(noise % len(_PLANTS)).astype(jnp.int32)]
  is_far = (_distance(_columns(), center) > PLANT_FREE_M) & ~is_pond & ~is_sand
  cells = jnp.where((y == top + 1) & is_far[None] & (share < PLANT_SHARE), plants, cells)
  is_wet = is_pond[None] & (y <= top) & (y > top - POND_DEPTH)
  cells = jnp.where(is_wet, block["water"], cells)
  return jnp.where(y == 0, tables.BLOCKS.index["bedrock"], cells).reshape(NUM_CELLS)


def _hash(x: jax.Array) -> jax.Array:
  """uint32 bits that look random. Source: the finaliser of MurmurHash3."""
  x = (x ^ (x >> 16)) * np.uint32(0x85EBCA6B)
  x = (x ^ (x >> 13)) * np.uint32(0xC2B2AE35)
  return x ^ (x >> 16)


def _features(rng, setup, is_sand, center, aim):
  """What is stamped, in order: trees, boulders, distractors, the GUI's block, the task's block."""
  count = NUM_TREES + NUM_BOULDERS + NUM_DISTRACTOR_BLOCKS + 2
  draws = jax.random.uniform(rng, (count, 4))
  pick = lambda names: jnp.asarray(_ids(names))[
    jnp.minimum((draws[:, 0] * len(names)).astype(jnp.int32), len(names) - 1)
  ]
  woods = jnp.where(is_sand, 0, pick(tuple(f"{wood}_log" for wood in _WOODS)))
  gui_block = jnp.asarray(_GUI_BLOCK)[setup.gui]
  block = jnp.concatenate(
    [
      woods[:NUM_TREES],
      pick(_BOULDERS)[NUM_TREES : NUM_TREES + NUM_BOULDERS],
      jnp.asarray(setup.distractor_block, jnp.int32),
      gui_block[None],
      jnp.asarray(setup.target_block, jnp.int32)[None],
    ]
  )
  near = np.asarray(
    [8.0] * NUM_TREES + [7.0] * NUM_BOULDERS + [5.5] * NUM_DISTRACTOR_BLOCKS + [2.0, TARGET_MIN_M]
  )
  far = np.asarray(
    [14.0] * NUM_TREES
    + [12.0] * NUM_BOULDERS
    + [10.0] * NUM_DISTRACTOR_BLOCKS
    + [2.0, TARGET_MAX_M]
  )
  near, far = jnp.asarray(near, jnp.float32), jnp.asarray(far, jnp.float32)
  offset = CLEAR_DEG + (360.0 - 2 * CLEAR_DEG) * draws[:, 1]
  is_aimed = jnp.arange(count) >= count - 2
  offset = jnp.where(is_aimed, 0.0, offset)
  spot = _towards(center, aim + offset, near + (far - near) * draws[:, 2])
  spot = jnp.clip(jnp.floor(spot).astype(jnp.int32), MARGIN, SIZE_X - 1 - MARGIN)
  return Features(block, spot, draws[:, 3])


def _mobs(rng, setup, center, yaw, height):
  """Mobs, the first `num_mobs` slots filled, ahead of the player."""
  draws = jax.random.uniform(rng, (MAX_MOBS, 4))
  side = draws[:, 0] * 2 - 1  # m
  # metres: swimmers far enough from the edge to be in the first picture
  ahead = jnp.where(setup.needs_water, 3.0 + 3.0 * draws[:, 1], 2.0 + 5.0 * draws[:, 1])
  yaws = jnp.full((MAX_MOBS,), yaw)
  x_z = _towards(_towards(center, yaws, ahead), yaws + 90.0, side)
  cell = jnp.floor(x_z).astype(jnp.int32)
  ground = height[cell[:, 1], cell[:, 0]].astype(jnp.float32) + 1.0
  y = ground - jnp.where(setup.needs_water, 0.9, 0.0)
  is_there = jnp.arange(MAX_MOBS) < setup.num_mobs
  kind = jnp.where(is_there, setup.mob_kind, 0).astype(jnp.int32)
  is_flying = jnp.asarray(tables.MOBS.behavior)[kind] == tables.FLYING
  y = y + jnp.where(is_flying, 1.0, 0.0)
  pos = jnp.stack([x_z[:, 0], y, x_z[:, 1]], axis=-1)
  return Mobs(
    kind=kind,
    pos=jnp.where(is_there[:, None], pos, 0.0),
    vel=jnp.zeros((MAX_MOBS, 3)),
    yaw_deg=draws[:, 2] * 360.0,
    health=jnp.asarray(tables.MOBS.max_health)[kind],
    hurt_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
    think_ticks=(draws[:, 3] * IDLE_TICKS).astype(jnp.int32),
    fire_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
    timer_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
    detour_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
  )
