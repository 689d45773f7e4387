"""Multi-turn GRPO (MTRL): whole episodes in groups, one advantage per episode."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cross_jax.base import Decision, Trajectory
from cross_jax.losses import group_advantages
from cross_jax.rollout.collect import Episode
from cross_jax.rollout.packing import Row
from cross_jax.rollout.returns import complete_groups, episode_return, has_spread
from cross_jax.rollout.statistics import space_share
from cross_jax.stages.loop import GrpoUpdate, LogFn

_TASKS, _WORLDS, _DECISIONS = range(3)  # streams of random numbers


class Scored(NamedTuple):
  """A trajectory with its advantage over its group."""

  trajectory: Trajectory
  advantage: float


def episodes(
  tasks: Sequence[str],
  *,
  num_groups: int,
  group_size: int,
  iteration: int,
  seed: int,
  first_seed: int,
  num_seeds: int,
) -> list[Episode]:
  """The groups of one iteration: tasks in turn over a fixed shuffle, a fresh world seed each.

  Args:
    tasks: the training tasks.
    num_groups: groups of this iteration.
    group_size: G, episodes that share task and world.
    iteration: which iteration, from 0.
    seed: of the shuffle and the choice of worlds.
    first_seed, num_seeds: worlds first_seed .. first_seed + num_seeds - 1, taken in turn from one
      that is drawn, so that no two groups of an iteration are the same episodes.
  Raises:
    ValueError: fewer worlds than groups.
  """
  if num_seeds < num_groups:
    raise ValueError(f"num_seeds={num_seeds}: must be at least num_groups={num_groups}")
  first_world = int(_stream(seed, _WORLDS).integers(num_seeds))
  chosen = []
  for i in range(iteration * num_groups, (iteration + 1) * num_groups):
    epoch, at = divmod(i, len(tasks))
    order = _stream(seed, _TASKS, epoch).permutation(len(tasks))
    world = first_seed + (first_world + i) % num_seeds
    chosen += [Episode(tasks[order[at]], world, member) for member in range(group_size)]
  return chosen


def _stream(seed: int, *key: int) -> np.random.Generator:
  # By spawn key: entropy (seed, 2) and (seed, 2, 0) would be one stream, as numpy pads with zeros.
  return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def score(
  trajectories: Sequence[Trajectory],
  *,
  group_size: int,
  token_penalty: float,
  budget_tokens: int,
  invalid_penalty: float,
  normalize_by_std: bool = True,
) -> tuple[list[Scored], dict[str, float]]:
  """Returns, dynamic sampling, advantages.

  Dynamic sampling drops groups without spread in *success*: where every member wins (or none does)
  only the length penalty differs, and dividing by its tiny spread would blow it up.

  Args:
    trajectories: the episodes of whole groups, in any order.
    group_size: R.
    token_penalty, budget_tokens, invalid_penalty: see `episode_return`.
    normalize_by_std: see `group_advantages`.
  Returns:
    (the kept trajectories with their advantage, metrics of all of them).
  """
  groups = complete_groups(trajectories, group_size)
  values = np.asarray(
    [
      [
        episode_return(
          t,
          token_penalty=token_penalty,
          budget_tokens=budget_tokens,
          invalid_penalty=invalid_penalty,
        )
        for t in group
      ]
      for group in groups
    ],
    np.float32,
  ).reshape(len(groups), group_size)
  success = np.asarray([[t.is_success for t in group] for group in groups], bool)
  is_kept = has_spread(success.reshape(values.shape))
  advantages = np.asarray(group_advantages(values, normalize_by_std=normalize_by_std))
  scored = [
    Scored(t, float(a))
    for group, row, kept in zip(groups, advantages, is_kept)
    if kept
    for t, a in zip(group, row)
  ]
  return scored, _metrics(trajectories, values, is_kept)


def _metrics(
  trajectories: Sequence[Trajectory], values: np.ndarray, is_kept: np.ndarray
) -> dict[str, float]:
  valid = [t for t in trajectories if t.error is None]
  num_decisions = max(sum(len(t.decisions) for t in valid), 1)
  metrics = {
    "return_mean": float(values.mean()) if values.size else 0.0,
    "success_rate": float(np.mean([t.is_success for t in valid])) if valid else 0.0,
    "kept_groups": float(is_kept.mean()) if is_kept.size else 0.0,
    "num_errors": float(len(trajectories) - len(valid)),
    "tokens_per_episode": float(np.mean([t.num_tokens for t in valid])) if valid else 0.0,
    "ticks_per_episode": float(np.mean([t.num_ticks for t in valid])) if valid else 0.0,
    "decisions_per_episode": num_decisions / max(len(valid), 1),
    "unparsable_share": sum(t.num_invalid for t in valid) / num_decisions,
  }
  shares = space_share(valid)
  metrics.update({f"space_share/{space}": share for space, share in shares.items() if share > 0})
  return metrics


def choose_decisions(
  scored: Sequence[Scored], *, max_per_episode: int, max_rows: int, rng: np.random.Generator
) -> list[tuple[Scored, int]]:
  """Which decisions are trained on: up to max_per_episode of each episode, max_rows in all.

  The policy gradient of an episode's return is the sum over its decisions. An episode of
  n <= max_per_episode decisions gives all of that sum; a longer one gives a uniform sample that is
  not scaled up, on average max_per_episode / n of its sum. max_rows then drops decisions of all
  episodes alike.

  Returns:
    (scored trajectory, index of the decision), shuffled.
  """
  chosen = []
  for item in scored:
    num = len(item.trajectory.decisions)
    for index in rng.permutation(num)[:max_per_episode]:
      chosen.append((item, int(index)))
  order = rng.permutation(len(chosen))[:max_rows]
  return [chosen[i] for i in order]


def run(
  state: Any,
  *,
  tasks: Sequence[str],
  play: Callable[[Any, Sequence[Episode], int], Sequence[Trajectory]],
  make_row: Callable[[Decision], Row],
  update: GrpoUpdate,
  num_groups: int,
  group_size: int,
  token_penalty: float,
  budget_tokens: int,
  invalid_penalty: float,
  unparsable_penalty: float,
  max_per_episode: int,
  max_rows: int,
  num_seeds: int,
  seed: int,
  num_iterations: int,
  start: int = 0,
  log: LogFn,
  save: Callable[[Any, int], None],
) -> Any:
  """Multi-turn GRPO: play groups of episodes, score, update; iteration by iteration.

  Args:
    state: TrainState at the start of iteration `start`.
    tasks: the training tasks.
    play: (params, episodes, sampling seed) -> their trajectories, pictures kept.
    make_row: decision -> its picture and prompt, without responses.
    update: see `loop.GrpoUpdate`.
    num_groups, group_size: episodes of an iteration.
    token_penalty, budget_tokens, invalid_penalty: see `episode_return`.
    unparsable_penalty: see `decision_advantage`.
    max_per_episode, max_rows: see `choose_decisions`.
    num_seeds: training worlds 0 .. num_seeds - 1.
    seed: of the choice of tasks, worlds, decisions and samples.
    num_iterations, start: iterations start .. num_iterations - 1 are run.
    log: called with (iteration, metrics).
    save: called with (state, iterations done) after each.
  Returns:
    The state after num_iterations.
  """
  for iteration in range(start, num_iterations):
    chosen = episodes(
      tasks,
      num_groups=num_groups,
      group_size=group_size,
      iteration=iteration,
      seed=seed,
      first_seed=0,
      num_seeds=num_seeds,
    )
    scored, metrics = score(
      play(state.params, chosen, seed + iteration),
      group_size=group_size,
      token_penalty=token_penalty,
      budget_tokens=budget_tokens,
      invalid_penalty=invalid_penalty,
    )
    rng = _stream(seed, _DECISIONS, iteration)
    decisions = choose_decisions(
      scored, max_per_episode=max_per_episode, max_rows=max_rows, rng=rng
    )
    rows = [_row(item, index, make_row, unparsable_penalty) for item, index in decisions]
    state, losses = update.apply(state, rows)
    log(iteration + 1, {**metrics, **losses})
    save(state, iteration + 1)
  return state


def decision_advantage(item: Scored, index: int, unparsable_penalty: float) -> float:
  """The advantage of one decision: its episode's, less a penalty if its response does not parse.

  Nothing is done at such a response, and an episode that is won all the same would reward it.

  Args:
    item: the episode.
    index: of the decision.
    unparsable_penalty: >= 0; over 2.5 no group of 8 rewards a response that does not parse.
  """
  is_unparsable = item.trajectory.decisions[index].space is None
  return item.advantage - unparsable_penalty * is_unparsable


def _row(
  item: Scored, index: int, make_row: Callable[[Decision], Row], unparsable_penalty: float
) -> Row:
  decision = item.trajectory.decisions[index]
  return make_row(decision)._replace(
    responses=(decision.response_ids,),
    old_logp=(decision.response_logp,),
    advantage=(decision_advantage(item, index, unparsable_penalty),),
  )
