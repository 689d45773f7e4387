"""The expert of mine_block tasks: to the nearest block that can be seen, and break it."""

import numpy as np

from cross_jax.envs.experts.geometry import (
  cast_ray,
  eye,
  gaze,
  look_at,
  visible_points,
  wrap_deg,
)
from cross_jax.envs.experts.intent import IDLE, MINE, WAIT, Intent
from cross_jax.envs.experts.navigate import Cell, Ground, feet_cell, find_path
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.experts.walk import distance_to, eye_of, walk_along
from cross_jax.envs.tasks.setup import STAT_MINE_BLOCK
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.state import SIZE_X, SIZE_Z

REACH_M = 4.4  # a little inside the player's 4.5
STAND_REACH_M = 3.6  # what a cell to walk to must reach: eyes are rarely at its centre
MAX_CANDIDATES = 24
TURN_COST_M = 1.0 / 30.0  # metres of walk that a degree of turning is worth
_LETS_SEE = ~BLOCKS.is_visible | BLOCKS.is_liquid | ~BLOCKS.is_solid


def cell_index(cell: Cell) -> int:
  """The index of a cell in State.blocks."""
  return (cell[1] * SIZE_Z + cell[2]) * SIZE_X + cell[0]


def plan_mine(view: Snapshot) -> Intent:
  """The next move towards breaking a block of the goal's kind, its other half included.

  The tool first: of the hotbar, what harvests the block, and that fastest; the one in hand if none
  is better.
  """
  slot = best_tool(view, view.goal_index)
  return select(slot) if slot != view.hotbar else reach(view, MINE)


def select(slot: int) -> Intent:
  """Presses the number key of a hotbar slot 0..8."""
  return Intent(WAIT, keys=frozenset((hotbar_key(slot),)))


def hotbar_key(slot: int) -> str:
  """The name of the button that selects a hotbar slot 0..8."""
  return f"hotbar.{slot + 1}"


def best_tool(view: Snapshot, block: int) -> int:
  """The hotbar slot 0..8 whose item is the best to break a row of BLOCKS with."""
  items = view.slot_item[layout.HOTBAR : layout.HOTBAR + layout.NUM_HOTBAR]
  is_right = _is_right_tool(block, items)
  worth = _can_harvest(block, items) * 1000.0 + np.where(is_right, ITEMS.speed[items], 1.0)
  best = int(np.argmax(worth))
  return best if worth[best] > worth[view.hotbar] else view.hotbar


def is_goal_block(view: Snapshot, cell: int) -> bool:
  """Whether a task to mine is about the block of a cell index."""
  is_it = BLOCKS.base[view.blocks.reshape(-1)[cell]] == view.goal_index
  return bool(view.goal_stat == STAT_MINE_BLOCK and is_it)


def harvests(view: Snapshot, cell: int) -> bool:
  """Whether breaking the block of a cell index with the item in hand counts and drops it."""
  block = view.blocks.reshape(-1)[cell]
  return bool(_can_harvest(block, view.slot_item[layout.HOTBAR + view.hotbar]))


def _is_right_tool(block: int, items: np.ndarray) -> np.ndarray:
  return (ITEMS.tool[items] > 0) & (ITEMS.tool[items] == BLOCKS.tool[block])


def _can_harvest(block: int, items: np.ndarray) -> np.ndarray:
  need = BLOCKS.min_tier[block]
  return (need == 0) | (_is_right_tool(block, items) & (ITEMS.tier[items] >= need))


def reach(view: Snapshot, kind: str) -> Intent:
  """The move towards turning to a block of the goal's kind in reach, to MINE or USE it.

  In reach: the visible one that takes the least turning.
  Else the way to the next one; blocks in between are broken only where no way leads around.
  """
  origin, ahead = eye(view.pos), gaze(view.yaw_deg, view.pitch_deg)
  is_goal = BLOCKS.base[view.blocks] == view.goal_index
  hit = cast_ray(view.blocks, origin, ahead, REACH_M)
  if hit is not None and is_goal[hit[0][1], hit[0][2], hit[0][0]]:
    return Intent(kind, aim=origin + ahead * hit[1], target=cell_index(hit[0]))
  cells = _candidates(view, origin, is_goal)
  if not cells:
    return IDLE
  reachable = [
    (_turn_deg(view, origin, point), i, point, cell)
    for i, cell in enumerate(cells)
    for point in visible_points(view.blocks, origin, cell, REACH_M)
  ]
  if reachable:
    _, _, point, cell = min(reachable, key=lambda item: item[:2])
    return Intent(kind, aim=point, target=cell_index(cell))
  return _go(view, origin, cells)


def _candidates(view: Snapshot, origin: np.ndarray, is_goal: np.ndarray) -> list[Cell]:
  """Cells of the goal's kind with a face that light reaches, the easiest to get to first."""
  blocks = view.blocks
  if not is_goal.any():
    return []
  sees = np.pad(_LETS_SEE[blocks], 1, constant_values=False)
  open_faces = sum(
    np.roll(sees, shift, axis)[1:-1, 1:-1, 1:-1] for axis in range(3) for shift in (1, -1)
  )
  cells = np.argwhere(is_goal & (open_faces > 0))
  if not len(cells):
    cells = np.argwhere(is_goal)
  cells = cells[:, [2, 0, 1]]  # (y, z, x) -> (x, y, z)
  offset = cells + 0.5 - origin
  distance = np.sqrt((offset**2).sum(axis=1))
  yaw = np.degrees(np.arctan2(-offset[:, 0], offset[:, 2]))
  turn = np.abs((yaw - view.yaw_deg + 180.0) % 360.0 - 180.0)
  cost = distance + TURN_COST_M * turn + 1.5 * np.maximum(np.abs(offset[:, 1]) - 3.0, 0.0)
  order = np.argsort(cost, kind="stable")[:MAX_CANDIDATES]
  return [tuple(int(v) for v in cells[i]) for i in order]


def _turn_deg(view: Snapshot, origin: np.ndarray, point: np.ndarray) -> float:
  yaw, pitch = look_at(origin, point)
  return abs(wrap_deg(yaw - view.yaw_deg)) + abs(pitch - view.pitch_deg)


def _go(view: Snapshot, origin: np.ndarray, cells: list[Cell]) -> Intent:
  """Walks to where a candidate can be reached, or digs towards the first one."""
  ground = Ground(view.blocks)
  points = np.asarray(cells, np.float64) + 0.5

  def target_at(cell: Cell) -> Cell | None:
    near = eye_of(cell)
    gaps = ((points - near) ** 2).sum(axis=1)
    for i in np.flatnonzero(gaps < STAND_REACH_M**2):
      if visible_points(view.blocks, near, cells[i], STAND_REACH_M):
        return cells[i]
    return None

  start = feet_cell(ground, view.pos)
  path = find_path(ground, start, lambda c: target_at(c) is not None, distance_to(points))
  if path is not None:
    chosen = target_at(path[-1])
    return walk_along(view, ground, path, np.asarray(chosen) + 0.5, cell_index(chosen))
  return _dig(view, origin, ground, cells[0])


def _dig(view: Snapshot, origin: np.ndarray, ground: Ground, cell: Cell) -> Intent:
  """Breaks what is in the straight way to a cell, or walks on if nothing is in reach."""
  point = np.asarray(cell, np.float64) + 0.5
  direction = (point - origin) / np.linalg.norm(point - origin)
  hit = cast_ray(view.blocks, origin, direction, REACH_M)
  if hit is not None and BLOCKS.hardness[view.blocks[hit[0][1], hit[0][2], hit[0][0]]] >= 0:
    return Intent(MINE, aim=origin + direction * (hit[1] + 0.05), target=cell_index(hit[0]))
  start = feet_cell(ground, view.pos)
  return walk_along(view, ground, [start, cell], point, cell_index(cell))
