"""Attention on a TPU: the library's splash kernel, which never writes the scores to memory."""

import functools
import math

import jax
import jax.numpy as jnp
from jax.experimental.pallas.ops.tpu.splash_attention import (
  splash_attention_kernel,
  splash_attention_mask,
)
from jax.sharding import PartitionSpec as P

from cross_jax.base import ROW_AXES, TENSOR_AXIS

_HIDDEN = -1e9  # at least what a key that may not be seen adds to a score
_SEGMENT_BITS = 16
_BLOCK = 512  # tokens of a kernel's block, at most
_LANES = 128  # tokens that a length must be a multiple of


def splash_attend(q, k, v, segment_ids, *, is_causal: bool, interpret: bool = False):
  """softmax(q k^T / sqrt(H)) v with the scores in blocks, in the forward and the backward pass.

  The kernel knows causality and equal segments; that everybody sees the prefix it does not know.
  `segment_features` says both in the product of query and key.

  Under a mesh (`jax.set_mesh`, or the steps' shardings) every device takes its rows and its heads.

  Args:
    q: [B, T, N, H].
    k, v: [B, T, K, H].
    segment_ids: int32[B, T], see `segment_features`.
    is_causal: whether a key must not be later than its query.
    interpret: run the kernel's program on any platform, slowly.
  Returns:
    [B, T, N, H]; what stands at padding is meaningless.
  """
  heads, num_tokens = q.shape[2], q.shape[1]
  padding = -num_tokens % _LANES
  pad = lambda x: jnp.pad(x, ((0, 0), (0, padding)) + ((0, 0),) * (x.ndim - 2))
  q, k, v, segment_ids = (pad(x) for x in (q * q.shape[-1] ** -0.5, k, v, segment_ids))
  attend = functools.partial(_attend, is_causal=is_causal, interpret=interpret)
  mesh = jax.sharding.get_abstract_mesh()
  if not mesh.empty and mesh.size > 1:
    num_tensor = mesh.shape[TENSOR_AXIS]
    if heads % num_tensor:
      raise ValueError(
        f"{heads} heads on a mesh with {TENSOR_AXIS} {num_tensor}: every device takes equally many "
        f"heads; make {TENSOR_AXIS} a divisor of {heads}"
      )
    k, v = (_repeat_heads(x, num_tensor) for x in (k, v))
    num_row_shards = mesh.shape[ROW_AXES[0]] * mesh.shape[ROW_AXES[1]]
    rows = ROW_AXES if len(q) % num_row_shards == 0 else None
    by_head = P(rows, None, TENSOR_AXIS)
    specs = (by_head, by_head, by_head, P(rows))
    attend = jax.shard_map(attend, mesh=mesh, in_specs=specs, out_specs=by_head, check_vma=False)
  return attend(q, k, v, segment_ids)[:, :num_tokens]


def segment_features(segment_ids, dtype):
  """Components of queries and keys whose product says who sees whom.

  Their product is 0 where the key is of the prefix (segment 1) or of the query's own segment, and
  -1e9 or less where it is of another segment or of padding (0). Every term of a product of 0 is 0,
  so that no digit of the score is lost: a key has, for each bit of its segment id, the bit's
  opposite and the bit, zeros if it is of the prefix; a query the bit and its opposite times -1e9.

  Args:
    segment_ids: int32[B, T], 0 padding, 1 prefix, 2.. responses, below 2**16.
    dtype: of the result.
  Returns:
    (of queries, of keys), [B, T, 33] each.
  """
  ids = segment_ids[..., None]
  bits = (ids >> jnp.arange(_SEGMENT_BITS, dtype=jnp.int32)[None, None]) & 1
  query = jnp.concatenate([bits, 1 - bits, jnp.ones_like(ids)], axis=-1)
  key = jnp.concatenate([1 - bits, bits, jnp.zeros_like(ids)], axis=-1)
  key = jnp.where(ids == 1, 0, key).at[..., -1].set((segment_ids == 0).astype(jnp.int32))
  return query.astype(dtype) * _HIDDEN, key.astype(dtype)


def _attend(q, k, v, segment_ids, *, is_causal: bool, interpret: bool):
  """[B, T, N, H] on one device; T a multiple of _LANES, q scaled."""
  of_queries, of_keys = segment_features(segment_ids, q.dtype)

  def widen(x, features):
    features = jnp.broadcast_to(features[:, :, None], (*x.shape[:3], features.shape[-1]))
    return jnp.concatenate([x, features], axis=-1)

  kernel = _kernel(q.shape[2], q.shape[1], is_causal, interpret)
  by_head = lambda x: x.swapaxes(1, 2)
  out = jax.vmap(kernel)(by_head(widen(q, of_queries)), by_head(widen(k, of_keys)), by_head(v))
  return by_head(out).astype(v.dtype)


def _kernel(heads: int, num_tokens: int, is_causal: bool, interpret: bool):
  one_head = (splash_attention_mask.CausalMask if is_causal else splash_attention_mask.FullMask)(
    (num_tokens, num_tokens)
  )
  block = next(b for b in range(_BLOCK, 0, -_LANES) if num_tokens % b == 0)
  names = ("block_q", "block_kv", "block_kv_compute", "block_q_dkv", "block_kv_dkv")
  names += ("block_kv_dkv_compute", "block_q_dq", "block_kv_dq")
  return splash_attention_kernel.make_splash_mha(
    mask=splash_attention_mask.MultiHeadMask([one_head] * heads),
    block_sizes=splash_attention_kernel.BlockSizes(**dict.fromkeys(names, block)),
    head_shards=1,
    q_seq_shards=1,
    interpret=interpret,
  )


def _repeat_heads(x, num_tensor: int):
  """Key/value heads [B, T, K, H], repeated as often as `num_tensor` devices need to have theirs."""
  return jnp.repeat(x, num_tensor // math.gcd(x.shape[2], num_tensor), axis=2)
