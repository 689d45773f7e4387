"""Pages of all blocks (from a corner) and of all item icons, with their names."""

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cross_jax.envs.gallery.sheets import BACKGROUND
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.render import isometric
from cross_jax.envs.voxel.render.textures import block_tiles, icon_tiles

BLOCK_SIDE, ICON_SIDE = 48, 32  # px
PER_PAGE, COLUMNS = 200, 20
_CELL_WIDTH, _LINE_HEIGHT, _LINE_CHARACTERS, _MAX_LINES = 76, 10, 12, 3


def draw_page(names: tuple[str, ...], pictures: np.ndarray) -> Image.Image:
  """Pictures with their names below.

  Args:
    names: one per picture.
    pictures: uint8[n, side, side, 4].
  Returns:
    A page of COLUMNS pictures a row.
  """
  side = pictures.shape[1]
  height = side + _MAX_LINES * _LINE_HEIGHT + 6
  rows = -(-len(names) // COLUMNS)
  page = Image.new("RGB", (_CELL_WIDTH * COLUMNS, height * rows), BACKGROUND)
  pen = ImageDraw.Draw(page)
  for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
    x, y = _CELL_WIDTH * (i % COLUMNS), height * (i // COLUMNS)
    image = Image.fromarray(picture)
    page.paste(image.convert("RGB"), (x + (_CELL_WIDTH - side) // 2, y + 2), image.split()[3])
    words = name.replace("_", " ")
    for j, line in enumerate(textwrap.wrap(words, _LINE_CHARACTERS)[:_MAX_LINES]):
      pen.text((x + 2, y + side + 2 + _LINE_HEIGHT * j), line, fill=(0, 0, 0))
  return page


def save_pages(out: Path, kind: str, names: tuple[str, ...], pictures: np.ndarray) -> int:
  """Writes <kind>_1.webp, ... without loss, PER_PAGE pictures each, and returns how many pages."""
  starts = range(0, len(names), PER_PAGE)
  for page, start in enumerate(starts, start=1):
    those = slice(start, start + PER_PAGE)
    page_path = out / f"{kind}_{page}.webp"
    draw_page(names[those], pictures[those]).save(page_path, lossless=True, quality=100, method=6)
  return len(starts)


def save(out: Path) -> int:
  """Writes the pages of all visible blocks and of all items."""
  rows = np.flatnonzero(BLOCKS.is_visible)
  names = tuple(BLOCKS.names[row] for row in rows)
  num = save_pages(out, "blocks", names, isometric.draw_boxes(block_tiles(), rows, BLOCK_SIDE))
  scale = ICON_SIDE // icon_tiles().shape[1]
  icons = icon_tiles()[1:].repeat(scale, axis=1).repeat(scale, axis=2)
  return num + save_pages(out, "items", ITEMS.names[1:], icons)
