"""The sampler: prompts in, response ids and their log-probabilities out, in one jitted function."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.models.qwen2_vl import cache as caching
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.forward import image_features
from cross_jax.sampling.filters import apply_filters, apply_temperature

FREE = -1  # in forced_ids: sample this token


class Sampled(NamedTuple):
  """R responses to each of B prompts."""

  ids: Any  # int32[B, R, N], stop id included, 0 after it
  logp: Any  # float32[B, R, N], nats, of `ids` before the filters; 0 after it
  mask: Any  # bool[B, R, N], True = a token of the response


class _Rules(NamedTuple):
  """How a token is chosen from logits; plain numbers, static."""

  temperature: float
  top_k: int
  top_p: float
  min_p: float
  logp_temperature: float  # of the log-probabilities that are reported
  banned_id: int  # never sampled
  stop_ids: tuple[int, ...]


class _State(NamedTuple):
  step: Any  # int32[], tokens so far
  cache: caching.Cache
  last_ids: Any  # int32[B, R], the newest token
  is_done: Any  # bool[B, R]
  sampled: Sampled


def make_sampler(
  config: Qwen2VLConfig,
  grids: tuple[tuple[int, int], ...],
  *,
  max_prompt_len: int,
  max_new_tokens: int,
  num_samples: int,
  temperature: float,
  stop_ids: tuple[int, ...],
  top_p: float = 1.0,
  top_k: int = 0,
  min_p: float = 0.0,
  logp_temperature: float = 1.0,
):
  """A jitted sampler of fixed shape.

  The prompt and its images are computed once for all its responses. A row's result depends on its
  own prompt and key only. The log-probabilities are those that `forward.response_logp` gives to the
  ids at logp_temperature, without filters. `<|image_pad|>` is never sampled.

  Args:
    config: of the model.
    grids: patches (height, width) of each image of a prompt.
    max_prompt_len: T, tokens that prompts are padded to.
    max_new_tokens: N, tokens of the longest response; one that has no stop id by then is cut.
    num_samples: R, responses per prompt.
    temperature: > 0, or 0 for the most probable token.
    stop_ids: tokens that end a response.
    top_p, top_k, min_p: filters, off by default; see `filters.apply_filters`.
    logp_temperature: > 0, of the log-probabilities; for policy gradients that of the samples.
  Returns:
    (params, patches uint8[B, P, pd], prompt_ids int32[B, T] padded on the right, prompt_len
    int32[B], positions int32[3, B, T], rngs key[B], forced_ids int32[B, R, N] or None) -> Sampled.
    forced_ids are put in place of samples wherever they are not FREE; their log-probability is
    reported all the same.
  Raises:
    ValueError: a number out of range; on the first call, a prompt of another length.
  """
  rules = _Rules(
    temperature, top_k, top_p, min_p, logp_temperature, config.image_token_id, tuple(stop_ids)
  )
  _check(rules, max_new_tokens, num_samples, config.vocab_size)

  @jax.jit
  def sample(params, patches, prompt_ids, prompt_len, positions, rngs, forced_ids=None) -> Sampled:
    if prompt_ids.shape[1] != max_prompt_len:
      raise ValueError(
        f"prompt_ids {list(prompt_ids.shape)}: this sampler takes prompts padded to max_prompt_len "
        f"{max_prompt_len}"
      )
    image_embeds = image_features(params, config, patches, grids)
    params = caching.unstack_params(params, config)
    cache, logits = caching.prefill(
      params, config, prompt_ids, prompt_len, positions, image_embeds,
      num_samples=num_samples, max_new_tokens=max_new_tokens,
    )  # fmt: skip
    members = jnp.arange(num_samples)
    rngs = jax.vmap(lambda rng: jax.vmap(lambda r: jax.random.fold_in(rng, r))(members))(rngs)
    shape = (len(prompt_ids), num_samples)
    logits = jnp.broadcast_to(logits[:, None], (*shape, logits.shape[-1]))
    first_position = jnp.broadcast_to(next_positions(positions, prompt_len)[:, None], shape)

    def body(state: _State) -> _State:
      at = first_position + state.step - 1
      cache, logits = caching.decode_step(
        params, config, state.cache, state.last_ids, at, state.step - 1
      )
      return _append(rules, state._replace(cache=cache), logits, rngs, forced_ids)

    def is_running(state: _State):
      return (state.step < max_new_tokens) & ~jnp.all(state.is_done)

    empty = _empty(shape, max_new_tokens, cache)
    first = _append(rules, empty, logits, rngs, forced_ids)
    return jax.lax.while_loop(is_running, body, first).sampled

  return sample


def _empty(shape: tuple[int, int], max_new_tokens: int, cache: caching.Cache) -> _State:
  zeros = lambda dtype: jnp.zeros((*shape, max_new_tokens), dtype)
  sampled = Sampled(zeros(jnp.int32), zeros(jnp.float32), zeros(bool))
  return _State(jnp.int32(0), cache, jnp.zeros(shape, jnp.int32), jnp.zeros(shape, bool), sampled)


def _append(rules: _Rules, state: _State, logits, rngs, forced_ids) -> _State:
  """Chooses the next token of every response from float32[B, R, V] logits."""
  ids = _choose(rules, logits, rngs, state.step)
  if forced_ids is not None:
    wanted = jax.lax.dynamic_index_in_dim(forced_ids, state.step, axis=2, keepdims=False)
    ids = jnp.where(wanted == FREE, ids, wanted)
  log_probs = jax.nn.log_softmax(apply_temperature(logits, rules.logp_temperature))
  logp = jnp.take_along_axis(log_probs, ids[..., None], axis=-1)[..., 0]
  new = Sampled(
    jnp.where(state.is_done, 0, ids), jnp.where(state.is_done, 0.0, logp), ~state.is_done
  )
  put = lambda slots, x: jax.lax.dynamic_update_index_in_dim(slots, x, state.step, axis=2)
  is_done = state.is_done | jnp.isin(ids, jnp.asarray(rules.stop_ids, jnp.int32))
  return _State(state.step + 1, state.cache, ids, is_done, jax.tree.map(put, state.sampled, new))


def _choose(rules: _Rules, logits, rngs, step):
  """int32[B, R] sampled from float32[B, R, V] logits by key[B, R]."""
  allowed = logits.at[..., rules.banned_id].set(-jnp.inf)
  if rules.temperature == 0.0:
    return jnp.argmax(allowed, axis=-1).astype(jnp.int32)
  filtered = apply_filters(
    allowed,
    temperature=rules.temperature,
    top_k=rules.top_k,
    top_p=rules.top_p,
    min_p=rules.min_p,
  )
  draw = lambda rng, row: jax.random.categorical(jax.random.fold_in(rng, step), row)
  return jax.vmap(jax.vmap(draw))(rngs, filtered).astype(jnp.int32)


def next_positions(positions, prompt_len):
  """int32[B], the M-RoPE position of the token after each prompt (one past the largest)."""
  is_prompt = jnp.arange(positions.shape[2])[None, None] < prompt_len[None, :, None]
  return jnp.max(jnp.where(is_prompt, positions, -1), axis=(0, 2)) + 1


def _check(rules: _Rules, max_new_tokens: int, num_samples: int, vocab_size: int) -> None:
  limits = {
    "temperature": (rules.temperature, rules.temperature >= 0.0, ">= 0"),
    "logp_temperature": (rules.logp_temperature, rules.logp_temperature > 0.0, "> 0"),
    "top_p": (rules.top_p, 0.0 < rules.top_p <= 1.0, "in (0, 1]"),
    "top_k": (rules.top_k, 0 <= rules.top_k <= vocab_size, f"in 0..{vocab_size} (0 = off)"),
    "min_p": (rules.min_p, 0.0 <= rules.min_p <= 1.0, "in [0, 1]"),
    "max_new_tokens": (max_new_tokens, max_new_tokens >= 1, ">= 1"),
    "num_samples": (num_samples, num_samples >= 1, ">= 1"),
  }
  for name, (value, is_ok, limit) in limits.items():
    if not is_ok:
      raise ValueError(f"{name}={value}: must be {limit}")
