"""Bodies and skins of mobs, dropped items and shots as tables: boxes, and 8x8 pictures."""

from typing import NamedTuple

import numpy as np

from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS, SHOT_NAMES
from cross_jax.envs.voxel.render.body_plans import ARM, BODY, HEAD, LEG, MAX_PARTS, PLANS
from cross_jax.envs.voxel.render.faces import ACCENTS, DARK, EYE_WHITE, HEADS, face_of
from cross_jax.envs.voxel.render.textures import (
  FACE_SIDE,
  WHITE_CAP,
  block_tiles,
  icon_tiles,
  mip_tiles,
  pack,
)

SKIN_SIZE = 8  # texels
SKIN_WORDS = SKIN_SIZE * SKIN_SIZE
_TILES_PER_MOB = 8  # (BODY, HEAD, LEG, ARM) x (side, front)
DROP_SIZE = 0.3  # m
_SHOTS = {  # the item it looks like, and its size in m
  "arrow": ("arrow", (0.06, 0.06, 0.70)), "small_fireball": ("fire_charge", 0.31),
  "fireball": ("fire_charge", 1.0), "potion": ("splash_potion", 0.25),
  "spit": ("snowball", 0.25), "bullet": ("shulker_shell", 0.31),
  "beam": ("prismarine_crystals", 0.20), "fangs": ("bone", (0.5, 0.8, 0.5)),
  "trident": ("trident", (0.10, 0.10, 1.4)), "snowball": ("snowball", 0.25),
}  # fmt: skip
_PATCHED = ("cow", "mooshroom", "ocelot", "tropical_fish", "parrot")


class Bodies(NamedTuple):
  centre: np.ndarray  # float32[num_mobs, MAX_PARTS, 3], m, in the mob's own axes
  half: np.ndarray  # float32[num_mobs, MAX_PARTS, 3], m, half the size; -1 for an absent part
  tile: np.ndarray  # int32[num_mobs, MAX_PARTS], skin of the part; the next one is its front
  radius: np.ndarray  # float32[num_mobs], m, of a sphere about `middle` that holds every part
  middle: np.ndarray  # float32[num_mobs], m, height of the sphere's centre


def _bodies() -> Bodies:
  n = len(MOBS.names)
  centre = np.zeros((n, MAX_PARTS, 3), np.float32)
  half = np.full((n, MAX_PARTS, 3), -1.0, np.float32)
  tile = np.zeros((n, MAX_PARTS), np.int32)
  bare = sorted(set(MOBS.names[1:]) - set(PLANS))
  if bare:
    raise ValueError(f"mobs {bare} have no body: add them to body_plans.py")
  for i, name in enumerate(MOBS.names[1:], start=1):
    unit = np.asarray([MOBS.width[i], MOBS.height[i], MOBS.width[i]], np.float32)
    for p, (kind, middle, size) in enumerate(PLANS[name]):
      centre[i, p] = np.asarray(middle, np.float32) * unit
      half[i, p] = np.asarray(size, np.float32) * unit / 2
      tile[i, p] = _TILES_PER_MOB * i + 2 * kind
  middle = MOBS.height.astype(np.float32) / 2
  offset = np.abs(centre - middle[:, None, None] * np.asarray([0, 1, 0], np.float32))
  radius = np.linalg.norm(offset + np.maximum(half, 0), axis=-1).max(1)
  return Bodies(centre, half, tile, radius.astype(np.float32), middle)


def _skin(
  colour: np.ndarray, spot: np.ndarray, rng: np.random.Generator, share: float
) -> np.ndarray:
  """One side of a part: its colour with brightness noise, and spots of another colour."""
  small = rng.random((4, 4)).repeat(2, axis=0).repeat(2, axis=1)
  rgb = np.where((small < share)[..., None], spot, colour).astype(np.float64)
  return rgb * (1 + 0.10 * (2 * rng.random((SKIN_SIZE, SKIN_SIZE, 1)) - 1))


def _mob_skins() -> np.ndarray:
  """int32[num_mobs * 8, SKIN_WORDS]: side and front of body, head, leg and arm."""
  tiles = np.zeros((len(MOBS.names), 4, 2, SKIN_SIZE, SKIN_SIZE, 3))
  for i, name in enumerate(MOBS.names):
    rng = np.random.default_rng(i)
    colours = MOBS.colors[i].astype(np.float64)
    share = 0.35 if name in _PATCHED else 0.0
    for kind in (BODY, HEAD, LEG):
      spot = colours[HEAD] if kind == BODY else colours[kind]
      for is_front in (0, 1):
        colour = np.asarray(HEADS.get(name, colours[HEAD])) if kind == HEAD else colours[kind]
        tiles[i, kind, is_front] = _skin(colour, spot, rng, share if kind == BODY else 0.0)
    if name == "bee":
      tiles[i, BODY, :, :, ::3] = colours[HEAD]
    tiles[i, ARM] = tiles[i, HEAD, 0]  # the head's skin without the face
    snout = 0.75 * colours[LEG] + 0.25 * colours[HEAD]
    face, front = np.asarray(face_of(name)), tiles[i, HEAD, 1]
    shade = 0.75 * np.asarray(HEADS.get(name, colours[HEAD]))
    of_face = (EYE_WHITE, DARK, snout, ACCENTS.get(name, snout), shade)
    for number, colour in enumerate(of_face, start=1):
      front[face == number] = colour
  rgb = np.clip(tiles.reshape(-1, SKIN_SIZE, SKIN_SIZE, 3), 0, WHITE_CAP).round()
  rgba = np.concatenate([rgb, np.full_like(rgb[..., :1], 255)], -1).astype(np.uint8)
  return pack(rgba).reshape(len(rgba), SKIN_WORDS)


def _drop_skins() -> np.ndarray:
  """int32[num_items, SKIN_WORDS]: icons with their mean colour where they are see-through.

  An item that is drawn as a cube has the side of its block.
  """
  is_cube = (ITEMS.icon_block > 0) & (BLOCKS.shape[ITEMS.icon_block] == 0)
  sides = block_tiles()[3 * ITEMS.icon_block + FACE_SIDE]
  words = mip_tiles(np.where(is_cube[:, None, None, None], sides, icon_tiles()))
  small, mean = words[:, 256 : 256 + SKIN_WORDS], words[:, -1:]
  return np.where((small.view(np.uint32) >> 24) > 127, small, mean)


def _shots() -> tuple[np.ndarray, np.ndarray]:
  """Half sizes and skins of shots: (float32[n, 3], m, z along the flight, int32[n])."""
  half = np.full((len(SHOT_NAMES), 3), -1.0, np.float32)
  tile = np.zeros(len(SHOT_NAMES), np.int32)
  for i, name in enumerate(SHOT_NAMES[1:], start=1):
    item, size = _SHOTS[name]
    half[i] = np.asarray(size) / 2
    tile[i] = FIRST_DROP_TILE + ITEMS.index[item]
  return half, tile


BODIES = _bodies()
FIRST_DROP_TILE = _TILES_PER_MOB * len(MOBS.names)  # tile of item i: FIRST_DROP_TILE + i
SHOT_HALF, SHOT_TILE = _shots()
SKINS = np.concatenate([_mob_skins(), _drop_skins()]).reshape(-1).astype(np.int32)
if len(ITEMS.names) + FIRST_DROP_TILE >= 1 << 12:
  raise ValueError(f"{len(ITEMS.names)} items, {len(MOBS.names)} mobs: a skin id has 12 bits")
