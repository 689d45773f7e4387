"""Softmax attention with grouped key/value heads."""

import jax
import jax.numpy as jnp

_MASKED = -1e30  # a logit that softmax turns into 0; finite, so that a fully masked row has no NaN


def attend(q, k, v, mask=None):
  """softmax(q k^T / sqrt(H)) v, the softmax in float32.

  Query head n reads key/value head n // (N / K).

  Args:
    q: [B, T, N, H].
    k, v: [B, S, K, H].
    mask: bool[B or 1, 1, T, S], True = may be seen; None for all.
  Returns:
    [B, T, N, H]. The library's kernel; on a CPU, products of our own, as their gradient takes a
    third of the time there.
  """
  if jax.default_backend() == "cpu":
    return attend_by_products(q, k, v, mask)
  return jax.nn.dot_product_attention(q, k, v, mask=mask)


def attention_logp(q, k, mask, index):
  """Log of the attention that each query pays to one key, the mean over its heads.

  mean over g of log softmax(q_g k^T / sqrt(H))[index]

  Args:
    q: [B, N, G, H], the heads that share the keys.
    k: [B, S, H].
    mask: bool[B, 1, S], True = may be seen.
    index: int32[B, N], of the keys, each one that may be seen.
  Returns:
    float32[B, N], nats.
  """
  logits = jnp.einsum("bngh,bsh->bngs", q, k, preferred_element_type=jnp.float32)
  logits = jnp.where(mask[:, :, None], logits * q.shape[-1] ** -0.5, _MASKED)
  logp = jax.nn.log_softmax(logits)
  return jnp.take_along_axis(logp, index[..., None, None], axis=-1)[..., 0].mean(-1)


def attend_by_products(q, k, v, mask=None):
  """`attend` as batched matrix products, the queries of one key/value head in one matrix."""
  batch, length, heads, width = q.shape
  kv_heads = k.shape[2]
  group = heads // kv_heads

  def fold(x):  # [B, S, K, H] -> [B * K, S, H]
    return x.swapaxes(1, 2).reshape(batch * kv_heads, x.shape[1], width)

  q = q.reshape(batch, length, kv_heads, group, width).transpose(0, 2, 3, 1, 4)
  q = q.reshape(batch * kv_heads, group * length, width) * width**-0.5
  if mask is not None:
    mask = jnp.broadcast_to(mask, (batch, 1, length, k.shape[1]))
  out = _attend_folded(q, fold(k), fold(v), mask)
  out = out.reshape(batch, kv_heads, group, length, width).transpose(0, 3, 1, 2, 4)
  return out.reshape(batch, length, heads, width)


@jax.custom_vjp
def _attend_folded(q, k, v, mask):
  """[B * K, G * T, H] of q [B * K, G * T, H], k and v [B * K, S, H], mask bool[B, 1, T, S]."""
  return _attend_forward(q, k, v, mask)[0]


def _attend_forward(q, k, v, mask):
  logits = jnp.einsum("bqh,bsh->bqs", q, k, preferred_element_type=jnp.float32)
  if mask is not None:
    batch, _, length, keys = mask.shape
    shape = (batch, logits.shape[0] // batch, logits.shape[1] // length, length, keys)
    logits = jnp.where(mask[:, :, None], logits.reshape(shape), _MASKED).reshape(logits.shape)
  # exp(logits - max), not yet divided by its sum: the division is cheaper on the output.
  weights = jnp.exp(logits - jnp.max(logits, axis=-1, keepdims=True))
  total = jnp.sum(weights, axis=-1, keepdims=True)
  weights = weights.astype(v.dtype)
  out = jnp.einsum("bqs,bsh->bqh", weights, v, preferred_element_type=jnp.float32) / total
  out = out.astype(v.dtype)
  return out, (q, k, v, weights, total, out)


def _attend_backward(kept, gradient):
  q, k, v, weights, total, out = kept
  through = gradient.astype(jnp.float32) / total
  mean = jnp.sum(through * out.astype(jnp.float32), axis=-1, keepdims=True)
  through = through.astype(v.dtype)
  dv = jnp.einsum("bqs,bqh->bsh", weights, through)
  dweights = jnp.einsum("bqh,bsh->bqs", through, v, preferred_element_type=jnp.float32)
  dlogits = (weights.astype(jnp.float32) * (dweights - mean)).astype(q.dtype)
  dq = jnp.einsum("bqs,bsh->bqh", dlogits, k)
  return dq, jnp.einsum("bqs,bqh->bsh", dlogits, q), dv, None


_attend_folded.defvjp(_attend_forward, _attend_backward)
