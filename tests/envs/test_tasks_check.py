"""The check of the experts: counts by hand, the work folder, the tables, the command line."""

import json
import sys

import pytest

from cross_jax.envs.tasks import __main__ as command
from cross_jax.envs.tasks import check, report
from cross_jax.envs.tasks.check import Plan, Result

PLAN = Plan(num_seeds=2, first_seed=10_000, difficulty=None)
TASKS = ("craft_item:emerald", "custom:interact_with_loom", "smelt_item:coal")
MORE = "craft_item:oak_planks"
ROWS = [
  Result("mine_block:oak_log", ("won",) * 19 + ("died",), (10,) * 20),  # 95%: enough
  Result("mine_block:sand", ("won",) * 18 + ("died", "out of time"), (30,) * 18 + (50, 600)),
  Result("craft_item:arrow", ("won",) * 20, (20,) * 20),
]


@pytest.fixture(autouse=True)
def _small_batch(monkeypatch):
  monkeypatch.setattr(check, "NUM_ENVS", 4)  # as in test_experts: `step` compiles once for both


def test_counts_by_hand():
  total = check.summarise(ROWS)
  assert (total["num_tasks"], total["num_tasks_at_95"]) == (3, 2)
  assert total["by_family"] == {
    "mine_block": {
      "num_tasks": 2, "num_tasks_at_95": 1, "success": 0.925, "ticks_median": 10.0
    },
    "craft_item": {
      "num_tasks": 1, "num_tasks_at_95": 1, "success": 1.0, "ticks_median": 20.0
    },
  }  # fmt: skip
  assert [check.reason(row) for row in ROWS] == ["", "died in 1 of 20, out of time in 1 of 20", ""]


def test_markdown_has_every_task_and_the_reasons():
  text = report.markdown(ROWS, PLAN)
  assert "2 of 3 tasks are won in 95%" in text
  assert "| mine_block:sand | 90% | died in 1 of 20, out of time in 1 of 20 |" in text
  assert "| mine_block:oak_log | yes | iron_axe | plains, sands | 95% | 10 | 10 |" in text
  assert "## craft_item" in text and "## kill_entity" not in text


def test_results_are_kept_and_taken_up_again(tmp_path, monkeypatch):
  first = list(check.run(TASKS[:1], PLAN, tmp_path, 1))
  assert [result.success for result in first] == [1.0]
  played = []
  part = check.play_part
  monkeypatch.setattr(check, "play_part", lambda p: played.append(p[0]) or part(p))
  results = {r.task: r for r in check.run(TASKS, PLAN, tmp_path, 1)}
  assert [task for tasks in played for task in tasks] == list(TASKS[1:])  # not the first again
  assert results[TASKS[0]] == first[0] and all(r.success == 1.0 for r in results.values())
  played.clear()
  with (tmp_path / check.FILE).open("a") as file:
    file.write('{"key": "cut sho')  # a run that was killed
  assert len(list(check.run(TASKS, PLAN, tmp_path, 1))) == 3 and not played
  assert len(list(check.run((*TASKS, MORE), PLAN, tmp_path, 1))) == 4 and len(played) == 1
  played.clear()  # the line after the one cut short is whole
  assert len(list(check.run((*TASKS, MORE), PLAN, tmp_path, 1))) == 4 and not played
  other = PLAN._replace(first_seed=11_000)
  assert len(list(check.run(TASKS[:1], other, tmp_path, 1))) == 1 and played  # other worlds


def _command(monkeypatch, *arguments):
  monkeypatch.setattr(sys, "argv", ["tasks", *arguments])
  command.main()


def test_list_prints_the_family(monkeypatch, capsys):
  _command(monkeypatch, "--list", "--family", "interact")
  out = capsys.readouterr().out
  assert "interact_with_anvil" in out and out.rstrip().endswith("13 tasks")


def test_check_ends_with_json(monkeypatch, capsys, tmp_path):
  arguments = ("--check", "--seeds", "1", "--tasks", TASKS[0], "--processes", "1")
  with pytest.raises(SystemExit, match="0"):
    _command(monkeypatch, *arguments, "--workdir", str(tmp_path))
  last = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert (last["num_tasks"], last["num_tasks_at_95"]) == (1, 1)


def test_ctrl_c_ends_with_one_line(monkeypatch, capsys, tmp_path):
  def stopped(*arguments):
    raise KeyboardInterrupt
    yield

  monkeypatch.setattr(check, "run", stopped)
  with pytest.raises(SystemExit, match="130"):
    _command(monkeypatch, "--check", "--workdir", str(tmp_path))
  assert f"the same command goes on from {tmp_path}" in capsys.readouterr().err


def test_a_task_named_twice_counts_once(monkeypatch, capsys):
  _command(
    monkeypatch, "--list", "--tasks", "craft_item:coal", "mine_block:sand", "craft_item:coal"
  )
  assert capsys.readouterr().out.rstrip().endswith("2 tasks")


@pytest.mark.parametrize(
  "arguments, message",
  [
    (("--check", "--tasks", "mine_block:oak_lgo"), "did you mean 'mine_block:oak_log'"),
    (("--check", "--seeds", "0"), "--seeds 0: must be at least 1"),
    (("--check", "--difficulty", "easy"), "invalid choice"),
    (("--check", "--first_seed", str(2**32 - 1)), "the last world must be at most 4294967295"),
    (("--check", "--markdown", "no/folder/a.md"), "there is no folder no/folder"),
    (("--list", "--family", "interact", "--tasks", "mine_block:sand"), "belongs to mine_block"),
    (("--check", "--tasks", "mine_block:sand", "--workdir", __file__), "can't be kept there"),
    ((), "one of the arguments --check --list is required"),
  ],
)
def test_bad_arguments(monkeypatch, capsys, arguments, message):
  with pytest.raises(SystemExit) as error:
    _command(monkeypatch, *arguments)
  assert message in f"{error.value} {capsys.readouterr().err}"
