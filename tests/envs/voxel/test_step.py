"""One tick: order of the rules, edges of keys, rewards, clipping."""

import jax
import numpy as np
from world_driver import Plain, build_boxes, cell, press

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout


def test_inventory_key_acts_on_the_edge():
  game = Plain().run(press("inventory"), 5)
  assert int(game.state.gui.kind) == layout.GUI_INVENTORY  # five held ticks toggle once
  game.run(press()).run(press("inventory"))
  assert int(game.state.gui.kind) == layout.GUI_NONE


def test_camera_turns_the_gaze_and_pitch_stops_at_the_poles():
  game = Plain().run(press(pitch=50, yaw=-170)).run(press(pitch=50, yaw=-170))
  assert float(game.state.player.pitch_deg) == 90
  assert float(game.state.player.yaw_deg) == -340  # unbounded


def test_camera_comes_before_the_click():
  game = Plain().put("oak_log", (18, 10, 16)).put("oak_leaves", (16, 10, 18))
  game.run(press("attack", yaw=-90))  # from +z to +x
  assert int(game.state.player.mine_cell) == cell(18, 10, 16)


def test_with_a_gui_open_the_mouse_moves_the_cursor_and_not_the_gaze():
  game = Plain().run(press("inventory"))
  game.run(press(yaw=3.0, pitch=-1.5))
  np.testing.assert_allclose(game.state.gui.cursor_px, [320 + 20, 180 - 10], atol=1e-3)
  assert float(game.state.player.yaw_deg) == 0


def test_hotbar_keys_and_their_cool_down():
  game = Plain().hold("oak_planks", 2).run(press(), 20)
  charged = int(game.state.player.attack_ticks)
  game.run(press("hotbar.4"))
  assert int(game.state.player.hotbar) == 3
  assert int(game.state.player.attack_ticks) == 0 < charged  # another item: charging starts anew
  assert int(game.state.player.swing_ticks) > charged  # which is no swing
  game.run(press("hotbar.2", "hotbar.5"))  # the highest
  assert int(game.state.player.hotbar) == 4
  assert int(game.state.player.attack_ticks) == 1  # from an empty hand to an empty hand: it goes on


def test_drop_throws_one_item_that_can_be_taken_back_later():
  game = Plain().hold("oak_planks", 2).run(press("drop"), 3)
  assert game.carried("oak_planks") == 1
  assert np.sum(game.state.drops.count) == 1
  game.run(press(), 20)
  assert game.carried("oak_planks") == 1  # it was thrown: 40 ticks before it can be taken
  game.run(press("forward"), 40)
  assert game.carried("oak_planks") == 2


def test_drop_with_sprint_throws_the_whole_stack_and_loses_none():
  game = Plain().hold("oak_planks", 33).run(press("sprint", "drop"), 3)
  assert game.carried("oak_planks") == 0
  assert sorted(game.state.drops.count.tolist())[-2:] == [0, 33]  # one stack, not 33 drops
  game.run(press("sprint")).run(press("drop"))  # an empty hand throws nothing
  assert np.sum(game.state.drops.count) == 33
  game.run(press(), 20).run(press("forward"), 40)
  assert game.carried("oak_planks") == 33 and np.sum(game.state.drops.count) == 0


def test_swap_hands():
  game = Plain().hold("iron_axe").run(press("swapHands"), 2)
  assert game.state.slots.item[layout.OFFHAND] == tables.ITEMS.index["iron_axe"]
  assert game.state.slots.count[layout.HOTBAR] == 0


def test_the_reward_comes_once():
  game = Plain().put("oak_log", (16, 10, 18), (16, 10, 19)).hold("iron_axe")
  game.run(press("attack"), 10)
  assert (game.reward, game.terminated) == (1.0, True)
  game.run(press("attack"), 16)  # 6 of them a pause after the first
  assert game.count("mine_block", "oak_log") == 2
  assert (game.reward, game.terminated) == (0.0, True)


def test_edits_keep_the_renderers_boxes_true():
  game = Plain().put("stone", (16, 10, 20)).hold("oak_planks", 3).with_boxes().run(press("use"))
  assert game.block(16, 10, 19) == "oak_planks"
  # a cell that stops rays must not lie in anyone's empty box: the packed word of the placed block
  # is that of a fresh build, and boxes only got smaller
  fresh = np.asarray(build_boxes(game.state.blocks))
  placed = cell(16, 10, 19)
  assert game.state.boxes[placed] == fresh[placed]
  is_solid = game.state.blocks > 0
  assert np.array_equal(game.state.boxes[is_solid], fresh[is_solid])


def test_wild_numbers_are_clipped_and_counted():
  action = press(pitch=0.0, yaw=400.0)
  game = Plain().run(action)
  assert float(game.state.player.yaw_deg) == 180
  assert int(game.state.num_clipped) == 1
  game.run(RawAction(action.buttons * 0 + 2, np.asarray([np.nan, 0], np.float32)))
  assert int(game.state.num_clipped) == 1 + 1 + 23
  assert np.isfinite(game.state.player.pitch_deg)


def test_the_dead_come_back_at_the_spawn_without_their_things():
  game = Plain().hold("oak_planks", 5).player(health=1, fire_ticks=21, food=17)
  spawn = game.state.spawn_pos
  game.run(press(), 2)
  assert game.terminated and game.reward == 0 and float(game.state.player.health) == 0
  died = game.pos
  game.run(press("forward"))
  player = game.state.player
  assert not game.terminated
  assert (float(player.health), float(player.food), int(player.fire_ticks)) == (20, 20, 0)
  assert np.linalg.norm(game.pos - spawn) < 0.5 and np.linalg.norm(game.pos - died) > 0
  assert game.carried("oak_planks") == 0
  assert (game.state.drops.item[0], game.state.drops.count[0]) == (
    tables.ITEMS.index["oak_planks"], 5,
  )  # fmt: skip


def test_state_keeps_its_types():
  game = Plain()
  before = jax.tree.map(lambda a: (np.asarray(a).dtype, np.asarray(a).shape), game.state)
  after = jax.tree.map(lambda a: (a.dtype, a.shape), game.run(press("forward")).state)
  assert before == after
