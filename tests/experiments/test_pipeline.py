"""The demo, shrunk, from demonstrations to report; interrupted with Ctrl-C and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from cross_jax.checkpoint.policy import load_policy
from cross_jax.metrics import read_metrics

ROOT = Path(__file__).parents[2]
SHRINK = {
  "tasks.in_domain": ("mine_block:oak_log", "craft_item:emerald"),
  "tasks.out_of_domain": ("mine_block:spruce_log",),
  "data.episodes_per_task": 2,
  "data.num_envs": 4,
  "env.num_envs": 4,
  "env.max_decisions": 3,
  "sft.num_steps": 30,
  "sft.batch_size": 2,
  "sft.log_every": 1,
  "sft.save_every": 5,
  "strl.num_questions": 8,
  "strl.num_iterations": 1,
  "strl.questions_per_iteration": 4,
  "strl.batch_size": 2,
  "strl.group_size": 4,
  "strl.cs2_steps": 2,
  "mtrl.num_iterations": 1,
  "mtrl.num_groups": 2,
  "mtrl.group_size": 2,
  "mtrl.batch_size": 2,
  "evaluation.num_seeds_in": 1,
  "evaluation.num_seeds_out": 1,
  "evaluation.video_tasks": ("mine_block:oak_log",),
}


def start(workdir, *more):
  changes = [f"--config.{key}={value}" for key, value in SHRINK.items()]
  command = [sys.executable, "experiments/main.py", "--config", "experiments/configs/demo.py"]
  return subprocess.Popen(
    [*command, "--workdir", str(workdir), *changes, *more],
    cwd=ROOT,
    env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""},
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
  )


def finish(process):
  output, _ = process.communicate(timeout=800)
  assert process.returncode == 0, output[-4000:]
  assert "checkpoint_manager.py" not in output  # what the libraries log is for --verbosity=0
  return output


@pytest.mark.slow
def test_whole_demo_resumes_after_ctrl_c(tmp_path):
  process = start(tmp_path / "broken")
  metrics = tmp_path / "broken" / "sft" / "metrics.jsonl"
  deadline = time.monotonic() + 600
  while not (metrics.exists() and metrics.read_text().count("\n") >= 12):
    assert process.poll() is None and time.monotonic() < deadline, process.stdout.read()
    time.sleep(0.05)
  process.send_signal(signal.SIGINT)
  output, _ = process.communicate(timeout=120)
  assert process.returncode == 130 and "the same command goes on from there" in output

  finish(start(tmp_path / "broken"))
  finish(start(tmp_path / "whole", "--stages=data,sft"))
  broken, whole = (
    load_policy(tmp_path / name / "sft" / "policy")[0] for name in ("broken", "whole")
  )

  jax.tree.map(np.testing.assert_array_equal, broken, whole)
  assert read_metrics(metrics.parent) == read_metrics(tmp_path / "whole" / "sft")

  results = json.loads((tmp_path / "broken" / "results.json").read_text())
  assert set(results["stages"]) == {"sft", "strl", "mtrl"}
  for stage in results["stages"].values():
    for domain in ("in_domain", "out_of_domain"):
      assert {"asr", "ft", "tokens_per_episode", "space_share"} <= set(stage[domain])
  page = (tmp_path / "broken" / "report.html").read_text()
  assert "data:video/mp4;base64," in page and "http://" not in page.replace("http://www.w3.org", "")


def test_a_wrong_config_ends_with_one_line(tmp_path):
  process = start(tmp_path / "run", "--config.model.preset=70b")
  output, _ = process.communicate(timeout=300)
  assert process.returncode == 2
  assert "'70b'" in output and "Traceback" not in output
