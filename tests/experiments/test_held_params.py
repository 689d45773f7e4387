"""M_cs2 is trained beside no other copy of the parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments import build, learner, sft_stage, strl_stage
from experiments.configs import demo
from experiments.folder import Folder

SHAPE = (5, 7, 11)  # of no other array


def num_held(shape):
  return sum(array.shape == shape for array in jax.live_arrays())


@pytest.mark.parametrize("base, num", [("random", 0), ("sft", 1), ("strl", 1)])
def test_what_cs2_does_not_start_from_is_let_go(monkeypatch, base, num):
  for name in ("load_questions", "make_sample", "_warm_up"):
    monkeypatch.setattr(strl_stage, name, lambda *args, **kwargs: lambda params: None)
  monkeypatch.setattr(strl_stage, "_train", lambda *args: {"w": jnp.ones(SHAPE)})

  def relabel(*args):
    assert num_held(SHAPE) == 2  # else the test shows nothing
    return []

  monkeypatch.setattr(strl_stage, "_relabel", relabel)
  monkeypatch.setattr(strl_stage, "run_on_rows", lambda *args, **kwargs: num_held(SHAPE))
  config = demo.get_config()
  config.strl.cs2_base = base
  held = strl_stage.run(config, None, None, "", {"w": jnp.zeros(SHAPE)})  # an assert would hold it
  assert held == num


def test_supervised_training_takes_over_the_parameters_it_starts_from(tmp_path, monkeypatch):
  config = demo.get_config()
  policy = build.make_policy(config)
  params = build.make_initial_params(policy, seed=0)
  table = np.array(params["embed"]["embedding"])
  before = num_held(table.shape)
  held = []

  def train(state, *args, **kwargs):
    held.append(num_held(table.shape))
    return state

  monkeypatch.setattr(sft_stage, "train", train)
  trained = sft_stage.run_on_rows(
    "cs2", config, Folder(tmp_path), policy, [None] * config.sft.batch_size, params=params,
    num_steps=2, learning_rate=1e-3, max_targets=40,
  )  # fmt: skip
  assert held == [before + 2]  # the two moments; a copy would be the third
  assert all(leaf.is_deleted() for leaf in jax.tree.leaves(params))
  np.testing.assert_array_equal(trained["embed"]["embedding"], table)


def test_a_reference_policy_stays():
  params = {"w": jnp.ones(3)}
  policy = build.Policy(*[None] * 6)
  optimizer, _ = sft_stage.make_optimizer(learning_rate=1.0, warmup_steps=0, total_steps=1)
  made = learner.make_learner(policy, optimizer, seed=0, params=params)
  assert made.base is params and not params["w"].is_deleted()
