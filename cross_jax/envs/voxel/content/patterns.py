"""Procedural pixel patterns as index pictures: block faces (block_patterns.py) and item icons.

The colours come from tables.py. Nothing here is taken from the game.
"""

from importlib import resources

import numpy as np

from cross_jax.envs.voxel.content.block_patterns import HOLE, TEXTURE_SIZE, THIRD, block_patterns

__all__ = [
  "BLOCK_PATTERNS", "BLOCK_PATTERN_NAMES", "HOLE", "ICON_PATTERNS", "ICON_PATTERN_NAMES",
  "TEXTURE_SIZE", "THIRD", "draw_icon",
]  # fmt: skip


def _icon_patterns() -> tuple[tuple[str, ...], np.ndarray]:
  text = (
    resources.files("cross_jax.envs.voxel.content") / "data" / "icon_patterns.txt"
  ).read_text()
  rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
  small = np.asarray([[[".123".index(c) for c in row] for row in r[1:]] for r in rows], np.uint8)
  return tuple(r[0] for r in rows), small.repeat(2, axis=1).repeat(2, axis=2)


BLOCK_PATTERN_NAMES, BLOCK_PATTERNS = block_patterns()
ICON_PATTERN_NAMES, ICON_PATTERNS = _icon_patterns()  # uint8[Q, 16, 16], 0 hole, 1..3 colour


def draw_icon(pattern: int, colors: np.ndarray, background: np.ndarray) -> np.ndarray:
  """One item icon.

  Args:
    pattern: row of ICON_PATTERNS.
    colors: uint8[3, 3], the icon's three RGB colours.
    background: uint8[3], what shows through.
  Returns:
    uint8[16, 16, 3].
  """
  return np.concatenate([background[None], colors])[ICON_PATTERNS[pattern]]
