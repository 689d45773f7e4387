"""A tiny stand-in for the policy, and batches for it: embedding, one tanh layer, tied output."""

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import Batch
from cross_jax.losses import cross_entropy

NUM_ROWS, NUM_INPUTS, NUM_TARGETS, VOCAB_SIZE, WIDTH = 8, 6, 4, 12, 8


def init_params(seed=0):
  rng = np.random.default_rng(seed)
  return {
    "embed": {"embedding": jnp.asarray(rng.normal(size=(VOCAB_SIZE, WIDTH)), jnp.float32)},
    "dense": {
      "kernel": jnp.asarray(rng.normal(size=(WIDTH, WIDTH)) / WIDTH**0.5, jnp.float32),
      "bias": jnp.asarray(rng.normal(size=WIDTH), jnp.float32),
    },
  }


def response_logp(params, batch):
  """float32[B, N], nats; positions take part, so that a wrong batch axis shows."""
  table = params["embed"]["embedding"]
  shift = jnp.sum(batch.positions, axis=0).astype(jnp.float32)[..., None] * 0.1
  hidden = table[batch.token_ids] + shift
  hidden = jnp.tanh(hidden @ params["dense"]["kernel"] + params["dense"]["bias"][None, None])
  hidden = jnp.take_along_axis(hidden, batch.target_from[..., None], axis=1)
  return -cross_entropy(hidden @ table.T, batch.target_ids)


policy_logp = jax.jit(response_logp)  # for the expected numbers


def make_batch(seed=1, num_rows=NUM_ROWS):
  """A batch whose rows keep 0 to 4 tokens; old_logp is near the policy of init_params()."""
  rng = np.random.default_rng(seed)
  tokens, targets = (num_rows, NUM_INPUTS), (num_rows, NUM_TARGETS)
  num_kept = np.arange(num_rows) % (NUM_TARGETS + 1)
  batch = Batch(
    patches=np.zeros((num_rows, 2, 12), np.uint8),
    token_ids=rng.integers(0, VOCAB_SIZE, tokens).astype(np.int32),
    segment_ids=np.ones(tokens, np.int32),
    positions=rng.integers(0, 5, (3, *tokens)).astype(np.int32),
    target_ids=rng.integers(0, VOCAB_SIZE, targets).astype(np.int32),
    target_from=rng.integers(0, NUM_INPUTS, targets).astype(np.int32),
    target_mask=np.arange(NUM_TARGETS)[None] < num_kept[:, None],
    old_logp=np.zeros(targets, np.float32),
    advantage=rng.normal(size=targets).astype(np.float32),
    attend_to=np.full(targets, -1, np.int32),
  )
  noise = rng.normal(size=targets).astype(np.float32) * 0.3
  logp = np.asarray(policy_logp(init_params(), batch))
  return batch._replace(old_logp=logp + noise)
