"""An open GUI over the picture: its panel with icons, what is under the cursor, the cursor."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.gui import layout, recipe_book, stations
from cross_jax.envs.voxel.gui.clicks import hovered_slot
from cross_jax.envs.voxel.gui.furnaces import COOK_TICKS
from cross_jax.envs.voxel.render.panel_plan import FIRST_CHOICE, SCREEN_NUMBER, PanelPlan
from cross_jax.envs.voxel.render.pixels import blend, cut, draw_icons, mix, paste, with_nothing
from cross_jax.envs.voxel.render.screen_plan import ScreenPlan
from cross_jax.envs.voxel.render.textures import texel_index
from cross_jax.envs.voxel.state import Gui, Slots, State

HIGHLIGHT = 0.35  # share of white on the slot under the cursor
CURSOR_WHITE = 255 | 255 << 8 | 255 << 16
CURSOR_EDGE = 16 | 16 << 8 | 16 << 16
_FLAME = 250 | 150 << 8 | 30 << 16
_ARROW = 245 | 245 << 8 | 245 << 16
_WHITE = np.int32(240 | 240 << 8 | 240 << 16)
IS_FURNACE = np.isin(np.arange(layout.NUM_GUIS), layout.FURNACE_GUIS)


def screen_of(state: State) -> tuple[jax.Array, jax.Array]:
  """(which of panel_plan.GROUPS, which screen of it), int32[] each, of the open GUI."""
  is_book_open = state.gui.is_book_open.astype(jnp.int32)
  group, number = jnp.asarray(SCREEN_NUMBER)[:, state.gui.kind, is_book_open]
  return group, number


def icons_of(state: State) -> Slots:
  """What slots, entries of the book and choices of a stonecutter show: int32[NUM_ICONS] each."""
  offered = jnp.concatenate([recipe_book.products(state.gui), stations.choices(state.slots)])
  slots = with_nothing(state.slots)
  return Slots(
    jnp.concatenate([slots.item, offered]),
    jnp.concatenate([slots.count, jnp.zeros_like(offered)]),
  )


def fire_of(gui: Gui) -> tuple[jax.Array, jax.Array]:
  """(share of the fuel that is left, share of the work that is done) of a furnace, float32[]."""
  burn = gui.burn_ticks.astype(jnp.float32) / jnp.maximum(gui.burn_total, 1).astype(jnp.float32)
  cook_ticks = jnp.asarray(COOK_TICKS)[gui.kind].astype(jnp.float32)
  return burn, gui.cook_ticks.astype(jnp.float32) / cook_ticks


def _draw_panel(image: jax.Array, state: State, plan: PanelPlan | None) -> jax.Array:
  if plan is None:
    return image
  gui = state.gui
  _, which = screen_of(state)
  icon = jnp.asarray(plan.slot)[which]
  part = blend(cut(image, plan.region), jnp.asarray(plan.words)[which])
  hovered = hovered_slot(gui, gui.cursor_px)
  part = jnp.where((icon == hovered) & (hovered >= 0), mix(part, _WHITE, HIGHLIGHT), part)
  is_chosen = (icon == FIRST_CHOICE + gui.choice) & (gui.choice >= 0)
  part = jnp.where(is_chosen, mix(part, _WHITE, HIGHLIGHT), part)
  part = draw_icons(part, icon, jnp.asarray(plan.offset)[which], icons_of(state))

  def burning(part):
    burn, cook = fire_of(gui)
    part = jnp.where(plan.flame < burn, _FLAME, part)
    return jnp.where(plan.arrow < cook, _ARROW, part)

  is_furnace = jnp.asarray(IS_FURNACE)[gui.kind]
  return paste(image, plan.region, jax.lax.cond(is_furnace, burning, lambda part: part, part))


def draw_panel(image: jax.Array, state: State, plan: ScreenPlan) -> jax.Array:
  """The open GUI's panel over int32[height, width] packed colours."""
  group, _ = screen_of(state)
  narrow, wide = (lambda image, p=p: _draw_panel(image, state, p) for p in plan.panels)
  return jax.lax.cond(group == 0, narrow, wide, image)


def draw_cursor(image: jax.Array, state: State, plan: ScreenPlan) -> jax.Array:
  """The held stack, its centre at the cursor, and the arrow over it."""
  cursor = state.gui.cursor_px
  held = jax.tree.map(lambda x: x[layout.HELD], state.slots)
  draw = lambda image: _draw_held(image, held, cursor, plan)
  image = jax.lax.cond(held.item > 0, draw, lambda image: image, image)
  u, v = _from_cursor(cursor, (jnp.int32(0), jnp.int32(0)), image.shape, plan)
  image = jnp.where(cursor_shape(u, v, margin=1.0), CURSOR_EDGE, image)
  return jnp.where(cursor_shape(u, v, margin=0.0), CURSOR_WHITE, image)


def _from_cursor(
  cursor: jax.Array, start: tuple[jax.Array, jax.Array], shape: tuple[int, int], plan: ScreenPlan
) -> tuple[jax.Array, jax.Array]:
  """How far samples are to the right of and below the cursor: (u, v) float32[shape], whole px.

  Args:
    cursor: float32[2], (x, y) px of the screen.
    start: (row, column) of the first sample.
    shape: (rows, columns).
    plan: of the view.
  """
  x, y = (
    low + (first.astype(jnp.float32) + np.arange(n, dtype=np.float32) + 0.5) * step
    for low, first, n, step in zip(plan.origin, start[::-1], shape[::-1], plan.step, strict=True)
  )
  u, v = jnp.floor(x - cursor[0])[None], jnp.floor(y - cursor[1])[:, None]
  return jnp.broadcast_to(u, shape), jnp.broadcast_to(v, shape)


def _draw_held(image: jax.Array, held: Slots, cursor: jax.Array, plan: ScreenPlan) -> jax.Array:
  """A stack with its centre at the cursor, in a small window."""
  rows, cols = plan.window
  col = jnp.floor((cursor[0] - plan.origin[0] - 9.0) / plan.step[0]).astype(jnp.int32)
  row = jnp.floor((cursor[1] - plan.origin[1] - 9.0) / plan.step[1]).astype(jnp.int32)
  start = jnp.clip(row, 0, image.shape[0] - rows), jnp.clip(col, 0, image.shape[1] - cols)
  u, v = ((a + 8.0).astype(jnp.int32) for a in _from_cursor(cursor, start, plan.window, plan))
  is_held = (u >= 0) & (u < 16) & (v >= 0) & (v < 16)
  level = jnp.full_like(u, plan.level)
  offset = texel_index(jnp.zeros_like(u), jnp.clip(u, 0, 15), jnp.clip(v, 0, 15), level)
  stacks = jax.tree.map(lambda x: jnp.stack([x, jnp.zeros_like(x)]), held)
  part = jax.lax.dynamic_slice(image, start, plan.window)
  part = draw_icons(part, jnp.where(is_held, 0, 1), offset, stacks)
  return jax.lax.dynamic_update_slice(image, part, start)


def cursor_shape(u: jax.Array, v: jax.Array, *, margin: float) -> jax.Array:
  """Which pixels the cursor covers: a corner-shaped arrow to the top left with a tail.

  Every view whose samples are at most 5.7 px apart has white samples in the first sample column
  right of the tip and in the first row below it, so the least white x and y give the tip.

  Args:
    u, v: float32[...], px right of and below the tip.
    margin: px by which the shape grows on all sides.
  Returns:
    bool[...].
  """
  is_head = (u >= -margin) & (v >= -margin) & (u + v < 12.0 + 1.5 * margin)
  is_tail = (jnp.abs(u - v) < 3.0 + margin) & (u >= -margin) & (u < 16.0 + margin)
  return is_head | (is_tail & (v >= -margin) & (v < 16.0 + margin))
