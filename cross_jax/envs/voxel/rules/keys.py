"""What the mouse and the keys do at once: turning, hotbar, throwing, swapping hands."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.voxel.gui import inventory, layout
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import drops
from cross_jax.envs.voxel.rules.cells import eye_of, gaze_of
from cross_jax.envs.voxel.state import NO_CELL, Drops, Player, State

MAX_TURN_DEG = 180.0  # of the camera in one tick
MAX_PITCH_DEG = 90.0
THROW_DOWN_M = 0.3  # below the eye, where a thrown item appears
THROW_SPEED, THROW_RISE = 0.3, 0.1  # m per tick: along the gaze, and upwards
_HOTBAR_KEYS = np.asarray([BUTTON_INDEX[f"hotbar.{i}"] for i in range(1, 10)])


def clip(state: State, action: RawAction) -> tuple[State, RawAction]:
  """The action with buttons 0 or 1 and a finite camera within MAX_TURN_DEG; counts what was not."""
  turn = jnp.nan_to_num(action.camera_deg, nan=0.0)
  turn = jnp.clip(turn, -MAX_TURN_DEG, MAX_TURN_DEG)
  buttons = (action.buttons > 0).astype(jnp.int8)
  num_wild = jnp.sum(turn != action.camera_deg) + jnp.sum(buttons != action.buttons)
  state = state._replace(num_clipped=state.num_clipped + num_wild.astype(jnp.int32))
  return state, RawAction(buttons, turn)


def seen_by_world(state: State, action: RawAction) -> RawAction:
  """The action as far as it is not a GUI's; nothing of it for a dead player."""
  is_playing = (state.gui.kind == layout.GUI_NONE) & (state.player.health > 0)
  return RawAction(
    jnp.where(is_playing, action.buttons, 0).astype(jnp.int8),
    jnp.where(is_playing, action.camera_deg, 0.0),
  )


def look(state: State, action: RawAction, params: Params) -> State:
  """Turns the gaze; pitch stops at the poles."""
  player, turn_deg = state.player, action.camera_deg
  pitch = jnp.clip(player.pitch_deg + turn_deg[0], -MAX_PITCH_DEG, MAX_PITCH_DEG)
  return state._replace(
    player=player._replace(pitch_deg=pitch, yaw_deg=player.yaw_deg + turn_deg[1])
  )


def _pressed(state: State, action: RawAction) -> jax.Array:
  return (action.buttons > 0) & (state.prev_buttons == 0)


def select_hotbar(state: State, action: RawAction, params: Params) -> State:
  """A number key selects its hotbar slot; of several the highest does."""
  keys = _pressed(state, action)[_HOTBAR_KEYS]
  last = keys.shape[0] - 1 - jnp.argmax(keys[::-1]).astype(jnp.int32)
  hotbar = jnp.where(jnp.any(keys), last, state.player.hotbar)
  return state._replace(player=state.player._replace(hotbar=hotbar))


def take_in_hand(state: State, action: RawAction, params: Params) -> State:
  """With another item in hand than on the last tick, the charge, mining and eating begin anew.

  A hit on that tick comes before and still has the charge of the old item.

  Source: Minecraft 1.16 Player.tick, MultiPlayerGameMode.sameDestroyTarget,
    LivingEntity.updatingUsingItem.
  """
  player = state.player
  item = state.slots.item[layout.HOTBAR + player.hotbar]
  is_same = item == player.held_item
  return state._replace(
    player=player._replace(
      held_item=item,
      attack_ticks=jnp.where(is_same, player.attack_ticks, 0),
      mine_cell=jnp.where(is_same, player.mine_cell, NO_CELL),
      mine_progress=jnp.where(is_same, player.mine_progress, 0.0),
      eat_ticks=jnp.where(is_same, player.eat_ticks, 0),
    )
  )


def throw(state: State, action: RawAction, params: Params) -> State:
  """`drop` throws one item of the stack in hand; with `sprint`, the Ctrl key, all of it."""
  player, slot = state.player, layout.HOTBAR + state.player.hotbar
  is_thrown = _pressed(state, action)[BUTTON_INDEX["drop"]]
  is_all = action.buttons[BUTTON_INDEX["sprint"]] > 0
  count = state.slots.count[slot]
  thrown = jnp.where(is_thrown, jnp.where(is_all, count, jnp.minimum(count, 1)), 0)
  lying = thrown_drops(state.drops, player, state.slots.item[slot], thrown)
  is_thrown = thrown > 0
  return state._replace(
    player=player._replace(
      attack_ticks=jnp.where(is_thrown, 0, player.attack_ticks),
      swing_ticks=jnp.where(is_thrown, 0, player.swing_ticks),
    ),
    drops=lying,
    slots=inventory.remove_item(state.slots, slot, thrown),
  )


def thrown_drops(lying: Drops, player: Player, item: jax.Array, count: jax.Array) -> Drops:
  """Drops with a stack (int32[] each) that the player throws along his gaze."""
  where = eye_of(player) - jnp.asarray([0.0, THROW_DOWN_M, 0.0])
  vel = gaze_of(player) * THROW_SPEED + jnp.asarray([0.0, THROW_RISE, 0.0])
  return drops.spawn(lying, item, count, where, drops.PICKUP_TICKS - drops.THROWN_TICKS, vel)


def swap_hands(state: State, action: RawAction, params: Params) -> State:
  """`swapHands` exchanges the stack in hand and the one in the off hand."""
  slots, slot = state.slots, layout.HOTBAR + state.player.hotbar
  item, count = slots.item[slot], slots.count[slot]
  other, other_count = slots.item[layout.OFFHAND], slots.count[layout.OFFHAND]
  swapped = inventory.set_slot(slots, slot, other, other_count)
  swapped = inventory.set_slot(swapped, jnp.int32(layout.OFFHAND), item, count)
  is_swapped = _pressed(state, action)[BUTTON_INDEX["swapHands"]]
  return state._replace(
    slots=jax.tree.map(lambda new, old: jnp.where(is_swapped, new, old), swapped, slots)
  )
