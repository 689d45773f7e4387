"""The fixed pictures of the screen at 640x360: hotbar, hearts, crosshair, arm; NumPy, once.

Layers are float64[360, 640, 4], colours 0..250 premultiplied by alpha 0..1 (the fourth channel).
"""

import numpy as np

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH
from cross_jax.envs.voxel.render.font import text_mask
from cross_jax.envs.voxel.render.textures import WHITE_CAP, mip_tiles

HOTBAR_XY = (SCREEN_WIDTH // 2 - 91, SCREEN_HEIGHT - 22)  # px, top left of the 182x22 bar
HOTBAR_PITCH = 20  # px
HEARTS_Y = SCREEN_HEIGHT - 39
STATUS_Y = HEARTS_Y - 10  # of armour and air
CHAT_XY = (4, SCREEN_HEIGHT - 57)  # px, top left of the chat line's text
CHAT_WIDTH = 150  # px
MAX_SHOWN_COUNT = 99
_PLATE = "110000011 111111111 111111111 011111110 011111110 011111110 011111110 011111110 001111100"
_BUBBLE = (
  "001111100 011111110 111111111 111111111 111111111 111111111 111111111 011111110 001111100"
)
_HEART = "000000000 001101100 011111110 011111110 011111110 001111100 000111000 000010000 000000000"
_FOOD = "000000000 000011100 000111110 000111110 000111110 000111100 001100000 011000000 000000000"


def empty_layer() -> np.ndarray:
  """A fully see-through layer."""
  return np.zeros((SCREEN_HEIGHT, SCREEN_WIDTH, 4))


def fill(layer: np.ndarray, box: tuple[int, int, int, int], rgb, alpha: float = 1.0) -> None:
  """Paints the rectangle (x0, y0, x1, y1) of a layer, replacing what is there."""
  x0, y0, x1, y1 = box
  colour = np.minimum(np.broadcast_to(np.asarray(rgb, np.float64), (3,)), WHITE_CAP)
  layer[y0:y1, x0:x1] = [*(colour * alpha), alpha]


def stamp(layer: np.ndarray, xy: tuple[int, int], mask: np.ndarray, rgb) -> None:
  """Paints the pixels of a mask whose top left is at `xy`."""
  x, y = xy
  colour = np.broadcast_to(np.asarray(rgb, np.float64), (3,))
  layer[y : y + mask.shape[0], x : x + mask.shape[1]][mask] = [*colour, 1.0]


def bar_layer() -> np.ndarray:
  """The hotbar without items, and the dark rims of hearts and food, a layer."""
  layer = empty_layer()
  for is_food in (False, True):
    mask = np.pad(heart_boxes(is_food)[1], 1)
    rim = mask[:-2, 1:-1] | mask[2:, 1:-1] | mask[1:-1, :-2] | mask[1:-1, 2:]
    stamp(layer, (0, 0), rim, (16.0, 10.0, 10.0))
  x, y = HOTBAR_XY
  fill(layer, (x, y, x + 182, y + 22), 20.0, 0.85)
  for i in range(9):
    left = x + 1 + HOTBAR_PITCH * i
    fill(layer, (left, y + 1, left + 20, y + 21), 130.0, 0.8)
    fill(layer, (left + 2, y + 3, left + 18, y + 19), 70.0, 0.6)
  return layer


def crosshair_layer() -> np.ndarray:
  """The cross in the middle of the screen, a layer."""
  layer = empty_layer()
  x, y = SCREEN_WIDTH // 2, SCREEN_HEIGHT // 2
  fill(layer, (x - 5, y - 1, x + 5, y + 1), 235.0, 0.8)
  fill(layer, (x - 1, y - 5, x + 1, y + 5), 235.0, 0.8)
  return layer


def arm_layer() -> np.ndarray:
  """The bare right arm, a layer."""
  layer = empty_layer()
  v, u = np.mgrid[0:SCREEN_HEIGHT, 0:SCREEN_WIDTH].astype(np.float64)
  along, across = v - 250, u - 500 - 0.45 * (v - 250)
  is_arm = (along > 0.35 * across) & (np.abs(across) < 34)
  is_shade = is_arm & (across > 12)
  is_sleeve = is_arm & (v > 330)
  layer[is_arm] = [206, 160, 128, 1]
  layer[is_shade] = [168, 126, 98, 1]
  layer[is_sleeve] = [0, 132, 142, 1]
  return layer


def status_boxes(is_air: bool) -> tuple[np.ndarray, np.ndarray]:
  """Which of the ten pieces of armour (or bubbles of air) covers each pixel; see heart_boxes."""
  return _ten_icons(_BUBBLE if is_air else _PLATE, STATUS_Y, is_air)


def heart_boxes(is_food: bool) -> tuple[np.ndarray, np.ndarray]:
  """Which of the ten hearts (or pieces of food) covers each pixel.

  Returns:
    (number int32[360, 640], 0..9 or -1; mask bool[360, 640] of the icon's shape).
  """
  return _ten_icons(_FOOD if is_food else _HEART, HEARTS_Y, is_food)


def _ten_icons(shape: str, top: int, from_right: bool) -> tuple[np.ndarray, np.ndarray]:
  """Ten icons of 9x9 px in a row that starts at either end of the hotbar: (number, mask)."""
  number = np.full((SCREEN_HEIGHT, SCREEN_WIDTH), -1, np.int32)
  mask = np.zeros((SCREEN_HEIGHT, SCREEN_WIDTH), bool)
  picture = np.asarray([[c == "1" for c in row] for row in shape.split()])
  for i in range(10):
    x = HOTBAR_XY[0] + 182 - 9 - 8 * i if from_right else HOTBAR_XY[0] + 8 * i
    mask[top : top + 9, x : x + 9] |= picture
    number[top : top + 9, x : x + 9][picture] = i
  return number, mask


def chat_layer(text: str) -> np.ndarray:
  """A line of the chat on its dark ground, a layer."""
  layer = empty_layer()
  x, y = CHAT_XY
  fill(layer, (x - 2, y - 1, x - 2 + CHAT_WIDTH, y + 8), 0.0, 0.5)
  stamp(layer, (x, y), text_mask(text), WHITE_CAP)
  return layer


def count_atlas() -> np.ndarray:
  """Counts at the bottom right of a slot, as tiles: int32[(MAX_SHOWN_COUNT + 1) * TILE_WORDS].

  Counts 0 and 1 are see-through, as in the game.
  """
  tiles = np.zeros((MAX_SHOWN_COUNT + 1, 16, 16, 4), np.uint8)
  for count in range(2, MAX_SHOWN_COUNT + 1):
    mask = text_mask(str(count))
    height, width = mask.shape
    for offset, value in ((0, 40), (1, WHITE_CAP - 2)):  # shadow first, one px down and right
      y, x = 16 - height - offset, 16 - width - offset
      tiles[count, y : y + height, x : x + width][mask] = [value, value, value, 255]
  return mip_tiles(tiles).reshape(-1)
