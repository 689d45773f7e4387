"""Furnaces, smokers and blast furnaces: fuel, fire and cooking, with their GUI open or closed."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.gui import inventory, layout, slot_rules
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.state import State

_GUI = np.arange(layout.NUM_GUIS)
COOK_TICKS = np.where(_GUI == layout.GUI_FURNACE, 200, 100).astype(np.int32)  # int32[NUM_GUIS]
_BURN_SHARE = np.where(_GUI == layout.GUI_FURNACE, 1, 2).astype(np.int32)  # fuel lasts 1 / share
_INPUT, _FUEL, _OUTPUT = (
  slot - layout.BLOCK for slot in (layout.FURNACE_INPUT, layout.FURNACE_FUEL, layout.FURNACE_OUTPUT)
)
_FIRST = slice(layout.BLOCK, layout.BLOCK + 3)


def smelts(kind: jax.Array, item: jax.Array) -> jax.Array:
  """What the furnace `kind` (layout.GUI_*) makes of items: int32[...] rows of ITEMS, 0 = none."""
  is_taken = (jnp.asarray(ITEMS.smelts_in)[item] & jnp.asarray(slot_rules.SMELT_BIT)[kind]) > 0
  return jnp.where(is_taken, jnp.asarray(ITEMS.smelts_to)[item], 0)


def tick_furnaces(state: State, action: RawAction, params: Params) -> State:
  """One tick of all furnaces: each burns fuel, and turns one input into its product when done.

  Source: Java edition 1.16, AbstractFurnaceBlockEntity.tick: 200 ticks an item, half as much in
    smoker and blast furnace, whose fuel lasts half as long. Deviation: no experience.
  """
  stores, gui, slots = state.stores, state.gui, state.slots
  first = lambda open_one, closed: jnp.concatenate([open_one[None], closed])
  kind = first(gui.kind, stores.kind)
  item = first(slots.item[_FIRST], stores.item[:, :3])
  count = first(slots.count[_FIRST], stores.count[:, :3])
  burn, total, cook = (
    first(getattr(gui, name), getattr(stores, name))
    for name in ("burn_ticks", "burn_total", "cook_ticks")
  )
  source, fuel, out = item[:, _INPUT], item[:, _FUEL], item[:, _OUTPUT]
  product = smelts(kind, source)
  out_count = count[:, _OUTPUT]
  has_room = (out_count == 0) | ((out == product) & (out_count < inventory.stack_limit(product)))
  has_input, has_fuel = count[:, _INPUT] > 0, count[:, _FUEL] > 0
  can_cook = has_input & (product > 0) & has_room
  burn = jnp.maximum(burn - 1, 0)
  fuel_ticks = jnp.asarray(ITEMS.fuel_ticks)[fuel] // jnp.asarray(_BURN_SHARE)[kind]
  # The bucket that lava leaves lies where fuel lies, and stays there.
  lights = (burn == 0) & can_cook & has_fuel & (fuel_ticks > 0)
  burn = jnp.where(lights, fuel_ticks, burn)
  is_watched = (burn > 0) | (has_input & has_fuel)
  done_at = jnp.asarray(COOK_TICKS)[kind]
  cook = jnp.where(
    (burn > 0) & can_cook, cook + 1, jnp.where(is_watched, 0, jnp.maximum(cook - 2, 0))
  )
  done = cook >= done_at
  is_real = jnp.asarray(slot_rules.IS_FURNACE)[kind]
  lit, made = (lights & is_real).astype(jnp.int32), (done & is_real).astype(jnp.int32)
  fuel_left = count[:, _FUEL] - lit
  vessel = jnp.where((lit > 0) & (fuel_left == 0), jnp.asarray(slot_rules.REMAINDER)[fuel], 0)
  fuel, fuel_left = jnp.where(vessel > 0, vessel, fuel), jnp.where(vessel > 0, 1, fuel_left)
  new_count = jnp.stack([count[:, _INPUT] - made, fuel_left, out_count + made], axis=1)
  new_item = jnp.stack([source, fuel, jnp.where(made > 0, product, out)], axis=1)
  new_item = jnp.where(is_real[:, None], jnp.where(new_count > 0, new_item, 0), item)
  new_count = jnp.where(is_real[:, None], new_count, count)
  burn, cook = jnp.where(is_real, burn, 0), jnp.where(is_real & (made == 0), cook, 0)
  total = jnp.where(lit > 0, fuel_ticks, total)
  return state._replace(
    slots=slots._replace(
      item=slots.item.at[_FIRST].set(new_item[0]), count=slots.count.at[_FIRST].set(new_count[0])
    ),
    gui=gui._replace(burn_ticks=burn[0], burn_total=total[0], cook_ticks=cook[0]),
    stores=stores._replace(
      item=stores.item.at[:, :3].set(new_item[1:]),
      count=stores.count.at[:, :3].set(new_count[1:]),
      burn_ticks=burn[1:],
      burn_total=total[1:],
      cook_ticks=cook[1:],
    ),
  )
