"""Labels of the experts' intents: the grammar, the names and what the decoders make of them."""

from collections import Counter

import numpy as np
import pytest
from expert_worlds import FLOOR, LOG, SKY, make_view, with_block, with_items, with_mob

from cross_jax.actions import parse
from cross_jax.base import BUTTON_INDEX, ActionSegment, GroundingSegment, RawAction, Response
from cross_jax.decoders import route
from cross_jax.decoders.geometry import point_to_px
from cross_jax.envs.experts import (
  FORMS,
  SPACE_OF_FORM,
  geometry,
  intent_to_raw,
  label,
  labels,
  plan,
  raw,
)
from cross_jax.envs.experts.intent import APPROACH, CLICK_LEFT, MINE, STRIKE, USE, Intent
from cross_jax.envs.experts.kill import aim_at
from cross_jax.envs.experts.labels import CODE_BLOCK, CODE_MOB, CODE_SLOT, object_name
from cross_jax.envs.experts.mine import cell_index
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.state import MAX_DROPS, MAX_MOBS


def _all_labels():
  views = [
    with_block(make_view(), (16, 10, 19)),
    with_block(make_view(yaw_deg=30.0), (16, 10, 19)),
    with_block(make_view(yaw_deg=170.0), (16, 10, 19)),
    with_block(make_view(), (16, 10, 26)),
    with_mob(make_view(), [16.5, FLOOR + 1.0, 18.5]),
    with_mob(make_view(yaw_deg=-40.0), [15.0, FLOOR + 1.0, 24.5]),
    with_items(layout.GUI_INVENTORY, "emerald", {10: ("emerald_block", 1)}),
    with_items(layout.GUI_FURNACE, "cooked_cod", {51: ("cod", 2)}, burn_ticks=9),
  ]
  return [(view, plan(view), label(plan(view), view, SKY)) for view in views]


def test_labels_parse_in_their_space_and_hold_the_experts_action():
  for view, intent, texts in _all_labels():
    assert set(texts) == set(FORMS)
    expected = intent_to_raw(intent, view)
    for form, text in texts.items():
      response = parse(text)
      assert isinstance(response, Response), (text, response)
      assert response.space == SPACE_OF_FORM[form]
      has_action = isinstance(response.segments[-1], ActionSegment)
      assert has_action == form.endswith("raw")
      if has_action:
        action = response.segments[-1].action
        np.testing.assert_array_equal(action.buttons, expected.buttons)
        np.testing.assert_allclose(action.camera_deg, expected.camera_deg, atol=1e-5)


def test_points_name_what_the_renderer_shows_there():
  view = with_block(make_view(yaw_deg=30.0), (16, 10, 19))  # the block is 30 degrees to the left
  codes = np.full((90, 160), CODE_BLOCK + BLOCKS.index["grass_block"], np.int32)
  x, y = geometry.project(geometry.eye(view.pos), 30.0, 0.0, plan(view).aim)
  row, column = int(y / 4), int(x / 4)
  codes[row, column + 2] = CODE_BLOCK + LOG  # the renderer's edge, two samples beside the aim
  segment = parse(label(plan(view), view, codes)["grounding"]).segments[0]
  assert isinstance(segment, GroundingSegment)
  assert (segment.verb, segment.object_name) == ("Mine", "oak log")
  px = point_to_px(segment.point)
  assert (int(px[1] / 4), int(px[0] / 4)) == (row, column + 2)
  behind = with_block(make_view(yaw_deg=170.0), (16, 10, 19))
  segment = parse(label(plan(behind), behind, codes)["grounding"]).segments[0]
  assert segment.verb == "move_camera" and segment.object_name == "grass block"
  assert segment.point[0] == 850  # out of the picture: by the right, 190 degrees and not -170


def test_object_names():
  view = with_mob(make_view(), [1, 2, 3], "iron_golem")._replace(
    drop_item=np.full(MAX_DROPS, ITEMS.index["oak_log"], np.int32),
    slot_item=np.full(layout.NUM_SLOTS, ITEMS.index["stick"], np.int32),
  )
  assert object_name(0, view) is None
  assert object_name(CODE_BLOCK + LOG, view) == "oak log"
  assert object_name(CODE_MOB, view) == "iron golem"
  assert object_name(CODE_MOB + MAX_MOBS + 1, view) == "oak log"  # a drop
  assert object_name(CODE_SLOT + 3, view) == "stick"
  assert object_name(CODE_SLOT + 3, make_view()) == "empty slot"
  assert object_name(4000, view) is None


def _decoded(text: str, is_gui_open: bool = False) -> list[RawAction]:
  routed, actions = route(parse(text), 8), []
  for tick in range(routed.num_ticks):
    action, is_done = routed.decode(tick, (), (), is_gui_open)
    actions.append(action)
    if is_done:
      break
  return actions


def test_motion_alone_brings_the_crosshair_to_the_block():
  view = with_block(make_view(yaw_deg=23.0, pitch_deg=-12.0), (16, 10, 19))
  for _ in range(6):
    intent = plan(view)
    turn = sum(a.camera_deg for a in _decoded(label(intent, view, SKY)["motion"]))
    view = view._replace(
      yaw_deg=view.yaw_deg + float(turn[1]), pitch_deg=view.pitch_deg + float(turn[0])
    )
  assert label(plan(view), view, SKY)["motion"] == "Motion: attack / mine"
  assert raw.crosshair_hits(view, plan(view), 0.0, 0.0)


@pytest.mark.parametrize("kind, button", [(MINE, "attack"), (USE, "use")])
def test_motion_alone_clicks_only_where_its_turn_has_brought_the_crosshair(kind, button):
  rng, num_turned = np.random.default_rng(0), 0
  for _ in range(200):
    yaw, pitch = rng.uniform(-25, 25), rng.uniform(-25, 25)
    view = with_block(make_view(yaw_deg=yaw, pitch_deg=pitch), (16, 10, 19))
    intent = plan(view)._replace(kind=kind)
    at = np.zeros(2)  # (pitch, yaw) turned so far
    for action in _decoded(label(intent, view, SKY)["motion"]):
      at += action.camera_deg
      if action.buttons[BUTTON_INDEX[button]]:
        assert raw.crosshair_hits(view, intent, at[1], at[0]), (yaw, pitch)
        num_turned += bool(at.any())
  assert num_turned > 100


@pytest.mark.parametrize("kind", [MINE, USE])
def test_grounding_at_a_block_meets_it_at_any_pitch(kind):
  """A turn to a pixel is exact for a level gaze only; a miss would dig beside the block."""
  rng, verbs = np.random.default_rng(1), Counter()
  for _ in range(300):
    cell = 16 + int(rng.integers(-2, 3)), int(rng.integers(FLOOR, 13)), 16 + int(rng.integers(1, 4))
    view = with_block(make_view(), cell)
    target = cell_index(cell)
    points = geometry.visible_points(view.blocks, geometry.eye(view.pos), cell, raw.BLOCK_REACH_M)
    if not points:
      continue
    yaw, pitch = geometry.look_at(geometry.eye(view.pos), points[0])
    view = view._replace(
      yaw_deg=yaw + rng.uniform(-40, 40), pitch_deg=np.clip(pitch + rng.uniform(-30, 30), -85, 85)
    )
    intent = Intent(kind, aim=points[0], target=target)
    for _ in range(6):  # decisions
      text = label(intent, view, SKY)["grounding"]
      verb = parse(text).segments[0].verb
      verbs[verb] += 1
      if verb != "move_camera":
        turn = _decoded(text)[0].camera_deg
        assert raw.crosshair_hits(view, intent, float(turn[1]), float(turn[0])), (cell, text)
        break
      turn = _decoded(text)[0].camera_deg
      view = view._replace(
        yaw_deg=view.yaw_deg + float(turn[1]), pitch_deg=view.pitch_deg + float(turn[0])
      )
    else:
      raise AssertionError(f"{cell} is never acted on")
  assert verbs["move_camera"] < 0.5 * (verbs["Mine"] + verbs["right click"])


def test_no_pixel_is_tried_of_a_foe_out_of_reach(monkeypatch):
  codes, turns = np.full((90, 160), CODE_MOB, np.int32), []
  real = raw.crosshair_hits
  monkeypatch.setattr(
    labels, "crosshair_hits", lambda *args: bool(turns.append(args[2:])) or real(*args)
  )
  for z, most in ((20.5, 1), (18.5, 3)):  # 4 m away, and 2 m
    view = with_mob(make_view(yaw_deg=30.0), [16.5, FLOOR + 1.0, z], "ravager")
    intent = Intent(STRIKE, aim_at(view, geometry.eye(view.pos), 0), 0)
    assert labels.ground(intent, view, codes).startswith("Grounding: Kill")
    assert 1 <= len(turns) <= most
    turns.clear()


@pytest.mark.parametrize("kind", [MINE, STRIKE])
def test_what_is_out_of_reach_is_met_by_no_turn(kind):
  rng, num_met = np.random.default_rng(2), 0
  for _ in range(400):
    x, y, z = 16 + int(rng.integers(-3, 4)), int(rng.integers(9, 14)), 16 + int(rng.integers(2, 6))
    intent = Intent(kind, None, 0 if kind == STRIKE else cell_index((x, y, z)))
    view = (
      with_mob(make_view(), [x, y, z]) if kind == STRIKE else with_block(make_view(), (x, y, z))
    )
    turns = [geometry.look_at(geometry.eye(view.pos), (x, y, z) + rng.random(3)) for _ in range(9)]
    is_met = any(raw.crosshair_hits(view, intent, *turn) for turn in turns)
    num_met += is_met
    assert raw.is_in_reach(view, intent) or not is_met
  assert 30 < num_met < 300


def test_a_search_while_swimming_turns_as_fast_as_on_land():
  def searches(level):
    view = with_mob(make_view(yaw_deg=170.0), [16.5, FLOOR + 1.0, 26.5])
    view.blocks[FLOOR + 1 : level + 1] = BLOCKS.index["water"]
    intent = Intent(APPROACH, geometry.eye(view.mob_pos[0]), 0, frozenset(("jump",)))
    return label(intent, view, SKY)["motion"]

  assert searches(FLOOR + 1) == "Motion: turn right"  # 2 ticks; with `jump` it would take 8
  assert len(_decoded(searches(FLOOR + 1))) == 2
  assert searches(FLOOR + 2) == "Motion: turn right, jump"  # the head is under water


def test_motion_alone_does_not_walk_at_a_foe_that_the_expert_keeps_away_from():
  view = with_mob(make_view(), [16.5, FLOOR + 1.0, 21.5], "ravager")
  away = Intent(STRIKE, aim_at(view, geometry.eye(view.pos), 0), 0, frozenset(("back", "left")))
  assert label(away, view, SKY)["motion"] == "Motion: move back and move left"


# From where a GUI puts the cursor, steps of 18 px only meet the borders between the rows 9..35.
@pytest.mark.parametrize("start", [(413.0, 71.0), (320.0, 340.0), layout.CURSOR_HOME])
@pytest.mark.parametrize("slot", [0, 8, 9, 35, layout.CRAFT, layout.CRAFT + 4, layout.CRAFT_RESULT])
def test_motion_alone_reaches_every_slot_in_steps_of_one_pitch(slot, start):
  view = with_items(layout.GUI_INVENTORY, "emerald", {}, cursor_px=np.asarray(start))
  intent = Intent(CLICK_LEFT, target=slot)
  for _ in range(20):
    actions = _decoded(label(intent, view, SKY)["motion"])
    cursor = view.cursor_px + sum(a.camera_deg for a in actions)[::-1] / 0.15
    if any(a.buttons[BUTTON_INDEX["attack"]] for a in actions):
      assert not actions[-1].buttons.any()  # let go, so that the next click is one
      break
    view = view._replace(cursor_px=cursor)
  else:
    raise AssertionError(f"no click on slot {slot}, the cursor is at {cursor}")
  offset = cursor - layout.SLOT_XY[layout.GUI_INVENTORY, slot]
  assert (offset >= -1).all() and (offset < 17).all()


def test_waiting_for_the_furnace_takes_a_tick_raw_and_a_whole_decision_alone():
  view = with_items(layout.GUI_FURNACE, "cooked_cod", {51: ("cod", 2)}, burn_ticks=100)
  texts = label(plan(view), view, SKY)
  assert texts == {
    "raw": "Action: no_op",
    "motion+raw": "Motion: no_op\nAction: no_op",
    "motion": "Motion: no_op",
    "grounding+raw": "Grounding: no-op\nAction: no_op",
    "grounding": "Grounding: no-op",
  }
  ticks = {form: len(_decoded(text)) for form, text in texts.items()}
  assert ticks == {"raw": 1, "motion+raw": 1, "motion": 8, "grounding+raw": 1, "grounding": 8}


@pytest.mark.parametrize("goal", ["mine", "kill"])
def test_a_gui_open_by_mistake_is_closed_in_every_form_that_can(goal):
  view = with_block(make_view(), (16, 10, 18))
  view = with_mob(view, (16.5, 9.0, 19.0)) if goal == "kill" else view
  view = view._replace(gui=layout.GUI_INVENTORY)
  texts = label(plan(view), view, SKY)
  for form in ("raw", "motion+raw", "motion", "grounding+raw"):
    pressed = [
      a.buttons[BUTTON_INDEX["inventory"]] for a in _decoded(texts[form], is_gui_open=True)
    ]
    assert pressed[0] == 1 and sum(pressed) == 1, form
  assert texts["grounding"] == "Grounding: no-op"  # no verb closes a GUI
  held = np.zeros(23, np.int8)
  held[BUTTON_INDEX["inventory"]] = 1
  assert intent_to_raw(plan(view._replace(buttons=held)), view).buttons.sum() == 0


def test_while_another_slot_is_wanted_grounding_goes_on_with_the_item_in_hand():
  view = with_block(make_view(), (16, 10, 18), "stone")._replace(goal_index=BLOCKS.index["stone"])
  item = np.zeros(layout.NUM_SLOTS, np.int32)
  item[layout.HOTBAR + 3] = ITEMS.index["iron_pickaxe"]
  view = view._replace(slot_item=item)
  texts = label(plan(view), view, SKY)
  assert texts["motion"] == "Motion: switch to hotbar 4"
  assert texts["grounding"].startswith("Grounding: Approach")  # by hand it would break for nothing
  item[layout.HOTBAR] = ITEMS.index["wooden_pickaxe"]
  assert label(plan(view), view, SKY)["grounding"].startswith("Grounding: Mine")
  foe = with_mob(make_view(), (16.5, 9.0, 18.5), slot_item=item)
  texts = label(plan(foe), foe, SKY)
  assert "hotbar 4" in texts["motion"] and texts["grounding"].startswith("Grounding: Kill")
