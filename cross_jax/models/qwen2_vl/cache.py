"""Prefill and cached decoding: one prompt's keys and values serve all responses to it."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.models.qwen2_vl import attention, forward, rope
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.decoder import DecoderLayer, RMSNorm


class LayerCache(NamedTuple):
  """Keys and values of one layer (or of all, stacked along a leading axis, if scanned)."""

  prompt_k: Any  # [B, K, T, H]
  prompt_v: Any  # [B, K, T, H]
  response_k: Any  # [B, K, R, S, H], S = most tokens of a response
  response_v: Any  # [B, K, R, S, H]


class Cache(NamedTuple):
  """What decoding needs of the tokens so far."""

  prompt_len: Any  # int32[B]
  layers: Any  # tuple of LayerCache, or one stacked LayerCache if config.is_scanned


def prefill(
  params,
  config: Qwen2VLConfig,
  token_ids,
  prompt_len,
  positions,
  image_embeds,
  *,
  num_samples: int,
  max_new_tokens: int,
):
  """Runs prompts once and makes room for R responses to each.

  Args:
    params: of the model.
    config: of the model.
    token_ids: int32[B, T], padded on the right.
    prompt_len: int32[B], tokens of each prompt, at least 1.
    positions: int32[3, B, T], M-RoPE; what stands at padding does not matter.
    image_embeds: [B, I, D], of `image_features`.
    num_samples: R, responses per prompt.
    max_new_tokens: S, tokens of the longest response.
  Returns:
    (cache, float32[B, V]): the logits are those of the first response token.
  """
  is_prompt = jnp.arange(token_ids.shape[1])[None] < prompt_len[:, None]
  x = forward.embed(params, config, token_ids, is_prompt, image_embeds)
  attend_segments = attention.segment_attention(is_prompt.astype(jnp.int32))
  cos, sin = rope.decoder_rotary(config, positions)
  room = (len(token_ids), config.kv_heads, num_samples, max_new_tokens, config.head_dim)

  def attend(q, k, v):
    empty = jnp.zeros(room, k.dtype)
    kept = LayerCache(k.swapaxes(1, 2), v.swapaxes(1, 2), empty, empty)
    return attend_segments(q, k, v), kept

  def layer(layer_params, x, _):
    return DecoderLayer(config).apply({"params": layer_params}, x, cos, sin, attend)

  x, layers = forward.apply_layers(config, params["layers"], layer, x, num_layers=config.depth)
  last = jax.vmap(lambda rows, length: rows[length - 1])(x, prompt_len)
  hidden = RMSNorm(config).apply({"params": params["norm"]}, last)
  return Cache(prompt_len, layers), forward.logits(params, config, hidden)


def decode_step(params, config: Qwen2VLConfig, cache: Cache, ids, positions, step):
  """Appends one token to every response.

  Args:
    params: of the model; `unstack_params` makes a loop of unrolled steps faster.
    config: of the model.
    cache: of `prefill` and the steps before.
    ids: int32[B, R], the tokens to append.
    positions: int32[B, R], their position (the same on all three axes).
    step: int32[], how many tokens the responses have already, below max_new_tokens.
  Returns:
    (cache, float32[B, R, V]): the logits of the next token.
  """
  x = params["embed"]["embedding"][ids].astype(config.dtype)
  cos, sin = rope.decoder_rotary(config, jnp.broadcast_to(positions[None], (3, *ids.shape)))
  prompt_slots = cache.layers.prompt_k if config.is_scanned else cache.layers[0].prompt_k
  response_slots = cache.layers.response_k if config.is_scanned else cache.layers[0].response_k
  sees_prompt = jnp.arange(prompt_slots.shape[-2])[None] < cache.prompt_len[:, None]
  sees_response = jnp.arange(response_slots.shape[-2]) <= step

  def layer(layer_params, x, layer_cache):
    def attend(q, k, v):
      return attend_cached(q, k, v, layer_cache, sees_prompt, sees_response, step)

    return DecoderLayer(config).apply({"params": layer_params}, x, cos, sin, attend)

  x, layers = forward.apply_layers(
    config, params["layers"], layer, x, cache.layers, num_layers=config.depth
  )
  hidden = RMSNorm(config).apply({"params": params["norm"]}, x)
  return Cache(cache.prompt_len, layers), forward.logits(params, config, hidden)


def attend_cached(q, k, v, cache: LayerCache, sees_prompt, sees_response, step):
  """One query per response against its prompt's and its own keys.

  Args:
    q: [B, R, N, H]; k, v: [B, R, K, H], of the new token.
    cache: of this layer.
    sees_prompt: bool[B, T]; sees_response: bool[S].
    step: int32[], where the new token goes.
  Returns:
    ([B, R, N, H], the cache with the new token).
  """
  batch, samples, heads, width = q.shape
  kv_heads = k.shape[2]

  def put(slots, new):  # new [B, R, K, H] into [B, K, R, S, H] at S = step
    new = new.transpose(0, 2, 1, 3)[:, :, :, None]
    return jax.lax.dynamic_update_slice_in_dim(slots, new, step, axis=3)

  cache = cache._replace(response_k=put(cache.response_k, k), response_v=put(cache.response_v, v))
  q = q.reshape(batch, samples, kv_heads, heads // kv_heads, width) * width**-0.5
  q = q.transpose(0, 2, 1, 3, 4)  # [B, K, R, G, H]
  to_prompt = jnp.einsum("bkrgh,bkth->bkrgt", q, cache.prompt_k, preferred_element_type=jnp.float32)
  to_response = jnp.einsum(
    "bkrgh,bkrsh->bkrgs", q, cache.response_k, preferred_element_type=jnp.float32
  )
  to_prompt = jnp.where(sees_prompt[:, None, None, None], to_prompt, -jnp.inf)
  to_response = jnp.where(sees_response[None, None, None, None], to_response, -jnp.inf)
  weights = jax.nn.softmax(jnp.concatenate([to_prompt, to_response], axis=-1)).astype(v.dtype)
  prompt_weights, response_weights = jnp.split(weights, [to_prompt.shape[-1]], axis=-1)
  out = jnp.einsum("bkrgt,bkth->bkrgh", prompt_weights, cache.prompt_v)
  out = out + jnp.einsum("bkrgs,bkrsh->bkrgh", response_weights, cache.response_v)
  return out.transpose(0, 2, 1, 3, 4).reshape(batch, samples, heads, width), cache


def unstack_params(params, config: Qwen2VLConfig):
  """Parameters with one pytree per decoder layer, so that a loop does not slice them every time."""
  if config.is_scanned:
    return params
  return {**params, "layers": forward.unstack(params["layers"], config.depth)}
