"""Every living mob on a meadow, with its name; near ones for small mobs, so scales differ."""

import math
from pathlib import Path

import numpy as np

from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel.render.bodies import BODIES
from cross_jax.envs.voxel.render.rays import FOCAL_PX
from cross_jax.envs.voxel.state import EYE_HEIGHT, State
from cross_jax.envs.voxel.tables import MOBS

COLUMNS = 10
SIDE = 120  # px of a picture on the screen
_FILL = 0.92  # share of it that a mob takes
_OFFSET_PX = 76  # that the mob stands left of the crosshair, to keep it out of the picture
_TURN_DEG = 35.0  # that it looks past the player
_NEAR_M, _FAR_M = 0.9, 24.0
_EYE_XZ = (16.5, 3.5)


def mob_game(meadow: State, kind: int) -> State:
  """A game with one mob on the meadow, left of the middle of the screen."""
  low = (BODIES.centre - np.maximum(BODIES.half, 0))[kind]
  high = (BODIES.centre + np.maximum(BODIES.half, 0))[kind]
  size = float(np.linalg.norm((high.max(0) - low.min(0))[[0, 2]]))
  size = max(size * 0.85, float(high[:, 1].max()))
  distance = float(np.clip(size * FOCAL_PX / (SIDE * _FILL), _NEAR_M, _FAR_M))
  ahead = math.atan2(_OFFSET_PX, FOCAL_PX)  # left is +x while looking along +z
  x, z = _EYE_XZ[0] + distance * math.sin(ahead), _EYE_XZ[1] + distance * math.cos(ahead)
  down = math.atan2(EYE_HEIGHT - float(high[:, 1].max()) / 2, distance)
  feet = shots.GROUND + 1.0
  player = meadow.player._replace(
    pos=np.float32([_EYE_XZ[0], feet, _EYE_XZ[1]]),
    yaw_deg=np.float32(0),
    pitch_deg=np.float32(math.degrees(down)),
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
  pictures = shots.screens([mob_game(meadow, kind) for kind in kinds])
  middle, left = 180, 320 - _OFFSET_PX
  box = (slice(middle - SIDE // 2, middle + SIDE // 2), slice(left - SIDE // 2, left + SIDE // 2))
  names = [MOBS.names[kind].replace("_", " ") for kind in kinds]
  sheet = sheets.contact_sheet(names, list(pictures[:, *box]), COLUMNS)
  sheets.save_sheet(sheet, out / "mobs.webp")
  return 1
