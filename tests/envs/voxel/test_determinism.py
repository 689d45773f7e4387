"""The same seed and actions give the same bits: alone, in a batch, restored, and next year."""

import importlib.util
import json
import pickle
from pathlib import Path

import jax
import numpy as np
import pytest

from cross_jax.base import RawAction
from cross_jax.envs.tasks import FAMILIES, list_tasks
from cross_jax.envs.voxel.env import VoxelEnv

NUM_GAMES, TICKS = 64, 60
ALONE = (0, 1, 6, 23)  # games of the batch that are played alone too
_FILE = Path(__file__).parents[2] / "golden" / "make_voxel_hashes.py"
_SPEC = importlib.util.spec_from_file_location("make_voxel_hashes", _FILE)
golden = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(golden)


def _tasks():
  """Names of all families in turn, from all over the catalogue."""
  names = [list_tasks(family) for family in FAMILIES]
  return [names[i % len(names)][(i * 7) % len(names[i % len(names)])] for i in range(NUM_GAMES)]


def _row(tree, game):
  return jax.tree.map(lambda a: np.asarray(a)[game : game + 1], tree)


def _differing(one, other):
  pairs = zip(jax.tree_util.tree_leaves_with_path(one), jax.tree.leaves(other))
  return [
    jax.tree_util.keystr(path)
    for (path, a), b in pairs
    if np.asarray(a).tobytes() != np.asarray(b).tobytes()
  ]


def _play(env, actions):
  for action in actions:
    env.step(action, render=False)
  return jax.tree.map(np.asarray, env.get_state())


@pytest.fixture(scope="module")
def batch():
  """(states halfway, states at the end) of the whole batch."""
  env, actions = VoxelEnv(NUM_GAMES), golden.actions(NUM_GAMES, TICKS)
  env.reset(_tasks(), range(NUM_GAMES))
  return _play(env, actions[: TICKS // 2]), _play(env, actions[TICKS // 2 :])


@pytest.mark.parametrize("game", ALONE)
def test_a_game_alone_and_in_a_batch_of_64(batch, game):
  env = VoxelEnv(1)
  env.reset([_tasks()[game]], [game])
  mine = [
    RawAction(a.buttons[game : game + 1], a.camera_deg[game : game + 1])
    for a in golden.actions(NUM_GAMES, TICKS)
  ]
  for half, part in enumerate((mine[: TICKS // 2], mine[TICKS // 2 :])):
    assert _differing(_play(env, part), _row(batch[half], game)) == []


def test_a_saved_and_restored_batch_goes_on_alike(batch, tmp_path):
  file = tmp_path / "states"
  file.write_bytes(pickle.dumps(batch[0]))
  env = VoxelEnv(NUM_GAMES)
  env.set_state(pickle.loads(file.read_bytes()))
  after = _play(env, golden.actions(NUM_GAMES, TICKS)[TICKS // 2 :])
  assert _differing(after, batch[1]) == []


@pytest.mark.slow
def test_frames_alone_and_in_a_batch_of_64(batch):
  env, one = VoxelEnv(NUM_GAMES, (golden.VIEW,)), VoxelEnv(1, (golden.VIEW,))
  env.set_state(batch[1])
  frames = env.observe().views[0]
  for game in ALONE:
    one.set_state(_row(batch[1], game))
    np.testing.assert_array_equal(one.observe().views[0][0], frames[game])


def test_golden_hashes():
  known = json.loads(golden.FILE.read_text())
  name = golden.platform_name()
  if name not in known:
    pytest.skip(f"no hashes for {name!r}: {_FILE.name} adds them")
  assert golden.hashes() == known[name], f"if the change was meant, run {_FILE}"
