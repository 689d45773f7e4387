"""CrossVoxel-v0: gymnasium's checker without a warning, episodes, rendering, bad input."""

import doctest

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from cross_jax.base import BUTTONS  # noqa: E402
from cross_jax.envs.voxel import gym as gymnasium_package  # noqa: E402
from cross_jax.envs.voxel.content import tables  # noqa: E402
from cross_jax.envs.voxel.env import VoxelEnv  # noqa: E402
from cross_jax.envs.voxel.gym import ENV_ID  # noqa: E402
from cross_jax.envs.voxel.gym import env as gymnasium_env  # noqa: E402
from cross_jax.envs.voxel.gym import vpt as gymnasium_vpt  # noqa: E402

SMALL = {"width": 32, "height": 18}
TASKS = ["mine_block:oak_log", "craft_item:arrow"]


@pytest.fixture(scope="module")
def env():
  env = gymnasium.make(ENV_ID, **SMALL, render_mode="rgb_array")
  yield env
  env.close()


def test_gymnasiums_checker_has_no_complaint(env):
  check_env(env.unwrapped)  # pytest turns its warnings into errors


def test_the_docstrings_examples():
  for module in (gymnasium_package, gymnasium_env, gymnasium_vpt):
    assert doctest.testmod(module).failed == 0


def test_minerls_degrees_pass_but_for_the_recommended_scale():
  env = gymnasium.make(ENV_ID, **SMALL, camera_unit="degrees")
  assert env.action_space["camera"].high.tolist() == [180, 180]
  with pytest.warns(UserWarning, match="symmetric and normalized") as caught:
    check_env(env.unwrapped, skip_render_check=True)
  assert len(caught) == 1


def test_a_seed_and_a_task_are_the_game_of_the_voxel_env(env):
  observation, info = env.reset(seed=7, options={"task": TASKS[1]})
  theirs = VoxelEnv(1, [env.unwrapped.settings.view()])
  want = theirs.reset([TASKS[1]], [7])
  np.testing.assert_array_equal(observation["pov"], want.views[0][0])
  assert observation["is_gui_open"] == 1 and info["is_gui_open"] is True
  assert (info["task"], info["seed"]) == (TASKS[1], 7) and "arrow" in info["instruction"]
  assert observation["inventory"][tables.ITEMS.index["flint"]] >= 1
  assert observation["inventory"].sum() == info["inventory"]["count"].sum()
  assert info["mine_block"]["oak_log"] == 0 and info["tick"] == 0 and not info["is_success"]
  later = env.reset()[1]
  assert env.reset(seed=7)[1]["seed"] == 7
  assert later["seed"] == env.reset()[1]["seed"] != 7  # drawn anew, and again alike


def test_a_step_turns_by_the_share_and_releases_what_is_left_out(env):
  before = env.reset(seed=3, options={"task": TASKS[0]})[1]["location_stats"]["yaw"]
  _, reward, terminated, truncated, info = env.step({"camera": np.float32([0, 0.5])})
  assert info["location_stats"]["yaw"] - before == pytest.approx(90, abs=1e-3)
  assert (reward, terminated, truncated) == (0.0, False, False)
  assert set(env.action_space) == {*BUTTONS, "camera"}
  frame = env.render()
  assert frame.shape == (360, 640, 3) and frame.std() > 5


def test_episodes_are_truncated_and_tasks_drawn_from_those_given():
  env = gymnasium.make(ENV_ID, **SMALL, max_ticks=2, task=TASKS)
  seen = set()
  for seed in range(8):
    seen.add(env.reset(seed=seed)[1]["task"])
  assert seen == set(TASKS)
  assert [env.step({})[3] for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
  "call, message",
  [
    (lambda env: env.reset(options={"task": "mine_block:oak_lgo"}), "oak_lgo.*did you mean"),
    (lambda env: env.reset(options={"level": 3}), "reset option 'level': must be one of task"),
    (lambda env: env.step({"fly": 1}), "action key 'fly': must be 'camera' or one of attack"),
    (lambda env: env.step({"jump": 2}), r"jump=\[2\], int64: a button is the integer 0 or 1"),
    (lambda env: env.step({"jump": 0.5}), r"jump=\[0.5\], float64: a button"),
    (lambda env: env.step({"jump": [1]}), r"jump of shape \(1, 1\): must be \(1,\)"),
    (lambda env: env.step({"camera": [0, 90]}), r"camera 90.0: .*\+-1.*camera_unit='degrees'"),
    (lambda env: env.step({"camera": [0, np.nan]}), "camera nan: must be finite"),
    (lambda env: env.step({"camera": [0]}), r"camera of shape \(1, 1\): must be \(1, 2\)"),
    (lambda env: env.step([0] * 24), "action of type list: must be a dict"),
    (lambda env: env.reset(seed=-1), "seed -1: must be 0..4294967295"),
    (lambda env: env.reset(seed=0.5), "seed 0.5: must be an integer"),
    (lambda env: type(env)(task=[]), "task=.*: must be a name, names or None"),
    (lambda env: type(env)(task=5), "task=5: must be a name, names or None"),
    (lambda env: type(env)(task="kill_entity:cwo"), "cwo.*did you mean"),
    (lambda env: type(env)(difficulty="easy"), "unknown difficulty 'easy': one of zero"),
    (lambda env: type(env)(camera_unit="radians"), "camera_unit='radians': must be one of"),
    (lambda env: type(env)(render_mode="human"), "render_mode='human': must be None or"),
    (lambda env: type(env)(width=0), "width=0, height=72.: must lie within"),
  ],
)
def test_bad_input_names_value_limit_and_way_out(env, call, message):
  env.reset(seed=0, options={"task": TASKS[0]})
  tick = env.unwrapped._env.info()["tick"][0]
  with pytest.raises(ValueError, match=message):
    call(env.unwrapped)
  assert env.unwrapped._env.info()["tick"][0] == tick


def test_a_refused_reset_changes_nothing(env):
  drawn = []
  for is_refused in (False, True):
    env.reset(seed=3)
    if is_refused:
      for seed in (None, 5):
        with pytest.raises(ValueError, match="unknown task"):
          env.reset(seed=seed, options={"task": "nope"})
    _, info = env.reset()
    drawn.append((info["task"], info["seed"]))
  assert drawn[0] == drawn[1]
