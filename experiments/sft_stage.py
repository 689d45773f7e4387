"""Supervised stages: the cold start on D_mix, and M_cs2 on D_strl."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from cross_jax.base import Batch
from cross_jax.checkpoint import CheckpointManager
from cross_jax.optim import make_optimizer
from cross_jax.rollout.packing import Row
from cross_jax.stages.loop import train
from data_pipelines.iterator import make_iterator
from experiments.build import Policy, make_pack
from experiments.folder import Folder, metric_writer
from experiments.learner import make_learner, make_sft
from experiments.placement import own_share
from experiments.progress import progress


def run_cold_start(config: ConfigDict, folder: Folder, policy: Policy, data_dir: str) -> Any:
  """SFT on the balanced mixture; returns the trained parameters."""
  stage = config.sft
  pack = make_pack(policy, max_targets=stage.max_targets)
  source = make_iterator(
    data_dir,
    batch_size=own_share(stage.batch_size, "sft.batch_size"),
    seed=config.seed,
    shard_index=jax.process_index(),
    shard_count=jax.process_count(),
    responses_per_row=stage.responses_per_row,
  )

  def to_batch(loaded: dict[str, Any]) -> Batch:
    prompter = policy.prompter
    patches = prompter.patches(loaded["views"])
    rows = []
    for row_patches, instruction, previous, texts, weights in zip(
      patches,
      loaded["instruction"],
      loaded["previous"],
      loaded["responses"],
      loaded["choice_weights"],
    ):
      row = prompter.row(row_patches, prompter.ids(instruction, previous))
      row = row._replace(
        responses=[prompter.encode(text) for text in texts],
        advantage=[prompter.weights(*pair) for pair in zip(texts, weights)],
      )
      if stage.attention_weight:
        row = row._replace(attend_to=[prompter.attend_to(text, row.prompt_ids) for text in texts])
      rows.append(row)
    return pack(rows)

  return _run(
    "sft",
    folder,
    policy,
    source,
    to_batch,
    num_steps=stage.num_steps,
    learning_rate=stage.learning_rate,
    stage=stage,
    seed=config.seed,
    params=None,
    attention_weight=stage.attention_weight,
  )


def run_on_rows(
  name: str,
  config: ConfigDict,
  folder: Folder,
  policy: Policy,
  rows: Sequence[Row],
  *,
  params: Any,
  num_steps: int,
  learning_rate: float,
  max_targets: int,
) -> Any:
  """SFT on rows in memory (D_strl), from `params` (None: the policy's initial ones).

  Where there are no adapters `params` are trained in place: the caller's arrays are deleted.
  """
  pack = make_pack(policy, max_targets=max_targets)
  source = RowEpochs(rows, batch_size=config.sft.batch_size, seed=config.seed)
  return _run(
    name,
    folder,
    policy,
    source,
    pack,
    num_steps=num_steps,
    learning_rate=learning_rate,
    stage=config.sft,
    seed=config.seed,
    params=params,
  )


def shuffled_batch(rows: Sequence[Any], *, batch_size: int, step: int, seed: int) -> list[Any]:
  """The step-th batch, in turn over a shuffle that is new each epoch; none has a row twice.

  Args:
    rows: at least batch_size.
    batch_size, seed: of all steps.
    step: from 0; the rows that an epoch's whole batches leave over are left out.
  """
  epoch, at = divmod(step, len(rows) // batch_size)
  order = np.random.default_rng((seed, epoch)).permutation(len(rows))
  return [rows[i] for i in order[at * batch_size : (at + 1) * batch_size]]


class RowEpochs:
  """Batches of rows for ever, shuffled anew each epoch, with a state that can be saved."""

  def __init__(self, rows: Sequence[Row], *, batch_size: int, seed: int):
    if len(rows) < batch_size:
      raise ValueError(
        f"{len(rows)} rows for batches of {batch_size}: sample more questions or lower batch_size"
      )
    self._rows, self._batch_size, self._seed = rows, batch_size, seed
    self._step = 0

  def __iter__(self) -> Iterator[list[Row]]:
    return self

  def __next__(self) -> list[Row]:
    self._step += 1
    return shuffled_batch(
      self._rows, batch_size=self._batch_size, step=self._step - 1, seed=self._seed
    )

  def get_state(self) -> dict[str, int]:
    return {"step": self._step}

  def set_state(self, state: dict[str, int]) -> None:
    self._step = state["step"]


def _run(
  name: str,
  folder: Folder,
  policy: Policy,
  source: Any,
  to_batch: Callable[[Any], Batch],
  *,
  num_steps: int,
  learning_rate: float,
  stage: ConfigDict,
  seed: int,
  params: Any,
  attention_weight: float = 0.0,
) -> Any:
  optimizer, schedule = make_optimizer(
    kind=stage.optimizer,
    learning_rate=learning_rate,
    warmup_steps=min(stage.warmup_steps, num_steps // 2),
    total_steps=num_steps,
    end_lr_ratio=stage.end_lr_ratio,
    weight_decay=stage.weight_decay,
    max_grad_norm=stage.max_grad_norm,
    mu_dtype=stage.mu_dtype or None,
    is_in_place=stage.is_in_place,
  )
  learner = make_learner(policy, optimizer, seed=seed, params=params, is_base_kept=False)
  step_fn = make_sft(
    learner,
    policy.attention_logp_fn if attention_weight else policy.logp_fn,
    optimizer,
    attention_weight=attention_weight,
    schedule=schedule,
    num_microbatches=stage.num_microbatches,
    is_in_place=stage.is_in_place,
  )
  directory = folder.stage(name)
  with CheckpointManager(directory / "checkpoints") as manager:
    if manager.latest_step() is not None:
      learner = learner.released()
      restored = manager.restore(learner.state)
      learner = learner._replace(state=restored.state)
      source.set_state(restored.meta["data"])
    state = learner.state
    start = int(state.step)
    with (
      metric_writer(directory, resume_step=start) as writer,
      progress(f"{name.upper()}", num_steps, done=start) as advance,
    ):
      last = [start]

      def log(step: int, metrics: dict[str, float]) -> None:
        writer.write(step, metrics)
        advance(step - last[0], f"loss {metrics['loss']:.3f}")
        last[0] = step

      state = train(
        state,
        step_fn,
        (to_batch(loaded) for loaded in source),
        num_steps=num_steps,
        log=log,
        log_every=stage.log_every,
        save=lambda state: manager.save(int(state.step), state, {"data": source.get_state()}),
        save_every=stage.save_every,
      )
  return learner.finish(state.params, folder, name)
