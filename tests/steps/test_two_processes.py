"""Two processes through jax.distributed train as one does, each on its own rows."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from cross_jax import sharding
from cross_jax.checkpoint import CheckpointManager
from cross_jax.steps import init_state
from tests.steps import sharded_policy, training_process

ROOT = Path(__file__).resolve().parents[2]
NUM_SFT_STEPS = training_process.NUM_SFT_STEPS
NUM_PROCESSES = 2
TIMEOUT_S = 600  # of a starved machine; it takes 20 s


def free_port() -> int:
  with socket.socket() as found:
    found.bind(("localhost", 0))
    return found.getsockname()[1]


def run_together(num_grpo_steps: int, folder: Path, logs: Path) -> None:
  """Runs the script in its processes; when one fails all end, and what they said is raised."""
  cache = jax.config.jax_compilation_cache_dir
  environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_COMPILATION_CACHE_DIR": cache}
  port, processes = free_port(), []
  paths = [logs / f"process_{i}.txt" for i in range(NUM_PROCESSES)]
  try:
    for i, path in enumerate(paths):
      words = [str(word) for word in (port, i, NUM_PROCESSES, num_grpo_steps, folder)]
      with path.open("wb") as file:
        processes.append(
          subprocess.Popen(
            [sys.executable, training_process.__file__, *words],
            stdout=file, stderr=file, env=environment,
          )
        )  # fmt: skip
    deadline_s = time.monotonic() + TIMEOUT_S
    while any(process.poll() is None for process in processes):
      if any(process.poll() for process in processes) or time.monotonic() > deadline_s:
        break
      time.sleep(0.05)
    statuses = [process.poll() for process in processes]
  finally:
    for process in processes:
      process.kill()
      process.wait()
  said = [
    f"process {i}: {'still running' if status is None else f'exit {status}'}\n{path.read_text()}"
    for i, (status, path) in enumerate(zip(statuses, paths))
  ]
  assert statuses == [0] * NUM_PROCESSES, "\n".join(said)


def restored(folder, num_steps, mesh_sizes):
  """(parameters, metrics) of a run's checkpoint, restored onto a mesh of this process."""
  mesh = sharding.make_mesh(*mesh_sizes)
  optimizer = training_process.make_optimizer()
  template = jax.eval_shape(
    lambda: init_state(sharded_policy.make_params(), optimizer, jax.random.key(0))
  )
  rules = sharding.qwen2_vl_rules(sharded_policy.CONFIG, mesh)
  template = jax.tree.map(
    lambda leaf, s: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=s),
    template,
    sharding.tree_shardings(template, mesh, rules),
  )
  with CheckpointManager(folder / "checkpoints") as checkpoints:
    found = checkpoints.restore(template)
  assert found.step == int(found.state.step) == num_steps
  return jax.device_get(found.state.params), found.meta["metrics"]


@pytest.mark.parametrize("num_grpo_steps", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_two_processes_train_as_one(tmp_path, num_grpo_steps):
  two, one = tmp_path / "two", tmp_path / "one"
  num_steps = NUM_SFT_STEPS + num_grpo_steps
  run_together(num_grpo_steps, two, tmp_path)
  params, metrics = restored(two, num_steps, (2, 2, 2))  # onto another mesh, too
  training_process.train(0, 1, num_grpo_steps, one, (1, 1, 1))
  expected, expected_metrics = restored(one, num_steps, (1, 1, 1))
  compare = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
  jax.tree.map(compare, params, expected)
  for step, (got, wanted) in enumerate(zip(metrics, expected_metrics, strict=True)):
    assert got == pytest.approx(wanted, rel=1e-5, abs=1e-5), step
  start = sharded_policy.make_params()
  moved = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), params, start)
  assert min(jax.tree.leaves(moved)) > 1e-3  # all of it trained
