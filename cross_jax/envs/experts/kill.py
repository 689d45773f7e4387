"""The expert of kill_entity tasks: to the nearest mob of the kind, and hit it when ready."""

import numpy as np

from cross_jax.base import BUTTON_INDEX
from cross_jax.envs.experts.duel import duel_keys, is_duel, is_ready
from cross_jax.envs.experts.geometry import box_entry, cast_ray, eye, look_at, wrap_deg
from cross_jax.envs.experts.intent import APPROACH, IDLE, MINE, STRIKE, Intent
from cross_jax.envs.experts.mine import REACH_M as BLOCK_REACH_M
from cross_jax.envs.experts.mine import cell_index, select
from cross_jax.envs.experts.navigate import Cell, Ground, feet_cell, find_path, is_afloat
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.experts.walk import eye_of, walk_along
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.gui import layout

REACH_M = 2.9  # a little inside the player's 3
TURN_COST_M = 1 / 45  # metres of walk that a degree of turning is worth
WOUND_M = 2.0  # metres more that are walked to one that is nearly dead
SOFT_HARDNESS = 1.0  # of blocks that are broken to get at a mob
CLOSE_M = 2.0  # keeps walking until this near, as mobs move and are knocked back


def plan_kill(view: Snapshot) -> Intent:
  """The next move towards killing a mob of the goal's kind."""
  slots = np.flatnonzero(view.mob_kind == view.goal_index)
  if not len(slots):
    return IDLE
  origin = eye(view.pos)
  weapon = best_weapon(view)
  if weapon != view.hotbar:
    return select(weapon)
  slot = min((int(slot) for slot in slots), key=lambda slot: _cost(view, origin, slot))
  aim = aim_at(view, origin, slot)
  direction = (aim - origin) / max(float(np.linalg.norm(aim - origin)), 1e-6)
  low, high = mob_box(view, slot)
  entry = box_entry(origin, direction, low, high)
  is_seen = entry is not None and cast_ray(view.blocks, origin, direction, entry) is None
  if is_seen and is_duel(view, slot, entry):
    keys, may_hit = duel_keys(view, Ground(view.blocks), slot), is_ready(view, slot)
    may_hit &= _may_hit(view, slot)
    return Intent(STRIKE, aim=aim, target=slot, keys=keys, may_hit=may_hit)
  if is_seen and entry <= REACH_M:
    keys = frozenset(("forward",)) if entry > CLOSE_M else frozenset()
    return Intent(
      STRIKE, aim=aim, target=slot, keys=keys | _swim_keys(view), may_hit=_may_hit(view, slot)
    )
  return _chase(view, origin, slot, aim)


def _cost(view: Snapshot, origin: np.ndarray, slot: int) -> float:
  """How far a mob is, in metres; turning counts too, and the wounded one comes first."""
  yaw, _ = look_at(origin, view.mob_pos[slot])
  turn = abs(wrap_deg(yaw - view.yaw_deg))
  health = view.mob_health[slot] / MOBS.max_health[view.mob_kind[slot]]
  gap = float(np.linalg.norm(view.mob_pos[slot] - view.pos))
  return gap + TURN_COST_M * turn + WOUND_M * float(health)


def mob_box(view: Snapshot, slot: int) -> tuple[np.ndarray, np.ndarray]:
  """The corners, float64[3] m, of a mob's box."""
  kind = int(view.mob_kind[slot])
  half, tall = float(MOBS.width[kind]) / 2, float(MOBS.height[kind])
  feet = view.mob_pos[slot]
  return feet - np.asarray([half, 0.0, half]), feet + np.asarray([half, tall, half])


def aim_at(view: Snapshot, origin: np.ndarray, slot: int) -> np.ndarray:
  """float64[3], the point of a mob to look at: a little under one's own eyes, within its middle."""
  low, high = mob_box(view, slot)
  centre = (low + high) / 2
  margin = 0.3 * (high[1] - low[1])
  centre[1] = float(np.clip(origin[1] - 0.4, low[1] + margin, high[1] - margin))
  return centre


def _may_hit(view: Snapshot, slot: int) -> bool:
  """Whether a press of `attack` takes its full effect: the button is up, the mob does not flash.

  A weapon slower than the flash is used before its full strength: the picture doesn't show that.
  """
  is_up = view.buttons[BUTTON_INDEX["attack"]] == 0
  return bool(is_up and view.mob_hurt_ticks[slot] == 0)


def _swim_keys(view: Snapshot) -> frozenset[str]:
  return frozenset(("jump",)) if is_afloat(view.blocks, view.pos) else frozenset()


def _chase(view: Snapshot, origin: np.ndarray, slot: int, aim: np.ndarray) -> Intent:
  """Walks or swims to where the mob can be hit."""
  ground = Ground(view.blocks)
  low, high = mob_box(view, slot)

  def can_hit(cell: Cell) -> bool:
    near = eye_of(cell)
    if np.linalg.norm(aim - near) > REACH_M - 0.3:
      return False
    direction = (aim - near) / np.linalg.norm(aim - near)
    entry = box_entry(near, direction, low, high)
    return entry is not None and cast_ray(view.blocks, near, direction, entry) is None

  def bound(cell: Cell) -> float:
    return max(float(np.linalg.norm(aim - eye_of(cell))) - REACH_M, 0.0)

  path = find_path(ground, feet_cell(ground, view.pos), can_hit, bound)
  if path is None:
    return _clear_way(view, origin, slot, aim)
  return walk_along(view, ground, path, aim, slot)


def _clear_way(view: Snapshot, origin: np.ndarray, slot: int, aim: np.ndarray) -> Intent:
  """Where no way leads to a mob, as to one in a tree: breaks soft blocks before or under it."""
  direction = (aim - origin) / max(float(np.linalg.norm(aim - origin)), 1e-6)
  hit = cast_ray(view.blocks, origin, direction, BLOCK_REACH_M)
  if hit is not None:
    hardness = BLOCKS.hardness[view.blocks[hit[0][1], hit[0][2], hit[0][0]]]
    if 0 <= hardness <= SOFT_HARDNESS:
      return Intent(MINE, aim=origin + direction * (hit[1] + 0.05), target=cell_index(hit[0]))
  return Intent(APPROACH, aim=aim, target=slot, keys=frozenset(("jump",)))


def best_weapon(view: Snapshot) -> int:
  """The hotbar slot 0..8 whose item hurts the most; the one in hand if none is better."""
  damage = ITEMS.attack_damage[view.slot_item[layout.HOTBAR : layout.HOTBAR + layout.NUM_HOTBAR]]
  best = int(np.argmax(damage))
  return best if damage[best] > damage[view.hotbar] else view.hotbar
