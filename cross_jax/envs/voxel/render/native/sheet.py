"""What the kernel needs of every game besides its cells: numbers in the order of game.h."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content.tables import ITEMS, MOBS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.gui.clicks import hovered_slot
from cross_jax.envs.voxel.render import art
from cross_jax.envs.voxel.render.glow import NIGHT_LIGHT, NIGHT_SKY, between
from cross_jax.envs.voxel.render.gui_picture import IS_FURNACE, fire_of, icons_of, screen_of
from cross_jax.envs.voxel.render.hud import air_icons, armor_icons, chat_line, is_air_shown
from cross_jax.envs.voxel.render.mobs import turns_of
from cross_jax.envs.voxel.render.native.tables import BODIES, DROP_BODY, FIRST_SHOT_BODY
from cross_jax.envs.voxel.render.once import once_of
from cross_jax.envs.voxel.render.panel_plan import FIRST_CHOICE
from cross_jax.envs.voxel.render.rays import camera_axes, eye
from cross_jax.envs.voxel.render.shade import WATER
from cross_jax.envs.voxel.render.textures import CRACK_STEPS
from cross_jax.envs.voxel.state import State


class Sheet(NamedTuple):
  """Floats of one game; shapes and units as in the renderer's modules that use them."""

  origin: jax.Array  # [3], m, the eye
  axes: jax.Array  # [3, 3], rays.camera_axes
  sky: jax.Array  # [3, 3], zenith, horizon, haze
  night_sky: jax.Array  # [3], brightness of the sky
  water: jax.Array  # [3], its colour by the present light
  aim_box: jax.Array  # [2, 3]
  swing: jax.Array
  health: jax.Array  # full hearts of ten
  food: jax.Array
  armor: jax.Array
  air: jax.Array  # full bubbles of ten
  burn: jax.Array  # share of the fuel that is left
  cook: jax.Array  # share of the work that is done
  cursor: jax.Array  # [2], px
  thing_pos: jax.Array  # [NUM_THINGS, 3], m
  thing_sin: jax.Array  # [NUM_THINGS], of the yaw
  thing_cos: jax.Array  # [NUM_THINGS]


class Marks(NamedTuple):
  """Whole numbers of one game, int32 or bool."""

  aim_cell: jax.Array
  mine_cell: jax.Array
  cracks: jax.Array  # steps of CRACK_STEPS
  held: jax.Array  # the item in hand
  hotbar: jax.Array
  chat: jax.Array  # which of screen_plan.MESSAGES, or -1
  is_wet: jax.Array  # air is shown
  is_gui_open: jax.Array
  group: jax.Array  # gui_picture.screen_of
  screen: jax.Array
  hovered: jax.Array  # the slot under the cursor, or below 0
  chosen: jax.Array  # the icon of a stonecutter's choice, or -1
  is_furnace: jax.Array
  stack_item: jax.Array  # at the cursor
  stack_count: jax.Array
  thing_body: jax.Array  # [NUM_THINGS], row of tables.BODIES, 0 = none
  thing_tile: jax.Array  # [NUM_THINGS], added to its tiles
  thing_hurt: jax.Array  # [NUM_THINGS], flashes red


class Numbers(NamedTuple):
  """What the kernel is given of one game."""

  glow: jax.Array  # int32[glow.NUM_LEVELS], colours of the light levels
  sheet: jax.Array  # float32[...], Sheet in one row
  marks: jax.Array  # int32[...], Marks in one row
  icon_items: jax.Array  # int32[NUM_ICONS]
  icon_counts: jax.Array  # int32[NUM_ICONS]


def _row(fields: tuple, dtype: type) -> jax.Array:
  return jnp.concatenate([jnp.ravel(jnp.asarray(a)).astype(dtype) for a in fields])


def _row_of(row: jax.Array, table: Any) -> jax.Array:
  return jnp.clip(row, 0, len(table.names) - 1)


def numbers_of(state: State) -> Numbers:
  """The numbers of one game, none of which leads out of a table, whatever the state holds."""
  player, gui, slots = state.player, state.gui, state.slots
  mobs, drops, shots = state.mobs, state.drops, state.projectiles
  once = once_of(state)
  sin, cos = turns_of(state)
  dim = [colour * between(night, once.day) for colour, night in zip(WATER, NIGHT_LIGHT)]
  (group, screen), (burn, cook) = screen_of(state), fire_of(gui)
  icons = icons_of(state)
  sheet = Sheet(
    origin=eye(player),
    axes=camera_axes(player.yaw_deg, player.pitch_deg),
    sky=once.sky,
    night_sky=jnp.stack([between(night, once.day) for night in NIGHT_SKY]),
    water=jnp.stack(dim),
    aim_box=once.aim_box,
    swing=once.swing,
    health=player.health / 2,
    food=player.food / 2,
    armor=armor_icons(state),
    air=air_icons(state),
    burn=burn,
    cook=cook,
    cursor=gui.cursor_px,
    thing_pos=jnp.concatenate([mobs.pos, drops.pos, shots.pos]),
    thing_sin=sin,
    thing_cos=cos,
  )
  none = jnp.zeros_like(shots.kind)
  marks = Marks(
    aim_cell=once.aim_cell,
    mine_cell=player.mine_cell,
    cracks=(player.mine_progress * CRACK_STEPS).astype(jnp.int32),
    held=_row_of(once.held, ITEMS),
    hotbar=jnp.clip(player.hotbar, 0, layout.NUM_HOTBAR - 1),
    chat=chat_line(state),
    is_wet=is_air_shown(state),
    is_gui_open=gui.kind > 0,
    group=group,
    screen=screen,
    hovered=hovered_slot(gui, gui.cursor_px),
    chosen=jnp.where(gui.choice >= 0, FIRST_CHOICE + gui.choice, -1),
    is_furnace=jnp.asarray(IS_FURNACE)[gui.kind],
    stack_item=_row_of(slots.item[layout.HELD], ITEMS),
    stack_count=jnp.clip(slots.count[layout.HELD], 0, art.MAX_SHOWN_COUNT),
    thing_body=jnp.concatenate(
      [
        _row_of(mobs.kind, MOBS),
        jnp.where(drops.item > 0, DROP_BODY, 0),
        jnp.where(shots.kind > 0, jnp.minimum(FIRST_SHOT_BODY + shots.kind, len(BODIES) - 1), 0),
      ]
    ),
    thing_tile=jnp.concatenate([jnp.zeros_like(mobs.kind), _row_of(drops.item, ITEMS), none]),
    thing_hurt=jnp.concatenate([mobs.hurt_ticks > 0, np.zeros(len(drops.item) + len(none), bool)]),
  )
  return Numbers(
    glow=once.light,
    sheet=_row(sheet, jnp.float32),
    marks=_row(marks, jnp.int32),
    icon_items=_row_of(icons.item, ITEMS),
    icon_counts=jnp.clip(icons.count, 0, art.MAX_SHOWN_COUNT),
  )
