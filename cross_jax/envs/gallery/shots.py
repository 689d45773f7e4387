"""Games made to be drawn: fresh ones of a task, flat ground; and their pictures, also halved."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import View
from cross_jax.envs import tasks
from cross_jax.envs.tasks.setup import TaskSetup
from cross_jax.envs.voxel import reset
from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.render.boxes import build_boxes
from cross_jax.envs.voxel.render.frame import render_batch
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z, State
from cross_jax.envs.voxel.world.light import flood_light

SCREEN = View(0, 0, 640, 360, 640, 360)
GROUND = 8  # y of the flat ground's top cells
_BATCH = 8  # games drawn at once, always, so that the picture compiles once

_reset = jax.jit(lambda setup: reset.reset(setup, jax.random.PRNGKey(setup.seed)))
_build = jax.jit(lambda blocks: (build_boxes(blocks), flood_light(blocks)))


def fresh_game(setup: TaskSetup) -> State:
  """A game at its first tick, as the environment starts it."""
  return jax.tree.map(np.asarray, _reset(setup))


def plain_setup(seed: int) -> TaskSetup:
  """A world with nothing of a task in it: no tool, no target, no distractors, no mobs."""
  setup = tasks.setup_row("mine_block:dirt", seed)
  is_kept = ("goal_stat", "goal_index", "biome", "seed")
  return type(setup)(*(v if k in is_kept else np.zeros_like(v) for k, v in setup._asdict().items()))


def flat_game() -> State:
  """A game on a wide meadow without anything on it."""
  state = fresh_game(plain_setup(0))
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  grid[:GROUND], grid[GROUND] = BLOCKS.index["dirt"], BLOCKS.index["grass_block"]
  blocks = grid.reshape(NUM_CELLS)
  boxes, light = (np.asarray(leaf) for leaf in _build(blocks))
  return state._replace(blocks=blocks, boxes=boxes, light=light)


def draw(games: Sequence[State], view: View = SCREEN) -> np.ndarray:
  """Pictures of games: uint8[n, height, width, 3]."""
  pictures = []
  for start in range(0, len(games), _BATCH):
    some = list(games[start : start + _BATCH])
    some += some[:1] * (_BATCH - len(some))
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *some)
    pictures.append(np.asarray(render_batch(batch, (view,))[0]))
  return np.concatenate(pictures)[: len(games)]


def half(pictures: np.ndarray) -> np.ndarray:
  """Pictures at half their size, each pixel the mean of four: uint8[n, height/2, width/2, 3]."""
  n, height, width, _ = pictures.shape
  blocks = pictures.reshape(n, height // 2, 2, width // 2, 2, 3).astype(np.float32)
  return blocks.mean((2, 4)).round().astype(np.uint8)
