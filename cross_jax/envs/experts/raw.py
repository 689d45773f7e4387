"""An intent as the raw action of one tick."""

import math

import numpy as np

from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, RawAction, no_op
from cross_jax.envs.experts.geometry import box_entry, cast_ray, eye, gaze, look_at, wrap_deg
from cross_jax.envs.experts.intent import (
  APPROACH,
  CLICK_LEFT,
  CLICK_RIGHT,
  MINE,
  STRIKE,
  USE,
  WAIT,
  Intent,
)
from cross_jax.envs.experts.kill import REACH_M as MELEE_REACH_M
from cross_jax.envs.experts.kill import mob_box
from cross_jax.envs.experts.mine import REACH_M as BLOCK_REACH_M
from cross_jax.envs.experts.mine import cell_index
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.voxel.gui import layout

TURN_LEVELS_PX = (0, 5, 10, 20, 40, 80, 120)  # few enough to be learnt; at most 18 degrees a tick
WALK_YAW_DEG = 3.0  # heading error that a walker corrects
WALK_PITCH_DEG = 10.0
MAX_WALK_YAW_DEG = 50.0  # beyond it, turns on the spot
OUT_OF_VIEW_DEG = 60.0  # the picture ends 51 degrees beside its middle
CLICK_BUTTON = {CLICK_LEFT: "attack", CLICK_RIGHT: "use"}


def intent_to_raw(intent: Intent, view: Snapshot) -> RawAction:
  """The raw action that serves an intent on the next tick.

  In the world it turns by TURN_LEVELS_PX towards the aim, the nearest level on each axis, and
  presses `attack` or `use` on the tick whose turn brings the crosshair to it. In a GUI it moves the
  cursor straight to the middle of the slot, and clicks once it is there: two ticks, so that the
  button is up in between and the picture tells which of them is next.

  Args:
    intent: from plan().
    view: the state that it was planned on.
  Returns:
    RawAction, int8[23] and float32[2]; the camera in whole pixels.
  """
  action = no_op()
  if intent.kind in CLICK_BUTTON:
    return _click(action, intent, view)
  for key in intent.keys:
    _press(action, key)
  if intent.kind == WAIT:
    return action
  if intent.kind == APPROACH:
    return _walk(action, intent, view)
  if not crosshair_hits(view, intent, 0.0, 0.0):
    yaw, pitch = aim_error(view, intent.aim)
    _turn(action, nearest_level(yaw), nearest_level(pitch))
  is_on = crosshair_hits(view, intent, float(action.camera_deg[1]), float(action.camera_deg[0]))
  if is_on and intent.kind == USE:
    if view.buttons[BUTTON_INDEX["use"]] == 0:
      _press(action, "use")
  elif is_on and (intent.kind == MINE or intent.may_hit):
    _press(action, "attack")
  return action


def aim_error(view: Snapshot, aim: np.ndarray) -> tuple[float, float]:
  """(yaw, pitch) degrees that the gaze must turn by to look at a point; + is right and down.

  A point well out of the picture is always turned to by the right, -180..180 degrees or not: the
  picture doesn't tell on which side it is, and a learner can only imitate what the picture tells.
  """
  yaw, pitch = look_at(eye(view.pos), aim)
  error = wrap_deg(yaw - view.yaw_deg)
  return error + 360.0 if error < -OUT_OF_VIEW_DEG else error, pitch - view.pitch_deg


def crosshair_hits(view: Snapshot, intent: Intent, yaw: float, pitch: float) -> bool:
  """Whether, after a turn by (yaw, pitch) degrees, the crosshair is on the target and in reach."""
  origin = eye(view.pos)
  direction = gaze(view.yaw_deg + yaw, float(np.clip(view.pitch_deg + pitch, -90.0, 90.0)))
  if intent.kind == STRIKE:
    entry = box_entry(origin, direction, *mob_box(view, intent.target))
    if entry is None or entry > MELEE_REACH_M:
      return False
    return cast_ray(view.blocks, origin, direction, entry) is None
  hit = cast_ray(view.blocks, origin, direction, BLOCK_REACH_M)
  return hit is not None and cell_index(hit[0]) == intent.target


def is_in_reach(view: Snapshot, intent: Intent) -> bool:
  """Whether the crosshair could be on the target after some turn, were nothing in between."""
  if intent.kind == STRIKE:
    (low, high), reach_m = mob_box(view, intent.target), MELEE_REACH_M
  else:
    y, z, x = np.unravel_index(intent.target, view.blocks.shape)
    low, reach_m = np.asarray([x, y, z], np.float64), BLOCK_REACH_M
    high = low + 1.0
  origin = eye(view.pos)
  return bool(np.linalg.norm(np.clip(origin, low, high) - origin) <= reach_m)


def nearest_level(error_deg: float) -> int:
  """The turn in pixels, of TURN_LEVELS_PX with a sign, that leaves the least error."""
  error_px = abs(error_deg) / DEG_PER_PX
  level = min(TURN_LEVELS_PX, key=lambda px: abs(px - error_px))
  return level if error_deg > 0 else -level


def slot_centre(view: Snapshot, slot: int) -> tuple[int, int]:
  """(x, y), px of the screen: the middle of a slot of the open GUI."""
  x, y = layout.slot_xy(view.gui, view.is_book_open)[slot]
  return int(x) + layout.SLOT_SIZE // 2, int(y) + layout.SLOT_SIZE // 2


def is_over_slot(view: Snapshot, slot: int, shift_px: tuple[float, float] = (0.0, 0.0)) -> bool:
  """Whether the cursor, moved by shift_px, points at a slot, to the bit as in the game."""
  xy = layout.slot_xy(view.gui, view.is_book_open)[slot]
  cursor = view.cursor_px.astype(np.float32) + np.asarray(shift_px, np.float32)
  return bool(layout.is_on_slot(cursor - xy.astype(np.float32)))


def _click(action: RawAction, intent: Intent, view: Snapshot) -> RawAction:
  button = CLICK_BUTTON[intent.kind]
  if not is_over_slot(view, intent.target):
    x, y = slot_centre(view, intent.target)
    _turn(action, round(x - view.cursor_px[0]), round(y - view.cursor_px[1]))
  elif view.buttons[BUTTON_INDEX[button]] == 0:
    _press(action, button)
  return action


def _walk(action: RawAction, intent: Intent, view: Snapshot) -> RawAction:
  yaw, pitch = aim_error(view, intent.aim)
  gap = math.hypot(intent.aim[0] - view.pos[0], intent.aim[2] - view.pos[2])
  _turn(
    action,
    nearest_level(yaw) if abs(yaw) > WALK_YAW_DEG else 0,
    nearest_level(pitch) if abs(pitch) > WALK_PITCH_DEG else 0,
  )
  if abs(yaw) <= MAX_WALK_YAW_DEG or gap < 0.3:
    _press(action, "forward")
  return action


def _turn(action: RawAction, dx_px: int, dy_px: int) -> None:
  action.camera_deg[:] = (dy_px * DEG_PER_PX, dx_px * DEG_PER_PX)


def _press(action: RawAction, button: str) -> None:
  action.buttons[BUTTON_INDEX[button]] = 1
