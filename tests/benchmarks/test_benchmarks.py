"""The benchmarks at a tiny size: the sides do the same work, and the result says all it must."""

import contextlib
import dataclasses
import json

import jax
import numpy as np
import pytest

from benchmarks import command_line, generate, grpo_step, machine, sft_step, sides, twins

HEADLINE = {"ours", "peer", "ratio", "goal", "is_goal_met", "fastest_peer", "unit", "agreement"}
CONFIG = dataclasses.replace(
  twins.quick(),
  vocab_size=960,
  width=48,
  heads=4,
  kv_heads=2,
  head_dim=12,
  mrope_section=(1, 2, 3),
  mlp_width=64,
  vision_width=16,
  vision_depth=1,
  depth=1,
)


@contextlib.contextmanager
def in_this_process(_name, side, work):
  yield side(work).__next__


@pytest.fixture(autouse=True)
def small_and_here(monkeypatch):
  """Nothing is measured well, but the sides run as they do in processes of their own."""
  monkeypatch.setattr(sides, "_started", in_this_process)
  monkeypatch.setattr(command_line, "prepare_process", lambda *_, **__: None)
  monkeypatch.setattr(machine, "_MATMUL_SIDE", 32)
  monkeypatch.setattr(machine, "_COPY_BYTES", 2**16)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
  checkpoint = tmp_path_factory.mktemp("benchmarks") / "hf"
  twins.write_weights(checkpoint, CONFIG)
  return twins.Work(
    str(checkpoint), CONFIG, num_prompts=2, num_text=7, num_responses=1, response_len=5,
    image_size=(56, 84),
  )  # fmt: skip


def check_summary(summary, repetitions):
  assert summary["min"] <= summary["median"] <= summary["max"]
  assert summary["repetitions"] == repetitions


def test_sft_step(work):
  result = sft_step.measure(work, 2, is_compiled=False)
  assert HEADLINE <= set(result)
  assert set(result["sides"]) == {"ours", "peer_all_logits", "peer_response_logits"}
  assert result["agreement"]["is_agreed"]
  first, *later = result["agreement"]["losses"]
  assert len(later) == 2 and later[-1] < first  # the updates count
  for side in result["sides"].values():
    check_summary(side["step_s"], 2)
    assert side["mfu_of_own_matmul"] >= 0
  assert result["work"]["prompt_tokens"] == 7 + 2 + 2 * 3  # text, two marks, 56 x 84 px
  json.dumps(result)


def test_another_loss_is_not_timed():
  prepared = {"ours": {"losses": [3.0, 2.0]}, "peer": {"losses": [3.0, 2.002]}}
  with pytest.raises(RuntimeError, match="differ from ours"):
    sft_step.check_agreement(prepared, tolerance=1e-3)
  agreement = sft_step.check_agreement(prepared, tolerance=1e-2)
  assert agreement["largest_difference"]["peer"] == pytest.approx(0.002)


def test_generate(work):
  result = generate.measure(work, 2, is_compiled=False)
  assert HEADLINE - {"unit"} <= set(result)
  assert result["agreement"]["ids"] == work.num_prompts * work.response_len
  assert result["agreement"]["distinct_ids"] > 2
  for side in result["sides"].values():
    for name in ("decisions_per_s", "tokens_per_s", "first_token_s", "decode_step_s"):
      assert side[name]["repetitions"] == 2
  # By hand: a layer and the head, then (15 + 2.5) tokens of 2 rows, keys and values of 2 heads.
  weights = (2 * 48 * 6 * 12 + 3 * 48 * 64) + 48 * 960
  assert result["step_bytes"] == 4 * (weights + 2 * 17.5 * 2 * 2 * 12)
  json.dumps(result)


def test_other_ids_are_not_timed():
  prepared = {"ours": {"ids": [[1, 2], [3, 4]]}, "peer": {"ids": [[1, 2], [3, 5]]}}
  with pytest.raises(RuntimeError, match="1 of 2 responses, first in row 1 at token 1"):
    generate.check_agreement(prepared)


def test_shared_rows_are_the_same_update(work):
  group = dataclasses.replace(work, num_responses=3)
  shared, unshared = (next(grpo_step.ours(group, is_shared=s)) for s in (True, False))
  np.testing.assert_allclose(shared["losses"], unshared["losses"], rtol=0, atol=1e-5)
  assert shared["kl"] > 0  # of the second update: the first has moved the policy


def test_grpo_step(work):
  pytest.importorskip("trl")
  result = grpo_step.measure(dataclasses.replace(work, num_responses=3), 1)
  assert HEADLINE <= set(result)
  assert {"memory_ratio", "memory_goal", "is_memory_goal_met"} <= set(result)
  assert len(result["sides"]) == 4
  for side in result["sides"].values():
    check_summary(side["update_s"], 1)
  losses = result["agreement"]["losses"]
  assert np.isfinite(losses).all() and losses[0] != losses[1]
  kls = [side["kl"] for side in result["sides"].values()]
  np.testing.assert_allclose(kls, kls[0], rtol=1e-2)
  json.dumps(result)


@pytest.mark.parametrize("benchmark", [sft_step, generate, grpo_step])
def test_help(benchmark, capsys):
  with pytest.raises(SystemExit) as stopped:
    benchmark.main(["--help"])
  assert stopped.value.code == 0
  text = capsys.readouterr().out
  assert "--quick" in text and "--out" in text


def test_the_last_line_is_the_result(tmp_path, capsys):
  measure = lambda options: {"ours": 2.0, "peer": 1.0, "device": options.device}
  arguments = ["--quick", "--device", "cpu", "--out", str(tmp_path / "results" / "x.json")]
  assert command_line.run("sft_step", "help", measure, arguments) == 0
  printed = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert printed == json.loads((tmp_path / "results" / "x.json").read_text(encoding="utf-8"))
  assert printed["ours"] == 2.0 and printed["is_quick"] and printed["repetitions"] == 5
  assert printed["machine"]["versions"]["jax"] == jax.__version__


def test_a_failing_side_is_an_error_of_one_line(capsys):
  def measure(options):
    raise RuntimeError("peer failed")

  assert command_line.run("sft_step", "help", measure, ["--device", "cpu"]) == 1
  assert capsys.readouterr().err == "error: peer failed\n"
