"""Day and night."""

from cross_jax.base import RawAction
from cross_jax.envs.voxel.params import DAY_TICKS, Params
from cross_jax.envs.voxel.state import State

DUSK, DAWN = 12_542, 23_460  # between them monsters do not burn


def pass_time(state: State, action: RawAction, params: Params) -> State:
  """The time of day goes on by a tick, unless it stands still; is_night follows it.

  Source: Minecraft 1.16 Level.isDay (sky darkness below 4), in clear weather.
  """
  if not params.is_time_passing:
    return state
  time = (state.time_of_day + 1) % DAY_TICKS
  return state._replace(time_of_day=time, is_night=(time >= DUSK) & (time < DAWN))
