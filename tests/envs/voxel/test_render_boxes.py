"""Empty boxes: hand-worked words, and never over a visible cell, before and after edits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.render import build_boxes, update_boxes
from cross_jax.envs.voxel.render.boxes import (
  FLAG_BOXES,
  FLAG_HOLES,
  FLAG_LOOK,
  FLAG_PLANT,
  MAX_H,
  MAX_V,
  QUADRANTS,
  word_block,
)
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z
from tests.envs.voxel.render_scene import random_world

STONE = BLOCKS.index["stone"]
build = jax.jit(build_boxes)
update = jax.jit(update_boxes)


def at(x: int, y: int, z: int) -> int:
  return (y * SIZE_Z + z) * SIZE_X + x


def quadrant_bytes(words: np.ndarray) -> np.ndarray:
  """uint16[4, SIZE_Y, SIZE_Z, SIZE_X]."""
  parts = [(words >> (8 * q)) & 255 for q in range(4)]
  return np.stack(parts).reshape(4, SIZE_Y, SIZE_Z, SIZE_X)


def num_held(
  occupied: np.ndarray, code: np.ndarray, sign_x: int, sign_z: int, here: np.ndarray
) -> np.ndarray:
  """How many occupied cells the boxes of the cells `here` hold (by sums over cuboids)."""
  pad = 16
  padded = np.pad(occupied, pad).astype(np.int64)
  sums = np.zeros(np.asarray(padded.shape) + 1, np.int64)
  sums[1:, 1:, 1:] = padded.cumsum(0).cumsum(1).cumsum(2)
  y, z, x = (np.indices(occupied.shape) + pad)[:, here]
  h, v = ((code[here] >> 3) & 7) + 1, code[here] & 7
  assert h.max() <= MAX_H and v.max() <= MAX_V
  x0, x1 = (x, x + h) if sign_x > 0 else (x - h + 1, x + 1)
  z0, z1 = (z, z + h) if sign_z > 0 else (z - h + 1, z + 1)
  count = 0
  for a, ys in ((1, y + v + 1), (-1, y - v)):
    for b, zs in ((1, z1), (-1, z0)):
      for c, xs in ((1, x1), (-1, x0)):
        count = count + a * b * c * sums[ys, zs, xs]
  return count


def assert_conservative(words: np.ndarray, grid: np.ndarray) -> None:
  """Visible cells have their code; no box of an empty cell holds one, no box of water a block."""
  visible, is_water = grid > 0, grid == BLOCKS.index["water"]
  is_block = visible & ~is_water
  rows = np.asarray(word_block(jnp.asarray(words))).reshape(grid.shape)
  np.testing.assert_array_equal(rows[is_block], grid[is_block])
  for q, signs in enumerate(QUADRANTS):
    code = quadrant_bytes(words)[q]
    assert (code[is_block] >= 128).all() and (code[~visible] < 64).all()
    assert (code[is_water] & ~63 == 64).all()
    assert not num_held(visible, code, *signs, ~visible).any()
    if is_water.any():
      assert not num_held(is_block, code, *signs, is_water).any()


def test_words_by_hand():
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  grid[10, 16, 16] = STONE
  code = quadrant_bytes(np.asarray(build(jnp.asarray(grid.reshape(-1)))))
  largest = 8 * (MAX_H - 1) + MAX_V  # 7 cells wide, 6 up and down
  assert (code[:, 10, 16, 16] == 128 + np.asarray([STONE, 0, 0, 0])).all() and STONE < 128
  # The western neighbour: one cell wide towards the block (+x), for both signs of z.
  np.testing.assert_array_equal(code[:, 10, 16, 15], [MAX_V, largest, MAX_V, largest])
  # Three cells south-west of the block: 3 cells towards it (+x, -z), all elsewhere.
  np.testing.assert_array_equal(code[:, 10, 19, 13], [largest, largest, 8 * 2 + MAX_V, largest])
  # Two above: flat boxes (1 cell up and down) of full width fly over it, in all directions.
  np.testing.assert_array_equal(code[:, 12, 16, 16], [8 * (MAX_H - 1) + 1] * 4)


def test_the_words_of_visible_cells_tell_all_rows_and_flags():
  rows = np.flatnonzero(BLOCKS.is_visible & ~BLOCKS.is_liquid)
  grid = np.zeros(NUM_CELLS, np.uint16)
  grid[: len(rows)] = rows
  words = build(jnp.asarray(grid))[: len(rows)]
  np.testing.assert_array_equal(word_block(words), rows)
  flags = {
    "glass": FLAG_LOOK | FLAG_HOLES,
    "poppy": FLAG_LOOK | FLAG_HOLES | FLAG_PLANT,
    "stone": 0,
  }
  for name, flag in flags.items():
    word = int(words[int(np.searchsorted(rows, BLOCKS.index[name]))])
    assert word & (FLAG_LOOK | FLAG_HOLES | FLAG_PLANT | FLAG_BOXES) == flag


def test_water_by_hand():
  """Boxes of water hold water and nothing else but air; those of air end at the water."""
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  grid[10, :, 16:] = BLOCKS.index["water"]
  grid[10, 16, 18] = STONE
  words = build(jnp.asarray(grid.reshape(-1)))
  largest = 8 * (MAX_H - 1) + MAX_V
  code = quadrant_bytes(np.asarray(words))
  # Two cells west of the stone: two cells towards it (+x, both signs of z), all elsewhere.
  np.testing.assert_array_equal(
    code[:, 10, 16, 16], 64 + np.asarray([8 + MAX_V, largest, 8 + MAX_V, largest])
  )
  assert code[0, 10, 16, 15] == MAX_V  # the air beside the water: one cell wide
  # Water in an empty cell shrinks the boxes of air around it, not those of water.
  grid[12, 5, 20] = BLOCKS.index["water"]
  new = update(words, jnp.asarray(grid.reshape(-1)), jnp.int32(at(20, 12, 5)))
  assert_conservative(np.asarray(new), grid)
  is_water = grid == BLOCKS.index["water"]
  is_water[12, 5, 20] = False
  changed = quadrant_bytes(np.asarray(new)) != code
  assert changed.any() and not changed[:, is_water].any()


@pytest.mark.parametrize("seed", [0, 1])
def test_random_worlds_and_edits_stay_conservative(seed):
  rng = np.random.default_rng(seed)
  grid = random_world(seed, names=("stone", "oak_leaves", "water", "glass"))
  boxes = build(jnp.asarray(grid.reshape(-1)))
  assert_conservative(np.asarray(boxes), grid)
  for _ in range(60):
    y, z, x = (int(c) for c in rng.integers(0, (SIZE_Y, SIZE_Z, SIZE_X)))
    grid[y, z, x] = 0 if grid[y, z, x] else rng.choice([STONE, BLOCKS.index["water"]])
    boxes = update(boxes, jnp.asarray(grid.reshape(-1)), jnp.int32(at(x, y, z)))
  assert_conservative(np.asarray(boxes), grid)


def test_breaking_writes_one_word_and_no_cell_writes_none():
  grid = random_world(3)
  full = jnp.asarray(grid.reshape(-1))
  boxes = build(full)
  y, z, x = (int(c[0]) for c in np.nonzero(grid))
  empty = full.at[at(x, y, z)].set(0)
  changed = np.flatnonzero(np.asarray(update(boxes, empty, jnp.int32(at(x, y, z))) != boxes))
  np.testing.assert_array_equal(changed, [at(x, y, z)])
  np.testing.assert_array_equal(update(boxes, full, jnp.int32(-1)), boxes)


def test_shrunk_boxes_are_still_useful():
  """A placed block costs boxes near it, not all: the likely bug would set the window to 1 cell."""
  empty = jnp.zeros((NUM_CELLS,), jnp.uint16)
  cell = at(16, 10, 16)
  boxes = update(build(empty), empty.at[cell].set(STONE), jnp.int32(cell))
  code = quadrant_bytes(np.asarray(boxes))
  assert code[1, 10, 16, 15] == 8 * (MAX_H - 1) + MAX_V  # looks away from the block
  assert code[0, 10, 16, 12] == 8 * 3 + MAX_V  # 4 cells before it: a box of 4 cells is left
