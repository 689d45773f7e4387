"""Motion alone: what a list of phrases does, tick by tick."""

import numpy as np

from cross_jax.actions.grammar import COMMA, HOTBAR_PHRASE
from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, MotionSegment, RawAction, no_op

TURN_DEG = 10.0  # of a turn phrase, in all, on each axis it names
TURN_TICKS = 2  # over which a turn is spread
CURSOR_PX = 18.0  # of a cursor phrase, on each axis it names: one slot of a GUI

_HELD = {
  "move forward": "forward",
  "move back": "back",
  "move left": "left",
  "move right": "right",
  "sneak": "sneak",
  "sprint": "sprint",
  "jump": "jump",
}
_AIMED_HELD = {"attack / mine": "attack"}  # where the turn ends, not on the way there
_AIMED_PRESSED = {"use / place": "use", "open gui": "use"}
_CLICKS = {"operate gui": "attack", "choose": "use"}
_PRESSED = {"drop": "drop", "swap": "swapHands"}
_TOGGLES = {"open inventory": False, "close inventory": True, "close gui": True}
_SIGN = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class MotionDecoder:
  """Raw actions of a Motion segment.

  - move, sneak, sprint, jump: held for all k ticks.
  - turn: 10 degrees on each axis named, half on each of the first two ticks.
  - attack / mine, use / place, open gui: at what the turn leads to: from the tick that completes it
    (the game moves the camera first), tick 0 without a turn. attack / mine is held to the last
    tick, the others are released on the next, if k has one left.
  - cursor move: 18 px on each axis named, on tick 0.
  - operate gui (left), choose (right): a click on the tick after the cursor moved, tick 0 if it did
    not; then released. A segment that points in a GUI lasts no longer than that, whatever it holds.
  - drop, swap, switch to hotbar: pressed on tick 0, released on tick 1.
  - open inventory: presses `inventory` if no GUI is open; close inventory, close gui: if one is.
  - no_op: waits for all k ticks.
  """

  def __init__(self, segment: MotionSegment, k: int):
    """k: int >= 1, the most ticks it may take."""
    self._held = [_HELD[p] for p in segment.phrases if p in _HELD]
    self._once = [_PRESSED[p] for p in segment.phrases if p in _PRESSED]
    self._aimed_held = [_AIMED_HELD[p] for p in segment.phrases if p in _AIMED_HELD]
    self._aimed_once = [_AIMED_PRESSED[p] for p in segment.phrases if p in _AIMED_PRESSED]
    self._clicks = [_CLICKS[p] for p in segment.phrases if p in _CLICKS]
    self._toggles = [_TOGGLES[p] for p in segment.phrases if p in _TOGGLES]
    turn, cursor = np.zeros(2, np.float32), np.zeros(2, np.float32)
    for phrase in segment.phrases:
      if phrase.startswith(HOTBAR_PHRASE):
        digits = phrase.removeprefix(HOTBAR_PHRASE).split(COMMA)
        self._once += [f"hotbar.{digit}" for digit in digits]
      elif phrase.startswith("turn "):
        turn += _direction(phrase) * TURN_DEG
      elif phrase.startswith("cursor move "):
        cursor += _direction(phrase) * CURSOR_PX * DEG_PER_PX
    self._turn_ticks = min(TURN_TICKS, k)
    self._turn, self._cursor = turn / self._turn_ticks, cursor
    self._aimed_tick = self._turn_ticks - 1 if turn.any() else 0
    self._click_tick = min(1, k - 1) if cursor.any() else 0
    self.num_ticks = min(k, self._count_ticks(k))

  def _count_ticks(self, k: int) -> int:
    if self._clicks:
      return self._click_tick + 2
    # A press needs a tick to be released.
    num_aimed = self._aimed_tick + 2 if self._aimed_once else 0
    if self._cursor.any():
      return max(num_aimed, 2 if self._once or self._toggles else 1)
    is_held = self._held or self._aimed_held
    if not is_held and (self._turn.any() or num_aimed or self._once or self._toggles):
      return max(num_aimed, 2)
    return k  # held phrases, or no_op

  def decode(self, tick: int, images, views, is_gui_open: bool) -> tuple[RawAction, bool]:
    """The raw action of a tick and whether it is the last; the pictures are not looked at."""
    del images, views
    action = no_op()
    pressed = list(self._held)
    if tick == 0:
      pressed += self._once
      pressed += ["inventory" for is_close in self._toggles if is_close == is_gui_open]
      action.camera_deg[:] += self._cursor
    if tick >= self._aimed_tick:
      pressed += self._aimed_held
    if tick == self._aimed_tick:
      pressed += self._aimed_once
    if tick == self._click_tick:
      pressed += self._clicks
    if tick < self._turn_ticks:
      action.camera_deg[:] += self._turn
    for name in pressed:
      action.buttons[BUTTON_INDEX[name]] = 1
    return action, tick + 1 >= self.num_ticks


def _direction(phrase: str) -> np.ndarray:
  """float32[2], (pitch, yaw) signs of the directions that a phrase names."""
  names = phrase.split(" ")
  return sum(np.array(_SIGN[name], np.float32) for name in names if name in _SIGN)
