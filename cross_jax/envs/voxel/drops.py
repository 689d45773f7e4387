"""Items lying in the world: they fall, age, and go to the inventory of a player who walks by."""

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel import events, inventory
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.physics import is_solid_at, to_cell
from cross_jax.envs.voxel.state import MAX_DROPS, PLAYER_HEIGHT, Drops, State

PICKUP_TICKS = 10  # after a break, before it can be picked up
THROWN_TICKS = 40  # the same after the player threw it
REACH_SIDE_M, REACH_UP_M = 1.425, 0.5  # from the player's middle; above the head and below the feet
FALL_SPEED = 0.2  # m per tick
REST_M = 0.05  # above the ground that it lies on


def spawn(
  drops: Drops, item: jax.Array, count: jax.Array, pos: jax.Array, age: jax.Array | int = 0
) -> Drops:
  """Drops with one more, in a free slot or in place of the oldest.

  Args:
    drops: the drops.
    item, count: int32[]; nothing happens where either is 0.
    pos: float32[3], m.
    age: int32[], ticks; below 0 for one that was thrown.
  """
  is_real = (item > 0) & (count > 0)
  slot = jnp.argmax(jnp.where(drops.item == 0, jnp.iinfo(jnp.int32).max, drops.age))
  is_it = (jnp.arange(MAX_DROPS) == slot) & is_real
  return Drops(
    jnp.where(is_it, item, drops.item),
    jnp.where(is_it, count, drops.count),
    jnp.where(is_it[:, None], pos[None], drops.pos),
    jnp.where(is_it, age, drops.age),
    jnp.where(is_it[:, None], 0.0, drops.vel),
  )


def collect(state: State, action: RawAction, params: Params) -> State:
  """One tick: drops fall and age, and the nearest one in reach is picked up if there is room."""
  drops = state.drops
  below = drops.pos - jnp.asarray([[0.0, FALL_SPEED + REST_M, 0.0]])
  falls = ~is_solid_at(state.blocks, to_cell(below)) & (drops.item > 0)
  pos = drops.pos.at[:, 1].add(jnp.where(falls, -FALL_SPEED, 0.0))
  offset = pos - state.player.pos[None]
  is_near = jnp.max(jnp.abs(offset[:, ::2]), axis=-1) <= REACH_SIDE_M
  is_near &= (offset[:, 1] >= -REACH_UP_M) & (offset[:, 1] <= PLAYER_HEIGHT + REACH_UP_M)
  is_near &= (drops.item > 0) & (drops.age >= PICKUP_TICKS) & (state.player.health > 0)
  nearest = jnp.argmin(jnp.where(is_near, jnp.sum(offset**2, axis=-1), jnp.inf))
  item = drops.item[nearest]
  count = jnp.where(is_near[nearest], drops.count[nearest], 0)
  slots, left = inventory.add_item(state.slots, item, count)
  rest = drops.count[nearest] - (count - left)
  state = events.note(state, "pickup", item, count - left)
  return state._replace(
    slots=slots,
    drops=Drops(
      drops.item.at[nearest].set(jnp.where(rest > 0, item, 0)),
      drops.count.at[nearest].set(rest),
      pos,
      drops.age + (drops.item > 0).astype(jnp.int32),
      drops.vel,
    ),
  )
