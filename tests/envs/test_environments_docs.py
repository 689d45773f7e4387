"""The examples of docs/environments.md run, one after another, as a reader would paste them."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "environments.md").read_text("utf-8")
CODES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
HEAVY = ("import gymnasium", "import jax\n")  # these compile much


def run(codes, capsys):
  names = {"__name__": "docs"}
  for code in codes:
    exec(compile(code, "environments.md", "exec"), names)
  return capsys.readouterr().out


def test_the_light_examples_run_and_say_what_they_should(capsys):
  light = [code for code in CODES if not any(word in code for word in HEAVY)]
  assert len(light) >= 2 and len(CODES) >= 4
  out = run(light, capsys)
  assert "(4, 36, 64, 3)" in out
  assert "[[], ['attack', 'forward', 'jump'], ['inventory']]" in out  # 295 = 288 + 4 + 2 + 1


@pytest.mark.slow
def test_all_examples_run(capsys):
  pytest.importorskip("gymnasium")
  out = run(CODES, capsys)
  assert "(8, 4, 36, 64, 3) uint8" in out and "AutoresetMode.NEXT_STEP" in out
