"""The host loop: games x policy x decoders -> trajectories."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cross_jax.actions import outline, parse
from cross_jax.base import (
  Decision,
  Environment,
  Observation,
  ParseFailure,
  RawAction,
  Trajectory,
  no_op,
)
from cross_jax.decoders import Routed, route
from cross_jax.envs.tasks import instruction as instruction_of


class Episode(NamedTuple):
  """An episode to play: members of a group share task and seed, and differ in what is sampled."""

  task: str
  seed: int
  member: int = 0


class Answer(NamedTuple):
  """What the policy said to one prompt."""

  prompt_ids: np.ndarray  # int32[T]
  response_ids: np.ndarray  # int32[N], end token included
  response_logp: np.ndarray  # float32[N], nats
  text: str


# (observation of all B games, instruction of each, outline of the response before, sampling seed)
# -> one answer a game
ActFn = Callable[[Observation, Sequence[str], Sequence[str], np.ndarray], Sequence[Answer]]
# called with (one game's pictures after the tick, episode, decision's text, space, ticks so far)
RecordFn = Callable[[tuple[np.ndarray, ...], Episode, str, str | None, int], None]


class _Game:
  """An episode under way in one slot of the environment."""

  def __init__(self, index: int, episode: Episode):
    self.index, self.episode = index, episode
    self.instruction = instruction_of(episode.task, episode.seed)
    self.decisions: list[Decision] = []
    self.num_ticks = 0
    self.is_success = False
    self.is_over = False
    self.error: str | None = None

  def finish(self) -> Trajectory:
    return Trajectory(
      task=self.episode.task,
      seed=self.episode.seed,
      decisions=tuple(self.decisions),
      is_success=self.is_success,
      num_ticks=self.num_ticks,
      num_tokens=sum(len(d.response_ids) for d in self.decisions),
      num_invalid=sum(d.space is None for d in self.decisions),
      error=self.error,
    )


def sampling_seed(base_seed: int, episode: Episode, decision: int) -> int:
  """A 31-bit seed of one decision: the same whatever else runs beside it."""
  key = (base_seed, episode.seed, episode.member, decision, *episode.task.encode())
  return int(np.random.SeedSequence(key).generate_state(1)[0]) & 0x7FFFFFFF


def collect(
  env: Environment,
  act: ActFn,
  episodes: Sequence[Episode],
  *,
  max_ticks_per_decision: int,
  max_decisions: int,
  base_seed: int,
  keep_views: bool = True,
  on_finish: Callable[[Trajectory], None] | None = None,
  on_frame: RecordFn | None = None,
  num_views: int | None = None,
) -> list[Trajectory]:
  """Plays every episode once and returns their records in the order given.

  A slot whose episode ends takes the next one, so the batch of the policy stays full; what is
  sampled for an episode depends on (base_seed, episode) only, not on what runs beside it.

  Args:
    env: a batch of games.
    act: the policy.
    episodes: what to play.
    max_ticks_per_decision: k, the longest run of one decision in ticks.
    max_decisions: an episode with more decisions than this is cut off (a failure).
    base_seed: seed of the sampling.
    keep_views: keep the pictures in the decisions (training needs them, evaluation does not).
    on_finish: called with each trajectory as it ends (progress bars).
    on_frame: called with each new frame of each game (videos).
    num_views: decoders steer by the first so many of env.views, those that the policy sees; all if
      None. More are for on_frame alone, and change nothing of the episode.
  Returns:
    One Trajectory per episode; a game that failed has its `error` set.
  """
  queue = deque(_Game(i, episode) for i, episode in enumerate(episodes))
  games: list[_Game | None] = [None] * env.num_envs
  done: dict[int, Trajectory] = {}
  observation = _fill(env, games, queue)
  while any(game is not None for game in games):
    _play_round(
      env,
      act,
      games,
      observation,
      max_ticks_per_decision,
      base_seed,
      keep_views,
      on_frame,
      num_views,
    )
    for slot, game in enumerate(games):
      if game is not None and (game.is_over or len(game.decisions) >= max_decisions):
        done[game.index] = game.finish()
        games[slot] = None
        if on_finish is not None:
          on_finish(done[game.index])
    observation = _fill(env, games, queue)
  return [done[i] for i in range(len(episodes))]


def _fill(env: Environment, games: list[_Game | None], queue: deque[_Game]) -> Observation | None:
  """Starts queued episodes in the free slots."""
  started = []
  for slot, game in enumerate(games):
    if game is None and queue:
      games[slot] = queue.popleft()
      started.append(slot)
  if started:
    episodes = [games[slot].episode for slot in started]
    return env.reset([e.task for e in episodes], [e.seed for e in episodes], started)
  return env.observe() if any(game is not None for game in games) else None


def _play_round(
  env: Environment,
  act: ActFn,
  games: list[_Game | None],
  observation: Observation,
  max_ticks: int,
  base_seed: int,
  keep_views: bool,
  on_frame: RecordFn | None,
  num_views: int | None,
) -> None:
  """One decision of every game, then the ticks that each decision runs for."""
  instructions = ["" if game is None else game.instruction for game in games]
  seeds = np.asarray(
    [0 if g is None else sampling_seed(base_seed, g.episode, len(g.decisions)) for g in games],
    np.int64,
  )
  previous = [outline(g.decisions[-1].text) if g and g.decisions else "" for g in games]
  answers = act(observation, instructions, previous, seeds)
  routes = [None if g is None else route_text(a.text, max_ticks) for g, a in zip(games, answers)]
  ticks_before = [0 if game is None else game.num_ticks for game in games]
  # Before the ticks: an environment may write its next pictures over these.
  seen = [
    () if g is None or not keep_views else tuple(view[slot].copy() for view in observation.views)
    for slot, g in enumerate(games)
  ]
  _run_ticks(env, games, answers, routes, observation, on_frame, num_views)
  for slot, game in enumerate(games):
    if game is None:
      continue
    answer, routed = answers[slot], routes[slot]
    is_invalid = isinstance(routed, ParseFailure)
    game.decisions.append(
      Decision(
        views=seen[slot],
        prompt_ids=answer.prompt_ids,
        response_ids=answer.response_ids,
        response_logp=answer.response_logp,
        text=answer.text,
        space=None if is_invalid else routed.space,
        num_ticks=game.num_ticks - ticks_before[slot],
      )
    )


def route_text(text: str, max_ticks: int):
  """The decoder of a response's text, or why there is none."""
  response = parse(text)
  return response if isinstance(response, ParseFailure) else route(response, max_ticks)


def _run_ticks(env, games, answers, routes, observation, on_frame, num_views) -> None:
  """Runs every game's decision; a response that did not parse costs one idle tick."""
  is_running = np.asarray([game is not None for game in games])
  views, tick = env.views[:num_views], 0
  while is_running.any():
    action = no_op((env.num_envs,))
    is_last = np.ones(env.num_envs, bool)
    for slot in np.flatnonzero(is_running):
      routed = routes[slot]
      if isinstance(routed, ParseFailure):
        continue
      images = tuple(view[slot] for view in observation.views[:num_views])
      raw, is_done = routed.decode(tick, images, views, bool(observation.is_gui_open[slot]))
      action.buttons[slot], action.camera_deg[slot] = raw.buttons, raw.camera_deg
      is_last[slot] = is_done or tick + 1 >= routed.num_ticks
    looks = [isinstance(r, Routed) and r.needs_images() for r in routes]
    needs_frame = is_running & (~is_last & looks if on_frame is None else True)
    step = env.step(RawAction(*action), active=is_running, render=needs_frame)
    observation = step.observation or observation
    errors = step.info.get("error")
    for slot in np.flatnonzero(is_running):
      game = games[slot]
      game.num_ticks += 1
      game.is_success |= bool(step.reward[slot] > 0)
      game.error = None if errors is None else errors[slot]
      game.is_over = bool(step.terminated[slot] or step.truncated[slot]) or game.error is not None
      if on_frame is not None:
        routed = routes[slot]
        space = None if isinstance(routed, ParseFailure) else routed.space
        frames = tuple(view[slot] for view in observation.views)
        on_frame(frames, game.episode, answers[slot].text, space, game.num_ticks)
    over = np.asarray([game is not None and game.is_over for game in games])
    is_running &= ~(is_last | over)
    tick += 1
