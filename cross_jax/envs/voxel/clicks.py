"""The cursor: where it moves and what it points at."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import DEG_PER_PX, SCREEN_HEIGHT, SCREEN_WIDTH
from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.state import Gui

_HAS_BOOK = np.isin(np.arange(layout.NUM_GUIS), layout.BOOK_GUIS)


def move_cursor(cursor_px: jax.Array, camera_deg: jax.Array) -> jax.Array:
  """The cursor after a mouse move: 6.6667 px per degree, x by yaw, y by pitch, kept on the screen.

  Args:
    cursor_px: float32[2], (x, y).
    camera_deg: float32[2], (pitch, yaw).
  Returns:
    float32[2].
  """
  size = jnp.asarray([SCREEN_WIDTH, SCREEN_HEIGHT], jnp.float32)
  return jnp.clip(cursor_px + camera_deg[::-1] / DEG_PER_PX, 0.0, size)


def hovered_slot(gui: Gui, cursor_px: jax.Array) -> jax.Array:
  """The slot under the cursor, with the 1 px border that Minecraft adds around the 16x16 px.

  Args:
    gui: what is open.
    cursor_px: float32[2].
  Returns:
    int32[], 0..77, or -1.
  """
  shift = jnp.where(gui.is_book_open & jnp.asarray(_HAS_BOOK)[gui.kind], layout.BOOK_SHIFT, 0)
  xy = jnp.asarray(layout.SLOT_XY)[gui.kind] + jnp.stack([shift, jnp.zeros_like(shift)])[None]
  offset = cursor_px[None, :] - xy.astype(jnp.float32)
  inside = jnp.all((offset >= -1.0) & (offset < layout.SLOT_SIZE + 1.0), axis=1)
  inside = inside & jnp.asarray(layout.IS_SHOWN)[gui.kind]
  return jnp.where(jnp.any(inside), jnp.argmax(inside).astype(jnp.int32), -1)
