"""configs/crossagent_7b.py, shrunk, through main.py: on a mesh, resumed, and in two processes."""

import json
import socket

import jax
import numpy as np
import pytest

from cross_jax.checkpoint import load_params
from cross_jax.checkpoint.policy import load_policy
from cross_jax.metrics import read_metrics
from tests.experiments import command_run, converted_run
from tests.experiments.command_run import finish

SHRINK = {
  "model.preset": "",
  "mesh.data": 2,
  "mesh.tensor": 2,
  "prompt.max_prompt_len": 64,
  "prompt.max_response_len": 24,
  "prompt.system": converted_run.SYSTEM,
  "sft.num_steps": 40,
  "sft.batch_size": 8,
  "sft.max_targets": 128,
  "sft.warmup_steps": 2,
  "sft.log_every": 1,
  "sft.save_every": 4,
  "mtrl.batch_size": 8,
  "mtrl.num_microbatches": 1,
  "evaluation.video_tasks": (),
}


def start(workdir, checkpoint, *more, num_devices=8, **variables):
  flags = f"--xla_force_host_platform_device_count={num_devices}"
  changes = {**SHRINK, "model.checkpoint": checkpoint}
  return command_run.start("crossagent_7b", workdir, changes, *more, XLA_FLAGS=flags, **variables)


def same(one, two):
  jax.tree.map(np.testing.assert_array_equal, load_policy(one)[0], load_policy(two)[0])


@pytest.mark.slow
def test_sft_and_mtrl_on_a_mesh_resume_after_ctrl_c(tmp_path):
  checkpoint = converted_run.convert_twin(tmp_path)
  broken, whole = tmp_path / "broken", tmp_path / "whole"
  process = start(broken, checkpoint, "--stages=data,sft")
  metrics = broken / "sft" / "metrics.jsonl"
  command_run.interrupt(process, metrics, num_rows=6, timeout_s=1200)
  assert "the same command goes on from there" in finish(process, 130)
  finish(start(broken, checkpoint, "--stages=data,sft"))
  adapters = ("--config.lora.rank=2", f"--config.data.dir={broken / 'data'}")
  finish(start(whole, checkpoint, "--stages=data,sft,mtrl", f"--config.init={broken}/sft/policy"))
  same(broken / "sft" / "policy", whole / "sft" / "policy")
  assert read_metrics(metrics.parent) == read_metrics(whole / "sft")
  assert set(json.loads((whole / "results.json").read_text())["stages"]) == {"sft", "mtrl"}
  assert load_policy(whole / "mtrl" / "policy")[1].system == converted_run.SYSTEM

  finish(start(tmp_path / "lora", checkpoint, "--stages=sft", *adapters))
  assert "lora_a" in load_params(tmp_path / "lora" / "sft" / "adapters")["layers"]["q_proj"]


@pytest.mark.slow
def test_two_processes(tmp_path):
  checkpoint = converted_run.convert_twin(tmp_path)
  with socket.socket() as found:
    found.bind(("localhost", 0))
    port = found.getsockname()[1]
  processes = [
    start(
      tmp_path / "run", checkpoint, "--stages=data,sft,mtrl", "--config.distributed",
      f"--config.init={checkpoint}", num_devices=4, JAX_COORDINATOR_ADDRESS=f"localhost:{port}",
      JAX_NUM_PROCESSES="2", JAX_PROCESS_ID=str(i),
    )
    for i in range(2)
  ]  # fmt: skip
  for process in processes:
    finish(process)
  run = tmp_path / "run"
  steps = [row["step"] for row in read_metrics(run / "sft")]
  assert steps == list(range(1, SHRINK["sft.num_steps"] + 1))
  results = json.loads((run / "results.json").read_text())
  assert set(results["stages"]) == {"sft", "mtrl"}
  before, after = (load_policy(p)[0] for p in (checkpoint, run / "sft" / "policy"))
  moved = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), before, after)
  assert min(jax.tree.leaves(moved)) > 0
