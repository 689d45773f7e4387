"""Contact sheets: pictures in rows, each with its name above."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

BACKGROUND = (198, 198, 198)
_BAR = 18  # px, the height of a name
_GAP = 2  # px between pictures
_FONT_SIZE = 13
_QUALITY = 88  # of WebP: small files without visible loss


def contact_sheet(
  names: Sequence[str], pictures: Sequence[np.ndarray], columns: int
) -> Image.Image:
  """Pictures of one size, row by row, each with its name above ('' for none in its whole row).

  Args:
    names: one per picture.
    pictures: uint8[height, width, 3] each.
    columns: pictures a row.
  Returns:
    The sheet.
  """
  height, width = pictures[0].shape[:2]
  bar = _BAR if any(names) else 0
  rows = -(-len(pictures) // columns)
  size = ((width + _GAP) * columns - _GAP, (height + bar + _GAP) * rows - _GAP)
  sheet = Image.new("RGB", size, BACKGROUND)
  pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_SIZE)
  for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
    x, y = (width + _GAP) * (i % columns), (height + bar + _GAP) * (i // columns)
    pen.text((x + width // 2, y + bar // 2), name, fill=(0, 0, 0), font=font, anchor="mm")
    sheet.paste(Image.fromarray(picture), (x, y + bar))
  return sheet


def strip(title: str, pictures: Sequence[np.ndarray]) -> Image.Image:
  """Pictures of one size side by side below a title."""
  frames = contact_sheet([""] * len(pictures), pictures, len(pictures))
  sheet = Image.new("RGB", (frames.width, frames.height + _BAR), BACKGROUND)
  pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_SIZE)
  pen.text((4, _BAR // 2), title, fill=(0, 0, 0), font=font, anchor="lm")
  sheet.paste(frames, (0, _BAR))
  return sheet


def save_sheet(sheet: Image.Image, path: Path) -> None:
  """Writes a sheet as WebP."""
  sheet.save(path, quality=_QUALITY, method=6)
