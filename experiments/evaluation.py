"""Evaluation of a stage's policy: in-domain and out-of-domain tables, and videos."""

import contextlib
from typing import Any

from ml_collections import ConfigDict

from cross_jax.envs.tasks import instruction
from cross_jax.rollout.collect import Episode, collect
from cross_jax.rollout.prompting import make_act
from cross_jax.stages.evaluate import EVALUATION_SEED, evaluate
from experiments.build import VIDEO_VIEW, Policy, make_env, make_sample
from experiments.folder import Folder
from experiments.progress import progress
from experiments.video import Recorder, video_name

DOMAINS = {"in_domain": "num_seeds_in", "out_of_domain": "num_seeds_out"}


def run(config: ConfigDict, policy: Policy, params: Any, *, title: str) -> dict[str, dict]:
  """{"in_domain": summary, "out_of_domain": summary} of a policy."""
  settings = config.evaluation
  env = make_env(config, policy.prompter.views)
  act = _make_act(config, policy, params)
  results = {}
  for domain, seeds_key in DOMAINS.items():
    tasks, num_seeds = tuple(config.tasks[domain]), settings[seeds_key]
    with progress(f"{title} {domain.replace('_', '-')}", len(tasks) * num_seeds) as advance:
      results[domain] = evaluate(
        env,
        act,
        tasks,
        num_seeds=num_seeds,
        max_ticks_per_decision=config.env.max_ticks_per_decision,
        max_decisions=config.env.max_decisions,
        base_seed=settings.base_seed,
        on_finish=lambda _, advance=advance: advance(1),
      )
  env.close()
  return results


def record_videos(
  config: ConfigDict, folder: Folder, policy: Policy, params: Any, stage: str
) -> None:
  """Films one evaluation episode of each of the config's video tasks that has no film yet."""
  tasks = [
    task
    for task in config.evaluation.video_tasks
    if not (folder.videos / video_name(stage, task, EVALUATION_SEED)).exists()
  ]
  if not tasks:
    return
  # As many games as the evaluation has: what was compiled for it serves again.
  env = make_env(config, (*policy.prompter.views, VIDEO_VIEW))
  episodes = [Episode(task, EVALUATION_SEED) for task in tasks]
  recorder = Recorder(
    folder.videos, stage, [(e.task, e.seed) for e in episodes], instruction_of=instruction
  )
  with contextlib.closing(recorder), progress("videos", len(tasks)) as advance:

    def finish(trajectory: Any) -> None:
      recorder.on_finish(trajectory)
      advance(1)

    collect(
      env,
      _make_act(config, policy, params),
      episodes,
      max_ticks_per_decision=config.env.max_ticks_per_decision,
      max_decisions=config.env.max_decisions,
      base_seed=config.evaluation.base_seed,
      keep_views=False,
      on_finish=finish,
      on_frame=recorder.on_frame,
      num_views=len(policy.prompter.views),
    )
  env.close()


def _make_act(config: ConfigDict, policy: Policy, params: Any) -> Any:
  settings = config.evaluation
  sampler = make_sample(
    policy, num_samples=1, temperature=settings.temperature, top_p=settings.top_p
  )
  return make_act(policy.prompter, sampler(params), pad_id=policy.pad_id)
