"""Recordings: exact round trip, damaged files, other worlds."""

import json

import numpy as np
import pytest

from cross_jax.base import RawAction
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.recording import Recorder, digest, read_recording, replay

TASK = "mine_block:oak_log"


@pytest.fixture
def recorded(tmp_path):
  """(path, actions, end digest) of a few random ticks."""
  env, rng = VoxelEnv(1), np.random.default_rng(0)
  env.reset([TASK], [2])
  header = {"task": TASK, "seed": 2, "difficulty": None, "start": digest(env.get_state())}
  recorder, actions = Recorder(tmp_path / "a.jsonl", header), []
  for _ in range(5):
    buttons = (rng.random(23) < 0.2).astype(np.int8)
    actions.append(RawAction(buttons, rng.normal(0, 9, 2).astype(np.float32)))
    env.step(RawAction(buttons[None], actions[-1].camera_deg[None]), render=False)
    recorder.add(actions[-1])
  end = digest(env.get_state())
  recorder.close("stopped", end)
  return tmp_path / "a.jsonl", actions, end


def test_actions_come_back_exactly_and_a_file_is_not_overwritten(recorded):
  path, actions, end = recorded
  recording = read_recording(path)
  np.testing.assert_array_equal(recording.actions.buttons, [a.buttons for a in actions])
  np.testing.assert_array_equal(recording.actions.camera_deg, [a.camera_deg for a in actions])
  assert recording.actions.camera_deg.dtype == np.float32
  assert (recording.end, recording.outcome, recording.seed) == (end, "stopped", 2)
  assert len(list(replay(recording, VoxelEnv(1)))) == 5
  with pytest.raises(FileExistsError):
    Recorder(path, {})


def test_another_world_or_another_end_is_told(recorded):
  path, actions, _ = recorded
  recording = read_recording(path)
  env = VoxelEnv(1)
  with pytest.raises(ValueError, match="began as 0000, here it is .* another version"):
    list(replay(recording._replace(start="0000"), env))
  turned = RawAction(recording.actions.buttons, recording.actions.camera_deg + np.float32(1))
  with pytest.raises(ValueError, match="seed 2 ended as"):
    list(replay(recording._replace(actions=turned), env))
  with pytest.raises(ValueError, match=r"must be VoxelEnv\(1, difficulty=None\)"):
    list(replay(recording, VoxelEnv(2)))


@pytest.mark.parametrize(
  "change, message",
  [
    (lambda lines: [], "list index"),
    (lambda lines: ['{"a": 1}', *lines[1:]], "format"),
    (lambda lines: [lines[0].replace(":1,", ":7,", 1), *lines[1:]], "version 7"),
    (lambda lines: [*lines[:2], *lines[3:]], "4 ticks, its last line says 5"),
    (lambda lines: [*lines[:2], "[16777216,0,0]", *lines[3:]], "line 3: buttons 16777216"),
    (lambda lines: [*lines[:2], "[1,", *lines[3:]], "line 3: Expecting value"),
    (lambda lines: [*lines[:3], "[1,0]", *lines[4:]], "line 4: not enough values"),
    (lambda lines: [*lines[:3], "7", *lines[4:]], "line 4: cannot unpack"),
    (lambda lines: [*lines[:4], '[1,"a",0]', *lines[5:]], "line 5: could not convert"),
    (lambda lines: [*lines[:4], "[0.5,0,0]", *lines[5:]], "line 5: ufunc"),
  ],
)
def test_damaged_files_are_refused(recorded, change, message):
  path, _, _ = recorded
  lines = path.read_text().splitlines()
  assert json.loads(lines[0])["version"] == 1
  path.write_text("".join(line + "\n" for line in change(lines)))
  with pytest.raises(ValueError, match=f"is not a recording of version 1, or damaged: .*{message}"):
    read_recording(path)
