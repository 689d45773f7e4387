"""Pictures of a batch of games by the native kernel, for a CPU."""

import jax
import jax.numpy as jnp

from cross_jax.base import View
from cross_jax.envs.voxel.render.native.build import TARGET, load_kernel
from cross_jax.envs.voxel.render.native.screen_lists import view_arrays
from cross_jax.envs.voxel.render.native.sheet import numbers_of
from cross_jax.envs.voxel.render.native.tables import ATTRIBUTES, TABLES
from cross_jax.envs.voxel.state import State


def draw_native(states: State, views: tuple[View, ...]) -> tuple[jax.Array, ...]:
  """`frame.render_batch` by the native kernel.

  Args:
    states: State with a leading axis B.
    views: rectangles of the screen.
  Returns:
    One uint8[B, height, width, 3] per view.
  Raises:
    RuntimeError: the kernel cannot be built here.
  """
  load_kernel()
  games = jax.vmap(numbers_of)(states)
  num = states.boxes.shape[0]

  def draw(view: View) -> jax.Array:
    picture = jax.ShapeDtypeStruct((num, view.height, view.width, 3), jnp.uint8)
    call = jax.ffi.ffi_call(TARGET, picture, vmap_method="sequential")
    arrays = (states.boxes, states.light, *games, *view_arrays(view), *TABLES)
    return call(*map(jnp.asarray, arrays), **ATTRIBUTES)

  return tuple(draw(view) for view in views)
