"""MTRL's choices by hand: groups, dynamic sampling, advantages, which decisions are trained on."""

import numpy as np
import pytest

from cross_jax.base import Decision, Trajectory
from cross_jax.stages import mtrl

SETTINGS = {"token_penalty": 0.0, "budget_tokens": 100, "invalid_penalty": 0.0}


def trajectory(seed, won, num_decisions=2, error=None):
  ids = np.zeros(3, np.int32)
  decision = Decision((), ids, ids, np.zeros(3, np.float32), "", "raw", 1)
  return Trajectory(
    "mine_block:oak_log", seed, (decision,) * num_decisions, won, 5, 3 * num_decisions, 0, error
  )


def test_episodes_cover_every_task_before_one_comes_again():
  tasks = ["a", "b", "c", "d"]
  settings = {"num_groups": 2, "group_size": 3, "seed": 0, "first_seed": 0, "num_seeds": 1000}
  first, second = (mtrl.episodes(tasks, iteration=i, **settings) for i in (0, 1))
  assert len(first) == 6
  assert {e.task for e in first + second} == set(tasks)
  group = first[:3]
  assert len({(e.task, e.seed) for e in group}) == 1 and [e.member for e in group] == [0, 1, 2]
  assert mtrl.episodes(tasks, iteration=0, **settings) == first  # a resumed run plays the same


def test_worlds_tasks_and_decisions_are_drawn_from_streams_of_their_own():
  draw = lambda *key: mtrl._stream(7, *key).integers(2**32)
  keys = [(mtrl._WORLDS,)]
  keys += [(name, i) for name in (mtrl._TASKS, mtrl._DECISIONS) for i in range(5)]
  assert len({draw(*key) for key in keys}) == len(keys)
  # As plain entropy the worlds' would be the tasks' of epoch 1, and the decisions' of iteration 0
  # the tasks' of epoch 2.
  assert draw(mtrl._WORLDS) == draw(mtrl._WORLDS) != np.random.default_rng((7, 1)).integers(2**32)


def test_groups_without_spread_in_success_are_dropped():
  mixed = [trajectory(1, True), trajectory(1, False)]
  all_won = [trajectory(2, True, 2), trajectory(2, True, 9)]  # only their lengths differ
  scored, metrics = mtrl.score(mixed + all_won, group_size=2, **{**SETTINGS, "token_penalty": 0.5})
  assert [s.trajectory.seed for s in scored] == [1, 1]
  assert metrics["kept_groups"] == 0.5 and metrics["success_rate"] == 0.75


def test_advantages_of_a_group():
  scored, _ = mtrl.score(
    [trajectory(1, won) for won in (True, False, False, False)], group_size=4, **SETTINGS
  )
  # Returns 1 0 0 0: mean 1/4, sample std (ddof 1) 1/2. With ddof 0 the first would be 1.732.
  assert [s.advantage for s in scored] == pytest.approx([1.5, -0.5, -0.5, -0.5], abs=1e-4)


def test_a_response_that_does_not_parse_is_never_rewarded():
  won = trajectory(1, True)
  unparsable = won.decisions[0]._replace(space=None)
  item = mtrl.Scored(won._replace(decisions=(won.decisions[0], unparsable)), 1.5)
  assert mtrl.decision_advantage(item, 0, 3.0) == 1.5
  assert mtrl.decision_advantage(item, 1, 3.0) == -1.5  # without the penalty, 1.5 for garbage
  assert mtrl.decision_advantage(item, 1, 0.0) == 1.5


def test_a_group_with_a_crashed_game_is_left_out():
  scored, metrics = mtrl.score(
    [trajectory(1, True), trajectory(1, False, error="crash")], group_size=2, **SETTINGS
  )
  assert scored == [] and metrics["num_errors"] == 1


def test_a_long_episode_gives_no_more_rows():
  scored = [mtrl.Scored(trajectory(1, False, 50), -1.0), mtrl.Scored(trajectory(1, True, 3), 1.0)]
  rng = np.random.default_rng(0)
  chosen = mtrl.choose_decisions(scored, max_per_episode=4, max_rows=100, rng=rng)
  assert sorted(item.advantage for item, _ in chosen) == [-1.0] * 4 + [1.0] * 3
  assert len({(id(item), index) for item, index in chosen}) == 7  # no decision twice
  assert len(mtrl.choose_decisions(scored, max_per_episode=4, max_rows=5, rng=rng)) == 5
