"""Crafting matches against hand-worked grids and a slow reference."""

import jax
import numpy as np
import pytest

from cross_jax.envs.voxel import recipes
from cross_jax.envs.voxel.tables import ITEMS, RECIPES

_match = jax.jit(recipes.match)
_match_all = jax.jit(jax.vmap(recipes.match))


def _grid(text):
  return np.asarray([ITEMS.index["air" if n == "." else n] for n in text.split()], np.int32)


def _product(text):
  item, count = _match(_grid(text))
  return ITEMS.names[int(item)], int(count)


@pytest.mark.parametrize(
  "grid, item, count",
  [
    (". flint . . stick . . feather .", "arrow", 4),  # a column, anywhere
    ("flint . . stick . . feather . .", "arrow", 4),
    ("feather . . stick . . flint . .", "air", 0),  # upside down is another shape
    (". . . . . . sugar_cane sugar_cane sugar_cane", "paper", 3),
    ("sugar_cane sugar_cane . . . . sugar_cane . .", "air", 0),
    (". . . . emerald_block . . . .", "emerald", 9),
    ("honeycomb honeycomb . honeycomb honeycomb . . . .", "honeycomb_block", 1),
    (". honeycomb honeycomb . honeycomb honeycomb . . .", "honeycomb_block", 1),
    (
      "prismarine_shard prismarine_crystals prismarine_shard prismarine_crystals"
      " prismarine_crystals prismarine_crystals prismarine_shard prismarine_crystals"
      " prismarine_shard",
      "sea_lantern",
      1,
    ),
    (". book . diamond obsidian diamond obsidian obsidian obsidian", "enchanting_table", 1),
    (". shulker_shell . . chest . . shulker_shell .", "shulker_box", 1),
    ("iron_ingot iron_ingot . iron_ingot stick . . stick .", "iron_axe", 1),
    (". iron_ingot iron_ingot . stick iron_ingot . stick .", "iron_axe", 1),  # mirrored
    ("iron_ingot iron_ingot . stick iron_ingot . . stick .", "air", 0),
    ("iron_ingot . . . . . . . flint", "flint_and_steel", 1),  # shapeless: any cells, any order
    ("flint iron_ingot . . . . . . .", "flint_and_steel", 1),
    ("flint iron_ingot iron_ingot . . . . . .", "air", 0),
    (". . . . . . . . .", "air", 0),
    ("diamond . . . . . . . .", "air", 0),
  ],
)
def test_hand_worked_grids(grid, item, count):
  assert _product(grid) == (item, count)


def _reference(grid):
  """Tries every recipe at every offset, plain and mirrored."""
  for cells, is_shapeless, item, count in zip(
    RECIPES.grid, RECIPES.is_shapeless, RECIPES.out_item, RECIPES.out_count
  ):
    if is_shapeless:
      if sorted(cells) == sorted(grid):
        return item, count
      continue
    ys, xs = np.nonzero(cells.reshape(3, 3))
    for flip in (False, True):
      for dy in range(3 - ys.max()):
        for dx in range(3 - xs.max()):
          placed = np.zeros((3, 3), np.int32)
          columns = xs.max() - xs if flip else xs
          placed[ys + dy, columns + dx] = cells.reshape(3, 3)[ys, xs]
          if np.array_equal(placed.reshape(9), grid):
            return item, count
  return 0, 0


def test_matches_the_slow_reference_on_shifted_mirrored_and_broken_grids():
  rng = np.random.default_rng(0)
  grids = []
  for row in rng.integers(len(RECIPES.out_item), size=300):
    grid = RECIPES.grid[row].reshape(3, 3)
    grid = np.roll(grid, rng.integers(3, size=2), axis=(0, 1))
    grid = grid[:, ::-1] if rng.random() < 0.3 else grid
    grid = grid.reshape(9).copy()
    if rng.random() < 0.3:
      grid[rng.integers(9)] = rng.choice(RECIPES.grid[row])
    grids.append(grid)
  items, counts = _match_all(np.stack(grids))
  expected = [_reference(grid) for grid in grids]
  assert list(zip(np.asarray(items), np.asarray(counts))) == expected
  assert 0.3 < np.mean([item > 0 for item, _ in expected]) < 1.0  # both outcomes are exercised


def test_every_recipe_makes_its_product_as_it_is_written():
  items, counts = _match_all(RECIPES.grid)
  np.testing.assert_array_equal(items, RECIPES.out_item)
  np.testing.assert_array_equal(counts, RECIPES.out_count)
