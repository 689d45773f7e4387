"""The arrays of a GRPO update that both sides take, beside the rows of `twins`."""

import numpy as np

from benchmarks import twins
from cross_jax.losses import group_advantages

CLIP, KL_COEF = 0.2, 0.01
WARMUP_STEPS = 2  # whose losses must agree: the second sees the first update
_OFF_POLICY = 0.1  # nats, spread of the sampling policy's log-probabilities about the reference's


def advantages(work: twins.Work) -> np.ndarray:
  """float32[prompts, responses], of random successes."""
  rng = np.random.default_rng(work.seed + 1)
  wins = rng.random((work.num_prompts, work.num_responses)) < 0.5
  wins[:, 0], wins[:, -1] = True, False  # every group has spread
  return np.asarray(group_advantages(wins.astype(np.float32)))


def off_policy(work: twins.Work) -> np.ndarray:
  """float32[prompts, responses, N], nats: old log-probabilities minus the reference's."""
  shape = (work.num_prompts, work.num_responses, work.response_len)
  noise = np.random.default_rng(work.seed + 2).standard_normal(shape)
  return (_OFF_POLICY * noise).astype(np.float32)
