"""What must hold of every state, and of every tick with a GUI open."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.rules import collision, player_move
from cross_jax.envs.voxel.state import (
  NUM_CELLS,
  PLAYER_HEIGHT,
  PLAYER_WIDTH,
  SIZE_X,
  SIZE_Z,
  State,
)

CHECKS = (
  "no NaN or infinite number",
  "the player is not inside a solid block",
  "the player is within the world",
  "stacks are items of the table, counted 1 to their limit or empty",
  "blocks, mobs, drops and shots are rows of their tables",
  "cells that are pointed at, mined or edited lie in the world",
  "health, food, breath and the hotbar are in their ranges",
)
_INSIDE_M = 1e-3  # that a body may be in a block by rounding
_MAX_STACK = 64


def broken(state: State) -> jax.Array:
  """bool[len(CHECKS)], which of CHECKS do not hold of a game."""
  return jnp.stack(
    [
      ~_is_finite(state),
      _is_stuck(state),
      ~_is_within(state),
      ~_are_stacks(state),
      ~_are_rows(state),
      ~_are_cells(state),
      ~_is_alive(state),
    ]
  )


def _is_finite(state: State) -> jax.Array:
  numbers = [a for a in jax.tree.leaves(state) if jnp.issubdtype(a.dtype, jnp.floating)]
  return jnp.all(jnp.stack([jnp.all(jnp.isfinite(a)) for a in numbers]))


def _is_stuck(state: State) -> jax.Array:
  pos = state.player.pos
  boxes = player_move.boxes_near(state.blocks, pos, state.edits)
  low, high = collision.body_box(pos, jnp.float32(PLAYER_WIDTH), jnp.float32(PLAYER_HEIGHT))
  return collision.overlaps(boxes, low + _INSIDE_M, high - _INSIDE_M)


def _is_within(state: State) -> jax.Array:
  x, y, z = state.player.pos
  return (x >= 0) & (x <= SIZE_X) & (z >= 0) & (z <= SIZE_Z) & (y >= 0)


def _in(value: jax.Array, low: int, end: int) -> jax.Array:
  """bool[], whether all of `value` are in low..end - 1."""
  return jnp.all((value >= low) & (value < end))


def _are_stacks(state: State) -> jax.Array:
  is_ok = []
  for holder in (state.slots, state.drops, state.stores):
    item, count = holder.item, holder.count
    is_ok.append(_in(item, 0, len(tables.ITEMS.names)))
    is_ok.append(jnp.all((item == 0) == (count == 0)))
    is_ok.append(_in(count, 0, _MAX_STACK + 1))
  limit = jnp.asarray(tables.ITEMS.stack_size)[jnp.clip(state.slots.item, 0)]
  is_ok.append(jnp.all(state.slots.count <= limit))
  return jnp.all(jnp.stack(is_ok))


def _are_rows(state: State) -> jax.Array:
  is_ok = [
    _in(state.blocks, 0, len(tables.BLOCKS.names)),
    _in(state.mobs.kind, 0, len(tables.MOBS.names)),
    _in(state.projectiles.kind, 0, len(tables.SHOT_NAMES)),
    _in(state.gui.kind, 0, layout.NUM_GUIS),
    _in(state.stores.kind, 0, layout.NUM_GUIS),
    _in(state.edits.block, 0, len(tables.BLOCKS.names)),
  ]
  return jnp.all(jnp.stack(is_ok))


def _are_cells(state: State) -> jax.Array:
  cells = [state.aim.cell, state.aim.front, state.player.mine_cell, state.edits.cell]
  return jnp.all(jnp.stack([_in(cell, -1, NUM_CELLS) for cell in cells]))


def _is_alive(state: State) -> jax.Array:
  player = state.player
  between = lambda a, low, high: (a >= low) & (a <= high)
  is_ok = [
    between(player.health, 0, 20),
    between(player.food, 0, 20),
    between(player.saturation, 0, 20),
    between(player.air_ticks, -20, 300),
    between(player.hotbar, 0, 8),
    between(player.mine_progress, 0, 1),
    between(player.pitch_deg, -90, 90),
    between(player.miss_ticks, 0, 10),
    between(player.mine_delay, 0, 5),
    between(player.jump_delay, 0, 10),
  ]
  return jnp.all(jnp.stack(is_ok))


def is_sound_change(before: State, after: State) -> jax.Array:
  """bool[], False where a tick with a GUI open made or lost items.

  Ticks on which something else may make or take items are passed over: crafting, cooking, death, a
  mob's or a block's loot, drops without room.
  """
  is_open = (before.gui.kind > 0) & (after.gui.kind > 0) & (before.gui.kind == after.gui.kind)
  is_quiet = jnp.all(after.events.amount[np.asarray(_MAKING)] == 0)
  is_quiet &= (before.player.health > 0) & (after.player.health > 0)
  is_quiet &= jnp.all(before.mobs.kind == after.mobs.kind) & jnp.all(before.edits.cell < 0)
  is_quiet &= jnp.sum(after.drops.item > 0) < after.drops.item.shape[0] - 1
  fires = (before.gui, after.gui, before.stores, after.stores)
  is_cold = [jnp.all(f.burn_ticks == 0) & jnp.all(f.cook_ticks == 0) for f in fires]
  is_quiet &= jnp.all(jnp.stack(is_cold))
  is_same = _total(before) == _total(after)
  return is_same | ~(is_open & is_quiet)


_MAKING = [0, 1, 2, 4]  # mine_block, kill_entity, craft_item, use_item, of Stats


def _total(state: State) -> jax.Array:
  """uint32[], a sum over all items, each with its own random weight."""
  weights = np.random.default_rng(0).integers(1, 2**32, len(tables.ITEMS.names), dtype=np.uint32)
  is_real = np.arange(layout.NUM_SLOTS) != layout.CRAFT_RESULT
  total = jnp.zeros((), jnp.uint32)
  for holder, mask in ((state.slots, is_real), (state.drops, None), (state.stores, None)):
    worth = jnp.asarray(weights)[holder.item] * holder.count.astype(jnp.uint32)
    worth = worth if mask is None else jnp.where(mask, worth, jnp.uint32(0))
    total += jnp.sum(worth, dtype=jnp.uint32)
  return total
