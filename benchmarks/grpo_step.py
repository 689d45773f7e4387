"""Our GRPO update against TRL's on the same arrays: time and peak memory.

  python -m benchmarks.grpo_step --quick

An update is: log-probabilities under the reference, the clipped objective with the k3 penalty,
backward, clipping by global norm, AdamW. The peer is TRL's own `GRPOTrainer._compute_loss`, called
with arrays in place of a data set (a trainer wants text and a processor): as TRL runs it, and
without its gradient checkpointing and its fused head (logits of the response tokens at once), the
faster way where there is no Triton. The faster one counts for time, and its peak for memory.
Responses to one prompt share its row on our side; `ours_unshared` has a row per response, as TRL.
"""

import dataclasses
import functools
import time
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import command_line, grpo_peer, machine, peak_memory, sides, twins
from benchmarks.grpo_arrays import CLIP, KL_COEF, WARMUP_STEPS, advantages, off_policy
from benchmarks.sft_step import MAX_GRAD_NORM, OPTIMIZER, TOLERANCE, check_agreement
from cross_jax.models.qwen2_vl.forward import response_logp
from cross_jax.optim import make_optimizer
from cross_jax.rollout.packing import Row, pack
from cross_jax.steps import init_state, make_grpo_step, make_logp_fn

GOAL, MEMORY_GOAL = 1.5, 0.5


def our_rows(work: twins.Work, *, is_shared: bool) -> list[Row]:
  """Rows whose old_logp still lacks the reference's log-probabilities."""
  made = [
    row._replace(old_logp=list(noise), advantage=[float(a) for a in advantage])
    for row, noise, advantage in zip(twins.rows(work), off_policy(work), advantages(work))
  ]
  if is_shared:
    return made
  return [
    row._replace(responses=[r], old_logp=[o], advantage=[a])
    for row in made
    for r, o, a in zip(row.responses, row.old_logp, row.advantage)
  ]


def ours(work: twins.Work, *, is_shared: bool) -> Iterator[sides.Report]:
  """Our step, as a side.

  Args:
    work: of both sides.
    is_shared: responses to one prompt share its row.
  """
  command_line.prepare_process(work.device, is_memory_kept=False)
  # For memory: layers in a loop that keep their input alone, and an update in place.
  config = dataclasses.replace(work.config, is_scanned=True, remat="full")
  grids = twins.grids(work)
  optimizer, _ = make_optimizer(
    **OPTIMIZER, max_grad_norm=MAX_GRAD_NORM, warmup_steps=0, total_steps=10**6, end_lr_ratio=1.0,
    is_in_place=True,
  )  # fmt: skip
  rows = our_rows(work, is_shared=is_shared)
  num_targets = len(rows[0].responses) * work.response_len
  max_len = twins.lengths(work)[0] + num_targets
  batch = jax.device_put(pack(rows, max_len=max_len, max_targets=num_targets, pad_id=twins.PAD))
  logp = lambda params, batch: response_logp(params, config, batch, grids)
  logp_fn = make_logp_fn(logp)
  step = make_grpo_step(
    logp, optimizer, clip_low=CLIP, clip_high=CLIP, clip_floor=None, kl_coef=KL_COEF,
    is_in_place=True,
  )  # fmt: skip
  reference = twins.our_params(work)
  policy = jax.tree.map(jnp.copy, reference)
  memory = peak_memory.OurMemory(work.device)  # policy and reference are loaded, nothing else
  state = init_state(policy, optimizer, jax.random.key(0))
  del policy  # the state has copied it
  report = command_line.our_device(work) | {"is_scanned": True, "remat": config.remat}
  start = time.perf_counter()
  compiled_logp = logp_fn.lower(reference, batch).compile()
  compiled_step = step.lower(state, batch, batch.old_logp).compile()
  report["compile_s"] = time.perf_counter() - start
  report["compile_peak_mib_over_weights"] = round(memory.peak_bytes() / 2**20, 1)
  report["temporary_mib"] = round(compiled_step.memory_analysis().temp_size_in_bytes / 2**20, 1)
  memory.reset_peak()
  batch = batch._replace(old_logp=batch.old_logp + compiled_logp(reference, batch))
  losses = []
  for _ in range(WARMUP_STEPS):
    state, metrics = compiled_step(state, batch, compiled_logp(reference, batch))
    losses.append(float(metrics["loss"]))
  yield {**report, "losses": losses, "kl": float(metrics["kl"]), "peak_bytes": memory.peak_bytes()}

  def update():
    nonlocal state
    state, metrics = compiled_step(state, batch, compiled_logp(reference, batch))
    jax.block_until_ready((state, metrics))

  while True:
    yield {**machine.timed(update), "peak_bytes": memory.peak_bytes()}


def measure(work: twins.Work, repetitions: int) -> dict[str, Any]:
  """Runs all sides.

  Args:
    work: of all.
    repetitions: measured updates per side.
  Returns:
    The result, without what `command_line.run` adds.
  """
  running = {
    "ours": functools.partial(ours, is_shared=True),
    "ours_unshared": functools.partial(ours, is_shared=False),
    "peer_trl": functools.partial(grpo_peer.peer, is_checkpointed=True, is_fused=True),
    "peer_response_logits": functools.partial(
      grpo_peer.peer, is_checkpointed=False, is_fused=False
    ),
  }
  tolerance = TOLERANCE if work.config.dtype == "float32" else 10 * TOLERANCE
  prepared, measured = sides.alternate(
    "grpo_step", running, work, repetitions,
    check=lambda prepared: check_agreement(prepared, tolerance),
  )  # fmt: skip
  result, medians, peaks = {}, {}, {}
  for name, repeats in measured.items():
    seconds = sides.summary([repeat["s"] for repeat in repeats])
    medians[name] = seconds["median"]
    peaks[name] = max(repeat["peak_bytes"] for repeat in repeats)
    result[name] = {
      "update_s": seconds,
      "update_cpu_s": sides.summary([repeat["cpu_s"] for repeat in repeats]),
      "peak_mib_over_weights": round(peaks[name] / 2**20, 1),
      **{k: v for k, v in prepared[name].items() if k not in ("losses", "peak_bytes")},
    }
  best = sides.fastest({name: s for name, s in medians.items() if name.startswith("peer")})
  least = min(bytes_ for name, bytes_ in peaks.items() if name.startswith("peer"))
  memory_ratio = round(peaks["ours"] / peaks[best], 3)
  return {
    "ours": medians["ours"],
    "peer": medians[best],
    "ratio": round(medians[best] / medians["ours"], 3),
    "ratio_cpu_s": command_line.cpu_ratio(measured),
    "ratio_unshared": round(medians[best] / medians["ours_unshared"], 3),
    "goal": GOAL,
    "is_goal_met": medians[best] >= GOAL * medians["ours"],
    "fastest_peer": best,
    "unit": "s per update, reference log-probabilities included",
    "memory_ratio": memory_ratio,
    "memory_ratio_to_least_peer": round(peaks["ours"] / least, 3),
    "memory_goal": MEMORY_GOAL,
    "is_memory_goal_met": memory_ratio <= MEMORY_GOAL,
    "agreement": check_agreement(prepared, tolerance),
    "sides": result,
    "work": twins.described(work),
  }


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  return command_line.run("grpo_step", __doc__, measure_sizes, argv)


def measure_sizes(options: command_line.Options) -> dict[str, Any]:
  """The result for the size that the command line asks for."""
  config = twins.quick() if options.is_quick else twins.small()
  with command_line.weights(config, options) as checkpoint:
    work = twins.Work(
      checkpoint, options.cast(config), num_prompts=1, num_text=300,
      num_responses=4, response_len=32 if options.is_quick else 64,
      device=options.device,
    )  # fmt: skip
    return measure(work, options.repetitions)


if __name__ == "__main__":
  raise SystemExit(main())
