"""Softmax attention with grouped key/value heads."""

import re

import jax
import jax.numpy as jnp

from cross_jax.models.qwen2_vl.splash import splash_attend

KERNELS = ("products", "library", "splash")
_MASKED = -1e30  # a logit that softmax turns into 0; finite, so that a fully masked row has no NaN


def attend(q, k, v, *, kernel: str = ""):
  """softmax(q k^T / sqrt(H)) v over all keys, the softmax in float32.

  Query head n reads key/value head n // (N / K).

  Args:
    q: [B, T, N, H].
    k, v: [B, S, K, H].
    kernel: one of KERNELS; "" for that of the platform (`platform_kernel`).
  Returns:
    [B, T, N, H].
  Raises:
    ValueError: an unknown kernel.
  """
  match _chosen(kernel):
    case "products":
      return attend_by_products(q, k, v)
    case "splash":
      return splash_attend(q, k, v, jnp.ones(q.shape[:2], jnp.int32), is_causal=False)
    case _:
      return attend_by_library(q, k, v)


def attend_masked(q, k, v, mask):
  """Attention without a gradient in mind: of a few new queries to a cache.

  Args:
    q: [B, T, N, H]; k, v: [B, S, K, H].
    mask: bool[B, 1, T, S], True = may be seen.
  Returns:
    [B, T, N, H].
  """
  by = attend_by_products if platform_kernel() == "products" else jax.nn.dot_product_attention
  return by(q, k, v, mask=mask)


def segment_attention(segment_ids, *, kernel: str = ""):
  """Attention of rows that are a prefix and responses to it, each in its order.

  A token sees an earlier token iff that token is of the prefix or of its own segment.

  Args:
    segment_ids: int32[B, T], 0 padding, 1 prefix, 2.. responses.
    kernel: one of KERNELS; "" for that of the platform (`platform_kernel`).
  Returns:
    A function (q [B, T, N, H], k [B, T, K, H], v [B, T, K, H]) -> [B, T, N, H].
  Raises:
    ValueError: an unknown kernel.
  """
  kernel = _chosen(kernel)
  if kernel == "splash":
    return lambda q, k, v: splash_attend(q, k, v, segment_ids, is_causal=True)
  mask = segment_mask(segment_ids)
  by = attend_by_products if kernel == "products" else attend_by_library
  return lambda q, k, v: by(q, k, v, mask)


def segment_mask(segment_ids):
  """Who sees whom: bool[B, 1, T, S] from int32[B, T] segment ids (see base.Batch)."""
  length = segment_ids.shape[-1]
  key, query = segment_ids[:, None, None, :], segment_ids[:, None, :, None]
  is_causal = jnp.tri(length, dtype=bool)[None, None]
  return is_causal & ((key == 1) | (key == query)) & (key != 0)


def platform_kernel() -> str:
  """Which of KERNELS is fast here.

  "products" on a CPU: products of our own, whose gradient takes a third of the library's time
  there. "splash" on a TPU. "library" elsewhere: cuDNN's flash attention on a GPU.
  """
  return {"cpu": "products", "tpu": "splash"}.get(jax.default_backend(), "library")


def _chosen(kernel: str) -> str:
  if kernel not in ("", *KERNELS):
    raise ValueError(f"kernel {kernel!r}: must be one of {', '.join(KERNELS)}, or empty")
  return kernel or platform_kernel()


def attend_by_library(q, k, v, mask=None):
  """`attend` by `jax.nn.dot_product_attention`: cuDNN's kernel where it takes the arrays.

  Args:
    q: [B, T, N, H]; k, v: [B, S, K, H].
    mask: bool[B, 1, T, S], True = may be seen; None for all. It is the only array of T x S.
  Returns:
    [B, T, N, H].
  """
  length = q.shape[1]
  # cuDNN's gradient needs even lengths. An image's patches are even in number; other rows get one
  # more token, which nobody sees.
  if not _takes_cudnn(q) or (mask is None and length % 2):
    return jax.nn.dot_product_attention(q, k, v, mask=mask)
  if mask is None:
    return jax.nn.dot_product_attention(q, k, v, implementation="cudnn")
  even = lambda x, *axes: jnp.pad(
    x, [(0, size % 2 * (i in axes)) for i, size in enumerate(x.shape)]
  )
  q, k, v, mask = even(q, 1), even(k, 1), even(v, 1), even(mask, 2, 3)
  return jax.nn.dot_product_attention(q, k, v, mask=mask, implementation="cudnn")[:, :length]


def _takes_cudnn(q) -> bool:
  """Whether cuDNN's flash attention takes queries like these on this machine's GPU."""
  device = jax.devices()[0]
  capability = str(getattr(device, "compute_capability", ""))  # "9.0"; AMD's is "gfx942"
  is_new_enough = re.fullmatch(r"\d+\.\d+", capability) is not None and float(capability) >= 8.0
  is_half = q.dtype in (jnp.bfloat16, jnp.float16)
  return is_new_enough and is_half and q.shape[-1] <= 128 and q.shape[-1] % 8 == 0


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
