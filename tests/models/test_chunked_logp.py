"""Log-probabilities in chunks: the numbers and the gradients of whole logits, and their memory."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.models.qwen2_vl.chunked_logp import chunked_logp

B, N, D, V = 2, 7, 6, 23


def whole(projection, rows, ids, temperature, vocab_axis):
  table = projection if vocab_axis == 0 else projection.T
  logp = jax.nn.log_softmax(jnp.einsum("bnd,vd->bnv", rows, table) / temperature)
  return jnp.take_along_axis(logp, ids[..., None], axis=-1)[..., 0]


def make(dtype=np.float32):
  rng = np.random.default_rng(0)
  table = rng.normal(size=(V, D)).astype(np.float32)
  rows = rng.normal(size=(B, N, D)).astype(dtype)
  return table, rows, rng.integers(0, V, (B, N)), rng.normal(size=(B, N)).astype(np.float32)


# 1 token: 7 chunks of 4 ids, the last of them overlapping; 6: a chunk of 1 token after one of 6.
@pytest.mark.parametrize("size", [1, 3, 6, 7])
@pytest.mark.parametrize("vocab_axis", [0, 1])
def test_values_and_gradients_are_those_of_whole_logits(size, vocab_axis):
  table, rows, ids, weights = make()
  projection = table if vocab_axis == 0 else np.ascontiguousarray(table.T)

  def total(function):
    return lambda projection, rows: jnp.sum(weights * function(projection, rows))

  chunked = lambda p, r: chunked_logp(p, r, ids, size, 0.7, vocab_axis)
  direct = lambda p, r: whole(p, r, ids, 0.7, vocab_axis)
  np.testing.assert_allclose(chunked(projection, rows), direct(projection, rows), atol=1e-5)
  got = jax.grad(total(chunked), (0, 1))(projection, rows)
  expected = jax.grad(total(direct), (0, 1))(projection, rows)
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), got, expected)
  assert min(float(jnp.abs(g).max()) for g in got) > 0.1


def test_float32_projection_under_bfloat16_rows():
  table, rows, ids, weights = make(jnp.bfloat16)
  loss = lambda p, r: jnp.sum(weights * chunked_logp(p, r, ids, 3, 1.0, 0))
  d_table, d_rows = jax.grad(loss, (0, 1))(table, rows)
  assert (d_table.dtype, d_rows.dtype) == (jnp.float32, jnp.bfloat16)
  direct = lambda p, r: jnp.sum(weights * whole(p, r, ids, 1.0, 0))
  expected = jax.grad(direct)(table, rows.astype(np.float32))
  np.testing.assert_allclose(d_table, expected, atol=0.05)


def test_the_gradient_has_no_second_projection():
  D, V = 64, 4096
  shapes = [
    jax.ShapeDtypeStruct(shape, dtype)
    for shape, dtype in (((V, D), jnp.float32), ((1, 64, D), jnp.float32), ((1, 64), jnp.int32))
  ]

  @functools.partial(jax.jit, donate_argnums=0)
  def step(table, rows, ids):
    loss = lambda table: -jnp.sum(chunked_logp(table, rows, ids, 8, 1.0, 0))
    return table - 0.1 * jax.grad(loss)(table)

  memory = step.lower(*shapes).compile().memory_analysis()
  assert memory.temp_size_in_bytes < 1.8 * 4 * V * D  # the gradient, and parts of 1/8 of it
