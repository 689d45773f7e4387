"""Tables that the kernel reads, the same for all games: textures, shapes, bodies."""

import numpy as np

from cross_jax.envs.voxel.render import bodies
from cross_jax.envs.voxel.render.body_plans import MAX_PARTS
from cross_jax.envs.voxel.render.look import BOXES, UNUSED_BOX
from cross_jax.envs.voxel.render.pixels import COUNTS
from cross_jax.envs.voxel.render.shade import ATLAS, FIRST_SKIN
from cross_jax.envs.voxel.render.textures import ICON_ATLAS

DROP_BODY = len(bodies.BODIES.radius)  # row of BODIES
FIRST_SHOT_BODY = DROP_BODY + 1  # row of the shot of kind 0, which there is not


def _lone(middle: float, half: np.ndarray, tile: int, radius: float) -> np.ndarray:
  """A row of one part, its middle above the feet."""
  centres, halves = np.zeros((MAX_PARTS, 3)), np.full((MAX_PARTS, 3), -1.0)
  centres[:, 1], halves[0] = middle, half
  tiles = np.full(MAX_PARTS, tile)
  return np.concatenate([centres.ravel(), halves.ravel(), tiles, [middle, radius]])


def _bodies() -> np.ndarray:
  """float32[rows, 7 MAX_PARTS + 2]: centres, half sizes and tiles of the parts, middle, radius."""
  mobs = [
    np.concatenate([body.centre.ravel(), body.half.ravel(), body.tile, [body.middle, body.radius]])
    for body in (type(bodies.BODIES)(*row) for row in zip(*bodies.BODIES, strict=True))
  ]
  mobs[0][-1] = 0.0  # row 0: none
  size = bodies.DROP_SIZE / 2
  drop = _lone(size, np.full(3, size), bodies.FIRST_DROP_TILE, bodies.DROP_SIZE)
  shots = [
    _lone(0.0, half, tile, np.sqrt(np.sum(half * half)))
    for half, tile in zip(bodies.SHOT_HALF, bodies.SHOT_TILE, strict=True)
  ]
  return np.stack([*mobs, drop, *shots]).astype(np.float32)


BODIES = _bodies()
# In the order of the kernel's arguments.
TABLES = (ATLAS, ICON_ATLAS, COUNTS, BOXES, BODIES)
ATTRIBUTES = {"first_skin": np.int32(FIRST_SKIN), "unused_box": np.int32(UNUSED_BOX)}
