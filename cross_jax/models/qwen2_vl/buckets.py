"""Pictures of any size in a few fixed sizes, the buckets: a program is compiled once for each."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.preprocess import (
  MAX_PIXELS,
  MIN_PIXELS,
  sized_patches,
  smart_resize,
)
from cross_jax.models.qwen2_vl.rope import Grid

Size = tuple[int, int]  # px, (height, width)

# Image tokens (rows, columns) of the default buckets, about 300 each: 16:9 (what the processor
# gives the 640x360 screen), 2:1, 4:3, 1:1, 3:4, 1:2, 9:16.
_DEFAULT_TOKENS = ((13, 23), (12, 25), (15, 20), (17, 17), (20, 15), (25, 12), (23, 13))
MAX_STRETCH = 1.25  # a picture whose aspect would change by a larger factor fits no bucket


def default_buckets(config: Qwen2VLConfig) -> tuple[Size, ...]:
  """Buckets for the game's screen and for pictures of common aspects, 289 to 300 image tokens each.

  >>> from cross_jax.models.qwen2_vl.config import preset
  >>> default_buckets(preset("2b"))[:2]
  ((364, 644), (336, 700))
  """
  unit = config.patch * config.merge
  return tuple((rows * unit, columns * unit) for rows, columns in _DEFAULT_TOKENS)


def choose_bucket(
  height: int,
  width: int,
  unit: int,
  buckets: Sequence[Size],
  *,
  min_pixels: int = MIN_PIXELS,
  max_pixels: int = MAX_PIXELS,
  max_stretch: float = MAX_STRETCH,
) -> Size:
  """The bucket that a picture is seen in.

  Of the buckets that change the picture's aspect by a factor of at most max_stretch, the nearest:

    argmin over (H, W) of log(H W / area)**2 + log((W / H) / (width / height))**2

  where area is that of `smart_resize`: the picture's own, within the limits. Of equals the first.

  Args:
    height, width: px, of the picture.
    unit: px, patch x merge.
    buckets: px, (height, width), multiples of unit.
    min_pixels, max_pixels: limits of the area, see `smart_resize`.
    max_stretch: >= 1.
  Returns:
    One of the buckets.
  Raises:
    ValueError: no bucket, a side of one is no multiple of unit, or the picture fits none of them.

  >>> choose_bucket(360, 640, 28, ((364, 644), (476, 476)))
  (364, 644)
  """
  _check_buckets(buckets, unit)
  if height < 1 or width < 1:
    raise ValueError(f"image {width}x{height}: sides must be at least 1 px")
  rows, columns = smart_resize(height, width, unit, min_pixels=min_pixels, max_pixels=max_pixels)
  of_area = lambda size: math.log(size[0] * size[1] / (rows * columns))
  of_aspect = lambda size: math.log(size[1] * height / (size[0] * width))
  limit = math.log(max_stretch) + 1e-9  # a change by exactly max_stretch fits
  fitting = [size for size in buckets if abs(of_aspect(size)) <= limit]
  if not fitting:
    sizes = ", ".join(f"{w}x{h}" for h, w in buckets)
    raise ValueError(
      f"image {width}x{height} fits no bucket: each of {sizes} (width x height, px) changes its "
      f"aspect more than {max_stretch:g} times; crop or pad the picture, or add a bucket of about "
      f"its aspect, in sides of {unit} px times a whole number"
    )
  return min(fitting, key=lambda size: of_area(size) ** 2 + of_aspect(size) ** 2)


def bucket_patches(
  image: Image.Image,
  config: Qwen2VLConfig,
  buckets: Sequence[Size],
  *,
  min_pixels: int = MIN_PIXELS,
  max_pixels: int = MAX_PIXELS,
) -> tuple[np.ndarray, Grid]:
  """A picture of any size as the patches of its bucket; bicubic, as `preprocess.image_patches`.

  Args:
    image: of any mode; converted to RGB.
    config: of the model.
    buckets: px, (height, width).
    min_pixels, max_pixels: limits of the area, see `choose_bucket`.
  Returns:
    (uint8[P, 3 * patch**2], patches (height, width)): as many shapes as there are buckets.
  Raises:
    ValueError: as `choose_bucket`.
  """
  height, width = choose_bucket(
    image.height,
    image.width,
    config.patch * config.merge,
    buckets,
    min_pixels=min_pixels,
    max_pixels=max_pixels,
  )
  return sized_patches(image, height, width, config)


def _check_buckets(buckets: Sequence[Size], unit: int) -> None:
  if not buckets:
    raise ValueError("no buckets: give at least one size, or take default_buckets(config)")
  for height, width in buckets:
    if height < 1 or width < 1 or height % unit or width % unit:
      raise ValueError(
        f"bucket {width}x{height}: sides must be positive multiples of {unit} px (patch x merge)"
      )
