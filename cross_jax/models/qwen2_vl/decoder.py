"""The decoder's layer; how its queries meet keys is the caller's (training, prefill, decode)."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from cross_jax.models.qwen2_vl import rope
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.dense import IN, OUT, Dense
from cross_jax.models.qwen2_vl.placement import by_heads


class RMSNorm(nn.Module):
  """x / sqrt(mean(x**2) + eps) in float32, times a learned scale."""

  config: Qwen2VLConfig

  @nn.compact
  def __call__(self, x):
    """[..., D] to [..., D]."""
    dtype = jnp.dtype(self.config.param_dtype)
    scale = self.param("scale", nn.initializers.ones, (x.shape[-1],), dtype)
    h = x.astype(jnp.float32)
    h = h * jax.lax.rsqrt(jnp.mean(h * h, axis=-1, keepdims=True) + self.config.rms_norm_eps)
    scale = jnp.expand_dims(scale.astype(x.dtype), tuple(range(x.ndim - 1)))
    return h.astype(x.dtype) * scale


class DecoderLayer(nn.Module):
  """Grouped-query attention with qkv bias, then a SwiGLU MLP, both pre-normed and residual."""

  config: Qwen2VLConfig

  @nn.compact
  def __call__(self, x, cos, sin, attend):
    """One layer.

    Args:
      x: [B, T, D].
      cos, sin: float32[B, T, head_dim / 2].
      attend: callable (q [B, T, N, H], k [B, T, K, H], v [B, T, K, H]) -> ([B, T, N, H], kept).
    Returns:
      ([B, T, D], kept): the layer's output and what `attend` wants to keep (a cache, or None).
    """
    c = self.config
    dense = functools.partial(Dense, dtype=c.dtype, param_dtype=c.param_dtype)
    linear = functools.partial(dense, use_bias=False)
    residual = 0.5 / c.depth
    h = RMSNorm(c, name="input_layernorm")(x)
    q, k, v = (
      dense(heads * c.head_dim, OUT, parts=heads, name=name)(h).reshape(
        *x.shape[:-1], heads, c.head_dim
      )
      for name, heads in (("q_proj", c.heads), ("k_proj", c.kv_heads), ("v_proj", c.kv_heads))
    )
    q, k = rope.rotate(q, cos, sin), rope.rotate(k, cos, sin)
    h, kept = attend(by_heads(q), by_heads(k), by_heads(v))
    h = h.reshape(*x.shape[:-1], c.heads * c.head_dim)
    x = x + linear(c.width, IN, init_scale=residual, name="o_proj")(h)
    h = RMSNorm(c, name="post_attention_layernorm")(x)
    gate, up = (linear(c.mlp_width, OUT, name=name)(h) for name in ("gate_proj", "up_proj"))
    h = jax.checkpoint(lambda gate, up: jax.nn.silu(gate) * up)(gate, up)  # less to keep
    return x + linear(c.width, IN, init_scale=residual, name="down_proj")(h), kept
