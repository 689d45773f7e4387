"""Experts on hand-built worlds and on a sample of tasks. Yaw 0 looks to +z, 90 to -x."""

import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from expert_worlds import FLOOR, LOG, make_view, move_px, pressed, with_block, with_items, with_mob

from cross_jax.base import BUTTON_INDEX
from cross_jax.decoders.geometry import FOCAL_PX, turn_to
from cross_jax.envs.experts import Snapshot, geometry, intent_to_raw, plan, raw, snapshots
from cross_jax.envs.experts.intent import (
  APPROACH,
  CLICK_LEFT,
  CLICK_RIGHT,
  MINE,
  STRIKE,
  USE,
  WAIT,
)
from cross_jax.envs.experts.mine import cell_index
from cross_jax.envs.experts.navigate import Ground, feet_cell, find_path, is_straight
from cross_jax.envs.experts.play import DEMONSTRATION_SEED, play
from cross_jax.envs.tasks.setup import STAT_INTERACT, STAT_KILL_ENTITY
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.gui import clicks, layout
from cross_jax.envs.voxel.state import MAX_MOBS, SIZE_X, SIZE_Y, SIZE_Z


def test_gaze_look_at_and_project_by_hand():
  np.testing.assert_allclose(geometry.gaze(0, 0), [0, 0, 1], atol=1e-12)
  np.testing.assert_allclose(geometry.gaze(90, 0), [-1, 0, 0], atol=1e-12)
  np.testing.assert_allclose(geometry.gaze(0, 90), [0, -1, 0], atol=1e-12)
  origin = np.zeros(3)
  assert geometry.look_at(origin, np.asarray([-1.0, 0, 1])) == pytest.approx((45.0, 0.0))
  assert geometry.look_at(origin, np.asarray([0, -1.0, 1])) == pytest.approx((0.0, 45.0))
  # 45 degrees to the right of +z is (-1, 0, 1): tan(45) focal lengths right of the middle.
  assert geometry.project(origin, 0, 0, np.asarray([-1.0, 0, 1])) == pytest.approx(
    (320 + FOCAL_PX, 180)
  )
  assert geometry.project(origin, 0, 30, np.asarray([0, -math.tan(math.radians(30)), 1])) == (
    pytest.approx((320, 180))
  )
  assert geometry.project(origin, 0, 0, np.asarray([0, 0, -1.0])) is None


def test_turning_to_a_projected_point_looks_at_it():
  origin, rng = np.asarray([3.0, 4, 5]), np.random.default_rng(0)
  for _ in range(20):
    yaw, point = rng.uniform(-180, 180), origin + rng.uniform(-1, 1, 3) + geometry.gaze(0, 0) * 0
    at = geometry.project(origin, yaw, 0.0, point)
    if at is None:
      continue
    pitch_turn, yaw_turn = turn_to(*at)
    expected = geometry.look_at(origin, point)
    assert abs(geometry.wrap_deg(yaw + yaw_turn - expected[0])) < 1e-3
    assert abs(pitch_turn - expected[1]) < 1e-3


def test_cast_ray_equals_small_steps():
  rng = np.random.default_rng(1)
  blocks = (rng.random((SIZE_Y, SIZE_Z, SIZE_X)) < 0.03).astype(np.uint16) * LOG
  origin = np.asarray([16.3, 12.6, 15.2])
  blocks[12, 15, 16] = 0
  for _ in range(100):
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    hit = geometry.cast_ray(blocks, origin, direction, 6.0)
    steps = origin + direction * np.arange(0, 6.0, 0.002)[:, None]
    cells = np.floor(steps).astype(int)
    found = np.flatnonzero(blocks[cells[:, 1], cells[:, 2], cells[:, 0]])
    if hit is None:
      assert len(found) <= 2  # grazes a corner within two steps
    elif len(found):
      assert abs(found[0] * 0.002 - hit[1]) < 0.01 or tuple(cells[found[0]]) == hit[0]


def test_water_is_not_selected_and_mobs_are_boxes():
  view = with_block(make_view(), (16, 10, 18), "water")
  assert geometry.cast_ray(view.blocks, geometry.eye(view.pos), geometry.gaze(0, 0), 6) is None
  low, high = np.asarray([-1.0, 0, 2]), np.asarray([1.0, 1, 3])
  assert geometry.box_entry(np.zeros(3), np.asarray([0, 0, 1.0]), low, high) == 2.0
  assert geometry.box_entry(np.asarray([0, 0.5, 2.5]), np.asarray([0, 0, 1.0]), low, high) == 0.0
  assert geometry.box_entry(np.zeros(3), np.asarray([0, 0, -1.0]), low, high) is None
  assert geometry.box_entry(np.asarray([0, 2.0, 0]), np.asarray([0, 0, 1.0]), low, high) is None


# Ways


def test_path_climbs_steps_and_goes_around_walls():
  view = make_view()
  for x in range(SIZE_X):
    for y in (FLOOR + 1, FLOOR + 2):
      if x != 4:
        view = with_block(view, (x, y, 20), "stone")  # a wall two high with a gap at x = 4
  ground, start = Ground(view.blocks), feet_cell(Ground(view.blocks), view.pos)
  assert start == (16, FLOOR + 1, 16)
  goal = (16, FLOOR + 1, 24)
  path = find_path(ground, start, lambda c: c == goal, lambda c: float(abs(c[2] - goal[2])))
  assert (4, FLOOR + 1, 20) in path and path[0] == start and path[-1] == goal
  assert not is_straight(ground, view.pos, np.asarray([16.5, FLOOR + 1.0, 24.5]))
  low = with_block(make_view(), (16, FLOOR + 1, 18), "stone")  # one block: jumped
  ground, top = Ground(low.blocks), (16, FLOOR + 2, 18)
  path = find_path(ground, start, lambda c: c == top, lambda c: 0.0)
  assert path == [start, (16, FLOOR + 1, 17), top]
  assert is_straight(ground, low.pos, np.asarray([16.5, FLOOR + 2.0, 18.5]))
  tall = with_block(low, (16, FLOOR + 2, 18), "stone")
  top = (16, FLOOR + 3, 18)
  assert find_path(Ground(tall.blocks), start, lambda c: c == top, lambda c: 0.0) is None


# Intents


def test_mines_what_the_crosshair_is_on_else_the_least_turn():
  view = with_block(make_view(), (16, 10, 19))
  intent = plan(view)
  assert (intent.kind, intent.target) == (MINE, cell_index((16, 10, 19)))
  assert pressed(intent_to_raw(intent, view)) == {"attack"}
  assert move_px(intent_to_raw(intent, view)) == (0, 0)
  right = with_block(with_block(make_view(), (14, 10, 19)), (20, 10, 16))  # 34 and 90 degrees off
  intent = plan(right)
  assert intent.target == cell_index((14, 10, 19))
  action = intent_to_raw(intent, right)
  assert move_px(action)[0] == 120  # right: + yaw is towards -x; 18 of 34 degrees
  assert pressed(action) == set()  # not yet on it


def test_walks_to_a_far_block_and_jumps_at_a_step():
  view = with_block(make_view(), (16, 10, 26))
  intent = plan(view)
  assert intent.kind == APPROACH and intent.target == cell_index((16, 10, 26))
  assert pressed(intent_to_raw(intent, view)) == {"forward"}
  for x in range(SIZE_X):
    for z in range(18, SIZE_Z):
      view.blocks[FLOOR + 1, z, x] = BLOCKS.index["dirt"]
  view = view._replace(pos=np.asarray([16.5, FLOOR + 1.0, 17.4]))
  assert "jump" in pressed(intent_to_raw(plan(view), view))


def test_buried_block_is_dug_out():
  view = make_view()
  view.blocks[FLOOR - 2, 18, 16] = LOG  # two cells of grass above it, no open face
  intent = plan(view)
  assert intent.kind == MINE
  y, z, x = np.unravel_index(intent.target, view.blocks.shape)
  assert view.blocks[y, z, x] == BLOCKS.index["grass_block"]


def test_strikes_once_per_flash():
  near = with_mob(make_view(), [16.5, FLOOR + 1.0, 18.5])
  intent = plan(near)
  assert intent.kind == STRIKE and "attack" in pressed(intent_to_raw(intent, near))
  held = near._replace(buttons=near.buttons.copy())
  held.buttons[BUTTON_INDEX["attack"]] = 1
  flashing = near._replace(mob_hurt_ticks=np.full(MAX_MOBS, 6, np.int32))
  for view in (held, flashing):
    assert "attack" not in pressed(intent_to_raw(plan(view), view))
  far = with_mob(make_view(), [16.5, FLOOR + 1.0, 22.5])
  assert plan(far).kind == APPROACH
  assert plan(make_view(goal_stat=STAT_KILL_ENTITY, goal_index=1)).kind == WAIT


def _with_hotbar(view: Snapshot, *names: str) -> Snapshot:
  item, count = view.slot_item.copy(), view.slot_count.copy()
  for slot, name in enumerate(names):
    item[slot], count[slot] = ITEMS.index[name], name != "air"
  return view._replace(slot_item=item, slot_count=count)


def test_the_tool_that_harvests_is_taken_in_hand_first():
  view = with_block(make_view(goal_index=BLOCKS.index["bricks"]), (16, 10, 19), "bricks")
  view = _with_hotbar(view, "iron_axe", "iron_pickaxe")
  intent = plan(view)
  assert (intent.kind, intent.keys) == (WAIT, {"hotbar.2"})
  assert pressed(intent_to_raw(intent, view)) == {"hotbar.2"}
  assert plan(view._replace(hotbar=1)).kind == MINE
  empty = _with_hotbar(make_view(), "air", "iron_axe")  # logs break faster by the axe
  assert plan(with_block(empty, (16, 10, 19))).keys == {"hotbar.2"}
  fight = _with_hotbar(with_mob(make_view(), [16.5, FLOOR + 1.0, 18.5]), "air", "diamond_sword")
  assert plan(fight).keys == {"hotbar.2"}


def test_uses_a_block_once_per_press_and_puts_food_on_a_campfire():
  loom = BLOCKS.index["loom"]
  view = with_block(make_view(goal_stat=STAT_INTERACT, goal_index=loom), (16, 10, 19), "loom")
  intent = plan(view)
  assert (intent.kind, intent.target) == (USE, cell_index((16, 10, 19)))
  assert pressed(intent_to_raw(intent, view)) == {"use"}
  held = view._replace(buttons=view.buttons.copy())
  held.buttons[BUTTON_INDEX["use"]] = 1
  assert pressed(intent_to_raw(plan(held), held)) == set()
  assert plan(view._replace(gui=layout.GUI_LOOM)).kind == WAIT
  fire = BLOCKS.index["campfire"]
  view = with_block(make_view(goal_stat=STAT_INTERACT, goal_index=fire), (16, 10, 19), "campfire")
  view = _with_hotbar(view, "stone", "porkchop")
  assert plan(view).keys == {"hotbar.2"} and plan(view._replace(hotbar=1)).kind == USE


def _duel(distance: float, name: str, **changes) -> Snapshot:
  mob = with_mob(make_view(), [16.5, FLOOR + 1.0, 16.5 + distance], name, **changes)
  return _with_hotbar(mob, "diamond_sword")


def test_a_duel_keeps_out_of_reach_and_hits_at_full_charge():
  # a ravager is 1.95 m wide: it strikes from 0.7 + 0.975 + 0.3 = 1.98 m, the player from 3.9 m
  assert "back" in plan(_duel(2.0, "ravager")).keys
  assert {"left", "right"} & plan(_duel(3.2, "ravager")).keys
  assert "forward" in plan(_duel(6.0, "ravager")).keys
  assert plan(_duel(3.2, "ravager", attack_ticks=13)).may_hit  # a sword's cool-down is 12.5
  assert not plan(_duel(3.2, "ravager", attack_ticks=8)).may_hit
  assert plan(_duel(2.0, "sheep", attack_ticks=8)).may_hit  # no duel: whenever it can be hurt


def test_what_explodes_is_hit_while_falling():
  near = _duel(2.5, "creeper")
  assert "jump" in plan(near).keys and not plan(near).may_hit
  falling = near._replace(pos=near.pos + [0.0, 0.4, 0.0], is_on_ground=False, fall_m=0.5)
  assert plan(falling).may_hit and "jump" not in plan(falling).keys
  assert "jump" not in plan(_duel(2.5, "creeper", attack_ticks=3)).keys  # down before the charge


def test_leaves_under_a_mob_that_no_way_leads_to_are_broken():
  view = with_mob(make_view(), [16.5, FLOOR + 6.0, 17.5], "cow")
  for x in range(14, 20):
    for z in range(14, 20):
      view = with_block(view, (x, FLOOR + 5, z), "oak_leaves")
  intent = plan(view)
  assert intent.kind == MINE
  y, z, x = np.unravel_index(intent.target, view.blocks.shape)
  assert BLOCKS.names[view.blocks[y, z, x]] == "oak_leaves"


def test_nobody_walks_into_lava_or_onto_a_campfire():
  view = make_view()
  view.blocks[FLOOR, 18, :] = BLOCKS.index["lava"]
  view.blocks[FLOOR, 18, 12] = BLOCKS.index["stone"]
  ground, goal = Ground(view.blocks), (16, FLOOR + 1, 20)
  start, bound = (16, FLOOR + 1, 16), lambda c: float(abs(c[2] - goal[2]))
  path = find_path(ground, start, lambda c: c == goal, bound)
  assert (12, FLOOR + 1, 18) in path
  view = with_block(make_view(), (16, FLOOR + 1, 18), "campfire")
  assert not Ground(view.blocks).can_stand(16, FLOOR + 2, 18)


def test_turn_levels_leave_the_least_error():
  assert [raw.nearest_level(d) for d in (0.3, 0.5, 1.2, -4.0, 9.1, 40.0)] == [
    0, 5, 10, -20, 80, 120
  ]  # fmt: skip
  view = with_block(make_view(yaw_deg=7.0), (16, 10, 19))  # 7 degrees left of it: 47 px
  far = with_block(make_view(yaw_deg=20.0), (16, 10, 19))
  assert move_px(intent_to_raw(plan(view), view)) == (0, 0)  # the gaze still meets the block
  assert move_px(intent_to_raw(plan(far), far))[0] == -120  # nearest to 133


def test_what_is_out_of_the_picture_is_searched_by_the_right():
  left = with_block(make_view(yaw_deg=40.0), (16, 10, 19))  # 40 degrees to the left: in the picture
  assert move_px(intent_to_raw(plan(left), left))[0] == -120
  for yaw in (80.0, 120.0, -80.0):  # beyond the edge on either side
    view = with_block(make_view(yaw_deg=yaw), (16, 10, 26))
    action = intent_to_raw(plan(view), view)
    assert move_px(action)[0] == 120 and "forward" not in pressed(action)


def _clicks(view: Snapshot) -> tuple[str, int]:
  intent = plan(view)
  return intent.kind, intent.target


def test_crafting_step_by_step():
  table, cell = layout.GUI_CRAFTING_TABLE, layout.CRAFT
  start = {20: ("stick", 2), 5: ("flint", 1), 30: ("feather", 4)}
  view = with_items(table, "arrow", start)
  assert _clicks(view) == (CLICK_LEFT, 5)  # the flint is the top of the recipe
  held = with_items(
    table, "arrow", {20: ("stick", 2), 30: ("feather", 4), layout.HELD: ("flint", 1)}
  )
  assert _clicks(held) == (CLICK_RIGHT, cell)
  placed = {cell: ("flint", 1), cell + 3: ("stick", 1)}
  rest = with_items(table, "arrow", {**placed, layout.HELD: ("stick", 1), 30: ("feather", 4)})
  kind, slot = _clicks(rest)  # the stick that is left goes back to an empty slot
  assert kind == CLICK_LEFT and rest.slot_item[slot] == 0 and slot < layout.FEET
  wrong = with_items(table, "arrow", {**start, cell + 8: ("flint", 1)})
  assert _clicks(wrong) == (CLICK_LEFT, cell + 8)
  full = with_items(
    table, "arrow", {**placed, cell + 6: ("feather", 1), layout.CRAFT_RESULT: ("arrow", 4)}
  )
  assert _clicks(full) == (CLICK_LEFT, layout.CRAFT_RESULT)
  assert _clicks(with_items(table, "arrow", {5: ("flint", 1)}))[0] == WAIT  # not enough


def test_smelting_step_by_step():
  gui = layout.GUI_FURNACE
  inside, fuel, out = layout.FURNACE_INPUT, layout.FURNACE_FUEL, layout.FURNACE_OUTPUT
  raw_food = {10: ("cod", 2), 11: ("coal", 5)}
  assert _clicks(with_items(gui, "cooked_cod", raw_food)) == (CLICK_LEFT, 10)
  assert _clicks(with_items(gui, "cooked_cod", {layout.HELD: ("cod", 2), 11: ("coal", 5)})) == (
    CLICK_LEFT, inside
  )  # fmt: skip
  loaded = {inside: ("cod", 2), 11: ("coal", 5)}
  assert _clicks(with_items(gui, "cooked_cod", loaded)) == (CLICK_LEFT, 11)
  assert _clicks(with_items(gui, "cooked_cod", {inside: ("cod", 2), layout.HELD: ("coal", 5)})) == (
    CLICK_LEFT, fuel
  )  # fmt: skip
  burning = with_items(gui, "cooked_cod", {inside: ("cod", 2)}, burn_ticks=100)
  assert _clicks(burning)[0] == WAIT
  assert _clicks(with_items(gui, "cooked_cod", {**loaded, out: ("cooked_cod", 1)})) == (
    CLICK_LEFT, out
  )  # fmt: skip


def test_cursor_goes_to_the_slot_then_clicks_then_lets_go():
  view = with_items(layout.GUI_INVENTORY, "emerald", {10: ("emerald_block", 1)})
  x, y = raw.slot_centre(view, 10)
  assert (x, y) == (232 + 8 + 18 + 8, 97 + 84 + 8)
  moved = view._replace(is_book_open=True)  # the recipe book moves the panel by 77 px
  assert raw.slot_centre(moved, 10) == (x + 77, y)
  assert move_px(intent_to_raw(plan(moved), moved)) == (x + 77 - 320, y - 180)
  action = intent_to_raw(plan(view), view)
  assert move_px(action) == (x - 320, y - 180) and pressed(action) == set()
  there = view._replace(cursor_px=np.asarray([float(x), float(y)]))
  assert pressed(intent_to_raw(plan(there), there)) == {"attack"}
  buttons = there.buttons.copy()
  buttons[BUTTON_INDEX["attack"]] = 1
  held = there._replace(buttons=buttons)
  assert pressed(intent_to_raw(plan(held), held)) == set()


@pytest.mark.parametrize("is_book_open", [False, True])
def test_a_slot_is_where_the_game_says_to_the_pixel(is_book_open):
  view = make_view(gui=layout.GUI_INVENTORY, is_book_open=is_book_open)
  slots = np.flatnonzero(layout.IS_SHOWN[view.gui])
  first = layout.slot_xy(view.gui, is_book_open)[layout.MAIN]
  edges = np.asarray([-1.001, -1.0, -0.95, 0.0, 16.95, 16.999, 17.0])
  at = np.asarray([first + (x, y) for x in edges for y in edges], np.float32)
  gui = SimpleNamespace(kind=jnp.int32(view.gui), is_book_open=jnp.asarray(is_book_open))
  hovered = jax.vmap(lambda px: clicks.hovered_slot(gui, px))(jnp.asarray(at))
  for px, slot in zip(at, np.asarray(hovered)):
    moved = view._replace(cursor_px=px.astype(np.float64))
    expected = [int(slot)] if slot >= 0 else []
    assert [s for s in slots if raw.is_over_slot(moved, s)] == expected, px
  assert (np.asarray(hovered) == layout.MAIN).sum() == 25  # of the 49: 5 of the 7 on each axis


# Whole episodes

SAMPLE = (
  "mine_block:oak_log", "mine_block:grass_block", "mine_block:sand", "kill_entity:sheep",
  "kill_entity:cod", "kill_entity:zombie", "craft_item:sea_lantern", "craft_item:honeycomb_block",
)  # fmt: skip


def test_experts_solve_a_sample():
  episodes = [(task, DEMONSTRATION_SEED + seed) for task in SAMPLE for seed in range(2)]
  outcomes = list(play(episodes, num_envs=4))
  assert [(o.task, o.seed) for o in outcomes] == episodes
  assert all(o.is_success for o in outcomes), [o for o in outcomes if not o.is_success]
  assert all(0 < o.num_ticks < 300 and o.end == "won" for o in outcomes)


def test_snapshots_read_the_batch():
  env = VoxelEnv(4)
  env.reset(["kill_entity:sheep", "craft_item:paper"], [3, 4], [0, 1])
  state = env.get_state()
  one, two = snapshots(state)[:2]
  assert one.goal_stat == STAT_KILL_ENTITY and one.goal_index == MOBS.index["sheep"]
  assert two.gui == layout.GUI_CRAFTING_TABLE and one.gui == layout.GUI_NONE
  np.testing.assert_array_equal(two.slot_item, np.asarray(state.slots.item)[1])
  np.testing.assert_array_equal(one.blocks.reshape(-1), np.asarray(state.blocks)[0])
  assert [v.goal_index for v in snapshots(state, np.asarray([1]))] == [two.goal_index]
