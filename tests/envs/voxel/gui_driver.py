"""A hand on the mouse for the GUI tests: a state with slots alone, and clicks by slot number."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, NUM_BUTTONS, RawAction
from cross_jax.envs.voxel import events, gui, layout, stores
from cross_jax.envs.voxel.state import Slots, State, Stats
from cross_jax.envs.voxel.tables import ITEMS


def _apply(state, action):
  state = gui.apply_gui(state._replace(events=events.no_events()), action)
  made, amount = state.events.index[_CRAFT], state.events.amount[_CRAFT]
  counts = state.stats.craft_item.at[made].add(amount)
  return state._replace(stats=state.stats._replace(craft_item=counts))


_CRAFT = Stats._fields.index("craft_item")
apply_gui = jax.jit(_apply)
tick_furnace = jax.jit(gui.tick_furnace)


def make_state(kind, stacks):
  """A State whose only real parts are slots, gui, stats, events and prev_buttons."""
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  for slot, (name, number) in stacks.items():
    item[slot], count[slot] = ITEMS.index[name], number
  parts = dict.fromkeys(State._fields) | {
    "slots": Slots(jnp.asarray(item), jnp.asarray(count)),
    "gui": stores.fresh_gui(),
    "stores": stores.fresh_stores(),
    "stats": Stats(None, None, jnp.zeros(len(ITEMS.names), jnp.int32), None, None, None),
    "events": events.no_events(),
    "prev_buttons": jnp.zeros(NUM_BUTTONS, jnp.int8),
  }
  return gui.open_gui(State(**parts), kind)


def tick(state, names=(), move_px=(0.0, 0.0)):
  """One tick with the named buttons down, the cursor moved by (x, y) px."""
  buttons = np.zeros(NUM_BUTTONS, np.int8)
  buttons[[BUTTON_INDEX[name] for name in names]] = 1
  camera = np.asarray([move_px[1] * DEG_PER_PX, move_px[0] * DEG_PER_PX], np.float32)
  state = apply_gui(state, RawAction(jnp.asarray(buttons), jnp.asarray(camera)))
  return state._replace(prev_buttons=jnp.asarray(buttons))


def press(state, slot, *names):
  """Moves onto a slot and presses in the same tick, then lets go."""
  xy = layout.SLOT_XY[int(state.gui.kind), slot] + layout.SLOT_SIZE // 2
  state = tick(state, names, xy - np.asarray(state.gui.cursor_px))
  return tick(state)


def stacks(state):
  """{slot: (item name, count)} of the slots that aren't empty."""
  item, count = np.asarray(state.slots.item), np.asarray(state.slots.count)
  assert np.array_equal(item == 0, count == 0)
  return {int(s): (ITEMS.names[item[s]], int(count[s])) for s in np.flatnonzero(count)}


def crafted(state):
  """{item name: count} of the craft statistic."""
  made = np.asarray(state.stats.craft_item)
  return {ITEMS.names[i]: int(made[i]) for i in np.flatnonzero(made)}
