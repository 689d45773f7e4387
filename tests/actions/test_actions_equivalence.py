"""Equivalence: the official rounding, the tolerance, batches."""

import numpy as np
import pytest

from cross_jax.actions import is_equivalent, parse
from cross_jax.base import DEG_PER_PX, NUM_BUTTONS, RawAction, no_op


def action_of(text: str) -> RawAction:
  return parse(text).segments[-1].action


@pytest.mark.parametrize(
  "a, b, expected",
  [
    # Pixels -3..3 round to 0 degrees, 4..9 to 1, 10..16 to 2 (1.5 -> 2 and 2.4 -> 2).
    ("no_op", "move(3, -3)", True),
    ("no_op", "move(4, 0)", False),
    ("move(4, 0)", "move(9, 0)", True),
    ("move(9, 0)", "move(10, 0)", False),
    ("move(10, 0)", "move(16, 0)", True),
    ("move(16, 0)", "move(17, 0)", False),
    # 30 px are 4.5 degrees: half to even is 4, as for 27 px (4.05); half up would be 5.
    ("move(30, 0)", "move(27, 0)", True),
    ("move(30, 0)", "move(33, 0)", False),
    # 190 px are 28.499999999999996 degrees in float64, as the official code has it: 28.
    ("move(190, 0)", "move(187, 0)", True),
    ("move(0, 0) and press()", "no_op", True),
    ("press(w, a)", "press(a, w)", True),
    ("press(w)", "press(w, a)", False),
    ("press(w)", "click(left)", False),
    ("move(100, 0)", "move(0, 100)", False),
    ("move(100, 0)", "move(-100, 0)", False),
  ],
)
def test_official_rule(a, b, expected):
  a, b = action_of(f"Action: {a}"), action_of(f"Action: {b}")
  assert is_equivalent(a, b) == expected
  assert is_equivalent(b, a) == expected


def test_agrees_with_the_official_rounding_on_every_pixel():
  px = np.arange(-1200, 1201)
  official = np.round(px * (360.0 / 2400.0))
  camera = np.zeros((px.size, 2), np.float32)
  camera[:, 1] = px * 0.15
  actions = RawAction(np.zeros((px.size, NUM_BUTTONS), np.int8), camera)
  for degrees in (-28.0, 0.0, 4.0, 28.0, 101.0):
    whole = RawAction(np.zeros(NUM_BUTTONS, np.int8), np.array([0.0, degrees], np.float32))
    np.testing.assert_array_equal(is_equivalent(actions, whole), official == degrees)


def test_tolerance_replaces_the_rounding():
  a, b = action_of("Action: move(3, 0)"), action_of("Action: move(4, 0)")
  assert not is_equivalent(a, b)
  assert is_equivalent(a, b, tolerance_deg=0.15 + 1e-9)
  assert not is_equivalent(a, b, tolerance_deg=0.14)
  assert not is_equivalent(a, b, tolerance_deg=0.0)
  assert is_equivalent(a, a, tolerance_deg=0.0)


def test_a_tolerance_of_whole_pixels_holds_at_its_limit():
  px = np.arange(-300, 300)
  move = lambda px: RawAction(np.zeros((600, NUM_BUTTONS)), np.stack([px, 0 * px], -1) * DEG_PER_PX)
  assert is_equivalent(move(px), move(px + 8), tolerance_deg=1.2).all()
  assert not is_equivalent(move(px), move(px + 9), tolerance_deg=1.2).any()


def test_batches_broadcast():
  truth = action_of("Action: move(20, 0) and press(w)")
  texts = ["move(19, 0) and press(w)", "move(20, 0)", "move(30, 0) and press(w)"]
  actions = [action_of(f"Action: {text}") for text in texts]
  batch = RawAction(
    np.stack([a.buttons for a in actions]), np.stack([a.camera_deg for a in actions])
  )
  # 20 px -> 3 degrees, 19 px = 2.85 -> 3, 30 px = 4.5 -> 4.
  np.testing.assert_array_equal(is_equivalent(batch, truth), [True, False, False])
  assert is_equivalent(batch, truth).dtype == bool


def test_a_camera_that_is_not_finite_is_equivalent_to_nothing():
  for bad in (np.nan, np.inf):
    action = no_op()._replace(camera_deg=np.array([bad, 0.0], np.float32))
    assert not is_equivalent(action, action)
    assert not is_equivalent(action, no_op())
    assert not is_equivalent(action, action, tolerance_deg=1e9)
