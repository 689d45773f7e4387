"""Drawing only those games of a batch whose pictures are wanted."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from cross_jax.envs.voxel.state import State

CHUNK = 4  # games drawn by one call: one compiled shape for any number of games


def draw_chosen(
  draw: Callable[[State], Any], states: State, games: Sequence[int]
) -> list[tuple[list[int], Any]]:
  """Calls `draw` on the chosen games, CHUNK at a time, without waiting for what it returns.

  Args:
    draw: a jitted function of a State with a leading axis, such as a partial of render_batch.
    states: State with a leading axis B.
    games: which, 0..B-1.
  Returns:
    (games of the part, what `draw` returned for CHUNK games, those of the part first), per part.
  """
  games = [int(game) for game in games]
  parts = [games[i : i + CHUNK] for i in range(0, len(games), CHUNK)]
  padded = [np.asarray((part + [part[0]] * CHUNK)[:CHUNK], np.int32) for part in parts]
  return [(part, draw(_take(states, ids))) for part, ids in zip(parts, padded)]


@jax.jit
def _take(states: State, games: jax.Array) -> State:
  return jax.tree.map(lambda rows: rows[games], states)
