"""The README does what it says: every snippet runs, every file it names exists."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cross_jax.checkpoint.policy import save_policy
from cross_jax.tokenizer import load_tokenizer
from experiments.results_markdown import (
  BEGIN,
  END,
  detailed_tables,
  find_results,
  summary_table,
)
from tests.checkpoint import small_policy

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PYTHON = [code for language, code in BLOCKS if language == "python"]
SHELL = "".join(code for language, code in BLOCKS if language == "bash")
MAX_PICTURE_BYTES = 1_500_000


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
  """A folder in which the README's relative paths exist."""
  root = tmp_path_factory.mktemp("readme")
  save_policy(
    root / "runs" / "demo" / "mtrl" / "policy",
    small_policy.random_params(),
    small_policy.SPEC,
    load_tokenizer(),
  )
  pixels = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
  Image.fromarray(pixels).save(root / "frame.png")
  return root


def title_of(code: str) -> str:
  """The first thing of the project that a snippet imports."""
  return re.search(r"from ((?:cross_jax|experiments)[\w.]*)", code)[1]


@pytest.mark.parametrize("code", PYTHON, ids=title_of)
def test_snippet_runs(code, finished_run, monkeypatch, capsys):
  monkeypatch.chdir(finished_run)
  exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
  assert capsys.readouterr().out.strip()


def run_snippet(words: str, capsys) -> str:
  (code,) = [code for code in PYTHON if words in code]
  exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
  return capsys.readouterr().out


def test_loss_snippet_by_hand(capsys):
  # Two tokens a row, ratios e^0.1 and 1; advantages are +a, -a, -a, +a: the policy terms cancel
  # and the k3 term of the first token, e^-0.1 - 1 + 0.1, is left for half of the tokens.
  expected = 0.01 * (np.exp(-0.1) - 1 + 0.1) / 2
  assert float(run_snippet("kl_estimate", capsys)) == pytest.approx(expected, abs=1e-6)


def test_step_snippet_prefers_the_better_response(capsys):
  is_preferred, kl = run_snippet("make_grpo_step", capsys).split()
  assert is_preferred == "True" and float(kl) == pytest.approx(0.0, abs=1e-6)


def test_codec_snippet_by_hand(capsys):
  first, second = run_snippet("import parse", capsys).splitlines()
  assert first.split() == ["motion", "[0.", "6.]"]  # 40 px of 0.15 degrees, no pitch
  assert second.startswith("ParseFailure(reason=") and "teleport" in second


def test_there_is_a_snippet_for_each_kind_of_user():
  assert {title_of(code).split(".")[1] for code in PYTHON} >= {"configs", "losses", "act"}
  for code in PYTHON:
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) <= 24, "a README snippet is short"


def test_shell_commands_exist():
  targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
  assert {"demo", "test"} <= set(re.findall(r"^make (\w+)", SHELL, re.MULTILINE)) <= targets
  for path in re.findall(r"[\w/]+\.py", SHELL):
    assert (ROOT / path).is_file(), path
  for module in re.findall(r"python -m ([\w.]+)", README):
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def run_line_of_the_readme(words, folder, *, more=""):
  """Runs the README's command that has `words` in it, in a process of its own."""
  (line,) = [line for line in SHELL.splitlines() if words in line]
  return subprocess.run(
    line.replace("python", f'"{sys.executable}"', 1) + more,
    shell=True,
    cwd=folder,
    env={**os.environ, "PYTHONPATH": str(ROOT)},
    capture_output=True,
    text=True,
  )


def test_act_command_of_the_readme(finished_run):
  done = run_line_of_the_readme("cross_jax.act", finished_run, more=" --json --space raw")
  assert done.returncode == 0, done.stderr
  assert '"response": "Action: ' in done.stdout


def test_gymnasium_command_of_the_readme(tmp_path):
  pytest.importorskip("gymnasium")
  done = run_line_of_the_readme("gymnasium.make", tmp_path)
  assert done.returncode == 0, done.stderr
  assert "CrossVoxel-v0" in done.stdout


def test_local_links_exist():
  for text, folder in ((README, ROOT), ((ROOT / "docs" / "results.md").read_text(), ROOT / "docs")):
    for target in re.findall(r"\]\(([^)#]+)", text):
      if not target.startswith("https://"):
        assert (folder / target).exists(), target


def test_every_experiment_is_listed():
  names = {path.name for path in (ROOT / "experiments" / "configs").glob("*.py")} - {"__init__.py"}
  assert names == set(re.findall(r"\(experiments/configs/(\w+\.py)\)", README))


def test_the_pictures_are_small_and_the_moving_one_moves():
  paths = [ROOT / target for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)]
  assert len(paths) == 2 and sum(path.stat().st_size for path in paths) <= MAX_PICTURE_BYTES
  with Image.open(paths[0]) as moving, Image.open(paths[1]) as strip:
    assert moving.n_frames > 10 and strip.width > 1000


def test_results_are_those_of_the_kept_runs():
  by_name = find_results(ROOT / "experiments" / "results")
  for name, section in (("README.md", summary_table), ("docs/results.md", detailed_tables)):
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()
    assert shown == section(by_name).strip(), f"{name}: run `python -m experiments.report --readme`"
