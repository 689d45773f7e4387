"""Breaking times, the gaze, placing and opening."""

import jax
import numpy as np
import pytest
from world_driver import Plain, cell, press

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render.hand import swing
from cross_jax.envs.voxel.rules import aim, mining
from cross_jax.envs.voxel.rules.edits import NO_CELL
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z

break_rate = jax.jit(mining.break_rate)
cast = jax.jit(aim.cast)


@pytest.mark.parametrize(
  ("block", "tool", "ticks"),
  [
    # ticks = ceil(hardness x divisor / speed); divisor 30 if the tool harvests, else 100
    ("oak_log", "air", 60),  # 2 x 30 / 1
    ("oak_log", "iron_axe", 10),  # 2 x 30 / 6
    ("oak_log", "iron_pickaxe", 60),  # the wrong kind is no better than a hand
    ("oak_log", "diamond_sword", 40),  # 2 x 30 / 1.5
    ("dirt", "air", 15),
    ("dirt", "iron_shovel", 3),  # 2.5
    ("grass_block", "wooden_shovel", 9),  # 0.6 x 30 / 2
    ("stone", "air", 150),  # 1.5 x 100; 45 would say that hands harvest stone
    ("stone", "wooden_pickaxe", 23),  # 22.5
    ("iron_ore", "stone_pickaxe", 23),
    ("diamond_ore", "stone_pickaxe", 75),  # 3 x 100 / 4: speed counts, harvest does not
    ("diamond_ore", "iron_pickaxe", 15),
    ("obsidian", "diamond_pickaxe", 188),  # 187.5
    ("oak_leaves", "air", 6),
    ("crafting_table", "wooden_axe", 38),  # 37.5
    ("chest", "diamond_pickaxe", 75),
    ("poppy", "air", 1),
  ],
)
def test_breaking_ticks(block, tool, ticks):
  rate = float(break_rate(*_rows(block, tool), np.bool_(True), np.bool_(False)))
  assert np.ceil(1 / rate - 1e-4) == ticks


def _rows(block, tool):
  return np.int32(tables.BLOCKS.index[block]), np.int32(tables.ITEMS.index[tool])


def test_off_the_ground_and_under_water_each_cost_a_factor_of_five():
  rate = lambda ground, water: float(
    break_rate(*_rows("oak_log", "iron_axe"), np.bool_(ground), np.bool_(water))
  )
  assert rate(True, False) == pytest.approx(0.1)
  assert rate(False, False) == pytest.approx(0.02)
  assert rate(True, True) == pytest.approx(0.02)
  assert rate(False, True) == pytest.approx(0.004)


def test_bedrock_does_not_break():
  assert float(break_rate(*_rows("bedrock", "diamond_pickaxe"), np.bool_(True), np.bool_(0))) == 0


def test_a_block_breaks_counts_rewards_drops_and_is_picked_up():
  game = Plain().put("oak_log", (16, 10, 18)).hold("iron_axe")
  game.run(press("attack"), 9)
  assert game.block(16, 10, 18) == "oak_log"
  assert float(game.state.player.mine_progress) == pytest.approx(0.9, abs=1e-5)
  game.run(press("attack"))
  assert game.block(16, 10, 18) == "air"
  assert game.count("mine_block", "oak_log") == 1
  assert (game.reward, game.terminated) == (1.0, True)
  assert game.carried("oak_log") == 0
  game.run(press("forward"), 15)
  assert game.carried("oak_log") == 1 and game.count("pickup", "oak_log") == 1


def test_what_the_tool_cannot_harvest_neither_counts_nor_drops():
  game = Plain().put("diamond_ore", (16, 10, 18)).hold("stone_pickaxe")
  game.run(press("attack"), 76)
  assert game.block(16, 10, 18) == "air"
  assert game.count("mine_block", "diamond_ore") == 0
  assert not np.any(game.state.drops.item)


def test_progress_is_lost_on_release_and_on_another_block():
  game = Plain().put("oak_log", (16, 10, 18), (16, 11, 18)).hold("iron_axe")
  game.run(press("attack"), 9).run(press()).run(press("attack"), 9)
  assert game.block(16, 10, 18) == "oak_log"
  game.run(press("attack", pitch=-25))
  assert int(game.state.player.mine_cell) == cell(16, 11, 18)
  assert float(game.state.player.mine_progress) == 0  # the tick of the change does not count
  game.run(press("attack"))
  assert float(game.state.player.mine_progress) == pytest.approx(0.1)


def test_a_click_in_the_pause_after_a_break_breaks_only_what_breaks_at_once():
  game = Plain().put("oak_log", (16, 10, 18)).put("dandelion", (16, 10, 19)).hold("iron_axe")
  game.run(press("attack"), 10).run(press())
  assert game.block(16, 10, 18) == "air"
  assert game.run(press("attack")).block(16, 10, 19) == "air"
  game = Plain().put("oak_log", (16, 10, 18), (16, 10, 19)).hold("iron_axe")
  game.run(press("attack"), 10).run(press(), 30).run(press("attack"), 14)
  assert game.block(16, 10, 19) == "oak_log"  # released, the pause of 5 ticks stood still
  assert game.run(press("attack")).block(16, 10, 19) == "air"


def test_who_mines_uses_nothing():
  game = Plain().put("stone", (16, 10, 18)).hold("apple").player(food=10)
  game.run(press("attack"), 5).run(press("attack", "use"), 5)
  assert float(game.state.player.mine_progress) == pytest.approx(10 / 150)
  assert int(game.state.player.eat_ticks) == 0
  game = Plain().put("stone", (16, 10, 18)).hold("oak_planks", 5).run(press("attack"), 5)
  assert game.run(press("attack", "use"), 5).carried("oak_planks") == 5
  assert game.run(press(), 2).run(press("use")).carried("oak_planks") == 4


def test_the_hand_swings_through_the_pause_after_a_break_and_rests_after():
  game = Plain().put("dirt", (16, 10, 18), (16, 10, 19)).hold("iron_shovel")
  held = [float(swing(game.run(press("attack")).state)) for _ in range(9)]
  assert game.block(16, 10, 18) == "air" and game.block(16, 10, 19) == "dirt"
  assert all(abs(one - other) > 1e-3 for one, other in zip(held, held[1:]))
  assert [float(swing(game.run(press()).state)) for _ in range(8)][-2:] == [0, 0]


def test_reach_is_four_and_a_half_metres():
  game = Plain().put("oak_log", (16, 10, 21)).run(press("attack"))  # 21 - 16.5 = 4.5: just
  assert int(game.state.player.mine_cell) == cell(16, 10, 21)
  game = Plain().player(pos=(16.5, 9, 16.49)).put("oak_log", (16, 10, 21)).run(press("attack"))
  assert int(game.state.player.mine_cell) == NO_CELL


def test_cast_against_a_slow_march():
  rng = np.random.default_rng(1)
  solid = rng.random((SIZE_Y, SIZE_Z, SIZE_X)) < 0.06
  blocks = np.where(solid, tables.BLOCKS.index["stone"], 0).astype(np.uint16).reshape(NUM_CELLS)
  num_hits = 0
  for _ in range(60):
    eye = rng.uniform((2, 2, 2), (30, 22, 30)).astype(np.float32)
    gaze = rng.normal(size=3)
    gaze = (gaze / np.linalg.norm(gaze)).astype(np.float32)
    hit = cast(blocks, eye, gaze)
    found, before = NO_CELL, NO_CELL
    for t in np.arange(0, aim.BLOCK_REACH_M, 5e-4):
      x, y, z = np.floor(eye + gaze * t).astype(int)
      inside = 0 <= x < SIZE_X and 0 <= y < SIZE_Y and 0 <= z < SIZE_Z
      here = cell(x, y, z) if inside else NO_CELL
      if inside and solid[y, z, x]:
        found = here
        break
      before = here
    assert int(hit.cell) == found
    if found >= 0:
      num_hits += 1
      assert float(hit.distance) == pytest.approx(t, abs=1e-3)
      assert int(hit.front) == before or t == 0
  assert num_hits > 10


def test_use_places_on_the_face_every_four_ticks_and_takes_from_the_stack():
  game = Plain().put("stone", (16, 10, 20)).hold("oak_planks", 3)
  game.run(press("use"))
  assert game.block(16, 10, 19) == "oak_planks"
  assert game.carried("oak_planks") == 2 and game.count("use_item", "oak_planks") == 1
  game.run(press("use"), 3)
  assert game.carried("oak_planks") == 2  # held: not before the fourth tick after
  game.run(press("use"))
  assert game.block(16, 10, 18) == "oak_planks" and game.carried("oak_planks") == 1
  game.run(press("use"), 20)
  assert game.block(16, 10, 16) == "air"  # no block into one's own body


def test_use_opens_a_crafting_table_and_with_sneak_builds_against_it():
  game = Plain().put("crafting_table", (16, 10, 18)).hold("oak_planks", 3).run(press("use"))
  assert int(game.state.gui.kind) == layout.GUI_CRAFTING_TABLE
  assert game.count("interact", "crafting_table") == 1
  before = game.pos
  game.run(press("forward"), 5)
  assert np.all(game.pos == before)  # keys move nobody while a GUI is open
  game = Plain().put("crafting_table", (16, 10, 19)).hold("oak_planks", 3)
  game.run(press("use", "sneak"))
  assert int(game.state.gui.kind) == layout.GUI_NONE
  assert game.block(16, 10, 18) == "oak_planks"


def test_raw_food_goes_onto_a_campfire_and_counts_as_meeting_it():
  game = Plain().put("campfire", (16, 10, 18)).hold("porkchop", 3).run(press("use"))
  assert game.count("interact", "campfire") == 1 and game.carried("porkchop") == 2
  game = Plain().put("campfire", (16, 10, 18)).hold("cooked_porkchop", 3).run(press("use"))
  assert game.count("interact", "campfire") == 0 and game.carried("cooked_porkchop") == 3
  game = Plain().put("stone", (16, 10, 18)).hold("porkchop", 3).run(press("use"))
  assert game.count("interact", "stone") == 0 and game.carried("porkchop") == 3


def test_pick_item_selects_the_block_looked_at():
  game = Plain().put("oak_planks", (16, 10, 18)).hold("oak_planks").run(press("hotbar.5"))
  assert int(game.state.player.hotbar) == 4
  assert int(game.run(press("pickItem")).state.player.hotbar) == 0
  game = Plain().put("oak_log", (16, 10, 18)).hold("oak_planks").run(press("hotbar.5"))
  assert int(game.run(press("pickItem")).state.player.hotbar) == 4


def test_pick_item_fetches_from_the_main_inventory_and_knows_what_hangs_on_a_wall():
  game = Plain().put("wall_torch", (16, 10, 18)).hold("stick").hold("torch", 5, layout.MAIN + 3)
  game.run(press("pickItem"))
  assert int(game.state.player.hotbar) == 1  # the first empty slot from the selected one on
  assert game.state.slots.item[1] == tables.ITEMS.index["torch"] and game.state.slots.count[1] == 5
  assert game.state.slots.count[layout.MAIN + 3] == 0 and game.carried("stick") == 1
  game = Plain().put("stone", (16, 10, 18)).hold("stone", 7, layout.MAIN)
  for slot in range(layout.HOTBAR, layout.MAIN):
    game.hold("stick", slot + 1, slot)
  game.player(hotbar=2).run(press("pickItem"))
  assert int(game.state.player.hotbar) == 2 and game.state.slots.count[2] == 7
  assert game.state.slots.count[layout.MAIN] == 3  # changed places with the sticks in hand


def test_tools_that_break_blocks_or_hit_count_as_used_and_only_harvests_exhaust():
  game = Plain().put("dandelion", (16, 10, 18)).hold("iron_shovel").run(press("attack"))
  assert game.count("use_item", "iron_shovel") == 1
  assert float(game.state.player.exhaustion) == pytest.approx(mining.MINE_EXHAUSTION)
  game = Plain().put("dandelion", (16, 10, 18)).hold("stick").run(press("attack"))
  assert game.count("mine_block", "dandelion") == 1 and game.count("use_item", "stick") == 0
  game = Plain().put("snow", (16, 10, 18)).run(press("attack"), 12)  # a layer needs a shovel
  assert game.block(16, 10, 18) == "air" and float(game.state.player.exhaustion) == 0
  game = Plain().hold("iron_sword").mob("cow", 16.5, 9.6, 18.5).run(press("attack"))
  assert game.count("use_item", "iron_sword") == 1
