"""Log-probabilities of tokens whose logits, and whose gradient's products, exist in parts only.

Forward in chunks of tokens. Backward in chunks of the vocabulary: each writes its part of the
output projection's gradient once, where chunks of tokens would each add a whole one ([V, D], the
largest array of a step) to the sum so far.
"""

import functools

import jax
import jax.numpy as jnp

MAX_PARTS = 16  # of the vocabulary: products of fewer columns are slow


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4, 5))
def chunked_logp(projection, rows, ids, size: int, temperature: float, vocab_axis: int):
  """log softmax(rows projection / temperature)[ids], with `size` tokens of a row at a time.

  Args:
    projection: [V, D] (vocab_axis 0) or [D, V] (1); its products are of the dtype of `rows`.
    rows: [B, N, D].
    ids: int32[B, N].
    size: 1..N.
    temperature: float > 0.
    vocab_axis: of the projection.
  Returns:
    float32[B, N], nats.
  """
  return _logp_and_total(projection, rows, ids, size, temperature, vocab_axis)[0]


def _logits(projection, rows, temperature: float, vocab_axis: int):
  """float32[B, n, V]."""
  terms = "bnd,vd->bnv" if vocab_axis == 0 else "bnd,dv->bnv"
  projection = projection.astype(rows.dtype)
  return jnp.einsum(terms, rows, projection, preferred_element_type=jnp.float32) / temperature


def _logp_and_total(projection, rows, ids, size, temperature, vocab_axis):
  """(log-probabilities, log of the sum of exp(logits)), float32[B, N] both."""
  num = rows.shape[1]
  num_chunks = -(-num // size)

  def split(x):  # [B, N, ...] -> [chunks, B, size, ...]
    x = jnp.pad(x, ((0, 0), (0, num_chunks * size - num)) + ((0, 0),) * (x.ndim - 2))
    return jnp.moveaxis(x.reshape(x.shape[0], num_chunks, size, *x.shape[2:]), 1, 0)

  def one(chunk):
    rows, ids = chunk
    logits = _logits(projection, rows, temperature, vocab_axis)
    total = jax.nn.logsumexp(logits, axis=-1)
    return jnp.take_along_axis(logits, ids[..., None], axis=-1)[..., 0] - total, total

  found = jax.lax.map(one, (split(rows), split(ids)))
  return jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1).reshape(rows.shape[0], -1)[:, :num], found)


def _forward(projection, rows, ids, size, temperature, vocab_axis):
  logp, total = _logp_and_total(projection, rows, ids, size, temperature, vocab_axis)
  return logp, (projection, rows, ids, total)


def _backward_width(vocab_size: int, shape: tuple[int, int, int], size: int) -> int:
  """Columns of the vocabulary at a time, so that logits and gradient take no more than forward's.

  >>> _backward_width(151936, (1, 256, 512), 64)
  12661
  """
  batch, num, width = shape
  columns = batch * size * vocab_size // (batch * num + width)
  return min(vocab_size, max(columns, -(-vocab_size // MAX_PARTS)))


def _backward(size, temperature, vocab_axis, kept, gradient):
  projection, rows, ids, total = kept
  vocab_size = projection.shape[vocab_axis]
  width = _backward_width(vocab_size, rows.shape, size)
  scale = (gradient / temperature)[..., None]

  def one(carry, first):
    d_projection, d_rows = carry
    start = jnp.minimum(first, vocab_size - width)  # the last part may begin before its first
    part = jax.lax.dynamic_slice_in_dim(projection, start, width, vocab_axis)
    columns = start + jnp.arange(width)
    p = jnp.exp(_logits(part, rows, temperature, vocab_axis) - total[..., None])
    is_said = ids[..., None] == columns[None, None]
    d_logits = (jnp.where(is_said, 1.0, 0.0) - p) * scale
    is_new = (columns >= first)[None, None]
    d_new = jnp.where(is_new, d_logits, 0.0).astype(rows.dtype)
    terms = "bnv,vd->bnd" if vocab_axis == 0 else "bnv,dv->bnd"
    d_rows += jnp.einsum(terms, d_new, part.astype(rows.dtype), preferred_element_type=jnp.float32)
    terms = "bnv,bnd->vd" if vocab_axis == 0 else "bnv,bnd->dv"
    d_part = jnp.einsum(
      terms, d_logits.astype(rows.dtype), rows, preferred_element_type=jnp.float32
    )
    d_projection = jax.lax.dynamic_update_slice_in_dim(
      d_projection, d_part.astype(projection.dtype), start, vocab_axis
    )
    return (d_projection, d_rows), None

  empty = (jnp.zeros_like(projection), jnp.zeros(rows.shape, jnp.float32))
  firsts = jnp.arange(0, vocab_size, width)
  (d_projection, d_rows), _ = jax.lax.scan(one, empty, firsts)
  return d_projection, d_rows.astype(rows.dtype), None


chunked_logp.defvjp(_forward, _backward)
