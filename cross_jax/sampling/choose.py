"""One token from logits: the rules of the choice, the draw, and the log-probability reported."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from cross_jax.sampling.filters import apply_filters, apply_temperature


class Rules(NamedTuple):
  """How a token is chosen from logits; plain numbers, static."""

  temperature: float
  top_k: int
  top_p: float
  min_p: float
  logp_temperature: float  # of the log-probabilities that are reported
  banned_id: int  # never sampled


def choose(rules: Rules, logits, rngs, step):
  """The next token of every response.

  Args:
    rules: of the choice.
    logits: float32[B, R, V].
    rngs: key[B, R], one per response.
    step: int32[], tokens that the responses have; every step draws anew from the same keys.
  Returns:
    int32[B, R].
  """
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


def chosen_logp(rules: Rules, logits, ids):
  """Log-probability of ids[...] at logp_temperature, before the filters.

  Args:
    rules: of the choice.
    logits: float32[..., V].
    ids: int32[...].
  Returns:
    float32[...], nats.
  """
  log_probs = jax.nn.log_softmax(apply_temperature(logits, rules.logp_temperature))
  return jnp.take_along_axis(log_probs, ids[..., None], axis=-1)[..., 0]


def check_rules(rules: Rules, vocab_size: int, **counts: int) -> None:
  """Refuses numbers out of range.

  Args:
    rules: of the choice.
    vocab_size: V.
    counts: numbers that must be at least 1, by name.
  Raises:
    ValueError: names the number, its value and its limits.
  """
  limits = {
    "temperature": (rules.temperature, rules.temperature >= 0.0, ">= 0"),
    "logp_temperature": (rules.logp_temperature, rules.logp_temperature > 0.0, "> 0"),
    "top_p": (rules.top_p, 0.0 < rules.top_p <= 1.0, "in (0, 1]"),
    "top_k": (rules.top_k, 0 <= rules.top_k <= vocab_size, f"in 0..{vocab_size} (0 = off)"),
    "min_p": (rules.min_p, 0.0 <= rules.min_p <= 1.0, "in [0, 1]"),
    **{name: (count, count >= 1, ">= 1") for name, count in counts.items()},
  }
  for name, (value, is_ok, limit) in limits.items():
    if not is_ok:
      raise ValueError(f"{name}={value}: must be {limit}")
