"""What pictures need of a game besides its rays, for a whole batch before its games are drawn.

XLA fuses what is cheap into the loops over rays and computes it anew at every ray, and its barriers
don't outlive that fusion; what enters the loop over games from outside is computed once.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS, SHAPES
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render.glow import SKIES, daylight, light_words
from cross_jax.envs.voxel.render.hand import swing
from cross_jax.envs.voxel.rules.aim import aim_of
from cross_jax.envs.voxel.state import State


class Once(NamedTuple):
  """Of one game; a leading axis B on every leaf for a batch."""

  aim_cell: jax.Array  # int32[], the cell in the crosshair at present, or -1
  aim_box: jax.Array  # float32[2, 3], the least box that holds the shape of its block
  day: jax.Array  # float32[], glow.daylight
  sky: jax.Array  # float32[3, 3], zenith, horizon and haze, red green blue by day
  light: jax.Array  # int32[glow.NUM_LEVELS], glow.light_words
  swing: jax.Array  # float32[], of the hand, 0 at rest to 1
  held: jax.Array  # int32[], the item in hand


def _extents() -> np.ndarray:
  """The least box that holds each shape: float32[num_shapes, 2, 3], x y z of its two corners."""
  is_used = np.any(SHAPES.boxes != 0, axis=-1, keepdims=True)
  low = np.where(is_used, SHAPES.boxes[..., :3], 1.0).min(axis=1)
  high = np.where(is_used, SHAPES.boxes[..., 3:], 0.0).max(axis=1)
  return np.stack([low, high], axis=1)


_EXTENT = _extents()


def once_of(state: State) -> Once:
  """What the pictures of one game need; its aim at present, not as the last tick began."""
  cell = aim_of(state).cell
  block = state.blocks[jnp.maximum(cell, 0)].astype(jnp.int32)
  day = daylight(state.time_of_day, state.sky)
  return Once(
    aim_cell=cell,
    aim_box=jnp.asarray(_EXTENT)[jnp.asarray(BLOCKS.shape)[block]],
    day=day,
    sky=jnp.asarray(SKIES)[state.sky],
    light=light_words(day),
    swing=swing(state),
    held=state.slots.item[layout.HOTBAR + state.player.hotbar],
  )
