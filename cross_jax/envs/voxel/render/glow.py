"""How bright things look: the time of day, the light of the cells, and both as a small table.

Source of the curve: Minecraft 1.16, light map: brightness f / (4 - 3 f) of level 15 f and its gamma
step c -> (1 - g) c + g (1 - (1 - c)^4), at MineRL's gamma g = 2, which shows level 8 and above in
full. Chosen deviations: flat light of the cell before a face (no smoothing between cells), a night
as dim as NIGHT_LIGHT, and the brighter of sky and block light instead of their sum.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.params import DAY_TICKS, NOON
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z
from cross_jax.envs.voxel.world.biomes import OVERWORLD
from cross_jax.envs.voxel.world.light import MAX_LIGHT, OPEN_SKY

GAMMA = 2.0
DARKEST = 0.12  # brightness without any light
NIGHT_SKY, NIGHT_LIGHT = (0.08, 0.10, 0.16), (0.34, 0.37, 0.50)  # of the day's, red green blue
SKIES = np.asarray(  # of the biomes' skies: zenith, horizon and the haze below it, red green blue
  [
    [(104, 156, 244), (176, 206, 250), (120, 148, 112)],  # the overworld's by day
    [(58, 12, 10), (92, 22, 14), (64, 16, 12)],  # the nether's
    [(12, 9, 20), (30, 22, 42), (24, 18, 34)],  # the end's
  ],
  np.float32,
)
LAMP = (1.0, 0.94, 0.82)  # colour of block light
NUM_LEVELS = (MAX_LIGHT + 1) ** 2


def _curve() -> np.ndarray:
  """Brightness of the light levels: float32[16], 0..1."""
  share = np.arange(MAX_LIGHT + 1) / MAX_LIGHT
  c = share / (4 - 3 * share)
  return np.clip((1 - GAMMA) * c + GAMMA * (1 - (1 - c) ** 4), 0, 1).astype(np.float32)


CURVE = _curve()


def daylight(time_of_day: jax.Array, sky: jax.Array) -> jax.Array:
  """How much it is day, float32[], 0..1: 1 around noon, 0.5 at sunrise and sunset, 0 at night.

  Always 1 in the nether and the end.

  Source: Minecraft 1.16's sky colour, clip(2 cos(2 pi (t - noon) / day) + 0.5), t in ticks.
  """
  angle = (time_of_day - NOON).astype(jnp.float32) * (2 * np.pi / DAY_TICKS)
  return jnp.where(sky == OVERWORLD, jnp.clip(2.0 * jnp.cos(angle) + 0.5, 0.0, 1.0), 1.0)


def between(night: float, day: jax.Array) -> jax.Array:
  """`night` at night and 1 by day, float32[]."""
  return 1.0 - (1.0 - day) * (1.0 - night)


def light_words(day: jax.Array) -> jax.Array:
  """Colours of all pairs of levels, red green blue in the low bytes, brightness of the sky above.

  Args:
    day: float32[], `daylight`.
  Returns:
    int32[NUM_LEVELS], 255 is full brightness.
  """
  sky, block = np.repeat(CURVE, MAX_LIGHT + 1), np.tile(CURVE, MAX_LIGHT + 1)
  word = jnp.asarray((255 * sky).round().astype(np.uint32) << 24)
  for i, (night, lamp) in enumerate(zip(NIGHT_LIGHT, LAMP, strict=True)):
    bright = jnp.maximum(jnp.asarray(sky) * between(night, day), lamp * block)
    level = jnp.round(255.0 * jnp.maximum(bright, DARKEST)).astype(jnp.uint32)
    word = word | (level << (8 * i))
  return jax.lax.bitcast_convert_type(word, jnp.int32)


def light_at(light: jax.Array, x: jax.Array, y: jax.Array, z: jax.Array) -> jax.Array:
  """The light byte of the cells of points: int32[...], open sky above the world.

  Args:
    light: uint8[NUM_CELLS], State.light.
    x, y, z: float32[...], m.
  """
  level = y.astype(jnp.int32)
  index = (level * SIZE_Z + z.astype(jnp.int32)) * SIZE_X + x.astype(jnp.int32)
  value = light.at[jnp.clip(index, 0, NUM_CELLS - 1)].get(mode="promise_in_bounds")
  return jnp.where(level < SIZE_Y, value.astype(jnp.int32), OPEN_SKY)
