"""One tick of the world: the ordered list of its rules, for one game and for a batch."""

import jax
import jax.numpy as jnp

from cross_jax.base import RawAction
from cross_jax.envs.voxel.gui import furnaces, gui, stores
from cross_jax.envs.voxel.params import Params
from cross_jax.envs.voxel.rules import (
  aim,
  chance,
  combat,
  daytime,
  drops,
  fluids,
  gaits,
  health,
  hunger,
  keys,
  mining,
  mob_health,
  physics,
  projectiles,
  respawn,
  support,
  tricks,
  use,
)
from cross_jax.envs.voxel.rules.edits import apply_edits, apply_edits_batch
from cross_jax.envs.voxel.rules.events import (
  count_events,
  count_events_batch,
  meets_goal,
  no_events,
)
from cross_jax.envs.voxel.rules.when_needed import rarely
from cross_jax.envs.voxel.state import State

# Each rule is one function of (state, action, params). The order is MineRL's: keys, mouse move,
# mouse buttons, then the world. Rules only note the cells they change (edits.py).
RULES = (
  health.recover,
  rarely(support.drop_unsupported, support.has_changed, "edits", "drops"),
  keys.look,
  keys.select_hotbar,
  keys.throw,
  keys.swap_hands,
  aim.take_aim,
  mining.pick,
  combat.attack,
  keys.take_in_hand,
  rarely(tricks.teleport, tricks.may_teleport, "mobs"),
  mining.mine,
  use.use_block,
  hunger.eat,
  physics.move_player,
  gaits.move_mobs,
  combat.strike,
  projectiles.shoot,
  rarely(projectiles.fly, projectiles.are_flying, "projectiles", "player"),
  rarely(tricks.burn_fuses, tricks.has_fuses, "mobs", "player"),
  fluids.breathe,
  fluids.burn,
  hunger.digest,
  mob_health.burn_mobs,
  rarely(combat.bury, combat.has_dead, "mobs", "drops"),
  rarely(drops.fall, drops.are_lying, "drops"),
  rarely(drops.merge, drops.are_lying, "drops"),
  rarely(drops.collect, drops.are_lying, "drops", "slots", "events"),
  furnaces.tick_furnaces,
  rarely(stores.spill, stores.are_kept, "drops", "stores"),
  daytime.pass_time,
)
DEFAULT = Params()
_respawn = rarely(respawn.respawn, respawn.is_dead, "player", "slots", "drops")


def step(
  state: State, action: RawAction, params: Params = DEFAULT
) -> tuple[State, jax.Array, jax.Array]:
  """One tick of one game.

  Args:
    state: the game.
    action: RawAction, int8[23] and float32[2] degrees.
    params: the rules' settings.
  Returns:
    (state, reward float32[], terminated bool[]): see `tick`.
  """
  state, reward, terminated = tick(state, action, params)
  return count_events(apply_edits(state)), reward, terminated


def step_batch(
  states: State, actions: RawAction, active: jax.Array, params: Params = DEFAULT
) -> tuple[State, jax.Array, jax.Array]:
  """One tick of the games where `active`; the others stay as they are, to the bit.

  Equal to `step` game by game.

  Args:
    states: State with a leading axis B.
    actions: RawAction, int8[B, 23] and float32[B, 2] degrees.
    active: bool[B].
    params: the rules' settings.
  Returns:
    (states, reward float32[B], terminated bool[B]); reward 0 where not active.
  """
  new, reward, terminated = jax.vmap(lambda s, a: tick(s, a, params))(states, actions)

  def select(a, b):
    return jnp.where(active.reshape(active.shape + (1,) * (a.ndim - 1)), a, b)

  bare = {"blocks": (), "boxes": (), "light": (), "stats": ()}
  kept = jax.tree.map(select, new._replace(**bare), states._replace(**bare))
  world = (states.blocks, states.boxes, states.light)
  (blocks, boxes, light), (kept, events) = apply_edits_batch(
    world, new.edits, active, (kept, new.events)
  )
  return (
    kept._replace(
      blocks=blocks,
      boxes=boxes,
      light=light,
      stats=count_events_batch(states.stats, events, active),
    ),
    jnp.where(active, reward, 0.0),
    jnp.where(active, terminated, states.goal.is_reached | (states.player.health <= 0)),
  )


def tick(
  state: State, action: RawAction, params: Params = DEFAULT
) -> tuple[State, jax.Array, jax.Array]:
  """The rules of one tick, in order; edits (of cells) and events (of stats) are left to the caller.

  Args:
    state: the game.
    action: RawAction, int8[23] and float32[2] degrees; wilder turns than keys.MAX_TURN_DEG and
      numbers that are not finite are clipped and counted in num_clipped.
    params: the rules' settings.
  Returns:
    (state, reward float32[]: 1 on the tick that the goal's count first rises, terminated bool[]:
    goal reached or player dead).
  """
  state = chance.draw(state._replace(events=no_events()))
  state, action = keys.clip(state, action)
  before = state.prev_buttons  # held through a death, keys are not pressed anew
  state = gui.apply_gui(*respawn.close_gui(state, action))._replace(prev_buttons=before)
  state = _respawn(state, action, params)
  world_action = keys.seen_by_world(state, action)
  for rule in RULES:
    state = rule(state, world_action, params)

  is_reached = state.goal.is_reached | meets_goal(state)
  reward = (is_reached & ~state.goal.is_reached).astype(jnp.float32)
  state = state._replace(
    goal=state.goal._replace(is_reached=is_reached),
    prev_buttons=action.buttons,
    tick=state.tick + 1,
    draws=(),
  )
  return state, reward, is_reached | (state.player.health <= 0)
