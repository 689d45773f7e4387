"""Crafting matches against hand-worked grids and a slow reference."""

import jax
import numpy as np
import pytest

from cross_jax.envs.voxel.content.tables import ITEMS, RECIPES
from cross_jax.envs.voxel.gui import recipes

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


def _placements(cells):
  """Every way to lay a shaped recipe int32[9] into the grid, plain and mirrored."""
  ys, xs = np.nonzero(cells.reshape(3, 3))
  for columns in (xs, xs.max() - xs):
    for dy in range(3 - ys.max()):
      for dx in range(3 - xs.max()):
        placed = np.zeros((3, 3), np.int32)
        placed[ys + dy, columns + dx] = cells.reshape(3, 3)[ys, xs]
        yield tuple(placed.reshape(9).tolist())


@pytest.fixture(scope="module")
def reference():
  """The product of a grid, from a list of all grids that make something."""
  tag = ITEMS.tag_item
  shaped, shapeless = {}, {}
  for cells, is_shapeless, is_mixed, item, count in zip(*RECIPES):
    for key, laid in ((False, cells), (True, tag[cells]))[: 1 + is_mixed]:
      if is_shapeless:
        shapeless.setdefault((key, *sorted(laid.tolist())), (item, count))
        continue
      for grid in _placements(laid):
        shaped.setdefault((key, *grid), (item, count))

  def product(grid):
    plain, tagged = grid.tolist(), tag[grid].tolist()
    for table, order in ((shaped, list), (shapeless, sorted)):
      for key, cells in ((False, plain), (True, tagged)):
        if found := table.get((key, *order(cells))):
          return found
    return 0, 0

  return product


def test_matches_the_slow_reference_on_shifted_mirrored_and_broken_grids(reference):
  rng = np.random.default_rng(0)
  grids = []
  alike = {item: np.flatnonzero(ITEMS.tag_item == ITEMS.tag_item[item]) for item in ITEMS.tag_item}
  for row in np.concatenate([np.arange(len(RECIPES.out_item))] * 3):
    grid = RECIPES.grid[row].reshape(3, 3)
    grid = np.roll(grid, rng.integers(3, size=2), axis=(0, 1))
    grid = grid[:, ::-1] if rng.random() < 0.3 else grid
    grid = grid.reshape(9).copy()
    if RECIPES.is_shapeless[row]:
      grid = rng.permutation(grid)
    if rng.random() < 0.3:
      grid[rng.integers(9)] = rng.choice(RECIPES.grid[row])
    if rng.random() < 0.3:  # other things of the same kind: mixed planks, ...
      grid = np.asarray([rng.choice(alike[ITEMS.tag_item[i]]) for i in grid], np.int32)
    grids.append(grid)
  items, counts = _match_all(np.stack(grids))
  expected = [reference(grid) for grid in grids]
  assert list(zip(np.asarray(items), np.asarray(counts))) == expected
  assert 0.3 < np.mean([item > 0 for item, _ in expected]) < 1.0  # both outcomes are exercised


def test_random_grids_of_few_items_match_the_slow_reference(reference):
  rng = np.random.default_rng(1)
  names = ("oak_planks", "stick", "iron_ingot", "coal", "flint", "cobblestone")
  pool = np.asarray([0, 0, 0, *(ITEMS.index[name] for name in names)], np.int32)
  grids = rng.choice(pool, (4000, 9))
  grids[::2, [2, 5, 6, 7, 8]] = 0  # as many in the 2x2 grid
  items, counts = _match_all(grids)
  assert list(zip(np.asarray(items), np.asarray(counts))) == [reference(grid) for grid in grids]
  assert np.asarray(items).any()


def test_every_recipe_makes_its_product_as_it_is_written():
  items, counts = _match_all(RECIPES.grid)
  np.testing.assert_array_equal(items, RECIPES.out_item)
  np.testing.assert_array_equal(counts, RECIPES.out_count)
