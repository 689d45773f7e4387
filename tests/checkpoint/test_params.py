"""Plain parameters in a folder of their own."""

import doctest

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.checkpoint import load_meta, load_params, params, save_params, tree


def make_params(seed):
  rng = np.random.default_rng(seed)
  return {
    "layers": {"kernel": jnp.asarray(rng.normal(size=(2, 3)), jnp.float32)},
    "half": jnp.asarray(rng.normal(size=4), jnp.bfloat16),
  }


def assert_identical(got, expected):
  assert jax.tree.map(lambda x: x.dtype, got) == jax.tree.map(lambda x: x.dtype, expected)
  jax.tree.map(
    lambda a, b: np.testing.assert_array_equal(np.asarray(a), np.asarray(b)), got, expected
  )


def test_loaded_equals_saved(tmp_path):
  save_params(tmp_path / "a" / "params", make_params(0), meta={"preset": "tiny", "raw": b"\x01"})
  assert_identical(load_params(tmp_path / "a" / "params"), make_params(0))
  assert_identical(load_params(tmp_path / "a" / "params", make_params(1)), make_params(0))
  assert load_meta(tmp_path / "a" / "params") == {"preset": "tiny", "raw": b"\x01"}


def test_an_export_is_replaced_whole(tmp_path):
  save_params(tmp_path / "params", make_params(0), meta={"old": 1})
  save_params(tmp_path / "params", {"other": jnp.ones(2)})
  assert_identical(load_params(tmp_path / "params"), {"other": jnp.ones(2)})
  assert load_meta(tmp_path / "params") == {}
  assert [path.name for path in tmp_path.iterdir()] == ["params"]


def test_little_more_than_the_largest_array_is_on_its_way_to_disk(tmp_path, monkeypatch):
  def needed(*sizes):
    return tree.write_gb([jax.ShapeDtypeStruct((size,), jnp.uint8) for size in sizes])

  # Orbax refuses an array that is not below its limit: one of 2 GB needs 3.
  assert [needed(5), needed(999_999_999, 999_999_999), needed(5, 2 * 10**9)] == [1, 1, 3]
  limits = []
  handler = tree.ocp.StandardCheckpointHandler
  record = lambda **options: limits.append(options["save_concurrent_gb"]) or handler(**options)
  monkeypatch.setattr(tree.ocp, "StandardCheckpointHandler", record)
  save_params(tmp_path / "params", make_params(0))
  assert limits == [1]


def test_errors(tmp_path):
  with pytest.raises(FileNotFoundError, match="none does not exist: give a directory written by"):
    load_params(tmp_path / "none")
  (tmp_path / "notes").mkdir()
  with pytest.raises(FileNotFoundError, match="notes holds no parameters"):
    load_meta(tmp_path / "notes")
  with pytest.raises(FileExistsError, match="notes exists and holds no parameters"):
    save_params(tmp_path / "notes", make_params(0))
  save_params(tmp_path / "params", make_params(0))
  template = make_params(0)
  template["layers"]["kernel"] = jnp.zeros((2, 5))
  with pytest.raises(ValueError, match=r"layers/kernel is float32\[2, 3\] .* float32\[2, 5\]"):
    load_params(tmp_path / "params", template)


def test_docstring_examples():
  assert doctest.testmod(params).failed == 0
  assert doctest.testmod(tree).failed == 0
