"""Demonstrations from end to end: rows, an interruption, other arguments."""

import json
import sys
from collections import Counter

import numpy as np
import pytest

from cross_jax.actions import parse
from cross_jax.base import Response, View
from cross_jax.envs.experts import FORMS, SPACE_OF_FORM
from data_pipelines import demonstrations, episodes
from data_pipelines.demonstrations import FIRST_SEED, generate, plan_shards
from data_pipelines.iterator import make_iterator
from data_pipelines.storage import FamilySource, decode_png, list_families, text_key

TASKS = ("mine_block:oak_leaves", "kill_entity:cod", "craft_item:emerald")
ARGUMENTS = dict(
  tasks=TASKS, episodes_per_task=4, episodes_per_shard=2, num_envs=4, show_progress=False
)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
  path = tmp_path_factory.mktemp("demonstrations")
  summary = generate(path, **ARGUMENTS)
  assert summary["num_episodes"] == 12 and summary["num_failed"] == 0
  assert sum(summary["rows_by_family"].values()) == summary["num_rows"] >= 24
  return path


def _rows(path):
  return {family: list(FamilySource(path, family)) for family in list_families(path)}


def test_rows_hold_five_labels_of_every_frame(data_dir):
  rows = _rows(data_dir)
  assert set(rows) == {"mine_block", "kill_entity", "craft_item"}
  seeds = Counter()
  for family, family_rows in rows.items():
    for row in family_rows:
      assert row["family"] == family and row["task"] in TASKS and row["instruction"]
      assert row["is_gui_open"] == (family == "craft_item")
      assert decode_png(row["view_0"]).shape == (64, 112, 3)
      assert decode_png(row["view_1"]).shape == (96, 96, 3)
      for form in FORMS:
        response = parse(row[text_key(form)])
        assert isinstance(response, Response) and response.space == SPACE_OF_FORM[form]
      assert row["raw_text"] == row["motion_raw_text"].split("\n")[1]
      assert row["grounding_text"] == row["grounding_raw_text"].split("\n")[0]
      seeds[row["seed"]] += row["decision"] == 0
  assert seeds == {FIRST_SEED + i: 3 for i in range(4)}  # one first frame of each episode


def test_interrupted_generation_ends_up_the_same(data_dir, tmp_path, monkeypatch):
  written = []

  def write_some(path, *args):
    if len(written) == 3:
      raise KeyboardInterrupt
    written.append(path.name)
    return write_shard(path, *args)

  write_shard = demonstrations.write_shard
  monkeypatch.setattr(demonstrations, "write_shard", write_some)
  with pytest.raises(KeyboardInterrupt):
    generate(tmp_path, **ARGUMENTS)
  with pytest.raises(ValueError, match="no finished data set"):
    make_iterator(tmp_path, batch_size=2, seed=0)
  first = {name: (tmp_path / name).stat().st_mtime_ns for name in written}
  monkeypatch.setattr(demonstrations, "write_shard", write_shard)
  generate(tmp_path, **ARGUMENTS)  # the missing episodes now run in other company
  assert {name: (tmp_path / name).stat().st_mtime_ns for name in written} == first
  assert _rows(tmp_path) == _rows(data_dir)
  assert not list(tmp_path.glob("*.tmp"))


def test_finished_data_is_not_made_again_and_other_arguments_are_refused(data_dir, monkeypatch):
  monkeypatch.setattr(demonstrations, "VoxelEnv", None)
  assert generate(data_dir, **ARGUMENTS) == json.loads((data_dir / "summary.json").read_text())
  with pytest.raises(ValueError, match="begun with seed=0, now seed=1; use another data_dir"):
    generate(data_dir, **ARGUMENTS, seed=1)


def _command(monkeypatch, *arguments):
  monkeypatch.setattr(sys, "argv", ["demonstrations", *arguments])
  demonstrations.main()


def test_a_wrong_name_begins_no_data_set_and_ends_with_one_line(tmp_path, monkeypatch):
  wrong = ("--data_dir", str(tmp_path / "data"), "--tasks", "mine_block:oak_lgo")
  with pytest.raises(SystemExit, match="error: unknown task .* did you mean"):
    _command(monkeypatch, *wrong)
  with pytest.raises(SystemExit, match="error: seed -1: must be at least 0"):
    _command(monkeypatch, "--data_dir", str(tmp_path / "data"), "--seed", "-1")
  for wrong, match in (
    ({"max_ticks_per_decision": 0}, "max_ticks_per_decision 0: must be at least 1"),
    ({"perturb_share": 1.5}, "perturb_share 1.5: must be 0..1"),
    ({"views": (View(0, 0, 9999, 360, 8, 8),)}, "must lie within the 640x360 screen"),
  ):
    with pytest.raises(ValueError, match=match):
      generate(data_dir=tmp_path / "data", **(ARGUMENTS | wrong))
  assert not (tmp_path / "data").exists()  # the right name is not refused as another argument
  (tmp_path / "file").touch()
  with pytest.raises(SystemExit, match="error: .*file"):
    _command(monkeypatch, "--data_dir", str(tmp_path / "file"))


def test_ctrl_c_says_how_to_go_on(tmp_path, monkeypatch, capsys):
  def stopped(*arguments, **more):
    raise KeyboardInterrupt

  monkeypatch.setattr(demonstrations, "generate", stopped)
  with pytest.raises(SystemExit, match="130"):
    _command(monkeypatch, "--data_dir", str(tmp_path))
  assert f"the same command goes on from {tmp_path}" in capsys.readouterr().err


def test_shards_hold_every_episode_once_and_mix_tasks():
  shards = plan_shards([*TASKS, "mine_block:sand"], 5, 4)
  planned = [episode for shard in shards for episode in shard.episodes]
  assert len(set(planned)) == len(planned) == 20
  mining = [shard for shard in shards if shard.family == "mine_block"]
  assert [len(shard.episodes) for shard in mining] == [4, 4, 2]
  assert all(shard.num_shards == 3 for shard in mining)
  assert {task for task, _ in mining[0].episodes} == {"mine_block:oak_leaves", "mine_block:sand"}
  with pytest.raises(ValueError, match="episodes_per_task=0: must be 1..90000"):
    plan_shards(TASKS, 0, 4)


def test_runs_of_equal_labels_are_thinned_and_failures_dropped():
  game = episodes.Game(0, TASKS[0], FIRST_SEED, base_seed=0)
  kept = [i for i in range(1, 40) if game.is_worth_a_row("Action: no_op")]
  assert kept == [1, 2, 4, 8, 16, 32]
  assert game.is_worth_a_row("Action: press(w)") and game.is_worth_a_row("Action: no_op")
  game.rows.append({"task": TASKS[0]})
  assert game.finish(is_success=True).rows and not game.finish(is_success=False).rows


def test_perturbations_are_executed_but_are_no_labels(monkeypatch):
  """A decision that executes noise still records what the expert would have done."""
  game = episodes.Game(0, TASKS[2], FIRST_SEED, base_seed=0)
  texts = {form: "Action: no_op" for form in FORMS}

  class View:
    gui = 1

  game.begin()
  game.choose(texts, View(), 8, perturb_share=1.0)
  action = game.tick((), (), True)
  assert game.num_perturbed == 1 and np.abs(action.camera_deg).max() > 0
  assert texts["raw"] == "Action: no_op"
  for _ in range(5):
    game.choose(texts, View(), 8, perturb_share=1.0)
  assert game.num_perturbed == episodes.MAX_PERTURBATIONS
