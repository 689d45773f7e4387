"""Every GUI of layout.GUI_* with some items in it."""

from pathlib import Path

import jax
import numpy as np

from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel import layout, recipe_book, stations
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.tables import ITEMS

_CARRIED = {
  0: ("stone", 64), 1: ("stick", 12), 2: ("bread", 3), 9: ("oak_planks", 33),
  10: ("iron_ingot", 5), 20: ("coal", 9), 35: ("diamond_pickaxe", 1),
}  # fmt: skip
_WORN = {
  layout.FEET: ("iron_boots", 1), layout.HEAD: ("iron_helmet", 1), layout.OFFHAND: ("shield", 1),
}  # fmt: skip
_FURNACE = {51: ("cod", 3), 52: ("coal", 2), 53: ("cooked_cod", 1)}
_INSIDE = {
  layout.GUI_INVENTORY: {41: ("oak_planks", 3), 44: ("oak_planks", 1)} | _WORN,
  layout.GUI_CRAFTING_TABLE: {
    41: ("iron_ingot", 1), 42: ("iron_ingot", 1), 43: ("iron_ingot", 1), 45: ("stick", 1),
    48: ("stick", 1),
  },
  layout.GUI_FURNACE: _FURNACE,
  layout.GUI_SMOKER: _FURNACE,
  layout.GUI_BLAST_FURNACE: {51: ("iron_ore", 5), 52: ("coal", 1), 53: ("iron_ingot", 2)},
  layout.GUI_STONECUTTER: {51: ("stone", 5)},
  layout.GUI_SMITHING_TABLE: {51: ("diamond_pickaxe", 1), 52: ("netherite_ingot", 1)},
  layout.GUI_LOOM: {51: ("white_banner", 1), 52: ("red_dye", 1)},
  layout.GUI_CARTOGRAPHY_TABLE: {51: ("filled_map", 1), 52: ("paper", 2)},
  layout.GUI_GRINDSTONE: {51: ("iron_sword", 1)},
  layout.GUI_ANVIL: {51: ("iron_sword", 1), 52: ("iron_ingot", 2)},
  layout.GUI_BREWING_STAND: {51: ("potion", 1), 54: ("nether_wart", 1), 55: ("blaze_powder", 1)},
  layout.GUI_BEACON: {51: ("emerald", 1)},
  layout.GUI_CHEST: {51: ("stick", 5), 60: ("apple", 4), 77: ("coal", 2)},
}  # fmt: skip
_BOX = (slice(60, 300), slice(150, 490))  # px, rows and columns that hold every panel and the book
COLUMNS = 4
_complete = jax.jit(
  lambda slots, gui: (stations.with_result(slots, gui), recipe_book.refresh(gui, slots))
)


def open_game(kind: int, is_book_open: bool) -> State:
  """A game with a GUI open and some items in it."""
  state = shots.flat_game()
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  for slot, (name, number) in (_CARRIED | _INSIDE[kind]).items():
    item[slot], count[slot] = ITEMS.index[name], number
  slots = state.slots._replace(item=item, count=count)
  gui = state.gui._replace(
    kind=np.int32(kind), cursor_px=np.float32([332, 205]), is_book_open=np.bool_(is_book_open),
    burn_ticks=np.int32(900), burn_total=np.int32(1600), cook_ticks=np.int32(90),
    choice=np.int32(1 if kind == layout.GUI_STONECUTTER else -1),
  )  # fmt: skip
  slots, gui = jax.tree.map(np.asarray, _complete(slots, gui))
  return state._replace(slots=slots, gui=gui)


def save(out: Path) -> int:
  """Writes two contact sheets of all GUIs, the crafting table once more with its recipe book."""
  kinds = [(kind, False) for kind in range(1, layout.NUM_GUIS)]
  kinds += [(layout.GUI_CRAFTING_TABLE, True), (layout.GUI_INVENTORY, True)]
  names = [
    layout.GUI_NAMES[kind].replace("_", " ") + ", recipe book" * is_book for kind, is_book in kinds
  ]
  pictures = shots.screens([open_game(*kind) for kind in kinds])[:, *_BOX]
  middle = len(kinds) // 2
  for i, those in enumerate((slice(0, middle), slice(middle, None)), start=1):
    sheet = sheets.contact_sheet(names[those], list(pictures[those]), COLUMNS)
    sheets.save_sheet(sheet, out / f"guis_{i}.webp")
  return 2
