"""The empty panels of all GUIs and the recipe book at 640x360, drawn for this project; NumPy, once.

A screen is a GUI with its recipe book closed or open. Layers are those of art.py.
"""

import numpy as np

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render.art import empty_layer, fill, stamp
from cross_jax.envs.voxel.render.font import text_mask
from cross_jax.envs.voxel.render.textures import WHITE_CAP

# (layout.GUI_*, is the recipe book open)
SCREENS = tuple((gui, False) for gui in range(1, layout.NUM_GUIS)) + tuple(
  (gui, True) for gui in layout.BOOK_GUIS
)
FLAME_BOX = (56, 37, 70, 51)  # px of the panel: x0, y0, x1, y1
ARROW_BOX = (79, 35, 103, 51)
_PANEL, _LIGHT, _DARK, _SLOT, _INK = 198.0, WHITE_CAP, 85.0, 139.0, 64.0
_TITLES = {  # (text, x, y) px of the panel
  layout.GUI_INVENTORY: (("Crafting", 97, 7),),
  layout.GUI_CRAFTING_TABLE: (("Crafting", 28, 6),),
  layout.GUI_FURNACE: (("Furnace", 66, 6),),
  layout.GUI_SMOKER: (("Smoker", 70, 6),),
  layout.GUI_BLAST_FURNACE: (("Blast Furnace", 49, 6),),
  layout.GUI_STONECUTTER: (("Stonecutter", 8, 4),),
  layout.GUI_SMITHING_TABLE: (("Upgrade Gear", 60, 18),),
  layout.GUI_LOOM: (("Loom", 8, 4),),
  layout.GUI_CARTOGRAPHY_TABLE: (("Cartography Table", 8, 4),),
  layout.GUI_GRINDSTONE: (("Repair & Disenchant", 8, 6),),
  layout.GUI_ANVIL: (("Repair & Name", 60, 6),),
  layout.GUI_BREWING_STAND: (("Brewing Stand", 49, 6),),
  layout.GUI_BEACON: (("Primary Power", 23, 9), ("Secondary Power", 124, 9)),
  layout.GUI_CHEST: (("Chest", 8, 6),),
}
_ARROWS = {  # where an arrow points to the result, px of the panel
  layout.GUI_CRAFTING_TABLE: (90, 35), layout.GUI_SMITHING_TABLE: (102, 48),
  layout.GUI_ANVIL: (102, 48), layout.GUI_GRINDSTONE: (95, 34),
  layout.GUI_CARTOGRAPHY_TABLE: (36, 40),
} | dict.fromkeys(layout.FURNACE_GUIS, ARROW_BOX[:2])  # fmt: skip


def origin_of(gui: int, is_book_open: bool) -> tuple[int, int]:
  """Screen px of the top left of a screen's panel."""
  x, y, _, _ = layout.panel_box(gui)
  return x + layout.BOOK_SHIFT * is_book_open, y


def box_of(gui: int, is_book_open: bool) -> tuple[int, int, int, int]:
  """Screen px (x0, y0, x1, y1) that hold a screen's panel and its book."""
  x0, y0, x1, y1 = layout.panel_box(gui)
  if not is_book_open:
    return x0, y0, x1, y1
  return layout.BOOK_BOX[0], min(y0, layout.BOOK_BOX[1]), x1 + layout.BOOK_SHIFT, y1


def _arrow_mask() -> np.ndarray:
  """A thick arrow to the right, bool[16, 24]."""
  v, u = np.mgrid[0:16, 0:24]
  return ((u < 15) & (np.abs(v - 7.5) < 2)) | ((u >= 14) & (np.abs(v - 7.5) < 22.5 - u))


def _flame_mask() -> np.ndarray:
  """A flame, bool[14, 14]."""
  v, u = np.mgrid[0:14, 0:14]
  return np.abs(u - 6.5 - 1.2 * np.sin(v * 0.9)) < 0.6 + 0.45 * v - np.maximum(v - 10, 0)


def _on_screen(mask: np.ndarray, xy: tuple[int, int]) -> np.ndarray:
  """A mask of the whole screen from one whose top left is at `xy`: bool[360, 640]."""
  out = np.zeros((SCREEN_HEIGHT, SCREEN_WIDTH), bool)
  out[xy[1] : xy[1] + mask.shape[0], xy[0] : xy[0] + mask.shape[1]] = mask
  return out


def flame_mask(origin: tuple[int, int]) -> np.ndarray:
  """Where a furnace's flame burns, of a panel at `origin` px: bool[360, 640]."""
  return _on_screen(_flame_mask(), (origin[0] + FLAME_BOX[0], origin[1] + FLAME_BOX[1]))


def arrow_mask(origin: tuple[int, int]) -> np.ndarray:
  """Where a furnace's progress arrow fills, of a panel at `origin` px: bool[360, 640]."""
  return _on_screen(_arrow_mask(), (origin[0] + ARROW_BOX[0], origin[1] + ARROW_BOX[1]))


def _frame(layer: np.ndarray, xy: np.ndarray, border: int = 1) -> None:
  """A sunken slot: 16x16 px of grey with a dark top left and a light bottom right edge."""
  x, y = int(xy[0]), int(xy[1])
  fill(layer, (x - border, y - border, x + 16 + border, y + 16 + border), _LIGHT)
  fill(layer, (x - border, y - border, x + 15 + border, y + 15 + border), 55.0)
  fill(layer, (x - border + 1, y - border + 1, x + 15 + border, y + 15 + border), _SLOT)
  fill(layer, (x, y, x + 16, y + 16), _SLOT)


def _plate(layer: np.ndarray, box: tuple[int, int, int, int]) -> None:
  """A raised plate with a dark rim."""
  x0, y0, x1, y1 = box
  fill(layer, box, 20.0)
  fill(layer, (x0 + 1, y0 + 1, x1 - 1, y1 - 1), _DARK)
  fill(layer, (x0 + 1, y0 + 1, x1 - 3, y1 - 3), _LIGHT)
  fill(layer, (x0 + 3, y0 + 3, x1 - 3, y1 - 3), _PANEL)


def _figure(layer: np.ndarray, x: int, y: int) -> None:
  """The inventory's dark window with a person in it."""
  fill(layer, (x + 26, y + 8, x + 75, y + 78), 20.0)
  fill(layer, (x + 44, y + 14, x + 57, y + 27), (196, 150, 120))
  fill(layer, (x + 44, y + 14, x + 57, y + 18), (72, 48, 28))
  fill(layer, (x + 43, y + 27, x + 58, y + 48), (0, 140, 150))
  for left in (37, 58):
    fill(layer, (x + left, y + 27, x + left + 6, y + 48), (188, 142, 112))
  for left in (43, 51):
    fill(layer, (x + left, y + 48, x + left + 7, y + 70), (60, 60, 140))


def _book_button(layer: np.ndarray, x: int, y: int) -> None:
  """The button that opens the recipe book: a green book on a plate."""
  width, height = layout.BOOK_BUTTON_SIZE
  fill(layer, (x, y, x + width, y + height), 20.0)
  fill(layer, (x + 1, y + 1, x + width - 1, y + height - 1), 150.0)
  fill(layer, (x + 4, y + 3, x + 16, y + 15), (40, 110, 30))
  fill(layer, (x + 6, y + 4, x + 15, y + 13), (96, 180, 60))
  fill(layer, (x + 6, y + 12, x + 15, y + 14), (230, 226, 210))


def _book(layer: np.ndarray) -> None:
  """The open recipe book: a plate with 4 rows of 5 entries and the buttons to turn the page."""
  _plate(layer, layout.BOOK_BOX)
  x, y = layout.BOOK_BOX[:2]
  fill(layer, (x + 11, y + 12, x + 135, y + 27), 60.0)
  stamp(layer, (x + 14, y + 16), text_mask("What you can make"), 200.0)
  for left, top in layout.BOOK_ENTRY_XY:
    size = layout.BOOK_ENTRY_SIZE
    fill(layer, (left, top, left + size, top + size), 110.0)
    fill(layer, (left + 1, top + 1, left + size - 1, top + size - 1), _SLOT)
  v, u = np.mgrid[0 : layout.PAGE_SIZE[1], 0 : layout.PAGE_SIZE[0]]
  ahead = np.abs(v - 8) * 1.4 < 11.5 - u
  stamp(layer, layout.PAGE_FORWARD_XY, ahead, 90.0)
  stamp(layer, layout.PAGE_BACK_XY, ahead[:, ::-1], 90.0)


def _extras(layer: np.ndarray, gui: int, x: int, y: int) -> None:
  """What a panel shows besides slots, title and arrow; (x, y) is its top left."""
  if gui == layout.GUI_INVENTORY:
    _figure(layer, x, y)
    stamp(layer, (x + 135, y + 29), _arrow_mask()[1::, 7:], _SLOT)
  elif gui in layout.FURNACE_GUIS:
    stamp(layer, (x + FLAME_BOX[0], y + FLAME_BOX[1]), _flame_mask(), _SLOT)
  elif gui in (layout.GUI_STONECUTTER, layout.GUI_LOOM):
    fill(layer, (x + 51, y + 12, x + 131, y + 72), 55.0)
    fill(layer, (x + 52, y + 13, x + 116, y + 71), 110.0)
    fill(layer, (x + 119, y + 15, x + 131, y + 30), _PANEL)
  elif gui == layout.GUI_BREWING_STAND:
    for left, top in ((64, 33), (87, 33), (110, 33)):
      fill(layer, (x + left - 1, y + top, x + left + 1, y + top + 18), _DARK)
    fill(layer, (x + 60, y + 44, x + 78, y + 48), 110.0)
  elif gui == layout.GUI_BEACON:
    for left in (53, 77, 101, 125, 149, 173):
      fill(layer, (x + left, y + 22, x + left + 22, y + 44), 110.0)
    for left in (164, 190):
      fill(layer, (x + left, y + 107, x + left + 22, y + 129), 110.0)
  elif gui == layout.GUI_ANVIL:
    fill(layer, (x + 59, y + 20, x + 169, y + 36), 20.0)
  elif gui == layout.GUI_CARTOGRAPHY_TABLE:
    fill(layer, (x + 67, y + 13, x + 133, y + 79), (196, 178, 140))


def panel_layer(gui: int, is_book_open: bool) -> np.ndarray:
  """The empty panel of a screen with its book and button, a layer."""
  layer = empty_layer()
  x, y = origin_of(gui, is_book_open)
  x0, y0, x1, y1 = layout.panel_box(gui)
  _plate(layer, (x, y, x + x1 - x0, y + y1 - y0))
  _extras(layer, gui, x, y)
  if gui in _ARROWS:
    dx, dy = _ARROWS[gui]
    stamp(layer, (x + dx, y + dy), _arrow_mask(), _SLOT)
  xy = layout.slot_xy(gui, is_book_open)
  for slot in np.flatnonzero(layout.IS_SHOWN[gui]):
    is_furnace_output = gui in layout.FURNACE_GUIS and slot == layout.FURNACE_OUTPUT
    is_result = slot == layout.CRAFT_RESULT and gui != layout.GUI_INVENTORY
    _frame(layer, xy[slot], border=5 if is_furnace_output or is_result else 1)
  for text, dx, dy in _TITLES[gui]:
    stamp(layer, (x + dx, y + dy), text_mask(text), _INK)
  if gui not in (layout.GUI_INVENTORY, layout.GUI_BEACON):
    main_x, main_y = xy[layout.MAIN]
    stamp(layer, (int(main_x), int(main_y) - 12), text_mask("Inventory"), _INK)
  if gui in layout.BOOK_GUIS:
    left, top = layout.BOOK_BUTTON_XY[gui]
    _book_button(layer, int(left) + layout.BOOK_SHIFT * is_book_open, int(top))
  if is_book_open:
    _book(layer)
  return layer
