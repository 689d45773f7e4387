"""The vector environment: equal to gymnasium's own of single games, all three autoreset modes."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import data_equivalence  # noqa: E402
from gymnasium.vector import AutoresetMode  # noqa: E402
from gymnasium.wrappers.vector import RecordEpisodeStatistics  # noqa: E402

from cross_jax.envs.voxel.gym import ENV_ID  # noqa: E402

SETTINGS = {"width": 32, "height": 18, "max_ticks": 3}
NUM, TICKS = 4, 9


def make(mode=AutoresetMode.NEXT_STEP, **settings):
  env = gymnasium.make_vec(ENV_ID, num_envs=NUM, autoreset_mode=mode, **SETTINGS, **settings)
  env.action_space.seed(4)
  return env


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_it_equals_gymnasiums_own_vector_of_single_games(mode):
  ours = make(mode)
  theirs = gymnasium.make_vec(
    ENV_ID,
    num_envs=NUM,
    vectorization_mode="sync",
    vector_kwargs={"autoreset_mode": mode},
    **SETTINGS,
  )
  assert ours.single_action_space == theirs.single_action_space
  assert ours.observation_space == theirs.observation_space
  assert ours.metadata["autoreset_mode"] is theirs.metadata["autoreset_mode"] is mode
  (first, infos), (want, their_infos) = ours.reset(seed=5), theirs.reset(seed=5)
  assert first in ours.observation_space and data_equivalence(first, want, exact=True)
  assert infos["instruction"].tolist() == their_infos["instruction"].tolist()
  for _ in range(TICKS):
    actions = ours.action_space.sample()
    got, want = ours.step(actions), theirs.step(actions)
    for a, b in zip(got[:4], want[:4]):
      assert data_equivalence(a, b, exact=True)
    assert got[4]["tick"].tolist() == want[4]["tick"].tolist()
    assert list(got[4]["seed"]) == list(want[4]["seed"])
    assert ("final_obs" in got[4]) == ("final_obs" in want[4])
    for i in np.flatnonzero(got[4].get("_final_obs", [])):
      assert data_equivalence(got[4]["final_obs"][i], want[4]["final_obs"][i], exact=True)
      assert got[4]["final_info"]["tick"][i] == want[4]["final_info"]["tick"][i] <= 3
  ours.close()
  theirs.close()


def test_final_info_has_all_that_info_has():
  env = make(AutoresetMode.SAME_STEP, task=["mine_block:oak_log", "craft_item:arrow"])
  _, begun = env.reset(seed=5)
  for _ in range(2):
    *_, before = env.step({"camera": np.zeros((NUM, 2))})
  *_, truncated, infos = env.step({"camera": np.zeros((NUM, 2))})
  assert truncated.all() and infos["tick"].tolist() == [0] * NUM
  final = infos["final_info"]
  assert set(final) == set(begun)
  assert final["tick"].tolist() == [3] * NUM and final["task"].tolist() == begun["task"].tolist()
  for key in ("mine_block", "pickup", "craft_item", "is_success", "is_gui_open", "health"):
    assert final[key].dtype == begun[key].dtype and final[key].shape == begun[key].shape
    np.testing.assert_array_equal(final[key], before[key])
  assert set(final["inventory"]) >= {"item", "count"} and final["inventory"]["count"].any()
  for part in ("item", "count"):
    np.testing.assert_array_equal(final["inventory"][part], before["inventory"][part])
  assert final["location_stats"]["ypos"].tolist() == before["location_stats"]["ypos"].tolist()


def test_next_step_takes_a_tick_and_gymnasiums_wrappers_count_it():
  env = RecordEpisodeStatistics(make())
  env.reset(seed=1)
  lengths = []
  for t in range(8):
    _, reward, _, truncated, infos = env.step(env.action_space.sample())
    assert truncated.all() == (t in (2, 6))  # 3 ticks, the reset, 3 ticks
    if t == 3:
      assert infos["tick"].tolist() == [0] * NUM and not reward.any()
    if "episode" in infos:
      lengths.append(infos["episode"]["l"].tolist())
  assert lengths == [[3] * NUM] * 2


def test_disabled_resets_on_demand():
  env = make(AutoresetMode.DISABLED, task="mine_block:oak_log")
  env.reset(seed=[3, 4, 5, 6])
  for _ in range(3):
    env.step(env.action_space.sample())
  with pytest.raises(ValueError, match=r"games \[0, 1, 2, 3\] have ended: reset them first"):
    env.step(env.action_space.sample())
  mask = np.asarray([True, False, True, False])
  _, infos = env.reset(seed=np.full(NUM, 9), options={"reset_mask": mask})
  assert infos["seed"].tolist() == [9, 4, 9, 6] and infos["tick"].tolist() == [0, 3, 0, 3]


@pytest.mark.parametrize(
  "call, message",
  [
    (lambda env: env.reset(seed=[1]), "1 seeds, 4 tasks for 4 games"),
    (lambda env: env.reset(seed=2**32 - 1), "seed 4294967296: must be 0..4294967295"),
    (lambda env: env.reset(seed=[0, 1, 2, -3]), "seed -3: must be 0..4294967295"),
    (lambda env: env.reset(seed="7"), "seed '7': must be an integer"),
    (lambda env: env.reset(options={"task": "craft_item:arow"}), "arow"),
    (lambda env: env.reset(options={"task": 5}), "task 5: must be a name"),
    (lambda env: env.reset(options=["task"]), r"\['task'\]: must be a dict of task, reset_mask"),
    (lambda env: env.reset(options={"reset_mask": np.zeros(NUM, bool)}), "some True"),
    (lambda env: env.step({"camera": np.zeros(2)}), r"camera of shape \(2,\): must be \(4, 2\)"),
    (lambda env: env.step({"jump": np.asarray([0, 1, 5, 0])}), r"jump=\[0, 1, 5, 0\]"),
  ],
)
def test_bad_input_names_value_limit_and_way_out(call, message):
  env = make()
  env.reset(seed=0, options={"task": "mine_block:oak_log"})
  with pytest.raises(ValueError, match=message):
    call(env)


def test_a_refused_reset_leaves_the_episodes_and_their_chance_as_they_were():
  env = gymnasium.make_vec(
    ENV_ID, num_envs=2, vectorization_mode="vector_entry_point", width=8, height=8
  )
  env.reset(seed=[3, 4], options={"task": np.asarray(["mine_block:oak_log", "kill_entity:cow"])})
  for task in (["craft_item:arrow", "nonsense"], ""):
    with pytest.raises(ValueError, match="unknown task"):
      env.reset(seed=[8, 9], options={"task": task})
  *_, infos = env.step(env.action_space.sample())
  assert infos["task"].tolist() == ["mine_block:oak_log", "kill_entity:cow"]
  assert infos["seed"].tolist() == [3, 4]
