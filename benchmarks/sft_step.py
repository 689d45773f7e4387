"""Our SFT step against transformers and torch: tokens per second of the same update.

  python -m benchmarks.sft_step --quick

Forward, backward, clipping by global norm and AdamW, on rows of a picture, a prompt and a response.
The peer runs in three ways, and the fastest one counts: logits of all tokens (as transformers'
Trainer asks for them), logits of the response tokens only, and the latter through torch.compile.
"""

import functools
import time
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from benchmarks import command_line, flops, machine, sides, twins
from cross_jax.models.qwen2_vl.forward import response_logp
from cross_jax.optim import make_optimizer
from cross_jax.rollout.packing import pack
from cross_jax.steps import init_state, make_sft_step

GOAL = 1.3
TOLERANCE = 1e-3  # of losses, nats per token
WARMUP_STEPS = 3  # whose losses must agree: the later ones see the earlier updates
OPTIMIZER = {"learning_rate": 1e-4, "b1": 0.9, "b2": 0.95, "weight_decay": 0.05}
MAX_GRAD_NORM = 1.0


def ours(work: twins.Work) -> Iterator[sides.Report]:
  """Our step, as a side."""
  command_line.prepare_process(work.device)
  config, grids = work.config, twins.grids(work)
  optimizer, _ = make_optimizer(
    **OPTIMIZER, max_grad_norm=MAX_GRAD_NORM, warmup_steps=0, total_steps=10**6, end_lr_ratio=1.0
  )
  state = init_state(twins.our_params(work), optimizer, jax.random.key(0))
  batch = jax.device_put(our_batch(work))
  step = make_sft_step(lambda p, batch: response_logp(p, config, batch, grids), optimizer)
  start = time.perf_counter()
  compiled = step.lower(state, batch).compile()
  report = {"compile_s": time.perf_counter() - start, **command_line.our_device(work)}
  losses = []
  for _ in range(WARMUP_STEPS):
    state, metrics = compiled(state, batch)
    losses.append(float(metrics["loss"]))
  yield {**report, "losses": losses}

  def update():
    nonlocal state
    state, metrics = compiled(state, batch)
    jax.block_until_ready((state, metrics))

  while True:
    yield machine.timed(update)


def our_batch(work: twins.Work):
  """One packed row per prompt."""
  prompt_len, _ = twins.lengths(work)
  num_targets = work.num_responses * work.response_len
  return pack(
    twins.rows(work), max_len=prompt_len + num_targets, max_targets=num_targets, pad_id=twins.PAD
  )


def peer(work: twins.Work, *, is_cut: bool, is_compiled: bool) -> Iterator[sides.Report]:
  """transformers and torch, as a side.

  Args:
    work: of both sides.
    is_cut: logits of the response tokens only.
    is_compiled: torch.compile around the model.
  """
  import torch

  command_line.prepare_process(work.device)
  model = twins.peer_model(work).train()
  optimizer = peer_optimizer(model)
  rows = twins.rows(work)
  responses = np.stack([row.responses[0] for row in rows])
  inputs = twins.peer_inputs(work, rows, responses)
  labels = inputs["input_ids"].clone()
  labels[:, : -work.response_len] = -100
  if is_cut:  # one more: the last prompt token predicts the first response token
    labels = labels[:, -work.response_len - 1 :]
    inputs["logits_to_keep"] = work.response_len + 1
  run = torch.compile(model) if is_compiled else model

  def step() -> float:
    optimizer.zero_grad(set_to_none=True)
    loss = run(**inputs, labels=labels, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
    optimizer.step()
    return loss.item()  # waits for the device

  start = time.perf_counter()
  losses = [step()]
  report = {"first_step_s": time.perf_counter() - start, **command_line.peer_device(work)}
  losses += [step() for _ in range(WARMUP_STEPS - 1)]
  yield {**report, "losses": losses}
  while True:
    yield machine.timed(step)


def peer_optimizer(model: Any) -> Any:
  """torch's fused AdamW with our rule of what decays."""
  import torch

  decayed = [p for p in model.parameters() if p.ndim >= 2]
  others = [p for p in model.parameters() if p.ndim < 2]
  groups = [{"params": decayed}, {"params": others, "weight_decay": 0.0}]
  numbers = {"lr": OPTIMIZER["learning_rate"], "weight_decay": OPTIMIZER["weight_decay"]}
  betas = (OPTIMIZER["b1"], OPTIMIZER["b2"])
  return torch.optim.AdamW(groups, betas=betas, eps=1e-8, fused=True, **numbers)


def check_agreement(prepared: dict[str, sides.Report], tolerance: float) -> dict[str, Any]:
  """What the sides' first losses have in common.

  Raises:
    RuntimeError: a loss differs by more than `tolerance` from ours: the times would say nothing.
  """
  expected = prepared["ours"]["losses"]
  differences = {
    name: max(abs(a - b) for a, b in zip(report["losses"], expected))
    for name, report in prepared.items()
    if name != "ours"
  }
  for name, difference in differences.items():
    if not difference <= tolerance:
      raise RuntimeError(
        f"losses of {name} {prepared[name]['losses']} differ from ours {expected} by up to "
        f"{difference:.2g}, over {tolerance:g}: not the same work, nothing was timed"
      )
  return {"is_agreed": True, "tolerance": tolerance, "losses": expected,
          "largest_difference": differences}  # fmt: skip


def measure(work: twins.Work, repetitions: int, *, is_compiled: bool) -> dict[str, Any]:
  """Runs both sides.

  Args:
    work: of both; one response per prompt.
    repetitions: measured steps per side.
    is_compiled: try the peer with torch.compile too.
  Returns:
    The result, without what `command_line.run` adds.
  """
  running = {
    "ours": ours,
    "peer_all_logits": functools.partial(peer, is_cut=False, is_compiled=False),
    "peer_response_logits": functools.partial(peer, is_cut=True, is_compiled=False),
  }
  if is_compiled:
    running["peer_compiled"] = functools.partial(peer, is_cut=True, is_compiled=True)
  tolerance = TOLERANCE if work.config.dtype == "float32" else 10 * TOLERANCE
  prepared, measured = sides.alternate(
    "sft_step", running, work, repetitions,
    check=lambda prepared: check_agreement(prepared, tolerance),
  )  # fmt: skip
  prompt_len, _ = twins.lengths(work)
  num_tokens = work.num_prompts * (prompt_len + work.response_len)
  row_flops = flops.training_flops(work.config, twins.grids(work)[0], prompt_len, work.response_len)
  step_flops = work.num_prompts * row_flops
  result, medians = {}, {}
  for name, repeats in measured.items():
    times, report = [repeat["s"] for repeat in repeats], prepared[name]
    medians[name] = sides.summary(times)["median"]
    cpu = sides.summary([repeat["cpu_s"] for repeat in repeats])
    used = {"s": step_flops / medians[name], "cpu_s": step_flops / cpu["median"]}
    result[name] = {
      "step_s": sides.summary(times),
      "step_cpu_s": cpu,
      "tokens_per_s": sides.summary([num_tokens / t for t in times]),
      **command_line.utilisation(used, report, prepared),
      **{key: value for key, value in report.items() if key != "losses"},
    }
  return {
    **command_line.headline(result, medians, "tokens_per_s", GOAL),
    "ratio_cpu_s": command_line.cpu_ratio(measured),
    "unit": "tokens/s (prompt, image and response tokens)",
    "agreement": check_agreement(prepared, tolerance),
    "step_flops": step_flops,
    "sides": result,
    "work": twins.described(work),
  }


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  return command_line.run("sft_step", __doc__, measure_sizes, argv)


def measure_sizes(options: command_line.Options) -> dict[str, Any]:
  """The result for the size that the command line asks for."""
  config = twins.quick() if options.is_quick else twins.small()
  with command_line.weights(config, options) as checkpoint:
    work = twins.Work(
      checkpoint, options.cast(config), num_prompts=2, num_text=300, num_responses=1,
      response_len=64, device=options.device,
    )  # fmt: skip
    return measure(work, options.repetitions, is_compiled=not options.is_quick)


if __name__ == "__main__":
  raise SystemExit(main())
