"""One tick of the world: the ordered list of its rules, for one game and for a batch."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, NUM_BUTTONS, RawAction
from cross_jax.envs.tasks.setup import TaskSetup
from cross_jax.envs.voxel import (
  combat,
  drops,
  gui,
  inventory,
  layout,
  mining,
  mobs,
  physics,
  tables,
)
from cross_jax.envs.voxel.mining import NO_CELL, Edit
from cross_jax.envs.voxel.render.boxes import build_boxes, update_boxes
from cross_jax.envs.voxel.state import (
  MAX_DROPS,
  MAX_MOBS,
  PLAYER_HEIGHT,
  PLAYER_WIDTH,
  Drops,
  Goal,
  Gui,
  Player,
  Slots,
  State,
  Stats,
)
from cross_jax.envs.voxel.worldgen import generate

MAX_TURN_DEG = 180.0  # of the camera in one tick
MAX_PITCH_DEG = 90.0
THROW_M = 1.2  # ahead of the eye, where a thrown item appears
_HOTBAR_KEYS = np.asarray([BUTTON_INDEX[f"hotbar.{i}"] for i in range(1, 10)])


def reset(setup: TaskSetup, rng: jax.Array) -> State:
  """A fresh game of a task.

  Args:
    setup: the task's row (tasks.setup), arrays without a batch axis.
    rng: uint32[2], decides the world and all chance in it.
  Returns:
    State.
  """
  world_rng, game_rng = jax.random.split(rng)
  blocks, spawn, animals = generate(setup, world_rng)
  zero, none = jnp.zeros((), jnp.int32), jnp.zeros((), jnp.float32)
  num_blocks, num_mobs, num_items = (
    len(table.names) for table in (tables.BLOCKS, tables.MOBS, tables.ITEMS)
  )
  counts = lambda n: jnp.zeros((n,), jnp.int32)
  state = State(
    blocks=blocks,
    boxes=build_boxes(blocks),
    player=Player(
      pos=spawn.pos,
      vel=jnp.asarray([0.0, physics.REST_VELOCITY, 0.0]),
      yaw_deg=spawn.yaw_deg,
      pitch_deg=spawn.pitch_deg,
      is_on_ground=jnp.ones((), bool),
      fall_m=none,
      health=jnp.full((), combat.MAX_HEALTH, jnp.float32),
      food=jnp.full((), 20.0, jnp.float32),
      hurt_ticks=zero,
      attack_ticks=jnp.full((), 100, jnp.int32),
      mine_cell=jnp.full((), NO_CELL, jnp.int32),
      mine_progress=none,
      use_delay=zero,
      hotbar=zero,
    ),
    mobs=animals,
    drops=Drops(counts(MAX_DROPS), counts(MAX_DROPS), jnp.zeros((MAX_DROPS, 3)), counts(MAX_DROPS)),
    slots=Slots(jnp.asarray(setup.item, jnp.int32), jnp.asarray(setup.count, jnp.int32)),
    gui=Gui(zero, jnp.asarray(layout.CURSOR_HOME, jnp.float32), zero, zero, zero),
    stats=Stats(
      counts(num_blocks),
      counts(num_mobs),
      counts(num_items),
      counts(num_items),
      counts(num_items),
      counts(num_blocks),
    ),  # fmt: skip
    goal=Goal(
      jnp.asarray(setup.goal_stat, jnp.int32),
      jnp.asarray(setup.goal_index, jnp.int32),
      jnp.zeros((), bool),
    ),
    prev_buttons=jnp.zeros((NUM_BUTTONS,), jnp.int8),
    is_night=jnp.asarray(setup.is_night, bool),
    tick=zero,
    num_clipped=zero,
    rng=game_rng,
  )
  return gui.open_gui(state, setup.gui)


def step(state: State, action: RawAction) -> tuple[State, jax.Array, jax.Array]:
  """One tick of one game.

  Args:
    state: the game.
    action: RawAction, int8[23] and float32[2] degrees.
  Returns:
    (state, reward float32[], terminated bool[]): see `tick`.
  """
  state, reward, terminated, edit = tick(state, action)
  blocks, boxes = _apply_edit(state.blocks, state.boxes, edit)
  return state._replace(blocks=blocks, boxes=boxes), reward, terminated


def step_batch(
  states: State, actions: RawAction, active: jax.Array
) -> tuple[State, jax.Array, jax.Array]:
  """One tick of the games where `active`; the others stay as they are, to the bit.

  Equal to `step` game by game. Cells change rarely, so that a loop over the games that changed is
  cheaper than the renderer's update for all.

  Args:
    states: State with a leading axis B.
    actions: RawAction, int8[B, 23] and float32[B, 2] degrees.
    active: bool[B].
  Returns:
    (states, reward float32[B], terminated bool[B]); reward 0 where not active.
  """
  new, reward, terminated, edits = jax.vmap(tick)(states, actions)

  def select(a, b):
    return jnp.where(active.reshape(active.shape + (1,) * (a.ndim - 1)), a, b)

  world = {"blocks": states.blocks, "boxes": states.boxes}
  bare = {"blocks": (), "boxes": ()}
  kept = jax.tree.map(select, new._replace(**bare), states._replace(**bare))

  def change(carry):
    blocks, boxes, pending = carry
    i = jnp.argmax(pending)
    edit = Edit(edits.cell[i], edits.block[i])
    row = jax.lax.optimization_barrier(_apply_edit(blocks[i], boxes[i], edit))
    return blocks.at[i].set(row[0]), boxes.at[i].set(row[1]), pending.at[i].set(False)

  blocks, boxes, _ = jax.lax.while_loop(
    lambda carry: jnp.any(carry[2]), change, (*world.values(), (edits.cell >= 0) & active)
  )
  return (
    kept._replace(blocks=blocks, boxes=boxes),
    jnp.where(active, reward, 0.0),
    jnp.where(active, terminated, states.goal.is_reached | (states.player.health <= 0)),
  )


def tick(state: State, action: RawAction) -> tuple[State, jax.Array, jax.Array, Edit]:
  """The rules of one tick, in order; the one cell that changed is left to the caller.

  Args:
    state: the game.
    action: RawAction, int8[23] and float32[2] degrees; wilder turns than MAX_TURN_DEG and numbers
      that are not finite are clipped and counted in num_clipped.
  Returns:
    (state, reward float32[]: 1 on the tick that the goal's count first rises, terminated bool[]:
    goal reached or player dead, edit).
  Source: order as in MineRL: keys, mouse move, mouse buttons, then the world (bodies, furnace).
  """
  blocks = state.blocks
  chance = jax.random.uniform(jax.random.fold_in(state.rng, state.tick), (MAX_MOBS, 2))
  state, action = _clip(state, action)
  state = gui.apply_gui(state, action)
  is_playing = (state.gui.kind == layout.GUI_NONE) & (state.player.health > 0)
  buttons = jnp.where(is_playing, action.buttons, 0).astype(jnp.int8)
  state = _look(state, jnp.where(is_playing, action.camera_deg, 0.0))
  state = _press_keys(state, buttons)

  eye, gaze = mining.eye_of(state.player), mining.gaze_of(state.player)
  hit = mining.cast(blocks, eye, gaze)
  state = mining.pick(state, hit, buttons)
  foe = combat.cast_mobs(state.mobs, eye, gaze)
  is_mob_first = foe.distance < hit.distance
  foe = foe._replace(slot=jnp.where(is_mob_first, foe.slot, combat.NO_MOB))
  state, loot, where = combat.attack(state, foe, buttons, chance[:, 0])
  state = state._replace(drops=drops.spawn(state.drops, loot, jnp.int32(1), where))
  is_mining = (buttons[BUTTON_INDEX["attack"]] > 0) & ~is_mob_first
  state, broken, yielded, where = mining.mine(state, hit, is_mining)
  state = state._replace(drops=drops.spawn(state.drops, yielded, jnp.int32(1), where))
  is_usable = (broken.cell == NO_CELL) & ~is_mob_first
  state, placed, opened = mining.use(state, hit, buttons, is_usable)
  state = _open(state, opened)

  state = _move_bodies(state, buttons, chance)
  player, animals = combat.strike(state.player, state.mobs)
  state = state._replace(player=combat.regenerate(player, state.tick), mobs=animals)
  state = drops.collect(state)
  state = gui.tick_furnace(state)

  is_reached = state.goal.is_reached | (_goal_count(state) > 0)
  reward = (is_reached & ~state.goal.is_reached).astype(jnp.float32)
  state = state._replace(
    goal=state.goal._replace(is_reached=is_reached),
    prev_buttons=action.buttons,
    tick=state.tick + 1,
  )
  is_broken = broken.cell != NO_CELL
  edit = Edit(
    jnp.where(is_broken, broken.cell, placed.cell), jnp.where(is_broken, broken.block, placed.block)
  )
  return state, reward, is_reached | (state.player.health <= 0), edit


def _clip(state: State, action: RawAction) -> tuple[State, RawAction]:
  """The action with buttons 0 or 1 and a finite camera within MAX_TURN_DEG."""
  turn = jnp.nan_to_num(action.camera_deg, nan=0.0)
  turn = jnp.clip(turn, -MAX_TURN_DEG, MAX_TURN_DEG)
  buttons = (action.buttons > 0).astype(jnp.int8)
  num_wild = jnp.sum(turn != action.camera_deg) + jnp.sum(buttons != action.buttons)
  state = state._replace(num_clipped=state.num_clipped + num_wild.astype(jnp.int32))
  return state, RawAction(buttons, turn)


def _look(state: State, turn_deg: jax.Array) -> State:
  player = state.player
  pitch = jnp.clip(player.pitch_deg + turn_deg[0], -MAX_PITCH_DEG, MAX_PITCH_DEG)
  return state._replace(
    player=player._replace(pitch_deg=pitch, yaw_deg=player.yaw_deg + turn_deg[1])
  )


def _press_keys(state: State, buttons: jax.Array) -> State:
  """Number keys, `drop` (throws one item) and `swapHands`, each on the tick it goes down."""
  pressed = (buttons > 0) & (state.prev_buttons == 0)
  keys = pressed[_HOTBAR_KEYS]
  player, slots = state.player, state.slots
  hotbar = jnp.where(jnp.any(keys), jnp.argmax(keys).astype(jnp.int32), player.hotbar)
  charge = jnp.where(hotbar == player.hotbar, player.attack_ticks, 0)
  player = player._replace(hotbar=hotbar, attack_ticks=charge)

  slot = layout.HOTBAR + hotbar
  item = slots.item[slot]
  thrown = jnp.where(pressed[BUTTON_INDEX["drop"]], jnp.minimum(slots.count[slot], 1), 0)
  where = mining.eye_of(player) + THROW_M * mining.gaze_of(player)
  lying = drops.spawn(state.drops, item, thrown, where, drops.PICKUP_TICKS - drops.THROWN_TICKS)
  slots = inventory.remove_item(slots, slot, thrown)

  item, count = slots.item[slot], slots.count[slot]
  other, other_count = slots.item[layout.OFFHAND], slots.count[layout.OFFHAND]
  swapped = inventory.set_slot(slots, slot, other, other_count)
  swapped = inventory.set_slot(swapped, jnp.int32(layout.OFFHAND), item, count)
  is_swapped = pressed[BUTTON_INDEX["swapHands"]]
  slots = jax.tree.map(lambda new, old: jnp.where(is_swapped, new, old), swapped, slots)
  return state._replace(player=player, slots=slots, drops=lying)


def _open(state: State, kind: jax.Array) -> State:
  """The state with the GUI `kind` open, if it is one."""
  opened = gui.open_gui(state, kind)
  pick = lambda new, old: jnp.where(kind != layout.GUI_NONE, new, old)
  return state._replace(
    slots=jax.tree.map(pick, opened.slots, state.slots),
    gui=jax.tree.map(pick, opened.gui, state.gui),
  )


def _move_bodies(state: State, buttons: jax.Array, chance: jax.Array) -> State:
  """Thoughts and velocities, one move of all boxes against the cells, then gravity and drag."""
  blocks, player = state.blocks, state.player
  animals, speed = mobs.think(state.mobs, player.pos, chance)
  vel = physics.player_velocity(blocks, player, buttons)
  moved = physics.move(
    blocks,
    jnp.concatenate([player.pos[None], animals.pos]),
    jnp.concatenate([vel[None], mobs.mob_velocity(blocks, animals, speed)]),
    jnp.concatenate([jnp.full((1,), PLAYER_WIDTH), jnp.asarray(tables.MOBS.width)[animals.kind]]),
    jnp.concatenate([jnp.full((1,), PLAYER_HEIGHT), jnp.asarray(tables.MOBS.height)[animals.kind]]),
  )
  rest = jax.tree.map(lambda a: a[1:], moved)
  return state._replace(
    player=physics.land(blocks, player, moved, buttons),
    mobs=mobs.land_mobs(blocks, animals, rest, speed, chance),
  )


def _goal_count(state: State) -> jax.Array:
  """int32[], the count that the goal watches."""
  index, stats = state.goal.index, state.stats
  counts = [stats.mine_block[index], stats.kill_entity[index], stats.craft_item[index]]
  return jnp.stack(counts)[state.goal.stat]


def _apply_edit(blocks: jax.Array, boxes: jax.Array, edit: Edit) -> tuple[jax.Array, jax.Array]:
  at = jnp.where(edit.cell >= 0, edit.cell, blocks.shape[0])
  blocks = blocks.at[at].set(edit.block.astype(jnp.uint16), mode="drop")
  return blocks, update_boxes(boxes, blocks, edit.cell)
