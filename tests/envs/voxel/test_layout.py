"""Pixels of slots and buttons against MineRL's numbers and the game's own formulas."""

import numpy as np
import pytest

from cross_jax.envs.voxel.gui import layout

GUIS = range(1, layout.NUM_GUIS)


@pytest.mark.parametrize(
  "gui, slot, offset",
  [
    # contract: 176x166 panel with its origin at (232, 97), vanilla offsets inside
    (layout.GUI_INVENTORY, layout.MAIN, (8, 84)),
    (layout.GUI_INVENTORY, layout.MAIN + 26, (8 + 18 * 8, 84 + 18 * 2)),
    (layout.GUI_INVENTORY, layout.HOTBAR, (8, 142)),
    (layout.GUI_INVENTORY, layout.CRAFT, (98, 18)),
    (layout.GUI_INVENTORY, layout.CRAFT + 4, (116, 36)),
    (layout.GUI_INVENTORY, layout.CRAFT_RESULT, (154, 28)),
    (layout.GUI_CRAFTING_TABLE, layout.CRAFT, (30, 17)),
    (layout.GUI_CRAFTING_TABLE, layout.CRAFT + 8, (66, 53)),
    (layout.GUI_CRAFTING_TABLE, layout.CRAFT_RESULT, (124, 35)),
    (layout.GUI_FURNACE, layout.FURNACE_INPUT, (56, 17)),
    (layout.GUI_FURNACE, layout.FURNACE_FUEL, (56, 53)),
    (layout.GUI_BLAST_FURNACE, layout.FURNACE_OUTPUT, (116, 35)),
    # Java edition 1.16
    (layout.GUI_STONECUTTER, layout.CRAFT_RESULT, (143, 33)),
    (layout.GUI_SMITHING_TABLE, layout.SMITHING_ADDITION, (76, 47)),
    (layout.GUI_BREWING_STAND, layout.BREW_BOTTLE + 2, (102, 51)),
    (layout.GUI_LOOM, layout.LOOM_PATTERN, (23, 45)),
  ],
)
def test_slots_of_the_usual_panel(gui, slot, offset):
  assert tuple(layout.SLOT_XY[gui, slot]) == (232 + offset[0], 97 + offset[1])
  assert layout.panel_box(gui) == (232, 97, 408, 263)


def test_panels_of_another_size_lie_in_the_middle():
  # beacon 230x219: (640 - 230) / 2 = 205, (360 - 219) // 2 = 70; payment (136, 110), main (36, 137)
  assert layout.panel_box(layout.GUI_BEACON) == (205, 70, 435, 289)
  assert tuple(layout.SLOT_XY[layout.GUI_BEACON, layout.BEACON_PAYMENT]) == (341, 180)
  assert tuple(layout.SLOT_XY[layout.GUI_BEACON, layout.HOTBAR]) == (241, 70 + 195)
  # a chest of 3 rows is 168 high: (360 - 168) / 2 = 96; slots from (8, 18), main (8, 85)
  assert layout.panel_box(layout.GUI_CHEST) == (232, 96, 408, 264)
  assert tuple(layout.SLOT_XY[layout.GUI_CHEST, layout.CHEST_FIRST + 26]) == (384, 96 + 54)
  assert tuple(layout.SLOT_XY[layout.GUI_CHEST, layout.HOTBAR]) == (240, 96 + 143)


def test_the_recipe_book_moves_the_panel():
  # Java: left = 177 + (640 - 176 - 200) / 2 = 309; the book at (640 - 147) // 2 - 86 = 160
  assert 232 + layout.BOOK_SHIFT == 309 and layout.BOOK_BOX == (160, 97, 160 + 147, 97 + 166)
  moved = layout.slot_xy(layout.GUI_INVENTORY, True)
  assert tuple(moved[layout.HOTBAR]) == (309 + 8, 97 + 142)
  assert moved[layout.BLOCK, 0] == layout.HIDDEN
  np.testing.assert_array_equal(
    layout.slot_xy(layout.GUI_CHEST, True), layout.SLOT_XY[layout.GUI_CHEST]
  )
  # buttons: inventory (left + 104, 180 - 22), table (left + 5, 180 - 49), furnaces left + 20
  assert layout.BOOK_BUTTON_XY[layout.GUI_INVENTORY].tolist() == [336, 158]
  assert layout.BOOK_BUTTON_XY[layout.GUI_CRAFTING_TABLE].tolist() == [237, 131]
  assert layout.BOOK_BUTTON_XY[layout.GUI_SMOKER].tolist() == [252, 131]
  assert layout.BOOK_ENTRY_XY[[0, 6]].tolist() == [[171, 128], [196, 153]]
  assert layout.CHOICE_XY[[0, 5]].tolist() == [[232 + 52, 97 + 14], [232 + 68, 97 + 32]]


@pytest.mark.parametrize("gui", GUIS)
def test_no_two_things_share_a_pixel(gui):
  for is_open in (False, True) if gui in layout.BOOK_GUIS else (False,):
    cover = np.zeros((360, 640), int)
    for x, y in layout.slot_xy(gui, is_open)[layout.IS_SHOWN[gui]]:
      cover[y - 1 : y + 17, x - 1 : x + 17] += 1
    shift = layout.BOOK_SHIFT * is_open
    if gui in layout.BOOK_GUIS:
      x, y = layout.BOOK_BUTTON_XY[gui] + (shift, 0)
      cover[y : y + layout.BOOK_BUTTON_SIZE[1], x : x + layout.BOOK_BUTTON_SIZE[0]] += 1
    if is_open:
      for x, y in layout.BOOK_ENTRY_XY:
        cover[y : y + layout.BOOK_ENTRY_SIZE, x : x + layout.BOOK_ENTRY_SIZE] += 1
      for x, y in (layout.PAGE_BACK_XY, layout.PAGE_FORWARD_XY):
        cover[y : y + layout.PAGE_SIZE[1], x : x + layout.PAGE_SIZE[0]] += 1
    if gui == layout.GUI_STONECUTTER:
      for x, y in layout.CHOICE_XY:
        cover[y : y + layout.CHOICE_SIZE[1], x : x + layout.CHOICE_SIZE[0]] += 1
    assert cover.max() == 1
    x0, y0, x1, y1 = layout.panel_box(gui)
    cover[y0:y1, x0 + shift : x1 + shift] = 0
    if is_open:
      x0, y0, x1, y1 = layout.BOOK_BOX
      cover[y0:y1, x0:x1] = 0
    assert not cover.any()  # all of it lies on the panel or the book
