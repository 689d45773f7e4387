"""Recorded play becomes rows of the experts' features, with the player's labels and hindsight."""

import sys

import numpy as np
import pytest

from cross_jax.actions import format_action, parse
from cross_jax.base import BUTTON_INDEX, RawAction, Response, no_op
from cross_jax.envs.experts import FORMS, SPACE_OF_FORM, plan, snapshots
from cross_jax.envs.experts.intent import APPROACH, CLICK_LEFT, MINE
from cross_jax.envs.experts.play import act
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.recording import SUCCESS, Recorder, digest
from data_pipelines import recordings
from data_pipelines.hindsight import intents_of
from data_pipelines.recordings import convert
from data_pipelines.storage import FamilySource, list_families, text_key

TASKS = ["mine_block:oak_leaves", "craft_item:emerald"]
SEED = 10_003


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
    for row in rows:
      at = int(row["tick"])
      action = RawAction(actions.buttons[at], actions.camera_deg[at])
      assert (row["task"], row["seed"]) == (task, SEED) and row["instruction"]
      assert row["raw_text"] == format_action(action)
      assert row["motion_raw_text"] == f"{row['motion_text']}\n{row['raw_text']}"
      assert row["is_gui_open"] == (views[at].gui != 0)
      for form in FORMS:
        response = parse(row[text_key(form)])
        assert isinstance(response, Response) and response.space == SPACE_OF_FORM[form]
  last = list(FamilySource(tmp_path, "mine_block"))[-1]
  assert last["grounding_text"].startswith("Grounding: Mine") and "leaves" in last["grounding_text"]
  clicks = [row["grounding_text"] for row in FamilySource(tmp_path, "craft_item")]
  assert all("left click" in text or "right click" in text for text in clicks)
  with pytest.raises(ValueError, match="was begun with recordings="):
    convert([folder / "0.jsonl"], tmp_path, show_progress=False)


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
    found, meant = intents_of(views, actions), [plan(view) for view in views]
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
    found = intents_of(views, changed)
    assert found[: first + 1] == [None] * (first + 1)
    assert found[second].kind == CLICK_LEFT


def test_the_way_to_a_block_is_an_approach_and_the_way_to_nothing_is_left_out(played):
  _, episodes = played
  views, actions = episodes[TASKS[0]]
  walk = no_op()
  walk.buttons[BUTTON_INDEX["back"]] = 1
  before = RawAction(
    np.stack([walk.buttons, *actions.buttons, walk.buttons]),
    np.stack([walk.camera_deg, *actions.camera_deg, walk.camera_deg]),
  )
  found = intents_of([views[0], *views, views[0]], before)
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
