"""Multi-turn GRPO, killed between two iterations and started again, equals the run that was not."""

import jax
import numpy as np
import pytest

from cross_jax.metrics import read_metrics
from experiments import build, sections
from experiments.configs import demo
from experiments.folder import Folder
from tests.experiments.mtrl_run import KilledError, make_play, run_mtrl

NUM_ITERATIONS = 3


@pytest.fixture(scope="module")
def config():
  config = demo.get_config()
  config.mtrl = sections.mtrl(
    num_iterations=NUM_ITERATIONS, batch_size=2, group_size=2, optimizer="adafactor"
  )
  return config


@pytest.fixture(scope="module")
def policy(config):
  return build.make_policy(config)


def run(config, folder, policy, play):
  params = build.make_initial_params(policy, seed=0)
  sizes = dict(group_size=config.mtrl.group_size, num_iterations=NUM_ITERATIONS, max_targets=40)
  return jax.device_get(run_mtrl(config, policy, play, folder, params, **sizes)[1])


def test_killed_and_resumed_equals_uninterrupted(tmp_path, config, policy):
  whole, broken = Folder(tmp_path / "whole"), Folder(tmp_path / "broken")
  expected = run(config, whole, policy, make_play(policy))
  with pytest.raises(KilledError):
    run(config, broken, policy, make_play(policy, die_at=2))
  resumed = run(config, broken, policy, make_play(policy))
  jax.tree.map(np.testing.assert_array_equal, resumed.params, expected.params)
  jax.tree.map(np.testing.assert_array_equal, resumed.opt_state, expected.opt_state)
  assert int(resumed.step) == int(expected.step) > NUM_ITERATIONS
  assert read_metrics(broken.stage("mtrl")) == read_metrics(whole.stage("mtrl"))
  assert [row["step"] for row in read_metrics(whole.stage("mtrl"))] == [1, 2, 3]
