"""Which panel pixel, slot and texel each sample of a View shows on every screen: NumPy, once."""

from typing import NamedTuple

import numpy as np

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH, View
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import panels
from cross_jax.envs.voxel.render.panels import SCREENS
from cross_jax.envs.voxel.render.sampling import (
  Region,
  cut,
  layer_words,
  region_of,
  resample,
  slot_maps,
)

NEVER = 2.0  # of a progress: not part of the bar
# What lies in the picture like a slot's icon: the slots, then entries of the book, then choices.
FIRST_BOOK_ENTRY = layout.NUM_SLOTS + 1  # NUM_SLOTS itself is "nothing"
FIRST_CHOICE = FIRST_BOOK_ENTRY + layout.NUM_BOOK_ENTRIES
NUM_ICONS = FIRST_CHOICE + layout.NUM_CHOICES


class PanelPlan(NamedTuple):
  """Screens that lie in the same part of the picture."""

  region: Region
  words: np.ndarray  # int32[k, h, w], packed colour with alpha of each screen
  slot: np.ndarray  # int32[k, h, w], slot, book entry or choice; NUM_SLOTS = nothing
  offset: np.ndarray  # int32[k, h, w], texel of the icon's tile
  flame: np.ndarray  # float32[h, w], share of fuel above which the pixel burns
  arrow: np.ndarray  # float32[h, w], progress above which the pixel is filled


def _is_wide(screen: tuple[int, bool]) -> bool:
  gui, is_book_open = screen
  return is_book_open or layout.panel_box(gui)[0] != layout.PANEL_XY[0]


GROUPS = tuple(tuple(s for s in SCREENS if _is_wide(s) == is_wide) for is_wide in (False, True))


def _screen_number() -> np.ndarray:
  number = np.zeros((2, layout.NUM_GUIS, 2), np.int32)
  for g, group in enumerate(GROUPS):
    for i, (gui, is_book_open) in enumerate(group):
      number[:, gui, int(is_book_open)] = g, i
  closed_only = np.asarray([gui not in layout.BOOK_GUIS for gui in range(layout.NUM_GUIS)])
  number[:, closed_only, 1] = number[:, closed_only, 0]
  return number


# int32[2, NUM_GUIS, 2], which of GROUPS, and which screen of it, a GUI (its book closed, open) is
SCREEN_NUMBER = _screen_number()


def _progress(mask: np.ndarray, share: np.ndarray, view: View, region: Region) -> np.ndarray:
  """At what progress each sample fills; NEVER where less than half of it is in the mask."""
  cover = resample(np.stack([mask, mask * share], -1).astype(np.float64), view)
  level = np.where(cover[..., 0] > 0.5, cover[..., 1] / np.maximum(cover[..., 0], 1e-9), NEVER)
  return cut(level.astype(np.float32), region)


def _icons_of(gui: int, is_book_open: bool) -> list[tuple[int, int, int]]:
  """(number, x, y) px of all 16x16 icons of a screen."""
  xy = layout.slot_xy(gui, is_book_open)
  icons = [(int(slot), *map(int, xy[slot])) for slot in np.flatnonzero(layout.IS_SHOWN[gui])]
  if is_book_open:
    inset = (layout.BOOK_ENTRY_SIZE - layout.SLOT_SIZE) // 2
    icons += [
      (FIRST_BOOK_ENTRY + i, int(x) + inset, int(y) + inset)
      for i, (x, y) in enumerate(layout.BOOK_ENTRY_XY)
    ]
  if gui == layout.GUI_STONECUTTER:
    icons += [(FIRST_CHOICE + i, int(x), int(y) + 2) for i, (x, y) in enumerate(layout.CHOICE_XY)]
  return icons


def panel_plan(group: int, view: View, level: int) -> PanelPlan | None:
  """The plan of GROUPS[group], or None if the view shows nothing of it; `level`: of the icons."""
  boxes = np.asarray([panels.box_of(*screen) for screen in GROUPS[group]])
  box = (*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
  region = region_of(box, view)
  if region is None:
    return None
  words, slots, offsets = [], [], []
  for gui, is_book_open in GROUPS[group]:
    words.append(cut(layer_words(panels.panel_layer(gui, is_book_open), view), region))
    slot, offset = slot_maps(_icons_of(gui, is_book_open), view, level)
    slots.append(cut(slot, region))
    offsets.append(cut(offset, region))
  x, y = panels.origin_of(layout.GUI_FURNACE, group == 1)
  rows, cols = np.mgrid[0:SCREEN_HEIGHT, 0:SCREEN_WIDTH].astype(np.float64)
  low, high = panels.FLAME_BOX[1::2]
  flame = (y + high - 0.5 - rows) / (high - low)
  left, right = panels.ARROW_BOX[::2]
  arrow = (cols + 0.5 - x - left) / (right - left)
  return PanelPlan(
    region,
    np.stack(words),
    np.stack(slots),
    np.stack(offsets),
    _progress(panels.flame_mask((x, y)), flame, view, region),
    _progress(panels.arrow_mask((x, y)), arrow, view, region),
  )
