"""Where things are: slot numbers, and their pixels and the buttons' on MineRL's 640x360 screen.

Source: MineRL 1.0 at GUI scale 1 (a 176x166 panel has its origin at (232, 97)); offsets inside the
panels and of buttons as in Java edition 1.16.
"""

import functools

import numpy as np

HOTBAR, NUM_HOTBAR = 0, 9  # slots 0..8
MAIN = 9  # slots 9..35, three rows of nine
FEET, LEGS, CHEST, HEAD, OFFHAND = 36, 37, 38, 39, 40
CRAFT = 41  # slots 41..49, 3x3 row by row; the 2x2 grid uses 41, 42, 44, 45
CRAFT_RESULT = 50  # what the open GUI would make of what lies in it; not yet there
BLOCK = 51  # slots 51..77, of the block whose GUI is open; each GUI gives them its own meaning
NUM_BLOCK_SLOTS = 27
FURNACE_INPUT, FURNACE_FUEL, FURNACE_OUTPUT = 51, 52, 53  # smoker and blast furnace too
STONECUTTER_INPUT = 51
SMITHING_BASE, SMITHING_ADDITION = 51, 52
LOOM_BANNER, LOOM_DYE, LOOM_PATTERN = 51, 52, 53
MAP, MAP_ADDITION = 51, 52  # of the cartography table
REPAIR_FIRST, REPAIR_SECOND = 51, 52  # of the grindstone and the anvil
BREW_BOTTLE, BREW_INGREDIENT, BREW_FUEL = 51, 54, 55  # bottles 51..53
BEACON_PAYMENT = 51
CHEST_FIRST = 51  # 51..77
HELD = 78  # the stack on the cursor
NUM_SLOTS = 79

GUI_NAMES = (
  "none", "inventory", "crafting_table", "furnace", "smoker", "blast_furnace", "stonecutter",
  "smithing_table", "loom", "cartography_table", "grindstone", "anvil", "brewing_stand", "beacon",
  "chest",
)  # fmt: skip
(
  GUI_NONE, GUI_INVENTORY, GUI_CRAFTING_TABLE, GUI_FURNACE, GUI_SMOKER, GUI_BLAST_FURNACE,
  GUI_STONECUTTER, GUI_SMITHING_TABLE, GUI_LOOM, GUI_CARTOGRAPHY_TABLE, GUI_GRINDSTONE, GUI_ANVIL,
  GUI_BREWING_STAND, GUI_BEACON, GUI_CHEST,
) = range(15)  # fmt: skip
NUM_GUIS = 15
FURNACE_GUIS = (GUI_FURNACE, GUI_SMOKER, GUI_BLAST_FURNACE)
KEEPING_GUIS = (*FURNACE_GUIS, GUI_BREWING_STAND, GUI_CHEST)  # their block keeps what is put in
BOOK_GUIS = (GUI_INVENTORY, GUI_CRAFTING_TABLE, *FURNACE_GUIS)  # they have a recipe book

PANEL_XY = (232, 97)  # px, top left of the usual panel
PANEL_SIZE = (176, 166)  # px, of the usual panel
SLOT_SIZE = 16  # px
SLOT_BORDER = 1  # px around a slot that count as on it
SLOT_PITCH = 18  # px
CURSOR_HOME = (320.0, 180.0)  # px, where the cursor is put when a GUI opens or closes
HIDDEN = -1  # in SLOT_XY and BOOK_BUTTON_XY: the GUI does not show it

BOOK_SHIFT = 77  # px that panel, slots and button move right while the recipe book is open
BOOK_BUTTON_SIZE = (20, 18)  # px
BOOK_BOX = (160, 97, 307, 263)  # px, the open recipe book
NUM_BOOK_ENTRIES = 20  # on a page, 5 a row
BOOK_ENTRY_SIZE = 25  # px
PAGE_SIZE = (12, 17)  # px, of the buttons to turn the page
PAGE_BACK_XY, PAGE_FORWARD_XY = (198, 234), (253, 234)  # px
NUM_CHOICES = 12  # products that a stonecutter offers, 4 a row
CHOICE_SIZE = (16, 18)  # px

_SIZES = {GUI_BEACON: (230, 219), GUI_CHEST: (176, 168)}  # px, of the panels of another size
_INVENTORY_XY = {GUI_BEACON: (36, 137), GUI_CHEST: (8, 85)}  # of the first main slot, else (8, 84)
_BLOCK_XY = {  # of the slots from BLOCK on, in the panel
  GUI_FURNACE: ((56, 17), (56, 53), (116, 35)),
  GUI_SMOKER: ((56, 17), (56, 53), (116, 35)),
  GUI_BLAST_FURNACE: ((56, 17), (56, 53), (116, 35)),
  GUI_STONECUTTER: ((20, 33),),
  GUI_SMITHING_TABLE: ((27, 47), (76, 47)),
  GUI_LOOM: ((13, 26), (33, 26), (23, 45)),
  GUI_CARTOGRAPHY_TABLE: ((15, 15), (15, 52)),
  GUI_GRINDSTONE: ((49, 19), (49, 40)),
  GUI_ANVIL: ((27, 47), (76, 47)),
  GUI_BREWING_STAND: ((56, 51), (79, 58), (102, 51), (79, 17), (17, 17)),
  GUI_BEACON: ((136, 110),),
  GUI_CHEST: tuple((8 + SLOT_PITCH * (i % 9), 18 + SLOT_PITCH * (i // 9)) for i in range(27)),
}
_RESULT_XY = {
  GUI_INVENTORY: (154, 28), GUI_CRAFTING_TABLE: (124, 35), GUI_STONECUTTER: (143, 33),
  GUI_SMITHING_TABLE: (134, 47), GUI_LOOM: (143, 58), GUI_CARTOGRAPHY_TABLE: (145, 39),
  GUI_GRINDSTONE: (129, 34), GUI_ANVIL: (134, 47),
}  # fmt: skip
_BOOK_BUTTON_XY = {GUI_INVENTORY: (104, 61), GUI_CRAFTING_TABLE: (5, 34), GUI_FURNACE: (20, 34),
                   GUI_SMOKER: (20, 34), GUI_BLAST_FURNACE: (20, 34)}  # fmt: skip


def panel_box(gui: int) -> tuple[int, int, int, int]:
  """Screen px (x0, y0, x1, y1) of a GUI's panel (layout.GUI_*), recipe book closed."""
  width, height = _SIZES.get(gui, PANEL_SIZE)
  x, y = (640 - width) // 2, (360 - height) // 2
  return x, y, x + width, y + height


def _slots_of(gui: int) -> dict[int, tuple[int, int]]:
  """Where the slots of a GUI are in its panel, px."""
  x, y = _INVENTORY_XY.get(gui, (8, 84))
  at = {MAIN + i: (x + SLOT_PITCH * (i % 9), y + SLOT_PITCH * (i // 9)) for i in range(27)}
  at |= {HOTBAR + i: (x + SLOT_PITCH * i, y + 58) for i in range(NUM_HOTBAR)}
  at |= {BLOCK + i: xy for i, xy in enumerate(_BLOCK_XY.get(gui, ()))}
  if gui in _RESULT_XY:
    at[CRAFT_RESULT] = _RESULT_XY[gui]
  if gui == GUI_INVENTORY:
    at |= {slot: (8, 8 + SLOT_PITCH * i) for i, slot in enumerate((HEAD, CHEST, LEGS, FEET))}
    at[OFFHAND] = (77, 62)
    for i in (0, 1, 3, 4):
      at[CRAFT + i] = (98 + SLOT_PITCH * (i % 3), 18 + SLOT_PITCH * (i // 3))
  elif gui == GUI_CRAFTING_TABLE:
    at |= {CRAFT + i: (30 + SLOT_PITCH * (i % 3), 17 + SLOT_PITCH * (i // 3)) for i in range(9)}
  return at


def _slot_xy() -> np.ndarray:
  xy = np.full((NUM_GUIS, NUM_SLOTS, 2), HIDDEN, np.int32)
  for gui in range(1, NUM_GUIS):
    for slot, (x, y) in _slots_of(gui).items():
      xy[gui, slot] = np.add(panel_box(gui)[:2], (x, y))
  return xy


def _book_button_xy() -> np.ndarray:
  xy = np.full((NUM_GUIS, 2), HIDDEN, np.int32)
  for gui, offset in _BOOK_BUTTON_XY.items():
    xy[gui] = np.add(panel_box(gui)[:2], offset)
  return xy


def _grid_xy(x: int, y: int, columns: int, pitch: tuple[int, int], num: int) -> np.ndarray:
  i = np.arange(num)
  return np.stack([x + pitch[0] * (i % columns), y + pitch[1] * (i // columns)], -1)


# int32[NUM_GUIS, NUM_SLOTS, 2], screen px of the slot's top left, or HIDDEN; recipe book closed
SLOT_XY = _slot_xy()
IS_SHOWN = SLOT_XY[..., 0] != HIDDEN  # bool[NUM_GUIS, NUM_SLOTS]
BOOK_BUTTON_XY = _book_button_xy()  # int32[NUM_GUIS, 2], px, or HIDDEN; recipe book closed
BOOK_ENTRY_XY = _grid_xy(171, 128, 5, (25, 25), NUM_BOOK_ENTRIES).astype(np.int32)  # [20, 2] px
CHOICE_XY = _grid_xy(284, 111, 4, CHOICE_SIZE, NUM_CHOICES).astype(np.int32)  # [12, 2] px


def is_on_slot(offset_px):
  """bool[...], whether points are on a slot: its 16x16 px and the border that Minecraft adds.

  Args:
    offset_px: float[..., 2] from the slot's top left, of NumPy or JAX.
  """
  low, high = -SLOT_BORDER, SLOT_SIZE + SLOT_BORDER
  return ((offset_px >= low) & (offset_px < high)).all(-1)


@functools.lru_cache
def slot_xy(gui: int, is_book_open: bool) -> np.ndarray:
  """Screen px of the slots of a GUI as it stands: int32[NUM_SLOTS, 2], or HIDDEN."""
  shift = np.where(IS_SHOWN[gui] & is_book_open & (gui in BOOK_GUIS), BOOK_SHIFT, 0)
  xy = SLOT_XY[gui] + np.stack([shift, np.zeros_like(shift)], -1).astype(np.int32)
  xy.setflags(write=False)
  return xy
