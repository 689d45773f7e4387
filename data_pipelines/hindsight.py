"""What a player was about, told from what came next: the intents of a recorded episode."""

from collections.abc import Sequence

import numpy as np

from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, RawAction
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


def intents_of(views: Sequence[Snapshot], actions: RawAction) -> list[Intent | None]:
  """The intent of every tick of an episode.

  A click on a slot, a blow at a block or a mob and a use of a block tell their target; the ticks
  before, up to MAX_LEAD_TICKS, are the way to it: in the world an approach, in a GUI the same
  click.

  Args:
    views: the state before each tick.
    actions: what was done, int8[T, 23] and float32[T, 2] degrees.
  Returns:
    One Intent a tick; None where the episode doesn't tell: a way to no target, and in a GUI what is
    more than a click (quick moves, keys) with the way to it.
  """
  intents: list[Intent | None] = []
  target: Intent | None = None  # of the next deed
  age = 0  # ticks until it
  for t in reversed(range(len(views))):
    view, action = views[t], RawAction(actions.buttons[t], actions.camera_deg[t])
    age += 1
    if view.gui and _is_more_than_a_click(view, action):
      target = None  # no intent says it, nor the way to it
      intents.append(None)
      continue
    deed = _deed(view, action)
    if deed is not None:
      target, age = deed, 0
      intents.append(deed)
    elif not action.buttons.any() and not action.camera_deg.any():
      intents.append(IDLE)
    elif target is None or age > MAX_LEAD_TICKS:
      intents.append(None)
    else:
      intents.append(_way_to(target, view))
  return intents[::-1]


def _is_more_than_a_click(view: Snapshot, action: RawAction) -> bool:
  """Whether a tick in a GUI presses a key that acts there, or clicks while sneak is held."""
  is_new = (action.buttons > 0) & (view.buttons == 0)
  is_click = any(is_new[BUTTON_INDEX[key]] for key in _CLICKS)
  is_quick_move = is_click and action.buttons[BUTTON_INDEX["sneak"]] > 0
  return bool(is_new[_GUI_INDEX].any() or is_quick_move)


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
