"""Work that few games need on a tick."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

T = TypeVar("T")


def rarely(rule: Callable[..., Any], is_needed: Callable[..., jax.Array], *changes: str) -> Any:
  """A rule that does its work only on a tick on which some game of a batch needs it.

  Args:
    rule: function of (state, action, params) that leaves states that do not need it as they are.
    is_needed: function of (state) to bool[].
    changes: the fields of State that it may change; it must not read `boxes`, `light` or `stats`.
  """

  def rare(state: Any, action: Any, params: Any) -> Any:
    value = {name: getattr(state, name) for name in changes}

    def work(value: dict[str, Any], state: Any, action: Any) -> dict[str, Any]:
      after = rule(state._replace(**value), action, params)
      return {name: getattr(after, name) for name in changes}

    rest = state._replace(boxes=(), light=(), stats=())
    return state._replace(**when_needed(is_needed(state), work, value, rest, action))

  rare.__name__ = rule.__name__
  return rare


def when_needed(is_needed: jax.Array, work: Callable[..., T], value: T, *inputs: Any) -> T:
  """`work(value, *inputs)` where `is_needed`, else `value`.

  Unlike lax.cond, which a batch turns into both branches for all games, a batch does the work only
  on a tick on which some game needs it: a loop of at most one turn. What `work` reads must come
  through its arguments: the compiler takes work on anything else out of the loop.

  Args:
    is_needed: bool[].
    work: a function that gives a pytree of the structure of `value`.
    value, inputs: pytrees of arrays.
  """

  def turn(carry: tuple[jax.Array, T]) -> tuple[jax.Array, T]:
    _, value, given = jax.lax.optimization_barrier((*carry, inputs))
    return jnp.zeros_like(carry[0]), work(value, *given)

  start = (jnp.asarray(is_needed), value)
  return jax.lax.while_loop(lambda carry: carry[0], turn, start)[1]
