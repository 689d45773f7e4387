"""Inventory, crafting table and furnace: the cursor, clicks on slots, crafting and smelting.

Source: Minecraft 1.16 (container clicks, furnace) and MineRL's cursor. Deviations: a shift-click on
a crafting result crafts once, not as often as it can; a shift-click fills the lowest slots first;
a click outside the slots, `drop` and double clicks do nothing; buckets and bottles that are
ingredients are used up; all furnaces of a world share one set of slots.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel import events, inventory, layout, recipes
from cross_jax.envs.voxel.clicks import hovered_slot, move_cursor
from cross_jax.envs.voxel.state import Slots, State
from cross_jax.envs.voxel.tables import ITEMS

COOK_TICKS = 200
_HOTBAR_KEYS = np.asarray([BUTTON_INDEX[f"hotbar.{i}"] for i in range(1, 10)])
_SLOT = np.arange(layout.NUM_SLOTS)
_IN_HOTBAR = _SLOT < layout.MAIN
_IN_MAIN = (_SLOT >= layout.MAIN) & (_SLOT < layout.FEET)
_IN_GRID = (_SLOT >= layout.CRAFT) & (_SLOT < layout.CRAFT_RESULT)
_IS_OUTPUT = (_SLOT == layout.CRAFT_RESULT) | (_SLOT == layout.FURNACE_OUTPUT)
_TO_RETURN = np.asarray([*range(layout.CRAFT, layout.CRAFT + 9), layout.HELD])


def _accepts() -> np.ndarray:
  accepts = np.repeat(~_IS_OUTPUT[:, None], len(ITEMS.names), axis=1)
  accepts[layout.FURNACE_FUEL] = ITEMS.fuel_ticks > 0
  armor = {layout.FEET: "_boots", layout.LEGS: "_leggings", layout.CHEST: "_chestplate",
           layout.HEAD: "_helmet"}  # fmt: skip
  for slot, end in armor.items():
    accepts[slot] = [name.endswith(end) for name in ITEMS.names]
  return accepts


_ACCEPTS = _accepts()  # bool[NUM_SLOTS, num_items], what may be put into a slot


def _click(slots: Slots, slot: jax.Array, is_right: jax.Array) -> Slots:
  """A plain click: pick up (half), place (one), merge, swap; outputs are only taken from."""
  item, count = slots.item[slot], slots.count[slot]
  held, held_count = slots.item[layout.HELD], slots.count[layout.HELD]
  is_output = jnp.asarray(_IS_OUTPUT)[slot]
  half = is_right & (slot != layout.CRAFT_RESULT)
  limit = inventory.stack_limit(held)
  is_like = (item == held) & (held_count > 0)
  # from the slot to the cursor
  wanted = jnp.where(half & (held_count == 0), (count + 1) // 2, count)
  fits = (held_count == 0) | (is_like & (held_count + count <= limit))
  taken = jnp.where((held_count == 0) | (is_output & fits), wanted, 0)
  # from the cursor to the slot
  may_place = jnp.asarray(_ACCEPTS)[slot, held] & (held_count > 0)
  offered = jnp.where(is_right, jnp.minimum(held_count, 1), held_count)
  room = jnp.where((count == 0) | is_like, limit - count, 0)
  placed = jnp.where(may_place, jnp.clip(offered, 0, jnp.maximum(room, 0)), 0)
  swaps = may_place & (count > 0) & ~is_like
  new_count = jnp.where(swaps, held_count, count - taken + placed)
  new_item = jnp.where(swaps | (placed > 0), held, item)
  new_held_count = jnp.where(swaps, count, held_count + taken - placed)
  new_held = jnp.where(swaps | (taken > 0), item, held)
  slots = inventory.set_slot(slots, slot, new_item, new_count)
  return inventory.set_slot(slots, jnp.int32(layout.HELD), new_held, new_held_count)


def _shift_click(slots: Slots, slot: jax.Array, kind: jax.Array) -> Slots:
  """A shift-click: into the grid or furnace if there is room, else between hotbar and main."""
  item, count = slots.item[slot], slots.count[slot]
  into = jnp.where(jnp.asarray(ITEMS.smelts_to)[item] > 0, layout.FURNACE_INPUT, -1)
  is_fuel = (into < 0) & (jnp.asarray(ITEMS.fuel_ticks)[item] > 0)
  into = jnp.where(is_fuel, layout.FURNACE_FUEL, into)
  special = jnp.where(kind == layout.GUI_CRAFTING_TABLE, _IN_GRID, False)
  special = jnp.where(kind == layout.GUI_FURNACE, _SLOT == into, special)
  is_like = (slots.item == item) & (slots.count < inventory.stack_limit(item))
  has_room = jnp.any(special & ((slots.count == 0) | is_like))
  across = jnp.where(slot < layout.MAIN, _IN_MAIN, _IN_HOTBAR)
  allowed = jnp.where(has_room, special, across)
  allowed = jnp.where(slot < layout.FEET, allowed, inventory.IN_INVENTORY)
  moved, left = inventory.insert(slots, item, count, allowed)
  moved = inventory.set_slot(moved, slot, item, left)
  is_stuck = (slot == layout.CRAFT_RESULT) & (left > 0)  # a result is taken whole or not at all
  return jax.tree.map(lambda new, old: jnp.where(is_stuck, old, new), moved, slots)


def _swap_with_hotbar(slots: Slots, slot: jax.Array, hotbar: jax.Array) -> Slots:
  """A number key over a slot: swaps with that hotbar slot, if both may hold what they get."""
  item, count = slots.item[slot], slots.count[slot]
  other, other_count = slots.item[hotbar], slots.count[hotbar]
  may = (other_count == 0) | jnp.asarray(_ACCEPTS)[slot, other]
  may = may & (slots.count[layout.HELD] == 0)
  swapped = inventory.set_slot(slots, slot, other, other_count)
  swapped = inventory.set_slot(swapped, hotbar, item, count)
  return jax.tree.map(lambda new, old: jnp.where(may, new, old), swapped, slots)


def _with_result(slots: Slots, kind: jax.Array) -> Slots:
  grid = jnp.where(
    jnp.asarray(layout.IS_SHOWN)[kind, layout.CRAFT : layout.CRAFT + 9],
    slots.item[layout.CRAFT : layout.CRAFT + 9],
    0,
  )
  item, count = recipes.match(grid)
  return inventory.set_slot(slots, jnp.int32(layout.CRAFT_RESULT), item, count)


def open_gui(state: State, kind: jax.Array | int) -> State:
  """The state with a GUI (layout.GUI_*, int32[]) open and the cursor in the middle."""
  home = jnp.asarray(layout.CURSOR_HOME, jnp.float32)
  kind = jnp.asarray(kind, jnp.int32)
  slots = _with_result(state.slots, kind)
  return state._replace(slots=slots, gui=state.gui._replace(kind=kind, cursor_px=home))


def close_gui(state: State) -> State:
  """The state with no GUI; stacks on the cursor and in the grid go back to the inventory.

  What finds no room stays in the grid (or on the cursor) for the next time a GUI opens.
  """
  slots = inventory.return_stacks(state.slots, _TO_RETURN)
  return open_gui(state._replace(slots=slots), layout.GUI_NONE)


def _select(condition: jax.Array, yes: State, no: State) -> State:
  return jax.tree.map(lambda a, b: a if a is b else jnp.where(condition, a, b), yes, no)


def _toggle(state: State, pressed: jax.Array) -> State:
  """E opens the inventory or closes any GUI; ESC closes."""
  is_open = state.gui.kind != layout.GUI_NONE
  inventory_key, escape = pressed[BUTTON_INDEX["inventory"]], pressed[BUTTON_INDEX["ESC"]]
  closed, opened = close_gui(state), open_gui(state, layout.GUI_INVENTORY)
  toggled = _select(is_open & (inventory_key | escape), closed, state)
  return _select(~is_open & inventory_key, opened, toggled)


def _consume(slots: Slots, kind: jax.Array, times: jax.Array) -> Slots:
  in_grid = jnp.asarray(_IN_GRID & layout.IS_SHOWN)[kind]
  used = jnp.where(in_grid & (slots.count > 0), times, 0)
  count = slots.count - used
  return Slots(jnp.where(count > 0, slots.item, 0), count)


def apply_gui(state: State, action: RawAction) -> State:
  """One tick of keys, then cursor, then one click, as far as they concern a GUI.

  Keys act on the tick they are pressed (state.prev_buttons holds the last tick's). If afterwards
  gui.kind is GUI_NONE, the camera and the buttons are the world's.

  Args:
    state: State.
    action: RawAction, int8[23] and float32[2].
  Returns:
    State, with slots and gui changed and craft_item in events. A result counts when it is taken,
    with its count, and so does what is taken from a furnace.
  """
  down = action.buttons > 0
  pressed = down & (state.prev_buttons == 0)
  state = _toggle(state, pressed)
  kind = state.gui.kind
  is_open = kind != layout.GUI_NONE
  cursor = move_cursor(state.gui.cursor_px, action.camera_deg)
  slot = hovered_slot(state.gui, cursor)
  left, right = pressed[BUTTON_INDEX["attack"]], pressed[BUTTON_INDEX["use"]]
  keys = pressed[_HOTBAR_KEYS]
  is_click = is_open & (slot >= 0) & (left | right)
  is_key = is_open & (slot >= 0) & ~is_click & jnp.any(keys)
  old = state.slots
  plain = _click(old, slot, right & ~left)
  shifted = _shift_click(old, slot, kind)
  swapped = _swap_with_hotbar(old, slot, jnp.argmax(keys).astype(jnp.int32))
  is_shift = is_click & down[BUTTON_INDEX["sneak"]]
  slots = jax.tree.map(
    lambda o, p, s, w: jnp.where(is_key, w, jnp.where(is_shift, s, jnp.where(is_click, p, o))),
    old,
    plain,
    shifted,
    swapped,
  )
  is_output = jnp.asarray(_IS_OUTPUT)[slot] & (is_click | is_key)
  taken = jnp.where(is_output, old.count[slot] - slots.count[slot], 0)
  slots = _consume(slots, kind, ((slot == layout.CRAFT_RESULT) & (taken > 0)).astype(jnp.int32))
  slots = _with_result(slots, kind)
  state = events.note(state, "craft_item", old.item[slot], taken)
  is_new_input = slots.item[layout.FURNACE_INPUT] != old.item[layout.FURNACE_INPUT]
  return state._replace(
    slots=slots,
    gui=state.gui._replace(
      cursor_px=jnp.where(is_open, cursor, state.gui.cursor_px),
      cook_ticks=jnp.where(is_new_input, 0, state.gui.cook_ticks),
    ),
  )


def tick_furnace(state: State) -> State:
  """One tick of the furnace: burns fuel, and every 200 ticks turns one input into its product."""
  gui, slots = state.gui, state.slots
  item, count = slots.item[layout.FURNACE_INPUT], slots.count[layout.FURNACE_INPUT]
  fuel, fuel_count = slots.item[layout.FURNACE_FUEL], slots.count[layout.FURNACE_FUEL]
  out, out_count = slots.item[layout.FURNACE_OUTPUT], slots.count[layout.FURNACE_OUTPUT]
  product = jnp.asarray(ITEMS.smelts_to)[item]
  has_room = (out_count == 0) | ((out == product) & (out_count < inventory.stack_limit(product)))
  can_cook = (count > 0) & (product > 0) & has_room
  burn = jnp.maximum(gui.burn_ticks - 1, 0)
  lights = (burn == 0) & can_cook & (fuel_count > 0)
  fuel_ticks = jnp.asarray(ITEMS.fuel_ticks)[fuel]
  burn = jnp.where(lights, fuel_ticks, burn)
  cooks = (burn > 0) & can_cook
  idle = jnp.where(burn > 0, 0, jnp.maximum(gui.cook_ticks - 2, 0))
  cook = jnp.where(cooks, gui.cook_ticks + 1, idle)
  done = (cook >= COOK_TICKS).astype(jnp.int32)
  slots = inventory.set_slot(
    slots, jnp.int32(layout.FURNACE_FUEL), fuel, fuel_count - lights.astype(jnp.int32)
  )
  slots = inventory.set_slot(slots, jnp.int32(layout.FURNACE_INPUT), item, count - done)
  slots = inventory.set_slot(
    slots, jnp.int32(layout.FURNACE_OUTPUT), jnp.where(done > 0, product, out), out_count + done
  )
  return state._replace(
    slots=slots,
    gui=gui._replace(
      burn_ticks=burn,
      burn_total=jnp.where(lights, fuel_ticks, gui.burn_total),
      cook_ticks=jnp.where(done > 0, 0, cook),
    ),
  )
