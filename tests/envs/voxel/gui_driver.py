"""A hand on the mouse for the GUI tests: a state with what a GUI needs, and clicks by slot."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, NUM_BUTTONS, RawAction
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.gui import furnaces, gui, layout, stores
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import events
from cross_jax.envs.voxel.rules.player import fresh_player
from cross_jax.envs.voxel.state import (
  MAX_DROPS,
  NUM_CELLS,
  SIZE_X,
  SIZE_Z,
  Drops,
  Goal,
  Slots,
  State,
  Stats,
)
from cross_jax.envs.voxel.world.worldgen import Spawn

_PARAMS = Params()
CELL = (2 * SIZE_Z + 5) * SIZE_X + 5  # of the block whose GUI opens: (5, 2, 5)
OTHER_CELL = CELL + 3
FEET = (5.5, 2.0, 8.5)  # m, of the player, who looks at it from the south


@jax.jit
def apply_gui(state, action):
  """One tick of the GUI, its events counted."""
  state = gui.apply_gui(state._replace(events=events.no_events()), action)
  return events.count_events(state)


@jax.jit
def tick_furnace(state):
  """One tick of all furnaces and of stores without a block."""
  action = RawAction(jnp.zeros(NUM_BUTTONS, jnp.int8), jnp.zeros(2))
  return stores.spill(furnaces.tick_furnaces(state, action, _PARAMS), action, _PARAMS)


open_gui = jax.jit(gui.open_gui)


def make_state(kind, stacks, cell=None):
  """A State without mobs and with one block, whose GUI is open.

  Args:
    kind: layout.GUI_*.
    stacks: {slot: (item name, count)}.
    cell: index of the block's cell, CELL if None; a GUI of the inventory has none.
  """
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  for slot, (name, number) in stacks.items():
    item[slot], count[slot] = ITEMS.index[name], number
  blocks = np.zeros(NUM_CELLS, np.uint16)
  has_block = kind not in (layout.GUI_NONE, layout.GUI_INVENTORY)
  cell = (CELL if cell is None else cell) if has_block else stores.NO_CELL
  if has_block:
    blocks[cell] = np.flatnonzero(BLOCKS.gui == kind)[0]
  zero = jnp.zeros((), jnp.int32)
  place = jnp.zeros((MAX_DROPS,), jnp.int32)
  num = {"b": len(BLOCKS.names), "i": len(ITEMS.names), "m": 1}
  spawn = Spawn(jnp.asarray(FEET), jnp.full((), 180.0), jnp.full((), 20.0))
  parts = dict.fromkeys(State._fields) | {
    "blocks": jnp.asarray(blocks),
    "player": fresh_player(spawn.pos, spawn.yaw_deg, spawn.pitch_deg),
    "drops": Drops(place, place, jnp.zeros((MAX_DROPS, 3)), place, jnp.zeros((MAX_DROPS, 3))),
    "slots": Slots(jnp.asarray(item), jnp.asarray(count)),
    "gui": stores.fresh_gui(),
    "stores": stores.fresh_stores(),
    "stats": Stats(*(jnp.zeros(num[k], jnp.int32) for k in "bmiiib")),
    "events": events.no_events(),
    "goal": Goal(zero, zero, jnp.zeros((), bool)),
    "prev_buttons": jnp.zeros(NUM_BUTTONS, jnp.int8),
  }
  return open_gui(State(**parts), kind, cell)


def tick(state, names=(), move_px=(0.0, 0.0)):
  """One tick with the named buttons down, the cursor moved by (x, y) px."""
  buttons = np.zeros(NUM_BUTTONS, np.int8)
  buttons[[BUTTON_INDEX[name] for name in names]] = 1
  camera = np.asarray([move_px[1] * DEG_PER_PX, move_px[0] * DEG_PER_PX], np.float32)
  state = apply_gui(state, RawAction(jnp.asarray(buttons), jnp.asarray(camera)))
  return state._replace(prev_buttons=jnp.asarray(buttons))


def move_to(state, xy):
  """Moves the cursor to (x, y) px."""
  return tick(state, (), np.asarray(xy) - np.asarray(state.gui.cursor_px))


def press_at(state, xy, *names):
  """Moves the cursor to (x, y) px, presses on the next tick, then lets go."""
  return tick(tick(move_to(state, xy), names))


def press(state, slot, *names):
  """Moves onto a slot, presses on the next tick, then lets go."""
  xy = layout.slot_xy(int(state.gui.kind), bool(state.gui.is_book_open))[slot]
  assert xy[0] != layout.HIDDEN
  return press_at(state, xy + layout.SLOT_SIZE // 2, *names)


def stacks(state):
  """{slot: (item name, count)} of the slots that aren't empty."""
  item, count = np.asarray(state.slots.item), np.asarray(state.slots.count)
  assert np.array_equal(item == 0, count == 0)
  return {int(s): (ITEMS.names[item[s]], int(count[s])) for s in np.flatnonzero(count)}


def lying(state):
  """[(item name, count)] of the drops."""
  item, count = np.asarray(state.drops.item), np.asarray(state.drops.count)
  return [(ITEMS.names[item[i]], int(count[i])) for i in np.flatnonzero(count)]


def crafted(state):
  """{item name: count} of the craft statistic."""
  made = np.asarray(state.stats.craft_item)
  return {ITEMS.names[i]: int(made[i]) for i in np.flatnonzero(made)}
