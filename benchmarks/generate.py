"""Our sampler against transformers' generate: decisions and tokens per second, greedy.

  python -m benchmarks.generate --quick

A decision is a prompt of a picture and text, and a response of a fixed number of tokens; both sides
must answer with the same ids. The floor of decoding is the time in which the weights and the cache
that a step reads could be copied through main memory.
"""

import argparse
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from benchmarks import command_line, flops, machine, sides, twins
from cross_jax.sampling import make_sampler

GOAL = 3.0  # at the largest batch
NEW_TOKENS = 32
_MAX_FIRST = 8  # batch up to which the first token is timed alone: it costs a whole prefill


def ours(work: twins.Work) -> Iterator[sides.Report]:
  """Our sampler, as a side: a whole response, and its first token alone."""
  command_line.prepare_process(work.device)
  prompt_len, _ = twins.lengths(work)
  params = twins.our_params(work)
  rows = twins.rows(work)
  arguments = jax.device_put((
    np.stack([row.patches for row in rows]),
    np.stack([row.prompt_ids for row in rows]),
    np.full(len(rows), prompt_len, np.int32),
    np.stack([row.prompt_positions for row in rows], axis=1),
    jax.random.split(jax.random.key(0), len(rows)),
  ))  # fmt: skip

  def make(num_tokens: int):
    sampler = make_sampler(
      work.config, twins.grids(work), max_prompt_len=prompt_len, max_new_tokens=num_tokens,
      num_samples=1, temperature=0.0, stop_ids=(),
    )  # fmt: skip
    return sampler.lower(params, *arguments).compile()

  start = time.perf_counter()
  whole, first = make(work.response_len), make(1)
  report = {"compile_s": time.perf_counter() - start, **command_line.our_device(work)}
  ids = np.asarray(whole(params, *arguments).ids[:, 0])
  jax.block_until_ready(first(params, *arguments))
  yield {**report, "ids": ids.tolist(), "copy_bytes_per_s": machine.copy_bytes_per_s()}
  while True:
    yield _measured(
      lambda n: jax.block_until_ready((first if n == 1 else whole)(params, *arguments)), work
    )


def peer(work: twins.Work, *, is_compiled: bool) -> Iterator[sides.Report]:
  """transformers' generate, as a side; compiled, with its static cache."""
  import torch
  import transformers

  command_line.prepare_process(work.device)
  model = twins.peer_model(work).eval()
  inputs = twins.peer_inputs(work, twins.rows(work))
  options = {}
  if is_compiled:
    options["cache_implementation"] = "static"
    options["compile_config"] = transformers.CompileConfig(fullgraph=False, mode="default")
    options["compile_config"]._compile_all_devices = True  # transformers' switch for a CPU

  def generate(num_tokens: int) -> np.ndarray:
    settings = transformers.GenerationConfig(
      max_new_tokens=num_tokens, do_sample=False, eos_token_id=None, pad_token_id=twins.PAD,
      **options,
    )  # fmt: skip
    with torch.inference_mode():
      out = model.generate(**inputs, generation_config=settings)
    return out[:, -num_tokens:].cpu().numpy()  # waits for the device

  start = time.perf_counter()
  ids = generate(work.response_len)
  report = {"first_call_s": time.perf_counter() - start, **command_line.peer_device(work)}
  generate(1)
  yield {**report, "ids": ids.tolist()}
  while True:
    yield _measured(generate, work)


def _measured(generate: Callable[[int], Any], work: twins.Work) -> sides.Report:
  """The times of a response and, up to a batch of _MAX_FIRST, of its first token alone."""
  report = machine.timed(lambda: generate(work.response_len))
  if work.num_prompts <= _MAX_FIRST:
    first = machine.timed(lambda: generate(1))
    report |= {f"first_token_{name}": seconds for name, seconds in first.items()}
  return report


def step_bytes(work: twins.Work) -> int:
  """Bytes that a step of decoding cannot but read: the decoder's weights and the mean cache."""
  c = work.config
  layer = 2 * c.width * (c.heads + c.kv_heads) * c.head_dim + 3 * c.width * c.mlp_width
  weights = c.depth * layer + c.width * c.vocab_size  # the embedding is read as the head
  prompt_len, _ = twins.lengths(work)
  tokens = work.num_prompts * (prompt_len + work.response_len / 2)
  cache = tokens * c.depth * 2 * c.kv_heads * c.head_dim
  return int((weights + cache) * np.dtype(jax.numpy.dtype(c.dtype)).itemsize)


def check_agreement(prepared: dict[str, sides.Report]) -> dict[str, Any]:
  """Whether all sides answer with the same ids.

  Raises:
    RuntimeError: an id differs: the times would say nothing.
  """
  expected = np.asarray(prepared["ours"]["ids"])
  for name, report in prepared.items():
    is_equal = np.asarray(report["ids"]) == expected
    if not is_equal.all():
      row, token = np.argwhere(~is_equal)[0]
      raise RuntimeError(
        f"{name} differs from ours in {(~is_equal.all(axis=1)).sum()} of {len(expected)} "
        f"responses, first in row {row} at token {token}: not the same work, nothing was timed"
      )
  return {"is_agreed": True, "ids": expected.size, "distinct_ids": len(np.unique(expected))}


def measure(work: twins.Work, repetitions: int, *, is_compiled: bool) -> dict[str, Any]:
  """Runs both sides at one batch size.

  Args:
    work: of both; the batch is its num_prompts.
    repetitions: measured ones per side.
    is_compiled: try the peer's static cache with torch.compile too.
  Returns:
    The result at this batch size.
  """
  running = {"ours": ours, "peer": functools.partial(peer, is_compiled=False)}
  if is_compiled:
    running["peer_compiled"] = functools.partial(peer, is_compiled=True)
  prepared, measured = sides.alternate(
    f"generate, batch {work.num_prompts}", running, work, repetitions, check=check_agreement
  )
  bandwidth = prepared["ours"]["copy_bytes_per_s"]
  num_bytes, result, medians = step_bytes(work), {}, {}
  batch_flops = work.num_prompts * flops.generation_flops(
    work.config, twins.grids(work)[0], twins.lengths(work)[0], work.response_len
  )
  for name, repeats in measured.items():
    times = [repeat["s"] for repeat in repeats]
    medians[name] = sides.summary(times)["median"]
    cpu = sides.summary([repeat["cpu_s"] for repeat in repeats])
    used = {"s": batch_flops / medians[name], "cpu_s": batch_flops / cpu["median"]}
    result[name] = {
      "decisions_per_s": sides.summary([work.num_prompts / t for t in times]),
      "tokens_per_s": sides.summary([work.num_prompts * work.response_len / t for t in times]),
      "response_cpu_s": cpu,
      **command_line.utilisation(used, prepared[name], prepared),
      **_decoding(repeats, work, num_bytes / bandwidth),
      **{key: value for key, value in prepared[name].items() if key != "ids"},
    }
  return {
    **command_line.headline(result, medians, "decisions_per_s", GOAL),
    "ratio_cpu_s": command_line.cpu_ratio(measured),
    "agreement": check_agreement(prepared),
    "step_bytes": num_bytes,
    "batch_flops": batch_flops,
    "copy_bytes_per_s": bandwidth,
    "sides": result,
  }


def _decoding(repeats: list[sides.Report], work: twins.Work, floor_s: float) -> dict[str, Any]:
  """Times of the first token and of a decoding step, where they were measured."""
  if "first_token_s" not in repeats[0]:
    return {}
  step_s, step_cpu_s = (
    sides.summary([(r[name] - r[f"first_token_{name}"]) / (work.response_len - 1) for r in repeats])
    for name in ("s", "cpu_s")
  )
  return {
    "first_token_s": sides.summary([repeat["first_token_s"] for repeat in repeats]),
    "decode_step_s": step_s,
    "decode_step_cpu_s": step_cpu_s,
    "share_of_floor": round(floor_s / step_s["median"], 3),
  }


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  return command_line.run("generate", __doc__, measure_sizes, argv, add_arguments=add_arguments)


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """The batch sizes."""
  parser.add_argument(
    "--batches", type=_at_least_one, nargs="+", metavar="B",
    help="prompts at a time, at least 1; the headline is that of the last; default 1 8 64, with "
    "--quick 1 8",
  )  # fmt: skip


def _at_least_one(text: str) -> int:
  number = int(text)
  if number < 1:
    raise argparse.ArgumentTypeError(f"{number}: must be at least 1")
  return number


def measure_sizes(options: command_line.Options) -> dict[str, Any]:
  """The result for the sizes that the command line asks for."""
  config = twins.quick() if options.is_quick else twins.small()
  batches = options.arguments.batches or ((1, 8) if options.is_quick else (1, 8, 64))
  results = {}
  with command_line.weights(config, options) as checkpoint:
    for batch in batches:
      work = twins.Work(
        checkpoint, options.cast(config), num_prompts=batch, num_text=300, num_responses=1,
        response_len=NEW_TOKENS, device=options.device,
      )  # fmt: skip
      results[batch] = measure(work, options.repetitions, is_compiled=not options.is_quick)
  largest = results[batches[-1]]
  names = ("ours", "peer", "ratio", "ratio_cpu_s", "goal", "is_goal_met", "fastest_peer")
  return {
    **{name: largest[name] for name in names},
    "unit": f"decisions/s at batch {batches[-1]}",
    "batches": results,
    "work": twins.described(work),
  }


if __name__ == "__main__":
  raise SystemExit(main())
