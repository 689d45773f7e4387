"""Layers of the 640x360 screen as samples of a View: areas, packed colours, slots; NumPy, once."""

from typing import NamedTuple

import numpy as np

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH, View
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render.rays import px_per_sample, sample_points
from cross_jax.envs.voxel.render.textures import pack, texel_index


class Region(NamedTuple):
  """Rows y0..y1 and columns x0..x1 of an image."""

  y0: int
  y1: int
  x0: int
  x1: int


def _weights(low: float, step: float, num: int, size: int) -> np.ndarray:
  """Share of each screen pixel in each sample: float64[num, size]."""
  start = low + step * np.arange(num)[:, None]
  pixel = np.arange(size)[None]
  overlap = np.minimum(start + step, pixel + 1) - np.maximum(start, pixel)
  return np.maximum(overlap, 0) / step


def resample(layer: np.ndarray, view: View) -> np.ndarray:
  """Means of a screen layer over the area of each sample: [360, 640, c] to [height, width, c]."""
  step_x, step_y = px_per_sample(view)
  rows = _weights(view.y0, step_y, view.height, SCREEN_HEIGHT)
  cols = _weights(view.x0, step_x, view.width, SCREEN_WIDTH)
  return np.einsum("hy,yxc,wx->hwc", rows, layer, cols, optimize=True)


def layer_words(layer: np.ndarray, view: View) -> np.ndarray:
  """A layer as packed colours with alpha: int32[height, width]."""
  mean = resample(layer, view)
  alpha = mean[..., 3:]
  rgb = mean[..., :3] / np.maximum(alpha, 1e-9)
  return pack(np.concatenate([rgb, 255 * alpha], -1).round().clip(0, 255).astype(np.uint8))


def region_of(box: tuple[int, int, int, int], view: View) -> Region | None:
  """The samples whose area touches a screen rectangle (x0, y0, x1, y1), or None."""
  step_x, step_y = px_per_sample(view)
  x0, x1 = np.floor((box[0] - view.x0) / step_x), np.ceil((box[2] - view.x0) / step_x)
  y0, y1 = np.floor((box[1] - view.y0) / step_y), np.ceil((box[3] - view.y0) / step_y)
  x0, x1 = (int(np.clip(c, 0, view.width)) for c in (x0, x1))
  y0, y1 = (int(np.clip(c, 0, view.height)) for c in (y0, y1))
  return Region(y0, y1, x0, x1) if x0 < x1 and y0 < y1 else None


def cut(array: np.ndarray, region: Region) -> np.ndarray:
  """The part of an array[height, width] that a region covers."""
  return array[region.y0 : region.y1, region.x0 : region.x1]


def slot_maps(slots: list[tuple[int, int, int]], view: View, level: int):
  """Slot and texel of each sample, from (slot, x, y) of 16x16 px: two int32[height, width]."""
  x, y = sample_points(view)
  slot_map = np.full((view.height, view.width), layout.NUM_SLOTS, np.int32)
  offset = np.zeros_like(slot_map)
  for slot, left, top in slots:
    u, v = np.floor(x - left).astype(np.int32), np.floor(y - top).astype(np.int32)
    rows, cols = (np.flatnonzero((c >= 0) & (c < layout.SLOT_SIZE)) for c in (v, u))
    at = np.ix_(rows, cols)
    slot_map[at] = slot
    offset[at] = texel_index(0, u[cols][None], v[rows][:, None], level)
  return slot_map, offset
