"""The cells that a tick changes: collected by the rules, written once at its end.

`State.blocks` is only read by the rules, so that a batch copies no world in a tick.
"""

from typing import TypeVar

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.batch_layout import is_together
from cross_jax.envs.voxel.render.boxes import update_boxes
from cross_jax.envs.voxel.state import MAX_EDITS, NO_CELL, Edits, State
from cross_jax.envs.voxel.world.light import changes_light, flood_light

FALL_AT, MINE_AT, PLACE_AT = 0, 6, 8  # first entries: 3 falling blocks, one mined, one placed,
# each with its other half
LIT_TOGETHER = 128  # games whose light is flooded at once, in the layout of an accelerator

Readings = TypeVar("Readings")
World = tuple[jax.Array, jax.Array, jax.Array]  # blocks, boxes and light of games


def no_edits() -> Edits:
  return Edits(jnp.full((MAX_EDITS,), NO_CELL, jnp.int32), jnp.zeros((MAX_EDITS,), jnp.int32))


def set_edit(edits: Edits, at: jax.Array | int, cell: jax.Array, block: jax.Array) -> Edits:
  """Edits whose entry `at` writes `block` int32[], a row of BLOCKS, to `cell` int32[] or NO_CELL.

  Each rule that changes cells has its own entries: FALL_AT, MINE_AT, PLACE_AT.
  """
  return Edits(edits.cell.at[at].set(cell), edits.block.at[at].set(block))


def apply_edit(
  blocks: jax.Array, boxes: jax.Array, cell: jax.Array, block: jax.Array
) -> tuple[jax.Array, jax.Array]:
  """The cells and the renderer's words of them after one edit; cell NO_CELL changes nothing."""
  at = jnp.where(cell >= 0, cell, blocks.shape[0])
  blocks = blocks.at[at].set(block.astype(blocks.dtype), mode="drop")
  return blocks, update_boxes(boxes, blocks, cell)


def apply_edits(state: State) -> State:
  """One game with its edits written."""

  def write(world, edit):
    return apply_edit(*world, *edit), None

  is_changed = changes_light(state.blocks, state.edits)
  (blocks, boxes), _ = jax.lax.scan(write, (state.blocks, state.boxes), state.edits)
  light = jax.lax.cond(is_changed, lambda: flood_light(blocks), lambda: state.light)
  return state._replace(blocks=blocks, boxes=boxes, light=light)


def apply_edits_batch(
  world: World, edits: Edits, active: jax.Array, readings: Readings
) -> tuple[World, Readings]:
  """`apply_edits` of the games where `active`, in the layout of the platform (batch_layout.py).

  On a CPU one edit at a time: cells change rarely, so that a loop over the edits there are is
  cheaper than the renderer's update for all.

  Args:
    world: (blocks, boxes, light), [B, NUM_CELLS] each.
    edits: Edits with a leading axis B.
    active: bool[B].
    readings: pytree of all that the tick has worked out from `world`. It goes through the loop, so
      that XLA knows that it is ready before cells are written, and copies none of them.
  Returns:
    ((blocks, boxes, light), readings).
  """
  blocks, boxes, light = world
  num_games = active.shape[0]
  pending = (edits.cell != NO_CELL) & active[:, None]
  is_dark = jax.vmap(changes_light)(blocks, edits) & active
  if is_together():
    return _apply_together(world, edits, pending, is_dark), readings

  def change(carry):
    blocks, boxes, light, pending, readings = carry
    n = jnp.argmax(pending.reshape(num_games * MAX_EDITS))
    i, k = n // MAX_EDITS, n % MAX_EDITS
    row = jax.lax.optimization_barrier(
      apply_edit(blocks[i], boxes[i], edits.cell[i, k], edits.block[i, k])
    )
    pending = pending.at[i, k].set(False)
    is_lit = is_dark[i] & ~jnp.any(pending[i])  # in this loop: a second one would copy all blocks
    shine = jax.lax.cond(is_lit, lambda: flood_light(row[0]), lambda: light[i])
    world = blocks.at[i].set(row[0]), boxes.at[i].set(row[1]), light.at[i].set(shine)
    # The barrier hides that the loop leaves it as it is: else XLA would take it out.
    return *world, pending, jax.lax.optimization_barrier(readings)

  *world, _, readings = jax.lax.while_loop(
    lambda carry: jnp.any(carry[3]), change, (blocks, boxes, light, pending, readings)
  )
  return tuple(world), readings


def _apply_together(world: World, edits: Edits, pending: jax.Array, is_dark: jax.Array) -> World:
  """All games at once: as many sweeps as the most edits that a game has, then the light."""
  blocks, boxes, light = world
  num_games = len(is_dark)
  num_lit = min(num_games, LIT_TOGETHER)

  def sweep(carry):
    blocks, boxes, pending = carry
    is_first = pending & (jnp.cumsum(pending, axis=1) == 1)
    cell = jnp.max(jnp.where(is_first, edits.cell, NO_CELL), axis=1)
    block = jnp.sum(jnp.where(is_first, edits.block, 0), axis=1)
    return *jax.vmap(apply_edit)(blocks, boxes, cell, block), pending & ~is_first

  blocks, boxes, _ = jax.lax.while_loop(
    lambda carry: jnp.any(carry[2]), sweep, (blocks, boxes, pending)
  )

  def shine(carry):
    light, is_dark = carry
    (games,) = jnp.nonzero(is_dark, size=num_lit, fill_value=num_games)
    new = jax.vmap(flood_light)(blocks[jnp.minimum(games, num_games - 1)])
    put = lambda rows, values: rows.at[games].set(values, mode="drop")
    return put(light, new), put(is_dark, False)

  light, _ = jax.lax.while_loop(lambda carry: jnp.any(carry[1]), shine, (light, is_dark))
  return blocks, boxes, light
