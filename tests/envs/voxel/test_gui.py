"""The GUI by hand: one case per kind of click, the furnace, the keys."""

import jax.numpy as jnp
import numpy as np
import pytest
from gui_driver import (
  crafted,
  lying,
  make_state,
  move_to,
  press,
  press_at,
  stacks,
  tick,
  tick_furnace,
)

from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.gui.layout import (
  CRAFT,
  CRAFT_RESULT,
  FURNACE_FUEL,
  FURNACE_INPUT,
  FURNACE_OUTPUT,
  GUI_CRAFTING_TABLE,
  GUI_FURNACE,
  GUI_INVENTORY,
  GUI_NONE,
  HELD,
)

LEFT, RIGHT = "attack", "use"


def _centre(slot, gui=GUI_INVENTORY):
  return layout.SLOT_XY[gui, slot] + layout.SLOT_SIZE // 2


def _after(kind, start, *presses):
  state = make_state(kind, start)
  for slot, *names in presses:
    state = press(state, slot, *names)
  return state


@pytest.mark.parametrize(
  "start, presses, expected",
  [
    # pick up all; put all down
    ({0: ("stick", 5)}, [(0, LEFT)], {HELD: ("stick", 5)}),
    ({0: ("stick", 5)}, [(0, LEFT), (20, LEFT)], {20: ("stick", 5)}),
    # right click takes the larger half (3 of 5; rounding down would take 2)
    ({0: ("stick", 5)}, [(0, RIGHT)], {0: ("stick", 2), HELD: ("stick", 3)}),
    ({0: ("stick", 1)}, [(0, RIGHT)], {HELD: ("stick", 1)}),
    # right click with a stack places one, into an empty slot or onto a like stack
    ({0: ("stick", 5)}, [(0, LEFT), (9, RIGHT)], {9: ("stick", 1), HELD: ("stick", 4)}),
    (
      {0: ("stick", 5), 9: ("stick", 2)},
      [(0, LEFT), (9, RIGHT)],
      {9: ("stick", 3), HELD: ("stick", 4)},
    ),
    # a left click merges up to 64 and keeps the rest
    (
      {0: ("stick", 10), 9: ("stick", 60)},
      [(0, LEFT), (9, LEFT)],
      {9: ("stick", 64), HELD: ("stick", 6)},
    ),
    # either button swaps with another item
    (
      {0: ("stick", 1), 9: ("coal", 2)},
      [(0, LEFT), (9, LEFT)],
      {9: ("stick", 1), HELD: ("coal", 2)},
    ),
    (
      {0: ("stick", 3), 9: ("coal", 2)},
      [(0, LEFT), (9, RIGHT)],
      {9: ("stick", 3), HELD: ("coal", 2)},
    ),
    # two swords swap, they don't merge
    (
      {0: ("iron_sword", 1), 9: ("iron_sword", 1)},
      [(0, LEFT), (9, LEFT)],
      {9: ("iron_sword", 1), HELD: ("iron_sword", 1)},
    ),
    # an empty slot gives nothing
    ({0: ("stick", 5)}, [(1, LEFT), (1, RIGHT)], {0: ("stick", 5)}),
    # armour slots take their own kind only
    ({0: ("stick", 1)}, [(0, LEFT), (layout.HEAD, LEFT)], {HELD: ("stick", 1)}),
    (
      {0: ("iron_helmet", 1)},
      [(0, LEFT), (layout.HEAD, LEFT)],
      {layout.HEAD: ("iron_helmet", 1)},
    ),
    # shift: hotbar to main and back
    ({0: ("stick", 5)}, [(0, "sneak", LEFT)], {9: ("stick", 5)}),
    (
      {12: ("stick", 5), 3: ("stick", 62)},
      [(12, "sneak", LEFT)],
      {3: ("stick", 64), 0: ("stick", 3)},
    ),
    # number keys: swap with the hovered slot; nothing while something is held
    ({9: ("stick", 5), 2: ("coal", 1)}, [(9, "hotbar.3")], {2: ("stick", 5), 9: ("coal", 1)}),
    ({9: ("stick", 5)}, [(9, "hotbar.9")], {8: ("stick", 5)}),
    (
      {2: ("coal", 1), 0: ("stick", 1)},
      [(0, LEFT), (9, "hotbar.3")],
      {2: ("coal", 1), HELD: ("stick", 1)},
    ),
  ],
)  # fmt: skip
def test_clicks_in_the_inventory(start, presses, expected):
  assert stacks(_after(GUI_INVENTORY, start, *presses)) == expected


def test_crafting_by_hand_on_a_table():
  start = {0: ("flint", 2), 1: ("stick", 2), 2: ("feather", 1)}
  laid = [(0, LEFT), (CRAFT + 1, RIGHT), (0, LEFT), (1, LEFT), (CRAFT + 4, LEFT)]
  laid += [(2, LEFT), (CRAFT + 7, LEFT)]
  state = _after(GUI_CRAFTING_TABLE, start, *laid)
  assert stacks(state)[CRAFT_RESULT] == ("arrow", 4) and crafted(state) == {}
  state = press(state, CRAFT_RESULT, LEFT)
  # one of each is used; a stick stays in the grid and a flint in its slot
  assert stacks(state) == {0: ("flint", 1), CRAFT + 4: ("stick", 1), HELD: ("arrow", 4)}
  assert crafted(state) == {"arrow": 4}
  state = press(state, CRAFT_RESULT, LEFT)  # nothing to take any more
  assert crafted(state) == {"arrow": 4}
  state = press(state, 5, LEFT)
  assert stacks(state)[5] == ("arrow", 4)


def test_results_pile_up_on_the_cursor_until_it_is_full():
  state = _after(GUI_INVENTORY, {0: ("emerald_block", 9)}, (0, LEFT), (CRAFT, LEFT))
  for _ in range(8):
    state = press(state, CRAFT_RESULT, LEFT)
  # 7 x 9 = 63; an eighth take doesn't fit 64 and must neither craft nor eat the block
  assert crafted(state) == {"emerald": 63}
  assert stacks(state) == {
    CRAFT: ("emerald_block", 2), CRAFT_RESULT: ("emerald", 9), HELD: ("emerald", 63)
  }  # fmt: skip


def test_another_item_on_the_cursor_blocks_the_result():
  start = {0: ("emerald_block", 1), 1: ("coal", 1)}
  state = _after(GUI_INVENTORY, start, (0, LEFT), (CRAFT, LEFT), (1, LEFT), (CRAFT_RESULT, LEFT))
  assert crafted(state) == {} and stacks(state)[HELD] == ("coal", 1)


@pytest.mark.parametrize(
  "button, expected",
  [(("hotbar.5",), {4: ("emerald", 9)}), (("swapHands",), {layout.OFFHAND: ("emerald", 9)})],
)
def test_result_by_key_is_made_once(button, expected):
  state = _after(GUI_INVENTORY, {9: ("emerald_block", 2)}, (9, LEFT), (CRAFT + 4, LEFT))
  state = press(state, CRAFT_RESULT, *button)
  assert stacks(state) == expected | {CRAFT + 4: ("emerald_block", 1), CRAFT_RESULT: ("emerald", 9)}
  assert crafted(state) == {"emerald": 9}


def test_shift_click_makes_as_many_as_the_ingredients_allow():
  state = _after(GUI_INVENTORY, {9: ("emerald_block", 10)}, (9, LEFT), (CRAFT + 4, LEFT))
  state = press(state, CRAFT_RESULT, "sneak", LEFT)
  # 10 x 9 = 90 emeralds, from the end of the hotbar backwards: 64 in slot 8, 26 in slot 7
  assert stacks(state) == {8: ("emerald", 64), 7: ("emerald", 26)}
  assert crafted(state) == {"emerald": 90}


def test_shift_click_makes_as_many_as_fit():
  start = {slot: ("coal", 64) for slot in range(36)} | {0: ("emerald", 40)}
  state = make_state(GUI_INVENTORY, start | {CRAFT: ("emerald_block", 5)})
  state = press(state, CRAFT_RESULT, "sneak", LEFT)
  # room for 24: two times 9; a third would not fit whole
  assert crafted(state) == {"emerald": 18} and stacks(state)[0] == ("emerald", 58)
  assert stacks(state)[CRAFT] == ("emerald_block", 3)


def test_drop_over_a_slot_throws_one_and_with_sprint_all_of_it():
  state = make_state(GUI_INVENTORY, {9: ("stick", 5), CRAFT: ("emerald_block", 2)})
  state = press(state, 9, "drop")
  assert stacks(state)[9] == ("stick", 4) and lying(state) == [("stick", 1)]
  state = press(state, 9, "drop", "sprint")
  assert 9 not in stacks(state) and lying(state) == [("stick", 1), ("stick", 4)]
  state = press(state, CRAFT_RESULT, "drop")  # a result is made once and thrown whole
  assert lying(state)[2:] == [("emerald", 9)] and crafted(state) == {"emerald": 9}
  assert stacks(state)[CRAFT] == ("emerald_block", 1)


def test_drop_throws_nothing_while_something_is_held():
  state = _after(GUI_INVENTORY, {9: ("stick", 5), 0: ("coal", 1)}, (0, LEFT), (9, "drop"))
  assert stacks(state) == {9: ("stick", 5), HELD: ("coal", 1)} and lying(state) == []


@pytest.mark.parametrize("button, thrown, left", [(LEFT, 5, {}), (RIGHT, 1, {HELD: ("stick", 4)})])
def test_a_click_outside_the_panel_throws_what_is_held(button, thrown, left):
  state = press(make_state(GUI_INVENTORY, {9: ("stick", 5)}), 9, LEFT)
  inside = press_at(state, (236, 101), button)  # on the panel, beside the slots
  assert stacks(inside) == {HELD: ("stick", 5)} and lying(inside) == []
  state = press_at(state, (231, 101), button)  # the panel begins at x 232
  assert stacks(state) == left and lying(state) == [("stick", thrown)]


def test_thrown_things_fly_ahead_and_cannot_be_picked_up_at_once():
  state = press_at(press(make_state(GUI_INVENTORY, {9: ("stick", 5)}), 9, LEFT), (100, 50), LEFT)
  vel = np.asarray(state.drops.vel[0])  # m per tick, along the gaze
  assert vel[2] < -0.2 and abs(vel[0]) < 0.02 and int(state.drops.age[0]) < 0


def test_buckets_and_bottles_come_back():
  milk = {CRAFT + i: ("milk_bucket", 1) for i in range(3)}
  rest = {CRAFT + 3: ("sugar", 1), CRAFT + 4: ("egg", 1), CRAFT + 5: ("sugar", 1)}
  wheat = {CRAFT + i: ("wheat", 1) for i in range(6, 9)}
  state = press(make_state(GUI_CRAFTING_TABLE, milk | rest | wheat), CRAFT_RESULT, LEFT)
  assert stacks(state) == {HELD: ("cake", 1)} | {CRAFT + i: ("bucket", 1) for i in range(3)}
  honey = {CRAFT + i: ("honey_bottle", 3 - i % 2) for i in (0, 1, 3, 4)}  # 3, 2, 2, 3
  state = press(make_state(GUI_INVENTORY, honey), CRAFT_RESULT, LEFT)
  # every cell keeps bottles of honey, so that the four empty ones go to the inventory
  assert stacks(state)[0] == ("glass_bottle", 4) and stacks(state)[CRAFT] == ("honey_bottle", 2)
  state = press(state, CRAFT_RESULT, LEFT)
  # two cells are empty now: their vessels stay there
  assert stacks(state)[0] == ("glass_bottle", 6)
  assert [stacks(state)[CRAFT + i][0] for i in (1, 3)] == ["glass_bottle"] * 2


def test_nothing_can_be_put_into_outputs():
  state = _after(GUI_FURNACE, {0: ("stick", 2)}, (0, LEFT), (FURNACE_OUTPUT, LEFT))
  assert stacks(state) == {HELD: ("stick", 2)}
  state = _after(GUI_INVENTORY, {0: ("stick", 2)}, (0, LEFT), (CRAFT_RESULT, RIGHT))
  assert stacks(state) == {HELD: ("stick", 2)}


def test_shift_click_at_table_goes_to_the_grid_and_back():
  state = _after(GUI_CRAFTING_TABLE, {12: ("feather", 3)}, (12, "sneak", LEFT))
  assert stacks(state) == {CRAFT: ("feather", 3)}
  assert stacks(press(state, CRAFT, "sneak", LEFT)) == {9: ("feather", 3)}


def test_shift_click_at_the_furnace_sorts_input_from_fuel():
  start = {0: ("cod", 2), 1: ("coal", 4), 2: ("flint", 1)}
  keys = ("sneak", LEFT)
  state = _after(GUI_FURNACE, start, (0, *keys), (1, *keys), (2, *keys))
  assert stacks(state) == {
    FURNACE_INPUT: ("cod", 2), FURNACE_FUEL: ("coal", 4), 9: ("flint", 1)
  }  # fmt: skip


def test_fuel_slot_takes_fuel_only():
  state = _after(GUI_FURNACE, {0: ("flint", 1)}, (0, LEFT), (FURNACE_FUEL, LEFT))
  assert stacks(state) == {HELD: ("flint", 1)}


def test_furnace_cooks_one_item_in_200_ticks():
  state = make_state(GUI_FURNACE, {FURNACE_INPUT: ("cod", 2), FURNACE_FUEL: ("coal", 2)})
  state = tick_furnace(state)
  assert stacks(state)[FURNACE_FUEL] == ("coal", 1)  # lit at once: one coal gone, 1600 ticks
  assert int(state.gui.burn_ticks) == int(state.gui.burn_total) == 1600
  for _ in range(198):
    state = tick_furnace(state)
  assert FURNACE_OUTPUT not in stacks(state) and int(state.gui.cook_ticks) == 199
  state = tick_furnace(state)
  assert stacks(state) == {
    FURNACE_INPUT: ("cod", 1), FURNACE_FUEL: ("coal", 1), FURNACE_OUTPUT: ("cooked_cod", 1)
  }  # fmt: skip
  assert crafted(state) == {}  # it counts when it is taken
  state = press(state, FURNACE_OUTPUT, LEFT)
  assert crafted(state) == {"cooked_cod": 1} and stacks(state)[HELD] == ("cooked_cod", 1)


def test_furnace_waits_without_fuel_and_starts_over_with_a_new_input():
  state = tick_furnace(make_state(GUI_FURNACE, {FURNACE_INPUT: ("cod", 1)}))
  assert int(state.gui.cook_ticks) == 0 and stacks(state) == {FURNACE_INPUT: ("cod", 1)}
  start = {FURNACE_INPUT: ("cod", 1), FURNACE_FUEL: ("coal", 1), 0: ("salmon", 1)}
  state = tick_furnace(tick_furnace(make_state(GUI_FURNACE, start)))
  assert int(state.gui.cook_ticks) == 2
  state = press(state, FURNACE_INPUT, "hotbar.1")
  assert stacks(state)[FURNACE_INPUT] == ("salmon", 1) and int(state.gui.cook_ticks) == 0


def test_burning_fuel_runs_out():
  state = make_state(GUI_FURNACE, {FURNACE_INPUT: ("cod", 1), FURNACE_FUEL: ("stick", 1)})
  for _ in range(101):  # a stick burns 100 ticks, half a cod
    state = tick_furnace(state)
  assert int(state.gui.burn_ticks) == 0
  assert int(state.gui.cook_ticks) == 98  # 100 cooked, and 2 lost on the first tick without fire


def test_a_button_held_down_clicks_once():
  state = make_state(GUI_INVENTORY, {0: ("stick", 5)})
  centre = layout.SLOT_XY[GUI_INVENTORY, 0] + 8 - np.asarray(layout.CURSOR_HOME)
  state = tick(state, (RIGHT,), centre)
  state = tick(state, (RIGHT,))
  assert stacks(state) == {0: ("stick", 2), HELD: ("stick", 3)}


def test_cursor_moves_20_px_for_3_degrees_and_stays_on_the_screen():
  state = tick(make_state(GUI_INVENTORY, {}), (), (20.0, -40.0))
  np.testing.assert_allclose(state.gui.cursor_px, [340.0, 140.0], atol=1e-4)
  state = tick(state, (), (1000.0, -1000.0))
  np.testing.assert_allclose(state.gui.cursor_px, [640.0, 0.0])


def test_a_slot_reaches_one_pixel_beyond_its_16():
  # slot 0 is at (240, 239): x from 239 inclusive to 257 exclusive belongs to it, 257 to slot 1
  home = np.asarray(layout.CURSOR_HOME)
  for x, expected in ((239.0, 0), (256.5, 0), (257.0, 1)):
    state = make_state(GUI_INVENTORY, {0: ("stick", 1), 1: ("coal", 1)})
    state = tick(state, (LEFT,), np.asarray([x, 247.0]) - home)
    assert expected not in stacks(state)
  state = make_state(GUI_INVENTORY, {0: ("stick", 1)})
  assert stacks(tick(state, (LEFT,), np.asarray([238.5, 247.0]) - home)) == {0: ("stick", 1)}


def test_inventory_key_toggles_on_the_edge_and_returns_stacks():
  state = make_state(GUI_NONE, {0: ("emerald_block", 2)})
  state = tick(state, ("inventory",))
  assert int(state.gui.kind) == GUI_INVENTORY
  state = tick(state, ("inventory",))  # still down: no second toggle
  assert int(state.gui.kind) == GUI_INVENTORY
  state = press(press(state, 0, LEFT), CRAFT, RIGHT)
  assert stacks(state) == {
    HELD: ("emerald_block", 1), CRAFT: ("emerald_block", 1), CRAFT_RESULT: ("emerald", 9)
  }  # fmt: skip
  state = tick(state, ("inventory",))
  assert int(state.gui.kind) == GUI_NONE and stacks(state) == {0: ("emerald_block", 2)}
  np.testing.assert_allclose(state.gui.cursor_px, layout.CURSOR_HOME)


def test_escape_closes_and_never_opens():
  state = tick(make_state(GUI_CRAFTING_TABLE, {}), ("ESC",))
  assert int(state.gui.kind) == GUI_NONE
  state = tick(tick(state), ("ESC",))
  assert int(state.gui.kind) == GUI_NONE


def test_clicks_and_camera_without_a_gui_change_nothing():
  state = make_state(GUI_NONE, {0: ("stick", 5)})
  state = tick(state, (LEFT, "hotbar.2"), (-72.0, 67.0))
  assert stacks(state) == {0: ("stick", 5)}
  np.testing.assert_allclose(state.gui.cursor_px, layout.CURSOR_HOME)


def test_what_finds_no_room_on_closing_is_thrown():
  full = {slot: ("coal", 64) for slot in range(36)} | {7: ("stick", 60)}
  state = make_state(GUI_CRAFTING_TABLE, full | {CRAFT + 2: ("stick", 9), HELD: ("flint", 3)})
  state = tick(state, ("ESC",))
  assert stacks(state) == full | {7: ("stick", 64)}
  assert sorted(lying(state)) == [("flint", 3), ("stick", 5)]


def test_armour_goes_to_its_slot_by_shift_click_and_one_hat_at_a_time():
  start = {0: ("iron_boots", 1), 1: ("carved_pumpkin", 3), 2: ("shield", 1), 3: ("iron_boots", 1)}
  keys = ("sneak", LEFT)
  state = _after(GUI_INVENTORY, start, *((slot, *keys) for slot in range(4)))
  assert stacks(state) == {
    layout.FEET: ("iron_boots", 1), layout.HEAD: ("carved_pumpkin", 1), 1: ("carved_pumpkin", 2),
    layout.OFFHAND: ("shield", 1), 9: ("iron_boots", 1),
  }  # fmt: skip
  state = press(state, layout.FEET, *keys)
  assert stacks(state)[10] == ("iron_boots", 1) and layout.FEET not in stacks(state)


def test_keys_act_on_the_slot_before_the_cursor_moves_and_clicks_after():
  state = move_to(make_state(GUI_INVENTORY, {9: ("stick", 5)}), _centre(9))
  away = np.asarray(_centre(20)) - np.asarray(_centre(9))
  assert stacks(tick(state, ("hotbar.1",), away)) == {0: ("stick", 5)}
  state = move_to(make_state(GUI_INVENTORY, {9: ("stick", 5)}), _centre(20))
  assert stacks(tick(state, (LEFT,), -away)) == {HELD: ("stick", 5)}


def test_a_gui_closes_when_its_block_is_gone_far_away_or_the_player_dead():
  state = make_state(GUI_CRAFTING_TABLE, {CRAFT: ("stick", 5)})
  assert int(tick(state).gui.kind) == GUI_CRAFTING_TABLE
  gone = tick(state._replace(blocks=jnp.zeros_like(state.blocks)))
  far = tick(state._replace(player=state.player._replace(pos=jnp.asarray([5.5, 2.0, 14.6]))))
  dead = tick(state._replace(player=state.player._replace(health=jnp.float32(0))))
  for closed in (gone, far, dead):
    assert int(closed.gui.kind) == GUI_NONE and stacks(closed) == {0: ("stick", 5)}
  near = tick(state._replace(player=state.player._replace(pos=jnp.asarray([5.5, 2.0, 13.3]))))
  assert int(near.gui.kind) == GUI_CRAFTING_TABLE  # 7.8 m
