"""The vision tower: patches to image tokens in the decoder's width."""

import functools
import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.models.qwen2_vl import rope
from cross_jax.models.qwen2_vl.attention import attend
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.dense import IN, OUT, Dense, fan_in_init
from cross_jax.models.qwen2_vl.patches import PIXEL_MEAN, PIXEL_STD
from cross_jax.models.qwen2_vl.placement import by_heads, by_kernel

_LAYER_NORM_EPS = 1e-6


class PatchEmbed(nn.Module):
  """Normalised pixels of a patch times a matrix, without bias."""

  config: Qwen2VLConfig

  @nn.compact
  def __call__(self, patches):
    """uint8[B, P, 3 * patch**2] to [B, P, vision_width]."""
    c = self.config
    shape = (3 * c.temporal_patch * c.patch**2, c.vision_width)
    kernel = self.param("kernel", fan_in_init(), shape, jnp.dtype(c.param_dtype))
    # A still image is the same at every time of the kernel: sum the kernel instead of copying it.
    kernel = kernel.astype(c.dtype).reshape(3, c.temporal_patch, c.patch**2, c.vision_width)
    kernel = kernel.sum(axis=1).reshape(c.patch_dim, c.vision_width)
    scale = 1.0 / (255.0 * np.asarray(PIXEL_STD))
    offset = -np.asarray(PIXEL_MEAN) / np.asarray(PIXEL_STD)
    scale, offset = (np.repeat(v, c.patch**2).astype(np.float32) for v in (scale, offset))
    pixels = patches.astype(jnp.float32) * scale[None, None] + offset[None, None]
    x = pixels.astype(c.dtype).reshape(-1, c.patch_dim) @ by_kernel(kernel, OUT)
    return x.reshape(*patches.shape[:2], c.vision_width)


class LayerNorm(nn.Module):
  """(x - mean) / sqrt(variance + eps) in float32, times a learned scale, plus a learned bias."""

  config: Qwen2VLConfig

  @nn.compact
  def __call__(self, x):
    """[B, P, D] to the same."""
    shape, dtype = (x.shape[-1],), jnp.dtype(self.config.param_dtype)
    scale = self.param("scale", nn.initializers.ones, shape, dtype).astype(jnp.float32)
    bias = self.param("bias", nn.initializers.zeros, shape, dtype).astype(jnp.float32)
    h = x.astype(jnp.float32)
    h = h - jnp.mean(h, axis=-1, keepdims=True)
    h = h * jax.lax.rsqrt(jnp.mean(h * h, axis=-1, keepdims=True) + _LAYER_NORM_EPS)
    return (h * scale[None, None] + bias[None, None]).astype(x.dtype)


class VisionBlock(nn.Module):
  """Full attention within each image, then a quick-GELU MLP, both pre-normed and residual."""

  config: Qwen2VLConfig

  @nn.compact
  def __call__(self, x, cos, sin, grids: tuple[rope.Grid, ...]):
    """[B, P, vision_width] to the same; cos, sin float32[1, P, head_dim / 2]."""
    c = self.config
    dense = functools.partial(Dense, dtype=c.dtype, param_dtype=c.param_dtype)
    residual = 0.5 / c.vision_depth
    h = LayerNorm(c, name="norm1")(x)
    qkv = dense(3 * c.vision_width, OUT, name="qkv")(h)
    qkv = qkv.reshape(*x.shape[:-1], 3, c.vision_heads, c.vision_head_dim)
    q, k, v = (qkv[..., i, :, :] for i in range(3))
    q, k = rope.rotate(q, cos, sin), rope.rotate(k, cos, sin)
    h = attend_within_images(by_heads(q), by_heads(k), by_heads(v), grids)
    h = h.reshape(x.shape)
    x = x + dense(c.vision_width, IN, init_scale=residual, name="proj")(h)
    h = LayerNorm(c, name="norm2")(x)
    h = dense(c.vision_width * c.vision_mlp_ratio, OUT, name="fc1")(h)
    h = jax.checkpoint(lambda h: h * jax.nn.sigmoid(1.702 * h))(h)  # less to keep
    return x + dense(c.vision_width, IN, init_scale=residual, name="fc2")(h)


class PatchMerger(nn.Module):
  """Joins each merge group of patches into one token of the decoder's width."""

  config: Qwen2VLConfig

  @nn.compact
  def __call__(self, x):
    """[B, P, vision_width] to [B, P / merge**2, width]."""
    c = self.config
    dense = functools.partial(Dense, dtype=c.dtype, param_dtype=c.param_dtype)
    merged = c.vision_width * c.merge**2
    x = LayerNorm(c, name="ln_q")(x)
    x = x.reshape(x.shape[0], x.shape[1] // c.merge**2, merged)
    x = dense(merged, OUT, name="mlp_0")(x)
    x = jax.nn.gelu(x, approximate=False)
    # Small, so that image tokens start at the size of text embeddings.
    return dense(c.width, IN, init_scale=1.0 / c.width, name="mlp_2")(x)


def attend_within_images(q, k, v, grids: tuple[rope.Grid, ...]):
  """Attention of patches to the patches of their own image.

  Args:
    q, k, v: [B, P, N, H], the images of `grids` one after another.
    grids: patches (height, width) per image.
  Returns:
    [B, P, N, H].
  """
  outputs, start = [], 0
  for (height, width), run in itertools.groupby(grids):
    images, size = len(list(run)), height * width
    end = start + images * size

    def split(x, start=start, end=end, images=images, size=size):
      return x[:, start:end].reshape(-1, size, *x.shape[2:])

    out = attend(split(q), split(k), split(v))
    outputs.append(out.reshape(q.shape[0], end - start, *q.shape[2:]))
    start = end
  return jnp.concatenate(outputs, axis=1)
