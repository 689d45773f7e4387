"""What the RL stages share: optimiser, resumption, metrics, checkpoints."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from cross_jax.checkpoint import CheckpointManager
from cross_jax.metrics import MetricWriter
from cross_jax.optim import make_optimizer
from cross_jax.stages.loop import GrpoUpdate, LogFn
from cross_jax.steps import make_grpo_step, make_logp_fn
from experiments.build import Policy, make_initial_state, make_pack
from experiments.folder import Folder
from experiments.progress import progress


class Training(NamedTuple):
  """An RL stage under way."""

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
  )
  logp_fn = partial(
    policy.logp_fn, temperature=stage.temperature, is_vision_frozen=stage.is_vision_frozen
  )
  update = GrpoUpdate(
    step_fn=make_grpo_step(
      logp_fn,
      optimizer,
      clip_low=stage.clip_low,
      clip_high=stage.clip_high,
      kl_coef=stage.kl_coef,
      schedule=schedule,
    ),
    logp_fn=make_logp_fn(logp_fn),
    ref_params=params,
    pack_rows=make_pack(policy, max_targets=max_targets),
    batch_size=stage.batch_size,
  )
  state, start = make_initial_state(policy, optimizer, config.seed, params), 0
  directory = folder.stage(name)
  with CheckpointManager(directory / "checkpoints") as manager:
    if manager.latest_step() is not None:
      restored = manager.restore(state)
      state, start = restored.state, restored.step
    with (
      MetricWriter(directory, resume_step=start) as writer,
      progress(name.upper(), stage.num_iterations, done=start) as advance,
    ):

      def log(iteration: int, metrics: dict[str, float]) -> None:
        writer.write(iteration, metrics)
        advance(1, note(metrics))

      def save(state: Any, done: int) -> None:
        manager.save(done, state, {"iterations": done})

      yield Training(state, start, update, log, save)
