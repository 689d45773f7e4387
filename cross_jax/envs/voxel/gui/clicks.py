"""The cursor and what clicks and keys do to the slot under it: functions of slots, item by item.

Source: Java edition 1.16, AbstractContainerMenu.doClick (PICKUP, QUICK_MOVE, SWAP, THROW).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import DEG_PER_PX, SCREEN_HEIGHT, SCREEN_WIDTH
from cross_jax.envs.voxel.gui import inventory, layout, slot_rules
from cross_jax.envs.voxel.state import Gui, Slots

_HAS_BOOK = np.isin(np.arange(layout.NUM_GUIS), layout.BOOK_GUIS)
_PANEL_BOX = np.asarray([layout.panel_box(gui) for gui in range(layout.NUM_GUIS)], np.float32)
_SLOT = np.arange(layout.NUM_SLOTS)
_IN_HOTBAR = _SLOT < layout.MAIN
_IN_MAIN = (_SLOT >= layout.MAIN) & (_SLOT < layout.FEET)


class Outcome(NamedTuple):
  """What a click or a key did; times: how often the result was taken."""

  slots: Slots
  times: jax.Array  # int32[], of the open GUI's result
  thrown: jax.Array  # int32[], item that leaves the inventory
  thrown_count: jax.Array  # int32[]


def move_cursor(cursor_px: jax.Array, camera_deg: jax.Array) -> jax.Array:
  """The cursor after a mouse move: 6.6667 px per degree, x by yaw, y by pitch, kept on the screen.

  Args:
    cursor_px: float32[2], (x, y).
    camera_deg: float32[2], (pitch, yaw).
  Returns:
    float32[2].
  """
  size = jnp.asarray([SCREEN_WIDTH, SCREEN_HEIGHT], jnp.float32)
  return jnp.clip(cursor_px + camera_deg[::-1] / DEG_PER_PX, 0.0, size)


def is_book_shown(gui: Gui) -> jax.Array:
  """bool[], whether the recipe book is on the screen."""
  return gui.is_book_open & jnp.asarray(_HAS_BOOK)[gui.kind]


def in_panel_px(gui: Gui, cursor_px: jax.Array) -> jax.Array:
  """float32[2], the cursor as if the recipe book were closed and had not moved the panel."""
  shift = jnp.where(is_book_shown(gui), float(layout.BOOK_SHIFT), 0.0)
  return cursor_px - jnp.stack([shift, jnp.zeros_like(shift)])


def is_in(cursor_px: jax.Array, xy: jax.Array | np.ndarray, size: tuple[int, int]) -> jax.Array:
  """bool[...], whether float32[2] is in boxes of a size (px) with their top left at xy[..., 2]."""
  xy = jnp.asarray(xy).astype(jnp.float32)
  x, y = cursor_px[0] - xy[..., 0], cursor_px[1] - xy[..., 1]
  return (x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])


def hovered_slot(gui: Gui, cursor_px: jax.Array) -> jax.Array:
  """The slot under the cursor, see `layout.is_on_slot`.

  Args:
    gui: what is open.
    cursor_px: float32[2].
  Returns:
    int32[], 0..77, or -1.
  """
  xy = jnp.asarray(layout.SLOT_XY)[gui.kind].astype(jnp.float32)
  offset = in_panel_px(gui, cursor_px)[None, :] - xy
  inside = layout.is_on_slot(offset) & jnp.asarray(layout.IS_SHOWN)[gui.kind]
  return jnp.where(jnp.any(inside), jnp.argmax(inside).astype(jnp.int32), -1)


def is_outside(gui: Gui, cursor_px: jax.Array) -> jax.Array:
  """bool[], whether the cursor is neither on the panel nor on the open recipe book."""
  box, at = jnp.asarray(_PANEL_BOX)[gui.kind], in_panel_px(gui, cursor_px)
  is_on_panel = jnp.all((at >= box[:2]) & (at < box[2:]))
  x0, y0, x1, y1 = layout.BOOK_BOX
  is_on_book = is_book_shown(gui) & is_in(cursor_px, np.asarray((x0, y0)), (x1 - x0, y1 - y0))
  return ~is_on_panel & ~is_on_book


def may_place(kind: jax.Array, slot: jax.Array, item: jax.Array) -> jax.Array:
  """bool[], whether a slot of the GUI `kind` takes an item."""
  return jnp.asarray(slot_rules.ACCEPTS)[jnp.asarray(slot_rules.SLOT_CLASS)[kind, slot], item]


def click(slots: Slots, kind: jax.Array, slot: jax.Array, is_right: jax.Array) -> Outcome:
  """A plain click: pick up (half), place (one), merge, swap; results are only taken, and whole.

  Args:
    slots: Slots.
    kind: int32[], layout.GUI_*.
    slot: int32[], 0..77.
    is_right: bool[], the right button.
  """
  item, count = slots.item[slot], slots.count[slot]
  held, held_count = slots.item[layout.HELD], slots.count[layout.HELD]
  is_result = slot == layout.CRAFT_RESULT
  is_empty, is_like = held_count == 0, (item == held) & (held_count > 0)
  may = may_place(kind, slot, held) & ~is_empty
  limit = inventory.stack_limit(held)
  slot_limit = jnp.minimum(limit, jnp.asarray(slot_rules.SLOT_LIMIT)[kind, slot])
  # from the slot to the cursor
  half = jnp.where(is_right & ~is_result, (count + 1) // 2, count)
  fits = is_like & ~may & (held_count + count <= limit)
  taken = jnp.where(is_empty, half, jnp.where(fits, count, 0))
  # from the cursor to the slot
  offered = jnp.where(is_right, jnp.minimum(held_count, 1), held_count)
  room = jnp.where((count == 0) | is_like, slot_limit - count, 0)
  placed = jnp.where(may, jnp.clip(offered, 0, jnp.maximum(room, 0)), 0)
  swaps = may & (count > 0) & ~is_like & (held_count <= slot_limit)
  new_count = jnp.where(swaps, held_count, count - taken + placed)
  new_item = jnp.where(swaps | (placed > 0), held, item)
  new_held_count = jnp.where(swaps, count, held_count + taken - placed)
  new_held = jnp.where(swaps | (taken > 0), item, held)
  slots = inventory.set_slot(slots, slot, new_item, new_count)
  slots = inventory.set_slot(slots, jnp.int32(layout.HELD), new_held, new_held_count)
  zero = jnp.int32(0)
  return Outcome(slots, (is_result & (taken > 0)).astype(jnp.int32), zero, zero)


def throw_held(slots: Slots, is_right: jax.Array) -> Outcome:
  """A click outside the panel: throws the held stack, or (right button) one of it."""
  held, count = slots.item[layout.HELD], slots.count[layout.HELD]
  thrown = jnp.where(is_right, jnp.minimum(count, 1), count)
  slots = inventory.remove_item(slots, jnp.int32(layout.HELD), thrown)
  return Outcome(slots, jnp.int32(0), held, thrown)


def shift_click(slots: Slots, kind: jax.Array, slot: jax.Array) -> Outcome:
  """A shift-click: to where the GUI wants the item, or between hotbar and main.

  A result is made as often as ingredients and room allow, each time whole.

  Args:
    slots: Slots.
    kind: int32[], layout.GUI_*.
    slot: int32[], 0..77.
  """
  item, count = slots.item[slot], slots.count[slot]
  is_result, is_carried = slot == layout.CRAFT_RESULT, slot < layout.FEET
  target = jnp.where(is_carried, jnp.asarray(slot_rules.SHIFT_TARGET)[kind, item], 0)
  wanted = jnp.asarray(slot_rules.SHIFT_SLOTS)[target]
  limit = jnp.minimum(jnp.asarray(slot_rules.SLOT_LIMIT)[kind], inventory.stack_limit(item))
  is_open = (slots.count == 0) | ((slots.item == item) & (slots.count < limit))
  is_sent = jnp.any(wanted & is_open) | ~jnp.asarray(slot_rules.FALLS_THROUGH)[kind]
  is_sent &= target > 0
  across = jnp.where(slot < layout.MAIN, _IN_MAIN, _IN_HOTBAR) | (
    ~is_carried & (_SLOT < layout.FEET)
  )
  room = jnp.where(is_sent, jnp.where(wanted, limit, 0), jnp.where(across, limit, 0))
  gives_backward = jnp.asarray(slot_rules.GIVES_BACKWARD)[kind, slot] & ~is_carried
  from_block = jnp.where(gives_backward, inventory.BACKWARD, inventory.MAIN_FIRST)
  order = jnp.where(is_carried, inventory.LOWEST, from_block)
  num = inventory.room_for(slots, item) // jnp.maximum(count, 1)
  times = jnp.where(is_result & (count > 0), jnp.minimum(num, _num_sets(slots, kind)), 0)
  moved, left = inventory.insert(
    slots, item, jnp.where(is_result, times * count, count), room, order
  )
  moved = inventory.set_slot(moved, slot, item, jnp.where(is_result, count, left))
  return Outcome(moved, times, jnp.int32(0), jnp.int32(0))


def _num_sets(slots: Slots, kind: jax.Array) -> jax.Array:
  """How often the ingredients that lie there allow the result: int32[]."""
  is_used = jnp.asarray(slot_rules.CONSUMED)[kind] & (slots.count > 0)
  return jnp.min(jnp.where(is_used, slots.count, jnp.iinfo(jnp.int32).max))


def swap(slots: Slots, kind: jax.Array, slot: jax.Array, other: jax.Array) -> Outcome:
  """A number key or `swapHands` over a slot: exchanges it with `other`, if both may hold it.

  Args:
    slots: Slots.
    kind: int32[], layout.GUI_*.
    slot: int32[], 0..77, under the cursor.
    other: int32[], the key's hotbar slot or OFFHAND.
  """
  item, count = slots.item[slot], slots.count[slot]
  there, there_count = slots.item[other], slots.count[other]
  limit = jnp.asarray(slot_rules.SLOT_LIMIT)[kind, slot]
  may = (there_count == 0) | (may_place(kind, slot, there) & (there_count <= limit))
  may = may & (slots.count[layout.HELD] == 0)
  is_result = slot == layout.CRAFT_RESULT
  swapped = inventory.set_slot(slots, slot, there, there_count)
  swapped = inventory.set_slot(swapped, other, item, count)
  slots = jax.tree.map(lambda new, old: jnp.where(may, new, old), swapped, slots)
  zero = jnp.int32(0)
  return Outcome(slots, (may & is_result & (count > 0)).astype(jnp.int32), zero, zero)


def throw(slots: Slots, slot: jax.Array, is_all: jax.Array) -> Outcome:
  """`drop` over a slot: throws one of it, or the whole stack (`sprint` held, or a result)."""
  item, is_result = slots.item[slot], slot == layout.CRAFT_RESULT
  count = jnp.where(slots.count[layout.HELD] == 0, slots.count[slot], 0)
  thrown = jnp.where(is_all | is_result, count, jnp.minimum(count, 1))
  times = (is_result & (thrown > 0)).astype(jnp.int32)
  return Outcome(inventory.remove_item(slots, slot, thrown), times, item, thrown)
