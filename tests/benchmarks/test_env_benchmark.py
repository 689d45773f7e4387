"""The benchmark of the world: what it plays, how rates are joined and compared, missing peers."""

import collections
import json

import pytest

from benchmarks import command_line, env, env_worker
from cross_jax.envs.tasks import FAMILIES, get


def rate(steps_per_s, steps_per_cpu_s=None):
  return {"steps_per_s": steps_per_s, "steps_per_cpu_s": steps_per_cpu_s or steps_per_s}


def test_the_mixture_holds_all_families_alike_and_differs_by_process():
  one, other = env_worker.mixture(20, 0), env_worker.mixture(20, 1)
  counts = collections.Counter(get(task).family for task in one)
  assert set(counts) == set(FAMILIES) and set(counts.values()) == {4}
  assert len({*one, *other}) > 30
  assert len(env_worker.mixture(3, 0)) == 3


def test_rates_of_processes_add_up_and_shares_are_per_step():
  reports = [
    {"64x64": {"steps": 100, "s": 2.0, "cpu_s": 1.0, "resets": 1, "gui_open": 40}},
    {"64x64": {"steps": 300, "s": 3.0, "cpu_s": 1.0, "resets": 3, "gui_open": 60}},
  ]
  joined = env._joined(reports)["64x64"]
  assert joined["steps_per_s"] == 100 / 2 + 300 / 3  # not 400 / 3, nor the mean
  assert joined["steps_per_cpu_s"] == 200
  assert (joined["resets"], joined["gui_open"]) == (0.01, 0.25)


def test_ratios_compare_medians_at_the_peers_size_and_missing_peers_are_null():
  sizes = {"64x64": 900.0, "128x72": 500.0, "160x120": 300.0}
  ours = [
    {
      env_worker.key_of(name, size): rate(value * factor * share) | {"resets": 0.0}
      for size, value in sizes.items()
      for name, share in (("native", 1.0), ("jax", 0.5))
    }
    for factor in (1, 2, 9)
  ]
  measured = {
    "ours": ours,
    "vizdoom": [{"": rate(value, 50.0)} for value in (100.0, 200.0, 300.0)],
    "craftax": [{"": rate(450.0)}] * 3,
  }
  prepared = {name: {"processes": [{}]} for name in measured}
  missing = {"crafter": "crafter is not installed", "craftax_auto_reset": "too"}
  result = env.summary(prepared, measured, missing, ["native", "jax"])
  assert list(result)[:3] == ["ours", "peers", "ratio"]
  assert result["ours"] == {"64x64": 1800.0, "128x72": 1000.0, "160x120": 600.0}
  assert result["peers"] == {
    "craftax": 450.0, "craftax_auto_reset": None, "vizdoom": 200.0, "crafter": None
  }  # fmt: skip
  assert result["ratio"] == {
    "craftax": 4.0, "craftax_auto_reset": None, "vizdoom": 3.0, "crafter": None
  }  # fmt: skip
  assert result["ratio_by_cpu_s"]["vizdoom"] == 12.0
  assert result["ours_jax"]["64x64"] == 900.0 and result["ratio_jax"]["vizdoom"] == 1.5
  assert result["missing"] == missing
  assert result["sides"]["vizdoom"]["all"]["steps_per_s"]["spread"] == 1.0


def test_repeat_counts_steps_until_the_time_is_over():
  report = env_worker.repeat(lambda: 7, 0.01)
  assert report["steps"] % 7 == 0 and report["s"] >= 0.01 and report["cpu_s"] >= 0


@pytest.mark.slow
def test_a_small_run_says_all_it_must(capsys, monkeypatch):
  monkeypatch.setattr(env, "installed", lambda: ([], dict.fromkeys(env.PEERS, "left out")))
  assert env.main(["--quick", "--games", "8", "--seconds", "0.1"]) == 0
  result = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert set(result["ours"]) == {"64x64", "128x72", "160x120"}
  assert all(value > 0 for value in result["ours"].values())
  assert result["ratio"] == dict.fromkeys(env.PEERS) and result["missing"]
  process, *_ = result["sides"]["ours"]["prepared"]
  assert process["bytes_per_game"] < 2**18 and set(process["families"]) == set(FAMILIES)
  assert command_line.machine.num_cores() >= 1
