"""The stage of multi-turn GRPO on played episodes that need no game."""

import numpy as np

from cross_jax.base import Decision, Trajectory
from cross_jax.stages import mtrl
from experiments import rl_stage

TEXTS = ("Action: press(w)", "Motion: move forward")  # of even members, and of odd ones, which win


class KilledError(Exception):
  """What ends a run in the middle."""


def make_play(policy, *, die_at=None):
  """Episodes of one decision whose pictures, samples and outcome depend on the seeds alone.

  With the seed `die_at` it raises KilledError.
  """
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
      ids = prompter.encode(TEXTS[episode.member % len(TEXTS)])
      logp = -rng.random(len(ids)).astype(np.float32)
      prompt = prompter.ids("Mine an oak log.")
      decision = Decision(views, prompt, ids, logp, "", "motion", num_ticks=1)
      won = bool(episode.member % 2)
      played.append(Trajectory(episode.task, episode.seed, (decision,), won, 1, len(ids), 0, None))
    return played

  return play


def run_mtrl(config, policy, play, folder, params, *, group_size, num_iterations, max_targets):
  """Iterations of two groups of multi-turn GRPO on the episodes of `play`.

  Returns:
    (the learner, its state).
  """
  with rl_stage.training(
    "mtrl", config, folder, policy, params, max_targets=max_targets, note=lambda metrics: ""
  ) as under_way:
    state = mtrl.run(
      under_way.state,
      tasks=("mine_block:oak_log",),
      play=play,
      make_row=lambda d: policy.prompter.row(policy.prompter.patches(d.views), d.prompt_ids),
      update=under_way.update,
      num_groups=2,
      group_size=group_size,
      token_penalty=0.1,
      budget_tokens=100,
      invalid_penalty=0.1,
      unparsable_penalty=3.0,
      max_per_episode=4,
      max_rows=16,
      num_seeds=100,
      seed=0,
      num_iterations=num_iterations,
      start=under_way.start,
      log=under_way.log,
      save=under_way.save,
    )
  return under_way.learner, state
