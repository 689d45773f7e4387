"""What stands on, hangs from or floats on a cell falls when that cell changes, one tick later.

Only neighbours of the cells that the last tick changed are looked at, so a column of sugar cane
comes down one cell a tick. Source: Minecraft 1.16 canSurvive, in outline: any solid block carries
any other that needs one; a plant carries its like.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import chance, drops
from cross_jax.envs.voxel.rules.cells import block_at, cell_index, cell_of_index
from cross_jax.envs.voxel.rules.edits import FALL_AT, NO_CELL, Edits, no_edits, set_edit
from cross_jax.envs.voxel.rules.fluids import DRY, KIND, WATER
from cross_jax.envs.voxel.state import Drops, State

MAX_FALLS = 3  # of the cells that lost their support in a tick; more are left in the air
_BELOW, _SIDE, _ABOVE, _WATER = (
  tables.SUPPORT_BELOW,
  tables.SUPPORT_SIDE,
  tables.SUPPORT_ABOVE,
  tables.SUPPORT_WATER,
)
_OFFSET = np.zeros((5, 3), np.int32)  # by BLOCKS.support: where the support is
_OFFSET[_BELOW] = _OFFSET[_WATER] = (0, -1, 0)
_OFFSET[_SIDE], _OFFSET[_ABOVE] = (0, 0, 1), (0, 1, 0)
_NEIGHBOURS = -_OFFSET[[_BELOW, _SIDE, _ABOVE]]  # of a changed cell, those that may lean on it
WATERY = np.where(KIND == WATER, tables.BLOCKS.index["water"], 0).astype(np.int32)
# what is left in a cell whose block breaks: air, or the water it stood in
REMAINS = np.where(tables.BLOCKS.is_waterlogged, WATERY, 0).astype(np.int32)


def is_carried(block: jax.Array, carrier: jax.Array) -> jax.Array:
  """bool[...], whether `block` holds with `carrier` (int32[...] rows of BLOCKS) in its support."""
  support = jnp.asarray(tables.BLOCKS.support)[block]
  base = jnp.asarray(tables.BLOCKS.base)
  is_firm = jnp.asarray(tables.BLOCKS.is_solid)[carrier] | (base[carrier] == base[block])
  is_firm |= jnp.asarray(tables.BLOCKS.support)[carrier] == _ABOVE
  floats = jnp.asarray(KIND)[carrier] != DRY
  return jnp.where(support == _WATER, floats, (support == 0) | is_firm)


def support_cell(block: jax.Array, cell: jax.Array) -> jax.Array:
  """int32[..., 3], the cell that carries `block` int32[...] standing in int32[..., 3] `cell`."""
  return cell + jnp.asarray(_OFFSET)[jnp.asarray(tables.BLOCKS.support)[block]]


def has_changed(state: State) -> jax.Array:
  """bool[], whether the last tick changed a cell."""
  return jnp.any(state.edits.cell != NO_CELL)


def drop_unsupported(state: State, action: RawAction, params: Params) -> State:
  """Breaks what leans on the cells that the last tick changed, and starts this tick's edits.

  With no edits left from the last tick they are empty already.
  """
  changed = state.edits.cell
  cells = cell_of_index(jnp.maximum(changed, 0))[:, None] + jnp.asarray(_NEIGHBOURS)[None]
  cells = cells.reshape(-1, 3)
  block = block_at(state.blocks, cells)
  carrier = block_at(state.blocks, support_cell(block, cells))
  is_new = jnp.repeat(changed != NO_CELL, len(_NEIGHBOURS), total_repeat_length=len(cells))
  is_loose = is_new & (block > 0) & ~is_carried(block, carrier)
  index, draws = cell_index(cells), chance.loot_draws(state)

  def drop_one(k: jax.Array, carry: tuple[Edits, Drops, jax.Array]):
    edits, lying, is_loose = carry
    n = jnp.argmax(is_loose)
    row = jnp.where(is_loose[n], block[n], 0)
    edits = break_edits(edits, FALL_AT + 2 * k, cells[n], row)
    item = jnp.asarray(tables.BLOCKS.drop_item)[jnp.asarray(tables.BLOCKS.base)[row]]
    vel = drops.pop_velocity(jax.lax.dynamic_slice(draws, (2 * k,), (2,)))
    lying = drops.spawn(lying, item, jnp.int32(1), middle(cells[n]), vel=vel)
    return edits, lying, is_loose & (index != index[n])

  start = (no_edits(), state.drops, is_loose)
  edits, lying, _ = jax.lax.fori_loop(0, MAX_FALLS, drop_one, start)
  return state._replace(edits=edits, drops=lying)


def break_edits(edits: Edits, at: jax.Array | int, cell: jax.Array, block: jax.Array) -> Edits:
  """Edits whose entries `at` and `at` + 1 leave the remains of a block and of its other half.

  Args:
    edits: Edits.
    at: the entry.
    cell: int32[3].
    block: int32[], row of BLOCKS that stands there; 0 changes nothing.
  """
  remains = jnp.asarray(REMAINS)
  own = jnp.where(block > 0, cell_index(cell), NO_CELL)
  half_row = jnp.asarray(tables.BLOCKS.half_row)[block]
  there = cell_index(cell + jnp.asarray(tables.BLOCKS.half.astype(np.int32))[block])
  other = jnp.where(half_row > 0, there, NO_CELL)
  return set_edit(set_edit(edits, at, own, remains[block]), at + 1, other, remains[half_row])


def middle(cell: jax.Array) -> jax.Array:
  """float32[3], m, where a drop of int32[3] `cell` appears."""
  return cell.astype(jnp.float32) + jnp.asarray([0.5, 0.25, 0.5])
