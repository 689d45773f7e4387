"""The policy as pure functions: params and arrays in, features and log-probabilities out.

Parameters are a plain pytree; layers are stacked along a leading axis:
  {"embed": {"embedding"}, "norm": {"scale"}, "layers": {... [depth, ...]}, "head": {"kernel"} if
  untied, "vision": {"patch_embed", "blocks": {... [vision_depth, ...]}, "merger"}}
"""

import jax
import jax.numpy as jnp

from cross_jax import base
from cross_jax.models.qwen2_vl import attention, rope
from cross_jax.models.qwen2_vl.chunked_logp import chunked_logp
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.decoder import DecoderLayer, RMSNorm
from cross_jax.models.qwen2_vl.dense import fan_in_init
from cross_jax.models.qwen2_vl.placement import by_rows, by_width
from cross_jax.models.qwen2_vl.remat import rematerialised
from cross_jax.models.qwen2_vl.tied import look_up
from cross_jax.models.qwen2_vl.vision import PatchEmbed, PatchMerger, VisionBlock


def init_params(rng, config: Qwen2VLConfig):
  """Random parameters: normal kernels of variance 1 / fan-in, residual branches smaller with depth.

  Args:
    rng: a jax.random key.
    config: of the model.
  Returns:
    A pytree of arrays of config.param_dtype.
  """
  c, dtype = config, jnp.dtype(config.param_dtype)
  embed_rng, layer_rng, head_rng, patch_rng, block_rng, merger_rng = jax.random.split(rng, 6)
  grids = ((c.merge, c.merge),)
  num_patches = c.merge**2
  x, angles = jnp.zeros((1, 1, c.width), c.dtype), jnp.zeros((1, 1, c.head_dim // 2))
  y = jnp.zeros((1, num_patches, c.vision_width), c.dtype)
  vision_angles = jnp.zeros((1, num_patches, c.vision_head_dim // 2))

  def init_layer(rng):
    attend = _keep_nothing(attention.attend_by_products)
    return DecoderLayer(c).init(rng, x, angles, angles, attend)["params"]

  def init_block(rng):
    return VisionBlock(c).init(rng, y, vision_angles, vision_angles, grids)["params"]

  patches = jnp.zeros((1, num_patches, c.patch_dim), jnp.uint8)
  params = {
    "embed": {
      "embedding": fan_in_init()(embed_rng, (c.width, c.vocab_size), dtype).T,
    },
    "layers": jax.vmap(init_layer)(jax.random.split(layer_rng, c.depth)),
    "norm": RMSNorm(c).init(rng, x)["params"],
    "vision": {
      "patch_embed": PatchEmbed(c).init(patch_rng, patches)["params"],
      "blocks": jax.vmap(init_block)(jax.random.split(block_rng, c.vision_depth)),
      "merger": PatchMerger(c).init(merger_rng, y)["params"],
    },
  }
  if not c.is_tied:
    params["head"] = {"kernel": fan_in_init()(head_rng, (c.width, c.vocab_size), dtype)}
  return params


def image_features(params, config: Qwen2VLConfig, patches, image_grids: tuple[rope.Grid, ...]):
  """Image tokens of pictures; patches attend only within their own image.

  Args:
    params: of the model.
    config: of the model.
    patches: uint8[B, P, 3 * patch**2], the images one after another, each in merge-group order.
    image_grids: patches (height, width) per image, the same for every row.
  Returns:
    [B, P / merge**2, D], in the order of the `<|image_pad|>` tokens.
  Raises:
    ValueError: the number of patches, or of bytes per patch, is not that of the grids.
  Source: Wang et al. 2024, arXiv:2409.12191, 2.1.
  """
  expected = (sum(height * width for height, width in image_grids), config.patch_dim)
  if patches.shape[1:] != expected:
    raise ValueError(
      f"patches {list(patches.shape)}: images {tuple(image_grids)} (patches) need {list(expected)} "
      "after the batch axis; patchify with the config's patch and merge"
    )
  if not image_grids:
    return jnp.zeros((patches.shape[0], 0, config.width), config.dtype)
  vision = params["vision"]
  cos, sin = rope.vision_rotary(tuple(image_grids), config.merge, config.vision_head_dim)
  cos, sin = jnp.asarray(cos)[None], jnp.asarray(sin)[None]
  x = PatchEmbed(config).apply({"params": vision["patch_embed"]}, patches)

  def block(layer_params, x, _):
    x = by_rows(x)
    return VisionBlock(config).apply({"params": layer_params}, x, cos, sin, image_grids), None

  block = rematerialised(config, block)
  x, _ = apply_layers(config, vision["blocks"], block, x, num_layers=config.vision_depth)
  return PatchMerger(config).apply({"params": vision["merger"]}, by_rows(x))


def hidden_states(
  params, config: Qwen2VLConfig, token_ids, segment_ids, positions, image_embeds, *, rows=None
):
  """The decoder's last hidden states of training rows (a shared prefix and its responses).

  A token sees an earlier token iff that token is of the prefix (segment 1) or of its own segment.

  Args:
    params: of the model.
    config: of the model.
    token_ids: int32[B, T].
    segment_ids: int32[B, T], 0 padding, 1 prefix, 2.. responses.
    positions: int32[3, B, T], M-RoPE (time, height, width).
    image_embeds: [B, I, D], what replaces the prefix's `<|image_pad|>` tokens, in order.
    rows: see `embed`.
  Returns:
    [B, T, D], normed, ready for `response_logits`.
  """
  x = embed(params, config, token_ids, segment_ids == 1, image_embeds, rows=rows)
  attend = _keep_nothing(attention.segment_attention(segment_ids))
  return _run_layers(params, config, x, positions, attend)[0]


def _run_layers(params, config: Qwen2VLConfig, x, positions, attend):
  """(normed hidden states [B, T, D], what `attend` keeps of every layer)."""
  cos, sin = rope.decoder_rotary(config, positions)

  def layer(layer_params, x, _):
    return DecoderLayer(config).apply({"params": layer_params}, by_rows(x), cos, sin, attend)

  layer = rematerialised(config, layer)
  x, kept = apply_layers(config, params["layers"], layer, x, num_layers=config.depth)
  return RMSNorm(config).apply({"params": params["norm"]}, by_rows(x)), kept


def response_logits(params, config: Qwen2VLConfig, hidden, target_from):
  """Logits at the positions that predict response tokens.

  Args:
    params: of the model.
    config: of the model.
    hidden: [B, T, D], of `hidden_states`.
    target_from: int32[B, N], indices into T.
  Returns:
    float32[B, N, V].
  """
  return logits(params, config, _rows_at(hidden, target_from))


def response_logp(
  params,
  config: Qwen2VLConfig,
  batch: base.Batch,
  grids: tuple[rope.Grid, ...],
  *,
  temperature: float = 1.0,
  is_vision_frozen: bool = False,
):
  """Log-probability of every response token of a batch.

  Args:
    params: of the model.
    config: of the model.
    batch: rows of static shape; only what names its tokens is read.
    grids: patches (height, width) per image.
    temperature: > 0, what the logits are divided by. A policy-gradient step needs that of its
      samples: the score of another distribution does not average to zero over them.
    is_vision_frozen: no gradient to the vision tower and its merger, nor the time it takes.
  Returns:
    float32[B, N], nats; what stands at padding is meaningless.
  Raises:
    ValueError: a temperature that is not above 0.
  """
  if not temperature > 0:
    raise ValueError(f"temperature={temperature}: must be > 0, it divides the logits")
  image_embeds = image_features(params, config, batch.patches, grids)
  if is_vision_frozen:
    image_embeds = jax.lax.stop_gradient(image_embeds)
  params, rows = _looked_up(params, config, batch.token_ids)
  hidden = hidden_states(
    params, config, batch.token_ids, batch.segment_ids, batch.positions, image_embeds, rows=rows
  )
  return _target_logp(params, config, batch, hidden, temperature)


def response_and_attention_logp(
  params, config: Qwen2VLConfig, batch: base.Batch, grids: tuple[rope.Grid, ...], *, layer: int
):
  """Log-probability of every response token, and log of the attention to `batch.attend_to`.

  The attention is that of the query heads of a layer's first key/value head, from the position that
  predicts the token, among the prefix's tokens; the mean of its log over those heads.

  Args:
    params: of the model.
    config: of the model.
    batch: rows of static shape.
    grids: patches (height, width) per image.
    layer: whose attention, 0..depth - 1.
  Returns:
    (float32[B, N], float32[B, N]), nats; what stands at padding, or in the second where attend_to
    is -1, is meaningless.
  Raises:
    ValueError: there is no such layer.
  """
  if not 0 <= layer < config.depth:
    raise ValueError(
      f"layer {layer}: must be 0..{config.depth - 1}, the decoder has {config.depth}"
    )
  image_embeds = image_features(params, config, batch.patches, grids)
  attend_segments = attention.segment_attention(batch.segment_ids)

  def attend(q, k, v):
    queries = _rows_at(q, batch.target_from)[:, :, : config.heads // config.kv_heads]
    return attend_segments(q, k, v), (queries, k[:, :, 0])

  params, rows = _looked_up(params, config, batch.token_ids)
  x = embed(params, config, batch.token_ids, batch.segment_ids == 1, image_embeds, rows=rows)
  hidden, kept = _run_layers(params, config, x, batch.positions, attend)
  queries, keys = jax.tree.map(lambda a: a[layer], kept) if config.is_scanned else kept[layer]
  is_prefix = (batch.segment_ids == 1)[:, None, :]
  attention_logp = attention.attention_logp(
    queries, keys, is_prefix, jnp.maximum(batch.attend_to, 0)
  )
  return _target_logp(params, config, batch, hidden, 1.0), attention_logp


def _looked_up(params, config: Qwen2VLConfig, token_ids):
  """(parameters, rows of their embedding) where a tied table is large, so that logits come in
  chunks, and whole: its two uses then have one gradient. Else (parameters, None)."""
  if not (config.is_tied and config.logit_chunk and jax.sharding.get_abstract_mesh().empty):
    return params, None
  rows, table = look_up(params["embed"]["embedding"], token_ids)
  return {**params, "embed": {"embedding": table}}, rows


def _rows_at(rows, index):
  """[B, N, ...], the rows [B, T, ...] at int32[B, N]."""
  return jax.vmap(lambda rows, index: rows[index])(rows, index)


def _target_logp(params, config: Qwen2VLConfig, batch: base.Batch, hidden, temperature: float):
  """float32[B, N]; with config.logit_chunk no more than [B, logit_chunk, V] logits are alive."""

  def logp_of(rows, ids):
    log_probs = jax.nn.log_softmax(logits(params, config, by_rows(rows)) / temperature)
    return jnp.take_along_axis(log_probs, ids[..., None], axis=-1)[..., 0]

  rows, (num_rows, num_targets) = _rows_at(hidden, batch.target_from), batch.target_ids.shape
  size = config.logit_chunk
  if not 0 < size < num_targets:
    return logp_of(rows, batch.target_ids)
  if jax.sharding.get_abstract_mesh().empty:
    tied = (params["embed"]["embedding"], 0)
    projection, vocab_axis = tied if config.is_tied else (params["head"]["kernel"], 1)
    return chunked_logp(projection, rows, batch.target_ids, size, temperature, vocab_axis)
  num_chunks = -(-num_targets // size)
  padding = num_chunks * size - num_targets

  def split(x):  # [B, N, ...] -> [chunks, B, size, ...]
    x = jnp.pad(x, ((0, 0), (0, padding)) + ((0, 0),) * (x.ndim - 2))
    return jnp.moveaxis(x.reshape(num_rows, num_chunks, size, *x.shape[2:]), 1, 0)

  # On a mesh the vocabulary may be split, and chunks of it would not be whole on a device. Made
  # again in the backward pass: what would be kept of a chunk is its logits.
  chunks = (split(rows), split(batch.target_ids))
  logp = jax.lax.map(lambda chunk: jax.checkpoint(logp_of)(*chunk), chunks)
  return jnp.moveaxis(logp, 0, 1).reshape(num_rows, -1)[:, :num_targets]


def embed(params, config: Qwen2VLConfig, token_ids, is_prefix, image_embeds, *, rows=None):
  """Token embeddings [B, T, D], with the prefix's image tokens replaced, in order.

  `rows` are those of the embedding table at token_ids, None to look them up here.
  """
  x = by_width(params["embed"]["embedding"][token_ids] if rows is None else rows)
  x = by_rows(x.astype(config.dtype))
  if image_embeds.shape[1] == 0:
    return x
  is_image = (token_ids == config.image_token_id) & is_prefix
  index = jnp.maximum(jnp.cumsum(is_image, axis=1) - 1, 0)
  index = jnp.minimum(index, image_embeds.shape[1] - 1)
  images = _rows_at(image_embeds, index)
  return jnp.where(is_image[..., None], images.astype(x.dtype), x)


def logits(params, config: Qwen2VLConfig, hidden):
  """float32[..., V] of normed hidden states [..., D]."""
  if config.is_tied:
    table = params["embed"]["embedding"].astype(config.dtype)
    out = jnp.einsum("...d,vd->...v", hidden, table, preferred_element_type=jnp.float32)
  else:
    kernel = params["head"]["kernel"].astype(config.dtype)
    out = jnp.einsum("...d,dv->...v", hidden, kernel, preferred_element_type=jnp.float32)
  return out


def apply_layers(config: Qwen2VLConfig, layers, layer, x, caches=None, *, num_layers: int):
  """Runs `layer(layer_params, x, cache) -> (x, kept)` over all layers.

  Args:
    config: of the model; `is_scanned` chooses one lax.scan or an unrolled program.
    layers: parameters stacked along axis 0, or a tuple of one pytree per layer (`unstack`).
    layer: the function of one layer.
    x: what flows through the layers.
    caches: stacked along axis 0 if scanned, else a tuple of one per layer; None for none.
    num_layers: how many.
  Returns:
    (x, kept): kept in the layout of `caches`.
  """
  if config.is_scanned:
    step = lambda x, inputs: layer(inputs[0], x, inputs[1])
    return jax.lax.scan(step, x, (layers, caches), length=num_layers)
  kept = []
  for i, layer_params in enumerate(unstack(layers, num_layers)):
    x, out = layer(layer_params, x, None if caches is None else caches[i])
    kept.append(out)
  return x, tuple(kept)


def unstack(layers, num_layers: int):
  """A tuple of one parameter pytree per layer, from parameters stacked along axis 0."""
  if isinstance(layers, tuple):
    return layers
  # lax.split, because its gradient is one concatenation.
  split = jax.tree.map(lambda p: jax.lax.split(p, (1,) * num_layers, axis=0), layers)
  is_split = lambda node: isinstance(node, list | tuple)
  return tuple(
    jax.tree.map(lambda pieces, i=i: pieces[i][0], split, is_leaf=is_split)
    for i in range(num_layers)
  )


def _keep_nothing(attend):
  """(q, k, v) -> (out, None), what a layer of the decoder calls."""
  return lambda q, k, v: (attend(q, k, v), None)
