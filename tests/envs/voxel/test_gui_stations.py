"""Stonecutter, smithing table and the GUIs that only hold items, by hand."""

import pytest
from gui_driver import crafted, lying, make_state, press, press_at, stacks, tick

from cross_jax.envs.voxel.content.tables import CUTTING, ITEMS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.gui.layout import CRAFT_RESULT, HELD

LEFT, RIGHT = "attack", "use"
SHIFT = ("sneak", LEFT)


def _choose(state, product):
  """Clicks a product in the stonecutter's list."""
  name = stacks(state)[layout.STONECUTTER_INPUT][0]
  offered = CUTTING.out_item[CUTTING.item == ITEMS.index[name]].tolist()
  return press_at(state, layout.CHOICE_XY[offered.index(ITEMS.index[product])] + 8, LEFT)


def test_stonecutter_makes_what_is_chosen():
  state = press(make_state(layout.GUI_STONECUTTER, {5: ("stone", 3)}), 5, *SHIFT)
  assert stacks(state) == {layout.STONECUTTER_INPUT: ("stone", 3)}
  state = _choose(state, "stone_slab")
  assert stacks(state)[CRAFT_RESULT] == ("stone_slab", 2) and crafted(state) == {}
  state = press(state, CRAFT_RESULT, LEFT)
  assert stacks(state)[HELD] == ("stone_slab", 2) and crafted(state) == {"stone_slab": 2}
  assert stacks(state)[layout.STONECUTTER_INPUT] == ("stone", 2)  # the choice stays
  state = _choose(state, "stone_bricks")
  assert stacks(state)[CRAFT_RESULT] == ("stone_bricks", 1)
  state = press(press(state, 0, LEFT), CRAFT_RESULT, *SHIFT)
  assert stacks(state) == {0: ("stone_slab", 2), 8: ("stone_bricks", 2)}
  assert crafted(state) == {"stone_slab": 2, "stone_bricks": 2}


def test_stonecutter_forgets_its_choice_with_another_input():
  start = {layout.STONECUTTER_INPUT: ("stone", 3), 0: ("andesite", 1), 1: ("stick", 1)}
  state = _choose(make_state(layout.GUI_STONECUTTER, start), "stone_slab")
  state = press(state, layout.STONECUTTER_INPUT, "hotbar.1")
  assert CRAFT_RESULT not in stacks(state) and int(state.gui.choice) == -1
  far = press_at(state, layout.CHOICE_XY[11] + 8, LEFT)  # andesite has fewer products
  assert int(far.gui.choice) == -1
  state = press(state, layout.STONECUTTER_INPUT, "hotbar.2")  # sticks lie there, of no use
  assert CRAFT_RESULT not in stacks(press_at(state, layout.CHOICE_XY[0] + 8, LEFT))


def test_smithing_upgrades_diamond_with_netherite():
  start = {0: ("diamond_pickaxe", 1), 1: ("netherite_ingot", 2)}
  state = make_state(layout.GUI_SMITHING_TABLE, start)
  state = press(press(state, 1, *SHIFT), 0, *SHIFT)
  assert stacks(state) == {
    layout.SMITHING_BASE: ("diamond_pickaxe", 1),
    layout.SMITHING_ADDITION: ("netherite_ingot", 2),
    CRAFT_RESULT: ("netherite_pickaxe", 1),
  }
  state = press(state, CRAFT_RESULT, LEFT)
  assert crafted(state) == {"netherite_pickaxe": 1}
  assert stacks(state) == {
    HELD: ("netherite_pickaxe", 1), layout.SMITHING_ADDITION: ("netherite_ingot", 1)
  }  # fmt: skip
  wrong = {layout.SMITHING_BASE: ("netherite_ingot", 1),
           layout.SMITHING_ADDITION: ("diamond_pickaxe", 1)}  # fmt: skip
  assert CRAFT_RESULT not in stacks(tick(make_state(layout.GUI_SMITHING_TABLE, wrong)))


@pytest.mark.parametrize(
  "gui, start, shifted",
  [
    (
      layout.GUI_LOOM,
      {0: ("white_banner", 2), 1: ("red_dye", 3), 2: ("creeper_banner_pattern", 1),
       3: ("flint", 1)},
      {51: ("white_banner", 2), 52: ("red_dye", 3), 53: ("creeper_banner_pattern", 1),
       9: ("flint", 1)},
    ),
    (
      layout.GUI_CARTOGRAPHY_TABLE,
      {0: ("filled_map", 1), 1: ("paper", 3), 2: ("glass_pane", 2), 3: ("flint", 1)},
      {51: ("filled_map", 1), 52: ("paper", 3), 2: ("glass_pane", 2), 9: ("flint", 1)},
    ),
    (
      layout.GUI_GRINDSTONE,
      {0: ("iron_sword", 1), 1: ("iron_sword", 1), 2: ("iron_sword", 1), 3: ("flint", 1)},
      {51: ("iron_sword", 1), 52: ("iron_sword", 1), 9: ("iron_sword", 1), 10: ("flint", 1)},
    ),
    (
      layout.GUI_ANVIL,
      {0: ("iron_sword", 1), 1: ("flint", 9), 2: ("stick", 1)},
      {51: ("iron_sword", 1), 52: ("flint", 9), 2: ("stick", 1)},
    ),
    (
      layout.GUI_BREWING_STAND,
      {0: ("potion", 1), 1: ("glass_bottle", 5), 2: ("nether_wart", 3), 3: ("blaze_powder", 4)},
      {51: ("potion", 1), 52: ("glass_bottle", 1), 53: ("glass_bottle", 1), 1: ("glass_bottle", 3),
       54: ("nether_wart", 3), 55: ("blaze_powder", 4)},
    ),
    (
      layout.GUI_BEACON,
      {0: ("emerald", 5), 1: ("diamond", 2), 2: ("flint", 1)},
      {51: ("emerald", 1), 0: ("emerald", 4), 9: ("diamond", 2), 10: ("flint", 1)},
    ),
  ],
)  # fmt: skip
def test_shift_clicks_sort_items_and_closing_returns_them(gui, start, shifted):
  state = make_state(gui, start)
  for slot in start:
    state = press(state, slot, *SHIFT)
  assert stacks(state) == shifted and crafted(state) == {}
  state = tick(state, ("ESC",))
  total = lambda held: sorted((name, count) for name, count in held)
  kept = gui == layout.GUI_BREWING_STAND
  assert all(slot < layout.CRAFT for slot in stacks(state)) and lying(state) == []
  if not kept:
    sums = {}
    for name, count in start.values():
      sums[name] = sums.get(name, 0) + count
    after = {}
    for name, count in stacks(state).values():
      after[name] = after.get(name, 0) + count
    assert total(after.items()) == total(sums.items())


@pytest.mark.parametrize(
  "gui, slot, wrong",
  [
    (layout.GUI_LOOM, layout.LOOM_DYE, "flint"),
    (layout.GUI_CARTOGRAPHY_TABLE, layout.MAP, "paper"),
    (layout.GUI_GRINDSTONE, layout.REPAIR_FIRST, "flint"),
    (layout.GUI_BREWING_STAND, layout.BREW_FUEL, "coal"),
    (layout.GUI_BEACON, layout.BEACON_PAYMENT, "coal"),
  ],
)
def test_slots_refuse_what_theirs_refuse(gui, slot, wrong):
  state = press(press(make_state(gui, {0: (wrong, 2)}), 0, LEFT), slot, LEFT)
  assert stacks(state) == {HELD: (wrong, 2)}
  state = press(make_state(gui, {0: (wrong, 2)}), slot, "hotbar.1")
  assert stacks(state) == {0: (wrong, 2)}


def test_a_beacon_takes_one_emerald_of_a_stack():
  state = press(make_state(layout.GUI_BEACON, {0: ("emerald", 5)}), 0, LEFT)
  state = press(state, layout.BEACON_PAYMENT, LEFT)
  assert stacks(state) == {layout.BEACON_PAYMENT: ("emerald", 1), HELD: ("emerald", 4)}
  state = press(state, layout.BEACON_PAYMENT, LEFT)  # full
  assert stacks(state) == {layout.BEACON_PAYMENT: ("emerald", 1), HELD: ("emerald", 4)}


def test_chest_shift_clicks_both_ways():
  start = {slot: ("coal", 64) for slot in range(9, 36)} | {0: ("stick", 70 - 64), 1: ("stick", 64)}
  state = press(press(make_state(layout.GUI_CHEST, start), 0, *SHIFT), 1, *SHIFT)
  assert {s: v for s, v in stacks(state).items() if s >= layout.BLOCK} == {
    51: ("stick", 64), 52: ("stick", 6)
  }  # fmt: skip
  state = press(state, 52, *SHIFT)  # from the end of the hotbar backwards
  assert stacks(state)[8] == ("stick", 6) and 52 not in stacks(state)
