"""The HUD over the picture: item in hand, crosshair, hotbar, hearts, hunger, armour, air, chat."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import art
from cross_jax.envs.voxel.render.hand import draw_hand
from cross_jax.envs.voxel.render.once import Once
from cross_jax.envs.voxel.render.pixels import blend, cut, draw_icons, lay, mix, paste, with_nothing
from cross_jax.envs.voxel.render.screen_plan import Bar, ScreenPlan, Ten
from cross_jax.envs.voxel.state import State

FULL_AIR_TICKS = 300  # of breath, with the head in the air
_HEART = 225 | 24 << 8 | 24 << 16
_FOOD = 178 | 112 << 8 | 48 << 16
_PLATE = 200 | 204 << 8 | 212 << 16
_BUBBLE = 96 | 160 << 8 | 236 << 16
_GONE = 40 | 24 << 8 | 24 << 16
SELECTED = np.int32(240 | 240 << 8 | 240 << 16)


def draw_hud(image: jax.Array, game: tuple[State, Once], plan: ScreenPlan) -> jax.Array:
  """The HUD over int32[height, width] packed colours."""
  state, once = game
  if plan.hand is not None:
    image = draw_hand(image, once.swing, once.held, plan.hand)
  if plan.crosshair is not None:
    image = lay(image, *plan.crosshair)
  if plan.bar is not None:
    image = paste(image, plan.bar.region, _draw_bar(cut(image, plan.bar.region), state, plan.bar))
  return _draw_chat(_draw_status(image, state, plan), state, plan)


def _draw_bar(part: jax.Array, state: State, bar: Bar) -> jax.Array:
  """The hotbar with what lies in it, hearts and hunger over the samples of its region."""
  player = state.player
  part = blend(part, bar.words)
  part = draw_icons(part, bar.slot, bar.offset, with_nothing(state.slots))
  selected = (art.HOTBAR_PITCH * player.hotbar).astype(jnp.float32)
  dx = jnp.abs(bar.x - (art.HOTBAR_XY[0] + 11) - selected)
  edge = 12.0 - jnp.maximum(dx, bar.dy)
  part = jnp.where((edge >= 0) & (edge < bar.edge_px), SELECTED, part)
  tens = jax.tree.map(lambda *rows: jnp.stack(rows), bar.hearts, bar.food)
  value = jnp.stack([player.health, player.food]) / 2
  colours = jnp.asarray([(_HEART, _GONE), (_FOOD, _GONE)])
  pick = lambda i: jax.tree.map(lambda x: x[i], (tens, value, colours))
  return jax.lax.fori_loop(0, 2, lambda i, part: _draw_ten(part, *pick(i)), part)


def _draw_ten(part: jax.Array, row: Ten, value: jax.Array, colours: jax.Array) -> jax.Array:
  """A row of ten icons, `value` of them full: the first colour, the others the second."""
  word = jnp.where(row.number.astype(np.float32) < value, colours[0], colours[1])
  return mix(part, word, row.alpha)


def armor_icons(state: State) -> jax.Array:
  """How many of ten icons of armour are full, float32[]."""
  worn = state.slots.item[layout.FEET : layout.OFFHAND]
  return jnp.sum(jnp.asarray(ITEMS.armor)[worn]).astype(jnp.float32) / 2


def air_icons(state: State) -> jax.Array:
  """How many of ten bubbles of air are left, float32[]."""
  return jnp.ceil((state.player.air_ticks - 2).astype(jnp.float32) * (10 / FULL_AIR_TICKS))


def is_air_shown(state: State) -> jax.Array:
  """Whether the head is under water, or was just now, bool[]."""
  return state.player.air_ticks < FULL_AIR_TICKS


def chat_line(state: State) -> jax.Array:
  """Which of screen_plan.MESSAGES the chat shows, or -1, int32[]."""
  of_goal = jnp.where(state.goal.is_reached, 1, -1)
  return jnp.where(state.player.health <= 0, 0, of_goal).astype(jnp.int32)


def _draw_status(image: jax.Array, state: State, plan: ScreenPlan) -> jax.Array:
  """Armour if any is worn, and what air is left under water."""
  if plan.status is None:
    return image
  status, armor, air = plan.status, armor_icons(state), air_icons(state)
  is_wet = is_air_shown(state)

  def draw(image: jax.Array) -> jax.Array:
    part = cut(image, status.region)
    plated = _draw_ten(part, status.armor, armor, jnp.asarray((_PLATE, _GONE)))
    part = jnp.where(armor > 0, plated, part)
    is_full = is_wet & (status.air.number.astype(np.float32) < air)
    part = mix(part, jnp.full_like(part, _BUBBLE), jnp.where(is_full, status.air.alpha, 0.0))
    return paste(image, status.region, part)

  return jax.lax.cond((armor > 0) | is_wet, draw, lambda image: image, image)


def _draw_chat(image: jax.Array, state: State, plan: ScreenPlan) -> jax.Array:
  """The chat line of a player who died or reached the goal."""
  if plan.chat is None:
    return image
  region, words = plan.chat
  number = chat_line(state)
  line = jnp.asarray(words)[jnp.maximum(number, 0)]
  draw = lambda image: lay(image, region, line)
  return jax.lax.cond(number >= 0, draw, lambda image: image, image)
