"""The linear layer and its initialiser."""

import flax.linen as nn
import jax.numpy as jnp

from cross_jax.models.qwen2_vl.placement import by_kernel

IN, OUT = 0, 1  # dimensions of a kernel


def fan_in_init(scale: float = 1.0):
  """A normal initialiser of variance scale / fan-in."""
  return nn.initializers.variance_scaling(scale, "fan_in", "normal")


class Dense(nn.Module):
  """x @ kernel + bias over all leading axes at once; with an adapter + (x @ lora_a) @ lora_b.

  The leading axes are flattened first: on a CPU the gradient of a [B, T, D] product costs 1.6 times
  that of the same product as [B * T, D].
  """

  features: int
  split: int  # which dimension of the kernel 'tensor' splits on a mesh, IN or OUT (sharding.py)
  dtype: str  # of the product
  param_dtype: str
  use_bias: bool = True
  init_scale: float = 1.0  # variance of the kernel times its fan-in
  parts: int = 0  # of that dimension, which stay whole on a mesh (heads); 0 for any

  @nn.compact
  def __call__(self, x):
    """[..., D] to [..., features]."""
    shape, param_dtype = (x.shape[-1], self.features), jnp.dtype(self.param_dtype)
    kernel = self.param("kernel", fan_in_init(self.init_scale), shape, param_dtype)
    rows = x.reshape(-1, x.shape[-1]).astype(self.dtype)
    y = rows @ by_kernel(kernel.astype(self.dtype), self.split, self.parts)
    if self.has_variable("params", "lora_a"):  # joined to the kernel by whoever trains it
      down, up = (self.get_variable("params", name) for name in ("lora_a", "lora_b"))
      down = by_kernel(down.astype(self.dtype), IN if self.split == IN else None)
      up = by_kernel(up.astype(self.dtype), OUT if self.split == OUT else None, self.parts)
      y = y + (rows @ down) @ up
    if self.use_bias:
      bias = self.param("bias", nn.initializers.zeros, (self.features,), param_dtype)
      y = y + bias.astype(self.dtype)[None]
    return y.reshape(*x.shape[:-1], self.features)
