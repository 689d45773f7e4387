"""The example of docs/sampling.md runs."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from cross_jax.checkpoint.policy import save_policy
from cross_jax.tokenizer import load_tokenizer
from tests.checkpoint import small_policy

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "sampling.md").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path, monkeypatch, capsys):
  folder = tmp_path / "runs" / "demo" / "mtrl" / "policy"
  save_policy(folder, small_policy.random_params(), small_policy.SPEC, load_tokenizer())
  pixels = np.random.default_rng(0).integers(0, 256, (360, 640, 3), np.uint8)
  Image.fromarray(pixels).save(tmp_path / "frame.png")
  monkeypatch.chdir(tmp_path)
  (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
  exec(compile(code, "sampling.md", "exec"), {"__name__": "example"})
  lines = re.findall(r"(\d): (\d+) prompt tokens, (\d+)", capsys.readouterr().out)
  assert sorted(seed for seed, *_ in lines) == ["1", "1", "2", "2"]
  prompt_len = min(int(num) for _, num, _ in lines)
  # Only the first prompt is prefilled whole: the second is the same, the next ones go on.
  fresh, *others = sorted(int(num) for *_, num in lines)
  assert fresh == 0 and min(others) == prompt_len - 1 and others[1] >= prompt_len
