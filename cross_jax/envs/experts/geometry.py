"""Directions, the pinhole screen and rays through the cells, for one game on the host."""

import math

import numpy as np

from cross_jax.base import FOV_DEG, SCREEN_HEIGHT, SCREEN_WIDTH
from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.state import EYE_HEIGHT, SIZE_X, SIZE_Y, SIZE_Z

FOCAL_PX = SCREEN_HEIGHT / 2 / math.tan(math.radians(FOV_DEG / 2))
IS_TARGET = BLOCKS.is_visible & ~BLOCKS.is_liquid  # what the crosshair selects
_FACES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))


def eye(pos: np.ndarray) -> np.ndarray:
  """float64[3], m, the eye of a player whose feet are at pos."""
  return np.asarray([pos[0], pos[1] + EYE_HEIGHT, pos[2]])


def gaze(yaw_deg: float, pitch_deg: float) -> np.ndarray:
  """float64[3], the unit vector of a look: yaw 0 to +z, 90 to -x, pitch + is down."""
  yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
  flat = math.cos(pitch)
  return np.asarray([-math.sin(yaw) * flat, -math.sin(pitch), math.cos(yaw) * flat])


def look_at(origin: np.ndarray, point: np.ndarray) -> tuple[float, float]:
  """(yaw_deg, pitch_deg) that look from origin to point."""
  dx, dy, dz = (float(v) for v in point - origin)
  return math.degrees(math.atan2(-dx, dz)), math.degrees(-math.atan2(dy, math.hypot(dx, dz)))


def wrap_deg(angle: float) -> float:
  """The angle in [-180, 180)."""
  return (angle + 180.0) % 360.0 - 180.0


def project(
  origin: np.ndarray, yaw_deg: float, pitch_deg: float, point: np.ndarray
) -> tuple[float, float] | None:
  """(x, y), px of the 640x360 screen, of a point of the world; None behind the camera."""
  yaw = math.radians(yaw_deg)
  ahead = gaze(yaw_deg, pitch_deg)
  right = np.asarray([-math.cos(yaw), 0.0, -math.sin(yaw)])
  up = np.cross(right, ahead)
  offset = point - origin
  depth = float(offset @ ahead)
  if depth < 1e-3:
    return None
  x = SCREEN_WIDTH / 2 + FOCAL_PX * float(offset @ right) / depth
  y = SCREEN_HEIGHT / 2 - FOCAL_PX * float(offset @ up) / depth
  return x, y


def is_inside(x: int, y: int, z: int) -> bool:
  """Whether a cell is part of the world."""
  return 0 <= x < SIZE_X and 0 <= y < SIZE_Y and 0 <= z < SIZE_Z


def cast_ray(
  blocks: np.ndarray, origin: np.ndarray, direction: np.ndarray, max_m: float
) -> tuple[tuple[int, int, int], float] | None:
  """The first cell with a block that the crosshair would select along a ray.

  Args:
    blocks: uint16[SIZE_Y, SIZE_Z, SIZE_X].
    origin: float64[3], m.
    direction: float64[3], of length 1.
    max_m: how far to look.
  Returns:
    ((x, y, z), distance of entry in m), or None. The cell of the origin itself counts.
  """
  x, y, z = (math.floor(v) for v in origin)
  step, delta, ahead = [0, 0, 0], [math.inf] * 3, [math.inf] * 3
  for axis, cell in enumerate((x, y, z)):
    d = float(direction[axis])
    if abs(d) > 1e-9:
      step[axis] = 1 if d > 0 else -1
      delta[axis] = 1.0 / abs(d)
      edge = cell + 1 - origin[axis] if d > 0 else origin[axis] - cell
      ahead[axis] = float(edge) * delta[axis]
  at = 0.0
  while at <= max_m:
    if is_inside(x, y, z) and IS_TARGET[blocks[y, z, x]]:
      return (x, y, z), at
    at = min(ahead)
    axis = ahead.index(at)
    ahead[axis] += delta[axis]
    if axis == 0:
      x += step[0]
    elif axis == 1:
      y += step[1]
    else:
      z += step[2]
  return None


def box_entry(
  origin: np.ndarray, direction: np.ndarray, low: np.ndarray, high: np.ndarray
) -> float | None:
  """Distance, m, at which a ray enters an axis-aligned box; 0 from inside; None if it misses."""
  near, far = 0.0, math.inf
  for axis in range(3):
    d = float(direction[axis])
    if abs(d) < 1e-9:
      if not low[axis] <= origin[axis] <= high[axis]:
        return None
      continue
    a, b = (float(low[axis]) - origin[axis]) / d, (float(high[axis]) - origin[axis]) / d
    near, far = max(near, min(a, b)), min(far, max(a, b))
  return near if near <= far else None


def visible_points(
  blocks: np.ndarray, origin: np.ndarray, cell: tuple[int, int, int], reach_m: float
) -> list[np.ndarray]:
  """Centres of the faces of a cell that a ray from origin meets first, within reach.

  Args:
    blocks: uint16[SIZE_Y, SIZE_Z, SIZE_X].
    origin: float64[3], m, the eye.
    cell: (x, y, z) of a selectable block.
    reach_m: the longest ray.
  Returns:
    float64[3] points just inside the faces.
  """
  centre = np.asarray(cell, np.float64) + 0.5
  points = []
  for face in _FACES:
    normal = np.asarray(face, np.float64)
    offset = centre + 0.5 * normal - origin
    if offset @ normal >= 0 or offset @ offset > reach_m * reach_m:
      continue
    point = centre + 0.45 * normal
    direction = (point - origin) / np.linalg.norm(point - origin)
    hit = cast_ray(blocks, origin, direction, reach_m)
    if hit is not None and hit[0] == cell:
      points.append(point)
  return points
