"""How the expert moves in a long fight: around the foe, out of its reach and of its line of fire.

A foe that shoots aims at where the player is, so that one who keeps moving sideways is missed; one
that strikes must come near, and backing away while circling keeps it off. Hits wait for a full
charge, and those on the strongest foes are made while falling, which makes them critical.
"""

import math

import numpy as np

from cross_jax.envs.experts.navigate import Ground
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.tasks.pools import FIRST_TASKS
from cross_jax.envs.voxel.content.tables import GAIT_NAMES, ITEMS, MOBS, TRICK_NAMES
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.state import SIZE_X, SIZE_Z

DUEL_STRENGTH = 300.0  # health x damage of the foes that are fought so
JUMP_HEALTH = 150.0  # of those that are hit while falling
DUEL_M, FUSE_DUEL_M = 9.0, 4.5  # from here on; a foe that explodes is walked to as any other
FUSE_CLOSE_M = 2.4  # from its middle, where it is fought: two critical hits before it explodes
JUMP_TICKS = 8  # from a jump to the fall
JUMP_M = 4.5  # from its side, at most, when one jumps to hit it
MOB_REACH_M = 0.7  # between its sides and the player's
MARGIN_M = 0.7  # beyond that reach
NEAR_M, FAR_M = 2.3, 2.7  # from its side, where a foe that shoots is fought
FLIGHT_M = 5.0  # from its middle: far enough to step out of the line of a shot
FOE_TICKS = 3  # of its way that are foreseen
LOOK_AHEAD_M = (0.5, 1.0, 1.5)
STEP_M = 0.9  # of four ticks
EDGE_M = 2.0  # from the world's edge
CHARGED = 0.93  # of the attack's strength, before a hit
_MOVES = (
  ("left",), ("right",), ("back", "left"), ("back", "right"), ("back",), ("forward", "left"),
  ("forward", "right"), ("forward",),
)  # fmt: skip
_IS_DUEL = np.asarray(
  [
    f"kill_entity:{name}" not in FIRST_TASKS and health * damage >= DUEL_STRENGTH
    for name, health, damage in zip(MOBS.names, MOBS.max_health, MOBS.damages[:, 0])
  ]
) & (MOBS.gait != GAIT_NAMES.index("swim"))
_HAS_FUSE = MOBS.trick == TRICK_NAMES.index("fuse")


def is_duel(view: Snapshot, slot: int, distance_m: float) -> bool:
  """Whether a mob that far away is fought by `duel_keys` and `is_ready`."""
  kind = view.mob_kind[slot]
  if _HAS_FUSE[kind]:
    return distance_m <= FUSE_DUEL_M
  return bool(_IS_DUEL[kind]) and distance_m <= DUEL_M


def is_ready(view: Snapshot, slot: int) -> bool:
  """Whether a hit is worth it now: fully charged, and falling where that is the way."""
  charge = min((view.attack_ticks + 0.5) / _full_ticks(view), 1.0)
  if 0.2 + 0.8 * charge * charge < CHARGED:
    return False
  return not _jumps(view, slot) or (view.fall_m > 0 and not view.is_on_ground)


def _full_ticks(view: Snapshot) -> float:
  return max(float(ITEMS.attack_ticks[view.slot_item[layout.HOTBAR + view.hotbar]]), 1.0)


def _jumps(view: Snapshot, slot: int) -> bool:
  kind = view.mob_kind[slot]
  return bool(MOBS.max_health[kind] >= JUMP_HEALTH or _HAS_FUSE[kind])


def _jumps_now(view: Snapshot, slot: int) -> bool:
  """Whether a jump now is a fall when the next hit is charged."""
  near = MOBS.width[view.mob_kind[slot]] / 2 + JUMP_M
  is_near = np.linalg.norm(view.mob_pos[slot] - view.pos) < near
  is_due = view.attack_ticks >= _full_ticks(view) - JUMP_TICKS
  return bool(_jumps(view, slot) and view.is_on_ground and is_near and is_due)


def duel_keys(view: Snapshot, ground: Ground, slot: int) -> frozenset[str]:
  """The keys that circle at a good distance; `jump` at steps and before a critical hit."""
  kind = int(view.mob_kind[slot])
  jumps = ("jump",) if _jumps_now(view, slot) else ()
  if _HAS_FUSE[kind]:
    gap = np.linalg.norm(view.mob_pos[slot] - view.pos)
    return frozenset((("forward",) if gap > FUSE_CLOSE_M else ()) + jumps)
  half = float(MOBS.width[kind]) / 2
  low, high = min(half + NEAR_M, FLIGHT_M), half + FAR_M
  if MOBS.shot[kind] == 0:
    low = half + 0.3 + MOB_REACH_M + MARGIN_M
    high = half + FAR_M
  foe = view.mob_pos[slot][[0, 2]]
  if MOBS.shot[kind] == 0:
    way = view.pos[[0, 2]] - foe
    foe = foe + way / max(np.linalg.norm(way), 1e-6) * float(MOBS.speed[kind]) * FOE_TICKS
  best, best_worth, must_jump = (), -math.inf, False
  for move in _MOVES:
    worth, is_step = _worth(view, ground, foe, _heading(view, move), (low, high))
    if worth > best_worth:
      best, best_worth, must_jump = move, worth, is_step
  return frozenset((*best, *jumps, *(("jump",) if must_jump else ())))


def _heading(view: Snapshot, move: tuple[str, ...]) -> np.ndarray:
  """float64[2], the unit vector (x, z) that keys move along."""
  yaw = math.radians(view.yaw_deg)
  sin, cos = math.sin(yaw), math.cos(yaw)
  ahead, left = np.asarray([-sin, cos]), np.asarray([cos, sin])
  signs = {"forward": ahead, "back": -ahead, "left": left, "right": -left}
  way = sum(signs[key] for key in move)
  return way / np.linalg.norm(way)


def _worth(
  view: Snapshot, ground: Ground, foe: np.ndarray, way: np.ndarray, band: tuple[float, float]
) -> tuple[float, bool]:
  """(how good it is to move along `way`, whether that takes a jump)."""
  here = view.pos[[0, 2]]
  offset = here + way * STEP_M - foe
  gap = float(np.linalg.norm(offset))
  radial = offset / max(gap, 1e-6)
  worth = -3.0 * max(band[0] - gap, 0.0) - 2.0 * max(gap - band[1], 0.0)
  worth += 0.8 * abs(float(way[0] * radial[1] - way[1] * radial[0]))  # sideways
  worth += 4.0 * float(way @ view.vel[[0, 2]])  # goes on as it went
  is_step = False
  y = math.floor(view.pos[1] + 0.05)
  for far in LOOK_AHEAD_M:
    x, z = here + way * far
    if not (EDGE_M < x < SIZE_X - EDGE_M and EDGE_M < z < SIZE_Z - EDGE_M):
      worth -= 2.0
    level = next((y + d for d in (0, 1, -1, -2) if _is_ground(ground, x, y + d, z)), None)
    if level is None:
      return worth - 3.0 / far, is_step
    is_step |= level > y and far < 1.2
    worth -= 0.3 * (level > y)
    y = level
  return worth, is_step


def _is_ground(ground: Ground, x: float, y: int, z: float) -> bool:
  cell = math.floor(x), y, math.floor(z)
  return ground.can_stand(*cell) and not ground.is_liquid(*cell)
