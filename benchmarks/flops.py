"""Floating-point operations that a Qwen2-VL row needs, however a library spends them."""

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.rope import Grid, num_image_tokens

BACKWARD = 2  # a product has two gradients


def vision_flops(config: Qwen2VLConfig, grid: Grid) -> int:
  """FLOPs of one picture's way to image tokens; a multiplication and its addition are two."""
  c, patches = config, grid[0] * grid[1]
  merged = c.vision_width * c.merge**2
  block = (4 + 2 * c.vision_mlp_ratio) * c.vision_width**2  # qkv, proj; fc1, fc2
  attention = 2 * patches * c.vision_width  # scores and sums
  embed = c.patch_dim * c.vision_width
  merger = num_image_tokens(grid, c.merge) * (merged**2 + merged * c.width)
  return 2 * (patches * (c.vision_depth * (block + attention) + embed) + merger)


def decoder_flops(config: Qwen2VLConfig, num_tokens: int, num_logits: int) -> int:
  """FLOPs of one row: all its tokens through the layers, causal, and `num_logits` to logits."""
  c = config
  layer = 2 * c.width * (c.heads + c.kv_heads) * c.head_dim + 3 * c.width * c.mlp_width
  attention = num_tokens * c.heads * c.head_dim  # half of scores and sums: the past only
  layers = num_tokens * c.depth * (layer + attention)
  return 2 * (layers + num_logits * c.width * c.vocab_size)


def generation_flops(config: Qwen2VLConfig, grid: Grid, prompt_len: int, response_len: int) -> int:
  """FLOPs of one row's greedy response: the prompt at once, then a token at a time, cached."""
  num_tokens = prompt_len + response_len - 1  # the last token is not put in
  return vision_flops(config, grid) + decoder_flops(config, num_tokens, response_len)


def training_flops(config: Qwen2VLConfig, grid: Grid, prompt_len: int, response_len: int) -> int:
  """FLOPs of one row's forward and backward pass; nothing is counted that is computed twice."""
  row = decoder_flops(config, prompt_len + response_len, response_len)
  return (1 + BACKWARD) * (vision_flops(config, grid) + row)
