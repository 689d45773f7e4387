"""A player who died comes back at the spawn on his next tick, without his things.

Source: MineRL's auto-respawn. Deviation: of his stacks those in the first MAX_DROPS slots of the
hotbar lie where he died; the rest is lost.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, NUM_BUTTONS, RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules.cells import column_at
from cross_jax.envs.voxel.rules.player import fresh_player
from cross_jax.envs.voxel.state import MAX_DROPS, Drops, Slots, State


def close_gui(state: State, action: RawAction) -> tuple[State, RawAction]:
  """What a GUI sees of a tick: after a death the key that closes it, going down."""
  is_dead = state.player.health <= 0
  escape = jnp.asarray(np.arange(NUM_BUTTONS) == BUTTON_INDEX["ESC"], jnp.int8)
  buttons = jnp.where(is_dead, escape, action.buttons)
  before = jnp.where(is_dead, jnp.zeros_like(escape), state.prev_buttons)
  return state._replace(prev_buttons=before), action._replace(buttons=buttons)


def is_dead(state: State) -> jax.Array:
  """bool[], whether the player has no health left."""
  return state.player.health <= 0


def _free_place(state: State) -> jax.Array:
  """float32[3], m, the spawn, or the first place above it with two cells that stop nobody."""
  x, y, z = state.spawn_pos
  least = jnp.ceil(y).astype(jnp.int32)  # of a spawn on a slab, the cell above it
  column = column_at(state.blocks, x, z)
  level = jnp.arange(len(column), dtype=jnp.int32)
  is_free = ~jnp.asarray(tables.BLOCKS.is_solid)[column]
  is_free &= jnp.roll(is_free, -1).at[-1].set(True)
  first = jnp.argmax(is_free & (level >= least)).astype(jnp.int32)
  return jnp.stack([x, jnp.where(first > least, first.astype(jnp.float32), y), z])


def respawn(state: State, action: RawAction, params: Params) -> State:
  """The state, or, after a death, that of a fresh player at the spawn."""
  slots, player = state.slots, state.player
  old, lying = state.drops, slice(layout.HOTBAR, layout.HOTBAR + MAX_DROPS)
  is_new = slots.count[lying] > 0
  dropped = Drops(
    jnp.where(is_new, slots.item[lying], old.item),
    jnp.where(is_new, slots.count[lying], old.count),
    jnp.where(is_new[:, None], player.pos[None], old.pos),
    jnp.where(is_new, 0, old.age),
    jnp.where(is_new[:, None], 0.0, old.vel),
  )
  fresh = state._replace(
    player=fresh_player(_free_place(state), player.yaw_deg, jnp.zeros(())),
    drops=dropped,
    slots=Slots(jnp.zeros_like(slots.item), jnp.zeros_like(slots.count)),
  )
  return jax.tree.map(lambda a, b: a if a is b else jnp.where(is_dead(state), a, b), fresh, state)
