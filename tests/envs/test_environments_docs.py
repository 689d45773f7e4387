"""The examples of docs/environments.md run, one after another, as a reader would paste them."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "environments.md").read_text("utf-8")
CODES = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
MEDIA = Path(__file__).resolve().parents[2] / "docs" / "media"
MAX_BYTES, MAX_BYTES_IN_ALL = 300_000, 3_000_000
HEAVY = ("import gymnasium", "import jax\n")  # these compile much


def test_every_picture_of_the_world_is_shown_and_small():
  shown = {MEDIA.parent / target for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", TEXT)}
  kept = {path for path in MEDIA.glob("*/*") if path.name != "overview.webp"}  # the README's
  assert shown == kept and len(kept) >= 19
  sizes = [path.stat().st_size for path in kept]
  assert max(sizes) <= MAX_BYTES and sum(sizes) <= MAX_BYTES_IN_ALL


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
