"""The training loop that SFT and the RL stages share: steps, metrics, checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from cross_jax.base import Batch
from cross_jax.rollout.packing import Row

LogFn = Callable[[int, dict[str, float]], None]
_RUNNING_COUNTS = ("skipped_updates",)
_MAXIMA = ("ratio_max",)


def train(
  state: Any,
  step_fn: Callable[[Any, Batch], tuple[Any, dict[str, jax.Array]]],
  batches: Iterator[Batch],
  *,
  num_steps: int,
  log: LogFn,
  log_every: int = 10,
  save: Callable[[Any], None] | None = None,
  save_every: int = 0,
) -> Any:
  """Steps from `state.step` to `num_steps`; the data iterator stands where the state stands.

  Args:
    state: TrainState; its step says where to go on.
    step_fn: (state, batch) -> (state, metrics), jitted.
    batches: the batches from state.step on; may not end before num_steps.
    num_steps: the step to stop at.
    log: called with (step, means of the metrics since the last call).
    log_every: steps between calls of `log`.
    save: called with the state every `save_every` steps and at the end.
    save_every: 0 saves at the end only.
  Returns:
    The state after num_steps steps.
  Raises:
    ValueError: the data ends before num_steps.
  """
  pending: list[dict[str, jax.Array]] = []
  start = int(state.step)
  for step in range(start + 1, num_steps + 1):
    try:
      batch = next(batches)
    except StopIteration:
      raise ValueError(
        f"the data ended at step {step - 1} of num_steps={num_steps}; repeat it (num_epochs=None) "
        "or lower num_steps"
      ) from None
    state, metrics = step_fn(state, batch)
    pending.append(metrics)
    if step % log_every == 0 or step == num_steps:
      log(step, mean_metrics(pending))
      pending = []
    if save is not None and save_every and step % save_every == 0 and step != num_steps:
      save(state)
  if save is not None and start < num_steps:
    save(state)
  return state


def mean_metrics(rows: list[dict[str, Any]]) -> dict[str, float]:
  """The mean of each metric over steps, as Python floats.

  Counts so far are the last step's, maxima those of all steps.
  """
  rows = jax.device_get(rows)
  means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
  means.update({key: float(rows[-1][key]) for key in _RUNNING_COUNTS if key in means})
  means.update({key: float(max(row[key] for row in rows)) for key in _MAXIMA if key in means})
  return means


class GrpoUpdate(NamedTuple):
  """What turns the rows of an RL iteration into updates of the policy."""

  # (state, batch, ref_logp) -> (state, metrics), as of steps.make_grpo_step
  step_fn: Callable[[Any, Batch, jax.Array], tuple[Any, dict[str, jax.Array]]]
  logp_fn: Callable[[Any, Batch], jax.Array]  # (params, batch) -> float32[B, N], nats
  ref_params: Any  # the reference policy, for the KL term
  pack_rows: Callable[[Sequence[Row]], Batch]  # rows -> Batch of static shape
  batch_size: int  # rows of an update, of this process
  # batches of this process -> of all, the largest; every process takes part in every update
  num_batches_of_all: Callable[[int], int] = lambda num: num
  empty_row: Row | None = None  # for a batch to which this process has no rows

  def apply(self, state: Any, rows: Sequence[Row]) -> tuple[Any, dict[str, float]]:
    """One pass over the rows in batches of nearly equal size, filled up with empty rows.

    Args:
      state: TrainState.
      rows: with old_logp and advantage; may be empty (no group had spread): nothing is updated.
    Returns:
      (state, mean metrics of the updates and `num_updates`).
    """
    metrics = []
    num_batches = self.num_batches_of_all(-(-len(rows) // self.batch_size))
    for i in range(num_batches):
      chunk = list(rows[i * len(rows) // num_batches : (i + 1) * len(rows) // num_batches])
      first = chunk[0] if chunk else self.empty_row
      empty = Row(first.patches, first.prompt_ids, first.prompt_positions, responses=())
      batch = self.pack_rows(chunk + [empty] * (self.batch_size - len(chunk)))
      state, update = self.step_fn(state, batch, self.logp_fn(self.ref_params, batch))
      metrics.append(update)
    means = mean_metrics(metrics) if metrics else {}
    return state, {**means, "num_updates": float(len(metrics))}
