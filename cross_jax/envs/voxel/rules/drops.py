"""Items lying in the world: they fall, float, join, age, and go to a player who walks by.

Source: Minecraft 1.16 ItemEntity. Deviations: at most MAX_DROPS lie about, the oldest makes place;
an item is a point against blocks and does not bounce.
"""

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import inventory
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import events
from cross_jax.envs.voxel.rules.cells import block_at, is_wall, to_cell
from cross_jax.envs.voxel.rules.chance import NUM_LOOT_DRAWS
from cross_jax.envs.voxel.rules.collision import HEIGHT
from cross_jax.envs.voxel.rules.fluids import LAVA, WATER, fluid_at
from cross_jax.envs.voxel.rules.when_needed import when_needed
from cross_jax.envs.voxel.state import MAX_DROPS, PLAYER_HEIGHT, Drops, State

PICKUP_TICKS = 10  # after a break, before it can be picked up
THROWN_TICKS = 40  # the same after the player threw it
DESPAWN_TICKS = 6000
REACH_SIDE_M, REACH_UP_M = 1.425, 0.5  # from the player's middle; above the head and below the feet
ITEM_M = 0.25  # an item's height and width
GRAVITY, DRAG, GROUND_FRICTION = 0.04, 0.98, 0.6 * 0.98
WATER_DRAG, BUOYANCY, MAX_RISE = 0.99, 5e-4, 0.06
MAX_SPEED = 0.9  # m per tick
POP_SIDE, POP_UP = 0.1, 0.2  # m per tick, of a drop when it appears; sideways at most
MERGE_M = 0.5
_MAX_KINDS = 4  # kinds of things that one loot may bring


def spawn(
  drops: Drops,
  item: jax.Array,
  count: jax.Array,
  pos: jax.Array,
  age: jax.Array | int = 0,
  vel: jax.Array | None = None,
) -> Drops:
  """Drops with one more, in a free slot or in place of the oldest.

  Args:
    drops: the drops.
    item, count: int32[]; nothing happens where either is 0.
    pos: float32[3], m.
    age: int32[], ticks; below 0 for one that was thrown.
    vel: float32[3], m per tick; at rest if None.
  """
  is_real = (item > 0) & (count > 0)
  slot = jnp.argmax(jnp.where(drops.item == 0, jnp.iinfo(jnp.int32).max, drops.age))
  is_it = (jnp.arange(MAX_DROPS) == slot) & is_real
  vel = jnp.zeros((3,)) if vel is None else vel
  return Drops(
    jnp.where(is_it, item, drops.item),
    jnp.where(is_it, count, drops.count),
    jnp.where(is_it[:, None], pos[None], drops.pos),
    jnp.where(is_it, age, drops.age),
    jnp.where(is_it[:, None], vel[None], drops.vel),
  )


def pop_velocity(draws: jax.Array) -> jax.Array:
  """float32[3], m per tick, of a drop that appears; float32[2] `draws` in 0..1 say which way."""
  side = (draws * 2 - 1) * POP_SIDE
  return jnp.stack([side[0], jnp.full((), POP_UP, jnp.float32), side[1]])


def spawn_loot(
  drops: Drops, loot: tables.Loot, row: jax.Array, pos: jax.Array, draws: jax.Array
) -> Drops:
  """Drops with what row int32[] of `loot` yields at float32[3] `pos`; row 0 yields nothing.

  Args:
    draws: float32[NUM_LOOT_DRAWS] in 0..1.
  """
  num_kinds = min(_MAX_KINDS, int(loot.item.any(axis=0).sum()))  # a row has its kinds first

  def add_kinds(drops: Drops, row: jax.Array, pos: jax.Array, draws: jax.Array) -> Drops:
    def add_kind(k: jax.Array, drops: Drops) -> Drops:
      least, most, chance, item = (
        jnp.asarray(column)[row, k] for column in (loot.min, loot.max, loot.chance, loot.item)
      )
      span = (most - least + 1).astype(jnp.float32)
      draw = draws[(k + _MAX_KINDS) % NUM_LOOT_DRAWS]
      amount = jnp.minimum(least + (draw * span).astype(jnp.int32), most)
      vel = pop_velocity(jnp.stack([draws[(k + 1) % NUM_LOOT_DRAWS], draws[k]]))
      return spawn(drops, item, jnp.where(draws[k] < chance, amount, 0), pos, vel=vel)

    return jax.lax.fori_loop(0, num_kinds, add_kind, drops)

  return when_needed(row > 0, add_kinds, drops, row, pos, draws)


def are_lying(state: State) -> jax.Array:
  """bool[], whether an item lies about."""
  return jnp.any(state.drops.item > 0)


def fall(state: State, action: RawAction, params: Params) -> State:
  """One tick of what lies about: it falls, floats, slides, ages and is gone after DESPAWN_TICKS."""
  drops, blocks = state.drops, state.blocks
  fluid = fluid_at(blocks, drops.pos + jnp.asarray([[0.0, 0.1, 0.0]])).kind
  is_wet = fluid == WATER
  rise = drops.vel[:, 1]
  lift = jnp.where(rise < MAX_RISE, BUOYANCY, 0.0)
  sink = rise + jnp.where(is_wet, lift, -GRAVITY)
  vel = jnp.clip(drops.vel.at[:, 1].set(sink), -MAX_SPEED, MAX_SPEED)
  pos, is_landed = drops.pos, jnp.zeros((MAX_DROPS,), bool)
  for axis in (1, 0, 2):
    new = pos.at[:, axis].add(vel[:, axis])
    cell = to_cell(new)
    top = cell[:, 1].astype(jnp.float32) + jnp.asarray(HEIGHT)[block_at(blocks, cell)]
    is_in = (new[:, 1] < top) | is_wall(cell)
    if axis == 1:
      is_landed = is_in & (vel[:, 1] <= 0)
      pos = jnp.where((is_in & ~is_landed)[:, None], pos, new)
      pos = pos.at[:, 1].set(jnp.where(is_landed, jnp.maximum(top, 0.0), pos[:, 1]))
    else:
      pos = jnp.where(is_in[:, None], pos, new)
    vel = vel.at[:, axis].set(jnp.where(is_in, 0.0, vel[:, axis]))
  friction = jnp.where(is_wet, WATER_DRAG, jnp.where(is_landed, GROUND_FRICTION, DRAG))
  vel = (vel * friction[:, None]).at[:, 1].set(vel[:, 1] * DRAG)
  is_there = drops.item > 0
  is_gone = is_there & ((drops.age >= DESPAWN_TICKS) | (fluid == LAVA))
  return state._replace(
    drops=Drops(
      jnp.where(is_gone, 0, drops.item),
      jnp.where(is_gone, 0, drops.count),
      jnp.where(is_there[:, None], pos, drops.pos),
      drops.age + is_there.astype(jnp.int32),
      jnp.where(is_there[:, None], vel, 0.0),
    )
  )


def merge(state: State, action: RawAction, params: Params) -> State:
  """One drop a tick (slot = tick modulo MAX_DROPS) joins another of its kind within MERGE_M."""
  drops = state.drops
  slot, every = state.tick % MAX_DROPS, jnp.arange(MAX_DROPS)
  item, count = drops.item[slot], drops.count[slot]
  offset = jnp.abs(drops.pos - drops.pos[slot][None])
  room = jnp.asarray(tables.ITEMS.stack_size)[item] - count
  fits = (drops.item == item) & (drops.count <= room) & (every != slot) & (item > 0)
  fits &= jnp.max(offset, axis=-1) <= MERGE_M
  other = jnp.argmax(fits)
  is_merged = fits[other]
  is_left, is_taken = (every == slot) & is_merged, (every == other) & is_merged
  age = jnp.minimum(drops.age[slot], drops.age[other])
  return state._replace(
    drops=drops._replace(
      item=jnp.where(is_left, 0, drops.item),
      count=jnp.where(is_left, 0, jnp.where(is_taken, drops.count + count, drops.count)),
      age=jnp.where(is_taken, age, drops.age),
    )
  )


def collect(state: State, action: RawAction, params: Params) -> State:
  """The nearest drop in reach that there is room for is picked up, as far as there is room."""
  drops, every = state.drops, jnp.arange(MAX_DROPS)
  offset = drops.pos - state.player.pos[None]
  is_near = jnp.max(jnp.abs(offset[:, ::2]), axis=-1) <= REACH_SIDE_M
  is_near &= offset[:, 1] >= -REACH_UP_M - ITEM_M
  is_near &= offset[:, 1] <= PLAYER_HEIGHT + REACH_UP_M
  is_near &= (drops.item > 0) & (drops.age >= PICKUP_TICKS) & (state.player.health > 0)
  is_near &= jax.vmap(lambda item: inventory.room_to_pick_up(state.slots, item))(drops.item) > 0
  nearest = jnp.argmin(jnp.where(is_near, jnp.sum(offset**2, axis=-1), jnp.inf))
  item = drops.item[nearest]
  count = jnp.where(is_near[nearest], drops.count[nearest], 0)
  slots, left = inventory.pick_up(state.slots, item, count, state.player.hotbar)
  rest = drops.count[nearest] - (count - left)
  is_it = every == nearest
  state = events.note(state, "pickup", item, count - left)
  return state._replace(
    slots=slots,
    drops=drops._replace(
      item=jnp.where(is_it & (rest <= 0), 0, drops.item), count=jnp.where(is_it, rest, drops.count)
    ),
  )
