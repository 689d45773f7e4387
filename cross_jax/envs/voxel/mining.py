"""What the gaze meets, breaking blocks by Minecraft's formula, and `use`: GUIs and placing."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.base import BUTTON_INDEX
from cross_jax.envs.voxel import layout, tables
from cross_jax.envs.voxel.physics import (
  SKIN,
  block_at,
  cell_index,
  direction,
  is_liquid_at,
  to_cell,
)
from cross_jax.envs.voxel.state import (
  EYE_HEIGHT,
  PLAYER_HEIGHT,
  PLAYER_WIDTH,
  SIZE_X,
  SIZE_Z,
  Mobs,
  Player,
  State,
)

BLOCK_REACH_M = 4.5
HARVEST_DIVISOR, NO_HARVEST_DIVISOR = 30.0, 100.0
SWORD_SPEED = 1.5  # of any block
AIRBORNE_FACTOR, UNDERWATER_FACTOR = 0.2, 0.2
USE_DELAY = 4  # ticks between uses while the button is held
NO_CELL = -1
_CROSSINGS = 5  # cell walls that a gaze of BLOCK_REACH_M can cross along one axis


class Hit(NamedTuple):
  cell: jax.Array  # int32[], index of the first block on the gaze, or NO_CELL
  front: jax.Array  # int32[], index of the cell on this side of it, or NO_CELL
  distance: jax.Array  # float32[], m along the gaze, inf without a hit


class Edit(NamedTuple):
  cell: jax.Array  # int32[], index of the cell that changes, or NO_CELL
  block: jax.Array  # int32[], row of BLOCKS that it becomes


def cell_of_index(index: jax.Array) -> jax.Array:
  """int32[..., 3], the (x, y, z) of cells numbered as in `State.blocks`."""
  layer, x = index // SIZE_X, index % SIZE_X
  return jnp.stack([x, layer // SIZE_Z, layer % SIZE_Z], axis=-1)


def eye_of(player: Player) -> jax.Array:
  """float32[3], m, where the player looks from."""
  return player.pos + jnp.asarray([0.0, EYE_HEIGHT, 0.0])


def gaze_of(player: Player) -> jax.Array:
  """float32[3], the unit vector the player looks along."""
  return direction(player.yaw_deg, player.pitch_deg)


def cast(blocks: jax.Array, eye: jax.Array, gaze: jax.Array) -> Hit:
  """The first block within BLOCK_REACH_M that can be pointed at (visible and not a liquid).

  Every wall the ray can cross is met at once: the cell behind the k-th wall of an axis is known,
  and the nearest occupied one is the hit.

  Args:
    blocks: uint16[NUM_CELLS].
    eye: float32[3], m.
    gaze: float32[3], unit vector.
  Returns:
    Hit; plants fill their whole cell.
  """
  steps = jnp.arange(_CROSSINGS, dtype=jnp.int32)
  is_forward = gaze >= 0
  speed = jnp.where(jnp.abs(gaze) < 1e-7, 1e-7, jnp.abs(gaze))
  start = to_cell(eye)
  cells, times, fronts = [start[None]], [jnp.zeros((1,), jnp.float32)], [start[None]]
  for axis in range(3):
    sign = jnp.where(is_forward[axis], 1, -1)
    along = start[axis] + sign * (steps + 1)
    wall = jnp.where(is_forward[axis], along, along + 1).astype(jnp.float32)
    time = jnp.abs(wall - eye[axis]) / speed[axis]
    cell = to_cell(eye[None] + gaze[None] * time[:, None]).at[:, axis].set(along)
    cells.append(cell)
    fronts.append(cell.at[:, axis].set(along - sign))
    times.append(time)
  cell, front = jnp.concatenate(cells), jnp.concatenate(fronts)
  time = jnp.concatenate(times)
  block = block_at(blocks, cell)
  is_target = jnp.asarray(tables.BLOCKS.is_visible & ~tables.BLOCKS.is_liquid)[block]
  time = jnp.where(is_target & (time <= BLOCK_REACH_M), time, jnp.inf)
  first = jnp.argmin(time)
  is_hit = jnp.isfinite(time[first])
  return Hit(
    jnp.where(is_hit, cell_index(cell[first]), NO_CELL),
    jnp.where(is_hit & (first > 0), cell_index(front[first]), NO_CELL),
    time[first],
  )


def can_harvest(block: jax.Array, item: jax.Array) -> jax.Array:
  """bool[], whether breaking `block` with `item` in hand yields it (drop and mine_block count)."""
  need = jnp.asarray(tables.BLOCKS.min_tier)[block]
  is_right = jnp.asarray(tables.BLOCKS.tool)[block] == jnp.asarray(tables.ITEMS.tool)[item]
  return (need == 0) | (is_right & (jnp.asarray(tables.ITEMS.tier)[item] >= need))


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
  speed = speed * jnp.where(is_on_ground, 1.0, AIRBORNE_FACTOR)
  speed = speed * jnp.where(is_underwater, UNDERWATER_FACTOR, 1.0)
  divisor = jnp.where(can_harvest(block, item), HARVEST_DIVISOR, NO_HARVEST_DIVISOR)
  rate = speed / jnp.maximum(hardness, 1e-6) / divisor
  return jnp.where(hardness < 0, 0.0, jnp.minimum(rate, 1.0))


def mine(
  state: State, hit: Hit, is_attacking: jax.Array
) -> tuple[State, Edit, jax.Array, jax.Array]:
  """One tick of breaking the block at `hit` while `is_attacking`.

  Progress starts again at 0 when the target changes or the button is released. The count
  mine_block rises, and the item drops, only if the tool can harvest the block, as in Minecraft.

  Returns:
    (state, edit, item int32[] that drops or 0, where float32[3] m).
  """
  player = state.player
  cell = jnp.where(is_attacking, hit.cell, NO_CELL)
  block = jnp.where(cell >= 0, state.blocks[jnp.maximum(cell, 0)].astype(jnp.int32), 0)
  item = state.slots.item[layout.HOTBAR + player.hotbar]
  rate = break_rate(block, item, player.is_on_ground, is_liquid_at(state.blocks, eye_of(player)))
  before = jnp.where(cell == player.mine_cell, player.mine_progress, 0.0)
  progress = jnp.where(cell >= 0, before + rate, 0.0)
  is_broken = progress >= 1.0 - 1e-5
  is_harvested = is_broken & can_harvest(block, item)
  counted = state.stats.mine_block.at[block].add(is_harvested.astype(jnp.int32))
  player = player._replace(
    mine_cell=jnp.where(is_broken, NO_CELL, cell),
    mine_progress=jnp.where(is_broken, 0.0, progress),
  )
  drop = jnp.where(is_harvested, jnp.asarray(tables.BLOCKS.drop_item)[block], 0)
  where = cell_of_index(jnp.maximum(cell, 0)).astype(jnp.float32)
  where = where + jnp.asarray([0.5, 0.25, 0.5])
  edit = Edit(jnp.where(is_broken, cell, NO_CELL), jnp.zeros((), jnp.int32))
  state = state._replace(player=player, stats=state.stats._replace(mine_block=counted))
  return state, edit, drop, where


def use(
  state: State, hit: Hit, buttons: jax.Array, is_usable: jax.Array
) -> tuple[State, Edit, jax.Array]:
  """Right click on the block at `hit`: opens its GUI, else places the held block before it.

  Acts on the tick `use` goes down and every USE_DELAY ticks while it is held; with sneak held a
  block with a GUI is built against instead.

  Args:
    state: the game.
    hit: what `cast` returned.
    buttons: int8[23].
    is_usable: bool[], False where something else is before the block or it was just broken.
  Returns:
    (state, edit, gui int32[] to open or layout.GUI_NONE).
  """
  player, slots = state.player, state.slots
  is_pressed = buttons[BUTTON_INDEX["use"]] > 0
  is_fresh = state.prev_buttons[BUTTON_INDEX["use"]] == 0
  delay = jnp.maximum(player.use_delay - 1, 0)
  is_used = is_pressed & (is_fresh | (delay == 0)) & is_usable & (hit.cell >= 0)
  delay = jnp.where(is_used, USE_DELAY, delay)
  target = jnp.where(hit.cell >= 0, state.blocks[jnp.maximum(hit.cell, 0)].astype(jnp.int32), 0)
  gui = jnp.where(
    is_used & (buttons[BUTTON_INDEX["sneak"]] == 0), jnp.asarray(tables.BLOCKS.gui)[target], 0
  )
  slot = layout.HOTBAR + player.hotbar
  item = slots.item[slot]
  block = jnp.asarray(tables.ITEMS.block)[item]
  front = jnp.maximum(hit.front, 0)
  there = state.blocks[front].astype(jnp.int32)
  is_free = ~jnp.asarray(tables.BLOCKS.is_solid)[there]
  is_free &= (there == 0) | jnp.asarray(tables.BLOCKS.is_liquid)[there]
  is_solid = jnp.asarray(tables.BLOCKS.is_solid)[block]
  is_free &= ~(is_solid & _is_occupied(cell_of_index(front), player, state.mobs))
  is_placed = is_used & (gui == layout.GUI_NONE) & (block > 0) & (hit.front >= 0) & is_free
  spent = is_placed.astype(jnp.int32)
  left = slots.count[slot] - spent
  stats = state.stats._replace(
    use_item=state.stats.use_item.at[item].add(spent),
    interact=state.stats.interact.at[target].add((gui > 0).astype(jnp.int32)),
  )
  state = state._replace(
    player=player._replace(use_delay=delay),
    slots=slots._replace(
      item=slots.item.at[slot].set(jnp.where(left > 0, item, 0)),
      count=slots.count.at[slot].set(left),
    ),
    stats=stats,
  )
  return state, Edit(jnp.where(is_placed, front, NO_CELL), block), gui


def pick(state: State, hit: Hit, buttons: jax.Array) -> State:
  """Middle click: selects the hotbar slot whose item places the block at `hit`, if there is one."""
  index = BUTTON_INDEX["pickItem"]
  is_pressed = (buttons[index] > 0) & (state.prev_buttons[index] == 0) & (hit.cell >= 0)
  block = state.blocks[jnp.maximum(hit.cell, 0)].astype(jnp.int32)
  is_it = jnp.asarray(tables.ITEMS.block)[state.slots.item[layout.HOTBAR : layout.MAIN]] == block
  hotbar = jnp.where(is_pressed & jnp.any(is_it), jnp.argmax(is_it), state.player.hotbar)
  return state._replace(player=state.player._replace(hotbar=hotbar.astype(jnp.int32)))


def _is_occupied(cell: jax.Array, player: Player, mobs: Mobs) -> jax.Array:
  """bool[], whether the player or a mob stands in int32[3] `cell`."""
  pos = jnp.concatenate([player.pos[None], mobs.pos])
  width = jnp.concatenate([jnp.full((1,), PLAYER_WIDTH), jnp.asarray(tables.MOBS.width)[mobs.kind]])
  tall = jnp.concatenate(
    [jnp.full((1,), PLAYER_HEIGHT), jnp.asarray(tables.MOBS.height)[mobs.kind]]
  )
  is_there = jnp.concatenate([jnp.ones((1,), bool), mobs.kind > 0])
  low = cell.astype(jnp.float32)[None]
  half = jnp.stack([width / 2, jnp.zeros_like(width), width / 2], axis=-1)
  high = pos + jnp.stack([width / 2, tall, width / 2], axis=-1)
  is_met = jnp.all((high > low + SKIN) & (pos - half < low + 1 - SKIN), axis=-1)
  return jnp.any(is_met & is_there)
