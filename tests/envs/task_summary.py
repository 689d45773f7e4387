"""A set-up and its fresh world by name, free of row numbers: what the golden file holds.

`python tests/envs/task_summary.py` writes tests/golden/first_tasks.json anew. Only on purpose: the
first experiments rest on these worlds.
"""

import json
import pathlib
import zlib

import jax
import numpy as np

from cross_jax.envs.tasks import get, instruction, instructions, list_tasks, setup_row
from cross_jax.envs.voxel import env
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS

GOLDEN = pathlib.Path(__file__).parents[1] / "golden/first_tasks.json"
SEEDS = (7, 1_000_003)
_CODES = np.asarray([zlib.crc32(name.encode()) for name in BLOCKS.names], np.uint32)


def summarise(task: str, seed: int) -> dict:
  """Names, counts and rounded positions of one episode's start; `cells` is a checksum of names."""
  setup = setup_row(task, seed)
  state = jax.tree.map(np.asarray, env._reset_one(setup))
  there = np.flatnonzero(state.mobs.kind)
  number = lambda values: [round(float(v), 2) for v in np.ravel(values)]
  return {
    "instruction": instruction(task, seed),
    "gui": int(setup.gui),
    "is_night": bool(setup.is_night),
    "seed": int(setup.seed),
    "items": [
      [int(s), ITEMS.names[setup.item[s]], int(setup.count[s])] for s in np.flatnonzero(setup.item)
    ],
    "distractors": [BLOCKS.names[b] for b in setup.distractor_block if b],
    "cells": zlib.crc32(_CODES[state.blocks].tobytes()),
    "spawn": number([*state.player.pos, state.player.yaw_deg, state.player.pitch_deg]),
    "mobs": [[MOBS.names[state.mobs.kind[i]], *number(state.mobs.pos[i])] for i in there],
    "goal": get(task).goal_name,
    "phrasings": zlib.crc32("\n".join(instructions(task)).encode()),
  }


def main() -> None:
  rows = {f"{task} {seed}": summarise(task, seed) for task in list_tasks() for seed in SEEDS}
  lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
  GOLDEN.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
  main()
