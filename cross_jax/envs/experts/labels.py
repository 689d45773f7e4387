"""An intent in words: the label of a frame in every form of every action space."""

import numpy as np

from cross_jax.actions import format_action, format_grounding, format_motion
from cross_jax.base import (
  BUTTON_INDEX,
  DEG_PER_PX,
  SCREEN_HEIGHT,
  SCREEN_WIDTH,
  RawAction,
  View,
  no_op,
)
from cross_jax.decoders.geometry import point_to_px, turn_to
from cross_jax.envs.experts.geometry import eye, project
from cross_jax.envs.experts.intent import APPROACH, MINE, STRIKE, USE, WAIT, Intent
from cross_jax.envs.experts.mine import harvests, hotbar_key, is_goal_block
from cross_jax.envs.experts.navigate import is_afloat
from cross_jax.envs.experts.plan import plan
from cross_jax.envs.experts.raw import (
  CLICK_BUTTON,
  MAX_WALK_YAW_DEG,
  WALK_PITCH_DEG,
  aim_error,
  crosshair_hits,
  intent_to_raw,
  is_in_reach,
  is_over_slot,
  slot_centre,
)
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.tasks.setup import STAT_KILL_ENTITY
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.state import MAX_DROPS, MAX_MOBS

FORMS = ("raw", "motion+raw", "motion", "grounding+raw", "grounding")
SPACE_OF_FORM = {
  "raw": "raw",
  "motion+raw": "motion",
  "motion": "motion",
  "grounding+raw": "grounding",
  "grounding": "grounding",
}
SEGMENT_VIEW = View(0, 0, SCREEN_WIDTH, SCREEN_HEIGHT, 160, 90)  # what labels look names up in
CODE_BLOCK, CODE_MOB, CODE_SLOT, CODE_OTHER = 1000, 2000, 3000, 4000  # of segment_batch
NO_NAME = None

TURN_DEG, CURSOR_PX = 10, 18  # what a turn and a cursor phrase do, see decoders/motion.py
TURN_DEAD_DEG = 6.0  # a turn phrase would not bring a walker's heading nearer
SLOT_SAMPLES = 2  # half of a slot's width, in samples of SEGMENT_VIEW
SNAP_SAMPLES = 3  # how far from the aim its own pixel is looked for, in samples of SEGMENT_VIEW
LOOK_X, LOOK_Y = 0.15, 0.2  # of the screen: how near the edge move_camera points are
MAX_TRIED = 200  # pixels of a target, nearest to the aim first
_AIMED_VERBS = ("Mine", "Kill", "right click")
_WALK_KEYS = frozenset(("forward", "back", "left", "right"))
_AXIS = (0, 1, -1)


def label(intent: Intent, view: Snapshot, segmentation: np.ndarray) -> dict[str, str]:
  """The text of a decision in all five forms.

  Args:
    intent: from plan().
    view: the state that it was planned on.
    segmentation: int32[90, 160], the renderer's codes of SEGMENT_VIEW in that state.
  Returns:
    Text by form. `raw` and the `+raw` forms hold the expert's raw action of this tick exactly;
    `motion` and `grounding` stand alone, right for the ticks that their decoders run for.
  """
  raw = intent_to_raw(intent, view)
  action = format_action(raw)
  grounding = ground(intent, view, segmentation)
  return {
    "raw": action,
    "motion+raw": f"{_in_phrases(raw, view)}\n{action}",
    "motion": _in_phrases(motion_alone(intent, view), view),
    "grounding+raw": f"{grounding}\n{action}",
    "grounding": grounding,
  }


def _in_phrases(action: RawAction, view: Snapshot) -> str:
  """The Motion segment of an action; the inventory's key in a GUI is to close it."""
  buttons = action.buttons.copy()
  if view.gui and buttons[BUTTON_INDEX["inventory"]]:
    buttons[BUTTON_INDEX["ESC"]] = 1  # the key that `close gui` names
  return format_motion(action._replace(buttons=buttons), view.gui != 0)


def motion_alone(intent: Intent, view: Snapshot) -> RawAction:
  """The buttons and the signs of the turn whose phrases serve the intent for k ticks.

  World: of the nine turns by 0 or 10 degrees on each axis, the least that brings the crosshair to
  the target, and then `attack` with it; if none does, the one that comes nearest, and that alone,
  as with a key held it would take all k ticks: a swimmer lets go of `jump` while the head is above
  the water. GUI: a slot's pitch towards the target on each axis that misses it, with the click once
  that arrives. Nothing, which is a wait of k ticks: while the furnace burns, a mob near enough
  still flashes, or a button must be let go first.
  """
  if intent.kind in CLICK_BUTTON:
    return _motion_click(intent, view)
  action = no_op()
  if intent.kind == WAIT:
    return _with_keys(action, intent)
  yaw, pitch = aim_error(view, intent.aim)
  if intent.kind == APPROACH:
    turn = _sign(yaw, TURN_DEAD_DEG), _sign(pitch, WALK_PITCH_DEG)
    if abs(yaw) <= MAX_WALK_YAW_DEG:
      action.buttons[BUTTON_INDEX["forward"]] = 1
  else:
    turns = sorted(
      ((x, y) for x in _AXIS for y in _AXIS),
      key=lambda t: (
        not crosshair_hits(view, intent, t[0] * TURN_DEG, t[1] * TURN_DEG),
        abs(yaw - t[0] * TURN_DEG) + abs(pitch - t[1] * TURN_DEG),
      ),
    )
    still = crosshair_hits(view, intent, 0.0, 0.0)
    turn = (0, 0) if still else turns[0]
    is_on = still or crosshair_hits(view, intent, turn[0] * TURN_DEG, turn[1] * TURN_DEG)
    if is_on and intent.kind == USE:
      action.buttons[BUTTON_INDEX["use"]] = 1
    elif is_on and (intent.kind == MINE or intent.may_hit):
      action.buttons[BUTTON_INDEX["attack"]] = 1
    elif not is_on and turn == (0, 0) and not intent.keys & _WALK_KEYS:
      action.buttons[BUTTON_INDEX["forward"]] = 1  # too far for steps of 10 degrees
  action.camera_deg[:] = (turn[1] * TURN_DEG, turn[0] * TURN_DEG)
  is_mere_turn = turn != (0, 0) and not action.buttons.any()
  if is_mere_turn and not is_afloat(view.blocks, eye(view.pos)):
    return action
  return _with_keys(action, intent)


def _with_keys(action: RawAction, intent: Intent) -> RawAction:
  for key in intent.keys:
    action.buttons[BUTTON_INDEX[key]] = 1
  return action


def _motion_click(intent: Intent, view: Snapshot) -> RawAction:
  action = no_op()
  x, y = slot_centre(view, intent.target)
  step = _step(x - float(view.cursor_px[0])), _step(y - float(view.cursor_px[1]))
  button = BUTTON_INDEX[CLICK_BUTTON[intent.kind]]
  if step == (0, 0):  # on the slot or its border: in steps of a pitch it may come no nearer
    action.buttons[button] = view.buttons[button] == 0
  elif is_over_slot(view, intent.target, step):
    action.buttons[button] = 1
  action.camera_deg[:] = (step[1] * DEG_PER_PX, step[0] * DEG_PER_PX)
  return action


def _step(gap_px: float) -> int:
  """The cursor step, px, towards a slot's middle; 0 where the game takes the cursor as on the slot.

  A slot and its border are one pitch wide; the first edge belongs to it, the last to the next slot.
  """
  half = CURSOR_PX / 2
  return 0 if -half < gap_px <= half else CURSOR_PX * _sign(gap_px, 0.0)


def _sign(error: float, dead: float) -> int:
  return 0 if abs(error) <= dead else (1 if error > 0 else -1)


def ground(intent: Intent, view: Snapshot, segmentation: np.ndarray) -> str:
  """The Grounding segment of an intent: verb, name of the object, point.

  The point is a pixel that the renderer gave to the target itself: the aim if it is, else the
  target's pixel nearest to it. The decoder's turn to a point is exact for a level gaze only, so of
  those pixels it is the nearest one whose turn brings the crosshair to the target. If there is none
  for a Mine or a right click, the verb is move_camera, which leaves less to turn. If the aim is out
  of the picture, it is move_camera too: towards the aim, named after what is there. No verb
  switches the hotbar: while another slot is wanted, the label is of what follows with the item in
  hand, and to go near where that would break the target for nothing. None closes a GUI: no-op;
  none keeps a distance: in a duel Kill and Approach go where the expert does not.
  """
  intent = _with_item_in_hand(intent, view)
  if intent.kind == WAIT:
    return format_grounding("no-op")
  if intent.kind in CLICK_BUTTON:
    code = CODE_SLOT + intent.target
    x, y = slot_centre(view, intent.target)
    name = object_name(_code_near(segmentation, x, y, code), view)
    verb = "left click" if CLICK_BUTTON[intent.kind] == "attack" else "right click"
    return format_grounding(verb, name, _point(x, y))
  at = project(eye(view.pos), view.yaw_deg, view.pitch_deg, intent.aim)
  if intent.kind != APPROACH and crosshair_hits(view, intent, 0.0, 0.0):
    at = SCREEN_WIDTH / 2, SCREEN_HEIGHT / 2
  if at is None or not (0 <= at[0] < SCREEN_WIDTH and 0 <= at[1] < SCREEN_HEIGHT):
    return _look_towards(intent, view, segmentation)
  wanted = _wanted_code(intent, view)
  near = at if wanted is None else _snap(segmentation, at, wanted)
  verb, met = _verb(intent, view), None
  if verb in _AIMED_VERBS and is_in_reach(view, intent):
    met = _pixel_that_meets(intent, view, segmentation, near)
  if met is None and intent.kind in (MINE, USE):
    verb = "move_camera"
  x, y = met or near
  name = object_name(_code_at(segmentation, x, y), view)
  return format_grounding(verb, name, _point(x, y))


def _pixel_that_meets(
  intent: Intent, view: Snapshot, segmentation: np.ndarray, near: tuple[float, float]
) -> tuple[float, float] | None:
  """The pixel nearest to `near`, itself or one of its code, that the decoder turns to exactly."""
  row, column = _sample(*near)
  rows, columns = np.nonzero(segmentation == segmentation[row, column])
  order = np.argsort(np.maximum(abs(rows - row), abs(columns - column)), kind="stable")[:MAX_TRIED]
  px = SCREEN_WIDTH / SEGMENT_VIEW.width
  others = ((float(columns[i] + 0.5) * px, float(rows[i] + 0.5) * px) for i in order)
  for x, y in (near, *others):
    pitch, yaw = turn_to(*point_to_px(_point(x, y)))
    if crosshair_hits(view, intent, float(yaw), float(pitch)):
      return x, y
  return None


def _with_item_in_hand(intent: Intent, view: Snapshot) -> Intent:
  """What an intent that selects a hotbar slot leads to, as far as the item in hand serves it."""
  slot = next((i for i in range(layout.NUM_HOTBAR) if hotbar_key(i) in intent.keys), None)
  if slot is None:
    return intent
  then = plan(view._replace(hotbar=slot))
  is_wasted = then.kind == MINE and is_goal_block(view, then.target)
  is_wasted &= not harvests(view, then.target)
  return then._replace(kind=APPROACH) if is_wasted or then.kind == USE else then


def _verb(intent: Intent, view: Snapshot) -> str:
  """A mob that was just hit would take no such hit again yet: stay near it meanwhile."""
  if intent.kind in (MINE, USE):
    return "Mine" if intent.kind == MINE else "right click"
  if intent.kind == STRIKE and view.mob_hurt_ticks[intent.target] <= 1:
    return "Kill"
  return "Approach"


def _look_towards(intent: Intent, view: Snapshot, segmentation: np.ndarray) -> str:
  """move_camera to a point near the edge of the screen, in the direction of the aim."""
  yaw, pitch = aim_error(view, intent.aim)
  dx, dy = _sign(yaw, 20.0), _sign(pitch, 15.0)
  x = SCREEN_WIDTH * (0.5 + dx * (0.5 - LOOK_X))
  y = SCREEN_HEIGHT * (0.5 + dy * (0.5 - LOOK_Y))
  name = object_name(_code_at(segmentation, x, y), view)
  return format_grounding("move_camera", name, _point(x, y))


def _wanted_code(intent: Intent, view: Snapshot) -> int | None:
  """The renderer's code of what the intent is about; None for a mere waypoint."""
  if intent.target < 0:
    return None
  if intent.kind == STRIKE or (intent.kind == APPROACH and view.goal_stat == STAT_KILL_ENTITY):
    return CODE_MOB + intent.target
  return CODE_BLOCK + int(view.blocks.reshape(-1)[intent.target])


def object_name(code: int, view: Snapshot) -> str | None:
  """What a code of the renderer is called in a label; None for the sky and the GUI's panel.

  >>> import numpy as np
  >>> object_name(CODE_BLOCK + BLOCKS.index["oak_log"], None)
  'oak log'
  """
  if CODE_BLOCK <= code < CODE_MOB:
    return _readable(BLOCKS.names[code - CODE_BLOCK])
  if CODE_MOB <= code < CODE_SLOT:
    index = code - CODE_MOB
    if index >= MAX_MOBS + MAX_DROPS:  # shot or thrown
      return "projectile"
    if index >= MAX_MOBS:  # what lies on the ground
      return _readable(ITEMS.names[int(view.drop_item[index - MAX_MOBS])])
    return _readable(MOBS.names[int(view.mob_kind[index])])
  if CODE_SLOT <= code < CODE_OTHER:
    item = int(view.slot_item[code - CODE_SLOT])
    return _readable(ITEMS.names[item]) if item else "empty slot"
  return NO_NAME


def _readable(name: str) -> str:
  return name.replace("_", " ")


def _point(x: float, y: float) -> tuple[int, int]:
  return round(x / SCREEN_WIDTH * 1000), round(y / SCREEN_HEIGHT * 1000)


def _sample(x: float, y: float) -> tuple[int, int]:
  """(row, column) of SEGMENT_VIEW under a screen pixel."""
  row = int(np.clip(y * SEGMENT_VIEW.height / SCREEN_HEIGHT, 0, SEGMENT_VIEW.height - 1))
  column = int(np.clip(x * SEGMENT_VIEW.width / SCREEN_WIDTH, 0, SEGMENT_VIEW.width - 1))
  return row, column


def _code_at(segmentation: np.ndarray, x: float, y: float) -> int:
  row, column = _sample(x, y)
  return int(segmentation[row, column])


def _snap(segmentation: np.ndarray, at: tuple[float, float], code: int) -> tuple[float, float]:
  """The pixel of a code nearest to `at`; `at` itself if it has the code or none is near."""
  if _code_at(segmentation, *at) == code:
    return at
  row, column = _sample(*at)
  rows, columns = np.nonzero(segmentation == code)
  if not len(rows):
    return at
  gaps = np.maximum(abs(rows - row), abs(columns - column))
  best = int(np.argmin(gaps))
  is_near = gaps[best] <= SNAP_SAMPLES or code >= CODE_MOB
  if not is_near:
    return at
  px = SCREEN_WIDTH / SEGMENT_VIEW.width
  return (columns[best] + 0.5) * px, (rows[best] + 0.5) * px


def _code_near(segmentation: np.ndarray, x: float, y: float, code: int) -> int:
  """The wanted code if the renderer shows it within a slot's half width, else what is at (x, y)."""
  row, column = _sample(x, y)
  rows = slice(max(row - SLOT_SAMPLES, 0), row + SLOT_SAMPLES + 1)
  columns = slice(max(column - SLOT_SAMPLES, 0), column + SLOT_SAMPLES + 1)
  part = segmentation[rows, columns]
  return code if (part == code).any() else int(segmentation[row, column])
