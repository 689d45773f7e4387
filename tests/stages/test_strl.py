"""STRL by hand: the reward of each space, groups, advantages, D_strl."""

import numpy as np
import pytest

from cross_jax.base import BUTTON_INDEX, RawAction, View, no_op
from cross_jax.rollout.packing import Row
from cross_jax.stages import strl

VIEWS = (View(0, 0, 640, 360, 32, 18),)
ROW = Row(np.zeros((1, 12), np.uint8), np.asarray([3], np.int32), np.zeros((3, 1), np.int32), ())


def action(*buttons, pitch=0.0, yaw=0.0):
  raw = no_op()
  for button in buttons:
    raw.buttons[BUTTON_INDEX[button]] = 1
  return RawAction(raw.buttons, np.asarray([pitch, yaw], np.float32))


def question(*accepted, is_gui_open=False):
  return strl.Question(ROW, (np.zeros((18, 32, 3), np.uint8),), is_gui_open, accepted)


def reward(text, *accepted, tolerance_deg=2.0):
  return strl.reward(
    text, question(*accepted), VIEWS, tolerance_deg=tolerance_deg, format_penalty=0.1
  )


@pytest.mark.parametrize(
  ("text", "space"),
  [
    ("Action: press(w)", "raw"),
    ("Motion: jump\nAction: press(w)", "motion"),  # the raw action counts, not the phrase above it
    ("Motion: move forward", "motion"),
  ],
)
def test_every_space_is_reduced_to_its_first_raw_action(text, space):
  assert reward(text, action("forward")) == (1.0, space)


def test_wrong_buttons():
  assert reward("Action: press(w, space)", action("forward")) == (0.0, "raw")


def test_camera_within_the_tolerance():
  # 40 px are 6 degrees: 5 is within 2, and 3 is not.
  assert reward("Action: move(40, 0)", action(yaw=5.0))[0] == 1.0
  assert reward("Action: move(40, 0)", action(yaw=3.0))[0] == 0.0
  assert reward("Action: move(40, 0)", action(yaw=5.0), tolerance_deg=None)[0] == 0.0


@pytest.mark.parametrize("is_gui_open", [False, True])
def test_another_verb_of_grounding_at_the_same_point_is_wrong(is_gui_open):
  """Of a GUI as of the world; Mine and left click differ only in how long they hold."""
  picture = np.zeros((180, 320, 3), np.uint8)
  if is_gui_open:
    picture[90:96, 160:166] = np.tri(6, dtype=np.uint8)[::-1, :, None] * 255  # the cursor
  view = View(0, 0, 640, 360, 320, 180)
  asked = strl.Question(ROW, (picture,), is_gui_open, ())
  text = "Grounding: {} <|point_start|>(456,478)<|point_end|>".format
  verbs = ("left click", "right click", "Approach", "Kill", "move to")
  if is_gui_open:
    verbs = ("left click", "right click", "move to")
  for right in verbs:
    routed = strl.route_text(text(right), 1)
    accepted, _ = routed.decode(0, asked.images, (view,), is_gui_open)
    for verb in verbs:
      value, space = strl.reward(
        text(verb),
        asked._replace(accepted=(accepted,)),
        (view,),
        tolerance_deg=2.0,
        format_penalty=0.1,
      )
      assert (value, space) == (float(verb == right), "grounding")


def test_any_of_the_experts_actions_will_do():
  assert reward("Motion: move forward", action("jump"), action("forward"))[0] == 1.0


def test_what_does_not_parse_loses_the_penalty():
  assert reward("press(w)", action("forward")) == (-0.1, None)
  assert reward("Skill: chop the tree", action("forward")) == (-0.1, None)  # it has no decoder


def _sample(groups):
  def sample(questions, seed):
    return [
      [(np.asarray([len(text), 1], np.int32), np.zeros(2, np.float32), text) for text in group]
      for group in groups
    ]

  return sample


def _answers():
  groups = [
    ["Action: press(w)", "Motion: move forward", "Action: press(s)", "Action: press(w)"],
    ["Action: press(s)"] * 4,
    ["Action: press(w)"] * 4,
  ]
  return strl.answer(
    [question(action("forward"))] * 3,
    _sample(groups),
    VIEWS,
    seed=0,
    tolerance_deg=2.0,
    format_penalty=0.1,
  )


def test_rejection_sampling_keeps_the_mixed_group():
  kept = strl.keep_mixed(_answers())
  assert [a.rewards.tolist() for a in kept] == [[1.0, 1.0, 0.0, 1.0]]


def test_rows_carry_the_advantages_of_their_group():
  (row,) = strl.grpo_rows(strl.keep_mixed(_answers()))
  # Rewards 1 1 0 1: mean 3/4, sample std 1/2.
  assert row.advantage == pytest.approx([0.5, 0.5, -1.5, 0.5], abs=1e-4)
  assert len(row.responses) == len(row.old_logp) == 4


def test_penalties_make_no_group_mixed():
  groups = [["Action: press(s)"] * 3 + ["press(w)"]]
  answered = strl.answer(
    [question(action("forward"))],
    _sample(groups),
    VIEWS,
    seed=0,
    tolerance_deg=2.0,
    format_penalty=0.1,
  )
  # With the penalty as spread, the three wrong responses would get +0.5 each.
  assert strl.keep_mixed(answered) == []


def test_the_slot_beside_is_wrong():
  text, truth = "Action: move(80, 0)", action(yaw=10.2)  # 12 degrees are 12 px too far
  open_gui = question(truth, is_gui_open=True)
  settings = {"tolerance_deg": 2.0, "format_penalty": 0.1}
  assert strl.reward(text, open_gui, VIEWS, **settings) == (0.0, "raw")
  assert strl.reward(text, question(truth), VIEWS, **settings) == (1.0, "raw")


def test_relabel_keeps_distinct_right_responses_in_the_space_chosen():
  rows = strl.relabel(_answers(), max_per_question=2)
  assert len(rows) == 2  # the all-wrong group has nothing to teach
  assert [len(r) for r in rows[0].responses] == [2, 2]
  assert [int(r[0]) for r in rows[0].responses] == [16, 20]  # raw once, then motion
  assert len(rows[1].responses) == 1


def test_summary_counts():
  metrics = strl.summary(_answers())
  assert metrics["accuracy"] == pytest.approx(7 / 12)
  assert metrics["mixed_share"] == pytest.approx(1 / 3)
  assert metrics["space_share/motion"] == pytest.approx(1 / 12)
