"""Procedural worlds: rolling ground of a biome, a pond, trees, plants, and what the task needs.

A world is a height map and a list of features (the task's block, distractors, trees, boulders),
each a small template stamped on the ground in turn. One pass over the cells and a loop of scatters,
so that it compiles small and costs little.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.tasks.setup import (
  NUM_DISTRACTOR_BLOCKS,
  NUM_DISTRACTOR_MOBS,
  STAT_INTERACT,
  TaskSetup,
)
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules.cells import direction
from cross_jax.envs.voxel.rules.mobs import IDLE_TICKS
from cross_jax.envs.voxel.state import MAX_MOBS, NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z, Mobs
from cross_jax.envs.voxel.world import biomes, templates
from cross_jax.envs.voxel.world.biomes import BIOMES
from cross_jax.envs.voxel.world.features import Features, Land, stamp_all

BASE_HEIGHT = 8  # y of the ground at the spawn
NUM_WAVES = 3
FLAT_M, ROLLING_M = 4.0, 9.0  # the ground is level up to the first distance from the spawn
MAX_RELIEF = 3  # cells that the ground may rise or fall, times the biome's relief
MAX_PITCH_DEG, SHORE_PITCH_DEG = 15.0, 10.0  # of the first gaze, and more of it by a pond
TARGET_SPREAD_DEG = 50.0  # the task's block lies this far to the side of the first gaze at most
TARGET_MIN_M, TARGET_MAX_M = 3.0, 6.5  # from the spawn, before rounding to a cell
HUNG_SPREAD_DEG = 50.0  # from +z, at most, the direction of a block that hangs on a wall
INTERACT_M = 5.0  # the same for a block to use, straight ahead
POND_MIN_M, POND_MAX_M = 3.0, 4.5  # the same for a block in water
CLEAR_DEG = 35.0  # from the direction of the task's block that other things keep
SHORE_RADIUS_M = 2.9  # at least, of a pond with the task's block or mob
SHORE_M = 1.1  # from the spawn to that pond's edge, straight ahead
NUM_TREES, NUM_BOULDERS = 5, 2
MARGIN = 3  # cells that features keep from the world's edge
SAND_SHARE, ORE_SHARE = 0.2, 0.03
PLANT_FREE_M = 4.0
WIDE_M, WIDE_AHEAD_M = 1.5, 2.0  # mobs wider than the first stand farther away by the second

_GUI_BLOCK = np.asarray(
  [0, 0, tables.BLOCKS.index["crafting_table"], tables.BLOCKS.index["furnace"]], np.int32
)  # by layout.GUI_*, those that an episode may start with


class Spawn(NamedTuple):
  pos: jax.Array  # float32[3], m
  yaw_deg: jax.Array  # float32[]
  pitch_deg: jax.Array  # float32[]


def generate(setup: TaskSetup, rng: jax.Array) -> tuple[jax.Array, Spawn, Mobs]:
  """A world for a task.

  The task's block stands TARGET_MIN_M..TARGET_MAX_M from the player, within TARGET_SPREAD_DEG of
  the first gaze, on ground whose steps are at most one block, or in a pond at whose edge the player
  is; a block to use stands INTERACT_M straight ahead. The task's mobs stand 2..7 m ahead, swimmers
  in such a pond; other mobs are elsewhere.

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
  center = column + 0.5  # float32[2], m, x and z of the spawn
  is_aside = (setup.target_block > 0) & (setup.goal_stat != STAT_INTERACT)
  spread = jnp.where(is_aside, (draws[4] * 2 - 1) * TARGET_SPREAD_DEG, 0.0)
  yaw = draws[2] * 360.0 - 180.0
  # what hangs on a wall faces -z, so the player looks towards +z
  is_hung = jnp.asarray(templates.IS_HUNG)[jnp.asarray(templates.KIND)[setup.target_block]]
  yaw = jnp.where(is_hung, (draws[2] * 2 - 1) * HUNG_SPREAD_DEG - spread, yaw)
  aim = yaw + spread  # degrees, towards what the task is about
  plain = jnp.where(draws[5] < SAND_SHARE, biomes.SANDS, biomes.PLAINS)
  biome = jnp.where(setup.biome == biomes.ANY, plain, setup.biome)

  pond = _pond(keys["pond"], center, aim, setup.needs_water, biome)
  land = _ground(keys["waves"], center, pond, biome)
  land = land._replace(is_first=setup.biome == biomes.ANY)
  seed = jax.random.bits(keys["waves"], (), jnp.uint32)
  blocks = _fill(land, biome, center, seed)
  features = _features(keys["features"], setup, biome, center, aim)
  blocks = stamp_all(blocks, land, features)

  pos = jnp.stack([center[0], jnp.float32(BASE_HEIGHT + 1), center[1]])
  mobs = _mobs(keys["mobs"], setup, center, yaw, land)
  mobs = _others(jax.random.fold_in(rng, 2), setup, center, yaw, blocks, mobs)
  pitch = draws[3] * MAX_PITCH_DEG + jnp.where(setup.needs_water, SHORE_PITCH_DEG, 0.0)
  return blocks.astype(jnp.uint16), Spawn(pos, yaw, pitch), mobs


def _of(column: np.ndarray, biome: jax.Array) -> jax.Array:
  """The biome's entry of a column of BIOMES."""
  return jnp.asarray(column)[biome]


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


def _pond(rng, center, aim, needs_water, biome):
  """(middle float32[2], radius float32[]): before the feet where needed, else somewhere far."""
  draws = jax.random.uniform(rng, (2,))
  radius = _of(BIOMES.pond_m, biome)
  radius = jnp.where(needs_water, jnp.maximum(radius, SHORE_RADIUS_M), radius)
  angle = jnp.where(needs_water, aim, aim + 60.0 + 240.0 * draws[0])
  far = jnp.where(needs_water, radius + SHORE_M, 9.5 + 2.0 * draws[1])
  return _towards(center, angle, far), radius


def _ground(rng, center, pond, biome):
  """The Land of a biome."""
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
  scale = _of(BIOMES.relief, biome)
  most = jnp.round(MAX_RELIEF * scale)
  relief = jnp.clip(jnp.round(relief * scale), -most, most).astype(jnp.int32)
  is_fluid = jnp.asarray(tables.BLOCKS.is_liquid)[_of(BIOMES.fluid, biome)]
  depth = _of(BIOMES.pond_depth, biome)
  return Land(BASE_HEIGHT + relief, (shore < radius) & is_fluid, depth, jnp.zeros((), bool))


def _fill(land, biome, center, seed):
  """int32[NUM_CELLS], the ground, the pond and the plants."""
  y = jnp.arange(SIZE_Y, dtype=jnp.int32)[:, None, None]
  top = land.height[None]
  index = jnp.arange(NUM_CELLS, dtype=jnp.uint32).reshape(SIZE_Y, SIZE_Z, SIZE_X)
  noise = _hash(index ^ seed)
  share = (noise >> 8).astype(jnp.float32) / float(1 << 24)
  pick = lambda column: _of(column, biome)[(noise % column.shape[1]).astype(jnp.int32)]
  rock = jnp.where(share < ORE_SHARE, pick(BIOMES.ores), _of(BIOMES.rock, biome))
  soil, turf = _of(BIOMES.soil, biome), _of(BIOMES.turf, biome)
  cells = jnp.where(y < top - 3, rock, jnp.where(y < top, soil, turf))
  cells = jnp.where(y <= top, cells, 0)
  is_above = (y == top + 1) & ~land.is_pond[None]
  cells = jnp.where(is_above, _of(BIOMES.cover, biome), cells)
  is_far = _distance(_columns(), center) > PLANT_FREE_M
  is_plant = is_above & is_far[None] & (share < _of(BIOMES.plant_share, biome))
  cells = jnp.where(is_plant, pick(BIOMES.plants), cells)
  floor = top - land.pond_depth
  cells = jnp.where(land.is_pond[None] & (y == floor), _of(BIOMES.bed, biome), cells)
  is_wet = land.is_pond[None] & (y <= top) & (y > floor)
  cells = jnp.where(is_wet, _of(BIOMES.fluid, biome), cells)
  return jnp.where(y == 0, tables.BLOCKS.index["bedrock"], cells).reshape(NUM_CELLS)


def _hash(x: jax.Array) -> jax.Array:
  """uint32 bits that look random. Source: the finaliser of MurmurHash3."""
  x = (x ^ (x >> 16)) * np.uint32(0x85EBCA6B)
  x = (x ^ (x >> 13)) * np.uint32(0xC2B2AE35)
  return x ^ (x >> 16)


def _features(rng, setup, biome, center, aim):
  """What is stamped, in order: extras, trees, boulders, distractors, GUI's block, task's block."""
  count = NUM_TREES + NUM_BOULDERS + NUM_DISTRACTOR_BLOCKS + 2
  draws = jax.random.uniform(rng, (count, 4))
  more = jax.random.uniform(jax.random.fold_in(rng, 1), (biomes.NUM_EXTRAS, 4))

  def pick(column):
    number = column.shape[1]
    return _of(column, biome)[jnp.minimum((draws[:, 0] * number).astype(jnp.int32), number - 1)]

  is_tree = jnp.arange(NUM_TREES) < _of(BIOMES.num_trees, biome)
  block = jnp.concatenate(
    [
      _of(BIOMES.extras, biome),
      jnp.where(is_tree, pick(BIOMES.logs)[:NUM_TREES], 0),
      pick(BIOMES.boulders)[NUM_TREES : NUM_TREES + NUM_BOULDERS],
      jnp.asarray(setup.distractor_block, jnp.int32),
      jnp.asarray(_GUI_BLOCK)[setup.gui][None],
      jnp.asarray(setup.target_block, jnp.int32)[None],
    ]
  )
  near, far = _target_range(setup)
  ranges = [(7.0, 14.0, biomes.NUM_EXTRAS), (8.0, 14.0, NUM_TREES), (7.0, 12.0, NUM_BOULDERS),
            (5.5, 10.0, NUM_DISTRACTOR_BLOCKS), (2.0, 2.0, 1)]  # fmt: skip
  low, high = (np.repeat([r[i] for r in ranges], [r[2] for r in ranges]) for i in (0, 1))
  near = jnp.concatenate([jnp.asarray(low, jnp.float32), near[None]])
  far = jnp.concatenate([jnp.asarray(high, jnp.float32), far[None]])
  draws = jnp.concatenate([more, draws])
  offset = CLEAR_DEG + (360.0 - 2 * CLEAR_DEG) * draws[:, 1]
  is_aimed = jnp.arange(len(offset)) >= len(offset) - 2
  offset = jnp.where(is_aimed, 0.0, offset)
  spot = _towards(center, aim + offset, near + (far - near) * draws[:, 2])
  spot = jnp.clip(jnp.floor(spot).astype(jnp.int32), MARGIN, SIZE_X - 1 - MARGIN)
  return Features(block, spot, draws[:, 3])


def _target_range(setup):
  """(near, far) float32[], m from the spawn between which the task's block stands."""
  is_used = setup.goal_stat == STAT_INTERACT
  near = jnp.where(is_used, INTERACT_M, jnp.where(setup.needs_water, POND_MIN_M, TARGET_MIN_M))
  far = jnp.where(is_used, INTERACT_M, jnp.where(setup.needs_water, POND_MAX_M, TARGET_MAX_M))
  return near, far


def _mobs(rng, setup, center, yaw, land):
  """Mobs, the first `num_mobs` slots filled, ahead of the player."""
  draws = jax.random.uniform(rng, (MAX_MOBS, 4))
  is_there = jnp.arange(MAX_MOBS) < setup.num_mobs
  kind = jnp.where(is_there, setup.mob_kind, 0).astype(jnp.int32)
  width, tall = jnp.asarray(tables.MOBS.width)[kind], jnp.asarray(tables.MOBS.height)[kind]
  side = draws[:, 0] * 2 - 1  # m
  # metres: swimmers far enough from the edge to be in the first picture
  ahead = jnp.where(setup.needs_water, 3.0 + 3.0 * draws[:, 1], 2.0 + 5.0 * draws[:, 1])
  ahead = ahead + jnp.where(width > WIDE_M, WIDE_AHEAD_M, 0.0)
  yaws = jnp.full((MAX_MOBS,), yaw)
  x_z = _towards(_towards(center, yaws, ahead), yaws + 90.0, side)
  cell = jnp.floor(x_z).astype(jnp.int32)
  ground = land.height[cell[:, 1], cell[:, 0]].astype(jnp.float32) + 1.0
  deep = land.pond_depth.astype(jnp.float32)
  sunk = jnp.clip(tall + 0.1, 0.9, deep - 0.1)  # m, its feet below the shore
  y = ground - jnp.where(setup.needs_water, sunk, 0.0)
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
    last_damage=jnp.zeros((MAX_MOBS,), jnp.float32),
    think_ticks=(draws[:, 3] * IDLE_TICKS).astype(jnp.int32),
    fire_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
    timer_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
    detour_ticks=jnp.zeros((MAX_MOBS,), jnp.int32),
  )


def _others(rng, setup, center, yaw, blocks, mobs):
  """`mobs` with the distractors in their last slots, on free ground aside from the task's own."""
  draws = jax.random.uniform(rng, (NUM_DISTRACTOR_MOBS, 2))
  angle = yaw + CLEAR_DEG + (360.0 - 2 * CLEAR_DEG) * draws[:, 0]
  x_z = jnp.floor(_towards(center, angle, 5.0 + 4.0 * draws[:, 1])) + 0.5
  x_z = jnp.clip(x_z, MARGIN + 0.5, SIZE_X - MARGIN - 0.5)
  cell = jnp.floor(x_z).astype(jnp.int32)
  columns = blocks.reshape(SIZE_Y, SIZE_Z, SIZE_X)[:, cell[:, 1], cell[:, 0]]
  is_filled = columns > 0
  top = SIZE_Y - 1 - jnp.argmax(is_filled[::-1], axis=0)
  pos = jnp.stack([x_z[:, 0], (top + 1).astype(jnp.float32), x_z[:, 1]], axis=-1)
  kind = jnp.asarray(setup.distractor_mob, jnp.int32)
  is_other = jnp.arange(MAX_MOBS) >= MAX_MOBS - NUM_DISTRACTOR_MOBS
  pad = lambda a: jnp.concatenate([jnp.zeros((MAX_MOBS - len(a), *a.shape[1:]), a.dtype), a])
  is_there = is_other & (pad(kind) > 0)
  kind = jnp.where(is_there, pad(kind), mobs.kind)
  return mobs._replace(
    kind=kind,
    pos=jnp.where(is_there[:, None], pad(pos), mobs.pos),
    health=jnp.asarray(tables.MOBS.max_health)[kind],
  )
