"""The state of a continuous-batching engine, and the two functions that change it.

Every slot samples its own response: `insert` puts prompts into slots and samples their first token,
`decode` samples further tokens of all active slots. A slot's result depends on its own prompt and
key only. What a finished slot holds stays, for prompts that begin with it.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from cross_jax.models.qwen2_vl import slots as caching
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.forward import image_features
from cross_jax.sampling.choose import Rules, choose, chosen_logp
from cross_jax.sharding import ROW_AXES

NO_ID = -1  # in stop_ids: none


class Room(NamedTuple):
  """The fixed sizes of an engine."""

  num_slots: int  # B, responses at a time
  max_len: int  # S, tokens of a slot, prompt and response
  max_new_tokens: int  # N, of the longest response
  prompt_buckets: tuple[int, ...]  # tokens that prompts, or what is new of them, are padded to
  num_inserts: int = 1  # prompts of one prefill, if there are several
  max_stop_ids: int = 4  # E, of a request


class EngineSpec(NamedTuple):
  """What `insert` and `decode` are compiled for."""

  config: Qwen2VLConfig
  rules: Rules
  mesh: Mesh | None = None


class State(NamedTuple):
  """All slots."""

  layers: Any  # keys and values, see models.qwen2_vl.slots
  length: Any  # int32[B], tokens whose keys and values a slot holds
  last_ids: Any  # int32[B], the newest token, not yet among them
  position: Any  # int32[B], M-RoPE position of that token
  step: Any  # int32[B], tokens of the response so far
  limit: Any  # int32[B], at most
  stop_ids: Any  # int32[B, E], what ends the response
  rngs: Any  # key[B]
  is_active: Any  # bool[B], the response goes on
  ids: Any  # int32[B, N], the response
  logp: Any  # float32[B, N], nats, before the filters


class Newcomers(NamedTuple):
  """A requests for slots, 1 or room.num_inserts."""

  tokens: caching.NewTokens
  patches: Any  # uint8[A, P, patch_dim], of the images among the new tokens
  next_position: Any  # int32[A], M-RoPE position of the first response token
  seed: Any  # uint32[A]
  member: Any  # int32[A], folded into the seed's key
  limit: Any  # int32[A], most tokens of the response, 1..N
  stop_ids: Any  # int32[A, E], NO_ID = none


def empty_state(config: Qwen2VLConfig, room: Room, mesh: Mesh | None = None) -> State:
  """The state of idle slots, on the mesh if there is one."""

  def make():
    B = room.num_slots
    zeros = lambda *shape: jnp.zeros((B, *shape), jnp.int32)
    return State(
      layers=caching.empty_slots(config, B, room.max_len),
      length=zeros(), last_ids=zeros(), position=zeros(), step=zeros(), limit=zeros(),
      stop_ids=zeros(room.max_stop_ids), rngs=jax.vmap(jax.random.key)(jnp.zeros(B, jnp.uint32)),
      is_active=jnp.zeros(B, bool), ids=zeros(room.max_new_tokens),
      logp=jnp.zeros((B, room.max_new_tokens), jnp.float32),
    )  # fmt: skip

  shardings = None if mesh is None else state_shardings(jax.eval_shape(make), config, mesh)
  return jax.jit(make, out_shardings=shardings)()


def state_shardings(state: State, config: Qwen2VLConfig, mesh: Mesh) -> State:
  """Slots over 'data' and 'fsdp', key/value heads over 'tensor'."""
  cache = P(None, ROW_AXES, "tensor") if config.is_scanned else P(ROW_AXES, "tensor")
  rows = jax.tree.map(lambda _: NamedSharding(mesh, P(ROW_AXES)), state)
  layers = jax.tree.map(lambda _: NamedSharding(mesh, cache), state.layers)
  return rows._replace(layers=layers)


@functools.partial(
  jax.jit, static_argnames=("spec", "grids", "is_fresh"), donate_argnames=("state",)
)
def insert(
  params,
  state: State,
  new: Newcomers,
  *,
  spec: EngineSpec,
  grids: tuple[tuple[int, int], ...],
  is_fresh: bool,
) -> State:
  """Puts requests into slots and samples the first token of each.

  Compiled once per number of rows and of padded tokens, grids and is_fresh. The state given is used
  up.

  Args:
    params: of the model, `cache.unstack_params`.
    state: of `empty_state` and the calls since.
    new: the requests.
    spec: model, rules, mesh.
    grids: patches (height, width) of each image among the new tokens.
    is_fresh: no request goes on from what a slot holds.
  Returns:
    The new state.
  """
  config, tokens = spec.config, new.tokens
  image_embeds = image_features(params, config, new.patches, grids)
  layers, logits = caching.prefill_slots(
    params, config, state.layers, tokens, image_embeds, is_fresh=is_fresh
  )
  rngs = jax.vmap(lambda seed, r: jax.random.fold_in(jax.random.key(seed), r))(new.seed, new.member)
  step = jnp.zeros_like(new.limit)
  ids, logp = _sample(spec.rules, logits, rngs, step)
  put = lambda rows, x: rows.at[tokens.slot].set(x, mode="drop")
  padding = ((0, 0), (0, state.ids.shape[1] - 1))
  state = State(
    layers=layers,
    length=put(state.length, tokens.start + tokens.num),
    last_ids=put(state.last_ids, ids),
    position=put(state.position, new.next_position),
    step=put(state.step, step + 1),
    limit=put(state.limit, new.limit),
    stop_ids=put(state.stop_ids, new.stop_ids),
    rngs=put(state.rngs, rngs),
    is_active=put(state.is_active, ~_is_stop(ids, new.stop_ids) & (new.limit > 1)),
    ids=put(state.ids, jnp.pad(ids[:, None], padding)),
    logp=put(state.logp, jnp.pad(logp[:, None], padding)),
  )
  return _placed(state, spec)


@functools.partial(jax.jit, static_argnames=("spec",), donate_argnames=("state",))
def decode(params, state: State, is_wanted, num_steps, *, spec: EngineSpec) -> State:
  """Samples tokens of every active slot until a wanted one is done. The state given is used up.

  Args:
    params: of the model, `cache.unstack_params`.
    state: of the calls before.
    is_wanted: bool[B]; where False the response ends here, whatever it lacks.
    num_steps: int32[], most tokens of a slot.
    spec: model, rules, mesh.
  Returns:
    The new state.
  """
  state = state._replace(is_active=state.is_active & is_wanted)

  def is_running(carry):
    step, state = carry
    is_one_done = jnp.any(is_wanted & ~state.is_active)
    return (step < num_steps) & jnp.any(state.is_active) & ~is_one_done

  def body(carry):
    step, state = carry
    return step + 1, _placed(_advance(params, state, spec), spec)

  return jax.lax.while_loop(is_running, body, (jnp.int32(0), state))[1]


def _advance(params, state: State, spec: EngineSpec) -> State:
  """One more token of every active slot."""
  layers, logits = caching.decode_slots(
    params, spec.config, state.layers, state.last_ids, state.position, state.length,
    state.is_active,
  )  # fmt: skip
  ids, logp = _sample(spec.rules, logits, state.rngs, state.step)
  is_active = state.is_active
  put_at = jnp.where(is_active, state.step, state.ids.shape[1])  # past the end: dropped
  put = jax.vmap(lambda row, x, at: row.at[at].set(x, mode="drop"))
  one = is_active.astype(jnp.int32)
  step = state.step + one
  return state._replace(
    layers=layers,
    length=state.length + one,
    last_ids=jnp.where(is_active, ids, state.last_ids),
    position=state.position + one,
    step=step,
    is_active=is_active & ~_is_stop(ids, state.stop_ids) & (step < state.limit),
    ids=put(state.ids, ids, put_at),
    logp=put(state.logp, logp, put_at),
  )


def _sample(rules: Rules, logits, rngs, step):
  """(int32[B], float32[B]) of float32[B, V] logits, key[B] and int32[B] steps, as the sampler's."""
  draw = lambda row, rng, step: choose(rules, row[None, None], rng[None, None], step)[0, 0]
  ids = jax.vmap(draw)(logits, rngs, step)
  return ids, chosen_logp(rules, logits, ids)


def _is_stop(ids, stop_ids):
  return jnp.any(ids[:, None] == stop_ids, axis=1)


def _placed(state: State, spec: EngineSpec) -> State:
  if spec.mesh is None:
    return state
  shardings = state_shardings(state, spec.config, spec.mesh)
  return jax.lax.with_sharding_constraint(state, shardings)
