"""A picture file as the game's 640x360 screen, and as a policy's Views of it."""

import os
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH, View

# What the tiny preset sees of the 640x360 screen: all of it, and its middle (the GUI panel, or what
# is around the crosshair) so that the pitch of the slots, 18 px, is one patch of 8 samples: every
# slot of the inventory's rows is a patch of its own, and an item looks the same in all of them.
TINY_VIEWS = (View(0, 0, 640, 360, 112, 64), View(203, 72, 419, 288, 96, 96))
# What Qwen2-VL sees, with image tokens of 28 px: the screen as Hugging Face's processor sizes it.
WHOLE_SCREEN_VIEWS = (View(0, 0, 640, 360, 644, 364),)


def read_screen(path: str | os.PathLike[str]) -> tuple[Image.Image, str | None]:
  """A picture file as the 640x360 screen.

  Args:
    path: PNG, JPEG or anything else that Pillow reads, of any size.
  Returns:
    (640x360 RGB picture, a note if its aspect had to be changed, else None).
  Raises:
    FileNotFoundError: there is no such file.
    ValueError: it is not a picture, or a damaged one.
  """
  if not Path(path).is_file():
    raise FileNotFoundError(f"no picture {path}: give a PNG or JPEG file with --image")
  try:
    with Image.open(path) as opened:
      picture = opened.convert("RGB")
  except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
    raise ValueError(f"{path} is not a readable picture ({error}); give a PNG or JPEG") from error
  width, height = picture.size
  note = None
  if abs(width * SCREEN_HEIGHT - height * SCREEN_WIDTH) > max(width, height):
    note = (
      f"{path} is {width}x{height}, not of the aspect 16:9: squeezed to "
      f"{SCREEN_WIDTH}x{SCREEN_HEIGHT}, which moves and stretches what is in it; crop it beforehand"
    )
  if picture.size != (SCREEN_WIDTH, SCREEN_HEIGHT):
    picture = picture.resize((SCREEN_WIDTH, SCREEN_HEIGHT), Image.Resampling.BOX)
  return picture, note


def crop_views(screen: Image.Image, views: tuple[View, ...]) -> tuple[np.ndarray, ...]:
  """The policy's pictures of a 640x360 screen: means over the area of each sample, as rendered.

  Returns:
    uint8[height, width, 3] per View.
  """
  return tuple(
    np.asarray(
      screen.resize(
        (view.width, view.height), Image.Resampling.BOX, box=(view.x0, view.y0, view.x1, view.y1)
      )
    )
    for view in views
  )
