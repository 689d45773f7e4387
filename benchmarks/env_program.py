"""A tick of the world with its picture as a program for an H100, compiled without one.

  python -m benchmarks.env_program --games 4096

Counts what one tick of all games starts on the device and what it reads and writes, and ESTIMATES
from that the steps per second. Nothing of it is measured on a GPU. The GPU's compiler comes with
`pip install jax-cuda12-plugin==V jax-cuda12-pjrt==V nvidia-cuda-nvcc-cu12 nvidia-nvjitlink-cu12`, V
the version of jax; no driver and no GPU are needed. How often the loops turn that end when no game
has anything left to do is counted here on the CPU, in SAMPLE_GAMES games of all families in the
same layout; with more games the slowest of them is slower. The last line of stdout is the result
as JSON.
"""

import argparse
import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import hlo, hlo_costs, machine
from benchmarks.env_worker import TURN_DEG, mixture, press_shares
from cross_jax.base import NUM_BUTTONS, RawAction, View
from cross_jax.envs.voxel import functional
from cross_jax.envs.voxel.batch_layout import TOGETHER, batch_layout
from cross_jax.envs.voxel.render import render_batch
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.step import step_batch

SAMPLE_GAMES, WARM_TICKS, SAMPLE_TICKS = 64, 30, 10
# An NVIDIA H100 SXM, and what starting a kernel and asking the host about a loop take at least.
BYTES_PER_S, KERNEL_S, TURN_S = 3.35e12, 3e-6, 15e-6
TARGET = r"""
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152
  shared_memory_per_core: 233472 threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  memory_bandwidth: 3352320000000 l2_cache_size: 52428800 clock_rate_ghz: 1.98
  device_memory_size: 84978434048 shared_memory_per_block_optin: 232448
  cuda_compute_capability { major: 9 minor: 0 feature_extension: ACCELERATED_FEATURES }
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
}
platform_name: "CUDA" dnn_version_info { major: 9 minor: 8 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""


def tick(states: State, actions: RawAction, active: jax.Array, *, view: View):
  """One tick of all games, then their pictures."""
  states, reward, is_over = step_batch(states, actions, active)
  return states, reward, is_over, render_batch(states, (view,))


@contextmanager
def numbered_loops(on_turns: Callable[[int, int], None] | None = None) -> Iterator[None]:
  """Gives each `jax.lax.while_loop` that is traced a number: its operations are named "loop7_".

  Args:
    on_turns: if given, called with (number, turns) each time that a loop has ended.
  """
  numbers, plain = itertools.count(), jax.lax.while_loop

  def while_loop(cond_fun, body_fun, init_val):
    number = next(numbers)
    with jax.named_scope(f"loop{number}_"):
      if on_turns is None:
        return plain(cond_fun, body_fun, init_val)
      counted = lambda carry: (body_fun(carry[0]), carry[1] + 1)
      value, turns = plain(lambda carry: cond_fun(carry[0]), counted, (init_val, jnp.int32(0)))
    jax.debug.callback(lambda turns: on_turns(number, int(turns)), turns)
    return value

  with mock.patch.object(jax.lax, "while_loop", while_loop):
    yield


def loop_turns(view: View) -> dict[int, float]:
  """Turns of each numbered loop in games under way: the most of a tick, in the mean of ticks."""
  pool = functional.make_pool(mixture(SAMPLE_GAMES, 0), range(SAMPLE_GAMES))
  share = np.asarray(press_shares())
  rng, active = np.random.default_rng(0), jnp.ones(SAMPLE_GAMES, bool)
  ticks: list[dict[int, int]] = []

  def on_turns(number: int, turns: int) -> None:
    ticks[-1][number] = max(turns, ticks[-1].get(number, 0))

  with batch_layout(TOGETHER), numbered_loops(on_turns):
    run = jax.jit(lambda *inputs: tick(*inputs, view=view))
    states = pool.games
    for _ in range(WARM_TICKS + SAMPLE_TICKS):
      ticks.append({})
      buttons = (rng.random((SAMPLE_GAMES, NUM_BUTTONS)) < share).astype(np.int8)
      turn = rng.normal(0, TURN_DEG, (SAMPLE_GAMES, 2)).astype(np.float32)
      states, *_ = run(states, RawAction(buttons, turn), active)
      jax.effects_barrier()
  last = ticks[-SAMPLE_TICKS:]
  numbers = sorted(set().union(*last))
  return {n: sum(seen.get(n, 0) for seen in last) / SAMPLE_TICKS for n in numbers}


def compile_tick(num_games: int, view: View) -> Any:
  """`tick` compiled for an H100.

  Raises:
    RuntimeError: no compiler for GPUs is installed.
  """
  from jax.experimental import topologies
  from jax.sharding import SingleDeviceSharding

  try:
    topology = topologies.get_topology_desc(
      "1x1x1", platform="cuda", target_config=TARGET, topology="1x1x1"
    )
  except Exception as error:
    raise RuntimeError(f"no compiler for GPUs ({error}): see the module's docstring") from error
  sharding = SingleDeviceSharding(topology.devices[0])
  one = jax.eval_shape(lambda: functional.make_pool(["mine_block:oak_log"], [0]).games)
  spread = lambda shape, dtype: jax.ShapeDtypeStruct((num_games, *shape), dtype, sharding=sharding)
  states = jax.tree.map(lambda a: spread(a.shape[1:], a.dtype), one)
  actions = RawAction(spread((NUM_BUTTONS,), jnp.int8), spread((2,), jnp.float32))
  with batch_layout(TOGETHER), numbered_loops():
    run = jax.jit(lambda *inputs: tick(*inputs, view=view), donate_argnums=0)
    traced = run.trace(states, actions, spread((), jnp.bool_))
    return traced.lower(lowering_platforms=("cuda",)).compile()


def measure(num_games: int, view: View, turns: dict[int, float]) -> dict[str, Any]:
  """What one tick of so many games is for an H100; see the module's docstring."""
  start = time.process_time()
  compiled = compile_tick(num_games, view)
  return counted(compiled.as_text(), num_games, turns) | {
    "compile_cpu_s": round(time.process_time() - start),
    "temp_bytes": compiled.memory_analysis().temp_size_in_bytes,
  }


def counted(text: str, num_games: int, turns: dict[int, float]) -> dict[str, Any]:
  """The counts and the estimate of a compiled tick."""

  def rounds_of(loop: hlo.Instruction) -> float:
    found = re.findall(r"loop(\d+)_", loop.attributes)
    return turns.get(int(found[-1]), 1.0) if found else 1.0

  program = hlo.parse(text, rounds_of=rounds_of)
  waits, loops = 0.0, set()
  for times, _, operation in program.run():
    if operation.opcode == "while" and hlo.known_rounds(operation) is None:
      waits += times * (rounds_of(operation) + 1)
      loops.add(operation.name)
    elif operation.opcode == "conditional":
      waits += times
  num_kernels = hlo_costs.num_kernels(program)
  num_bytes = hlo_costs.accessed_bytes(program, is_gpu=True)
  by_bytes, started = num_bytes / BYTES_PER_S, num_kernels * KERNEL_S + waits * TURN_S
  return {
    "games": num_games,
    "kernels": num_kernels,
    "kernels_loops_once": hlo_costs.num_kernels(hlo.parse(text, is_once=True)),
    "loops_of_unknown_length": len(loops),
    "waits_for_the_host": round(waits),
    "bytes_per_game_step": round(num_bytes / num_games),
    "ESTIMATE_steps_per_s_by_bytes": round(num_games / by_bytes),
    "ESTIMATE_steps_per_s_with_starts": round(num_games / (by_bytes + started)),
  }


def main(argv: Sequence[str] | None = None) -> int:
  """Command line; `argv` None: that of the process."""
  parser = argparse.ArgumentParser(
    prog="python -m benchmarks.env_program",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--games", type=int, nargs="+", default=[256, 4096, 16384])
  parser.add_argument("--size", default="64x64", help="of the picture; default 64x64")
  arguments = parser.parse_args(argv)
  jax.config.update("jax_platforms", "cpu")  # the compiler's target is given to it
  view = View(0, 0, 640, 360, *map(int, arguments.size.split("x")))
  result = {
    "benchmark": "env_program", "size": arguments.size, "machine": machine.machine(),
    "assumed": {"bytes_per_s": BYTES_PER_S, "kernel_s": KERNEL_S, "turn_s": TURN_S},
    "turns": loop_turns(view), "programs": [],
  }  # fmt: skip
  for num_games in arguments.games:
    try:
      result["programs"].append(measure(num_games, view, result["turns"]))
    except RuntimeError as error:
      print(f"error: {error}", file=sys.stderr)
      return 1
    print(result["programs"][-1], file=sys.stderr, flush=True)
  print(json.dumps(result))
  return 0


if __name__ == "__main__":
  raise SystemExit(main())
