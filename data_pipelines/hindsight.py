"""What a player was about, told from what came next: intents and motions of a recorded episode."""

from collections.abc import Sequence

import numpy as np

from cross_jax.base import BUTTON_INDEX, BUTTONS, DEG_PER_PX, RawAction
from cross_jax.decoders.motion import TURN_DEG
from cross_jax.envs.experts.geometry import box_entry, cast_ray, eye, gaze
from cross_jax.envs.experts.intent import (
  APPROACH,
  CLICK_LEFT,
  CLICK_RIGHT,
  IDLE,
  MINE,
  STRIKE,
  USE,
  Intent,
)
from cross_jax.envs.experts.kill import aim_at, mob_box
from cross_jax.envs.experts.mine import cell_index
from cross_jax.envs.experts.raw import is_over_slot
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.tasks.setup import STAT_KILL_ENTITY
from cross_jax.envs.voxel.gui import layout

BLOCK_REACH_M, MOB_REACH_M = 4.5, 3.0
MAX_LEAD_TICKS = 100  # how long before a deed its target can have been what the player was about
_CLICKS = {"attack": CLICK_LEFT, "use": CLICK_RIGHT}
_GUI_KEYS = (
  "drop",
  "swapHands",
  "pickItem",
  "inventory",
  "ESC",
  *(f"hotbar.{i}" for i in range(1, 10)),
)
_GUI_INDEX = [BUTTON_INDEX[key] for key in _GUI_KEYS]
_HELD = ("forward", "back", "left", "right", "sneak", "sprint")
_IS_HELD = np.isin(BUTTONS, _HELD)  # how long counts, not the tick on which it goes down
_IS_NAMED_WHILE_DOWN = np.isin(BUTTONS, (*_HELD, "jump", "attack", "use"))  # these act while down


def motions_of(
  views: Sequence[Snapshot], actions: RawAction, *, max_ticks_per_decision: int
) -> list[RawAction]:
  """What a Motion label, alone, names on each tick, for the k ticks that its decoder may run.

  The window of a tick is the k ticks from it on, or as many as end before the next press or the
  next change of GUI; a press is any button that goes down, except those to walk, sneak or sprint.
  - turn: named on an axis if the window's sum is at least half of what a turn phrase does.
  - buttons: those that walk, sneak and sprint, jump, attack and use if down for at least half of
    the window.
  - on the tick of a press: the press as well, and of the turn only that tick's own, which is
    what it was aimed by.
  - a window of less than k / 2 ticks in which nothing is named: the press that ends it and the
    turn up to it, as a no_op would wait k ticks.

  Args:
    views: the state before each tick.
    actions: what was done, int8[T, 23] and float32[T, 2] degrees.
    max_ticks_per_decision: k.
  Returns:
    One RawAction a tick, for `format_motion`: buttons, and degrees of which the sign counts. For
    the world only: in a GUI the intent tells the steps of the cursor.
  """
  before = np.array([view.buttons for view in views]).reshape(actions.buttons.shape)
  gui = np.array([view.gui for view in views])
  pressed = (actions.buttons > 0) & (before == 0) & ~_IS_HELD  # [T, 23]
  is_press = pressed.any(1)
  return [
    _motion(t, actions, pressed, is_press, gui, max_ticks_per_decision) for t in range(len(views))
  ]


def _motion(
  t: int, actions: RawAction, pressed: np.ndarray, is_press: np.ndarray, gui: np.ndarray, k: int
) -> RawAction:
  """The motion of tick t; pressed: bool[T, 23], is_press: bool[T], gui: int[T]."""
  ends = np.flatnonzero(is_press[t + 1 : t + k] | (gui[t + 1 : t + k] != gui[t]))
  end = t + 1 + int(ends[0]) if len(ends) else min(t + k, len(gui))
  is_down = 2 * (actions.buttons[t:end] > 0).sum(0) >= end - t
  turn = actions.camera_deg[t : t + 1 if is_press[t] else end].sum(0)
  action = _named((is_down & _IS_NAMED_WHILE_DOWN) | pressed[t], turn)
  is_nothing = not action.buttons.any() and not action.camera_deg.any() and not is_press[t]
  is_brief = len(ends) > 0 and 2 * (end - t) < k
  if is_nothing and is_brief and is_press[end] and gui[end] == gui[t]:
    press = _motion(end, actions, pressed, is_press, gui, k)
    return _named(press.buttons > 0, actions.camera_deg[t : end + 1].sum(0))
  return action


def _named(is_named: np.ndarray, turn: np.ndarray) -> RawAction:
  """Buttons, and a turn on the axes on which a phrase is nearer to it than none."""
  camera = np.where(np.abs(turn) >= TURN_DEG / 2, turn, 0.0)
  return RawAction(is_named.astype(np.int8), camera.astype(np.float32))


def intents_of(
  views: Sequence[Snapshot], actions: RawAction, *, max_ticks_per_decision: int
) -> list[Intent | None]:
  """The intent of every tick of an episode.

  A click on a slot, a blow at a block or a mob and a use of a block tell their target; the ticks
  before, up to MAX_LEAD_TICKS, are the way to it: in the world an approach, in a GUI the same
  click. An idle tick is IDLE if at least k / 2 ticks from it on are, or all to the end: a no-op
  waits k ticks. Else it is a pause on the way.

  Args:
    views: the state before each tick.
    actions: what was done, int8[T, 23] and float32[T, 2] degrees.
    max_ticks_per_decision: k.
  Returns:
    One Intent a tick; None where the episode doesn't tell: a way to no target, and in a GUI what is
    more than a click on a slot (quick moves, keys, clicks beside) with the way to it.
  """
  intents: list[Intent | None] = []
  target: Intent | None = None  # of the next deed
  age = 0  # ticks until it
  num_idle = 0  # ticks from this one on
  is_end = True  # and no other tick follows
  for t in reversed(range(len(views))):
    view, action = views[t], RawAction(actions.buttons[t], actions.camera_deg[t])
    age += 1
    is_idle = not action.buttons.any() and not action.camera_deg.any()
    num_idle, is_end = (num_idle + 1, is_end) if is_idle else (0, False)
    if view.gui and _is_more_than_a_click(view, action):
      target = None  # no intent says it, nor the way to it
      intents.append(None)
      continue
    deed = _deed(view, action)
    if deed is not None:
      target, age = deed, 0
      intents.append(deed)
    elif is_idle and (is_end or 2 * num_idle >= max_ticks_per_decision):
      intents.append(IDLE)
    elif target is None or age > MAX_LEAD_TICKS:
      intents.append(None)
    else:
      intents.append(_way_to(target, view))
  return intents[::-1]


def _is_more_than_a_click(view: Snapshot, action: RawAction) -> bool:
  """Whether a tick in a GUI presses a key that acts, or clicks in sneak or beside the slots."""
  is_new = (action.buttons > 0) & (view.buttons == 0)
  is_click = any(is_new[BUTTON_INDEX[key]] for key in _CLICKS)
  is_quick_move = is_click and action.buttons[BUTTON_INDEX["sneak"]] > 0
  is_beside = is_click and _slot_under(view, action) is None  # may throw, or be for the recipe book
  return bool(is_new[_GUI_INDEX].any() or is_quick_move or is_beside)


def _deed(view: Snapshot, action: RawAction) -> Intent | None:
  """What the action of a tick is done to, if it is done to something."""
  is_down = {key: bool(action.buttons[BUTTON_INDEX[key]]) for key in _CLICKS}
  is_new = {key: down and not view.buttons[BUTTON_INDEX[key]] for key, down in is_down.items()}
  if view.gui:
    key = next((key for key in _CLICKS if is_new[key]), None)
    slot = None if key is None else _slot_under(view, action)
    return None if slot is None else Intent(_CLICKS[key], target=slot)
  if not is_down["attack"] and not is_new["use"]:
    return None
  origin = eye(view.pos)
  pitch = float(np.clip(view.pitch_deg + action.camera_deg[0], -90.0, 90.0))
  direction = gaze(view.yaw_deg + float(action.camera_deg[1]), pitch)
  block = cast_ray(view.blocks, origin, direction, BLOCK_REACH_M)
  mob = _mob_under(view, origin, direction, min(MOB_REACH_M, block[1] if block else MOB_REACH_M))
  if mob is not None and is_down["attack"]:
    return Intent(STRIKE, aim_at(view, origin, mob), mob, may_hit=True)
  if block is None or mob is not None:
    return None
  cell, distance = block
  point = origin + direction * (distance + 0.01)
  return Intent(MINE if is_down["attack"] else USE, point, cell_index(cell))


def _way_to(target: Intent, view: Snapshot) -> Intent | None:
  is_click = target.kind in _CLICKS.values()
  if is_click != bool(view.gui):
    return None  # a GUI opens or closes before it
  if is_click:
    return target
  aim, index = target.aim, target.target
  if target.kind == STRIKE:
    if not view.mob_kind[index]:
      return None
    aim = aim_at(view, eye(view.pos), index)
  is_kill = view.goal_stat == STAT_KILL_ENTITY  # labels take the target of an approach for a mob
  return Intent(APPROACH, aim, index if is_kill == (target.kind == STRIKE) else -1)


def _slot_under(view: Snapshot, action: RawAction) -> int | None:
  moved = action.camera_deg[::-1] / np.float32(DEG_PER_PX)
  for slot in range(layout.NUM_SLOTS):
    is_shown = layout.SLOT_XY[view.gui, slot, 0] != layout.HIDDEN
    if is_shown and is_over_slot(view, slot, (float(moved[0]), float(moved[1]))):
      return slot
  return None


def _mob_under(
  view: Snapshot, origin: np.ndarray, direction: np.ndarray, reach_m: float
) -> int | None:
  entries = {
    slot: entry
    for slot in np.flatnonzero(view.mob_kind)
    if (entry := box_entry(origin, direction, *mob_box(view, slot))) is not None
  }
  nearest = min(entries, key=entries.get, default=None)
  return int(nearest) if nearest is not None and entries[nearest] <= reach_m else None
