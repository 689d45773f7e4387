"""Ways through the blocks for a walking, jumping and swimming body."""

import heapq
import math
from collections.abc import Callable

import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS, SHAPES
from cross_jax.envs.voxel.state import PLAYER_WIDTH, SIZE_X, SIZE_Y, SIZE_Z

MAX_DROP = 3  # cells: deeper falls hurt
PAD_LOW, PAD_HIGH = 6, 8  # cells below and above the world that may be asked for
MAX_NODES = 700
SWIM_COST, JUMP_COST = 2.0, 0.5  # beyond the distance: water is slow, a jump costs speed
_DIAGONAL = math.sqrt(2.0)
_HARMFUL = ("magma_block", "fire", "soul_fire", "campfire", "soul_campfire", "cactus",
            "sweet_berry_bush", "wither_rose")  # fmt: skip
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_TOP = SHAPES.collision[BLOCKS.shape, :, 4].max(axis=1)  # m, of what stops bodies in a cell
_IS_SOLID = BLOCKS.is_solid & (_TOP > 0.2)  # carpets are walked over
_IS_LIQUID = BLOCKS.is_liquid | BLOCKS.is_waterlogged
_HURTS = np.asarray(["lava" in n or n in _HARMFUL for n in BLOCKS.names])
_IS_NO_FLOOR = _HURTS | (_TOP > 1.1)  # fences are too tall to get onto

Cell = tuple[int, int, int]


class Ground:
  """Where a player's feet can be in a world: looked up in maps of all its cells."""

  def __init__(self, blocks: np.ndarray):
    self._solid, self._free, self._liquid, self._stand = _maps(blocks)

  def is_solid(self, x: int, y: int, z: int) -> bool:
    """Whether a body is stopped there: a solid block, or the wall around the world."""
    return self._solid[_index(x, y, z)] == 1

  def is_liquid(self, x: int, y: int, z: int) -> bool:
    return self._liquid[_index(x, y, z)] == 1

  def is_free(self, x: int, y: int, z: int) -> bool:
    """Whether a body 1.8 m tall fits with its feet in this cell."""
    return self._free[_index(x, y, z)] == 1

  def can_stand(self, x: int, y: int, z: int) -> bool:
    """Whether feet can rest in this cell: free and unharmed, on something solid or in water."""
    return self._stand[_index(x, y, z)] == 1

  def neighbours(self, cell: Cell) -> list[tuple[Cell, float]]:
    """The cells that one step, jump or drop leads to, with their costs."""
    x, y, z = cell
    found = []
    for dx, dz in _SIDES:
      is_diagonal = dx != 0 and dz != 0
      if is_diagonal and not (self.is_free(x + dx, y, z) and self.is_free(x, y, z + dz)):
        continue
      cost = _DIAGONAL if is_diagonal else 1.0
      at = self._landing(x + dx, y, z + dz, may_jump=not self.is_solid(x, y + 2, z))
      if at is None or (is_diagonal and at != y):
        continue
      cost += JUMP_COST * max(at - y, 0) + SWIM_COST * self.is_liquid(x + dx, at, z + dz)
      found.append(((x + dx, at, z + dz), cost))
    if self.is_liquid(x, y, z):
      found += [((x, y + d, z), 1.0) for d in (1, -1) if self.can_stand(x, y + d, z)]
    return found

  def _landing(self, x: int, y: int, z: int, may_jump: bool) -> int | None:
    """The height of the feet after stepping into a column at height y; None if it is closed."""
    if self.can_stand(x, y, z):
      return y
    if not self.is_free(x, y, z):
      return y + 1 if may_jump and self.can_stand(x, y + 1, z) else None
    for drop in range(1, MAX_DROP + 1):
      if self.can_stand(x, y - drop, z):
        return y - drop
      if self.is_solid(x, y - drop, z):
        return None
    return None


def _index(x: int, y: int, z: int) -> int:
  """The place of a cell in the maps, which reach a little beyond the world."""
  if y < -PAD_LOW or y >= SIZE_Y + PAD_HIGH:
    y = -PAD_LOW if y < 0 else SIZE_Y + PAD_HIGH - 1
  return ((y + PAD_LOW) * (SIZE_Z + 2) + z + 1) * (SIZE_X + 2) + x + 1


def _maps(blocks: np.ndarray) -> tuple[bytes, ...]:
  """(solid, free, liquid, stand) of all cells: bytes, which Python reads faster than arrays."""
  inside = slice(PAD_LOW, PAD_LOW + SIZE_Y), slice(1, -1), slice(1, -1)
  shape = SIZE_Y + PAD_LOW + PAD_HIGH, SIZE_Z + 2, SIZE_X + 2

  def spread(table: np.ndarray, around: bool) -> np.ndarray:
    out = np.zeros(shape, bool)
    out[: PAD_LOW + SIZE_Y] = around
    out[inside] = table[blocks]
    return out

  solid, liquid = spread(_IS_SOLID, True), spread(_IS_LIQUID, False)
  below = lambda cells: np.roll(cells, 1, axis=0)
  free = ~solid & ~np.roll(solid, -1, axis=0)
  stand = free & ~below(spread(_IS_NO_FLOOR, False)) & ~spread(_HURTS, False)
  stand &= below(solid) | liquid
  return tuple(cells.tobytes() for cells in (solid, free, liquid, stand))


def is_afloat(blocks: np.ndarray, pos: np.ndarray) -> bool:
  """Whether the feet at pos are in water."""
  x, y, z = (math.floor(v) for v in pos + np.asarray([0.0, 0.05, 0.0]))
  is_inside = 0 <= x < SIZE_X and 0 <= y < SIZE_Y and 0 <= z < SIZE_Z
  return is_inside and bool(_IS_LIQUID[blocks[y, z, x]])


def feet_cell(ground: Ground, pos: np.ndarray) -> Cell:
  """The standing cell of a body at pos: of the cells its box overlaps, one that can be stood in."""
  y = math.floor(pos[1] + 0.05)
  half = PLAYER_WIDTH / 2
  if ground.is_solid(math.floor(pos[0]), y, math.floor(pos[2])):
    y += 1  # on a block that is lower than its cell
  own = (math.floor(pos[0]), y, math.floor(pos[2]))
  candidates = [own] + [
    (math.floor(pos[0] + sx * half), y, math.floor(pos[2] + sz * half))
    for sx in (-1, 1)
    for sz in (-1, 1)
  ]
  for cell in candidates:
    if ground.can_stand(*cell):
      return cell
  x, y, z = own  # in the air: where it will land
  while y > 0 and ground.is_free(x, y, z) and not ground.can_stand(x, y, z):
    y -= 1
  return x, y, z


def find_path(
  ground: Ground, start: Cell, is_goal: Callable[[Cell], bool], distance: Callable[[Cell], float]
) -> list[Cell] | None:
  """A cheap way from start to the first goal met, both included (A*); None if there is none.

  Args:
    ground: the world.
    start: a standing cell.
    is_goal: whether a cell will do.
    distance: a lower bound of the cost from a cell to a goal.
  """
  best: dict[Cell, float] = {start: 0.0}
  parent: dict[Cell, Cell] = {}
  queue: list[tuple[float, Cell]] = [(distance(start), start)]
  closed: set[Cell] = set()
  while queue and len(closed) < MAX_NODES:
    _, cell = heapq.heappop(queue)
    if cell in closed:
      continue
    closed.add(cell)
    if is_goal(cell):
      path = [cell]
      while path[-1] != start:
        path.append(parent[path[-1]])
      return path[::-1]
    for other, cost in ground.neighbours(cell):
      total = best[cell] + cost
      if total < best.get(other, math.inf):
        best[other], parent[other] = total, cell
        heapq.heappush(queue, (total + distance(other), other))
  return None


def is_straight(ground: Ground, pos: np.ndarray, end: np.ndarray) -> bool:
  """Whether a body at pos can walk straight to a point of the ground, jumping up single steps.

  Samples the segment every quarter of a metre with the body's four corners.
  """
  length = math.hypot(end[0] - pos[0], end[2] - pos[2])
  num = max(int(length / 0.25), 1)
  y = math.floor(pos[1] + 0.05)
  half = PLAYER_WIDTH / 2
  for i in range(1, num + 1):
    x = pos[0] + (end[0] - pos[0]) * i / num
    z = pos[2] + (end[2] - pos[2]) * i / num
    corners = {
      (math.floor(x + sx * half), math.floor(z + sz * half)) for sx in (-1, 1) for sz in (-1, 1)
    }
    if any(not ground.is_free(cx, y, cz) for cx, cz in corners):
      centre = math.floor(x), math.floor(z)
      if not ground.is_free(centre[0], y + 1, centre[1]):
        return False
      if any(not ground.is_free(cx, y + 1, cz) for cx, cz in corners):
        return False
      y += 1
    else:
      drop = 0
      while drop <= MAX_DROP and not any(ground.can_stand(cx, y - drop, cz) for cx, cz in corners):
        drop += 1
      if drop > MAX_DROP:
        return False
      y -= drop
  return y == math.floor(end[1] + 0.05)
