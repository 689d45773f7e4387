"""Food: what effort costs, eating, and what an empty or a full stomach does.

Source: Minecraft 1.16 FoodData.tick, Player.causeFoodExhaustion, Item.finishUsingItem.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import inventory, layout
from cross_jax.envs.voxel.params import HARD, NORMAL, PEACEFUL, Params
from cross_jax.envs.voxel.rules import events
from cross_jax.envs.voxel.rules.health import MAX_HEALTH, hurt
from cross_jax.envs.voxel.rules.when_needed import when_needed
from cross_jax.envs.voxel.state import Slots, State

MAX_FOOD = 20.0
START_SATURATION = 5.0
MIN_SPRINT_FOOD = 6.0  # sprinting needs more
EAT_TICKS, FAST_EAT_TICKS = 32, 16
EXHAUSTION_PER_FOOD = 4.0
FAST_TICKS, SLOW_TICKS = 10, 80  # between healings: full with saturation; well fed, or starving
MIN_HEALING_FOOD = 18.0
HEALING_COST = 6.0  # exhaustion per health point
STARVE_DAMAGE = 1.0
_NAMES = np.asarray(tables.ITEMS.names)
_IS_ALWAYS_EDIBLE = np.isin(
  _NAMES, ["golden_apple", "enchanted_golden_apple", "chorus_fruit", "honey_bottle",
           "suspicious_stew"],
)  # fmt: skip
_VESSELS = {"bowl": ["mushroom_stew", "rabbit_stew", "beetroot_soup", "suspicious_stew"],
            "glass_bottle": ["honey_bottle"]}  # fmt: skip
_VESSEL = sum(np.isin(_NAMES, full) * tables.ITEMS.index[name] for name, full in _VESSELS.items())
_EAT_TICKS = np.where(_NAMES == "dried_kelp", FAST_EAT_TICKS, EAT_TICKS).astype(np.int32)


def eat(state: State, action: RawAction, params: Params) -> State:
  """Eats one of the food in hand after `use` was held on it for its time; its bowl or bottle stays.

  Who mines does not begin to eat. Deviation: an empty bottle that there is no room for is gone.
  """
  player, slot = state.player, layout.HOTBAR + state.player.hotbar
  item = state.slots.item[slot]
  food = jnp.asarray(tables.ITEMS.food)[item]
  is_wanted = (player.food < MAX_FOOD) | jnp.asarray(_IS_ALWAYS_EDIBLE)[item]
  is_busy = (state.gui.kind != layout.GUI_NONE) | (player.mine_cell >= 0)
  is_eating = (action.buttons[BUTTON_INDEX["use"]] > 0) & (food > 0) & is_wanted & ~is_busy
  ticks = jnp.where(is_eating, player.eat_ticks + 1, 0)
  is_eaten = ticks >= jnp.asarray(_EAT_TICKS)[item]
  full = jnp.minimum(player.food + food, MAX_FOOD)
  saturation = jnp.minimum(player.saturation + jnp.asarray(tables.ITEMS.saturation)[item], full)
  eaten = is_eaten.astype(jnp.int32)
  slots = inventory.remove_item(state.slots, slot, eaten)
  vessel = jnp.asarray(_VESSEL, jnp.int32)[item]
  slots = when_needed(is_eaten & (vessel > 0), _give_back, slots, slot, vessel)
  state = state._replace(
    player=player._replace(
      eat_ticks=jnp.where(is_eaten, 0, ticks),
      food=jnp.where(is_eaten, full, player.food),
      saturation=jnp.where(is_eaten, saturation, player.saturation),
    ),
    slots=slots,
  )
  return events.note(state, "use_item", item, eaten)


def _give_back(slots: Slots, slot: jax.Array, vessel: jax.Array) -> Slots:
  """The slots with an empty vessel, in `slot` if nothing else is there."""
  is_free = slots.count[slot] == 0
  in_hand = inventory.set_slot(slots, slot, vessel, jnp.int32(1))
  stowed, _ = inventory.add_item(slots, vessel, jnp.int32(1))
  return jax.tree.map(lambda a, b: jnp.where(is_free, a, b), in_hand, stowed)


def digest(state: State, action: RawAction, params: Params) -> State:
  """Exhaustion takes saturation, then food; a full stomach heals, an empty one hurts."""
  player = state.player
  is_spent = player.exhaustion > EXHAUSTION_PER_FOOD
  is_fed = player.saturation > 0
  saturation = jnp.where(is_spent, jnp.maximum(player.saturation - 1, 0.0), player.saturation)
  is_hungrier = is_spent & ~is_fed & (params.difficulty != PEACEFUL)
  food = jnp.where(is_hungrier, jnp.maximum(player.food - 1, 0.0), player.food)
  exhaustion = player.exhaustion - jnp.where(is_spent, EXHAUSTION_PER_FOOD, 0.0)

  is_wounded = (player.health > 0) & (player.health < MAX_HEALTH)
  is_fast = is_wounded & (saturation > 0) & (food >= MAX_FOOD)
  is_slow = is_wounded & ~is_fast & (food >= MIN_HEALING_FOOD)
  is_starving = ~is_fast & ~is_slow & (food <= 0)
  ticks = jnp.where(is_fast | is_slow | is_starving, player.food_ticks + 1, 0)
  is_due = ticks >= jnp.where(is_fast, FAST_TICKS, SLOW_TICKS)
  cost = jnp.where(is_fast, jnp.minimum(saturation, HEALING_COST), HEALING_COST)
  healed = jnp.where(is_due & (is_fast | is_slow), cost / HEALING_COST, 0.0)
  least = {HARD: 0.0, NORMAL: 1.0}.get(params.difficulty, 10.0)  # health that hunger leaves
  is_hurt = is_due & is_starving & (player.health > least)
  state = state._replace(
    player=player._replace(
      saturation=saturation,
      food=food,
      exhaustion=exhaustion + healed * HEALING_COST,
      food_ticks=jnp.where(is_due, 0, ticks),
      health=jnp.minimum(player.health + healed, MAX_HEALTH),
    )
  )
  return hurt(state, jnp.where(is_hurt, STARVE_DAMAGE, 0.0), pierces=True)
