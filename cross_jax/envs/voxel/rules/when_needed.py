"""Work that few games need on a tick."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from cross_jax.envs.voxel.batch_layout import all_batched, batched, is_together

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

    rest = {name: () for name in (*changes, "boxes", "light", "stats")}
    return state._replace(
      **when_needed(is_needed(state), work, value, state._replace(**rest), action)
    )

  rare.__name__ = rule.__name__
  return rare


def when_needed(is_needed: jax.Array, work: Callable[..., T], value: T, *inputs: Any) -> T:
  """`work(value, *inputs)` where `is_needed`, else `value`.

  Unlike lax.cond, which a batch turns into both branches for all games, a batch does the work only
  on a tick on which some game needs it.

  Args:
    is_needed: bool[].
    work: a function that gives a pytree of the structure of `value`; it must not close over traced
      arrays.
    value, inputs: pytrees of arrays.
  """

  @jax.custom_batching.custom_vmap
  def run(is_needed: jax.Array, value: T, inputs: tuple[Any, ...]) -> T:
    return jax.lax.cond(is_needed, work, lambda value, *_: value, value, *inputs)

  @run.def_vmap
  def _(num_games: int, is_batched: Any, *args: Any):
    is_needed, value, inputs = batched(num_games, tuple(is_batched), args)

    def select(is_needed: jax.Array, value: T, inputs: tuple[Any, ...]) -> T:
      put = lambda new, old: new if new is old else jnp.where(is_needed, new, old)
      return jax.tree.map(put, work(value, *inputs), value)

    keep = lambda is_needed, value, inputs: value
    is_any = jnp.any(is_needed)
    return all_batched(jax.lax.cond(is_any, jax.vmap(select), keep, is_needed, value, inputs))

  return run(is_needed, value, inputs)


def where_needed(
  is_needed: jax.Array,
  work: Callable[..., T],
  value: T,
  *inputs: Any,
  blocks: jax.Array | None = None,
  at_once: int = 8,
) -> T:
  """`work(value, *inputs)` where `is_needed`, else `value`; for heavy work of few games.

  A batch gathers those that need it and does the work for `at_once` of them at a time.

  Args:
    is_needed: bool[].
    work: a function that gives a pytree of the structure of `value`; it must not close over traced
      arrays.
    value, inputs: pytrees of arrays.
    blocks: uint16[NUM_CELLS]; if given, a function from int32[...] indices of cells, 0 or more, to
      uint16[...] blocks is the last argument of `work`, as gathering a world would copy it.
    at_once: games.
  """
  worlds = () if blocks is None else (blocks,)

  def lookups(flat: Sequence[jax.Array], first: jax.Array | int) -> list[Callable[..., jax.Array]]:
    return [lambda index, x=x: x.at[first + index].get(mode="clip") for x in flat]

  @jax.custom_batching.custom_vmap
  def run(is_needed: jax.Array, value: T, inputs: Any, worlds: tuple[jax.Array, ...]) -> T:
    do = lambda value: work(value, *inputs, *lookups(worlds, 0))
    return jax.lax.cond(is_needed, do, lambda value: value, value)

  @run.def_vmap
  def _(num_games: int, is_batched: Any, *args: Any):
    is_needed, value, inputs, worlds = batched(num_games, tuple(is_batched), args)
    flat = [x.reshape(-1) for x in worlds]

    def of_game(game: jax.Array, value: T, *inputs: Any) -> T:
      return work(value, *inputs, *lookups(flat, game * (flat[0].size // num_games) if flat else 0))

    return all_batched(work_in_turns(is_needed, of_game, value, inputs, at_once))

  return run(is_needed, value, inputs, worlds)


def work_in_turns(
  is_needed: jax.Array, work: Callable[..., T], value: T, inputs: tuple[Any, ...], at_once: int
) -> T:
  """The rows of `value` where `is_needed` after `work(row number, value, *inputs)`, row by row.

  Args:
    is_needed: bool[N].
    work: of single rows; `at_once` of them are done in one turn of a loop.
    value, inputs: pytrees of arrays with a leading axis N.
    at_once: rows; on an accelerator all of them (batch_layout.py).
  """
  num_rows = is_needed.shape[0]
  at_once = num_rows if is_together() else min(at_once, num_rows)
  place = jnp.cumsum(is_needed.astype(jnp.int32))
  num_turns = (place[-1] + at_once - 1) // at_once
  place = jnp.where(is_needed, place - 1, num_rows + at_once)
  waiting = jnp.full((num_rows + at_once,), num_rows, jnp.int32)
  waiting = waiting.at[place].set(jnp.arange(num_rows, dtype=jnp.int32), mode="drop")

  def turn(k: jax.Array, value: T) -> T:
    rows = jax.lax.dynamic_slice(waiting, (k * at_once,), (at_once,))
    take = lambda x: x.at[rows].get(mode="clip")
    new = jax.vmap(work)(jnp.minimum(rows, num_rows - 1), *jax.tree.map(take, (value, *inputs)))
    put = lambda old, new: old.at[rows].set(new, mode="drop")
    return jax.tree.map(put, value, new)

  return jax.lax.fori_loop(0, num_turns, turn, value)
