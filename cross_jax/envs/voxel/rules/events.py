"""What a tick adds to the stats: noted by the rules, counted once at its end.

`State.stats` is only read by the rules, so that a batch copies no table of counts in a tick.
"""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.state import Events, State, Stats

_GOAL_KINDS = np.asarray(
  [Stats._fields.index(n) for n in ("mine_block", "kill_entity", "craft_item", "interact")],
  np.int32,
)  # by tasks.setup.STAT_*


def no_events() -> Events:
  zeros = jnp.zeros((len(Stats._fields),), jnp.int32)
  return Events(zeros, zeros)


def note(state: State, kind: str, index: jax.Array, amount: jax.Array) -> State:
  """The state with `amount` (int32[]) more of entry `index` (int32[]) in the stat `kind`.

  A kind has room for one entry a tick: the last one noted with an amount above 0.
  """
  events = state.events
  is_it = (np.arange(len(Stats._fields)) == Stats._fields.index(kind)) & (amount > 0)
  return state._replace(
    events=Events(jnp.where(is_it, index, events.index), jnp.where(is_it, amount, events.amount))
  )


def meets_goal(state: State) -> jax.Array:
  """bool[], whether this tick's events raise the count that the goal watches."""
  kind = jnp.asarray(_GOAL_KINDS)[state.goal.stat]
  return (state.events.amount[kind] > 0) & (state.events.index[kind] == state.goal.index)


def count_events(state: State) -> State:
  """One game with its events counted."""
  counts = [
    count.at[state.events.index[k]].add(state.events.amount[k])
    for k, count in enumerate(state.stats)
  ]
  return state._replace(stats=Stats(*counts))


def count_events_batch(stats: Stats, events: Events, active: jax.Array) -> Stats:
  """The stats of B games after the events of those where `active` (bool[B])."""
  games = jnp.arange(active.shape[0])
  amount = jnp.where(active[:, None], events.amount, 0)
  return Stats(
    *(
      count.at[games, events.index[:, k]].add(amount[:, k], unique_indices=True)
      for k, count in enumerate(stats)
    )
  )
