"""GUIs: slots where layout.py says, icons that differ, the cursor that a decoder can find."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.base import View
from cross_jax.envs.voxel.content.tables import CUTTING, ITEMS, RECIPES
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import CODE_GUI, CODE_SLOT, overlay, segment_batch
from cross_jax.envs.voxel.render.font import text_mask
from cross_jax.envs.voxel.render.once import once_of
from cross_jax.envs.voxel.render.panels import SCREENS
from cross_jax.envs.voxel.render.textures import icon_tiles
from cross_jax.screen import TINY_VIEWS
from tests.envs.voxel.render_scene import PANEL, make_state, stack

VIEWS = WIDE, CENTRE = TINY_VIEWS

NUM_ITEMS = len(ITEMS.names)
FAR_CURSOR = (600.0, 20.0)  # px, outside the centre view
SKY = 120 | 160 << 8 | 220 << 16
VISIBLE_STEP = 25  # of 255, in some channel
FAINT = (  # thin or as grey as a slot: the middle view shows them
  "end_rod", "dead_horn_coral_fan", "dead_fire_coral_fan", "turtle_egg", "dead_bubble_coral_fan",
  "light_gray_carpet", "silverfish_spawn_egg", "smooth_stone_slab", "comparator", "repeater",
  "sea_pickle", "stone_pressure_plate", "creeper_head", "dead_brain_coral_fan", "lever", "elytra",
  "conduit", "andesite_slab", "tripwire_hook",
)  # fmt: skip


def shown_slots(gui: int) -> list[int]:
  return [s for s in range(layout.NUM_SLOTS) if layout.SLOT_XY[gui, s, 0] != layout.HIDDEN]


def samples_of(gui: int, slot: int, view=CENTRE) -> tuple[np.ndarray, np.ndarray]:
  """Rows and columns of a view whose sample points lie in a slot, from first principles."""
  left, top = layout.SLOT_XY[gui, slot]
  x = view.x0 + (np.arange(view.width) + 0.5) * (view.x1 - view.x0) / view.width
  y = view.y0 + (np.arange(view.height) + 0.5) * (view.y1 - view.y0) / view.height
  return np.flatnonzero((y >= top) & (y < top + 16)), np.flatnonzero((x >= left) & (x < left + 16))


def crop(image: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
  return image[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]


def draw(states: list, views: tuple[View, ...]) -> list[np.ndarray]:
  """What lies over a plain sky in every game: one uint8[B, height, width, 3] per view."""

  def one(game, view):
    return overlay.draw(jnp.full((view.height, view.width), SKY, jnp.int32), game, view)

  batch = stack(states)
  games = batch._replace(blocks=None, boxes=None), jax.jit(jax.vmap(once_of))(batch)
  run = jax.jit(lambda g: [jax.lax.map(lambda game, v=v: one(game, v), g) for v in views])
  return [np.stack([(np.asarray(w) >> k & 255) for k in (0, 8, 16)], -1) for w in run(games)]


@pytest.fixture(scope="module")
def all_items():
  """Every item once, in the main rows of crafting tables: (pictures of VIEWS, places by item).

  The last picture is without items.
  """
  slots = range(layout.MAIN, layout.MAIN + 27)
  states, places = [], {}
  items = list(range(1, NUM_ITEMS))
  for game in range(-(-len(items) // len(slots))):
    item = np.zeros(layout.NUM_SLOTS, np.int32)
    for slot in slots:
      if items:
        item[slot] = items.pop()
        places[int(item[slot])] = (game, slot)
    states.append(
      make_state(
        slots={"item": item, "count": (item > 0).astype(np.int32)},
        gui={"kind": layout.GUI_CRAFTING_TABLE, "cursor_px": FAR_CURSOR},
      )
    )
  assert not items
  states.append(make_state(gui={"kind": layout.GUI_CRAFTING_TABLE, "cursor_px": FAR_CURSOR}))
  return draw(states, VIEWS), places


@pytest.fixture(scope="module")
def cursors():
  """Four inventories with a held stack and the cursor at odd places: (pictures, cursor px)."""
  at = np.asarray([[301.7, 150.2], [225.0, 85.0], [398.3, 258.9], [340.5, 239.0]], np.float32)
  states = [
    make_state(
      slots={"item": np.where(np.arange(layout.NUM_SLOTS) == layout.HELD, i + 1, 0),
             "count": np.where(np.arange(layout.NUM_SLOTS) == layout.HELD, 64, 0)},
      gui={"kind": layout.GUI_INVENTORY, "cursor_px": xy},
    )
    for i, xy in enumerate(at)
  ]  # fmt: skip
  return draw(states, VIEWS), at


def test_a_slot_shows_the_icon_of_its_item(all_items):
  """Every item's 8x8 samples are its icon, averaged over 2x2 texels, on the slot's grey.

  So that icons differ in frames as much as test_looks.py demands of the drawings.
  """
  (_, centre), places = all_items
  tiles = icon_tiles().astype(np.float64)
  alpha = tiles[..., 3:] / 255
  half = lambda x: (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4
  colour, cover = half(tiles[..., :3] * alpha), half(alpha)
  for item in range(1, NUM_ITEMS):
    game, slot = places[item]
    shown = crop(centre[game], *samples_of(layout.GUI_CRAFTING_TABLE, slot))
    assert shown.shape == (8, 8, 3)
    bare = crop(centre[-1], *samples_of(layout.GUI_CRAFTING_TABLE, slot))
    expected = colour[item] + (1 - cover[item]) * bare
    np.testing.assert_allclose(shown, expected, atol=2.0, err_msg=ITEMS.names[item])


def test_a_slot_of_the_inventory_is_a_patch():
  """The 8x8 samples inside any of its 27 slots are exactly one patch of the middle view."""
  for slot in range(layout.MAIN, layout.MAIN + 27):
    for samples in samples_of(layout.GUI_INVENTORY, slot):
      assert len(samples) == 8 and samples[0] % 8 == 0


def test_items_are_seen(all_items):
  """Every item changes its slot in the middle view, and all but FAINT ones the whole screen's.

  There a slot has 2 or 3 samples a side.
  """
  pictures, places = all_items
  for view, images, faint in zip(VIEWS, pictures, (FAINT, ()), strict=True):
    for item, (game, slot) in places.items():
      at = samples_of(layout.GUI_CRAFTING_TABLE, slot, view)
      change = np.abs(crop(images[game] - images[-1], *at)).max()
      assert change >= VISIBLE_STEP or ITEMS.names[item] in faint, ITEMS.names[item]


def test_the_cursor_can_be_found(cursors):
  """The least white x and y are at the tip, up to one sample: 2.25 px in the middle, 5.7 overall.

  A usual arrow with a pointed tip would miss the first rows: its least y is off by up to 4 px.
  """
  pictures, at = cursors
  for view, images in zip(VIEWS, pictures, strict=True):
    step_x, step_y = (view.x1 - view.x0) / view.width, (view.y1 - view.y0) / view.height
    for image, (x, y) in zip(images, at, strict=True):
      rows, cols = np.nonzero((image == 255).all(-1))
      least_x = view.x0 + (cols.min() + 0.5) * step_x
      least_y = view.y0 + (rows.min() + 0.5) * step_y
      assert 0 <= least_x - x < step_x + 1e-3 and 0 <= least_y - y < step_y + 1e-3


def test_only_the_cursor_is_white(all_items, cursors):
  (wide, centre), _ = all_items
  assert centre.max() <= 250  # the cursor is outside this view
  (_, held), at = cursors
  for image, (x, y) in zip(held, at, strict=True):
    rows, cols = np.nonzero((image > 250).any(-1))
    assert (image[rows, cols] == 255).all()
    px = CENTRE.x0 + (cols + 0.5) * (CENTRE.x1 - CENTRE.x0) / CENTRE.width
    py = CENTRE.y0 + (rows + 0.5) * (CENTRE.y1 - CENTRE.y0) / CENTRE.height
    assert (px >= x).all() and (px < x + 16).all() and (py >= y).all() and (py < y + 16).all()
  assert (wide == 255).all(-1).sum() > 0


def test_slot_codes_are_where_the_slots_are():
  kinds = (layout.GUI_INVENTORY, layout.GUI_CRAFTING_TABLE, layout.GUI_FURNACE, layout.GUI_NONE)
  codes = np.asarray(segment_batch(stack([make_state(gui={"kind": k}) for k in kinds]), CENTRE))
  for gui, code in zip(kinds[:3], codes, strict=False):
    expected = np.full(code.shape, CODE_GUI)
    for slot in shown_slots(gui):
      expected[np.ix_(*samples_of(gui, slot))] = CODE_SLOT + slot
    np.testing.assert_array_equal(code, expected)
    num_samples = (code == CODE_SLOT + layout.CRAFT_RESULT).sum()  # 7 or 8 a side
    assert num_samples == 0 if gui == layout.GUI_FURNACE else 49 <= num_samples <= 64
  assert (codes[3] < CODE_SLOT).mean() > 0.99  # no GUI: the sky and a small crosshair


def test_slot_codes_of_every_screen():
  view = View(0, 0, 640, 360, 160, 90)
  states = [make_state(gui={"kind": k, "is_book_open": is_open}) for k, is_open in SCREENS]
  nothing = jnp.zeros((90, 160), jnp.int32)
  codes = jax.jit(lambda s: jax.lax.map(lambda state: overlay.codes(nothing, state, view), s))
  codes = codes(stack(states)._replace(blocks=None, boxes=None))
  for (gui, is_open), code in zip(SCREENS, codes, strict=True):
    expected = np.full(code.shape, CODE_GUI)
    x, y = 4 * np.arange(160) + 2, 4 * np.arange(90) + 2
    for slot, (left, top) in enumerate(layout.slot_xy(gui, is_open)):
      if left != layout.HIDDEN:
        rows, cols = (y >= top) & (y < top + 16), (x >= left) & (x < left + 16)
        expected[np.ix_(rows, cols)] = CODE_SLOT + slot
    np.testing.assert_array_equal(code, expected, err_msg=f"{layout.GUI_NAMES[gui]} {is_open}")


@pytest.fixture(scope="module")
def details():
  """Full-size pictures: what differs from an empty book, stonecutter and HUD."""
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  item[layout.STONECUTTER_INPUT], count[layout.STONECUTTER_INPUT] = ITEMS.index["stone"], 1
  stone = {"item": item, "count": count}
  worn = {
    "item": np.where(np.arange(layout.NUM_SLOTS) == layout.FEET, ITEMS.index["iron_boots"], 0)
  }
  book = {"kind": layout.GUI_CRAFTING_TABLE, "is_book_open": True, "cursor_px": FAR_CURSOR}
  row = int(np.flatnonzero(RECIPES.out_item == ITEMS.index["torch"])[0])
  entries = np.full(layout.NUM_BOOK_ENTRIES, -1)
  entries[7] = row
  cutter = {"kind": layout.GUI_STONECUTTER, "cursor_px": FAR_CURSOR}
  states = {
    "book": make_state(gui=book),
    "entry": make_state(gui=book | {"book_entries": entries}),
    "cutter": make_state(gui=cutter, slots=stone),
    "chosen": make_state(gui=cutter | {"choice": 2}, slots=stone),
    "plain": make_state(),
    "armour": make_state(slots=worn),
    "wet": make_state(player={"air_ticks": 150}),
    "dead": make_state(player={"health": 0}),
  }
  return dict(zip(states, draw(list(states.values()), (View(0, 0, 640, 360, 640, 360),))[0]))


def _changed(details, one, other):
  """(x0, y0, x1, y1) px of the box that holds all differences."""
  rows, cols = np.nonzero((details[one] != details[other]).any(-1))
  return cols.min(), rows.min(), cols.max() + 1, rows.max() + 1


def test_an_entry_of_the_book_shows_its_product(details):
  x0, y0, x1, y1 = _changed(details, "book", "entry")
  left, top = layout.BOOK_ENTRY_XY[7] + 4  # the icon of 16 px in the middle of 25
  assert left <= x0 < x1 <= left + 16 and top <= y0 < y1 <= top + 16


def test_the_stonecutter_shows_its_products_and_the_chosen_one(details):
  x0, y0, x1, y1 = _changed(details, "cutter", "chosen")
  left, top = layout.CHOICE_XY[2]
  assert (x0, y0) == (left, top + 2) and x1 <= left + 16 and y1 <= top + 18
  num = int((CUTTING.item == ITEMS.index["stone"]).sum())
  for i, (left, top) in enumerate(layout.CHOICE_XY):
    box = details["cutter"][top + 2 : top + 18, left : left + 16]
    assert (len(np.unique(box.reshape(-1, 3), axis=0)) > 1) == (i < num)


def test_armour_and_air_stand_above_hearts_and_hunger(details):
  # boots give 2 points: one of ten plates is full, and all ten are shown
  x0, y0, x1, y1 = _changed(details, "plain", "armour")
  assert (y0, y1) == (360 - 49, 360 - 40) and 229 <= x0 and x1 <= 320
  # half the breath: ceil(148 * 10 / 300) = 5 bubbles of 8 px from the right end
  x0, y0, x1, y1 = _changed(details, "plain", "wet")
  assert (y0, y1) == (360 - 49, 360 - 40) and (x0, x1) == (411 - 8 * 5, 411)


def test_death_shows_a_line_of_chat(details):
  rows, cols = np.nonzero((details["plain"] != details["dead"]).any(-1))
  line = rows < 313
  assert cols[line].min() == 2 and cols[line].max() < 152 and rows[line].min() == 302


@pytest.fixture(scope="module")
def furnaces():
  """Full-size panels: cold, half burnt and half cooked, and 12 and 64 items in two slots."""
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  item[[0, 9]], count[[0, 9]] = ITEMS.index["coal"], (64, 12)
  gui = {"kind": layout.GUI_FURNACE, "cursor_px": FAR_CURSOR}
  hot = gui | {"burn_ticks": 800, "burn_total": 1600, "cook_ticks": 100}
  states = [
    make_state(gui=gui),
    make_state(gui=hot),
    make_state(gui=gui, slots={"item": item, "count": count}),
  ]
  return draw(states, (PANEL,))[0]


def test_furnace_shows_fuel_and_progress(furnaces):
  cold, hot = furnaces[0], furnaces[1]
  rows, cols = np.nonzero((cold != hot).any(-1))
  is_flame = cols < 75
  # Half the fuel: the lower half (7 of 14 px) of the flame at y 37..51 burns.
  assert rows[is_flame].min() == 44 and rows[is_flame].max() <= 50
  # 100 of 200 ticks: the arrow at x 79..103 is filled over its first 12 px.
  assert cols[~is_flame].min() == 79 and cols[~is_flame].max() == 90


def test_counts_can_be_read(furnaces):
  """The digits' pixels are bright at the bottom right of the slot, glyph by glyph."""
  for slot, text in ((0, "64"), (9, "12")):
    x, y = layout.SLOT_XY[layout.GUI_FURNACE, slot] - np.asarray(layout.PANEL_XY)
    box = furnaces[2, y : y + 16, x : x + 16]
    mask = np.zeros((16, 16), bool)
    mask[8:15, 4:15] = text_mask(text)
    assert (box[mask] >= 240).all() and (box[~mask] < 240).all()
