"""Stacks: merging, overflow, and that nothing is lost."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.gui import inventory, layout
from cross_jax.envs.voxel.state import Slots

STICK, COAL, SWORD = (ITEMS.index[n] for n in ("stick", "coal", "iron_sword"))
_add = jax.jit(inventory.add_item)
_SOURCES = np.isin(np.arange(layout.NUM_SLOTS), [layout.HELD, 41, 45])
_return = jax.jit(lambda slots: inventory.return_stacks(slots, jnp.asarray(_SOURCES)))


def _slots(stacks):
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  for slot, (kind, number) in stacks.items():
    item[slot], count[slot] = kind, number
  return Slots(jnp.asarray(item), jnp.asarray(count))


def _stacks(slots):
  return {
    int(s): (int(slots.item[s]), int(slots.count[s]))
    for s in np.flatnonzero(np.asarray(slots.count))
  }


def _added(stacks, item, count):
  slots, left = _add(_slots(stacks), jnp.int32(item), jnp.int32(count))
  assert np.all((np.asarray(slots.item) == 0) == (np.asarray(slots.count) == 0))
  return _stacks(slots), int(left)


def test_like_stacks_fill_before_empty_slots():
  # 60 + 4 fills slot 5, the other 6 go to the lowest empty slot; putting all 10 in slot 0 is wrong
  assert _added({5: (STICK, 60)}, STICK, 10) == ({5: (STICK, 64), 0: (STICK, 6)}, 0)


def test_a_large_count_spreads_over_several_slots():
  assert _added({0: (COAL, 1)}, STICK, 130) == (
    {0: (COAL, 1), 1: (STICK, 64), 2: (STICK, 64), 3: (STICK, 2)},
    0,
  )


def test_tools_do_not_stack():
  assert _added({0: (SWORD, 1)}, SWORD, 1) == ({0: (SWORD, 1), 1: (SWORD, 1)}, 0)


def test_a_full_inventory_leaves_the_rest_and_never_uses_other_slots():
  full = {slot: (COAL, 64) for slot in range(36)} | {7: (STICK, 63)}
  stacks, left = _added(full, STICK, 3)
  assert stacks == full | {7: (STICK, 64)} and left == 2


def test_adding_nothing_changes_nothing():
  assert _added({3: (COAL, 2)}, STICK, 0) == ({3: (COAL, 2)}, 0)


def test_stacks_return_one_after_the_other():
  slots = _return(_slots({0: (STICK, 63), layout.HELD: (STICK, 2), 41: (COAL, 5), 45: (STICK, 1)}))
  assert _stacks(slots) == {0: (STICK, 64), 1: (STICK, 2), 2: (COAL, 5)}


def test_what_finds_no_room_stays_where_it_was():
  full = {slot: (COAL, 64) for slot in range(36)}
  assert _stacks(_return(_slots(full | {45: (STICK, 3)}))) == full | {45: (STICK, 3)}


def test_taking_goes_from_the_lowest_slot_up():
  slots = _slots({2: (STICK, 5), 20: (STICK, 4), 41: (STICK, 9), 3: (COAL, 1)})
  taken = inventory.take(slots, jnp.int32(STICK), jnp.int32(7))
  assert _stacks(taken) == {20: (STICK, 2), 41: (STICK, 9), 3: (COAL, 1)}


@pytest.mark.parametrize(
  "order, expected",
  [
    # 70 sticks: 4 onto the stack of 60 in slot 20 in any order, then 64 and 2 into empty slots
    (inventory.LOWEST, {0: 64, 1: 2}),
    (inventory.MAIN_FIRST, {9: 64, 10: 2}),
    (inventory.BACKWARD, {8: 64, 7: 2}),
  ],
)
def test_orders_of_filling(order, expected):
  room = jnp.asarray(inventory.INVENTORY_ROOM)
  slots, left = inventory.insert(
    _slots({20: (STICK, 60)}), jnp.int32(STICK), jnp.int32(70), room, order
  )
  assert _stacks(slots) == {20: (STICK, 64)} | {s: (STICK, n) for s, n in expected.items()}
  assert int(left) == 0


def test_remove_item_empties_the_slot_and_stops_at_zero():
  slots = _slots({2: (STICK, 2)})
  assert _stacks(inventory.remove_item(slots, jnp.int32(2), jnp.int32(1))) == {2: (STICK, 1)}
  assert _stacks(inventory.remove_item(slots, jnp.int32(2), jnp.int32(5))) == {}


def test_count_items_leaves_out_grid_result_furnace_and_cursor():
  slots = _slots({0: (STICK, 2), 30: (STICK, 3), 41: (STICK, 7), 50: (STICK, 4), 54: (STICK, 9)})
  assert int(inventory.count_items(slots)[STICK]) == 5


@pytest.mark.parametrize("seed", range(3))
def test_insert_conserves_items(seed):
  rng = np.random.default_rng(seed)
  for _ in range(30):
    item = rng.choice([0, STICK, COAL, SWORD], layout.NUM_SLOTS)
    count = np.where(item > 0, rng.integers(1, ITEMS.stack_size[item] + 1), 0)
    slots = Slots(jnp.asarray(item, jnp.int32), jnp.asarray(count, jnp.int32))
    new, amount = int(rng.choice([STICK, COAL, SWORD])), int(rng.integers(200))
    after, left = _add(slots, jnp.int32(new), jnp.int32(amount))
    before_n = np.bincount(item, count, minlength=len(ITEMS.names))
    after_n = np.bincount(np.asarray(after.item), np.asarray(after.count), len(ITEMS.names))
    before_n[new] += amount - int(left)
    np.testing.assert_array_equal(after_n, before_n)
    assert np.all(np.asarray(after.count) <= ITEMS.stack_size[np.asarray(after.item)])
