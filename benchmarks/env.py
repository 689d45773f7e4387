"""The embedded world against Craftax, Crafter and ViZDoom: steps per second with pictures.

  python -m benchmarks.env --quick

Random actions, a picture every tick. A side is as many processes as there are cores (2 at most),
each pinned to a core and of one thread; ours and Craftax's play 64 games in all, Crafter's and
ViZDoom's one game a process, as those libraries do. Sides prepare together, then take turns. Ours
is a mixture of all task families in `jax.lax.scan`, and always resets itself, from a pool of
prepared worlds. Craftax runs in a scan too: as it is, and with its own auto-reset, which makes a
world every tick. Crafter's resets are not counted. The ratios compare our 64x64 with Craftax
(63x63) and Crafter (64x64), our 160x120 with ViZDoom. `ours` and `ratio` are drawn by the native
renderer where it can be built, `ours_jax` and `ratio_jax` by the one in JAX, which --quick leaves
out if it need not stand in. Peers come with `pip install -e '.[bench-env]'`; what did not run is
null. The last line of stdout is the result as JSON.
"""

import argparse
import contextlib
import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import command_line, sides
from benchmarks.env_worker import SIZES, key_of
from cross_jax.envs.voxel.render.native import load_kernel
from cross_jax.envs.voxel.render.renderers import JAX, NATIVE

NAMES = tuple("{}x{}".format(*size) for size in SIZES)
PEERS = {  # our size that each is compared with, and the goal of the ratio
  "craftax": ("64x64", 2.0),
  "craftax_auto_reset": ("64x64", 15.0),
  "vizdoom": ("160x120", 0.6),
  "crafter": ("64x64", 20.0),
}
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false --xla_cpu_prefer_vector_width=512"
MIN_REPETITIONS = 3
FIRST, BOTH = "first", "both"  # besides the names of renderers
MAX_PROCESSES = 2
PATIENCE_S = 5.0  # with a process that is to end


class Work(NamedTuple):
  """What a side does."""

  games: int  # of ours and Craftax's, over all processes
  seconds: float  # of a repetition
  cores: tuple[int, ...]  # one process each; () for one process that is not pinned
  device: str  # "cpu" or "gpu": of ours and Craftax's
  cache_dir: str  # of compiled programs, empty at first
  renderers: tuple[str, ...]  # that draw ours, the one to be compared first


def side(work: Work, *, name: str) -> Iterator[sides.Report]:
  """The processes of a side: prepared at the same time, then repetitions at the same time."""
  on_cpu = work.device == "cpu" or name in ("crafter", "vizdoom")
  environ = os.environ | {"JAX_COMPILATION_CACHE_DIR": work.cache_dir}
  if on_cpu:
    environ |= {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": ONE_THREAD, "NPROC": "1"}
    environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
  cores = work.cores if on_cpu else (None,)
  if name.startswith("craftax"):
    cores = cores[::-1]  # the first process compiles: ours on the one core, Craftax's on the other
  processes, errors = [], []
  for index, core in enumerate(cores):
    games = work.games // len(cores)
    options = {"games": games, "core": core, "seconds": work.seconds, "index": index}
    if name == "ours":
      options["renderers"] = work.renderers
    command = [sys.executable, "-m", "benchmarks.env_worker", name, json.dumps(options)]
    errors.append(tempfile.TemporaryFile("w+"))
    pipe = subprocess.PIPE
    processes.append(
      subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, stderr=errors[-1], text=True)
    )

  def read(index: int) -> dict[str, Any]:
    line = processes[index].stdout.readline()
    if not line:
      errors[index].seek(0)
      code = processes[index].wait()
      raise RuntimeError(
        f"its process ended with exit code {code}:\n{errors[index].read()[-2000:]}"
      )
    return json.loads(line)

  try:
    yield {"processes": [read(index)["prepared"] for index in range(len(cores))]}
    while True:
      for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
      yield _joined([read(index) for index in range(len(cores))])
  finally:
    for process, error in zip(processes, errors):
      process.stdin.close()  # it ends by itself, and what it started (ViZDoom's engine) with it
      with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_S)
      process.kill()
      process.wait()
      process.stdout.close()
      error.close()


def _joined(reports: list[dict[str, Any]]) -> sides.Report:
  """The rates of processes that ran at the same time, by what they drew."""
  return {
    key: {
      "steps_per_s": sum(report[key]["steps"] / report[key]["s"] for report in reports),
      "steps_per_cpu_s": sum(report[key]["steps"] for report in reports)
      / sum(report[key]["cpu_s"] for report in reports),
      **{
        extra: sum(report[key][extra] for report in reports)
        / sum(report[key]["steps"] for report in reports)
        for extra in ("resets", "gui_open")
        if extra in reports[0][key]
      },
    }
    for key in reports[0]
  }


def installed() -> tuple[list[str], dict[str, str]]:
  """(peers that can run, why the others can't)."""
  able, missing = [], {}
  for name in PEERS:
    package = name.partition("_")[0]
    if importlib.util.find_spec(package) is None:
      missing[name] = f"{package} is not installed: pip install -e '.[bench-env]'"
    else:
      able.append(name)
  return able, missing


def usable_renderers(wanted: str, device: str) -> tuple[tuple[str, ...], str]:
  """(renderers that are to draw ours and can, the one to be compared first; why native can't).

  Args:
    wanted: "jax", "native", "both", or "first": native, or jax where that can't be built.
    device: "cpu" or "gpu".
  Raises:
    RuntimeError: "native", and it can't be built, or not for this device.
  """
  if wanted == JAX:
    return (JAX,), ""
  why_not = "" if device == "cpu" else f"the native renderer is for CPUs, not for {device}"
  if not why_not:
    try:
      load_kernel()
    except RuntimeError as error:
      why_not = str(error)
  if why_not and wanted == NATIVE:
    raise RuntimeError(why_not)
  if why_not:
    return (JAX,), why_not
  return (NATIVE, JAX) if wanted == BOTH else (NATIVE,), ""


def measure(options: command_line.Options) -> dict[str, Any]:
  """Runs all sides; see the module's docstring."""
  repetitions = max(options.repetitions, MIN_REPETITIONS)
  cores = tuple(sorted(os.sched_getaffinity(0)))[:MAX_PROCESSES]
  able, missing = installed()
  renderers, why_not = usable_renderers(options.arguments.renderer, options.device)
  if why_not:
    missing["native"] = why_not
  for name, reason in missing.items():
    sides.CONSOLE.print(f"{name} is left out: {reason}")
  with tempfile.TemporaryDirectory(prefix="cross_jax_benchmark_") as cache_dir:
    games, seconds = options.arguments.games, options.arguments.seconds
    if games % len(cores):
      raise RuntimeError(f"--games {games}: must be a multiple of the {len(cores)} processes")
    work = Work(games, seconds, cores, options.device, cache_dir, renderers)
    running = {name: functools.partial(side, name=name) for name in ("ours", *able)}
    prepared, measured = sides.alternate(
      "env", running, work, repetitions, is_prepared_together=True
    )
  what = _what_it_did(work, repetitions)
  return summary(prepared, measured, missing, renderers) | {
    "games": games,
    "seconds": seconds,
    "did": what,
  }


def _what_it_did(work: Work, repetitions: int) -> dict[str, str]:
  """What the numbers are of, in words."""
  where = f"{len(work.cores)} processes, one thread and one core each, on {work.device}"
  return {
    "numbers": f"steps/s with a picture of every game each tick, summed over {where}; medians of "
    f"{repetitions} repetitions of {work.seconds:g} s, sides and sizes in turn",
    "ours": f"{work.games} games of all task families in equal shares in lax.scan, auto-reset from "
    "a pool of prepared worlds included; random buttons and turns (env_worker.ours); ours_jax is "
    "drawn by the renderer in JAX, ours by the one named under renderer",
    "craftax": f"Craftax-Classic-Pixels, {work.games} games in lax.scan, 63x63, random actions; "
    "without auto-reset, and craftax_auto_reset with its own, which makes a world every tick",
    "crafter": "a game a process, 64x64, random actions, the time of its resets not counted",
    "vizdoom": "a game a process, basic scenario, 160x120 RGB, random buttons, new episodes "
    "included",
    "preparation": "all sides at the same time, so a process shares its core while it compiles "
    "(cpu_s is its own); of processes with the same program one compiles, the others load that",
  }


def summary(
  prepared: Mapping[str, sides.Report],
  measured: Mapping[str, list[sides.Report]],
  missing: Mapping[str, str],
  renderers: Sequence[str],
) -> dict[str, Any]:
  """The result of all repetitions.

  Args:
    prepared: side -> report of its preparation.
    measured: side -> reports of its repetitions, the rates under the size (peers: under "").
    missing: peer or renderer -> why it didn't run.
    renderers: that drew ours, the one to be compared first.
  Returns:
    ours, peers, ratio: medians, steps per second, ours by the native renderer where it draws;
    ours_jax, ratio_jax: by the one in JAX; then the details and the goals.
  """
  rates = lambda name, key, unit: sides.summary([report[key][unit] for report in measured[name]])
  peers: dict[str, float | None] = dict.fromkeys(PEERS)
  peers |= {n: rates(n, "", "steps_per_s")["median"] for n in measured if n in PEERS}
  best = renderers[0]

  def ratios(renderer: str, unit: str) -> dict[str, float | None]:
    """Ours to the peers that ran."""
    out: dict[str, float | None] = dict.fromkeys(PEERS)
    for name in set(PEERS) & set(measured):
      size, _ = PEERS[name]
      own, other = rates("ours", key_of(renderer, size), unit), rates(name, "", unit)
      out[name] = round(own["median"] / other["median"], 3)
    return out

  def speeds(renderer: str) -> dict[str, float]:
    return {size: rates("ours", key_of(renderer, size), "steps_per_s")["median"] for size in NAMES}

  details = {
    name: {
      "prepared": prepared[name]["processes"],
      **{key or "all": _spread([report[key] for report in reports]) for key in reports[0]},
    }
    for name, reports in measured.items()
  }
  return {
    "ours": speeds(best),
    "peers": peers,
    "ratio": ratios(best, "steps_per_s"),
    "ratio_by_cpu_s": ratios(best, "steps_per_cpu_s"),
    "ours_jax": speeds(JAX) if JAX in renderers else None,
    "ratio_jax": ratios(JAX, "steps_per_s") if JAX in renderers else None,
    "renderer": best,
    "goals": {name: goal for name, (_, goal) in PEERS.items()},
    "missing": dict(missing),
    "sides": details,
  }


def _spread(reports: list[dict[str, float]]) -> dict[str, Any]:
  """Median and spread of the rates, mean of the shares."""
  values = {unit: [report[unit] for report in reports] for unit in reports[0]}
  return {
    unit: sides.summary(many) if unit.startswith("steps") else sum(many) / len(many)
    for unit, many in values.items()
  }


def _add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument("--games", type=int, default=64, help="of ours and Craftax's; default 64")
  parser.add_argument(
    "--seconds", type=float, default=None, help="of a repetition; default 4, with --quick 1"
  )
  parser.add_argument(
    "--renderer",
    choices=(NATIVE, JAX, BOTH),
    default=None,
    help="that draws ours; default both, with --quick native, or jax where that can't be built",
  )


def _measure(options: command_line.Options) -> dict[str, Any]:
  if options.arguments.seconds is None:
    options.arguments.seconds = 1.0 if options.is_quick else 4.0
  options.arguments.renderer = options.arguments.renderer or (FIRST if options.is_quick else BOTH)
  return measure(options)


def main(argv: list[str] | None = None) -> int:
  """Command line; `argv` None: that of the process."""
  return command_line.run(
    "env",
    __doc__,
    _measure,
    argv,
    add_arguments=_add_arguments,
    quick_repetitions=MIN_REPETITIONS,  # Crafter's resets, not counted, take longer than its steps
  )


if __name__ == "__main__":
  raise SystemExit(main())
