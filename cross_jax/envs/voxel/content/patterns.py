"""Procedural pixel patterns as index pictures: block faces (block_patterns.py) and item icons.

The colours come from tables.py. Nothing here is taken from the game.
"""

import numpy as np

from cross_jax.envs.voxel.content.block_patterns import block_patterns, read_drawings
from cross_jax.envs.voxel.content.natural_patterns import (
  BLACK,
  DARK,
  HOLE,
  LIGHT,
  SHADE,
  SHADES,
  TEXTURE_SIZE,
  THIRD,
)

__all__ = [
  "BLOCK_PATTERNS", "BLOCK_PATTERN_NAMES", "HOLE", "ICON_PATTERNS", "ICON_PATTERN_NAMES", "SHADES",
  "TEXTURE_SIZE", "THIRD", "WHITE_CAP", "draw_icons",
]  # fmt: skip
WHITE_CAP = 250  # no colour channel is above it, so that only the cursor is pure white
ICON_HOLE = 0


def _embossed(picture: np.ndarray) -> np.ndarray:
  """Darkens the right and lower rim of a shape but where it is bright, lightens the other rims."""
  is_drawn = np.pad(picture != ICON_HOLE, 1)
  right, below = is_drawn[1:-1, 2:], is_drawn[2:, 1:-1]
  left, above = is_drawn[1:-1, :-2], is_drawn[:-2, 1:-1]
  is_plain = picture < SHADE
  tone = np.where(is_plain & ~(left & above), LIGHT, picture - picture % SHADE)
  is_rim = ~(right & below) & (is_plain | (picture >= DARK) & (picture < DARK + SHADE))
  return np.where(picture == ICON_HOLE, picture, picture % SHADE + np.where(is_rim, BLACK, tone))


def _icon_patterns() -> tuple[tuple[str, ...], np.ndarray]:
  pictures = read_drawings("icon", (1, 2, 3), ICON_HOLE)
  return tuple(pictures), np.stack([_embossed(p) for p in pictures.values()]).astype(np.uint8)


BLOCK_PATTERN_NAMES, BLOCK_PATTERNS = block_patterns()
ICON_PATTERN_NAMES, ICON_PATTERNS = _icon_patterns()  # uint8[Q, 16, 16], see natural_patterns.py


def draw_icons(patterns: np.ndarray, colors: np.ndarray) -> np.ndarray:
  """Item icons.

  Args:
    patterns: int[n], rows of ICON_PATTERNS.
    colors: uint8[n, 3, 3], the three RGB colours of each.
  Returns:
    uint8[n, 16, 16, 4], alpha 0 or 255.
  """
  index = ICON_PATTERNS[patterns]  # [n, 16, 16]
  palette = np.concatenate([np.zeros_like(colors[:, :1]), colors], axis=1).astype(np.float64)
  rgb = np.take_along_axis(palette[:, None, None], (index & 3)[..., None, None], 3)[..., 0, :]
  rgb = np.minimum(rgb * np.asarray(SHADES)[index >> 2][..., None], WHITE_CAP)
  alpha = np.where(index == ICON_HOLE, 0, 255)[..., None]
  return np.concatenate([rgb, alpha], -1).round().astype(np.uint8)
