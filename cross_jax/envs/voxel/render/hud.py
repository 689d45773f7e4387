"""The HUD over the picture: item in hand, crosshair, hotbar, hearts and hunger."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.render import art
from cross_jax.envs.voxel.render.pixels import blend, cut, draw_icons, mix, paste, with_nothing
from cross_jax.envs.voxel.render.screen_plan import ScreenPlan
from cross_jax.envs.voxel.render.textures import ICON_ATLAS, TILE_WORDS
from cross_jax.envs.voxel.state import State

_HEART = 225 | 24 << 8 | 24 << 16
_FOOD = 178 | 112 << 8 | 48 << 16
_GONE = 40 | 24 << 8 | 24 << 16
_SELECTED = np.int32(240 | 240 << 8 | 240 << 16)


def draw_hud(image: jax.Array, state: State, plan: ScreenPlan) -> jax.Array:
  """The HUD over int32[height, width] packed colours."""
  player = state.player
  if plan.hand is not None:
    hand = plan.hand
    item = state.slots.item[layout.HOTBAR + player.hotbar]
    part = cut(image, hand.region)
    tool = jnp.asarray(ICON_ATLAS)[item * TILE_WORDS + hand.offset]
    tool = jnp.where(hand.is_inside, tool, 0)
    part = jnp.where(item > 0, blend(part, tool), blend(part, hand.arm))
    image = paste(image, hand.region, part)
  if plan.crosshair is not None:
    region, words = plan.crosshair
    image = paste(image, region, blend(cut(image, region), words))
  if plan.bar is not None:
    bar = plan.bar
    part = blend(cut(image, bar.region), bar.words)
    part = draw_icons(part, bar.slot, bar.offset, with_nothing(state.slots))
    selected = (art.HOTBAR_PITCH * player.hotbar).astype(jnp.float32)
    dx = jnp.abs(bar.x - (art.HOTBAR_XY[0] + 11) - selected)
    edge = 12.0 - jnp.maximum(dx, bar.dy)
    part = jnp.where((edge >= 0) & (edge < bar.edge_px), _SELECTED, part)
    for number, alpha, value, colour in (
      (bar.heart, bar.heart_alpha, player.health, _HEART),
      (bar.food, bar.food_alpha, player.food, _FOOD),
    ):
      word = jnp.where(number.astype(np.float32) * 2 < value, colour, _GONE)
      part = mix(part, word, alpha)
    image = paste(image, bar.region, part)
  return image
