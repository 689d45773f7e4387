"""Hashes of the voxel world's states and frames, by platform.

`python tests/golden/make_voxel_hashes.py` adds this machine's platform to voxel_hashes.json, or
replaces it after a change of the rules, the content or the renderer that was meant. To add another
platform (a GPU, a TPU, another kind of CPU) run it there and commit the file.
"""

import hashlib
import json
import platform
from pathlib import Path

import jax
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction, View
from cross_jax.envs.voxel.env import VoxelEnv

FILE = Path(__file__).with_name("voxel_hashes.json")
TASKS = ("mine_block:oak_log", "kill_entity:skeleton", "kill_entity:salmon", "craft_item:arrow")
VIEW = View(0, 0, 640, 360, 64, 36)
TICKS = 60


def _vector_unit() -> str:
  """The widest vector unit that XLA compiles for here: it decides which products are fused."""
  info = Path("/proc/cpuinfo")
  flags = info.read_text().split() if info.exists() else []
  return next((name for name in ("avx512f", "avx2", "asimd") if name in flags), "unknown vectors")


def platform_name() -> str:
  """Backend, processor and version: what may change the last bit of a float."""
  device = jax.devices()[0]
  kind = f"{platform.machine()} {_vector_unit()}"
  kind = kind if device.platform == "cpu" else device.device_kind
  return f"{device.platform} {kind} jax {jax.__version__}"


def actions(num_games: int, ticks: int = TICKS) -> list[RawAction]:
  """Random but fixed actions, those of a game the same whatever the number of games."""
  rngs = [np.random.default_rng(game) for game in range(num_games)]
  out = []
  for tick in range(ticks):
    buttons = np.stack([rng.random(23) < 0.2 for rng in rngs]).astype(np.int8)
    buttons[:, BUTTON_INDEX["forward"]] |= tick % 3 > 0
    buttons[:, BUTTON_INDEX["inventory"]] &= tick % 11 == 0
    turn = np.stack([rng.normal(0, 6, 2) for rng in rngs]).astype(np.float32)
    out.append(RawAction(buttons, turn))
  return out


def digest(tree) -> str:
  """SHA-1 of all arrays of a pytree."""
  sha = hashlib.sha1()
  for leaf in jax.tree.leaves(tree):
    sha.update(np.ascontiguousarray(leaf).tobytes())
  return sha.hexdigest()


def hashes() -> dict[str, str]:
  """The hashes of the states and of the frames after TICKS ticks of TASKS."""
  env = VoxelEnv(len(TASKS), (VIEW,))
  env.reset(TASKS, range(len(TASKS)))
  for action in actions(len(TASKS)):
    env.step(action, render=False)
  return {"states": digest(env.get_state()), "frames": digest(env.observe().views)}


if __name__ == "__main__":
  known = json.loads(FILE.read_text()) if FILE.exists() else {}
  known[platform_name()] = hashes()
  FILE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
  print(platform_name(), known[platform_name()])
