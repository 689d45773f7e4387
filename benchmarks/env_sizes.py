"""How the cost of a tick with its picture grows with resolution and number of games.

  python -m benchmarks.env_sizes
  python -m benchmarks.env_sizes --device gpu --games 256 1024 4096 16384 --sizes 64x64 160x120

Games of all families under way, random actions; the tick (without restarts) and the picture are
timed apart, by turns: on a CPU in CPU time of one thread, on a GPU in time on the clock. The last
line of stdout is the result as JSON.
"""

import argparse
import functools
import json
import os
import statistics
import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks import machine
from benchmarks.env import ONE_THREAD
from benchmarks.env_worker import mixture, random_actions, repeat
from cross_jax.base import View
from cross_jax.envs.voxel import functional
from cross_jax.envs.voxel.render import JAX, RENDERERS, check_renderer, render_batch
from cross_jax.envs.voxel.render import renderer as drawn_by
from cross_jax.envs.voxel.step import step_batch

SIZES = ("64x64", "128x72", "128x128", "160x120", "256x144", "640x360")
WARM_CALLS, TICKS = 4, 10  # calls before any is timed; ticks of a call
MAX_WORLDS = 1024  # prepared; more games share them


def measure(
  num_games: int,
  sizes: Sequence[str],
  *,
  is_on_cpu: bool,
  rounds: int,
  seconds: float,
  has_tick: bool = True,
  renderer: str = JAX,
) -> list[dict[str, Any]]:
  """Microseconds of a game's tick and of its picture, medians and spread of some rounds.

  Args:
    num_games: of the batch.
    sizes: of the picture, each on the same games.
    is_on_cpu: count CPU time.
    rounds: of all sizes in turn.
    seconds: of the tick, and of each picture, in a round.
    has_tick: False: pictures of fresh worlds, no tick.
    renderer: of the pictures, one of render.RENDERERS.
  """
  worlds = min(num_games, MAX_WORLDS)
  pool = functional.make_pool(mixture(worlds, 0), range(worlds))

  def tick(states, rng):
    active = jnp.ones(num_games, bool)
    return step_batch(states, random_actions(rng, num_games), active)[0], None

  @functools.partial(jax.jit, donate_argnums=0)
  def play(states, rng):
    return jax.lax.scan(tick, states, jax.random.split(rng, TICKS))[0]

  rows = jnp.arange(num_games) % worlds
  states = jax.jit(lambda games: jax.tree.map(lambda a: a[rows], games))(pool.games)
  num_calls = 0

  def advance() -> int:
    nonlocal states, num_calls
    num_calls += 1
    states = jax.block_until_ready(play(states, jax.random.fold_in(jax.random.key(0), num_calls)))
    return num_games * TICKS

  def draw(size: str) -> int:
    view = View(0, 0, 640, 360, *map(int, size.split("x")))
    with drawn_by(renderer):
      jax.block_until_ready(render_batch(states, (view,)))
    return num_games

  works = {size: functools.partial(draw, size) for size in sizes}
  if has_tick:
    for _ in range(WARM_CALLS):
      advance()
    works["tick"] = advance
  for work in works.values():
    work()
  times: dict[str, list[float]] = {name: [] for name in works}
  for _ in range(rounds):
    for name, work in works.items():
      done = repeat(work, seconds)
      times[name].append(1e6 * done["cpu_s" if is_on_cpu else "s"] / done["steps"])
  spread = {
    name: [round(f(values), 2) for f in (statistics.median, min, max)]
    for name, values in times.items()
  }
  tick_us = spread.get("tick", [0.0])
  return [
    {
      "games": num_games, "size": size, "tick_us": tick_us, "picture_us": spread[size],
      "steps_per_s": round(1e6 / (tick_us[0] + spread[size][0])),
    }
    for size in sizes
  ]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
  """Command line; `argv` None: that of the process."""
  parser = argparse.ArgumentParser(
    prog="python -m benchmarks.env_sizes",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
  parser.add_argument("--games", type=int, nargs="+", default=[32])
  parser.add_argument("--sizes", nargs="+", default=SIZES, help="of the picture")
  parser.add_argument("--rounds", type=int, default=5)
  parser.add_argument("--seconds", type=float, default=0.5, help="of each in a round; default 0.5")
  parser.add_argument(
    "--no-tick", action="store_true", help="only pictures, of fresh worlds: compiles sooner"
  )
  parser.add_argument("--renderer", choices=RENDERERS, default=JAX, help="of the pictures")
  arguments = parser.parse_args(argv)
  if arguments.device == "cpu":
    jax.config.update("jax_platforms", "cpu")
    os.environ |= {"XLA_FLAGS": ONE_THREAD, "NPROC": "1"}  # read by the first computation
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
  try:
    check_renderer(arguments.renderer)
  except (RuntimeError, ValueError) as error:
    parser.error(str(error))
  result: dict[str, Any] = {"benchmark": "env_sizes", "device": arguments.device, "rows": []}
  result["renderer"] = arguments.renderer
  for num_games in arguments.games:
    rows = measure(
      num_games, arguments.sizes, is_on_cpu=arguments.device == "cpu", rounds=arguments.rounds,
      seconds=arguments.seconds, has_tick=not arguments.no_tick, renderer=arguments.renderer,
    )  # fmt: skip
    result["rows"] += rows
    for row in rows:
      print(row, file=sys.stderr, flush=True)
  print(json.dumps(result | {"machine": machine.machine()}))
  return 0


if __name__ == "__main__":
  raise SystemExit(main())
