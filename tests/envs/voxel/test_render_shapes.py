"""Plants, panes and boxes of shapes: against a slow float64 tracer, and a slab by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.envs.voxel.content.tables import BLOCKS, KIND_BOXES, KIND_PLANT, SHAPES
from cross_jax.envs.voxel.render import build_boxes
from cross_jax.envs.voxel.render.hits import (
  FACE_UP,
  FACE_Z,
  FAR,
  Rays,
  hit_cell,
  hit_face,
  hit_uv,
)
from cross_jax.envs.voxel.render.look import _pack_boxes
from cross_jax.envs.voxel.render.trace import trace
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z
from tests.reference.shape_rays import first_hit

NUM_RAYS = 256
_KIND = SHAPES.kind[BLOCKS.shape]


@pytest.fixture(scope="module")
def shoot():
  return jax.jit(lambda boxes, rays: trace(boxes, rays, jnp.float32(SIZE_Y)))


def make_rays(seed: int, origin) -> Rays:
  rng = np.random.default_rng(seed)
  d = rng.normal(size=(3, NUM_RAYS)) * [[1], [0.6], [1]]
  d = (d / np.linalg.norm(d, axis=0)).astype(np.float32)
  d = np.where(np.abs(d) < 2e-3, np.float32(2e-3), d)
  return Rays(jnp.asarray(origin, jnp.float32), *(jnp.asarray(c) for c in d))


def full_world(seed: int) -> np.ndarray:
  """A third of the cells hold something, most of it no full cube, and the eye's cell is free."""
  rng = np.random.default_rng(seed)
  odd = np.flatnonzero(((_KIND == KIND_BOXES) | (_KIND == KIND_PLANT)) & BLOCKS.is_visible)
  cubes = [BLOCKS.index["glass"], BLOCKS.index["stone"]] * (len(odd) // 8 + 2)
  rows = np.concatenate([odd, cubes])
  grid = rng.choice(rows, (SIZE_Y, SIZE_Z, SIZE_X))
  grid = np.where(rng.random(grid.shape) < 0.35, grid, 0).astype(np.uint16)
  grid[:, :, 20:] = np.where(grid[:, :, 20:] == 0, BLOCKS.index["water"], grid[:, :, 20:])
  grid[12, 15, 16] = 0
  return grid


def same(a, b) -> bool:
  return a[1:3] == b[1:3] and abs(a[0] - b[0]) < 5e-3 and abs(a[3] - b[3]) < 5e-3


@pytest.mark.parametrize("seed", [0, 1])
def test_agrees_with_the_slow_tracer(shoot, seed):
  """All rays whose answer does not hang on the last bits: those that move with a nudge are left."""
  grid, origin = full_world(seed), np.asarray([16.3, 12.4, 15.7], np.float32)
  rays = make_rays(seed, origin)
  hits = shoot(jax.jit(build_boxes)(jnp.asarray(grid.reshape(-1))), rays)
  t, cell, face, water_t = (np.asarray(a) for a in (hits.t, hit_cell(hits), hit_face(hits),
                                                    hits.water_t))  # fmt: skip
  num_compared, kinds = 0, set()
  for i, d in enumerate(np.stack([rays.x, rays.y, rays.z], 1).astype(np.float64)):
    want = first_hit(grid, origin, d)
    nudged = (first_hit(grid, origin, d + 2e-4 * np.asarray(n)) for n in ((1, -1, 1), (-1, 1, 1)))
    if not all(same(a, want) for a in nudged):
      continue
    num_compared += 1
    if want[1] is None:
      assert cell[i] == -1
      continue
    x, y, z = want[1]
    assert (cell[i], face[i]) == ((y * SIZE_Z + z) * SIZE_X + x, want[2]), (i, want)
    assert abs(t[i] - want[0]) < 2e-3
    assert abs(water_t[i] - want[3]) < 4e-3 or min(water_t[i], want[3]) > t[i] - 4e-3
    kinds.add(int(_KIND[grid[y, z, x]]))
  assert num_compared > 0.7 * NUM_RAYS and kinds == {0, KIND_PLANT, KIND_BOXES}


def test_a_slab_by_hand(shoot):
  """A slab at (16, 12, 14) is half as high as its cell.

  From (16.25, 12.75, 10.5) level rays pass over it; one that falls by 0.1 a metre is at y = 12.4
  when it comes to z = 14 (after 3.5 m forward), and meets the side; one that falls by 0.065 is at
  12.75 - 0.2275 = 12.5225 there and meets the top where y = 12.5, 3.846 m forward, at z = 14.346.
  """
  slab = int(np.flatnonzero(SHAPES.index["slab"] == BLOCKS.shape)[0])
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  grid[12, 14, 16] = slab
  d = np.asarray([[2e-3, -0.002, 1.0], [2e-3, -0.1, 1.0], [2e-3, -0.065, 1.0]])
  d = np.tile(d, (NUM_RAYS, 1))[:NUM_RAYS].T
  length = np.linalg.norm(d, axis=0)
  rays = Rays(jnp.asarray([16.25, 12.75, 10.5]), *(jnp.asarray(c, jnp.float32) for c in d / length))
  hits = shoot(jax.jit(build_boxes)(jnp.asarray(grid.reshape(NUM_CELLS))), rays)
  t, face = np.asarray(hits.t)[:3], np.asarray(hit_face(hits))[:3]
  assert t[0] == FAR and list(face[1:]) == [FACE_Z, FACE_UP]
  np.testing.assert_allclose(t[1:], [3.5 * length[1], 0.25 / 0.065 * length[2]], atol=1e-3)
  # The side's texture is its lower half: v = 1 - 0.4; looking along +z, u = 1 - x = 1 - 0.257.
  # The top's is seen from above: u = x, v = z.
  u, v = (np.asarray(c)[:3] for c in hit_uv(hits, rays))
  np.testing.assert_allclose([u[1], v[1]], [0.743, 0.6], atol=2e-3)
  np.testing.assert_allclose([u[2], v[2]], [0.2577, 0.346], atol=2e-3)


def test_boxes_off_the_grid_are_refused():
  boxes = np.asarray(SHAPES.boxes).copy()
  boxes[3, 0, 0] = 0.01
  with pytest.raises(ValueError, match=f"{SHAPES.names[3]}.*1/32"):
    _pack_boxes(boxes)
