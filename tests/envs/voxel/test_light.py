"""Light against a slow flood fill, by hand, after edits, and in pictures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from world_driver import Plain, press

from cross_jax.envs.tasks import setup_row
from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.params import MIDNIGHT, NOON
from cross_jax.envs.voxel.render import render_batch
from cross_jax.envs.voxel.render.glow import CURVE, daylight, light_words
from cross_jax.envs.voxel.render.hits import FAR
from cross_jax.envs.voxel.render.shade import _water_tint
from cross_jax.envs.voxel.reset import reset
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z
from cross_jax.envs.voxel.world.biomes import BIOMES, END, NETHER, OVERWORLD
from cross_jax.envs.voxel.world.light import flood_light
from tests.envs.voxel.render_scene import CENTRE, make_state, random_world, stack

STEPS = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))
SHAPE = (SIZE_Y, SIZE_Z, SIZE_X)
shine = jax.jit(flood_light)


def levels(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """(sky, block) levels, [SIZE_Y, SIZE_Z, SIZE_X]."""
  light = np.asarray(shine(jnp.asarray(grid.reshape(NUM_CELLS).astype(np.uint16)))).reshape(SHAPE)
  return light >> 4, light & 15


def slow_flood(grid: np.ndarray, start: dict[tuple[int, int, int], int]) -> np.ndarray:
  """Levels from a queue of cells, the brightest first."""
  level = np.zeros(SHAPE, int)
  queue = [[] for _ in range(16)]
  for cell, value in start.items():
    level[cell] = value
    queue[value].append(cell)
  for value in range(15, 0, -1):
    for cell in queue[value]:
      is_source = start.get(cell, 0) == value
      if level[cell] != value or (BLOCKS.filter_light[grid[cell]] == 15 and not is_source):
        continue
      for step in STEPS:
        to = tuple(np.add(cell, step))
        if min(to) < 0 or any(a >= b for a, b in zip(to, SHAPE)):
          continue
        loss = int(BLOCKS.filter_light[grid[to]])
        new = value - (1 if loss == 15 else max(loss, 1))
        if new > level[to]:
          level[to] = new
          queue[new].append(to)
  return level


@pytest.mark.parametrize("seed", [0, 1])
def test_equals_a_slow_flood(seed):
  names = ("stone", "oak_leaves", "water", "glass", "torch", "glowstone", "oak_slab")
  grid = random_world(seed, num_shapes=80, names=names)
  grid[15, 3:25, 3:25] = BLOCKS.index["stone"]  # a roof, dark below
  sky_start, block_start = {}, {}
  for z in range(SIZE_Z):
    for x in range(SIZE_X):
      for y in range(SIZE_Y - 1, -1, -1):
        if BLOCKS.filter_light[grid[y, z, x]] > 0:
          break
        sky_start[y, z, x] = 15
  for cell in zip(*np.nonzero(BLOCKS.light[grid])):
    block_start[tuple(int(c) for c in cell)] = int(BLOCKS.light[grid[cell]])
  sky, block = levels(grid)
  np.testing.assert_array_equal(sky, slow_flood(grid, sky_start))
  np.testing.assert_array_equal(block, slow_flood(grid, block_start))
  assert len(np.unique(sky)) > 8 and len(np.unique(block)) > 8


def test_a_torch_and_a_shaft_by_hand():
  """A torch gives 14, one less a cell; under a roof with a hole 15 falls straight to the ground."""
  grid = np.zeros(SHAPE, np.uint16)
  grid[10] = BLOCKS.index["stone"]
  grid[10, 8, 8] = 0
  grid[4, 20, 20] = BLOCKS.index["torch"]
  sky, block = levels(grid)
  assert sky[11].min() == 15 and (sky[:10, 8, 8] == 15).all()
  assert (sky[5, 8, 9], sky[5, 9, 9], sky[5, 8, 23]) == (14, 13, 0)
  assert (block[4, 20, 20], block[4, 20, 23], block[5, 22, 23], block[4, 20, 6]) == (14, 11, 8, 0)


def test_edits_change_the_light_of_a_game():
  """Alone and in a batch the light after ticks is that of the cells, whatever was edited."""
  roof = [(x, 12, z) for x in range(14, 20) for z in range(14, 24)]
  game = Plain().put("stone", *roof).hold("torch", 3).with_boxes()
  before = game.state.light.copy()
  game.player(pitch_deg=60.0).run(press("use")).run(press(), 3)
  assert (game.state.blocks == BLOCKS.index["torch"]).sum() == 1
  assert (game.state.light & 15).max() == 14 and (before & 15).max() == 0
  np.testing.assert_array_equal(game.state.light, shine(jnp.asarray(game.state.blocks)))


def test_day_and_night():
  times = np.asarray([NOON, MIDNIGHT, 0, 12_000, 11_000], np.int32)
  overworld = jnp.full((5,), OVERWORLD, jnp.int32)
  day = np.asarray(jax.vmap(daylight)(jnp.asarray(times), overworld))
  np.testing.assert_allclose(day[:4], [1, 0, 0.5, 0.5], atol=1e-5)
  assert day[4] == 1.0  # 2 cos(75 degrees) + 0.5 = 1.02
  noon, night = (np.asarray(light_words(jnp.float32(d))) for d in (1.0, 0.0))
  assert noon[15 << 4] & 0xFFFFFF == 0xFFFFFF  # open sky at noon: just as the texture is
  assert [night[15 << 4] >> s & 255 for s in (0, 8, 16)] == [87, 94, 128]  # 0.34, 0.37, 0.50
  assert [night[14] >> s & 255 for s in (0, 8, 16)] == [255, 240, 209]  # beside a torch
  # Level 3: f = 0.2, c = 0.2 / 3.4 = 0.0588, 2 (1 - 0.9412^4) - c = 0.3718.
  np.testing.assert_allclose(CURVE[[0, 3, 15]], [0, 0.3718, 1], atol=1e-3)


def test_the_nether_and_the_end_have_skies_of_their_own_and_no_night():
  up = {"player": {"pitch_deg": -90.0}, "time_of_day": MIDNIGHT}
  skies = (OVERWORLD, NETHER, END)
  image = np.asarray(render_batch(stack([make_state(sky=s, **up) for s in skies]), (CENTRE,))[0])
  # straight up: the zenith; of (104, 156, 244) at night 0.08, 0.10, 0.16, cut to whole numbers
  assert image[:, 10, 10].tolist() == [[8, 15, 39], [58, 12, 10], [12, 9, 20]]
  setup = setup_row("kill_entity:blaze", 0)
  assert BIOMES.names[setup.biome] == "nether_wastes"
  sky = jax.jit(lambda setup: reset(setup, jax.random.PRNGKey(0)).sky)
  assert int(sky(setup)) == NETHER


def test_a_cave_is_dark_and_a_torch_lights_it():
  """The same wall under the sky, in a closed room, and there with a torch beside the player."""
  wall = np.zeros(SHAPE, np.uint16)
  wall[:, 14, :] = BLOCKS.index["stone"]
  room = wall.copy()
  room[16] = room[8] = room[:, 6] = room[:, :, 8] = room[:, :, 24] = BLOCKS.index["stone"]
  lit = room.copy()
  lit[12, 10, 14] = BLOCKS.index["torch"]
  states = stack([make_state(grid) for grid in (wall, room, lit)])
  image = np.asarray(render_batch(states, (CENTRE,))[0]).astype(float)
  mean = image[:, 30:60, 60:90].mean((1, 2, 3))
  assert mean[1] < 0.2 * mean[0] and mean[2] > 0.8 * mean[0]


def test_water_hides_less_from_a_diver():
  """From above 2 m of water tint by 0.32 + 0.2; in it half is lost at 17 m, little at 5 m.

  Sky seen through water that begins 2 m away: 0.32 + 0.8, cut at 0.92. Under water a level sky is
  40 m away, 1600 / 1889, and the zenith 10 m, 100 / 389, which is below the least tint.
  """
  t = jnp.asarray([3.0, FAR, 17.0, 5.0, FAR, FAR])
  water_t = jnp.asarray([1.0, 2.0, 0.0, 0.0, 0.0, 0.0])
  tint = _water_tint(t, water_t, t >= FAR, jnp.asarray([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]))
  np.testing.assert_allclose(tint, [0.52, 0.92, 0.5, 0.32, 1600 / 1889, 0.32], atol=1e-5)
