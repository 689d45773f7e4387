"""The expert of interact tasks: to the block, and use it with what it takes in hand."""

import numpy as np

from cross_jax.envs.experts.intent import USE, Intent
from cross_jax.envs.experts.mine import reach, select
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, SMELT_CAMPFIRE
from cross_jax.envs.voxel.gui import layout

_TAKES_FOOD = np.asarray(["campfire" in name for name in BLOCKS.names])


def plan_interact(view: Snapshot) -> Intent:
  """The next move towards using a block of the goal's kind; food in hand for a campfire."""
  if _TAKES_FOOD[view.goal_index]:
    items = view.slot_item[layout.HOTBAR : layout.HOTBAR + layout.NUM_HOTBAR]
    is_food = (ITEMS.smelts_in[items] & SMELT_CAMPFIRE) > 0
    if is_food.any() and not is_food[view.hotbar]:
      return select(int(np.argmax(is_food)))
  return reach(view, USE)
