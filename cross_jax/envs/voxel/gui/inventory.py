"""Stacks in slots: pure functions on state.Slots that never lose or invent an item."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.state import Slots

LOWEST, MAIN_FIRST, BACKWARD = range(3)  # orders of filling slots
IN_INVENTORY = np.arange(layout.NUM_SLOTS) < layout.FEET  # bool[NUM_SLOTS], hotbar and main
INVENTORY_ROOM = np.where(IN_INVENTORY, 64, 0).astype(np.int32)  # int32[NUM_SLOTS]
_IS_HOTBAR = np.arange(layout.NUM_SLOTS) < layout.MAIN


def stack_limit(item: jax.Array) -> jax.Array:
  """How many of an item fit one slot: int32[...] of int32[...] rows of ITEMS."""
  return jnp.asarray(ITEMS.stack_size)[item]


def set_slot(slots: Slots, slot: jax.Array, item: jax.Array, count: jax.Array) -> Slots:
  """Slots with one of them replaced; a count of 0 empties it.

  Args:
    slots: Slots.
    slot: int32[], 0..78; any other number changes nothing.
    item, count: int32[].
  Returns:
    Slots.
  """
  is_it = jnp.arange(layout.NUM_SLOTS) == slot
  return Slots(
    jnp.where(is_it, jnp.where(count > 0, item, 0), slots.item),
    jnp.where(is_it, count, slots.count),
  )


def _fill(amount: jax.Array, room: jax.Array, order: jax.Array | int) -> jax.Array:
  """int32[NUM_SLOTS]: `amount` poured into slots with `room` each, in an order."""
  before = jnp.cumsum(room) - room  # what goes into the slots below
  hotbar = jnp.sum(room[: layout.MAIN])
  rest = jnp.sum(room) - hotbar
  main_first = before + jnp.where(_IS_HOTBAR, rest, -hotbar)
  backward = hotbar + rest - main_first - room
  before = jnp.where(order == LOWEST, before, jnp.where(order == MAIN_FIRST, main_first, backward))
  return jnp.clip(amount - before, 0, room)


def insert(
  slots: Slots,
  item: jax.Array,
  count: jax.Array,
  room: jax.Array,
  order: jax.Array | int = LOWEST,
) -> tuple[Slots, jax.Array]:
  """Puts items into slots: onto like stacks first, then into empty ones.

  Args:
    slots: Slots.
    item, count: int32[], what to put; count 0 puts nothing.
    room: int32[NUM_SLOTS], the most that a slot may hold (the item's stack size too bounds it).
    order: int32[], LOWEST slot first, MAIN_FIRST (main, then hotbar, as a shift-click moves) or
      BACKWARD, that reversed. Only LOWEST suits slots besides hotbar and main together with these.
  Returns:
    (Slots, int32[] items that found no room).
  """
  room = jnp.minimum(room, stack_limit(item))
  is_like = (slots.item == item) & (slots.count > 0)
  merged = _fill(count, jnp.where(is_like, jnp.maximum(room - slots.count, 0), 0), order)
  rest = count - jnp.sum(merged)
  placed = _fill(rest, jnp.where(slots.count == 0, room, 0), order)
  new = Slots(jnp.where(placed > 0, item, slots.item), slots.count + merged + placed)
  return new, rest - jnp.sum(placed)


def room_for(slots: Slots, item: jax.Array) -> jax.Array:
  """How many of an item hotbar and main would take: int32[]."""
  limit = stack_limit(item)
  is_like = (slots.item == item) & (slots.count > 0)
  room = jnp.where(slots.count == 0, limit, jnp.where(is_like, limit - slots.count, 0))
  return jnp.sum(jnp.where(IN_INVENTORY, room, 0))


def _room_on(slots: Slots, slot: jax.Array | int, item: jax.Array) -> jax.Array:
  """int32[], how many more of an item fit onto a like stack in `slot`."""
  is_like = (slots.item[slot] == item) & (slots.count[slot] > 0)
  return jnp.where(is_like, stack_limit(item) - slots.count[slot], 0)


def room_to_pick_up(slots: Slots, item: jax.Array) -> jax.Array:
  """How many of an item `pick_up` finds room for: int32[]."""
  return room_for(slots, item) + _room_on(slots, layout.OFFHAND, item)


def pick_up(
  slots: Slots, item: jax.Array, count: jax.Array, hotbar: jax.Array
) -> tuple[Slots, jax.Array]:
  """Puts items onto a like stack in hand, then in the off hand, then where `add_item` does.

  Args:
    slots: Slots.
    item, count: int32[].
    hotbar: int32[], the selected slot of the hotbar, 0..8.
  Returns:
    (Slots, int32[] items that found no room).
  Source: Minecraft 1.16 Inventory.getSlotWithRemainingSpace.
  """
  for slot in (layout.HOTBAR + hotbar, layout.OFFHAND):
    taken = jnp.minimum(count, _room_on(slots, slot, item))
    slots = set_slot(slots, slot, slots.item[slot], slots.count[slot] + taken)
    count = count - taken
  return add_item(slots, item, count)


def add_item(slots: Slots, item: jax.Array, count: jax.Array) -> tuple[Slots, jax.Array]:
  """Puts items into hotbar and main inventory, lowest slot first: like stacks, then empty ones.

  Args:
    slots: Slots.
    item, count: int32[].
  Returns:
    (Slots, int32[] items that found no room).
  """
  return insert(slots, item, count, jnp.asarray(INVENTORY_ROOM))


def remove_item(slots: Slots, slot: jax.Array, count: jax.Array) -> Slots:
  """Slots with at most `count` items fewer in `slot` (int32[] each), as placing a block does."""
  left = jnp.maximum(slots.count[slot] - count, 0)
  return set_slot(slots, slot, slots.item[slot], left)


def count_items(slots: Slots) -> jax.Array:
  """How many of each item are carried, hotbar, main, worn and offhand: int32[num_items]."""
  carried = jnp.where(jnp.arange(layout.NUM_SLOTS) < layout.CRAFT, slots.count, 0)
  return jnp.zeros(len(ITEMS.names), jnp.int32).at[slots.item].add(carried)


def return_stacks(slots: Slots, is_source: jax.Array) -> Slots:
  """Moves stacks to the inventory, the held one first; what finds no room stays.

  Args:
    slots: Slots.
    is_source: bool[NUM_SLOTS], which stacks.
  """

  def move(carry: tuple[Slots, jax.Array]) -> tuple[Slots, jax.Array]:
    slots, is_left = carry
    slot = jnp.where(is_left[layout.HELD], layout.HELD, jnp.argmax(is_left)).astype(jnp.int32)
    item, count = slots.item[slot], slots.count[slot]
    moved, rest = add_item(slots, item, count)
    return set_slot(moved, slot, item, rest), is_left & (jnp.arange(layout.NUM_SLOTS) != slot)

  # A loop that mostly has nothing to do: in a batch it costs nothing while no game returns a stack.
  start = (slots, is_source & (slots.count > 0))
  return jax.lax.while_loop(lambda carry: jnp.any(carry[1]), move, start)[0]


def take(slots: Slots, item: jax.Array, count: jax.Array) -> Slots:
  """Slots with `count` of an item (int32[] each) fewer in hotbar and main, lowest slot first."""
  there = jnp.where(IN_INVENTORY & (slots.item == item), slots.count, 0)
  left = slots.count - _fill(count, there, LOWEST)
  return Slots(jnp.where(left > 0, slots.item, 0), left)
