"""The host loop on a counting game: ticks, ends, order, errors, and independence of the batch."""

import numpy as np
import pytest

from cross_jax.base import BUTTON_INDEX, EnvStep, Observation, View
from cross_jax.rollout.collect import Answer, Episode, collect

VIEWS = (View(0, 0, 640, 360, 8, 8),)
FORWARD = BUTTON_INDEX["forward"]


class CountingGame:
  """Walk forward `seed` ticks in all to win; the picture shows the count. Crashes on seed 99."""

  def __init__(self, num_envs):
    self.num_envs, self.views = num_envs, VIEWS
    self.count = np.zeros(num_envs, int)
    self.goal = np.zeros(num_envs, int)
    self.num_renders = 0

  def reset(self, tasks, seeds, env_ids=None):
    for i, seed in zip(env_ids, seeds, strict=True):
      self.count[i], self.goal[i] = 0, seed
    return self.observe()

  def observe(self):
    self.num_renders += 1
    picture = np.zeros((self.num_envs, 8, 8, 3), np.uint8)
    picture[:] = self.count[:, None, None, None]
    return Observation((picture,), np.zeros(self.num_envs, bool))

  def step(self, action, *, active=None, render=True):
    self.count += np.where(active, action.buttons[:, FORWARD], 0)
    won = active & (self.count >= self.goal)
    error = ["engine gone" if a and g == 99 else None for a, g in zip(active, self.goal)]
    return EnvStep(
      self.observe() if np.any(render) else None,
      won.astype(np.float32),
      won,
      np.zeros(self.num_envs, bool),
      {"error": error},
    )

  def close(self):
    pass


def act_with(text):
  def act(observation, instructions, previous, seeds):
    return [
      Answer(
        np.asarray([1], np.int32),
        np.asarray([seed % 100, 2], np.int32),
        np.zeros(2, np.float32),
        text,
      )
      for seed in seeds
    ]

  return act


def play(env, episodes, text="Motion: move forward", **kwargs):
  settings = {"max_ticks_per_decision": 8, "max_decisions": 5, "base_seed": 0, **kwargs}
  return collect(env, act_with(text), episodes, **settings)


def episode(seed, member=0):
  return Episode("mine_block:oak_log", seed, member)


def test_a_decision_runs_k_ticks_and_stops_at_the_win():
  (won,) = play(CountingGame(2), [episode(11)])
  assert won.is_success and won.num_ticks == 11
  assert [d.num_ticks for d in won.decisions] == [8, 3]
  assert [int(d.views[0].max()) for d in won.decisions] == [0, 8]  # what was seen when deciding
  assert won.num_tokens == 4


def test_an_action_segment_runs_one_tick():
  (lost,) = play(CountingGame(1), [episode(11)], "Motion: move forward\nAction: press(w)")
  assert not lost.is_success and [d.num_ticks for d in lost.decisions] == [1] * 5
  assert {d.space for d in lost.decisions} == {"motion"}


def test_the_policy_is_told_the_form_of_its_last_response():
  told = []

  def act(observation, instructions, previous, seeds):
    told.append(list(previous))
    text = ("Motion: jump\nAction: press(space)", "garbage", "Motion: jump")[len(told) - 1]
    return act_with(text)(observation, instructions, previous, seeds)

  settings = {"max_ticks_per_decision": 8, "max_decisions": 3, "base_seed": 0}
  collect(CountingGame(1), act, [episode(1)], **settings)
  assert told == [[""], ["Motion: \nAction: "], [""]]


def test_garbage_idles_and_is_counted():
  (lost,) = play(CountingGame(1), [episode(3)], "walk on")
  assert lost.num_invalid == 5 and lost.num_ticks == 5 and not lost.is_success


def test_order_and_slots():
  seeds = [40, 1, 9, 2, 17]
  played = play(CountingGame(2), [episode(seed) for seed in seeds])
  assert [t.seed for t in played] == seeds
  assert [t.num_ticks for t in played] == [40, 1, 9, 2, 17]


def test_samples_do_not_depend_on_what_runs_beside():
  episodes = [episode(20, 0), episode(20, 1), episode(5)]
  alone = [play(CountingGame(1), [e])[0] for e in episodes]
  together = play(CountingGame(3), episodes)
  ids = lambda t: [d.response_ids.tolist() for d in t.decisions]
  assert [ids(t) for t in together] == [ids(t) for t in alone]
  assert ids(together[0]) != ids(together[1])  # members of a group differ


def test_a_crashed_game_ends_its_episode_only():
  crashed, won = play(CountingGame(2), [episode(99), episode(12)])
  assert crashed.error == "engine gone" and won.error is None and won.is_success


def test_pictures_are_rendered_only_where_a_decoder_needs_them():
  env = CountingGame(1)
  play(env, [episode(16)])
  assert env.num_renders == 2  # one a decision: Motion steers without pictures


@pytest.mark.parametrize("num_envs", [1, 3])
def test_on_finish_sees_every_episode(num_envs):
  seen = []
  play(CountingGame(num_envs), [episode(s) for s in (4, 3, 2)], on_finish=seen.append)
  assert sorted(t.seed for t in seen) == [2, 3, 4]


def test_an_environment_may_write_over_its_pictures():
  class Reusing(CountingGame):
    picture = np.zeros((1, 8, 8, 3), np.uint8)

    def observe(self):
      self.picture[:] = self.count[0]
      return Observation((self.picture,), np.zeros(1, bool))

  films = {"on_frame": lambda *args: None}  # every tick is rendered
  (won,) = play(Reusing(1), [episode(11)], **films)
  assert [int(d.views[0].max()) for d in won.decisions] == [0, 8]  # 8 and 11 of what came after


def test_views_for_films_change_nothing_of_an_episode():
  """In an open GUI a click goes to where the policy's own picture shows the cursor."""

  class Inventory(CountingGame):
    """A GUI whose cursor the views show at different places."""

    def __init__(self, views):
      super().__init__(1)
      self.views, self.actions = views, []

    def observe(self):
      pictures = []
      for i, view in enumerate(self.views):
        picture = np.zeros((1, view.height, view.width, 3), np.uint8)
        picture[0, 10 + i : 13 + i, 10 + 3 * i : 13 + 3 * i] = 255
        pictures.append(picture)
      return Observation(tuple(pictures), np.ones(1, bool))

    def step(self, action, *, active=None, render=True):
      self.actions.append(action.camera_deg.copy())
      return super().step(action, active=active, render=render)

  policy_view, film_view = View(0, 0, 640, 360, 64, 36), View(0, 0, 640, 360, 320, 180)
  text = "Grounding: left click <|point_start|>(700,300)<|point_end|>"
  alone, filmed = Inventory((policy_view,)), Inventory((policy_view, film_view))
  play(alone, [episode(50)], text)
  frames = []
  on_frame = lambda views, *_: frames.append(len(views))
  play(filmed, [episode(50)], text, num_views=1, on_frame=on_frame)
  assert set(frames) == {2} and np.any(alone.actions)
  np.testing.assert_array_equal(alone.actions, filmed.actions)
  other = Inventory((policy_view, film_view))
  play(other, [episode(50)], text)
  assert not np.array_equal(alone.actions, other.actions)
