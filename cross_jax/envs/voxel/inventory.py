"""Stacks in slots: pure functions on state.Slots that never lose or invent an item."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.state import Slots
from cross_jax.envs.voxel.tables import ITEMS

IN_INVENTORY = np.arange(layout.NUM_SLOTS) < layout.FEET  # bool[NUM_SLOTS], hotbar and main


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


def _fill(amount: jax.Array, room: jax.Array) -> jax.Array:
  """int32[NUM_SLOTS]: `amount` poured into slots with `room` each, lowest slot first."""
  return jnp.clip(amount - (jnp.cumsum(room) - room), 0, room)


def insert(
  slots: Slots, item: jax.Array, count: jax.Array, allowed: jax.Array
) -> tuple[Slots, jax.Array]:
  """Puts items into the allowed slots: onto like stacks first, then into empty ones, lowest first.

  Args:
    slots: Slots.
    item, count: int32[], what to put; count 0 puts nothing.
    allowed: bool[NUM_SLOTS].
  Returns:
    (Slots, int32[] items that found no room).
  """
  limit = stack_limit(item)
  is_like = allowed & (slots.item == item) & (slots.count > 0)
  merged = _fill(count, jnp.where(is_like, jnp.maximum(limit - slots.count, 0), 0))
  rest = count - jnp.sum(merged)
  placed = _fill(rest, jnp.where(allowed & (slots.count == 0), limit, 0))
  new = Slots(jnp.where(placed > 0, item, slots.item), slots.count + merged + placed)
  return new, rest - jnp.sum(placed)


def add_item(slots: Slots, item: jax.Array, count: jax.Array) -> tuple[Slots, jax.Array]:
  """Puts items into hotbar and main inventory, as picking up does.

  Args:
    slots: Slots.
    item, count: int32[].
  Returns:
    (Slots, int32[] items that found no room).
  """
  return insert(slots, item, count, jnp.asarray(IN_INVENTORY))


def remove_item(slots: Slots, slot: jax.Array, count: jax.Array) -> Slots:
  """Slots with at most `count` items fewer in `slot` (int32[] each), as placing a block does."""
  left = jnp.maximum(slots.count[slot] - count, 0)
  return set_slot(slots, slot, slots.item[slot], left)


def count_items(slots: Slots) -> jax.Array:
  """How many of each item are carried, hotbar, main, worn and offhand: int32[num_items]."""
  carried = jnp.where(jnp.arange(layout.NUM_SLOTS) < layout.CRAFT, slots.count, 0)
  return jnp.zeros(len(ITEMS.names), jnp.int32).at[slots.item].add(carried)


def return_stacks(slots: Slots, sources: np.ndarray) -> Slots:
  """Moves the stacks in `sources` (int32[n]) to the inventory; what finds no room stays."""

  def move(carried: Slots, source: jax.Array) -> tuple[Slots, None]:
    item, count = carried.item[source], carried.count[source]
    moved, left = add_item(carried, item, count)
    return set_slot(moved, source, item, left), None

  return jax.lax.scan(move, slots, jnp.asarray(sources, jnp.int32))[0]
