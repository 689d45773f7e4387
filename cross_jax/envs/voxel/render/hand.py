"""The item in hand or the bare arm, and its swing.

The picture moves as a whole: up and to the left by SWING_PX and back in SWING_TICKS, as long as an
attack or mining goes on. Chosen deviation from Minecraft 1.16: it does not turn.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX
from cross_jax.envs.voxel.render.pixels import lay
from cross_jax.envs.voxel.render.screen_plan import Hand
from cross_jax.envs.voxel.render.textures import ICON_ATLAS, TILE_WORDS
from cross_jax.envs.voxel.state import State

SWING_TICKS = 6  # Minecraft 1.16


def swing(state: State) -> jax.Array:
  """How far the hand is swung, float32[], 0 at rest to 1; sin(pi sqrt(phase)) as in Minecraft."""
  player = state.player
  is_held = state.prev_buttons[BUTTON_INDEX["attack"]] > 0
  is_anew = is_held & (player.swing_ticks == 1) & (player.miss_ticks == 0) & (state.aim.mob < 0)
  is_mining = (player.mine_cell >= 0) | is_anew  # or in the pause after a break
  ticks = jnp.where(is_mining, state.tick % SWING_TICKS, player.swing_ticks)
  phase = jnp.clip(ticks.astype(jnp.float32) / SWING_TICKS, 0.0, 1.0)
  return jnp.where(ticks < SWING_TICKS, jnp.sin(np.pi * jnp.sqrt(phase)), 0.0)


def draw_hand(image: jax.Array, share: jax.Array, item: jax.Array, hand: Hand) -> jax.Array:
  """The hand over int32[height, width] packed colours: swung by `share`, with int32[] an item."""
  start = [jnp.round(share * most).astype(jnp.int32) for most in hand.most]
  shape = (hand.region.y1 - hand.region.y0, hand.region.x1 - hand.region.x0)
  cut = lambda picture: jax.lax.dynamic_slice(jnp.asarray(picture), start, shape)

  def tool():
    offset = cut(hand.offset)
    texel = item * TILE_WORDS + jnp.maximum(offset, 0)
    word = jnp.asarray(ICON_ATLAS).at[texel].get(mode="promise_in_bounds")
    return jnp.where(offset >= 0, word, 0)

  return lay(image, hand.region, jax.lax.cond(item > 0, tool, lambda: cut(hand.arm)))
