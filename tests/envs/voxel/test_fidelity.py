"""The measurements of the rules: a part of the table, and what its verdicts mean."""

import json
from pathlib import Path

import pytest

from cross_jax.envs.voxel.fidelity import report as fidelity
from cross_jax.envs.voxel.fidelity.rows import Measured, Row

QUICK = (
  "walking", "sprint-jumping", "jump height", "fall damage from 10", "climbing a ladder",
  "step onto a slab", "jump over a fence", "sneaking holds", "breaking stone with iron_pickaxe",
  "breaking cobweb", "pause after a broken block", "a torch falls", "critical hit",
  "a zombie's hit",
  "food of an apple", "breath regained", "lava, damage", "cursor per degree, x", "smoker, an item",
)  # fmt: skip


def test_verdicts():
  row = Row("r", "m", 2.0, "s", lambda: 2.0, tolerance=0.1)
  assert Measured(row, 2.1 - 1e-6).verdict == "ok"
  assert Measured(row, 2.2).verdict == "off" and Measured(row, 2.2).difference == pytest.approx(0.2)
  assert Measured(row._replace(chosen="why"), 2.2).verdict == "chosen"
  assert Measured(row, float("inf")).verdict == "off"
  assert Measured(row, float("nan")).verdict == "off"  # not measured is not right


def test_there_are_enough_rows_and_each_has_a_source():
  assert len(fidelity.ROWS) >= 60
  assert len({row.rule for row in fidelity.ROWS}) == len(fidelity.ROWS)
  assert all(row.source and row.tolerance >= 0 for row in fidelity.ROWS)


def test_some_rules_are_minecrafts():
  rows = [row for row in fidelity.ROWS if row.rule.startswith(QUICK)]
  assert len(rows) >= len(QUICK)
  assert [m.row.rule for m in fidelity.measure(rows) if m.verdict == "off"] == []


def test_a_rule_that_is_off_makes_the_command_fail(monkeypatch, capsys):
  good, bad = (Row(n, "m", 1.0, "s", lambda v=v: v) for n, v in (("good", 1.0), ("bad", 3.0)))
  monkeypatch.setattr(fidelity, "ROWS", (good, bad))
  assert fidelity.main(["--json"]) == 1
  last = json.loads(capsys.readouterr().out.splitlines()[-1])
  assert last == {"num_rows": 2, "ok": 1, "chosen": 0, "off": 1, "off_rules": ["bad"]}
  assert fidelity.main(["--json", "--only", "good"]) == 0


def test_a_rule_that_cannot_be_measured_is_off_and_the_others_are_measured(monkeypatch, capsys):
  def broken():
    return [][1]

  rows = [Row(n, "m", 1.0, "s", m) for n, m in (("bad", broken), ("good", lambda: 1.0))]
  rows.append(Row("why", "m", 1.0, "s", broken, chosen="on purpose"))
  monkeypatch.setattr(fidelity, "ROWS", tuple(rows))
  assert fidelity.main([]) == 1
  out = capsys.readouterr().out
  assert "IndexError" in out
  last = json.loads(out.splitlines()[-1])
  assert (last["ok"], last["chosen"], last["off_rules"]) == (1, 0, ["bad", "why"])
  bad, good, _ = fidelity.measure(rows)
  assert fidelity.cells(bad)[2] == "nan" and good.verdict == "ok"
  assert fidelity.cells(bad)[-1] == "failed: IndexError: list index out of range"


def test_a_table_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path, monkeypatch):
  file = tmp_path / "page.md"
  text = "before\n<!-- fidelity table -->\nold\n<!-- end of fidelity table -->\n"
  file.write_text(text)
  write = Path.write_text

  def full(path, content):
    write(path, content[:9])
    raise OSError("No space left on device")

  monkeypatch.setattr(Path, "write_text", full)
  with pytest.raises(OSError, match="No space"):
    fidelity.write_markdown([], file)
  assert file.read_text() == text and [p.name for p in tmp_path.iterdir()] == ["page.md"]


def test_the_table_goes_between_its_markers(tmp_path):
  file = tmp_path / "page.md"
  row = Row("walk", "m/s", 4.317, "wiki", lambda: 4.317)
  file.write_text("before\n<!-- fidelity table -->\nold\n<!-- end of fidelity table -->\nafter\n")
  fidelity.write_markdown([Measured(row, 4.317)], file)
  text = file.read_text()
  assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
  assert "| walk | m/s | 4.317 | 4.317 | 0 | wiki | ok |" in text
  file.write_text("nothing")
  with pytest.raises(ValueError, match="no lines"):
    fidelity.write_markdown([], file)


@pytest.mark.parametrize(
  "arguments, message",
  [
    (("--only", "flying"), "no rule holds 'flying'"),
    (("--markdown", "absent.md"), "absent.md"),
    (("--markdown", __file__, "--only", "jump"), "leave --only out"),
  ],
)
def test_bad_arguments_end_before_anything_is_measured(monkeypatch, capsys, arguments, message):
  monkeypatch.setattr(fidelity, "measure", None)
  with pytest.raises(SystemExit, match="2"):
    fidelity.main([*arguments])
  assert message in capsys.readouterr().err


@pytest.mark.slow
def test_all_rules_are_minecrafts_or_chosen():
  assert [m.row.rule for m in fidelity.measure(fidelity.ROWS) if m.verdict == "off"] == []
