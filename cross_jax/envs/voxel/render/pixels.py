"""Painting on pictures of packed colours: blending, regions, icons with counts."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.render import art
from cross_jax.envs.voxel.render.sampling import Region
from cross_jax.envs.voxel.render.textures import ICON_ATLAS, TILE_WORDS
from cross_jax.envs.voxel.state import Slots

COUNTS = art.count_atlas()
_RED_BLUE, _GREEN = np.uint32(0xFF00FF), np.uint32(0xFF00)


def _lerp(under: jax.Array, over: jax.Array, share: jax.Array) -> jax.Array:
  """Packed colours blended by share 0..256 of the second: red and blue in one word, then green."""
  under, over = under.astype(jnp.uint32), over.astype(jnp.uint32)
  keep = 256 - share
  red_blue = ((under & _RED_BLUE) * keep + (over & _RED_BLUE) * share) >> 8 & _RED_BLUE
  green = ((under & _GREEN) * keep + (over & _GREEN) * share) >> 8 & _GREEN
  return (red_blue | green).astype(jnp.int32)


def mix(under: jax.Array, over: jax.Array | int, alpha: np.ndarray | jax.Array | float):
  """Packed colours int32[...] blended by alpha 0..1, in steps of 1 / 256."""
  share = (jnp.asarray(alpha, jnp.float32) * 256 + 0.5).astype(jnp.uint32)
  return _lerp(under, jnp.asarray(over, jnp.int32), share)


def blend(under: jax.Array, word: jax.Array) -> jax.Array:
  """A packed colour with alpha in its highest byte over another: int32[...]."""
  share = word.astype(jnp.uint32) >> 24
  return _lerp(under, word, share + (share >> 7))


def cut(image: jax.Array, region: Region) -> jax.Array:
  """The samples of a region."""
  return image[region.y0 : region.y1, region.x0 : region.x1]


def spread(part: jax.Array, region: Region, image: jax.Array, fill: int) -> jax.Array:
  """A region's samples as an array of the image's shape, `fill` elsewhere.

  On CPUs XLA writes into a part of an image by a scalar loop over all of it, but fuses padding into
  one vectorised pass, if `part` lies in memory: what a loop, a cond or a constant gives.
  """
  height, width = image.shape
  margin = ((region.y0, height - region.y1, 0), (region.x0, width - region.x1, 0))
  return jax.lax.pad(part, jnp.asarray(fill, part.dtype), margin)


def paste(image: jax.Array, region: Region, part: jax.Array) -> jax.Array:
  """The image with other packed colours (without alpha) in a region; see `spread`."""
  over = spread(part, region, image, -1)
  return jnp.where(over >= 0, over, image)


def lay(image: jax.Array, region: Region, words: jax.Array | np.ndarray) -> jax.Array:
  """The image with packed colours with alpha blended over a region; see `spread`."""
  return blend(image, spread(jnp.asarray(words), region, image, 0))


def draw_icons(
  part: jax.Array, icon: jax.Array, offset: np.ndarray | jax.Array, slots: Slots
) -> jax.Array:
  """Draws stacks over a picture.

  Args:
    part: int32[h, w], packed colours.
    icon: int32[h, w], slot of `slots`; an empty one draws nothing.
    offset: int32[h, w], texel within a tile.
    slots: int32[k] each, what lies there.
  """
  item, count = slots.item[icon], jnp.clip(slots.count, 0, art.MAX_SHOWN_COUNT)[icon]
  part = blend(part, jnp.asarray(ICON_ATLAS)[item * TILE_WORDS + offset])
  return blend(part, jnp.asarray(COUNTS)[count * TILE_WORDS + offset])


def with_nothing(slots: Slots) -> Slots:
  """Slots with one more, always empty, so that NUM_SLOTS is a slot."""
  return jax.tree.map(lambda x: jnp.concatenate([x, jnp.zeros((1,), jnp.int32)]), slots)
