"""Work that few games need on a tick."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp

T = TypeVar("T")


def when_needed(is_needed: jax.Array, work: Callable[[T], T], value: T) -> T:
  """`work(value)` where `is_needed`, else `value`.

  Unlike lax.cond, which a batch turns into both branches for all games, a batch does the work only
  on a tick on which some game needs it: a loop of at most one turn.

  Args:
    is_needed: bool[].
    work: a function of a pytree that gives one of the same structure.
    value: what it works on.
  """
  start = (jnp.asarray(is_needed), value)
  turn = lambda carry: (jnp.zeros_like(carry[0]), work(carry[1]))
  return jax.lax.while_loop(lambda carry: carry[0], turn, start)[1]
