"""What a view shows at every sample, as the kernel reads it: rays, and lists of HUD and GUI.

The lists hold only samples where something may be drawn: an empty part of a layer costs nothing.
"""

import functools
from typing import NamedTuple

import numpy as np

from cross_jax.base import View
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import art
from cross_jax.envs.voxel.render.hud import SELECTED
from cross_jax.envs.voxel.render.panel_plan import NEVER, PanelPlan
from cross_jax.envs.voxel.render.rays import FOCAL_PX, camera_rays, px_per_sample
from cross_jax.envs.voxel.render.sampling import Region
from cross_jax.envs.voxel.render.screen_plan import ScreenPlan, Ten, screen_plan

SIDE = 4  # samples of a packet on a side
MAX_SCREENS = 32  # of a group of panel_plan.GROUPS
_OPAQUE = np.int32(np.uint32(0xFF000000).view(np.int32))


class ViewArrays(NamedTuple):
  """Of one view."""

  camera: np.ndarray  # float32[packets, 3, SIDE**2], camera rays in packets of SIDE x SIDE
  angles: np.ndarray  # float32[packets, 2, 2], least and greatest to the right and down, radians
  plan: np.ndarray  # int32[...], screen.h's Plan and the lists that it points to


def _packets(view: View) -> tuple[np.ndarray, np.ndarray]:
  """The camera rays of a view in packets, the last row and column repeated to fill them."""
  edge = [(0, 0), (0, -view.height % SIDE), (0, -view.width % SIDE)]
  camera = np.pad(camera_rays(view).reshape(3, view.height, view.width), edge, mode="edge")
  rows, cols = (n // SIDE for n in camera.shape[1:])
  camera = camera.reshape(3, rows, SIDE, cols, SIDE).transpose(1, 3, 0, 2, 4)
  camera = np.ascontiguousarray(camera.reshape(rows * cols, 3, SIDE * SIDE))
  angle = np.arctan2(camera[:, :2], camera[:, 2:])
  return camera, np.stack([angle.min(-1), angle.max(-1)], -1).astype(np.float32)


class _Lists:
  """Lists of entries one after another, behind a header that says where each begins."""

  def __init__(self, width: int):
    self.width, self.lists, self.entries, self.num_ints = width, [], [], 0

  def add(self, *columns: np.ndarray) -> None:
    """Adds a list; one value of each column is an entry."""
    entries = np.stack([np.asarray(c).astype(np.int32) for c in columns], axis=-1).reshape(-1)
    self.lists.append((len(columns[0]), self.num_ints))
    self.entries.append(entries)
    self.num_ints += entries.size

  def samples(self, region: Region, mask: np.ndarray) -> np.ndarray:
    """The samples of an image where the mask of a region is set."""
    rows, cols = np.nonzero(mask)
    return (rows + region.y0) * self.width + cols + region.x0

  def add_layer(self, region: Region, words: np.ndarray) -> None:
    """Packed colours with alpha."""
    mask = words.view(np.uint32) >> 24 > 0
    self.add(self.samples(region, mask), words[mask])

  def add_icons(self, region: Region, slot: np.ndarray, offset: np.ndarray) -> None:
    mask = slot != layout.NUM_SLOTS
    self.add(self.samples(region, mask), slot[mask], offset[mask])

  def add_ten(self, region: Region, ten: Ten) -> None:
    share = (ten.alpha * np.float32(256) + np.float32(0.5)).astype(np.int32)
    mask = share > 0
    self.add(self.samples(region, mask), ten.number[mask], share[mask])

  def add_progress(self, region: Region, level: np.ndarray) -> None:
    mask = level < NEVER
    self.add(self.samples(region, mask), level[mask].astype(np.float32).view(np.int32))

  def add_none(self, num: int = 1) -> None:
    for _ in range(num):
      self.lists.append((0, 0))

  def joined(self, header: np.ndarray) -> np.ndarray:
    """The header, the place of each list, and the lists."""
    start = len(header) + 2 * len(self.lists)
    places = np.asarray([(num, start + first) for num, first in self.lists], np.int32)
    return np.concatenate([header, places.reshape(-1), *self.entries]).astype(np.int32)


def _add_hud(lists: _Lists, plan: ScreenPlan) -> None:
  if plan.hand is None:
    lists.add_none(2)
  else:
    for picture, mask in (
      (plan.hand.arm, plan.hand.arm.view(np.uint32) >> 24 > 0),
      (plan.hand.offset, plan.hand.offset >= 0),
    ):
      lists.add(*np.nonzero(mask), picture[mask])
  lists.add_none() if plan.crosshair is None else lists.add_layer(*plan.crosshair)
  if plan.bar is None:
    lists.add_none(2 + layout.NUM_HOTBAR + 2)
  else:
    bar = plan.bar
    lists.add_layer(bar.region, bar.words)
    lists.add_icons(bar.region, bar.slot, bar.offset)
    for slot in range(layout.NUM_HOTBAR):
      middle = art.HOTBAR_XY[0] + 11
      edge = 12 - np.maximum(np.abs(bar.x - middle - art.HOTBAR_PITCH * slot), bar.dy)
      where = lists.samples(bar.region, (edge >= 0) & (edge < bar.edge_px))
      lists.add(where, np.full(len(where), SELECTED | _OPAQUE))
    lists.add_ten(bar.region, bar.hearts)
    lists.add_ten(bar.region, bar.food)
  if plan.status is None:
    lists.add_none(2)
  else:
    lists.add_ten(plan.status.region, plan.status.armor)
    lists.add_ten(plan.status.region, plan.status.air)
  if plan.chat is None:
    lists.add_none(2)
  else:
    for words in plan.chat.words:
      lists.add_layer(plan.chat.region, words)


def _add_panels(lists: _Lists, panels: tuple[PanelPlan | None, ...]) -> None:
  for add in (
    lambda panel, i: lists.add_layer(panel.region, panel.words[i]),
    lambda panel, i: lists.add_icons(panel.region, panel.slot[i], panel.offset[i]),
  ):
    for panel in panels:
      num = 0 if panel is None else len(panel.words)
      if num > MAX_SCREENS:
        raise ValueError(f"{num} screens of a group: screen.h has room for {MAX_SCREENS}")
      for i in range(num):
        add(panel, i)
      lists.add_none(MAX_SCREENS - num)
  for name in ("flame", "arrow"):
    for panel in panels:
      if panel is None:
        lists.add_none()
      else:
        lists.add_progress(panel.region, getattr(panel, name))


def _add_packets(lists: _Lists, view: View, panels: tuple[PanelPlan | None, ...]) -> None:
  """The packets to trace: all, and for each screen those that its panel does not cover."""
  size = [-(-n // SIDE) for n in (view.height, view.width)]
  lists.add(np.arange(size[0] * size[1]))
  every_packet = lists.lists[-1]
  for panel in panels:
    if panel is None:
      lists.lists += [every_packet] * MAX_SCREENS
      continue
    for i in range(len(panel.words)):
      is_seen = np.zeros((size[0] * SIDE, size[1] * SIDE), bool)
      is_seen[: view.height, : view.width] = True
      region = panel.region
      opaque = panel.words[i].view(np.uint32) >> 24 == 255
      is_seen[region.y0 : region.y1, region.x0 : region.x1] &= ~opaque
      lists.add(np.flatnonzero(is_seen.reshape(size[0], SIDE, size[1], SIDE).any((1, 3))))
    lists.add_none(MAX_SCREENS - len(panel.words))


@functools.lru_cache(maxsize=16)
def view_arrays(view: View) -> ViewArrays:
  """The arrays of a view."""
  plan, lists = screen_plan(view), _Lists(view.width)
  _add_hud(lists, plan)
  _add_panels(lists, plan.panels)
  _add_packets(lists, view, plan.panels)
  floats = np.asarray([*plan.origin, *plan.step, max(px_per_sample(view)) / FOCAL_PX], np.float32)
  hand = plan.hand or (Region(0, 0, 0, 0), (0, 0))
  ints = np.asarray([plan.level, *hand[0], *hand[1]], np.int32)
  header = np.concatenate([floats.view(np.int32), ints])
  return ViewArrays(*_packets(view), lists.joined(header))
