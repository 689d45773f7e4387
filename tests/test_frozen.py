"""Parameter trees taken apart and joined."""

import doctest

import jax
import jax.numpy as jnp
import pytest

from cross_jax import frozen

PARAMS = {
  "vision": {"blocks": {"fc1": {"kernel": jnp.ones((2, 3))}}},
  "layers": {"norm": {"scale": jnp.ones(3)}},
  "norm": {"scale": jnp.ones(3)},
}


@pytest.mark.parametrize("pattern", ["^vision/", "^norm/", "scale$", "^(vision|layers)/"])
def test_split_then_join_is_the_identity(pattern):
  parts = frozen.split(PARAMS, pattern)
  joined = frozen.join(*parts)
  assert jax.tree.structure(joined) == jax.tree.structure(PARAMS)
  assert all(a is b for a, b in zip(jax.tree.leaves(joined), jax.tree.leaves(PARAMS)))
  assert sum(len(jax.tree.leaves(part)) for part in parts) == 3


def test_the_pattern_is_looked_for_in_the_whole_path():
  frozen_part, trained = frozen.split(PARAMS, "^norm/")
  assert list(frozen_part) == ["norm"] and sorted(trained) == ["layers", "vision"]


def test_wrong_arguments():
  with pytest.raises(ValueError, match=r"'\^visual' matches none of 3 .*layers/norm/scale"):
    frozen.split(PARAMS, "^visual")
  with pytest.raises(ValueError, match="'.' matches all of 3 .* nothing would be trained"):
    frozen.split(PARAMS, ".")
  with pytest.raises(ValueError, match="layers/norm/scale is frozen and trained .and 2 more"):
    frozen.join(PARAMS, PARAMS)
  with pytest.raises(ValueError, match="of type tuple: must be nested dicts"):
    frozen.join((), PARAMS)


def test_docstring_examples():
  assert doctest.testmod(frozen).failed == 0
