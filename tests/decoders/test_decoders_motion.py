"""Motion alone: what each phrase does on each tick, worked by hand."""

import numpy as np
import pytest

from cross_jax.actions import parse
from cross_jax.actions.grammar import PHRASES
from cross_jax.base import BUTTONS
from cross_jax.decoders import route


def run(text: str, *, k: int = 8, is_gui_open: bool = False):
  """[(buttons pressed, (pitch, yaw) degrees)] of each tick."""
  routed = route(parse(text), k)
  assert not routed.needs_images()
  ticks, is_done = [], False
  while not is_done:
    action, is_done = routed.decode(len(ticks), (), (), is_gui_open)
    pressed = {name for name, value in zip(BUTTONS, action.buttons) if value}
    ticks.append((pressed, tuple(float(x) for x in action.camera_deg)))
  assert len(ticks) == routed.num_ticks <= k
  return ticks


def test_turn_is_ten_degrees_in_all_over_two_ticks():
  assert run("Motion: turn left and up") == [(set(), (-5.0, -5.0)), (set(), (-5.0, -5.0))]
  assert run("Motion: turn down") == [(set(), (5.0, 0.0)), (set(), (5.0, 0.0))]
  assert run("Motion: turn right", k=1) == [(set(), (0.0, 10.0))]


def test_held_phrases_are_held_for_all_ticks_and_the_turn_is_not_repeated():
  ticks = run("Motion: move forward and move left, sprint, turn right, attack / mine")
  assert len(ticks) == 8
  assert all({"forward", "left", "sprint"} <= pressed for pressed, _ in ticks)
  assert [camera[1] for _, camera in ticks] == [5.0, 5.0, 0, 0, 0, 0, 0, 0]
  assert sum(camera[1] for _, camera in ticks) == 10.0
  for phrase, button in (("move back", "back"), ("move right", "right"), ("sneak", "sneak")):
    assert run(f"Motion: {phrase}", k=3) == [({button}, (0.0, 0.0))] * 3
  assert run("Motion: jump", k=2) == [({"jump"}, (0.0, 0.0))] * 2


def test_what_is_aimed_waits_for_the_turn():
  """A click half way there would hit what is beside the target."""
  assert [sorted(p) for p, _ in run("Motion: turn right, attack / mine", k=4)] == [
    [], ["attack"], ["attack"], ["attack"]
  ]  # fmt: skip
  assert [p for p, _ in run("Motion: attack / mine", k=3)] == [{"attack"}] * 3
  for phrase in ("use / place", "open gui"):
    ticks = run(f"Motion: turn left and up, {phrase}")
    assert [pressed for pressed, _ in ticks] == [set(), {"use"}, set()]
    assert [camera for _, camera in ticks] == [(-5.0, -5.0), (-5.0, -5.0), (0.0, 0.0)]
  walk = [p for p, _ in run("Motion: move forward, turn up, use / place, switch to hotbar 2", k=4)]
  assert walk == [{"forward", "hotbar.2"}, {"forward", "use"}, {"forward"}, {"forward"}]
  # One tick: the camera goes before the click.
  assert run("Motion: turn right, attack / mine", k=1) == [({"attack"}, (0.0, 10.0))]


def test_one_shot_phrases_are_pressed_once_and_released():
  still = (0.0, 0.0)
  assert run("Motion: drop") == [({"drop"}, still), (set(), still)]
  assert run("Motion: use / place") == [({"use"}, still), (set(), still)]
  assert run("Motion: open gui") == [({"use"}, still), (set(), still)]
  assert run("Motion: swap, switch to hotbar 3, 9") == [
    ({"swapHands", "hotbar.3", "hotbar.9"}, still),
    (set(), still),
  ]
  (first, _), (second, _) = run("Motion: cursor move right, drop")
  assert first == {"drop"} and second == set()
  ticks = run("Motion: move forward, switch to hotbar 3")
  assert ticks[0][0] == {"forward", "hotbar.3"}
  assert [pressed for pressed, _ in ticks[1:]] == [{"forward"}] * 7


def test_toggles_look_at_whether_a_gui_is_open():
  open_, close = [{"inventory"}, set()], [set(), set()]
  for phrase, in_world, in_gui in [
    ("open inventory", open_, close),
    ("close inventory", close, open_),
    ("close gui", close, open_),
  ]:
    assert [p for p, _ in run(f"Motion: {phrase}")] == in_world
    assert [p for p, _ in run(f"Motion: {phrase}", is_gui_open=True)] == in_gui


def test_cursor_moves_one_slot_then_clicks_then_releases():
  # 18 px x 0.15 degrees/px = 2.7 degrees.
  still = (0.0, 0.0)
  [(pressed, camera)] = run("Motion: cursor move right and up", is_gui_open=True)
  assert pressed == set() and camera == pytest.approx((-2.7, 2.7), abs=1e-6)
  ticks = run("Motion: cursor move left, choose", is_gui_open=True)
  assert [pressed for pressed, _ in ticks] == [set(), {"use"}, set()]
  assert ticks[0][1] == pytest.approx((0.0, -2.7), abs=1e-6)
  assert ticks[1][1] == ticks[2][1] == still
  assert run("Motion: operate gui", is_gui_open=True) == [({"attack"}, still), (set(), still)]
  # A shift-click holds sneak, and is not k ticks long for it.
  assert [p for p, _ in run("Motion: sneak, operate gui", is_gui_open=True)] == [
    {"sneak", "attack"},
    {"sneak"},
  ]
  # One tick: the camera goes before the click.
  [(pressed, camera)] = run("Motion: cursor move down, choose", k=1, is_gui_open=True)
  assert pressed == {"use"} and camera == pytest.approx((2.7, 0.0), abs=1e-6)


def test_no_op_waits_for_all_ticks():
  idle = (set(), (0.0, 0.0))
  for is_gui_open in (False, True):
    assert run("Motion: no_op", is_gui_open=is_gui_open) == [idle] * 8
  assert run("Motion: no_op", k=1) == [idle]
  assert len(run("Motion: no_op", k=20)) * 10 == 200  # ten decisions smelt an item


@pytest.mark.parametrize("k", [1, 2, 3, 8, 20])
def test_every_phrase_does_something_and_ends(k):
  for phrase in [*PHRASES, "switch to hotbar 1"]:
    for is_gui_open in (False, True):
      ticks = run(f"Motion: {phrase}", k=k, is_gui_open=is_gui_open)
      if not (phrase.startswith(("open inventory", "close"))):
        assert any(pressed or np.any(camera) for pressed, camera in ticks), phrase
