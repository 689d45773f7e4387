"""The expert of any task: from the true state of a game to what to do now, without memory."""

from cross_jax.envs.experts.craft import plan_craft, plan_smelt
from cross_jax.envs.experts.intent import Intent, press_once
from cross_jax.envs.experts.interact import plan_interact
from cross_jax.envs.experts.kill import plan_kill
from cross_jax.envs.experts.mine import plan_mine
from cross_jax.envs.experts.snapshot import Snapshot
from cross_jax.envs.tasks.setup import (
  STAT_CRAFT_ITEM,
  STAT_INTERACT,
  STAT_KILL_ENTITY,
  STAT_MINE_BLOCK,
)
from cross_jax.envs.voxel.gui import layout


def plan(view: Snapshot) -> Intent:
  """The expert's intent in a state; a function of the state alone, so it can label any state.

  A GUI that is open by mistake is closed by the key that opens the inventory. What is crafted or
  smelted is so in a GUI that the task starts in: without it the expert waits.

  Args:
    view: one game, its goal included.
  Returns:
    Intent; WAIT if the goal can't be served (no such block, mob or recipe).
  Raises:
    ValueError: an unknown kind of goal.
  """
  if view.gui != layout.GUI_NONE and view.goal_stat != STAT_CRAFT_ITEM:
    return press_once(view, "inventory")
  if view.goal_stat == STAT_MINE_BLOCK:
    return plan_mine(view)
  if view.goal_stat == STAT_KILL_ENTITY:
    return plan_kill(view)
  if view.goal_stat == STAT_CRAFT_ITEM:
    return plan_smelt(view) if view.gui == layout.GUI_FURNACE else plan_craft(view)
  if view.goal_stat == STAT_INTERACT:
    return plan_interact(view)
  raise ValueError(f"goal.stat {view.goal_stat}: must be 0 mine, 1 kill, 2 craft or 3 interact")
