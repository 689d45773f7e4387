"""What the benchmarks' command lines share: options, the temporary weights, the printed line."""

import argparse
import contextlib
import dataclasses
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax

from benchmarks import machine, sides, twins
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from experiments.build import keep_freed_memory

REPETITIONS = 5


@dataclasses.dataclass(frozen=True)
class Options:
  """Of a benchmark's command line."""

  is_quick: bool
  repetitions: int
  device: str  # "cpu" or "gpu"
  arguments: argparse.Namespace  # all of them, the benchmark's own too

  def cast(self, config: Qwen2VLConfig) -> Qwen2VLConfig:
    """The config in the device's dtype."""
    dtype = "bfloat16" if self.device == "gpu" else "float32"
    return dataclasses.replace(config, dtype=dtype, param_dtype=dtype)


def run(
  name: str,
  description: str,
  measure: Callable[[Options], dict[str, Any]],
  argv: list[str] | None,
  *,
  add_arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
  quick_repetitions: int = REPETITIONS,
) -> int:
  """Parses the options, measures, prints the result as the last line of stdout.

  Args:
    name: of the benchmark.
    description: its module's docstring.
    measure: options -> the result.
    argv: arguments; None for those of the process.
    add_arguments: adds the benchmark's own.
    quick_repetitions: with --quick, unless given.
  Returns:
    Exit status: 1 if a side failed or the sides do not agree.
  """
  parser = argparse.ArgumentParser(
    prog=f"python -m benchmarks.{name}",
    description=description,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--quick", action="store_true", help="a small size: under 3 minutes")
  few = f", with --quick {quick_repetitions}" if quick_repetitions != REPETITIONS else ""
  parser.add_argument(
    "--repetitions", type=int, metavar="N", help=f"measured per side; default {REPETITIONS}{few}"
  )
  parser.add_argument(
    "--device", choices=("auto", "cpu", "gpu"), default="auto",
    help="auto: the GPU, in bfloat16, where the machine has one, else the CPU, in float32",
  )  # fmt: skip
  parser.add_argument("--out", type=Path, metavar="FILE", help="also write the result here")
  add_arguments(parser)
  arguments = parser.parse_args(argv)
  if arguments.repetitions is None:
    arguments.repetitions = quick_repetitions if arguments.quick else REPETITIONS
  if arguments.repetitions < 1:
    parser.error(f"--repetitions {arguments.repetitions}: must be at least 1")
  device = arguments.device
  if device == "auto":
    device = "gpu" if shutil.which("nvidia-smi") else "cpu"
  jax.config.update("jax_platforms", "cpu")  # of this process: the sides have their own
  load, start = machine.load_average(), time.perf_counter()
  try:
    measured = measure(Options(arguments.quick, arguments.repetitions, device, arguments))
  except (RuntimeError, ImportError) as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  result = {
    "benchmark": name,
    **measured,
    "is_quick": arguments.quick,
    "repetitions": arguments.repetitions,
    "machine": machine.machine(),
    "load_average": {"before": load, "after": machine.load_average()},
    "wall_s": round(time.perf_counter() - start, 1),
  }
  if arguments.out:
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
  print(json.dumps(result))
  return 0


@contextlib.contextmanager
def weights(config: Qwen2VLConfig, options: Options) -> Iterator[str]:
  """A folder with random weights of a config, gone afterwards."""
  with tempfile.TemporaryDirectory(prefix="cross_jax_benchmark_") as directory:
    folder = Path(directory) / "hf"
    twins.write_weights(folder, options.cast(config))
    yield str(folder)


def headline(
  result: Mapping[str, Any], times: Mapping[str, float], rate: str, goal: float
) -> dict[str, Any]:
  """ours, peer and ratio of a result, the fastest peer counting.

  Args:
    result: side -> what was measured, with a summary called `rate`.
    times: side -> median seconds.
    rate: name of the number to report, larger is better.
    goal: of the ratio.
  """
  best = sides.fastest({name: s for name, s in times.items() if name != "ours"})
  ratio = round(times[best] / times["ours"], 3)
  return {
    "ours": result["ours"][rate]["median"],
    "peer": result[best][rate]["median"],
    "ratio": ratio,
    "goal": goal,
    "is_goal_met": ratio >= goal,
    "fastest_peer": best,
  }


def cpu_ratio(measured: Mapping[str, list[sides.Report]]) -> float:
  """The ratio by seconds on cores, the peer that takes the fewest counting."""
  medians = {
    name: sides.summary([repeat["cpu_s"] for repeat in repeats])["median"]
    for name, repeats in measured.items()
  }
  best = min(seconds for name, seconds in medians.items() if name.startswith("peer"))
  return round(best / medians["ours"], 3)


def utilisation(
  used: Mapping[str, float], own: sides.Report, prepared: Mapping[str, sides.Report]
) -> dict[str, float]:
  """Shares of the measured matrix-product rates: of the side's own library, and of the best one.

  Args:
    used: {"s", "cpu_s"} -> FLOP per second on the clock, and of a core.
    own: report of the side's preparation.
    prepared: those of all sides.
  """
  shares = {}
  for unit, suffix in (("s", ""), ("cpu_s", "_by_cpu_s")):
    key = f"matmul_flops_per_{unit}"
    best = max(report[key] for report in prepared.values())
    shares[f"mfu_of_own_matmul{suffix}"] = round(used[unit] / own[key], 3)
    shares[f"mfu_of_best_matmul{suffix}"] = round(used[unit] / best, 3)
  return shares


def prepare_process(device: str, *, is_memory_kept: bool = True) -> None:
  """Settings of a side's process, the same for all.

  Args:
    device: "cpu" or "gpu".
    is_memory_kept: malloc keeps what is freed, which is faster; not where memory is measured: there
      what is freed goes back at once, so that the resident size is what is held.
  """
  if is_memory_kept:
    keep_freed_memory()
  else:
    machine.return_freed_memory()
  if device == "cpu":
    jax.config.update("jax_platforms", "cpu")


def our_device(work: twins.Work) -> dict[str, Any]:
  """The device and the best matrix product of JAX there.

  Raises:
    RuntimeError: JAX does not see the device.
  """
  device = jax.devices()[0]
  if device.platform != work.device:
    raise RuntimeError(
      f"JAX has {device.platform}, not {work.device}: give --device, or install jax[cuda12]"
    )
  multiply = jax.jit(lambda a, b: a @ b)
  put = lambda a: jax.device_put(a.astype(work.config.dtype))
  rates = machine.matmul_rates(lambda a, b: multiply(a, b).block_until_ready(), put)
  return {"device_kind": device.device_kind, **rates}


def peer_device(work: twins.Work) -> dict[str, Any]:
  """The device and the best matrix product of torch there."""
  import torch

  name = twins.peer_device(work)

  def multiply(a, b):
    product = a @ b
    if name == "cuda":
      torch.cuda.synchronize()
    return product

  dtype = getattr(torch, work.config.dtype)
  rates = machine.matmul_rates(multiply, lambda a: torch.from_numpy(a).to(name, dtype))
  kind = torch.cuda.get_device_name() if name == "cuda" else "cpu"
  return {"device_kind": kind, "threads": torch.get_num_threads(), **rates}
