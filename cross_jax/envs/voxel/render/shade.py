"""Colours of what the rays hit: texture, sides, crack, outline, light of the cells, fog, water."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.patterns import TEXTURE_SIZE
from cross_jax.envs.voxel.render.bodies import SKINS
from cross_jax.envs.voxel.render.glow import NIGHT_LIGHT, NIGHT_SKY, between, light_at
from cross_jax.envs.voxel.render.hits import (
  FACE_DOWN,
  FACE_PLANT,
  FACE_UP,
  FACE_X,
  FACE_Z,
  FAR,
  Hits,
  Rays,
  face_uv,
  hit_block,
  hit_cell,
  hit_face,
  hit_place,
  tile_of,
)
from cross_jax.envs.voxel.render.mobs import FLASH_SHIFT, LIGHT_STEP, SIDE_SHIFT, Things
from cross_jax.envs.voxel.render.once import Once
from cross_jax.envs.voxel.render.textures import (
  BLOCK_ATLAS,
  CRACK_STEPS,
  MAX_LEVEL,
  texel_index,
  to_word,
  unpack,
)
from cross_jax.envs.voxel.state import State

FRONT = 0.01  # m before a face, where its light is taken
OUTLINE_WIDTH = 0.016  # m
OUTLINE_SHADE = 0.25
CRACK_SHADE = 0.35
FOG_START, FOG_LENGTH, FOG_MAX = 14.0, 40.0, 0.85  # m, m, share
WATER_CLEAR, WATER_LENGTH, WATER_MAX = 0.32, 10.0, 0.92  # least tint, m to full tint, most tint
# With the eye in water: m to half tint (Minecraft 1.16: 1 - exp(-(t / 20 m)^2), half at 17 m), and
# the length to a level sky.
DIVER_HALF, DIVER_SKY = 17.0, 40.0

WATER = (44.0, 92.0, 204.0)
_FLASH = (240.0, 40.0, 40.0)
_FLASH_SHARE = 0.45
ATLAS = np.concatenate([BLOCK_ATLAS, SKINS])
FIRST_SKIN = len(BLOCK_ATLAS)


class _Faces(NamedTuple):
  """Block hits taken apart, int32[N] or float32[N] each."""

  cell: jax.Array
  face: jax.Array
  place: tuple[jax.Array, jax.Array, jax.Array]  # x, y, z in the cell
  texel: jax.Array  # index into ATLAS


def _take_apart(hits: Hits, rays: Rays, pixel_angle: np.ndarray) -> _Faces:
  face = hit_face(hits)
  place = hit_place(hits, rays)
  uv = face_uv(face, place, rays)
  texels = (jnp.clip(c * 16.0, 0.0, 15.0).astype(jnp.int32) for c in uv)
  level = jax.lax.bitcast_convert_type(hits.t * (1.4 * TEXTURE_SIZE) * pixel_angle, jnp.int32)
  level = jnp.clip((level >> 23) - 127, 0, MAX_LEVEL)  # rounded log2 of texels per sample
  texel = texel_index(tile_of(hit_block(hits), face), *texels, level)
  return _Faces(hit_cell(hits), face, place, texel)


def _block_light(faces: _Faces) -> jax.Array:
  """Brightness of a block's sides, float32[N]."""
  light = jnp.where(faces.face == FACE_UP, 1.0, jnp.where(faces.face == FACE_DOWN, 0.5, 0.8))
  return jnp.where(faces.face == FACE_X, 0.64, jnp.where(faces.face == FACE_PLANT, 0.95, light))


def _marks(
  faces: _Faces, t: jax.Array, word: jax.Array, pixel_angle: np.ndarray, game: tuple[State, Once]
) -> jax.Array:
  """Brightness factor of the crack on the mined block and the outline of the aimed one.

  The outline follows the least box that holds all boxes of the block's shape.
  """
  state, once = game
  low, high = once.aim_box
  on_axis = (faces.face == FACE_X, faces.face <= FACE_DOWN, faces.face == FACE_Z)
  edge = jnp.ones_like(t)
  for c, a, b, is_normal in zip(faces.place, low, high, on_axis, strict=True):
    edge = jnp.minimum(edge, jnp.where(is_normal, 1.0, jnp.minimum(c - a, b - c)))
  is_aimed = (faces.cell == once.aim_cell) & (faces.cell >= 0)
  width = jnp.maximum(OUTLINE_WIDTH, t * pixel_angle)  # at least one sample
  is_line = is_aimed & (edge < width) & (faces.face != FACE_PLANT)
  progress = (state.player.mine_progress * CRACK_STEPS).astype(jnp.int32)
  is_crack = (faces.cell == state.player.mine_cell) & (((word >> 24) & 127) < progress)
  return jnp.where(is_line, OUTLINE_SHADE, jnp.where(is_crack, CRACK_SHADE, 1.0))


def _light(t: jax.Array, face: jax.Array, rays: Rays, state: State, once: Once) -> jax.Array:
  """The light just before what the rays hit: packed like glow.light_words, int32[N]."""
  on_axis = (face == FACE_X, face <= FACE_DOWN, face == FACE_Z)
  point = (
    o + d * t - jnp.where(is_normal, jnp.where(d > 0, FRONT, -FRONT), 0.0)
    for o, d, is_normal in zip(rays.origin, (rays.x, rays.y, rays.z), on_axis, strict=True)
  )
  return once.light.at[light_at(state.light, *point)].get(mode="promise_in_bounds")


def _water_tint(t: jax.Array, water_t: jax.Array, is_sky: jax.Array, up: jax.Array) -> jax.Array:
  """Share of the water's colour in what is seen at t: from above, or with the eye in water."""
  length = jnp.where(is_sky, WATER_LENGTH, t) - water_t
  above = WATER_CLEAR + length * (1 / WATER_LENGTH)
  far = jnp.where(is_sky, DIVER_SKY - 0.75 * DIVER_SKY * up, t)
  below = far * far / (far * far + DIVER_HALF * DIVER_HALF)
  return jnp.clip(jnp.where(water_t <= 0, below, above), WATER_CLEAR, WATER_MAX)


def shade(
  hits: Hits,
  things: Things,
  rays: Rays,
  pixel_angle: np.ndarray,
  game: tuple[State, Once],
) -> jax.Array:
  """Colours of rays.

  Args:
    hits: Hits of N rays.
    things: Things of the same rays.
    rays: the rays.
    pixel_angle: float32[N], radians that one sample covers.
    game: the game.
  Returns:
    int32[N], packed colours (textures.to_word).
  """
  state, once = game
  faces = _take_apart(hits, rays, pixel_angle)
  is_thing = things.t < hits.t
  skin = FIRST_SKIN + (things.look & ((1 << SIDE_SHIFT) - 1))
  word = jnp.asarray(ATLAS).at[jnp.where(is_thing, skin, faces.texel)].get(mode="promise_in_bounds")
  light = _block_light(faces) * _marks(faces, hits.t, word, pixel_angle, game)
  side = ((things.look >> SIDE_SHIFT) & 3).astype(jnp.float32)
  light = jnp.where(is_thing, 1.0 - LIGHT_STEP * side, light)
  flash = jnp.where(is_thing & (((things.look >> FLASH_SHIFT) & 1) > 0), _FLASH_SHARE, 0.0)
  t = jnp.minimum(hits.t, things.t)
  zenith, horizon, haze = once.sky
  glow = _light(t, faces.face, rays, state, once)
  open_air = ((glow >> 24) & 255).astype(jnp.float32) * (1 / 255)  # no bright fog in a cave
  fog = jnp.clip((t - FOG_START) * (1 / FOG_LENGTH), 0.0, FOG_MAX) * open_air
  up = jnp.clip(2.0 * rays.y, 0.0, 1.0)
  down = jnp.clip(-5.0 * rays.y, 0.0, 1.0)
  is_sky = t >= FAR
  is_wet = hits.water_t < t
  tint = _water_tint(t, hits.water_t, is_sky, up)
  out = []
  for i, (channel, bright) in enumerate(zip(unpack(word), unpack(glow), strict=True)):
    sky = horizon[i] + up * (zenith[i] - horizon[i]) + down * (haze[i] - horizon[i])
    sky = sky * between(NIGHT_SKY[i], once.day)
    dim = between(NIGHT_LIGHT[i], once.day)
    lit = (channel + flash * (_FLASH[i] - channel)) * light * (bright * (1 / 255))
    seen = jnp.where(is_sky, sky, lit + fog * (sky - lit))
    out.append(jnp.where(is_wet, seen + tint * (WATER[i] * dim - seen), seen))
  return to_word(*out)
