"""The renderer's acceleration structure: how far a ray may jump from each cell, packed in one word.

A word holds one byte per horizontal quadrant q = (dx < 0) + 2 (dz < 0) of ray directions:
  128 and above    the cell is visible and stops the ray; the other seven bits of all four bytes
                   together say what it is, whatever the quadrant (word_block, word_shape, FLAG_*);
  8 (h - 1) + v    empty: the box of h x h cells from this one towards the quadrant, and v cells up
                   and down, holds nothing visible (1 <= h <= 7, 0 <= v <= 6);
  64 + the same    water: the ray is tinted from here; the box holds water or nothing.
Boxes are conservative: they may be smaller than the empty space but never reach a visible cell.
Cells outside the world count as empty, since rays end at its border.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import (
  BLOCKS,
  KIND_BOXES,
  KIND_CUBE,
  KIND_PLANT,
  MAX_BLOCKS,
  SHAPES,
)
from cross_jax.envs.voxel.render.textures import SEE_THROUGH
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z

MAX_H = 7  # cells
MAX_V = 6  # cells
WATER_CODE = 64
BLOCK_CODE = 128
BLOCK_BITS = 14  # of a block's row: seven in each of the two lower bytes
# Flags of a visible cell's word: no full opaque cube; a plant; boxes of its shape; a texture with
# holes; in water.
FLAG_LOOK, FLAG_PLANT, FLAG_BOXES, FLAG_HOLES, FLAG_WET = (1 << i for i in range(16, 21))
SHAPE_BITS = 7  # of a row of SHAPES, in the highest byte
QUADRANTS = ((1, 1), (-1, 1), (1, -1), (-1, -1))  # (sign of dx, sign of dz) of quadrant q
WINDOW = 2 * MAX_H - 1  # cells on a side: all cells whose boxes may hold a given cell
_SHAPE = (SIZE_Y, SIZE_Z, SIZE_X)
_ALL = np.uint32(0xFFFFFFFF)
_EVERY_BYTE = np.uint32(0x01010101)

if SIZE_X != 32:
  raise ValueError(f"SIZE_X {SIZE_X}: rows of cells are packed in uint32, so it must be 32")
if max(len(BLOCKS.names), MAX_BLOCKS) > 1 << BLOCK_BITS or len(SHAPES.names) > 1 << SHAPE_BITS:
  raise ValueError(
    f"{len(BLOCKS.names)} blocks of at most {MAX_BLOCKS}, {len(SHAPES.names)} shapes: a box word "
    f"holds rows below {1 << BLOCK_BITS} and {1 << SHAPE_BITS}"
  )


def _block_words() -> np.ndarray:
  row = np.arange(len(BLOCKS.names), dtype=np.uint32)
  kind = SHAPES.kind[BLOCKS.shape]
  words = _EVERY_BYTE * np.uint32(BLOCK_CODE) | (row & 127) | (row >> 7) << 8
  for flag, has_it in (
    (FLAG_LOOK, (kind != KIND_CUBE) | SEE_THROUGH),
    (FLAG_PLANT, kind == KIND_PLANT),
    (FLAG_BOXES, kind == KIND_BOXES),
    (FLAG_HOLES, SEE_THROUGH),
    (FLAG_WET, BLOCKS.is_waterlogged),
  ):
    words |= np.where(has_it, flag, 0).astype(np.uint32)
  words |= BLOCKS.shape.astype(np.uint32) << 24
  words[~np.asarray(BLOCKS.is_visible)] = 0
  words[BLOCKS.index["water"]] = _WATER_WORD
  return words


_WATER_WORD = _EVERY_BYTE * np.uint32(WATER_CODE)  # with boxes of one cell
_WORDS = _block_words()  # uint32[num_blocks], the word of a cell of that block; 0 = empty


def _scores() -> np.ndarray:
  """Mean length over slopes of a ray in a box: float32[MAX_H + 1, MAX_V + 1], -1 at h = 0."""
  slopes = np.asarray([0.03, 0.1, 0.2, 0.4, 0.8, 1.6, 4.0], np.float32)
  h = np.arange(MAX_H + 1, dtype=np.float32)[:, None, None]
  v = np.arange(MAX_V + 1, dtype=np.float32)[None, :, None]
  score = np.minimum(h - 0.5, (v + 0.5) / slopes[None, None]).mean(-1)
  score[0] = -1.0
  return score.astype(np.float32)


_SCORES = _scores()


def word_block(word: jax.Array) -> jax.Array:
  """The row of the block table in the word of a visible cell, int32[...]."""
  return (word & 127) | ((word >> 1) & (127 << 7))


def word_shape(word: jax.Array) -> jax.Array:
  """The row of SHAPES in the word of a visible cell, int32[...]."""
  return (word >> 24) & 127


def _empty_squares(empty: jax.Array, sign_x: int, sign_z: int) -> jax.Array:
  """Side of the largest empty square from each cell towards a quadrant, at most MAX_H.

  Args:
    empty: uint32[SIZE_Y, SIZE_Z], bit x is set where the cell is empty.
    sign_x, sign_z: the quadrant.
  Returns:
    int32[SIZE_Y, SIZE_Z, SIZE_X].
  """
  edge = jnp.full((SIZE_Y, 1), _ALL)
  bits = jnp.arange(SIZE_X, dtype=jnp.uint32)[None, None]

  def grow(_, carry):
    empty, side = carry
    side = side + ((empty[..., None] >> bits) & 1).astype(jnp.int32)
    beside = (empty >> 1) | np.uint32(1 << 31) if sign_x > 0 else (empty << 1) | np.uint32(1)
    both = empty & beside
    ahead = [both[:, 1:], edge] if sign_z > 0 else [edge, both[:, :-1]]
    return both & jnp.concatenate(ahead, axis=1), side

  return jax.lax.fori_loop(0, MAX_H, grow, (empty, jnp.zeros(_SHAPE, jnp.int32)))[1]


def _largest_boxes(taken: jax.Array) -> jax.Array:
  """Codes of the best boxes that hold no taken cell, four to a word.

  Args:
    taken: bool[NUM_CELLS].
  Returns:
    uint32[NUM_CELLS], of no use where taken.
  """
  bits = jnp.arange(SIZE_X, dtype=jnp.uint32)[None, None]
  rows = jnp.sum(taken.reshape(_SHAPE).astype(jnp.uint32) << bits, axis=-1, dtype=jnp.uint32)
  padded = jnp.pad(rows, ((MAX_V, MAX_V), (0, 0)))

  def widen(carry, v):
    """Takes the boxes that reach v cells up and down where they are better than the best so far."""
    taken, best, code = carry
    for start in (MAX_V - v, MAX_V + v):
      taken = taken | jax.lax.dynamic_slice(padded, (start, 0), rows.shape)
    side = jnp.stack([_empty_squares(~taken, *quadrant) for quadrant in QUADRANTS])
    score = jnp.asarray(_SCORES)[:, v][side]
    is_better = score >= best  # among equals the tallest
    code = jnp.where(is_better, (8 * (side - 1) + v).astype(jnp.uint32), code)
    return (taken, jnp.where(is_better, score, best), code), None

  shape = (len(QUADRANTS), *_SHAPE)
  start = (rows, jnp.full(shape, -1.0, jnp.float32), jnp.zeros(shape, jnp.uint32))
  code = jax.lax.scan(widen, start, jnp.arange(MAX_V + 1, dtype=jnp.int32))[0][2]
  packed = code[0] | (code[1] << 8) | (code[2] << 16) | (code[3] << 24)
  return packed.reshape(NUM_CELLS)


def build_boxes(blocks: jax.Array) -> jax.Array:
  """The packed words of a world.

  Args:
    blocks: uint16[NUM_CELLS], rows of the block table.
  Returns:
    int32[NUM_CELLS].
  """
  words = jnp.asarray(_WORDS)[blocks.astype(jnp.int32)]
  is_water = words == _WATER_WORD
  in_water = jax.lax.cond(
    jnp.any(is_water),
    lambda: _largest_boxes((words != 0) & ~is_water) | _WATER_WORD,
    lambda: jnp.full_like(words, _WATER_WORD),
  )
  out = jnp.where(words != 0, words, _largest_boxes(words != 0))
  return jax.lax.bitcast_convert_type(jnp.where(is_water, in_water, out), jnp.int32)


def _shrink(code: jax.Array, ahead: jax.Array, level: jax.Array) -> jax.Array:
  """The code of a box that lost the cell `ahead` (furthest axis) and `level` (vertical) away."""
  h, v = (code >> 3) + 1, code & 7
  narrow, flat = ahead * (2 * v + 1), h * (2 * level - 1)  # areas of the two ways to shrink
  return jnp.where(narrow >= flat, 8 * (ahead - 1) + v, 8 * (h - 1) + level - 1)


def update_boxes(boxes: jax.Array, blocks: jax.Array, cell: jax.Array) -> jax.Array:
  """The words after one cell changed: one write if it became empty, else boxes near it shrink.

  Boxes of water may hold water, so that water in a cell shrinks only those of empty cells.

  Args:
    boxes: int32[NUM_CELLS], the words before.
    blocks: uint16[NUM_CELLS], the blocks after.
    cell: int32[], the cell that changed; negative leaves everything as it is.
  Returns:
    int32[NUM_CELLS]: conservative, but boxes do not grow until build_boxes.
  """
  at = jnp.maximum(cell, 0)
  word = jnp.asarray(_WORDS)[blocks[at].astype(jnp.int32)]
  is_water = word == _WATER_WORD
  x, z, y = at % SIZE_X, at // SIZE_X % SIZE_Z, at // (SIZE_X * SIZE_Z)
  sizes = (min(WINDOW, SIZE_Y), WINDOW, WINDOW)
  start = [
    jnp.clip(c - n // 2, 0, total - n) for c, n, total in zip((y, z, x), sizes, _SHAPE, strict=True)
  ]
  grid = boxes.reshape(_SHAPE)
  window = jax.lax.dynamic_slice(grid, start, sizes)
  dy, dz, dx = (
    jnp.expand_dims(c - s - jnp.arange(n), [a for a in range(3) if a != axis])
    for axis, (c, s, n) in enumerate(zip((y, z, x), start, sizes, strict=True))
  )
  level = jnp.broadcast_to(jnp.abs(dy), sizes)
  shrunk = jnp.zeros(sizes, jnp.int32)
  for q, (sign_x, sign_z) in enumerate(QUADRANTS):
    code = (window >> (8 * q)) & 255
    ahead_x, ahead_z = jnp.broadcast_to(sign_x * dx, sizes), jnp.broadcast_to(sign_z * dz, sizes)
    ahead = jnp.maximum(ahead_x, ahead_z)
    box, medium = code & (WATER_CODE - 1), code & WATER_CODE
    holds = (jnp.minimum(ahead_x, ahead_z) >= 0) & (ahead <= box >> 3) & (level <= (box & 7))
    is_hurt = holds & (code < jnp.where(is_water, WATER_CODE, BLOCK_CODE))
    new = jnp.where(is_hurt, medium | _shrink(box, ahead, level), code)
    shrunk = shrunk | (new << (8 * q))
  is_placed = (cell >= 0) & (word != 0)
  grid = jax.lax.dynamic_update_slice(grid, jnp.where(is_placed, shrunk, window), start)
  flat = grid.reshape(NUM_CELLS)
  signed = jax.lax.bitcast_convert_type(word, jnp.int32)
  # Not by reading what is there: an accelerator then writes in place.
  return flat.at[jnp.where(cell >= 0, cell, NUM_CELLS)].set(signed, mode="drop")
