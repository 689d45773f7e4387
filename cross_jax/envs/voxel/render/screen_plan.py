"""What the HUD shows at each sample of a View, and the panels' plans: NumPy, once per View."""

import functools
from typing import NamedTuple

import numpy as np

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH, View
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import art
from cross_jax.envs.voxel.render.panel_plan import PanelPlan, panel_plan
from cross_jax.envs.voxel.render.rays import px_per_sample, sample_points
from cross_jax.envs.voxel.render.sampling import (
  Region,
  cut,
  layer_words,
  region_of,
  resample,
  slot_maps,
)
from cross_jax.envs.voxel.render.textures import MAX_LEVEL, texel_index

MESSAGES = ("You died!", "Goal reached")  # of the chat line
SWING_PX = (80, 50)  # (left, up) of the hand at the height of its swing
HAND_BOX = (420, 200, 580, 360)  # px, where the item in hand is drawn, 10 px a texel


class Hand(NamedTuple):
  """The region that the hand may reach; its pictures go on to the right and below by `most`."""

  region: Region
  most: tuple[int, int]  # samples (up, left) that a full swing moves it
  offset: np.ndarray  # int32[h + most[0], w + most[1]], texel of the item's tile, -1 = none
  arm: np.ndarray  # int32[h + most[0], w + most[1]], packed colour with alpha


class Ten(NamedTuple):
  """A row of ten icons."""

  number: np.ndarray  # int32[h, w], 0..9, which icon
  alpha: np.ndarray  # float32[h, w], its share of the sample


class Bar(NamedTuple):
  region: Region
  words: np.ndarray  # int32[h, w], packed colour with alpha
  slot: np.ndarray  # int32[h, w], slot number, NUM_SLOTS = none
  offset: np.ndarray  # int32[h, w]
  x: np.ndarray  # float32[1, w], px of the screen
  dy: np.ndarray  # float32[h, 1], px from the middle of the hotbar
  edge_px: float  # px, width of the frame of the selected slot
  hearts: Ten
  food: Ten


class Status(NamedTuple):
  """Above hearts and hunger: armour and, under water, air."""

  region: Region
  armor: Ten
  air: Ten


class Chat(NamedTuple):
  region: Region
  words: np.ndarray  # int32[len(MESSAGES), h, w], packed colour with alpha


class ScreenPlan(NamedTuple):
  origin: tuple[float, float]  # px of the screen, (x, y) of the view's corner
  step: tuple[float, float]  # px per sample
  level: int  # mip level of icons
  window: tuple[int, int]  # (rows, columns) that hold the cursor and the held stack
  crosshair: tuple[Region, np.ndarray] | None
  hand: Hand | None
  bar: Bar | None
  status: Status | None
  chat: Chat | None
  panels: tuple[PanelPlan | None, PanelPlan | None]  # of panel_plan.GROUPS
  is_hud: np.ndarray  # bool[height, width]


def _hand(view: View) -> Hand | None:
  left, top = HAND_BOX[0] - SWING_PX[0], HAND_BOX[1] - SWING_PX[1]
  region = region_of((left, top, SCREEN_WIDTH, SCREEN_HEIGHT), view)
  if region is None:
    return None
  x, y = sample_points(view)
  u = 15 - np.floor((x - HAND_BOX[0]) / 10).astype(np.int32)
  v = np.floor((y - HAND_BOX[1]) / 10).astype(np.int32)
  is_inside = ((v >= 0) & (v < 16))[:, None] & ((u >= 0) & (u < 16))[None]
  offset = texel_index(0, np.clip(u, 0, 15)[None], np.clip(v, 0, 15)[:, None], 0)
  offset = np.where(is_inside, offset, -1).astype(np.int32)
  arm = layer_words(art.arm_layer(), view)
  most = tuple(int(round(px / step)) for px, step in zip(SWING_PX, px_per_sample(view)))[::-1]
  edge = [(0, n) for n in most]
  return Hand(
    region,
    most,
    np.pad(cut(offset, region), edge, constant_values=-1),
    np.pad(cut(arm, region), edge, mode="edge"),
  )


def _bar(view: View, level: int) -> Bar | None:
  left, top = art.HOTBAR_XY
  region = region_of((left - 1, art.HEARTS_Y, left + 183, SCREEN_HEIGHT), view)
  if region is None:
    return None
  slots = [
    (layout.HOTBAR + i, left + 3 + art.HOTBAR_PITCH * i, top + 3) for i in range(layout.NUM_HOTBAR)
  ]
  x, y = sample_points(view)
  words = layer_words(art.bar_layer(), view)
  edge_px = max(2.0, 0.6 * max(px_per_sample(view)))
  return Bar(
    region,
    cut(words, region),
    *(cut(a, region) for a in slot_maps(slots, view, level)),
    x[None, region.x0 : region.x1],
    np.abs(y - (top + 11))[region.y0 : region.y1, None],
    edge_px,
    _ten(art.heart_boxes(False), False, view, region),
    _ten(art.heart_boxes(True), True, view, region),
  )


def _ten(boxes: tuple[np.ndarray, np.ndarray], from_right: bool, view: View, region: Region) -> Ten:
  """A row of ten icons as samples; those between two icons belong to the nearer."""
  x, y = sample_points(view)
  number, mask = boxes
  rows, cols = y.astype(np.int32), x.astype(np.int32)
  end = art.HOTBAR_XY[0] + 181
  middle = np.clip((end - cols if from_right else cols - art.HOTBAR_XY[0]) // 8, 0, 9)
  number = number[rows[:, None], cols[None]]
  number = np.where(number < 0, np.broadcast_to(middle[None], number.shape), number)
  alpha = resample(mask[..., None].astype(np.float64), view)[..., 0].astype(np.float32)
  return Ten(cut(number.astype(np.int32), region), cut(alpha, region))


def _status(view: View) -> Status | None:
  left = art.HOTBAR_XY[0]
  region = region_of((left - 1, art.STATUS_Y, left + 183, art.STATUS_Y + 9), view)
  if region is None:
    return None
  rows = (_ten(art.status_boxes(is_air), is_air, view, region) for is_air in (False, True))
  return Status(region, *rows)


def _chat(view: View) -> Chat | None:
  x, y = art.CHAT_XY
  region = region_of((x - 2, y - 1, x - 2 + art.CHAT_WIDTH, y + 8), view)
  if region is None:
    return None
  lines = [cut(layer_words(art.chat_layer(text), view), region) for text in MESSAGES]
  return Chat(region, np.stack(lines))


@functools.lru_cache(maxsize=32)
def screen_plan(view: View) -> ScreenPlan:
  """The plan of a view."""
  step = px_per_sample(view)
  level = int(np.clip(np.floor(np.log2(max(*step, 1.0))), 0, MAX_LEVEL))
  window = tuple(
    min(int(np.ceil(27 / s)) + 1, n)
    for s, n in zip(step[::-1], (view.height, view.width), strict=True)
  )
  crosshair = region_of((315, 175, 325, 185), view)
  if crosshair is not None:
    crosshair = (crosshair, cut(layer_words(art.crosshair_layer(), view), crosshair))
  layers = [art.bar_layer()[..., 3:], art.crosshair_layer()[..., 3:]]
  layers += [art.heart_boxes(is_food)[1][..., None] for is_food in (False, True)]
  is_hud = sum(resample(layer.astype(np.float64), view)[..., 0] for layer in layers) > 0.5
  return ScreenPlan(
    origin=(float(view.x0), float(view.y0)),
    step=step,
    level=level,
    window=window,
    crosshair=crosshair,
    hand=_hand(view),
    bar=_bar(view, level),
    status=_status(view),
    chat=_chat(view),
    panels=(panel_plan(0, view, level), panel_plan(1, view, level)),
    is_hud=is_hud,
  )
