"""experiments/main.py with a few games and steps, as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHRINK = {  # of every run
  "tasks.in_domain": ("mine_block:oak_log", "craft_item:emerald"),
  "tasks.out_of_domain": ("mine_block:spruce_log",),
  "data.episodes_per_task": 2,
  "data.num_envs": 4,
  "env.num_envs": 4,
  "env.max_decisions": 3,
  "mtrl.num_iterations": 1,
  "mtrl.num_groups": 2,
  "mtrl.group_size": 2,
  "evaluation.num_seeds_in": 1,
  "evaluation.num_seeds_out": 1,
}


def start(config, workdir, changes, *more, **variables):
  """The process of a file of experiments/configs, `changes` {name: value} on top of SHRINK."""
  changes = [f"--config.{key}={value}" for key, value in {**SHRINK, **changes}.items()]
  command = [sys.executable, "experiments/main.py", "--config", f"experiments/configs/{config}.py"]
  return subprocess.Popen(
    [*command, "--workdir", str(workdir), *changes, *more],
    cwd=ROOT,
    env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": "", **variables},
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )


def interrupt(process, metrics, *, num_rows, timeout_s):
  """Sends Ctrl-C as soon as the file `metrics` has `num_rows` rows."""
  deadline = time.monotonic() + timeout_s
  while not (metrics.exists() and metrics.read_text().count("\n") >= num_rows):
    if process.poll() is not None or time.monotonic() > deadline:
      process.kill()
      raise AssertionError(process.communicate()[0][-4000:])
    time.sleep(0.05)
  process.send_signal(signal.SIGINT)


def finish(process, code=0, *, timeout_s=1500):
  """What it printed, once it ended with `code`."""
  output, _ = process.communicate(timeout=timeout_s)
  assert process.returncode == code, output[-4000:]
  return output
