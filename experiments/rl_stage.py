"""What the RL stages share: optimiser, resumption, metrics, checkpoints."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from cross_jax.checkpoint import CheckpointManager
from cross_jax.optim import make_optimizer
from cross_jax.stages.loop import GrpoUpdate, LogFn
from experiments.build import Policy, make_pack
from experiments.folder import Folder, metric_writer
from experiments.learner import Learner, make_grpo, make_learner
from experiments.placement import largest, own_share
from experiments.progress import progress


class Training(NamedTuple):
  """An RL stage under way."""

  learner: Learner
  state: Any  # TrainState
  start: int  # iterations done
  update: GrpoUpdate
  log: LogFn
  save: Callable[[Any, int], None]


@contextlib.contextmanager
def training(
  name: str,
  config: ConfigDict,
  folder: Folder,
  policy: Policy,
  params: Any,
  *,
  max_targets: int,
  note: Callable[[dict[str, float]], str],
) -> Iterator[Training]:
  """The stage `name` of the config from its last checkpoint, or from `params`.

  Args:
    name: section of the config and folder of the stage.
    config, folder, policy: of the run.
    params: the policy to start from, and the reference of the KL term.
    max_targets: response tokens of a training row.
    note: metrics -> what the progress bar says.
  """
  stage = config[name]
  optimizer, schedule = make_optimizer(
    kind=stage.optimizer,
    learning_rate=stage.learning_rate,
    warmup_steps=stage.warmup_steps,
    total_steps=stage.warmup_steps + 1,
    end_lr_ratio=1.0,  # constant after the warm-up
    weight_decay=stage.weight_decay,
    max_grad_norm=stage.max_grad_norm,
    mu_dtype=stage.mu_dtype or None,
    is_in_place=stage.is_in_place,
  )
  logp_fn = partial(
    policy.logp_fn, temperature=stage.temperature, is_vision_frozen=stage.is_vision_frozen
  )
  learner = make_learner(policy, optimizer, seed=config.seed, params=params)
  step_fn, reference = make_grpo(
    learner,
    logp_fn,
    optimizer,
    clip_low=stage.clip_low,
    clip_high=stage.clip_high,
    kl_coef=stage.kl_coef,
    schedule=schedule,
    num_microbatches=stage.num_microbatches,
    is_in_place=stage.is_in_place,
  )
  update = GrpoUpdate(
    step_fn=step_fn,
    logp_fn=reference,
    ref_params=learner.base,
    pack_rows=make_pack(policy, max_targets=max_targets),
    batch_size=own_share(stage.batch_size, f"{name}.batch_size"),
    num_batches_of_all=largest,
    empty_row=policy.prompter.empty_row(),
  )
  start = 0
  directory = folder.stage(name)
  with CheckpointManager(directory / "checkpoints") as manager:
    if manager.latest_step() is not None:
      learner = learner.released()
      restored = manager.restore(learner.state)
      learner, start = learner._replace(state=restored.state), restored.step
    with (
      metric_writer(directory, resume_step=start) as writer,
      progress(name.upper(), stage.num_iterations, done=start) as advance,
    ):

      def log(iteration: int, metrics: dict[str, float]) -> None:
        writer.write(iteration, metrics)
        advance(1, note(metrics))

      def save(state: Any, done: int) -> None:
        manager.save(done, state, {"iterations": done})

      yield Training(learner, learner.state, start, update, log, save)
