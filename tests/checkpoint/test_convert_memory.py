"""Conversion streams: its peak memory is the parameters and little more."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cross_jax.checkpoint import hf_config, hf_files, hf_names
from cross_jax.tokenizer import load_tokenizer
from tests.models import hf_twin

MIB = 2**20
# 350 MiB of float32, its largest tensors 78 MiB (embedding, head).
LARGE = dataclasses.replace(
  hf_twin.CONFIG, width=512, heads=4, head_dim=128, mrope_section=(16, 24, 24), mlp_width=8192,
  depth=4, vocab_size=40_000, is_tied=False,
)  # fmt: skip
SMALL = dataclasses.replace(LARGE, depth=1, mlp_width=64, vocab_size=1000)


def write(folder, config):
  """A checkpoint of zeros with shards of 60 MB; returns (bytes in all, bytes of the largest)."""
  folder.mkdir()
  tensors = [(tensor.key, tensor.shape) for tensor in hf_names.tensors_of(config)]
  zeros = lambda i: np.zeros(tensors[i][1], np.float32)
  hf_files.write_tensors(folder, tensors, zeros, dtype="float32", max_shard_bytes=60_000_000)
  described = hf_config.to_hf(config, load_tokenizer())
  (folder / "config.json").write_text(json.dumps(described), encoding="utf-8")
  (folder / "tokenizer.json").write_text(load_tokenizer().to_str(), encoding="utf-8")
  sizes = [4 * int(np.prod(shape)) for _, shape in tensors]
  return sum(sizes), max(sizes)


MEASURE = """
import sys
from cross_jax.checkpoint import convert

def bytes_of(name):
  with open("/proc/self/status") as file:
    return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))

def run(source, target):
  assert convert.main(["--from", source, "--to", target]) == 0

small, large = sys.argv[1:3], sys.argv[3:]
run(*small)  # what the program itself takes
with open("/proc/self/clear_refs", "w") as file:
  file.write("5")  # the peak from here on
before = bytes_of("VmRSS")
run(*large)
print("GROWTH", bytes_of("VmHWM") - before)
"""


def growth_bytes(small, large):
  """How far a process grows when it converts `large`, (from, to), after `small`."""
  found = subprocess.run(
    [sys.executable, "-c", MEASURE, *small, *large],
    cwd=Path(__file__).parents[2],
    env={**os.environ, "XLA_FLAGS": "", "JAX_PLATFORMS": "cpu"},
    capture_output=True,
    text=True,
  )
  assert found.returncode == 0, found.stderr
  return int(found.stdout.split("GROWTH")[1])


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads Linux's /proc")
def test_beside_the_parameters_there_is_one_tensor(tmp_path):
  total, largest = write(tmp_path / "large", LARGE)
  write(tmp_path / "small", SMALL)
  there, back = ([], [])
  for name in ("small", "large"):
    policy = f"orbax:{tmp_path / name}_policy"
    there.append((f"hf:{tmp_path / name}", policy))
    back.append((policy, f"hf:{tmp_path / name}_back"))
  # All parameters twice would be 360 MiB more than they.
  assert growth_bytes(*there) < total + largest + 100 * MIB
  # On the way back only a leaf, its transpose, and 130 MiB of the reader's buffers.
  assert growth_bytes(*back) < total
