"""Every GUI with something in it, the recipe book shut and open."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import View
from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.gui import layout, recipe_book, stations
from cross_jax.envs.voxel.render.frame import render_batch
from cross_jax.envs.voxel.render.panels import SCREENS
from cross_jax.envs.voxel.state import Slots, State

SHOWN = View(152, 62, 496, 298, 344, 236)  # px: every panel and the book, one sample a px
COLUMNS = 4
_CARRIED = {0: ("stone", 64), 1: ("stick", 12), 9: ("oak_planks", 33), 10: ("iron_ingot", 5),
            12: ("cod", 6), 20: ("coal", 9), 35: ("diamond_pickaxe", 1)}  # fmt: skip
_LYING = {
  layout.GUI_INVENTORY: {36: ("iron_boots", 1), 39: ("iron_helmet", 1), 40: ("shield", 1),
                         41: ("oak_planks", 3), 44: ("oak_planks", 1)},
  layout.GUI_CRAFTING_TABLE: {41: ("iron_ingot", 3), 42: ("iron_ingot", 3), 43: ("iron_ingot", 3),
                              45: ("stick", 2), 48: ("stick", 2)},
  layout.GUI_FURNACE: {51: ("cod", 3), 52: ("coal", 2), 53: ("cooked_cod", 1)},
  layout.GUI_SMOKER: {51: ("beef", 3), 52: ("coal", 2), 53: ("cooked_beef", 4)},
  layout.GUI_BLAST_FURNACE: {51: ("iron_ore", 8), 52: ("coal", 2), 53: ("iron_ingot", 1)},
  layout.GUI_STONECUTTER: {51: ("stone", 5)},
  layout.GUI_SMITHING_TABLE: {51: ("diamond_pickaxe", 1), 52: ("netherite_ingot", 1)},
  layout.GUI_LOOM: {51: ("white_banner", 1), 52: ("red_dye", 1), 53: ("creeper_banner_pattern", 1)},
  layout.GUI_CARTOGRAPHY_TABLE: {51: ("filled_map", 1), 52: ("paper", 2)},
  layout.GUI_GRINDSTONE: {51: ("iron_sword", 1), 52: ("iron_sword", 1)},
  layout.GUI_ANVIL: {51: ("iron_sword", 1), 52: ("iron_ingot", 4)},
  layout.GUI_BREWING_STAND: {51: ("potion", 1), 52: ("potion", 1), 54: ("nether_wart", 3),
                             55: ("blaze_powder", 1)},
  layout.GUI_BEACON: {51: ("emerald", 1)},
  layout.GUI_CHEST: {51: ("bread", 5), 58: ("apple", 3), 77: ("diamond", 2)},
}  # fmt: skip


def make_states(world: State) -> State:
  """One game (without a batch axis) with each of panels.SCREENS open: leading axis B."""
  states = []
  for kind, is_book_open in SCREENS:
    item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
    for slot, (name, number) in (_CARRIED | _LYING[kind]).items():
      item[slot], count[slot] = ITEMS.index[name], number
    number = lambda n: jnp.full((), n, jnp.int32)
    gui = world.gui._replace(
      kind=number(kind),
      is_book_open=jnp.full((), is_book_open, bool),
      cursor_px=jnp.asarray(layout.slot_xy(kind, is_book_open)[layout.MAIN + 14] + 10.0),
      choice=number(1 if kind == layout.GUI_STONECUTTER else -1),
      burn_ticks=number(140),
      burn_total=number(200),
      cook_ticks=number(60),
    )
    gui = gui._replace(cursor_px=gui.cursor_px.astype(jnp.float32))
    slots = stations.with_result(Slots(jnp.asarray(item), jnp.asarray(count)), gui)
    gui = recipe_book.refresh(gui, slots, gui.book_page)
    states.append(world._replace(slots=slots, gui=gui))
  return jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)


def save(out: Path) -> int:
  """Writes a contact sheet of panels.SCREENS."""
  pictures = np.asarray(render_batch(make_states(shots.flat_game()), (SHOWN,))[0])
  names = [
    layout.GUI_NAMES[kind].replace("_", " ") + ", recipe book" * is_book_open
    for kind, is_book_open in SCREENS
  ]
  sheets.save_sheet(sheets.contact_sheet(names, list(pictures), COLUMNS), out / "guis.webp")
  return 1
