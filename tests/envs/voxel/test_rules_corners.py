"""Corners of the rules where two of them meet in a tick: nobody is stuck, nothing is doubled."""

import jax
import numpy as np
import pytest
from world_driver import Plain, cell, press

from cross_jax.envs.voxel import invariants
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.gui import inventory, layout
from cross_jax.envs.voxel.rules.health import armor_factor, hurt

ITEM = tables.ITEMS.index
is_stuck = jax.jit(invariants._is_stuck)


def in_world(game, name):
  """How many of an item are carried or lie around."""
  drops = game.state.drops
  return game.carried(name) + int(drops.count[drops.item == ITEM[name]].sum())


def lay(game, *things):
  """Drops (item, count, place) that may be picked up."""
  drops = jax.tree.map(np.array, game.state.drops)
  for i, (name, count, pos) in enumerate(things):
    drops.item[i], drops.count[i], drops.pos[i], drops.age[i] = ITEM[name], count, pos, 50
  game.state = game.state._replace(drops=drops)
  return game


@pytest.mark.parametrize("before", ["grass", "water", "air"])
def test_a_block_stops_the_player_on_the_tick_that_it_is_placed(before):
  game = Plain().put(before, (16, 9, 18)).hold("dirt", 5)
  game.player(pos=(16.5, 9, 17.66), vel=(0, -0.0784, 0.1179), pitch_deg=62.0)
  for _ in range(9):
    game.run(press("forward", "use"))
    assert not bool(is_stuck(game.state))
  assert game.block(16, 9, 18) == "dirt" and game.pos[2] < 17.75


def test_a_block_that_falls_is_not_mined_too():
  game = Plain().put("sugar_cane", *((16, y, 18) for y in (9, 10, 11))).run(press(pitch=-11.3))
  game.run(press("attack"), 5)
  broken = sum(game.block(16, y, 18) == "air" for y in (9, 10, 11))
  assert broken >= 2 and in_world(game, "sugar_cane") == broken
  assert game.count("mine_block", "sugar_cane") <= broken


def test_mining_begins_anew_with_another_tool():
  game = Plain().put("iron_ore", (16, 10, 18)).hold("stone_pickaxe", 1, 1)
  game.run(press("attack"), 250)
  assert float(game.state.player.mine_progress) > 0.5
  game.run(press("attack", "hotbar.2"))
  assert float(game.state.player.mine_progress) == 0
  game.run(press("attack", "hotbar.2"))
  assert 0 < float(game.state.player.mine_progress) < 0.1
  game = Plain().put("iron_ore", (16, 10, 18)).hold("stone_pickaxe").run(press("attack"), 9)
  assert float(game.run(press("attack", "drop")).state.player.mine_progress) == 0
  game = Plain().put("iron_ore", (16, 10, 18)).run(press("attack"), 250)
  before = float(game.state.player.mine_progress)
  game.run(press("attack", "hotbar.2"))  # another empty slot: the same bare hand
  assert float(game.state.player.mine_progress) > before


def test_eating_begins_anew_with_other_food():
  game = Plain().hold("bread", 3).hold("golden_apple", 1, 1).player(food=5.0)
  game.run(press("use"), 31).run(press("use", "hotbar.2"))
  assert game.carried("golden_apple") == 1 and game.carried("bread") == 3
  assert game.run(press("use"), 31).carried("golden_apple") == 0


@pytest.mark.parametrize(
  "food, count, vessel",
  [("mushroom_stew", 1, "bowl"), ("honey_bottle", 1, "glass_bottle"),
   ("honey_bottle", 3, "glass_bottle"), ("bread", 2, "bowl")],
)  # fmt: skip
def test_bowls_and_bottles_stay(food, count, vessel):
  game = Plain().hold(food, count).player(food=5.0).run(press("use"), 33)
  assert game.carried(food) == count - 1
  assert game.carried(vessel) == (vessel != "bowl" or food == "mushroom_stew")


def test_a_block_whose_gui_does_not_open_was_not_interacted_with():
  game = Plain().put("chest", (16, 9, 18)).run(press(pitch=35))
  stores = jax.tree.map(np.array, game.state.stores)
  stores.kind[:], stores.item[:, 0], stores.count[:, 0] = layout.GUI_CHEST, ITEM["dirt"], 1
  stores.cell[:] = [cell(20 + i, 9, 20) for i in range(len(stores.cell))]
  game.state = game.state._replace(stores=stores)
  game.run(press("use"))
  assert int(game.state.gui.kind) == layout.GUI_NONE and game.count("interact", "chest") == 0


def test_sneaking_matters_only_with_something_in_hand():
  game = Plain().put("anvil", (16, 9, 18)).run(press(pitch=35)).run(press("sneak", "use"))
  assert int(game.state.gui.kind) != layout.GUI_NONE and game.count("interact", "anvil") == 1
  game = Plain().put("campfire", (16, 9, 18)).hold("porkchop", 2).run(press(pitch=35))
  assert game.run(press("sneak", "use")).count("interact", "campfire") == 0
  assert game.run(press()).run(press("use")).count("interact", "campfire") == 1


def test_a_drop_without_room_is_in_nobodys_way():
  game = Plain()
  for slot in range(36):
    game.hold("dirt", 64, slot)
  game.hold("diamond", 10, 35)
  lay(game, ("dirt", 3, (16.6, 9, 16.5)), ("diamond", 1, (16.5, 9, 17.0)))
  game.run(press(), 3)
  assert game.carried("diamond") == 11 and in_world(game, "dirt") == 35 * 64 + 3


def test_a_respawn_is_not_inside_a_block():
  game = Plain()
  x, y, z = (int(np.floor(side)) for side in game.state.spawn_pos)
  game.put("stone", (x, y, z), (x, y + 1, z)).player(health=0.0).run(press())
  assert not bool(is_stuck(game.state)) and game.pos[1] >= y + 2 - 0.2
  game = Plain().player(health=0.0).run(press())
  np.testing.assert_allclose(game.pos, game.state.spawn_pos, atol=0.1)


@pytest.mark.parametrize("ids", [np.array([False, True]), [0.9, 1.2], ["0", "1"]])
def test_a_mask_is_no_list_of_games(ids):
  env = VoxelEnv(2)
  with pytest.raises(ValueError, match="env_ids .* must be integers"):
    env.begin(["mine_block:oak_log"] * 2, [0, 1], ids)


def test_armour_helps_only_against_what_a_second_damage_is_more():
  """Diamond armour, 20 points: of 10 it lets 0.4 through, then of the 4 more in 14 a share of 4."""
  game = Plain()
  for slot, name in enumerate(("boots", "leggings", "chestplate", "helmet")):
    game.hold(f"diamond_{name}", 1, layout.FEET + slot)
  state = hurt(hurt(game.state, np.float32(10)), np.float32(14))
  lost = 10 * armor_factor(np.float32(10), np.float32(20))
  lost += 4 * armor_factor(np.float32(4), np.float32(20))
  assert float(state.player.health) == pytest.approx(20 - float(lost), abs=1e-5)
  again = hurt(state, np.float32(14))
  assert float(again.player.health) == float(state.player.health)


def test_keys_held_through_a_death_are_not_pressed_anew():
  game = Plain().hold("stick", 9).run(press("drop")).player(health=0.0)
  game.hold("stick", 9, layout.HOTBAR + 8).run(press("drop"))
  game.hold("apple", 9).run(press("drop"))
  assert float(game.state.player.health) == 20 and game.carried("apple") == 9
  assert game.run(press()).run(press("drop")).carried("apple") == 8


def test_a_hot_floor_spares_who_sneaks():
  floor = [(x, 8, z) for x in (15, 16, 17) for z in (15, 16, 17)]
  game = Plain().put("magma_block", *floor)
  assert float(game.run(press("sneak"), 3).state.player.health) == 20
  assert float(game.run(press(), 3).state.player.health) < 20


def test_what_is_picked_up_goes_onto_the_stack_in_hand_then_the_off_hand():
  game = Plain().hold("stick", 10, 0).hold("stick", 62, 4).hold("stick", 60, layout.OFFHAND)
  slots, left = inventory.pick_up(game.state.slots, tables.ITEMS.index["stick"], 8, np.int32(4))
  assert int(left) == 0
  assert [int(slots.count[i]) for i in (0, 4, layout.OFFHAND)] == [12, 64, 64]
