"""Multi-turn GRPO, killed between two iterations and started again, equals the run that was not."""

import jax
import numpy as np
import pytest

from cross_jax.base import Decision, Trajectory
from cross_jax.metrics import read_metrics
from cross_jax.stages import mtrl
from experiments import build, sections
from experiments.configs import demo
from experiments.folder import Folder
from experiments.rl_stage import training

NUM_ITERATIONS = 3


class KilledError(Exception):
  pass


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


def make_play(policy, *, die_at=None):
  """Episodes of one decision whose pictures, samples and outcome depend on the seeds alone."""
  prompter = policy.prompter

  def play(params, episodes, seed):
    if seed == die_at:
      raise KilledError
    played = []
    for episode in episodes:
      rng = np.random.default_rng((seed, episode.seed, episode.member))
      views = tuple(
        rng.integers(0, 256, (v.height, v.width, 3), dtype=np.uint8) for v in prompter.views
      )
      ids = prompter.encode("Motion: move forward" if episode.member else "Action: press(w)")
      logp = -rng.random(len(ids)).astype(np.float32)
      decision = Decision(
        views, prompter.ids("Mine an oak log."), ids, logp, "", "motion", num_ticks=1
      )
      won = bool(episode.member)
      played.append(Trajectory(episode.task, episode.seed, (decision,), won, 1, len(ids), 0, None))
    return played

  return play


def run(config, folder, policy, play):
  params = build.make_initial_params(policy, seed=0)
  stage = config.mtrl
  with training(
    "mtrl", config, folder, policy, params, max_targets=40, note=lambda metrics: ""
  ) as under_way:
    state = mtrl.run(
      under_way.state,
      tasks=("mine_block:oak_log",),
      play=play,
      make_row=lambda d: policy.prompter.row(policy.prompter.patches(d.views), d.prompt_ids),
      update=under_way.update,
      num_groups=2,
      group_size=stage.group_size,
      token_penalty=0.1,
      budget_tokens=100,
      invalid_penalty=0.1,
      unparsable_penalty=3.0,
      max_per_episode=4,
      max_rows=16,
      num_seeds=100,
      seed=0,
      num_iterations=NUM_ITERATIONS,
      start=under_way.start,
      log=under_way.log,
      save=under_way.save,
    )
  return jax.device_get(state)


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
