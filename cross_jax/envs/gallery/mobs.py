"""Every living mob on a meadow, with its name; each as near as it fits, so scales differ."""

import math
from pathlib import Path

import numpy as np

from cross_jax.base import View
from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel.content.tables import MOBS
from cross_jax.envs.voxel.render.bodies import BODIES
from cross_jax.envs.voxel.render.rays import FOCAL_PX
from cross_jax.envs.voxel.state import EYE_HEIGHT, State

COLUMNS = 10
SIDE = 120  # px of a picture
_BOX_PX = 180  # of the screen that it shows
_FILL = 0.86  # share of it that a mob takes
_OFFSET_PX = 104  # that the mob stands left of the crosshair, to keep it out of the picture
_ABOVE_PX = 36  # that the gaze, level to outline no block, passes above the mob's middle
_TURN_DEG = 38.0  # that it looks past the player
_NEAR_M, _FAR_M = 1.0, 27.0
_EYE_XZ = (14.5, 2.5)
_BOX = View(
  320 - _OFFSET_PX - _BOX_PX // 2, 180 + _ABOVE_PX - _BOX_PX // 2,
  320 - _OFFSET_PX + _BOX_PX // 2, 180 + _ABOVE_PX + _BOX_PX // 2, 2 * SIDE, 2 * SIDE,
)  # fmt: skip


def _turned(kind: int) -> tuple[float, float, float, float]:
  """(width, depth, bottom, top) in m of the mob as it stands: the box around its turned parts."""
  centre, half = BODIES.centre[kind], BODIES.half[kind]
  is_part = half[:, 0] > 0
  centre, half = centre[is_part], half[is_part]
  sin, cos = math.sin(math.radians(_TURN_DEG)), math.cos(math.radians(_TURN_DEG))
  across, along = cos * centre[:, 0] + sin * centre[:, 2], cos * centre[:, 2] - sin * centre[:, 0]
  wide, deep = cos * half[:, 0] + sin * half[:, 2], cos * half[:, 2] + sin * half[:, 0]
  width, depth = (np.abs(across) + wide).max() * 2, (np.abs(along) + deep).max() * 2
  low, high = (centre[:, 1] - half[:, 1]).min(), (centre[:, 1] + half[:, 1]).max()
  return float(width), float(depth), float(low), float(high)


def mob_game(meadow: State, kind: int) -> State:
  """A game with one mob on the meadow, left of the middle of the screen."""
  width, depth, low, high = _turned(kind)
  size = max(width, high - min(low, 0.0))
  ahead = math.atan2(_OFFSET_PX, FOCAL_PX)  # left is +x while looking along +z
  distance = size * FOCAL_PX / (_BOX_PX * _FILL) + depth / 2
  distance = float(np.clip(distance, _NEAR_M, _FAR_M))
  x, z = _EYE_XZ[0] + distance * math.tan(ahead), _EYE_XZ[1] + distance
  eye = (high + min(low, 0.0)) / 2 + distance * _ABOVE_PX / FOCAL_PX
  feet = shots.GROUND + 1.0
  player = meadow.player._replace(
    pos=np.float32([_EYE_XZ[0], feet + eye - EYE_HEIGHT, _EYE_XZ[1]]),
    yaw_deg=np.float32(0),
    pitch_deg=np.float32(0),
  )
  mobs = meadow.mobs
  first = np.arange(len(mobs.kind)) == 0
  facing = 180.0 - math.degrees(ahead) - _TURN_DEG
  return meadow._replace(
    player=player,
    mobs=mobs._replace(
      kind=np.where(first, kind, 0).astype(np.int32),
      pos=np.where(first[:, None], [x, feet, z], 0.0).astype(np.float32),
      yaw_deg=np.where(first, facing, 0.0).astype(np.float32),
      health=np.where(first, MOBS.max_health[kind], 0.0).astype(np.float32),
    ),
  )


def save(out: Path) -> int:
  """Writes one contact sheet of all mobs."""
  meadow = shots.flat_game()
  kinds = range(1, len(MOBS.names))
  pictures = shots.half(shots.draw([mob_game(meadow, kind) for kind in kinds], _BOX))
  names = [MOBS.names[kind].replace("_", " ") for kind in kinds]
  sheets.save_sheet(sheets.contact_sheet(names, list(pictures), COLUMNS), out / "mobs.webp")
  return 1
