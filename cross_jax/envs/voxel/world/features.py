"""What stands on the ground of a world, each thing a small template stamped in turn."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Z
from cross_jax.envs.voxel.world import templates


class Features(NamedTuple):
  block: jax.Array  # int32[F], row of BLOCKS, 0 = none
  spot: jax.Array  # int32[F, 2], x and z of the cell it stands on
  draw: jax.Array  # float32[F] in 0..1, picks among the shapes of a feature


class Land(NamedTuple):
  """The ground that features stand on."""

  height: jax.Array  # int32[SIZE_Z, SIZE_X], y of the top cell; of a pond's the water
  is_pond: jax.Array  # bool[SIZE_Z, SIZE_X]
  pond_depth: jax.Array  # int32[], cells of water
  is_first: jax.Array  # bool[], of the worlds staged first: templates.FIRST_PARTNER_ROW


def stamp_all(blocks: jax.Array, land: Land, features: Features) -> jax.Array:
  """The cells with the features stamped in order, later ones over earlier ones.

  What lives in water is only stamped in the pond, everything else only beside it.

  Args:
    blocks: int32[NUM_CELLS].
    land: the ground.
    features: what to stamp, at least two cells from the world's edge.
  Returns:
    int32[NUM_CELLS].
  """
  offsets = jnp.asarray(templates.OFFSETS, jnp.int32)
  codes = jnp.asarray(templates.TEMPLATES)
  steps = jnp.asarray(templates.DRAW_STEPS, jnp.float32)
  partners = jnp.where(land.is_first, templates.FIRST_PARTNER_ROW, templates.PARTNER_ROW)

  def stamp(i, blocks):
    x, z, block = features.spot[i, 0], features.spot[i, 1], features.block[i]
    kind = jnp.asarray(templates.KIND)[block]
    code = codes[kind, jnp.sum(features.draw[i] > steps)]
    at_x, at_z = x + offsets[:, 0], z + offsets[:, 2]
    is_rigid, is_wet = (
      jnp.asarray(templates.IS_RIGID)[kind],
      jnp.asarray(templates.IS_IN_POND)[kind],
    )
    foot = jnp.where(is_rigid, land.height[z, x], land.height[at_z, at_x])
    foot = foot - jnp.where(jnp.asarray(templates.IS_ON_FLOOR)[kind], land.pond_depth, 0)
    index = ((foot + offsets[:, 1]) * SIZE_Z + at_z) * SIZE_X + at_x
    is_set = (code != templates.KEEP) & (land.is_pond[z, x] == is_wet)
    is_set &= land.is_pond[at_z, at_x] == is_wet
    cells = jnp.where(code == templates.OWN, block, partners[block])
    return blocks.at[jnp.where(is_set, index, NUM_CELLS)].set(cells, mode="drop")

  return jax.lax.fori_loop(0, features.block.shape[0], stamp, blocks)
