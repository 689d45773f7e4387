"""Recorded play becomes rows of the experts' features, with the player's labels and hindsight."""

import sys

import numpy as np
import pytest

from cross_jax.actions import format_action, format_motion, parse
from cross_jax.base import BUTTON_INDEX, RawAction, Response, no_op
from cross_jax.decoders import route
from cross_jax.envs.experts import FORMS, SPACE_OF_FORM, plan, snapshots
from cross_jax.envs.experts.intent import APPROACH, CLICK_LEFT, IDLE, MINE
from cross_jax.envs.experts.labels import motion_alone
from cross_jax.envs.experts.play import act
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.recording import SUCCESS, Recorder, digest
from data_pipelines import recordings
from data_pipelines.hindsight import intents_of, motions_of
from data_pipelines.recordings import convert
from data_pipelines.storage import FamilySource, list_families, text_key

TASKS = ["mine_block:oak_leaves", "craft_item:emerald"]
SEED = 10_003
K = 8


def record(path, task, seed, policy, num_ticks=200):
  """Plays and writes an episode; returns (the states before each tick, the actions)."""
  env, views, actions = VoxelEnv(1), [], []
  env.reset([task], [seed])
  header = {"task": task, "seed": seed, "difficulty": None, "start": digest(env.get_state())}
  recorder, outcome = Recorder(path, header), "stopped"
  for _ in range(num_ticks):
    views += snapshots(env.get_state())
    actions.append(policy(views[-1]))
    step = env.step(RawAction(actions[-1].buttons[None], actions[-1].camera_deg[None]))
    recorder.add(actions[-1])
    if step.terminated[0]:
      outcome = SUCCESS
      break
  recorder.close(outcome, digest(env.get_state()))
  return views, RawAction(*(np.stack(leaves) for leaves in zip(*actions)))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
  """(folder of recordings, task -> its views and actions): the experts', and one that failed."""
  folder = tmp_path_factory.mktemp("played")
  episodes = {task: record(folder / f"{i}.jsonl", task, SEED, act) for i, task in enumerate(TASKS)}
  record(folder / "lazy.jsonl", TASKS[0], 7, lambda view: no_op(), num_ticks=5)
  return folder, episodes


def test_rows_have_the_players_labels(played, tmp_path):
  folder, episodes = played
  summary = convert([folder], tmp_path, show_progress=False)
  assert (summary["num_episodes"], summary["num_failed"]) == (3, 1)
  assert summary["episodes_by_space"] == {"human": 3}
  assert set(list_families(tmp_path)) == {"mine_block", "craft_item"}
  for task in TASKS:
    views, actions = episodes[task]
    rows = list(FamilySource(tmp_path, task.partition(":")[0]))
    assert len(rows) > 3
    intents = intents_of(views, actions, max_ticks_per_decision=K)
    motions = motions_of(views, actions, max_ticks_per_decision=K)
    for row in rows:
      at = int(row["tick"])
      action = RawAction(actions.buttons[at], actions.camera_deg[at])
      assert (row["task"], row["seed"]) == (task, SEED) and row["instruction"]
      assert row["raw_text"] == format_action(action)
      is_gui_open = views[at].gui != 0
      one_tick = format_motion(action, is_gui_open)
      assert row["motion_raw_text"] == f"{one_tick}\n{row['raw_text']}"
      alone = motion_alone(intents[at], views[at]) if is_gui_open else motions[at]
      assert row["motion_text"] == format_motion(alone, is_gui_open)
      assert row["is_gui_open"] == is_gui_open
      for form in FORMS:
        response = parse(row[text_key(form)])
        assert isinstance(response, Response) and response.space == SPACE_OF_FORM[form]
  last = list(FamilySource(tmp_path, "mine_block"))[-1]
  assert last["grounding_text"].startswith("Grounding: Mine") and "leaves" in last["grounding_text"]
  clicks = [row["grounding_text"] for row in FamilySource(tmp_path, "craft_item")]
  assert all("left click" in text or "right click" in text for text in clicks)
  with pytest.raises(ValueError, match="was begun with recordings="):
    convert([folder / "0.jsonl"], tmp_path, show_progress=False)
  with pytest.raises(ValueError, match="was begun with max_ticks_per_decision=8"):
    convert([folder], tmp_path, max_ticks_per_decision=4, show_progress=False)
  with pytest.raises(ValueError, match="max_ticks_per_decision 0: must be at least 1"):
    convert([folder], tmp_path, max_ticks_per_decision=0, show_progress=False)


def test_episodes_that_failed_leave_their_family_out(played, tmp_path):
  folder, _ = played
  some = [folder / "lazy.jsonl", folder / "1.jsonl"]  # mining failed, crafting did not
  summary = convert(some, tmp_path / "some", show_progress=False)
  assert (summary["num_episodes"], summary["num_failed"]) == (2, 1)
  assert list_families(tmp_path / "some") == ["craft_item"]
  assert len(FamilySource(tmp_path / "some", "craft_item")) == summary["num_rows"] > 0
  with pytest.raises(ValueError, match="none of 1 recordings has a success"):
    convert(some[:1], tmp_path / "none", show_progress=False)
  assert not (tmp_path / "none").exists()


def test_hindsight_finds_what_the_expert_was_about(played):
  _, episodes = played
  for task, kind in zip(TASKS, (MINE, CLICK_LEFT)):
    views, actions = episodes[task]
    found, meant = (
      intents_of(views, actions, max_ticks_per_decision=K),
      [plan(view) for view in views],
    )
    assert None not in found
    assert found[-1].kind == meant[-1].kind == kind and found[-1].target == meant[-1].target
    clicks = [i for i, intent in enumerate(meant) if actions.buttons[i].any() and views[i].gui]
    assert all(found[i].target == meant[i].target for i in clicks)
  views, actions = episodes[TASKS[1]]
  same = [f.target == m.target for f, m in zip(found, meant)]
  assert np.mean(same) == 1.0  # on the way to a slot too


def test_quick_moves_and_keys_in_a_gui_are_no_plain_clicks(played):
  """Grounding has no word for them: with the way to them they are left out."""
  _, episodes = played
  views, actions = episodes[TASKS[1]]
  clicks = np.flatnonzero(actions.buttons[:, BUTTON_INDEX["attack"]])
  first, second = clicks[:2]
  for key in ("sneak", "hotbar.3", "drop", "inventory"):
    changed = RawAction(actions.buttons.copy(), actions.camera_deg)
    changed.buttons[first, BUTTON_INDEX[key]] = 1
    found = intents_of(views, changed, max_ticks_per_decision=K)
    assert found[: first + 1] == [None] * (first + 1)
    assert found[second].kind == CLICK_LEFT
  beside = RawAction(actions.buttons, actions.camera_deg.copy())
  beside.camera_deg[first] = -180.0  # into the corner of the screen
  found = intents_of(views, beside, max_ticks_per_decision=K)
  assert found[: first + 1] == [None] * (first + 1) and found[second].kind == CLICK_LEFT


def script(ticks, view, gui=()):
  """Views and actions of (keys, pitch, yaw) ticks; gui: of the ticks, the rest have none."""
  actions = no_op((len(ticks),))
  for t, (keys, pitch, yaw) in enumerate(ticks):
    actions.buttons[t, [BUTTON_INDEX[key] for key in keys.split()]] = 1
    actions.camera_deg[t] = pitch, yaw
  before = [np.zeros_like(actions.buttons[0]), *actions.buttons[:-1]]
  guis = [*gui, *[0] * (len(ticks) - len(gui))]
  views = [view._replace(buttons=b, gui=g) for b, g in zip(before, guis)]
  return views, actions


IDLE_TICK = ("", 0, 0)


@pytest.mark.parametrize(
  "ticks, want",
  [
    ([("", 0, 1)] + [IDLE_TICK] * 9, "no_op"),  # of one tick: turn right, which is 10 degrees
    ([("", 0, 1)] * 10, "turn right"),  # 8
    ([("", -0.5, 1)] * 5 + [IDLE_TICK] * 5, "turn right"),  # 5 and -2.5
    ([("", -1, 0.9)] * 5 + [IDLE_TICK] * 5, "turn up"),  # -5 and 4.5
    ([("", 0, 2)] * 2 + [("", 0, -2)] * 8, "turn left"),  # 4 - 12; of one tick: turn right
    ([("forward", 0, 0)] * 3 + [IDLE_TICK] * 7, "no_op"),  # of one tick: move forward, for 8
    ([("forward", 0, 0)] * 4 + [IDLE_TICK] * 6, "move forward"),
    ([IDLE_TICK] * 2 + [("forward", 0, 1)] * 8, "move forward, turn right"),  # of one tick: no_op
    ([("attack", 0, 2)] + [("attack", 0, 2)] * 9, "attack / mine"),  # what it is aimed by: 2
    ([("attack", 0, 6)] + [IDLE_TICK] * 9, "turn right, attack / mine"),
    ([("", 0, 2)] * 3 + [("attack", 0, 0)] * 9, "turn right"),  # 6, then the press
    ([("", 0, 2)] * 2 + [("attack", 0, 0)] * 9, "attack / mine"),  # 4; a no_op would wait for 8
    ([("", 0, 2)] * 2 + [("attack", 0, 2)] * 9, "turn right, attack / mine"),  # 4 + 2
    ([IDLE_TICK] * 4 + [("attack", 0, 0)] * 9, "no_op"),
    ([("hotbar.3", 0, 0), *[IDLE_TICK] * 9], "switch to hotbar 3"),
    ([IDLE_TICK], "no_op"),
  ],
)
def test_motion_names_what_the_player_does_over_a_decision(played, ticks, want):
  views, actions = script(ticks, played[1][TASKS[0]][0][0])
  motion = motions_of(views, actions, max_ticks_per_decision=K)[0]
  assert format_motion(motion, is_gui_open=False) == f"Motion: {want}"


def test_keys_that_are_pressed_once_are_named_once(played):
  """Held on, `drop` and `swapHands` do nothing more; named again, they would."""
  for key in ("drop", "swapHands", "hotbar.3"):
    views, actions = script([(key, 0, 0)] * 10, played[1][TASKS[0]][0][0])
    motions = motions_of(views, actions, max_ticks_per_decision=K)
    assert [bool(m.buttons.any()) for m in motions] == [True] + [False] * 9


def test_a_window_ends_where_a_gui_opens(played):
  ticks = [("forward", 0, 1)] * 3 + [("inventory", 0, 0)] + [("", 0, 5)] * 6
  views, actions = script(ticks, played[1][TASKS[0]][0][0], gui=[0] * 4 + [1] * 6)
  texts = [format_motion(m, False) for m in motions_of(views, actions, max_ticks_per_decision=K)]
  assert texts[:4] == ["Motion: move forward"] * 3 + ["Motion: open inventory"]


def test_decoded_motion_does_what_the_player_did(played):
  """A slow hand: 1.5 degrees a tick while walking, then a blow of 20 ticks."""
  ticks = [("forward", 0, 1.5)] * 16 + [("", 0.9, 0)] * 8 + [("attack", 0, 0)] * 20
  views, actions = script(ticks, played[1][TASKS[0]][0][0])
  motions = motions_of(views, actions, max_ticks_per_decision=K)
  for t in (0, 4, 8, 16, 24, 32):  # no press ends the window, or one ends it after 8
    end = t + K if t != 24 else t + 1
    decoded = decode(format_motion(motions[t], is_gui_open=False))
    turn = np.stack([action.camera_deg for action in decoded]).sum(0)
    assert np.abs(turn - actions.camera_deg[t:end].sum(0)).max() <= 5.0
    is_down = 2 * actions.buttons[t:end].sum(0) >= end - t
    assert np.array_equal(is_down, np.stack([a.buttons for a in decoded]).any(0))
  one_tick = RawAction(actions.buttons[15], actions.camera_deg[15])  # the last of the walk
  assert sum(a.buttons.sum() for a in decode(format_motion(one_tick, False))) == K
  assert not any(a.buttons.any() for a in decode(format_motion(motions[15], False)))


def decode(text):
  """The raw actions of a label in the world."""
  routed, actions, is_done = route(parse(text), K), [], False
  while not is_done:
    action, is_done = routed.decode(len(actions), (), (), False)
    actions.append(action)
  return actions


def test_a_pause_is_part_of_the_way_and_a_wait_is_not(played):
  _, episodes = played
  views, actions = episodes[TASKS[0]]
  for num_idle in (1, 3, 4, 8):
    padded = RawAction(
      np.concatenate([no_op((num_idle,)).buttons, actions.buttons, no_op((2,)).buttons]),
      np.concatenate([no_op((num_idle,)).camera_deg, actions.camera_deg, no_op((2,)).camera_deg]),
    )
    states = [*views[:1] * num_idle, *views, *views[-1:] * 2]
    found = intents_of(states, padded, max_ticks_per_decision=K)
    kinds = [intent.kind for intent in found[:num_idle]]
    num_waits = max(num_idle - 3, 0)  # a no-op waits 8 ticks: from 4 on it is nearer than none
    assert kinds == [IDLE.kind] * num_waits + [APPROACH] * (num_idle - num_waits)
    assert found[-2:] == [IDLE, IDLE]


def test_the_way_to_a_block_is_an_approach_and_the_way_to_nothing_is_left_out(played):
  _, episodes = played
  views, actions = episodes[TASKS[0]]
  walk = no_op()
  walk.buttons[BUTTON_INDEX["back"]] = 1
  before = RawAction(
    np.stack([walk.buttons, *actions.buttons, walk.buttons]),
    np.stack([walk.camera_deg, *actions.camera_deg, walk.camera_deg]),
  )
  found = intents_of([views[0], *views, views[0]], before, max_ticks_per_decision=K)
  assert found[0].kind == APPROACH and found[0].target == found[1].target
  assert found[-1] is None


def test_no_recordings_and_other_worlds_are_refused(played, tmp_path, monkeypatch):
  folder, _ = played
  with pytest.raises(ValueError, match=r"no recordings \(\*.jsonl\) in"):
    convert([tmp_path], tmp_path / "out", show_progress=False)
  with pytest.raises(ValueError, match="no file or folder"):
    convert([tmp_path / "absent"], tmp_path / "out", show_progress=False)
  text = (folder / "lazy.jsonl").read_text().replace('"seed":7', '"seed":8')
  (tmp_path / "other.jsonl").write_text(text)
  with pytest.raises(ValueError, match="other.jsonl: .* began as"):
    convert([tmp_path / "other.jsonl"], tmp_path / "out", show_progress=False)
  (tmp_path / "cut.jsonl").write_text(text.replace("ticks", "tocks"))
  with pytest.raises(ValueError, match="cut.jsonl is not a recording"):
    convert([folder / "lazy.jsonl", tmp_path / "cut.jsonl"], tmp_path / "out", show_progress=False)
  for right, wrong in (('"seed":8', '"seed":"8"'), ('"difficulty":null', '"difficulty":["x"]')):
    assert right in text
    (tmp_path / "types.jsonl").write_text(text.replace(right, wrong))
    with pytest.raises(ValueError, match="types.jsonl is not a recording.*must be texts"):
      convert([tmp_path / "types.jsonl"], tmp_path / "out", show_progress=False)
  assert not (tmp_path / "out").exists()  # none of them began a data set
  arguments = ["recordings", "--data_dir", str(tmp_path / "out"), str(tmp_path / "absent")]
  monkeypatch.setattr(sys, "argv", arguments)
  with pytest.raises(SystemExit, match="error: no file or folder"):
    recordings.main()
