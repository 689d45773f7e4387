"""VPT's ids as actions of the gymnasium environments."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from cross_jax.base import BUTTON_INDEX  # noqa: E402
from cross_jax.envs.voxel.gym import ENV_ID  # noqa: E402
from cross_jax.envs.voxel.gym.vpt import VPTActions, VPTVectorActions  # noqa: E402

SETTINGS = {"width": 32, "height": 18, "task": "mine_block:oak_log"}
TURN = 10 * 11 + 5  # pitch 10 degrees, no yaw


@pytest.mark.parametrize("unit", ["share", "degrees"])
def test_ids_turn_and_press(unit):
  env = VPTActions(gymnasium.make(ENV_ID, camera_unit=unit, **SETTINGS))
  before = env.reset(seed=3)[1]["location_stats"]["pitch"]
  info = env.step({"buttons": np.int64([289]), "camera": np.int64([TURN])})[4]  # as MineStudio's
  assert info["location_stats"]["pitch"] - before == pytest.approx(10, abs=1e-3)
  pressed = env.unwrapped._env.get_state().prev_buttons[0]
  assert np.flatnonzero(pressed).tolist() == [BUTTON_INDEX["forward"]]  # 288 + the camera's 1
  assert env.action_space.sample().keys() == {"buttons", "camera"}
  for bad, message in [
    ({"buttons": 8641, "camera": 60}, r"buttons id 8641: must be 0\.\.8640"),
    ({"buttons": 0, "camera": 121}, r"camera id 121: must be 0\.\.120"),
    ({"buttons": 0}, r"action \['buttons'\]: must be a dict of the ids"),
    ({"buttons": 0, "camera": 0.5}, "camera of type float64: must be integers"),
    ([0, 60], "action list: must be a dict"),
  ]:
    with pytest.raises(ValueError, match=message):
      env.step(bad)


def test_ids_of_a_vector():
  env = VPTVectorActions(gymnasium.make_vec(ENV_ID, num_envs=4, **SETTINGS))
  before = env.reset(seed=3)[1]["location_stats"]["pitch"]
  buttons = np.asarray([0, 1, 4, 8640])
  infos = env.step({"buttons": buttons, "camera": np.full(4, TURN)})[4]
  turned = infos["location_stats"]["pitch"] - before
  np.testing.assert_allclose(turned, [0, 10, 0, 0], atol=1e-3)  # only id 1 moves the camera
  assert infos["is_gui_open"].tolist() == [False, False, False, True]
  assert env.action_space.sample()["camera"].shape == (4,)
  with pytest.raises(ValueError, match=r"buttons of shape \(3,\): must be \(4,\)"):
    env.step({"buttons": buttons[:3], "camera": buttons})


def test_the_vector_wrapper_takes_gymnasiums_own_vector_environments():
  env = gymnasium.make_vec(
    ENV_ID, num_envs=2, vectorization_mode="sync", width=8,
    height=8, task="mine_block:oak_log",
  )  # fmt: skip
  wrapped = VPTVectorActions(env)
  wrapped.reset(seed=3)
  middle = {"buttons": np.zeros(2, np.int64), "camera": np.full(2, 60)}
  observation, reward, *_ = wrapped.step(middle)
  assert observation["pov"].shape == (2, 8, 8, 3) and reward.shape == (2,)
