"""One process of several that train together: started by test_two_processes.py.

  python tests/steps/training_process.py PORT PROCESS_ID NUM_PROCESSES NUM_GRPO_STEPS FOLDER

Joins the others on localhost:PORT, trains with them on its own rows of every batch, first by SFT,
then by GRPO, and writes a checkpoint with them into FOLDER.
"""

import os
import sys
import time
from pathlib import Path

NUM_DEVICES = 4  # of all processes together
MESH = (1, 2, 2)  # parameters and rows are split over two processes
NUM_SFT_STEPS = 5


def make_optimizer():
  import optax

  # A large eps: Adam makes as much of the rounding of a tiny gradient as of a large one.
  return optax.adam(0.01, eps=1e-3)


def train(process_id, num_processes, num_grpo_steps, folder, mesh_sizes):
  """Trains on a mesh over all processes' devices; saves a checkpoint with the metrics."""
  import jax
  import numpy as np

  from cross_jax import sharding
  from cross_jax.checkpoint import CheckpointManager
  from cross_jax.models.qwen2_vl.forward import response_logp
  from cross_jax.sharding import BATCH_AXES
  from cross_jax.steps import init_state, make_grpo_step, make_sft_step
  from tests.steps import sharded_policy
  from tests.steps.sharded_policy import CONFIG, GRIDS

  assert jax.process_count() == num_processes
  mesh = sharding.make_mesh(*mesh_sizes)
  optimizer = make_optimizer()
  start = lambda: init_state(sharded_policy.make_params(), optimizer, jax.random.key(0))
  rules = sharding.qwen2_vl_rules(CONFIG, mesh)
  shardings = sharding.tree_shardings(jax.eval_shape(start), mesh, rules)
  state = jax.jit(start, out_shardings=shardings)()  # each process makes its own part
  batches, rows = sharding.batch_shardings(mesh), sharding.row_sharding(mesh)
  logp_fn = lambda p, b: response_logp(p, CONFIG, b, GRIDS)

  def own_rows(array, axis):
    size = array.shape[axis] // num_processes
    return np.take(array, range(process_id * size, (process_id + 1) * size), axis)

  def inputs(step):
    batch = sharded_policy.make_batch(seed=step)
    ref_logp = own_rows(batch.old_logp, 0) - np.float32(0.2)
    placed = sharding.put_batch(type(batch)(*map(own_rows, batch, BATCH_AXES)), mesh)
    return placed, jax.make_array_from_process_local_data(rows, ref_logp)

  sft = make_sft_step(logp_fn, optimizer, shardings=(shardings, batches))
  sft = sft.lower(state, inputs(0)[0]).compile()
  if num_grpo_steps:
    grpo = make_grpo_step(logp_fn, optimizer, shardings=(shardings, batches, rows))
    grpo = grpo.lower(state, *inputs(0)).compile()
  if num_processes > 1:  # 'tensor' over processes: each brings all rows
    across = sharding.make_mesh(*mesh_sizes, devices=[jax.devices()[i] for i in (0, 2, 1, 3)])
    whole = sharding.put_batch(sharded_policy.make_batch(), across)
    assert whole.token_ids.shape[0] == sharded_policy.NUM_ROWS
  wait_for_all(process_id, num_processes, folder)
  metrics = []
  for step in range(NUM_SFT_STEPS + num_grpo_steps):
    batch, ref_logp = inputs(step)
    is_sft = step < NUM_SFT_STEPS
    state, found = sft(state, batch) if is_sft else grpo(state, batch, ref_logp)
    metrics.append({name: float(value) for name, value in found.items()})
  with CheckpointManager(folder / "checkpoints") as checkpoints:
    checkpoints.save(len(metrics), state, {"metrics": metrics})


def wait_for_all(process_id, num_processes, folder):
  """Returns when all processes are here: on a starved machine one compiles much longer.

  Gloo gives up the first time that processes meet, if they do not meet within half a minute.
  """
  folder.mkdir(exist_ok=True)
  (folder / f"compiled_{process_id}").touch()
  while len(list(folder.glob("compiled_*"))) < num_processes:
    time.sleep(0.05)


def main(argv):
  port, process_id, num_processes, num_grpo_steps = (int(word) for word in argv[:4])
  os.environ["JAX_PLATFORMS"] = "cpu"
  per_process = NUM_DEVICES // num_processes
  os.environ["XLA_FLAGS"] = (
    f"--xla_force_host_platform_device_count={per_process} --xla_backend_optimization_level=0"
  )
  import jax

  jax.config.update("jax_cpu_collectives_implementation", "gloo")
  jax.distributed.initialize(f"localhost:{port}", num_processes, process_id)
  train(process_id, num_processes, num_grpo_steps, Path(argv[4]), MESH)


if __name__ == "__main__":
  main(sys.argv[1:])
