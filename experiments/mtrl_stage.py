"""MTRL: multi-turn GRPO on episodes of the training tasks."""

from typing import Any

from ml_collections import ConfigDict

from cross_jax.base import Decision
from cross_jax.rollout.collect import collect
from cross_jax.rollout.packing import Row
from cross_jax.rollout.prompting import make_act
from cross_jax.stages import mtrl
from experiments.build import Policy, make_env, make_sample
from experiments.folder import Folder
from experiments.placement import mean_of_all, own_part, own_share
from experiments.rl_stage import training


def run(config: ConfigDict, folder: Folder, policy: Policy, params: Any) -> Any:
  """From M_cs2 to the final policy; returns its parameters.

  Of several processes each plays its own part of an iteration's groups and trains on their rows.
  """
  stage = config.mtrl
  env = make_env(config, policy.prompter.views)
  sampler = make_sample(policy, num_samples=1, temperature=stage.temperature, top_p=1.0)

  def play(trained: Any, episodes: list[mtrl.Episode], seed: int) -> list:
    params = under_way.learner.params(trained)
    return collect(
      env,
      make_act(policy.prompter, sampler(params), pad_id=policy.pad_id),
      own_part(episodes, stage.group_size),
      max_ticks_per_decision=config.env.max_ticks_per_decision,
      max_decisions=config.env.max_decisions,
      base_seed=seed,
    )

  def make_row(decision: Decision) -> Row:
    return policy.prompter.row(policy.prompter.patches(decision.views), decision.prompt_ids)

  with training(
    "mtrl",
    config,
    folder,
    policy,
    params,
    max_targets=policy.max_response_len,
    note=lambda m: f"success {m['success_rate']:.2f} return {m['return_mean']:.2f}",
  ) as under_way:
    state = mtrl.run(
      under_way.state,
      tasks=tuple(config.tasks.in_domain),
      play=play,
      make_row=make_row,
      update=under_way.update,
      num_groups=stage.num_groups,
      group_size=stage.group_size,
      token_penalty=stage.token_penalty,
      budget_tokens=stage.budget_tokens,
      invalid_penalty=stage.invalid_penalty,
      unparsable_penalty=stage.unparsable_penalty,
      max_per_episode=stage.max_per_episode,
      max_rows=own_share(stage.max_rows, "mtrl.max_rows"),
      num_seeds=stage.num_seeds,
      seed=config.seed * 1000,
      num_iterations=stage.num_iterations,
      start=under_way.start,
      log=lambda iteration, metrics: under_way.log(iteration, mean_of_all(metrics)),
      save=under_way.save,
    )
  env.close()
  return under_way.learner.finish(state.params, folder, "mtrl")
