"""Pictures of any size to what the model takes: sized, cut into patches, positions of the row."""

import math

import numpy as np
from PIL import Image

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.patches import PIXEL_MEAN, PIXEL_STD, patchify
from cross_jax.models.qwen2_vl.rope import Grid

MIN_PIXELS = 56 * 56  # of preprocessor_config.json of Qwen/Qwen2-VL-7B-Instruct
MAX_PIXELS = 28 * 28 * 16_384
_MAX_ASPECT = 200  # long side over short side


def smart_resize(
  height: int,
  width: int,
  unit: int,
  *,
  min_pixels: int = MIN_PIXELS,
  max_pixels: int = MAX_PIXELS,
) -> tuple[int, int]:
  """The size in which the model sees a picture: multiples of `unit`, about the same aspect.

  Sides are rounded to the nearest multiple (halves to the even one). If the area is then out of
  [min_pixels, max_pixels], both sides are scaled to the limit first, and rounded towards the inside
  of the range.

  Args:
    height, width: px, of the picture.
    unit: px, patch x merge.
    min_pixels, max_pixels: limits of the area.
  Returns:
    (height, width), px.
  Raises:
    ValueError: a side is over 200 times the other.
  Source: Hugging Face transformers, smart_resize of Qwen2VLImageProcessor.

  >>> smart_resize(360, 640, 28)
  (364, 644)
  """
  if max(height, width) > _MAX_ASPECT * min(height, width):
    raise ValueError(
      f"image {width}x{height}: a side is over {_MAX_ASPECT} times the other; crop it beforehand"
    )
  rows, cols = round(height / unit), round(width / unit)
  if rows * cols * unit**2 > max_pixels:
    shrink = math.sqrt(height * width / max_pixels)
    rows, cols = (max(1, math.floor(side / shrink / unit)) for side in (height, width))
  elif rows * cols * unit**2 < min_pixels:
    grow = math.sqrt(min_pixels / (height * width))
    rows, cols = (math.ceil(side * grow / unit) for side in (height, width))
  return rows * unit, cols * unit


def image_patches(
  image: Image.Image,
  config: Qwen2VLConfig,
  *,
  min_pixels: int = MIN_PIXELS,
  max_pixels: int = MAX_PIXELS,
) -> tuple[np.ndarray, Grid]:
  """A picture of any size as patches.

  Args:
    image: of any mode; converted to RGB.
    config: of the model.
    min_pixels, max_pixels: limits of the area, see `smart_resize`.
  Returns:
    (uint8[P, 3 * patch**2], patches (height, width)).
  Raises:
    ValueError: a side is over 200 times the other.
  Source: Hugging Face transformers, Qwen2VLImageProcessor: bicubic, then patches in merge-group
    order.
  """
  height, width = smart_resize(
    image.height,
    image.width,
    config.patch * config.merge,
    min_pixels=min_pixels,
    max_pixels=max_pixels,
  )
  return sized_patches(image, height, width, config)


def sized_patches(
  image: Image.Image, height: int, width: int, config: Qwen2VLConfig
) -> tuple[np.ndarray, Grid]:
  """A picture as the patches of `height` x `width` px, multiples of patch x merge; bicubic."""
  sized = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
  patches = patchify(np.asarray(sized), config.patch, config.merge)
  return patches, (height // config.patch, width // config.patch)


def pixel_values(patches: np.ndarray, config: Qwen2VLConfig) -> np.ndarray:
  """Patches as Hugging Face's model takes them: normalised, a still image at every time.

  (byte / 255 - mean) / std; our own model does this itself.

  Args:
    patches: uint8[P, 3 * patch**2].
    config: of the model.
  Returns:
    float32[P, 3 * temporal_patch * patch**2], in the order channel, time, row, column.
  """
  pixels = patches.reshape(len(patches), 3, 1, config.patch**2).astype(np.float32) / 255.0
  mean, std = (np.asarray(v, np.float32)[None, :, None, None] for v in (PIXEL_MEAN, PIXEL_STD))
  pixels = np.repeat((pixels - mean) / std, config.temporal_patch, axis=2)
  return pixels.reshape(len(patches), config.temporal_patch * config.patch_dim)
