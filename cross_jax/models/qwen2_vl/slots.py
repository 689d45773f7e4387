"""Slots: rows of keys and values of a fixed length that are filled, read on and reused singly.

A slot holds a prompt and its response one after another. Unlike `cache`, whose rows start and end
together, each slot has a length of its own, and what it holds outlives its response: the next
prompt of the same episode begins with it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.models.qwen2_vl import attention, forward, rope
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.decoder import DecoderLayer, RMSNorm


class SlotLayer(NamedTuple):
  """Keys and values of one layer, or of all along a leading axis, if scanned; of config.dtype."""

  k: Any  # [B, K, S, H], B = slots, S = most tokens of a slot
  v: Any  # [B, K, S, H]


class NewTokens(NamedTuple):
  """A rows of tokens to put into slots, each after the first tokens of a slot."""

  slot: Any  # int32[A], where the row goes; B or above = nowhere
  source: Any  # int32[A], the slot whose first tokens come before it
  start: Any  # int32[A], how many; 0 = none
  token_ids: Any  # int32[A, T], padded on the right
  num: Any  # int32[A], tokens without the padding, at least 1
  positions: Any  # int32[3, A, T], M-RoPE; what stands at padding does not matter


def empty_slots(config: Qwen2VLConfig, num_slots: int, max_len: int):
  """Zeros for B = num_slots rows of S = max_len tokens.

  Returns:
    A tuple of one SlotLayer per layer, or one stacked SlotLayer if config.is_scanned.
  """
  shape = (num_slots, config.kv_heads, max_len, config.head_dim)
  zeros = lambda shape: SlotLayer(jnp.zeros(shape, config.dtype), jnp.zeros(shape, config.dtype))
  if config.is_scanned:
    return zeros((config.depth, *shape))
  return tuple(zeros(shape) for _ in range(config.depth))


def prefill_slots(
  params, config: Qwen2VLConfig, layers, new: NewTokens, image_embeds, *, is_fresh: bool
):
  """Runs new tokens and writes them, with what comes before them, into their slots.

  All sources are read before any slot is written. Behind its last token a written slot holds zeros:
  nothing of what was there before is left.

  Args:
    params: of the model.
    config: of the model.
    layers: of `empty_slots` and the calls since.
    new: the tokens; start + num is at most S.
    image_embeds: [A, I, D], of the images among the new tokens.
    is_fresh: every start is 0; attention is then among the new tokens alone, which is faster.
  Returns:
    (layers, float32[A, V]): the logits of the token after each row.
  """
  length, max_len = new.token_ids.shape[1], _max_len(layers)
  index = jnp.arange(length)[None]
  is_new = index < new.num[:, None]
  x = forward.embed(params, config, new.token_ids, is_new, image_embeds)
  cos, sin = rope.decoder_rotary(config, new.positions)
  attend_new = attention.segment_attention(is_new.astype(jnp.int32))
  last_seen = (new.start[:, None] + index)[:, None, :, None]  # [A, 1, T, 1]
  is_seen = jnp.arange(max_len)[None, None, None] <= last_seen

  def layer(layer_params, x, kept, at):
    def attend(q, k, v):
      rows = SlotLayer(
        *(
          _rows(None if is_fresh else slots[(*at, new.source)], x.swapaxes(1, 2), new, max_len)
          for slots, x in zip(kept, (k, v))
        )
      )
      written = SlotLayer(
        *(slots.at[(*at, new.slot)].set(x, mode="drop") for slots, x in zip(kept, rows))
      )
      if is_fresh:
        return attend_new(q, k, v), written
      k, v = (x.swapaxes(1, 2) for x in rows)
      return attention.attend_masked(q, k, v, is_seen), written

    return DecoderLayer(config).apply({"params": layer_params}, x, cos, sin, attend)

  x, layers = _over_layers(config, params["layers"], layer, x, layers)
  last = jax.vmap(lambda rows, num: rows[num - 1])(x, new.num)
  hidden = RMSNorm(config).apply({"params": params["norm"]}, last)
  return layers, forward.logits(params, config, hidden)


def decode_slots(params, config: Qwen2VLConfig, layers, ids, positions, length, is_active):
  """Appends one token to every active slot.

  Args:
    params: of the model; `cache.unstack_params` makes unrolled steps faster.
    config: of the model.
    layers: of the calls before.
    ids: int32[B], the tokens to append.
    positions: int32[B], their position (the same on all three axes).
    length: int32[B], tokens of each slot so far, below S where active.
    is_active: bool[B], the slots to write to; the others stay as they are.
  Returns:
    (layers, float32[B, V]): the logits of the next token; meaningless where not active.
  """
  max_len, num_slots = _max_len(layers), len(ids)
  x = params["embed"]["embedding"][ids].astype(config.dtype)[:, None]
  cos, sin = rope.decoder_rotary(config, jnp.broadcast_to(positions[None, :, None],
                                                          (3, num_slots, 1)))  # fmt: skip
  mask = (jnp.arange(max_len)[None] <= length[:, None])[:, None, None]
  put_at = jnp.where(is_active, length, max_len)  # past the end: dropped

  def layer(layer_params, x, kept, at):
    def attend(q, k, v):
      written = SlotLayer(*(_append(slots, x[:, 0], put_at, at) for slots, x in zip(kept, (k, v))))
      k, v = (slots[at].swapaxes(1, 2) for slots in written)
      return attention.attend_masked(q, k, v, mask), written

    return DecoderLayer(config).apply({"params": layer_params}, x, cos, sin, attend)

  x, layers = _over_layers(config, params["layers"], layer, x, layers)
  hidden = RMSNorm(config).apply({"params": params["norm"]}, x[:, 0])
  return layers, forward.logits(params, config, hidden)


def _max_len(layers) -> int:
  return jax.tree.leaves(layers)[0].shape[-2]


def _rows(before, x, new: NewTokens, max_len: int):
  """[A, K, S, H]: the first `start` tokens of `before` (None: no start), x [A, K, T, H], zeros."""
  index, length = jnp.arange(max_len), x.shape[2]

  def row(before, x, start, num):
    before = jnp.zeros((x.shape[0], max_len, x.shape[2]), x.dtype) if before is None else before
    # Room for the padding: an update that would reach past the end is moved to the left.
    longer = jnp.pad(before, ((0, 0), (0, length), (0, 0)))
    longer = jax.lax.dynamic_update_slice_in_dim(longer, x, start, axis=1)
    return jnp.where((index < start + num)[None, :, None], longer[:, :max_len], 0)

  return jnp.stack(
    [
      row(None if before is None else before[a], x[a], new.start[a], new.num[a])
      for a in range(len(x))
    ]
  )


def _append(slots, x, put_at, at: tuple):
  """The slots with x [B, K, H] at int32[B] tokens, in layer `at` if they are stacked."""
  layer = len(at)  # axis of the slots
  index = jnp.stack([*(jnp.broadcast_to(i, put_at.shape) for i in at), put_at], axis=1)
  # One write per slot, the slots a batch axis: spread over devices they stay where they are.
  where = (*range(layer), layer + 2)
  dims = jax.lax.ScatterDimensionNumbers(
    update_window_dims=(1, 2), inserted_window_dims=where, scatter_dims_to_operand_dims=where,
    operand_batching_dims=(layer,), scatter_indices_batching_dims=(0,),
  )  # fmt: skip
  return jax.lax.scatter(slots, index, x, dims, mode="drop")


def _over_layers(config: Qwen2VLConfig, params, layer: Callable, x, layers):
  """Runs layer(layer_params, x, kept, at) -> (x, kept) over all layers.

  `kept` is the layer's own SlotLayer and `at` (), or, scanned, the stacked one and (index,): a scan
  that carries the stack writes tokens in place, one that maps over it would copy it every time.
  """
  run = lambda step, x, layers: forward.apply_layers(
    config, params, step, x, layers, num_layers=config.depth
  )
  if not config.is_scanned:
    return run(lambda layer_params, x, kept: layer(layer_params, x, kept, ()), x, layers)
  step = lambda layer_params, carry, i: (layer(layer_params, *carry, (i,)), None)
  return run(step, (x, layers), jnp.arange(config.depth))[0]
