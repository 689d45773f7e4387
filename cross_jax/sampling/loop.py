"""The sampler: prompts in, response ids and their log-probabilities out, in one jitted function."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.models.qwen2_vl import cache as caching
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.forward import image_features
from cross_jax.sampling.choose import Rules, check_rules, choose, chosen_logp

FREE = -1  # in forced_ids: sample this token


class Sampled(NamedTuple):
  """R responses to each of B prompts."""

  ids: Any  # int32[B, R, N], stop id included, 0 after it
  logp: Any  # float32[B, R, N], nats, of `ids` before the filters; 0 after it
  mask: Any  # bool[B, R, N], True = a token of the response


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
  rules = Rules(temperature, top_k, top_p, min_p, logp_temperature, config.image_token_id)
  check_rules(rules, config.vocab_size, max_new_tokens=max_new_tokens, num_samples=num_samples)

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

    def append(state: _State, logits) -> _State:
      return _append(rules, stop_ids, state, logits, rngs, forced_ids)

    def body(state: _State) -> _State:
      at = first_position + state.step - 1
      cache, logits = caching.decode_step(
        params, config, state.cache, state.last_ids, at, state.step - 1
      )
      return append(state._replace(cache=cache), logits)

    def is_running(state: _State):
      return (state.step < max_new_tokens) & ~jnp.all(state.is_done)

    empty = _empty(shape, max_new_tokens, cache)
    first = append(empty, logits)
    return jax.lax.while_loop(is_running, body, first).sampled

  return sample


def _empty(shape: tuple[int, int], max_new_tokens: int, cache: caching.Cache) -> _State:
  zeros = lambda dtype: jnp.zeros((*shape, max_new_tokens), dtype)
  sampled = Sampled(zeros(jnp.int32), zeros(jnp.float32), zeros(bool))
  return _State(jnp.int32(0), cache, jnp.zeros(shape, jnp.int32), jnp.zeros(shape, bool), sampled)


def _append(
  rules: Rules, stop_ids: tuple[int, ...], state: _State, logits, rngs, forced_ids
) -> _State:
  """Chooses the next token of every response from float32[B, R, V] logits."""
  ids = choose(rules, logits, rngs, state.step)
  if forced_ids is not None:
    wanted = jax.lax.dynamic_index_in_dim(forced_ids, state.step, axis=2, keepdims=False)
    ids = jnp.where(wanted == FREE, ids, wanted)
  logp = chosen_logp(rules, logits, ids)
  new = Sampled(
    jnp.where(state.is_done, 0, ids), jnp.where(state.is_done, 0.0, logp), ~state.is_done
  )
  put = lambda slots, x: jax.lax.dynamic_update_index_in_dim(slots, x, state.step, axis=2)
  is_done = state.is_done | jnp.isin(ids, jnp.asarray(stop_ids, jnp.int32))
  return _State(state.step + 1, state.cache, ids, is_done, jax.tree.map(put, state.sampled, new))


def next_positions(positions, prompt_len):
  """int32[B], the M-RoPE position of the token after each prompt (one past the largest)."""
  is_prompt = jnp.arange(positions.shape[2])[None, None] < prompt_len[None, :, None]
  return jnp.max(jnp.where(is_prompt, positions, -1), axis=(0, 2)) + 1
