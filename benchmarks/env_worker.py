"""One process of one side of `benchmarks.env`: it steps games when it is told to.

  python -m benchmarks.env_worker ours '{"games": 32, "core": 0, "seconds": 1.0, "index": 0,
    "renderers": ["native", "jax"]}'

Prints {"prepared": ...}; then, for every line on stdin, what it did in `seconds`. Everything that
libraries print goes to stderr.
"""

import fcntl
import functools
import importlib.metadata
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

Measured = dict[str, Any]
SIZES = ((64, 64), (128, 72), (160, 120))  # of ours
POOL_FACTOR = 2  # prepared worlds per game
PATIENCE_S = 60.0  # of a process with the one that is to compile first
CHUNK_TICKS = 50  # compiled into one call
PRESS_SHARE, RARE_SHARE = 0.2, 0.04  # chance that a button is down: of most, of RARE
RARE = (
  "inventory",
  "ESC",
  "drop",
  "swapHands",
  "pickItem",
)  # else GUIs would be open half the time
TURN_DEG = 8.0  # standard deviation of a turn


def cpu_s() -> float:
  """Seconds on cores, of this process and of the processes that it started and that still run."""
  total, ticks_per_s = time.process_time(), os.sysconf("SC_CLK_TCK")
  for path in Path("/proc/self/task").glob("*/children"):
    for child in path.read_text(encoding="ascii").split():
      fields = Path(f"/proc/{child}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
      total += (int(fields[11]) + int(fields[12])) / ticks_per_s  # utime, stime: proc(5)
  return total


def repeat(tick: Callable[[], int], seconds: float) -> Measured:
  """Calls `tick`, which returns the steps it took, for some seconds."""
  steps, start, cpu_start = 0, time.perf_counter(), cpu_s()
  while (passed := time.perf_counter() - start) < seconds:
    steps += tick()
  return {"steps": steps, "s": passed, "cpu_s": cpu_s() - cpu_start}


def _compile(name: str, run: Callable[[], Any], *, is_first: bool) -> dict[str, float]:
  """Seconds and seconds of CPU of the first calls; processes that want the same take turns.

  The first compiles, the others wait and then load what it left in the cache.

  Args:
    name: of the program.
    run: calls it; the second call may compile again, for what the first returned.
    is_first: this process compiles it, so that it is known which core is busy with what.
  """
  folder = os.environ.get("JAX_COMPILATION_CACHE_DIR") or tempfile.gettempdir()
  begun, patience = Path(folder) / f"{name}.begun", time.monotonic() + PATIENCE_S
  while not is_first and not begun.exists() and time.monotonic() < patience:
    time.sleep(0.1)
  with open(Path(folder) / f"{name}.lock", "w", encoding="ascii") as turn:
    fcntl.flock(turn, fcntl.LOCK_EX)
    begun.touch()
    start, cpu_start = time.perf_counter(), time.process_time()
    run()
    run()
    cpu, passed = time.process_time() - cpu_start, time.perf_counter() - start
  return {"s": round(passed, 1), "cpu_s": round(cpu, 1)}


def mixture(games: int, index: int) -> list[str]:
  """Task names of all families in turn, evenly spread over the tasks of each; another per index."""
  from cross_jax.envs.tasks import FAMILIES, list_tasks

  families = [names for family in FAMILIES if (names := list_tasks(family))]
  rounds = -(-games // len(families))
  at = [(2 * i + index % 2) / (2 * rounds) for i in range(rounds)]
  return [names[int(share * len(names))] for share in at for names in families][:games]


def press_shares() -> list[float]:
  """The chance that a button is down, for each of base.BUTTONS."""
  from cross_jax.base import BUTTONS

  return [RARE_SHARE if name in RARE else PRESS_SHARE for name in BUTTONS]


def random_actions(rng: Any, games: int) -> Any:
  """RawAction of random buttons and turns, for the games of a batch."""
  import jax
  import jax.numpy as jnp

  from cross_jax.base import RawAction

  share = jnp.asarray(press_shares(), jnp.float32)[None]
  press_rng, turn_rng = jax.random.split(rng)
  is_down = jax.random.uniform(press_rng, (games, share.shape[1])) < share
  return RawAction(is_down.astype(jnp.int8), TURN_DEG * jax.random.normal(turn_rng, (games, 2)))


def key_of(renderer: str, size: str) -> str:
  """What a worker's report calls the pictures of a size that one of our renderers draws."""
  return f"{renderer} {size}"


def ours(
  games: int, index: int, seconds: float, renderers: Sequence[str] = ("jax",)
) -> Iterator[Measured]:
  """The voxel world in a scan: random actions, a picture every tick, auto-reset from the pool.

  One program for all renderers and sizes, since most of compiling is the tick's: a loop of one
  round or none draws each, and leaves the pictures of the others where they are.
  """
  import jax
  import jax.numpy as jnp
  import numpy as np

  from cross_jax.base import View
  from cross_jax.envs.tasks import get
  from cross_jax.envs.voxel import functional
  from cross_jax.envs.voxel.render import render_batch
  from cross_jax.envs.voxel.render.renderers import renderer

  tasks = mixture(POOL_FACTOR * games, index)
  pool = functional.make_pool(tasks, [1000 * index + i for i in range(len(tasks))])
  reset, step = functional.make()
  step_batch = jax.vmap(step, in_axes=(None, 0, 0, 0))
  views = [View(0, 0, 640, 360, width, height) for width, height in SIZES]
  drawings = [(name, view) for name in renderers for view in views]

  def draw_if(is_wanted, states, old, drawing):
    name, view = drawing

    # The barrier ties the picture to the loop, or XLA would draw it before, whether wanted or not.
    def draw(i, _):
      with renderer(name):
        return render_batch(jax.lax.optimization_barrier((states, i))[0], (view,))[0]

    return jax.lax.fori_loop(0, is_wanted, draw, old)

  @functools.partial(jax.jit, donate_argnums=1)
  def run(pool, carry, rng, which):
    wanted = (which == jnp.arange(len(drawings))).astype(jnp.int32)

    def tick(carry, rng):
      game, pictures, counts = carry
      act_rng, step_rng = jax.random.split(rng)
      game, observation, _, terminated, truncated, _ = step_batch(
        pool, game, random_actions(act_rng, games), jax.random.split(step_rng, games)
      )
      pictures = tuple(
        draw_if(is_wanted, game.state, old, drawing)
        for drawing, is_wanted, old in zip(drawings, wanted, pictures, strict=True)
      )
      new = jnp.stack([jnp.sum(terminated | truncated), jnp.sum(observation.is_gui_open)])
      return (game, pictures, counts + new), None

    return jax.lax.scan(tick, carry, jax.random.split(rng, CHUNK_TICKS))[0]

  keys = jax.random.split(jax.random.key(index), games)
  game, _ = jax.jit(jax.vmap(reset, in_axes=(None, 0)))(pool, keys)
  pictures = tuple(
    jnp.zeros((games, view.height, view.width, 3), jnp.uint8) for _, view in drawings
  )
  carry, num_calls = (game, pictures, jnp.zeros(2, jnp.int32)), 0

  def advance(which: int) -> int:
    nonlocal carry, num_calls
    num_calls += 1
    rng = jax.random.fold_in(jax.random.key(index), num_calls)
    carry = jax.block_until_ready(run(pool, carry, rng, jnp.int32(which)))
    return games * CHUNK_TICKS

  families: dict[str, int] = {}
  for task in tasks:
    families[get(task).family] = families.get(get(task).family, 0) + 1
  bytes_per_game = sum(leaf.nbytes for leaf in jax.tree.leaves(pool)) // len(tasks)
  yield {
    "compiled": _compile("ours", functools.partial(advance, 0), is_first=index == 0),
    "worlds": len(tasks),
    "families": families, "bytes_per_game": bytes_per_game,
    "device_kind": jax.devices()[0].device_kind,
  }  # fmt: skip
  while True:
    report = {}
    for i, (name, view) in enumerate(drawings):
      before = np.asarray(carry[2])
      report[key_of(name, f"{view.width}x{view.height}")] = repeat(
        functools.partial(advance, i), seconds
      ) | dict(zip(("resets", "gui_open"), (np.asarray(carry[2]) - before).tolist()))
    yield report


def craftax(games: int, index: int, seconds: float, *, is_auto_reset: bool) -> Iterator[Measured]:
  """Craftax-Classic-Pixels in a scan, the same way as ours."""
  import jax
  from craftax.craftax_env import make_craftax_env_from_name

  env = make_craftax_env_from_name("Craftax-Classic-Pixels-v1", is_auto_reset)
  params = env.default_params
  step = jax.vmap(env.step, in_axes=(0, 0, 0, None))

  @functools.partial(jax.jit, donate_argnums=0)
  def run(carry, rng):
    def tick(carry, rng):
      act_rng, step_rng = jax.random.split(rng)
      action = jax.random.randint(act_rng, (games,), 0, env.num_actions)
      observation, state, *_ = step(jax.random.split(step_rng, games), carry[1], action, params)
      return (observation, state), None

    return jax.lax.scan(tick, carry, jax.random.split(rng, CHUNK_TICKS))[0]

  keys = jax.random.split(jax.random.key(index), games)
  carry = jax.jit(jax.vmap(env.reset, in_axes=(0, None)))(keys, params)
  num_calls = 0

  def advance() -> int:
    nonlocal carry, num_calls
    num_calls += 1
    carry = jax.block_until_ready(run(carry, jax.random.key(2**20 * index + num_calls)))
    return games * CHUNK_TICKS

  yield {
    "compiled": _compile(f"craftax_{is_auto_reset}", advance, is_first=index == 0),
    "picture": list(carry[0].shape[1:]),
    "version": importlib.metadata.version("craftax"),
  }
  while True:
    yield {"": repeat(advance, seconds)}


def crafter(games: int, index: int, seconds: float) -> Iterator[Measured]:
  """Crafter, one game, 64x64; what its resets take is not counted."""
  del games
  import crafter
  import numpy as np

  env = crafter.Env(seed=index)
  env.reset()
  rng = np.random.default_rng(index)
  yield {"picture": [int(n) for n in env.observation_space.shape], "version": _version("crafter")}
  while True:
    steps, used, cpu = 0, 0.0, 0.0
    while used < seconds:
      is_over, start, cpu_start = False, time.perf_counter(), time.process_time()
      while not is_over and used + time.perf_counter() - start < seconds:
        _, _, is_over, _ = env.step(int(rng.integers(env.action_space.n)))
        steps += 1
      used, cpu = used + time.perf_counter() - start, cpu + time.process_time() - cpu_start
      if is_over:
        env.reset()
    yield {"": {"steps": steps, "s": used, "cpu_s": cpu}}


def vizdoom(games: int, index: int, seconds: float) -> Iterator[Measured]:
  """ViZDoom's basic scenario, one game, 160x120 RGB, a picture a tick, new episodes included."""
  del games
  import numpy as np
  import vizdoom as vzd

  game = vzd.DoomGame()
  game.load_config(os.path.join(vzd.scenarios_path, "basic.cfg"))
  game.set_screen_resolution(vzd.ScreenResolution.RES_160X120)
  game.set_screen_format(vzd.ScreenFormat.RGB24)
  game.set_window_visible(False)
  game.set_mode(vzd.Mode.PLAYER)
  game.set_seed(index)
  folder = tempfile.TemporaryDirectory()
  os.chdir(folder.name)  # it writes its settings into the present folder
  game.init()
  rng = np.random.default_rng(index)
  num_buttons = game.get_available_buttons_size()

  def advance() -> int:
    for _ in range(CHUNK_TICKS):
      if game.is_episode_finished():
        game.new_episode()
      game.make_action(rng.integers(2, size=num_buttons).tolist(), 1)
      state = game.get_state()
      if state is not None:
        np.asarray(state.screen_buffer)
    return CHUNK_TICKS

  advance()
  shape = [game.get_screen_height(), game.get_screen_width(), game.get_screen_channels()]
  try:
    yield {"picture": shape, "version": _version("vizdoom")}
    while True:
      yield {"": repeat(advance, seconds)}
  finally:
    game.close()  # its engine is a process of its own
    folder.cleanup()


def _version(package: str) -> str:
  return importlib.metadata.version(package)


WORKERS = {
  "ours": ours,
  "craftax": functools.partial(craftax, is_auto_reset=False),
  "craftax_auto_reset": functools.partial(craftax, is_auto_reset=True),
  "crafter": crafter,
  "vizdoom": vizdoom,
}


def main() -> None:
  """Serves one side; arguments as in the module's docstring."""
  name, options = sys.argv[1], json.loads(sys.argv[2])
  if (core := options.pop("core")) is not None:
    os.sched_setaffinity(0, {core})
  out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
  os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
  reports = WORKERS[name](options.pop("games"), options.pop("index"), **options)
  print(json.dumps({"prepared": next(reports)}), file=out, flush=True)
  for _ in sys.stdin:
    print(json.dumps(next(reports)), file=out, flush=True)
  reports.close()


if __name__ == "__main__":
  main()
