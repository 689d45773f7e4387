"""Training part of a policy: the rest is frozen, without a gradient, moments or a second copy.

The train state holds what is trained; a step made with `join=` (steps.make_sft_step,
make_grpo_step) takes the frozen rest as its last argument and never returns it.
"""

import re
from collections.abc import Callable
from typing import Any

from flax.traverse_util import flatten_dict, unflatten_dict

JoinFn = Callable[[Any, Any], Any]  # (frozen, trained) -> parameters of the policy


def split(params: Any, pattern: str) -> tuple[Any, Any]:
  """Parameters in two: those to freeze and those to train; nothing is copied.

  Args:
    params: nested dicts of arrays.
    pattern: regular expression; frozen is every leaf in whose path (keys joined by "/") it is
      found, as "^vision/" for the vision tower.
  Returns:
    (frozen, trained), nested dicts with the leaves at their old paths.
  Raises:
    ValueError: the pattern matches no leaf, or all of them.

  >>> print(split({"vision": {"kernel": 1}, "norm": {"scale": 2}}, "^vision/"))
  ({'vision': {'kernel': 1}}, {'norm': {'scale': 2}})
  """
  leaves = flatten_dict(params, sep="/")
  frozen = {name: leaf for name, leaf in leaves.items() if re.search(pattern, name)}
  if len(frozen) in (0, len(leaves)):
    which = "all" if frozen else "none"
    raise ValueError(
      f"pattern {pattern!r} matches {which} of {len(leaves)} parameters, so that nothing would be "
      f"{'trained' if frozen else 'frozen'}; they are {_some(leaves)}"
    )
  trained = {name: leaf for name, leaf in leaves.items() if name not in frozen}
  return unflatten_dict(frozen, sep="/"), unflatten_dict(trained, sep="/")


def join(frozen: Any, trained: Any) -> Any:
  """The union of two parameter trees without a leaf in common: what `split` took apart.

  Args:
    frozen, trained: nested dicts of arrays.
  Returns:
    Nested dicts with the leaves of both; nothing is copied.
  Raises:
    ValueError: one is no dict, or a leaf is in both.

  >>> print(join({"vision": {"kernel": 1}}, {"norm": {"scale": 2}}))
  {'vision': {'kernel': 1}, 'norm': {'scale': 2}}
  """
  frozen, trained = named_leaves(frozen), named_leaves(trained)
  both = sorted(frozen.keys() & trained.keys())
  if both:
    raise ValueError(
      f"{both[0]} is frozen and trained (and {len(both) - 1} more): give the two parts that split "
      "returns"
    )
  return unflatten_dict(frozen | trained, sep="/")


def named_leaves(params: Any) -> dict[str, Any]:
  """The leaves of nested dicts by their paths, keys joined by "/".

  Raises:
    ValueError: params is no dict, as when a step got its arguments in another order.
  """
  if not isinstance(params, dict):
    raise ValueError(
      f"parameters of type {type(params).__name__}: must be nested dicts; a step made with join "
      "takes the frozen parameters last"
    )
  return flatten_dict(params, sep="/")


def _some(names: Any, limit: int = 5) -> str:
  names = sorted(names)
  return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")
