"""How the games of a batch are worked on: one after another, or all together.

A CPU keeps one game in its cache, and a loop over games costs it nothing. An accelerator wants as
few and as large operations as there can be: all games in each, and loops only over what is left to
do in any of them.

>>> with batch_layout("together"):
...   is_together()
True
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

EACH, TOGETHER = "each", "together"
LAYOUTS = (EACH, TOGETHER)
# "" for that of the platform. Part of the key of every jit's cache: `with batch_layout(TOGETHER):`
# around a call traces it anew.
batch_layout = jax.make_user_context("")


def is_together() -> bool:
  """Whether what is being traced shall work on all games of a batch together.

  As `batch_layout` says; if it says nothing: not on a CPU, elsewhere yes.

  Raises:
    ValueError: another name than one of LAYOUTS.
  """
  name = batch_layout.value
  if name not in ("", *LAYOUTS):
    raise ValueError(f"layout {name!r}: must be one of {', '.join(LAYOUTS)}, or empty")
  return (name or (EACH if default_platform() == "cpu" else TOGETHER)) == TOGETHER


def default_platform() -> str:
  """The platform that computations run on here: jax.default_device's, or else JAX's own choice."""
  device = jax.config.jax_default_device
  if device is None:
    return jax.default_backend()
  return device if isinstance(device, str) else device.platform


def batched(num_games: int, is_batched: Any, tree: Any) -> Any:
  """The arguments of a rule of custom_vmap with a leading axis on every leaf.

  Args:
    num_games: of the batch.
    is_batched: pytree of bool like `tree`, which leaves have the axis already.
    tree: pytree of arrays.
  """
  spread = lambda x, is_in: x if is_in else jnp.broadcast_to(x, (num_games, *jnp.shape(x)))
  return jax.tree.map(spread, tree, is_batched)


def all_batched(tree: Any) -> tuple[Any, Any]:
  """What a rule of custom_vmap returns where every leaf has a leading axis."""
  return tree, jax.tree.map(lambda _: True, tree)


def in_groups(work: Callable[[Any], Any], rows: Any, size: int) -> Any:
  """`work` of batches of at most `size` rows, one after another, so that memory stays bounded.

  Args:
    work: function of a batch to a pytree of arrays with a leading axis of as many rows; each row
      depends on its own alone.
    rows: pytree of arrays with a leading axis B.
    size: rows at a time, static.
  Returns:
    What `work` gives of all B rows.
  """
  num = jax.tree.leaves(rows)[0].shape[0]
  num_groups = -(-num // size)
  if num_groups == 1:
    return work(rows)
  size = -(-num // num_groups)
  # The last group ends with the last row, so that it may begin among rows of the one before.
  starts = jnp.minimum(jnp.arange(num_groups, dtype=jnp.int32) * size, num - size)
  cut = lambda start: lambda a: jax.lax.dynamic_slice_in_dim(a, start, size)
  done = jax.lax.map(lambda start: work(jax.tree.map(cut(start), rows)), starts)
  last = num - (num_groups - 1) * size
  join = lambda a: jnp.concatenate([a[:-1].reshape(-1, *a.shape[2:]), a[-1, size - last :]])
  return jax.tree.map(join, done)
