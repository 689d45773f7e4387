"""Stonecutters and smithing tables, and what the open GUI would make of what lies in it."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import CUTTING, ITEMS, SMITHING
from cross_jax.envs.voxel.gui import inventory, layout, recipes
from cross_jax.envs.voxel.rules.when_needed import when_needed
from cross_jax.envs.voxel.state import Gui, Slots


def _cuts() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """(number of products int32[num_items], first row, product and count int32[c], by input)."""
  order = np.argsort(CUTTING.item, kind="stable")
  item, count = CUTTING.out_item[order], CUTTING.out_count[order]
  num = np.bincount(CUTTING.item, minlength=len(ITEMS.names)).astype(np.int32)
  if num.max(initial=0) > layout.NUM_CHOICES:
    raise ValueError(f"a stonecutter offers {num.max()} products: at most {layout.NUM_CHOICES}")
  first = (np.cumsum(num) - num).astype(np.int32)
  none = np.zeros(layout.NUM_CHOICES, np.int32)  # so that a whole list can be read from any row
  return num, first, np.concatenate([item, none]), np.concatenate([count, none])


def _upgrades() -> tuple[np.ndarray, np.ndarray]:
  """(product int32[num_items] of a base, 0 = none; addition int32[num_items] that it takes)."""
  product, addition = np.zeros((2, len(ITEMS.names)), np.int32)
  product[SMITHING.item], addition[SMITHING.item] = SMITHING.out_item, SMITHING.addition
  return product, addition


CUT_NUM, _CUT_FIRST, _CUT_ITEM, _CUT_COUNT = _cuts()
_UPGRADE, _UPGRADE_WITH = _upgrades()
IS_ADDITION = np.isin(np.arange(len(ITEMS.names)), SMITHING.addition)


def choices(slots: Slots) -> jax.Array:
  """What a stonecutter offers for its input: int32[NUM_CHOICES] rows of ITEMS, 0 = nothing."""
  item = slots.item[layout.STONECUTTER_INPUT]
  index = np.arange(layout.NUM_CHOICES, dtype=np.int32)
  products = jnp.asarray(_CUT_ITEM)[jnp.asarray(_CUT_FIRST)[item] + index]
  return jnp.where(index < jnp.asarray(CUT_NUM)[item], products, 0)


def with_result(slots: Slots, gui: Gui) -> Slots:
  """Slots with what the open GUI would make in the result slot."""
  grid, none = slots.item[layout.CRAFT : layout.CRAFT + 9], jnp.zeros((), jnp.int32)
  match = lambda _, grid: recipes.match(grid)
  item, count = when_needed(jnp.any(grid > 0), match, (none, none), grid)
  first, second = slots.item[layout.BLOCK], slots.item[layout.BLOCK + 1]
  is_cut = (gui.choice >= 0) & (gui.choice < jnp.asarray(CUT_NUM)[first])
  row = jnp.asarray(_CUT_FIRST)[first] + jnp.maximum(gui.choice, 0)
  is_cutter = gui.kind == layout.GUI_STONECUTTER
  item = jnp.where(is_cutter, jnp.where(is_cut, jnp.asarray(_CUT_ITEM)[row], 0), item)
  count = jnp.where(is_cutter, jnp.where(is_cut, jnp.asarray(_CUT_COUNT)[row], 0), count)
  upgrade = jnp.asarray(_UPGRADE)[first]
  is_upgrade = (upgrade > 0) & (jnp.asarray(_UPGRADE_WITH)[first] == second)
  is_smith = gui.kind == layout.GUI_SMITHING_TABLE
  item = jnp.where(is_smith, jnp.where(is_upgrade, upgrade, 0), item)
  count = jnp.where(is_smith, is_upgrade.astype(jnp.int32), count)
  return inventory.set_slot(slots, jnp.int32(layout.CRAFT_RESULT), item, count)
