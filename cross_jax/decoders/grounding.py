"""Grounding alone: a verb at a point, steered by the picture and the point and nothing else."""

from collections.abc import Sequence

import numpy as np

from cross_jax.base import BUTTON_INDEX, SCREEN_HEIGHT, GroundingSegment, RawAction, View, no_op
from cross_jax.decoders.cursor import find_cursor
from cross_jax.decoders.geometry import MAX_TURN_DEG, cursor_motion, point_to_px, turn_to

REACHED_PX = 4.0  # the cursor is at the point if the picture shows it this near on both axes
HIT_TICK = 1  # of Kill's first hit: one tick after the turn, or with it in a single tick
HIT_PERIOD_TICKS = 13  # a sword is at full strength again after 12.5 ticks
STILL_SHARE = 0.01  # the view stands still if fewer of its samples change
STILL_LEVELS = 8  # of 255, by which a sample must change to count

_WALKS = ("Approach", "Kill")
_CLICKS = {"Mine": "attack", "Kill": "attack", "left click": "attack", "right click": "use"}


class WorldDecoder:
  """A verb at a point of the world.

  Tick 0 turns so that the point comes to the middle of the screen. Then
  - move_camera, move to: nothing more (1 tick);
  - left click, right click: the button on tick 1, released on tick 2;
  - Mine: attack, held from tick 0 for all k ticks;
  - Approach: forward, held from tick 0 for all k ticks; from the first tick on which the view
    stood still although it walks, jump as well;
  - Kill: as Approach, with a hit on tick 1 and every 13 ticks from there.
  If there is a single tick, a click and the first hit go with the turn: the camera moves first.
  """

  def __init__(self, segment: GroundingSegment, k: int):
    self._verb, self._k = segment.verb, k
    self.needs_images = segment.verb in _WALKS  # to see what is in the way
    self._turn = turn_to(*point_to_px(segment.point))
    self._previous: np.ndarray | None = None  # the ground of the tick before
    self._is_blocked = False

  def decode(self, tick: int, images, views) -> tuple[RawAction, bool]:
    action = no_op()
    if tick == 0:
      action.camera_deg[:] = self._turn
    match self._verb:
      case "move_camera" | "move to":
        return action, True
      case "left click" | "right click":
        if tick == min(1, self._k - 1):
          _press(action, _CLICKS[self._verb])
        return action, tick + 1 >= min(3, self._k)
      case "Mine":
        _press(action, "attack")
      case verb if verb in _WALKS:
        self._walk(action, tick, images, views)
        if self._verb == "Kill" and tick % HIT_PERIOD_TICKS == min(HIT_TICK, self._k - 1):
          _press(action, "attack")
    return action, tick + 1 >= self._k

  def _walk(self, action: RawAction, tick: int, images, views) -> None:
    _press(action, "forward")
    ground = ground_of(images, views)
    # The turn is seen on tick 1, the first step on tick 1 or 2: compare from tick 2 on.
    if tick >= 2 and self._previous is not None:
      self._is_blocked |= is_still(self._previous, ground)
    self._previous = ground.copy()  # the picture may be written over
    if self._is_blocked:
      _press(action, "jump")


class CursorDecoder:
  """A verb at a point of a GUI: moves the cursor there by what the picture shows, then clicks.

  Mine, Kill and left click press attack, right click presses use, the other verbs press nothing.
  The button is only pressed when the picture shows the cursor within 4 px of the point, and is
  released on the next tick, the last. A cursor that no view shows is first driven into the top
  left corner of the screen, where its place is known. If there is a single tick, the click goes
  with the motion to the point: the cursor moves first.
  """

  needs_images = True

  def __init__(self, segment: GroundingSegment, k: int):
    self._k = k
    self._button = _CLICKS.get(segment.verb)
    self._target = point_to_px(segment.point)
    self._known: tuple[float, float] | None = None  # where an unseen cursor must be
    self._is_clicked = False

  def decode(self, tick: int, images, views) -> tuple[RawAction, bool]:
    del tick
    action = no_op()
    if self._is_clicked:
      return action, True
    seen = find_cursor(images, views)
    cursor = seen or self._known
    self._known = None
    if cursor is None:
      action.camera_deg[:] = -MAX_TURN_DEG
      self._known = (0.0, 0.0)
      return action, False
    if seen and max(abs(a - b) for a, b in zip(seen, self._target)) <= REACHED_PX:
      if self._button is None:
        return action, True
      _press(action, self._button)
      self._is_clicked = True
      return action, False
    action.camera_deg[:] = cursor_motion(cursor, self._target)
    if self._k == 1 and self._button is not None:
      _press(action, self._button)
    return action, False


class GroundingDecoder:
  """Raw actions of a Grounding segment, in the world or in a GUI as tick 0 finds it.

  If a GUI opens or closes on the way, the rest of the decision is one idle tick. A no-op waits for
  all k ticks, whatever the picture shows.
  """

  def __init__(self, segment: GroundingSegment, k: int):
    """k: int >= 1, the most ticks it may take."""
    self._segment, self._k = segment, k
    self._in_gui: bool | None = None
    self._decoder: WorldDecoder | CursorDecoder | None = None
    self.num_ticks = k

  def needs_images(self) -> bool:
    """Whether the ticks to come look at the pictures; before tick 0 that of any point does."""
    if self._decoder is None:
      return self._segment.point is not None
    return self._decoder.needs_images

  def decode(
    self, tick: int, images: Sequence[np.ndarray], views: Sequence[View], is_gui_open: bool
  ) -> tuple[RawAction, bool]:
    """The raw action of a tick and whether it is the last; ticks come in order, from 0."""
    if self._segment.point is None:
      return no_op(), tick + 1 >= self.num_ticks
    if tick == 0:
      self._in_gui = is_gui_open
      self._decoder = (
        CursorDecoder(self._segment, self._k)
        if is_gui_open
        else WorldDecoder(self._segment, self._k)
      )
    if is_gui_open != self._in_gui:
      return no_op(), True
    action, is_done = self._decoder.decode(tick, images, views)
    return action, is_done or tick + 1 >= self.num_ticks


def ground_of(images: Sequence[np.ndarray], views: Sequence[View]) -> np.ndarray:
  """The lower half of the widest view above the hotbar and its bars: uint8[rows, width, 3].

  What is near passes there, whatever the distance of the point.
  """
  i = max(range(len(views)), key=lambda i: views[i].x1 - views[i].x0)
  view = views[i]
  rows_per_px = view.height / (view.y1 - view.y0)
  top = max(0, int((SCREEN_HEIGHT / 2 - view.y0) * rows_per_px))
  bottom = int((_HUD_TOP_PX - view.y0) * rows_per_px)
  return images[i][top:bottom]


def is_still(before: np.ndarray, after: np.ndarray) -> bool:
  """Whether two pictures of one view, uint8[..., 3], are the same but for a few samples."""
  change = np.maximum(before, after) - np.minimum(before, after)
  return float((change > STILL_LEVELS).any(-1).mean()) < STILL_SHARE


_HUD_TOP_PX = 300  # screen pixels: hearts, food and hotbar are below


def _press(action: RawAction, button: str) -> None:
  action.buttons[BUTTON_INDEX[button]] = 1
