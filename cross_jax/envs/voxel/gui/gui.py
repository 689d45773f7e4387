"""The GUIs: opening and closing them, and one tick of keys, cursor and clicks in an open one.

Source: Minecraft 1.16 and MineRL's cursor. Inventory, crafting table, furnace, smoker, blast
furnace, stonecutter and smithing table work; loom, cartography table, grindstone, anvil, brewing
stand and beacon open and take what theirs take, but make nothing; chests hold 27 stacks.
Deviations: the held stack goes back to the inventory on closing (1.16 throws it); a shift-click on
a result takes it whole or not at all; of a click and a key in one tick only the click acts; double
clicks and dragging do nothing.
"""

from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import (
  clicks,
  inventory,
  layout,
  recipe_book,
  slot_rules,
  stations,
  stores,
)
from cross_jax.envs.voxel.gui.clicks import Outcome
from cross_jax.envs.voxel.rules import events, keys
from cross_jax.envs.voxel.rules.cells import cell_of_index
from cross_jax.envs.voxel.rules.when_needed import when_needed
from cross_jax.envs.voxel.state import Drops, Gui, Player, Slots, State, Stores

REACH_M = 8.0  # from the block, beyond which its GUI closes
_HOTBAR_KEYS = np.asarray([BUTTON_INDEX[f"hotbar.{i}"] for i in range(1, 10)])
_SLOT = np.arange(layout.NUM_SLOTS)
_IN_GRID = (_SLOT >= layout.CRAFT) & (_SLOT < layout.CRAFT_RESULT)
_IN_BLOCK = (_SLOT >= layout.BLOCK) & (_SLOT < layout.HELD)


def open_gui(state: State, kind: jax.Array | int, cell: jax.Array | int = -1) -> State:
  """The state with a GUI open and the cursor in the middle.

  Args:
    state: the game, with no GUI open.
    kind: int32[], layout.GUI_*; GUI_NONE opens nothing.
    cell: int32[], index of the block it belongs to, or -1.
  Returns:
    State; unchanged if the block keeps items and there is no room for them (stores.py).
  """
  kind, cell = jnp.asarray(kind, jnp.int32), jnp.asarray(cell, jnp.int32)
  is_opened = (kind != layout.GUI_NONE) & stores.can_open(state.stores, kind, cell)
  value = (state.slots, state.gui, state.stores)
  slots, gui, kept = when_needed(is_opened, _opened, value, kind, cell)
  return state._replace(slots=slots, gui=gui, stores=kept)


def _opened(
  value: tuple[Slots, Gui, Stores], kind: jax.Array, cell: jax.Array
) -> tuple[Slots, Gui, Stores]:
  slots, gui, kept = stores.unpack_store(*value, kind, cell)
  gui = gui._replace(
    kind=kind,
    cursor_px=jnp.asarray(layout.CURSOR_HOME, jnp.float32),
    cell=cell,
    choice=jnp.full((), -1, jnp.int32),
    book_page=jnp.zeros((), jnp.int32),
    book_entries=jnp.full((layout.NUM_BOOK_ENTRIES,), -1, jnp.int32),
    book_seen=jnp.zeros((), jnp.uint32),
  )
  return slots, gui, kept


def open_at_start(state: State, kind: jax.Array) -> State:
  """The state with a GUI (layout.GUI_*, int32[]) open, of the nearest block that has it."""
  blocks = state.blocks.astype(jnp.int32)
  is_it = (jnp.asarray(tables.BLOCKS.gui)[blocks] == kind) & (kind != layout.GUI_NONE)
  middle = cell_of_index(jnp.arange(len(blocks), dtype=jnp.int32)).astype(jnp.float32) + 0.5
  far = jnp.sum((middle - state.player.pos[None]) ** 2, axis=1)
  nearest = jnp.argmin(jnp.where(is_it, far, jnp.inf)).astype(jnp.int32)
  return open_gui(state, kind, jnp.where(jnp.any(is_it), nearest, stores.NO_CELL))


def close_gui(state: State) -> State:
  """The state with no GUI open.

  What a block keeps stays in it; all other stacks, the held one too, go back to the inventory, and
  what finds no room there is thrown.
  """
  return state._replace(**_closed(_parts(state), state.player))


class _Parts(TypedDict):
  """What closing a GUI changes."""

  slots: Slots
  gui: Gui
  stores: Stores
  drops: Drops


def _parts(state: State) -> _Parts:
  return {name: getattr(state, name) for name in _Parts.__annotations__}


def _closed(parts: _Parts, player: Player) -> _Parts:
  gui = parts["gui"]
  is_kept = stores.keeps_items(gui.kind, gui.cell)
  returns = _IN_GRID | (_SLOT == layout.HELD) | (_IN_BLOCK & ~is_kept)
  slots, kept = stores.pack_store(parts["slots"], gui, parts["stores"])
  slots = inventory.return_stacks(slots, returns)

  def throw_one(carry: tuple[Slots, Drops]) -> tuple[Slots, Drops]:
    slots, lying = carry
    slot = jnp.argmax(returns & (slots.count > 0)).astype(jnp.int32)
    lying = keys.thrown_drops(lying, player, slots.item[slot], slots.count[slot])
    return inventory.set_slot(slots, slot, jnp.int32(0), jnp.int32(0)), lying

  slots, lying = jax.lax.while_loop(
    lambda carry: jnp.any(returns & (carry[0].count > 0)), throw_one, (slots, parts["drops"])
  )
  zero = jnp.zeros((), jnp.int32)
  shut = gui._replace(
    kind=zero,
    cursor_px=jnp.asarray(layout.CURSOR_HOME, jnp.float32),
    burn_ticks=zero,
    burn_total=zero,
    cook_ticks=zero,
    cell=jnp.full((), stores.NO_CELL, jnp.int32),
    choice=jnp.full((), -1, jnp.int32),
  )
  slots = inventory.set_slot(slots, jnp.int32(layout.CRAFT_RESULT), zero, zero)
  return {"slots": slots, "gui": shut, "stores": kept, "drops": lying}


def _is_lost(state: State) -> jax.Array:
  """bool[], whether the open GUI's block is gone or out of reach, or the player dead."""
  gui = state.gui
  cell = jnp.maximum(gui.cell, 0)
  block = state.blocks[cell].astype(jnp.int32)
  offset = cell_of_index(cell).astype(jnp.float32) + 0.5 - state.player.pos
  is_gone = jnp.asarray(tables.BLOCKS.gui)[block] != gui.kind
  is_far = jnp.sum(offset**2) > REACH_M**2
  return ((gui.cell >= 0) & (is_gone | is_far)) | (state.player.health <= 0)


def _toggle(state: State, pressed: jax.Array) -> State:
  """E opens the inventory or closes any GUI; ESC closes; so does losing the block."""
  is_open = state.gui.kind != layout.GUI_NONE
  inventory_key, escape = pressed[BUTTON_INDEX["inventory"]], pressed[BUTTON_INDEX["ESC"]]
  is_lost = _is_lost(state)
  is_closed = is_open & (inventory_key | escape | is_lost)
  closed = state._replace(**when_needed(is_closed, _closed, _parts(state), state.player))
  opens = ~is_open & inventory_key & ~is_lost
  return open_gui(closed, jnp.where(opens, layout.GUI_INVENTORY, layout.GUI_NONE))


def apply_gui(state: State, action: RawAction) -> State:
  """One tick of keys, then cursor, then one click, as far as they concern a GUI.

  Keys act on the tick they are pressed (state.prev_buttons holds the last tick's), on the slot that
  was under the cursor before it moved. If afterwards gui.kind is GUI_NONE, the camera and the
  buttons are the world's.

  Args:
    state: State.
    action: RawAction, int8[23] and float32[2].
  Returns:
    State, with slots, gui, stores, drops and events changed. A result counts in craft_item when it
    is taken, with its count, and so does what is taken from a furnace.
  """
  down = action.buttons > 0
  pressed = down & (state.prev_buttons == 0)
  was_open = state.gui.kind != layout.GUI_NONE
  state = _toggle(state, pressed)
  gui, old = state.gui, state.slots
  is_open = gui.kind != layout.GUI_NONE
  cursor = jnp.where(is_open, clicks.move_cursor(gui.cursor_px, action.camera_deg), gui.cursor_px)
  is_clicked = is_open & (pressed[BUTTON_INDEX["attack"]] | pressed[BUTTON_INDEX["use"]])
  at = jnp.where(is_clicked, cursor, gui.cursor_px)
  slot = jnp.where(is_clicked | (is_open & was_open), clicks.hovered_slot(gui, at), -1)
  outcome = _act_on_slots(old, gui, slot, at, (down, pressed, is_clicked))
  made = old.count[layout.CRAFT_RESULT] * outcome.times
  is_cooked = (slot == layout.FURNACE_OUTPUT) & jnp.asarray(slot_rules.IS_FURNACE)[gui.kind]
  made += jnp.where(is_cooked, old.count[slot] - outcome.slots.count[slot], 0)
  state = events.note(state, "craft_item", old.item[slot], made)
  none = jnp.zeros((), jnp.int32)
  slots, spare, num_spare = when_needed(
    outcome.times > 0, _consume, (outcome.slots, none, none), gui.kind, outcome.times
  )
  lying = keys.thrown_drops(state.drops, state.player, outcome.thrown, outcome.thrown_count)
  lying = keys.thrown_drops(lying, state.player, spare, num_spare)
  gui, shown_page = gui._replace(cursor_px=cursor), gui.book_page
  slots, gui = _press_buttons(slots, gui, is_clicked, down[BUTTON_INDEX["sneak"]])
  is_new = slots.item[layout.BLOCK] != old.item[layout.BLOCK]
  gui = gui._replace(
    cook_ticks=jnp.where(is_new, 0, gui.cook_ticks), choice=jnp.where(is_new, -1, gui.choice)
  )
  slots = stations.with_result(slots, gui)
  return state._replace(
    slots=slots,
    gui=recipe_book.refresh(gui, slots, shown_page),
    drops=lying,
  )


def _act_on_slots(
  slots: Slots, gui: Gui, slot: jax.Array, at: jax.Array, buttons: tuple[jax.Array, ...]
) -> Outcome:
  """What this tick's click or key does to the slots; buttons: down, pressed, is one clicked."""
  down, pressed, is_clicked = buttons
  is_right = ~pressed[BUTTON_INDEX["attack"]]
  is_over, is_shift = slot >= 0, down[BUTTON_INDEX["sneak"]]
  hotbar = pressed[_HOTBAR_KEYS]
  is_swap = jnp.any(hotbar) | pressed[BUTTON_INDEX["swapHands"]]
  other = jnp.where(jnp.any(hotbar), jnp.argmax(hotbar).astype(jnp.int32), layout.OFFHAND)
  is_key = is_over & ~is_clicked
  zero = jnp.int32(0)
  shift_click = lambda outcome, kind, slot: clicks.shift_click(outcome.slots, kind, slot)
  outcome = Outcome(slots, zero, zero, zero)
  is_sent = is_clicked & is_over & is_shift
  outcome = when_needed(is_sent, shift_click, outcome, gui.kind, slot)
  for is_it, done in (
    (is_clicked & is_over & ~is_shift, clicks.click(slots, gui.kind, slot, is_right)),
    (is_clicked & clicks.is_outside(gui, at), clicks.throw_held(slots, is_right)),
    (is_key & is_swap, clicks.swap(slots, gui.kind, slot, other)),
    (
      is_key & ~is_swap & pressed[BUTTON_INDEX["drop"]],
      clicks.throw(slots, slot, down[BUTTON_INDEX["sprint"]]),
    ),
  ):
    outcome = jax.tree.map(lambda new, old, c=is_it: jnp.where(c, new, old), done, outcome)
  return outcome


def _consume(
  value: tuple[Slots, jax.Array, jax.Array], kind: jax.Array, times: jax.Array
) -> tuple[Slots, jax.Array, jax.Array]:
  """Uses up the ingredients of a result taken `times` times; buckets and bottles come back.

  Returns:
    (Slots, item int32[] and count int32[] of vessels that found no room).
  """
  slots = value[0]
  is_used = jnp.asarray(slot_rules.CONSUMED)[kind] & (slots.count > 0) & (times > 0)
  left = slots.count - jnp.where(is_used, times, 0)
  vessel = jnp.where(is_used, jnp.asarray(slot_rules.REMAINDER)[slots.item], 0)
  stays = (vessel > 0) & (left == 0)
  item = jnp.where(stays, vessel, jnp.where(left > 0, slots.item, 0))
  slots = Slots(item, jnp.where(stays, times, left))
  vessel = jnp.where(stays, 0, vessel)
  num = times * jnp.sum(vessel > 0, dtype=jnp.int32)
  vessel = jnp.max(vessel)
  slots, left = inventory.add_item(slots, vessel, num)
  return slots, vessel, left


def _press_buttons(
  slots: Slots, gui: Gui, is_clicked: jax.Array, is_shift: jax.Array
) -> tuple[Slots, Gui]:
  """A click on a stonecutter's list, on the recipe book, or on the button that opens it."""
  cursor, in_panel = gui.cursor_px, clicks.in_panel_px(gui, gui.cursor_px)
  is_over = clicks.is_in(in_panel, layout.CHOICE_XY, layout.CHOICE_SIZE)
  index = jnp.argmax(is_over).astype(jnp.int32)
  is_chosen = is_clicked & (gui.kind == layout.GUI_STONECUTTER) & jnp.any(is_over)
  is_chosen &= index < jnp.asarray(stations.CUT_NUM)[slots.item[layout.STONECUTTER_INPUT]]
  gui = gui._replace(choice=jnp.where(is_chosen, index, gui.choice))

  is_reading = is_clicked & clicks.is_book_shown(gui)
  button = jnp.asarray(layout.BOOK_BUTTON_XY)[gui.kind]
  is_toggled = is_clicked & (button[0] != layout.HIDDEN)
  is_toggled &= clicks.is_in(in_panel, button, layout.BOOK_BUTTON_SIZE)
  forth = clicks.is_in(cursor, np.asarray(layout.PAGE_FORWARD_XY), layout.PAGE_SIZE)
  back = clicks.is_in(cursor, np.asarray(layout.PAGE_BACK_XY), layout.PAGE_SIZE)
  turn = jnp.where(forth & (gui.book_entries[-1] >= 0), 1, jnp.where(back, -1, 0))
  page = jnp.maximum(gui.book_page + jnp.where(is_reading, turn, 0), 0)
  size = (layout.BOOK_ENTRY_SIZE, layout.BOOK_ENTRY_SIZE)
  is_entry = clicks.is_in(cursor, layout.BOOK_ENTRY_XY, size) & (gui.book_entries >= 0)
  entry = gui.book_entries[jnp.argmax(is_entry)]
  is_filled = is_reading & jnp.any(is_entry)
  slots = when_needed(is_filled, recipe_book.fill, slots, gui.kind, entry, is_shift)
  return slots, gui._replace(
    is_book_open=gui.is_book_open ^ is_toggled, book_page=jnp.where(is_toggled, 0, page)
  )
