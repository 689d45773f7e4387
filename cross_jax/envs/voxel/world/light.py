"""Light of the cells by flood fill: from the open sky, and from blocks that shine.

Every cell has two levels, 0..15, as in Minecraft. The sky gives 15 to all cells under the open sky;
a level falls by what the block of the next cell takes (at least 1) from cell to cell, sideways, up
and down. Cells of opaque blocks take light (a slab is seen in it, and a ray may graze an edge) but
let none on. Chosen deviations from Minecraft 1.16: slabs and stairs let light on in no direction;
sky light enters the world from above only, not over its sides; a change is seen at once, not over
some ticks.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z, Edits

MAX_LIGHT = 15
OPEN_SKY = MAX_LIGHT << 4  # a cell's light: the sky's level in the high four bits
_SHAPE = (SIZE_Y, SIZE_Z, SIZE_X)
_AXES = (1, 2, 3)


def _block_words() -> np.ndarray:
  """What light needs of a block: uint16[num_blocks], loss on entering + 16 opaque + 256 level."""
  is_opaque = BLOCKS.filter_light >= MAX_LIGHT
  loss = np.where(is_opaque, 1, BLOCKS.filter_light)
  if loss.max() > MAX_LIGHT or BLOCKS.light.max() > MAX_LIGHT:
    raise ValueError(f"light {BLOCKS.light.max()}, filter {loss.max()}: both end at {MAX_LIGHT}")
  return (loss | is_opaque << 4 | BLOCKS.light << 8).astype(np.uint16)


_WORDS = _block_words()


def _beside(level: jax.Array) -> jax.Array:
  """The highest level among the six neighbours of each cell; 0 outside the world."""
  best = jnp.zeros_like(level)
  for axis in _AXES:
    edge = jnp.zeros_like(jax.lax.slice_in_dim(level, 0, 1, axis=axis))
    size = level.shape[axis]
    low = jax.lax.slice_in_dim(level, 0, size - 1, axis=axis)
    high = jax.lax.slice_in_dim(level, 1, size, axis=axis)
    best = jnp.maximum(best, jnp.concatenate([edge, low], axis=axis))
    best = jnp.maximum(best, jnp.concatenate([high, edge], axis=axis))
  return best


def flood_light(blocks: jax.Array) -> jax.Array:
  """The light of every cell.

  Args:
    blocks: uint16[NUM_CELLS], rows of the block table.
  Returns:
    uint8[NUM_CELLS], 16 * level of sky light + level of block light.
  """
  parts = jnp.asarray(_WORDS)[blocks.astype(jnp.int32)].reshape(_SHAPE)
  loss = (parts & 15).astype(jnp.uint8)
  source = (parts >> 8).astype(jnp.uint8)
  is_opaque = (parts & 16) > 0
  dims = ((loss > 0) | is_opaque).astype(jnp.uint8)
  is_covered = jax.lax.cummax(dims, axis=0, reverse=True) > 0
  sky = jnp.where(is_covered, 0, MAX_LIGHT).astype(jnp.uint8)
  level = jnp.stack([sky, source])
  passing = jnp.where(is_opaque[None], jnp.stack([jnp.zeros_like(sky), source]), 255)
  loss = jnp.maximum(loss, 1)[None]

  def spread(carry):
    level, _ = carry
    beside = _beside(jnp.minimum(level, passing.astype(jnp.uint8)))
    new = jnp.maximum(level, jnp.where(beside > loss, beside - loss, 0).astype(jnp.uint8))
    return new, jnp.any(new != level)

  level, _ = jax.lax.while_loop(lambda carry: carry[1], spread, (level, jnp.bool_(True)))
  return (level[0] << 4 | level[1]).reshape(NUM_CELLS)


def changes_light(blocks: jax.Array, edits: Edits) -> jax.Array:
  """bool[], whether any of the edits puts a block that lets through or gives another light.

  Args:
    blocks: uint16[NUM_CELLS], before the edits.
    edits: Edits.
  """
  table = jnp.asarray(_WORDS)
  old = table[blocks[jnp.maximum(edits.cell, 0)].astype(jnp.int32)]
  return jnp.any((edits.cell >= 0) & (old != table[edits.block]))
