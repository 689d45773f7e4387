"""docs/training.md does what it says."""

import re
from pathlib import Path

import jax
import numpy as np

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "training.md").read_text(encoding="utf-8")


def test_snippets_run_and_learn(tmp_path, monkeypatch, capsys):
  monkeypatch.chdir(tmp_path)
  names = {"__name__": "docs"}
  for code in re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE):
    exec(compile(code, "training.md", "exec"), names)
    first, *_, last = (float(line) for line in capsys.readouterr().out.split())
    assert last < first - 0.1
  assert names["params"].keys() == names["base"].keys()
  joined, merged = (
    names["policy_logp"](names[key], names["batch"]) for key in ("joined", "merged")
  )
  np.testing.assert_allclose(joined, merged, atol=1e-4)
  shapes = lambda tree: jax.tree.map(np.shape, tree)
  assert shapes(merged) == shapes(joined) and shapes(names["merged"]) == shapes(names["base"])
