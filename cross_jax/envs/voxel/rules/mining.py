"""Breaking blocks by Minecraft's formula, and picking the item of a block."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import inventory, layout
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import chance, combat, drops, events
from cross_jax.envs.voxel.rules.cells import block_of_index, cell_of_index, eye_of
from cross_jax.envs.voxel.rules.edits import MINE_AT, NO_CELL
from cross_jax.envs.voxel.rules.fluids import WATER, fluid_at
from cross_jax.envs.voxel.rules.support import break_edits, middle
from cross_jax.envs.voxel.rules.use import WALL_ROW
from cross_jax.envs.voxel.state import State

HARVEST_DIVISOR, NO_HARVEST_DIVISOR = 30.0, 100.0
SWORD_SPEED = 1.5  # of any block
CUT_SPEED = 15.0  # of shears in leaves, of shears and swords in cobweb
AIRBORNE_FACTOR, UNDERWATER_FACTOR = 0.2, 0.2
BREAK_DELAY = 5  # ticks of held `attack` after a block broke, unless it broke at once
MINE_EXHAUSTION = 0.005
_SHEARS = tables.TOOL_SHEARS
_LOOT = tables.BLOCKS.loot
_IS_WEB = np.asarray([name == "cobweb" for name in tables.BLOCKS.names])
_IS_LEAVES = np.asarray([name.endswith("_leaves") for name in tables.BLOCKS.names])


def can_harvest(block: jax.Array, item: jax.Array) -> jax.Array:
  """bool[], whether breaking `block` with `item` in hand yields it (drop and mine_block count)."""
  need = jnp.asarray(tables.BLOCKS.min_tier)[block]
  is_right = jnp.asarray(tables.BLOCKS.tool)[block] == jnp.asarray(tables.ITEMS.tool)[item]
  is_right &= jnp.asarray(tables.ITEMS.tier)[item] >= need
  return (need == 0) | is_right | _is_cut(block, item)


def _is_cut(block: jax.Array, item: jax.Array) -> jax.Array:
  """bool[], whether `item` goes through `block` at CUT_SPEED: shears leaves, both cobweb."""
  tool = jnp.asarray(tables.ITEMS.tool)[item]
  is_web, is_leaves = jnp.asarray(_IS_WEB)[block], jnp.asarray(_IS_LEAVES)[block]
  return ((tool == _SHEARS) & (is_web | is_leaves)) | ((tool == tables.TOOL_SWORD) & is_web)


def break_rate(
  block: jax.Array, item: jax.Array, is_on_ground: jax.Array, is_underwater: jax.Array
) -> jax.Array:
  """float32[], the share of `block` that a tick of mining with `item` removes; 1 breaks at once.

  rate = tool speed / hardness / (30 if it can be harvested so, else 100), a fifth of it off the
  ground, a fifth of it with the head in water.

  Args:
    block, item: int32[], rows of BLOCKS and ITEMS (0: the bare hand).
    is_on_ground, is_underwater: bool[].
  Returns:
    float32[], 0 for unbreakable blocks.
  Source: Minecraft 1.16 Player.getDestroySpeed and BlockBehaviour.getDestroyProgress; no
    enchantments or effects.
  """
  hardness = jnp.asarray(tables.BLOCKS.hardness)[block]
  tool = jnp.asarray(tables.ITEMS.tool)[item]
  is_right = (tool > 0) & (jnp.asarray(tables.BLOCKS.tool)[block] == tool)
  other = jnp.where(tool == tables.TOOL_SWORD, SWORD_SPEED, 1.0)
  speed = jnp.where(is_right, jnp.asarray(tables.ITEMS.speed)[item], other)
  speed = jnp.where(_is_cut(block, item), CUT_SPEED, speed)
  speed = speed * jnp.where(is_on_ground, 1.0, AIRBORNE_FACTOR)
  speed = speed * jnp.where(is_underwater, UNDERWATER_FACTOR, 1.0)
  divisor = jnp.where(can_harvest(block, item), HARVEST_DIVISOR, NO_HARVEST_DIVISOR)
  rate = speed / jnp.maximum(hardness, 1e-6) / divisor
  return jnp.where(hardness < 0, 0.0, jnp.minimum(rate, 1.0))


def mine(state: State, action: RawAction, params: Params) -> State:
  """One tick of breaking the block at the crosshair while `attack` is held.

  The tick on which the button goes down counts already; when the target or the item in hand
  changes, the tick of the change does not. After a break of more than a tick nothing is
  mined for BREAK_DELAY ticks, but a click still breaks what breaks at once. The count mine_block
  rises, and the loot drops, only if the tool can harvest the block; a tool that breaks one counts
  in use_item, whatever it yields. A second half breaks with it.
  The hand swings all the while. Who eats, or just swung in the air, does not mine.

  Source: Minecraft 1.16 Minecraft.continueAttack, MultiPlayerGameMode.startDestroyBlock and
    continueDestroyBlock, ServerPlayer.swing.
  """
  player, aim = state.player, state.aim
  index = BUTTON_INDEX["attack"]
  is_falling = jnp.any(aim.cell == state.edits.cell[:MINE_AT])  # it dropped its loot already
  is_mining = (action.buttons[index] > 0) & (aim.cell >= 0) & ~is_falling
  is_mining &= (player.miss_ticks == 0) & (player.eat_ticks == 0)
  is_pressed = is_mining & (state.prev_buttons[index] == 0)
  is_resting = player.mine_delay > 0
  block = block_of_index(state.blocks, jnp.where(is_mining, aim.cell, NO_CELL))
  item = state.slots.item[layout.HOTBAR + player.hotbar]
  is_under = fluid_at(state.blocks, eye_of(player)).kind == WATER
  rate = break_rate(block, item, player.is_on_ground, is_under)
  is_same = aim.cell == player.mine_cell
  is_begun = is_mining & (is_pressed | (~is_same & ~is_resting))
  before = jnp.where(is_begun, 0.0, player.mine_progress)
  progress = before + jnp.where((is_pressed | is_same) & ~is_resting, rate, 0.0)
  is_at_once = is_begun & (rate >= 1.0)
  is_broken = is_mining & (is_at_once | (progress >= 1.0 - 1e-5))
  cell = jnp.where(is_begun, aim.cell, jnp.where(is_mining, player.mine_cell, NO_CELL))
  left = jnp.where(is_mining & is_resting, player.mine_delay - 1, player.mine_delay)
  xyz = cell_of_index(jnp.maximum(aim.cell, 0))
  is_harvested = is_broken & can_harvest(block, item)
  base = jnp.asarray(tables.BLOCKS.base)[block]
  gone = jnp.where(is_broken, block, 0)
  edits = break_edits(state.edits, MINE_AT, xyz, gone)
  is_tool_used = is_broken & jnp.asarray(combat.IS_WEAPON)[item]
  state = events.note(state, "mine_block", base, is_harvested.astype(jnp.int32))
  state = events.note(state, "use_item", item, is_tool_used.astype(jnp.int32))
  return state._replace(
    player=player._replace(
      mine_cell=jnp.where(is_broken, NO_CELL, cell),
      mine_progress=jnp.where(is_mining & ~is_broken, progress, 0.0),
      mine_delay=jnp.where(is_broken & ~is_at_once, BREAK_DELAY, left),
      attack_ticks=jnp.where(is_mining, 1, player.attack_ticks),
      swing_ticks=jnp.where(is_mining, 1, player.swing_ticks),
      exhaustion=player.exhaustion + jnp.where(is_harvested, MINE_EXHAUSTION, 0.0),
    ),
    drops=_yield(state, jnp.where(is_harvested, base, 0), item, middle(xyz)),
    edits=edits,
    aim=aim._replace(cell=jnp.where(is_broken, NO_CELL, aim.cell)),
  )


def _yield(state: State, base: jax.Array, item: jax.Array, where: jax.Array) -> drops.Drops:
  """The drops with the loot of block `base` int32[] (0: none), or with what shears get instead."""
  sheared = jnp.asarray(tables.BLOCKS.shears_item)[base]
  is_sheared = (jnp.asarray(tables.ITEMS.tool)[item] == _SHEARS) & (sheared > 0)
  draws = chance.loot_draws(state)
  looted = jnp.where(is_sheared, 0, base)
  lying = drops.spawn_loot(state.drops, _LOOT, looted, where, draws)
  is_kept = jnp.where(is_sheared, sheared, 0)
  return drops.spawn(lying, is_kept, jnp.int32(1), where, vel=drops.pop_velocity(draws[:2]))


def pick(state: State, action: RawAction, params: Params) -> State:
  """Middle click: takes the item of the block at the crosshair in hand.

  From the hotbar its slot is selected; from the main inventory the stack changes places with the
  first empty slot of the hotbar from the selected one on, or with the stack in hand.

  Source: Minecraft 1.16 Minecraft.pickBlock, Inventory.pickSlot.
  """
  player, slots, cell = state.player, state.slots, state.aim.cell
  index = BUTTON_INDEX["pickItem"]
  is_pressed = (action.buttons[index] > 0) & (state.prev_buttons[index] == 0) & (cell >= 0)
  block = jnp.asarray(tables.BLOCKS.base)[block_of_index(state.blocks, cell)]
  placed = jnp.asarray(tables.ITEMS.block)[slots.item[: layout.FEET]]
  is_it = ((placed == block) | (jnp.asarray(WALL_ROW)[placed] == block)) & (placed > 0)
  slot = jnp.argmax(is_it).astype(jnp.int32)
  is_found = is_pressed & jnp.any(is_it)
  is_stored = is_found & (slot >= layout.MAIN)
  is_empty = slots.item[layout.HOTBAR : layout.MAIN] == 0
  after = (np.arange(len(is_empty), dtype=np.int32) - player.hotbar) % len(is_empty)
  free = jnp.argmin(jnp.where(is_empty, after, len(is_empty))).astype(jnp.int32)
  hotbar = jnp.where(jnp.any(is_empty), free, player.hotbar)
  chosen = jnp.where(is_stored, hotbar, jnp.where(is_found, slot - layout.HOTBAR, player.hotbar))
  here, there = layout.HOTBAR + hotbar, slot
  moved = inventory.set_slot(
    slots, jnp.where(is_stored, here, NO_CELL), slots.item[there], slots.count[there]
  )
  moved = inventory.set_slot(
    moved, jnp.where(is_stored, there, NO_CELL), slots.item[here], slots.count[here]
  )
  return state._replace(player=player._replace(hotbar=chosen), slots=moved)
