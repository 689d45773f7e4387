"""The demo, shrunk, from demonstrations to report; interrupted with Ctrl-C and started again."""

import json

import jax
import numpy as np
import pytest

from cross_jax.checkpoint.policy import load_policy
from cross_jax.metrics import read_metrics
from tests.experiments import command_run

SHRINK = {
  "sft.num_steps": 30,
  "sft.batch_size": 2,
  "sft.log_every": 1,
  "sft.save_every": 5,
  "strl.num_questions": 32,  # of a policy of 30 steps some are answered right, and not always
  "strl.num_iterations": 1,
  "strl.questions_per_iteration": 4,
  "strl.batch_size": 2,
  "strl.group_size": 4,
  "strl.cs2_steps": 2,
  "mtrl.batch_size": 2,
  "evaluation.video_tasks": ("mine_block:oak_log",),
}


def start(workdir, *more):
  return command_run.start("demo", workdir, SHRINK, *more)


def finish(process):
  output = command_run.finish(process, timeout_s=800)
  assert "checkpoint_manager.py" not in output  # what the libraries log is for --verbosity=0


@pytest.mark.slow
def test_whole_demo_resumes_after_ctrl_c(tmp_path):
  process = start(tmp_path / "broken")
  metrics = tmp_path / "broken" / "sft" / "metrics.jsonl"
  command_run.interrupt(process, metrics, num_rows=12, timeout_s=600)
  output = command_run.finish(process, 130, timeout_s=120)
  assert "the same command goes on from there" in output

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
  output = command_run.finish(process, 2, timeout_s=300)
  assert "'70b'" in output and "Traceback" not in output
