"""Saves that are killed or run out of room leave the previous checkpoint intact and no step."""

import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from saving_process import make_state

from cross_jax.checkpoint import CheckpointManager, disk, load_params, save_params

SCRIPT = Path(__file__).with_name("saving_process.py")
ROOT = Path(__file__).parents[2]


def run(directory, mode):
  return subprocess.run(
    [sys.executable, str(SCRIPT), str(directory), mode],
    capture_output=True,
    text=True,
    timeout=120,
    cwd=ROOT,
    env={"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "PATH": ""},
  )


def assert_step_1_is_intact_and_step_2_can_be_saved(directory):
  with CheckpointManager(directory) as manager:
    assert manager.steps() == [1]
    restored = manager.restore(make_state(1))
    np.testing.assert_array_equal(restored.state["kernel"], make_state(1)["kernel"])
    assert restored.meta == {"at": 1}
    manager.save(2, make_state(2), {"at": 2})
    got = manager.restore(make_state(2)).state
    np.testing.assert_array_equal(got["kernel"], make_state(2)["kernel"])
  # What the dead process left has been cleared away.
  assert sorted(path.name for path in directory.iterdir()) == ["1", "2"]


@pytest.mark.parametrize("mode", ["killed_writing", "killed_committing"])
def test_killed_while_saving(tmp_path, mode):
  assert run(tmp_path, mode).returncode == -signal.SIGKILL
  # Something had been written: the process did die on the way.
  assert len(list(tmp_path.iterdir())) == 2
  assert_step_1_is_intact_and_step_2_can_be_saved(tmp_path)


def test_a_write_refused_by_the_file_system(tmp_path):
  # A limit on the size of a file refuses the write as a full disk does, without needing one.
  process = run(tmp_path, "file_limit")
  message = process.stderr.strip().splitlines()[-1]
  assert process.returncode == 1
  assert f"OSError: could not save in {tmp_path}: " in message
  assert "File too large; needed up to 2097152 bytes, free " in message
  assert "Earlier checkpoints are intact. Free some space" in message
  assert sorted(path.name for path in tmp_path.iterdir()) == ["1"]  # the unfinished part is gone
  assert_step_1_is_intact_and_step_2_can_be_saved(tmp_path)


def test_no_room_is_seen_before_writing(tmp_path, monkeypatch):
  with CheckpointManager(tmp_path) as manager:
    manager.save(1, make_state(1), {"at": 1})
    # Step 2 is 2**18 float32 = 1048576 bytes, and 1048576 on top for what comes beside them.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2097151))
    with pytest.raises(OSError, match="not enough room; needed up to 2097152 bytes, free 2097151"):
      manager.save(2, make_state(2), {"at": 2})
    monkeypatch.undo()
    assert_step_1_is_intact_and_step_2_can_be_saved(tmp_path)


def test_a_full_disk_while_replacing_parameters(tmp_path, monkeypatch):
  save_params(tmp_path / "params", make_state(1))

  def fail(*_args, **_arguments):
    raise OSError(errno.ENOSPC, "No space left on device")

  monkeypatch.setattr("orbax.checkpoint.Checkpointer.save", fail)
  with pytest.raises(OSError, match="could not save in .*No space left on device; needed up to"):
    save_params(tmp_path / "params", make_state(2))
  got = load_params(tmp_path / "params")
  np.testing.assert_array_equal(got["kernel"], make_state(1)["kernel"])


def test_json_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
  path = tmp_path / "made" / "results.json"
  disk.write_json(path, {"a": 1})
  assert json.loads(path.read_text()) == {"a": 1}

  def refuse(*_):
    raise OSError(errno.ENOSPC, "No space left on device")

  monkeypatch.setattr(disk.os, "replace", refuse)
  with pytest.raises(OSError, match=rf"could not save in {path.parent}: .*No space left"):
    disk.write_json(path, {"a": 2})
  assert json.loads(path.read_text()) == {"a": 1}
  assert [p.name for p in path.parent.iterdir()] == ["results.json"]
