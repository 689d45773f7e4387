"""Traversal against a cell-by-cell walk in float64, and a scene worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.render import build_boxes, update_boxes
from cross_jax.envs.voxel.render.hits import (
  FACE_DOWN,
  FACE_UP,
  FACE_X,
  FACE_Z,
  FAR,
  Rays,
  hit_block,
  hit_cell,
  hit_face,
  hit_uv,
)
from cross_jax.envs.voxel.render.trace import trace
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z
from tests.envs.voxel.render_scene import random_world

NUM_RAYS = 2048
EDGE = 2e-3  # m, a ray this near to an edge of a cell may pass on either side


def random_rays(seed: int, origin: np.ndarray) -> Rays:
  rng = np.random.default_rng(seed)
  d = rng.normal(size=(3, NUM_RAYS)) * [[1], [0.5], [1]]
  d = (d / np.linalg.norm(d, axis=0)).astype(np.float32)
  d = np.where(np.abs(d) < 1e-3, np.float32(1e-3), d)
  return Rays(jnp.asarray(origin, jnp.float32), *(jnp.asarray(c) for c in d))


def walk(grid: np.ndarray, origin: np.ndarray, direction: np.ndarray):
  """Amanatides and Woo, cell by cell: (t, cell, face, distance to the nearest edge passed)."""
  position = np.asarray(origin, np.float64)
  d = np.asarray(direction, np.float64)
  cell = np.floor(position).astype(int)
  step = np.where(d > 0, 1, -1)
  t_next = ((cell + (d > 0)) - position) / d
  t_delta = np.abs(1 / d)
  size, t, face, edge = np.asarray([SIZE_X, SIZE_Y, SIZE_Z]), 0.0, -1, np.inf
  while True:
    if grid[cell[1], cell[2], cell[0]]:
      index = (cell[1] * SIZE_Z + cell[2]) * SIZE_X + cell[0]
      return t, index, face, edge
    first, second = np.sort(t_next)[:2]
    edge = min(edge, second - first)
    axis = int(np.argmin(t_next))
    t = t_next[axis]
    cell[axis] += step[axis]
    t_next[axis] += t_delta[axis]
    face = (FACE_X, FACE_DOWN if d[1] > 0 else FACE_UP, FACE_Z)[axis]
    if (cell < 0).any() or (cell >= size).any():
      return FAR, -1, 0, edge


@pytest.fixture(scope="module")
def shoot():
  return jax.jit(lambda boxes, rays: trace(boxes, rays, jnp.float32(SIZE_Y)))


def unit_boxes(grid: np.ndarray) -> jax.Array:
  """Words whose empty boxes are single cells: the plain walk in the renderer's own arithmetic."""
  words = np.asarray(jax.jit(build_boxes)(jnp.asarray(grid.reshape(-1))))
  return jnp.asarray(np.where(grid.reshape(-1) > 0, words, 0).astype(np.int32))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_boxes_change_no_ray(shoot, seed):
  """Boxes against single cells, fresh and after random edits: equal in every bit."""
  rng = np.random.default_rng(seed)
  grid = random_world(seed, num_shapes=70)
  origin = np.asarray([16.3, 12.4, 15.7])
  grid[12, 15, 16] = 0
  rays = random_rays(seed, origin)
  boxes = jax.jit(build_boxes)(jnp.asarray(grid.reshape(-1)))
  update = jax.jit(update_boxes)
  for num_edits in (0, 50):
    for _ in range(num_edits):
      y, z, x = (int(c) for c in rng.integers(0, (SIZE_Y, SIZE_Z, SIZE_X)))
      if (x, y, z) == (16, 12, 15):
        continue
      grid[y, z, x] = 0 if grid[y, z, x] else BLOCKS.index["stone"]
      cell = (y * SIZE_Z + z) * SIZE_X + x
      boxes = update(boxes, jnp.asarray(grid.reshape(-1)), jnp.int32(cell))
    fast, plain = shoot(boxes, rays), shoot(unit_boxes(grid), rays)
    assert (np.asarray(plain.key) > 0).sum() > 500
    for a, b in zip(fast, plain, strict=True):
      np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_rays_agree_with_a_float64_walk(shoot):
  grid = random_world(7, num_shapes=70)
  origin = np.asarray([16.3, 12.4, 15.7], np.float32)
  grid[12, 15, 16] = 0
  rays = random_rays(7, origin)
  hits = shoot(jax.jit(build_boxes)(jnp.asarray(grid.reshape(-1))), rays)
  got = [np.asarray(a) for a in (hits.t, hit_cell(hits), hit_face(hits))]
  directions = np.stack([rays.x, rays.y, rays.z], 1)
  num_near_edge = 0
  for i, direction in enumerate(directions):
    t, cell, face, edge = walk(grid, origin, direction)
    if edge < EDGE:
      num_near_edge += 1
      continue
    assert got[1][i] == cell, i
    if cell >= 0:
      assert got[2][i] == face and abs(got[0][i] - t) < 1e-4 * max(t, 1), i
  assert num_near_edge < 0.05 * NUM_RAYS  # so at least 95% are compared, without exception


def shoot_one(shoot, blocks: np.ndarray, origin, direction):
  d = np.asarray(direction, np.float64)
  d = d / np.linalg.norm(d)
  d = np.where(np.abs(d) < 1e-3, 1e-3, d)
  rays = Rays(jnp.asarray(origin, jnp.float32), *(jnp.full((NUM_RAYS,), c, jnp.float32) for c in d))
  hits = shoot(jax.jit(build_boxes)(jnp.asarray(blocks.reshape(NUM_CELLS))), rays)
  parts = hits.t, hit_block(hits), hit_face(hits), *hit_uv(hits, rays), hits.water_t
  return tuple(np.asarray(p)[0] for p in parts)


def test_face_and_texture_coordinates_by_hand(shoot):
  """A block at z = 20 seen from (16.25, 12.75, 10.5) along +z: its front at t = 9.5.

  Looking along +z right is -x, so u = 1 - 0.25 = 0.75; v = 1 - 0.75 = 0.25 from the top.
  """
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  grid[12, 20, 16] = BLOCKS.index["stone"]
  t, block, face, u, v, _ = shoot_one(shoot, grid, (16.25, 12.75, 10.5), (1e-9, 1e-9, 1.0))
  assert (block, face) == (BLOCKS.index["stone"], FACE_Z)
  np.testing.assert_allclose([t, u, v], [9.5, 0.75 - 0.0095, 0.25 - 0.0095], atol=2e-4)


def test_water_tints_from_its_surface_and_does_not_stop(shoot):
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  grid[12, 14:16, 16] = BLOCKS.index["water"]
  grid[12, 20, 16] = BLOCKS.index["stone"]
  t, block, _, _, _, water_t = shoot_one(shoot, grid, (16.25, 12.75, 10.5), (0, 0, 1.0))
  assert block == BLOCKS.index["stone"] and abs(t - 9.5) < 1e-3 and abs(water_t - 3.5) < 1e-3


def test_plants_and_panes_have_holes(shoot):
  """A fan of rays: some stop at the flower or the pane's rim, the others at the wall behind."""
  for name, low, high in (("poppy", 0.05, 0.5), ("glass", 0.1, 0.6)):
    grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
    grid[12, 14, 16] = BLOCKS.index[name]
    grid[:, 20, :] = BLOCKS.index["stone"]
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.45, 0.45, NUM_RAYS), rng.uniform(-0.45, 0.45, NUM_RAYS)
    d = np.stack(
      [x / 4, y / 4, np.ones(NUM_RAYS)]
    )  # within the cell's front at 3.5 and back at 4.5
    d = d / np.linalg.norm(d, axis=0)
    d = np.where(np.abs(d) < 1e-3, 1e-3, d)
    rays = Rays(jnp.asarray([16.5, 12.5, 10.5]), *(jnp.asarray(c, jnp.float32) for c in d))
    hits = shoot(jax.jit(build_boxes)(jnp.asarray(grid.reshape(-1))), rays)
    block = np.asarray(hit_block(hits))
    assert set(block) == {BLOCKS.index[name], BLOCKS.index["stone"]}
    assert low < (block == BLOCKS.index[name]).mean() < high
