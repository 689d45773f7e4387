"""What lies over the world: HUD, GUI panels, icons with counts, the held stack and the cursor.

The screen position of every sample of a View is fixed, so which panel pixel, slot and texel a
sample shows is worked out in NumPy once per View (screen_plan.py); what is left is to gather icons.
"""

import jax
import jax.numpy as jnp

from cross_jax.base import View
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render.gui_picture import draw_cursor, draw_panel, screen_of
from cross_jax.envs.voxel.render.hud import draw_hud
from cross_jax.envs.voxel.render.once import Once
from cross_jax.envs.voxel.render.pixels import mix, paste
from cross_jax.envs.voxel.render.screen_plan import screen_plan
from cross_jax.envs.voxel.state import State

DARKEN = 0.36  # brightness of the world behind a GUI
CODE_SLOT, CODE_GUI = 3000, 4000


def draw(image: jax.Array, game: tuple[State, Once], view: View) -> jax.Array:
  """The overlays of one game over the world's picture.

  Args:
    image: int32[height, width], packed colours of the world.
    game: the game.
    view: what part of the screen the picture is.
  Returns:
    int32[height, width].
  """
  plan, (state, _) = screen_plan(view), game
  image = draw_hud(image, game, plan)

  def draw_gui(image):
    dark = mix(image, 0, 1.0 - DARKEN)
    return draw_cursor(draw_panel(dark, state, plan), state, plan)

  return jax.lax.cond(state.gui.kind > 0, draw_gui, lambda image: image, image)


def codes(code: jax.Array, state: State, view: View) -> jax.Array:
  """Segmentation codes with HUD and GUI over those of the world; see frame.segment_batch."""
  plan = screen_plan(view)
  world = jnp.where(plan.is_hud, CODE_GUI, code)
  group, which = screen_of(state)
  blank = jnp.full_like(code, CODE_GUI)
  guis = [blank, blank]
  for i, panel in enumerate(plan.panels):
    if panel is not None:
      slot = jnp.asarray(panel.slot)[which]
      part = jnp.where(slot < layout.NUM_SLOTS, CODE_SLOT + slot, CODE_GUI)
      guis[i] = paste(blank, panel.region, part)
  gui = jnp.where(group == 0, *guis)
  return jnp.where(state.gui.kind > 0, gui, world)
