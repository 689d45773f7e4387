"""The sampler: exact log-probabilities, keys, forced ids, early exit."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from models import small

from cross_jax import base
from cross_jax.models.qwen2_vl import forward
from cross_jax.sampling import FREE, make_sampler, score_spaces

C = dataclasses.replace(small.CONFIG, is_scanned=True)  # compiles faster
GRIDS = small.GRIDS
B, R, T, N = 3, 2, 18, 6
STOP = 2


@pytest.fixture(scope="module")
def params():
  return small.make_params()


@pytest.fixture(scope="module")
def sampler():
  return make()


def make(**changes):
  return make_sampler(
    C, GRIDS, max_prompt_len=T, max_new_tokens=N, num_samples=R, temperature=0.9, top_p=0.95,
    stop_ids=(STOP, 3, 4, 7, 8, 9, 10), **changes,
  )  # fmt: skip


def make_inputs(seed=0):
  rng = np.random.default_rng(seed)
  _, patches = small.make_images(rng, B)
  prompts = [small.make_prompt(rng, num_text) for num_text in (3, 6, 9)]
  ids, positions = np.zeros((B, T), np.int32), np.zeros((3, B, T), np.int32)
  for b, prompt in enumerate(prompts):
    ids[b, : len(prompt)] = prompt
    positions[:, b, : len(prompt)] = small.prompt_positions(prompt)
  lens = np.array([len(prompt) for prompt in prompts], np.int32)
  return patches, ids, lens, positions


def keys(seeds):
  return jax.vmap(jax.random.key)(np.asarray(seeds, np.uint32))


NOTHING_FORCED = np.full((B, R, N), FREE, np.int32)


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_logp_is_that_of_the_training_forward(params, temperature):
  sampler = make(logp_temperature=temperature)
  patches, ids, lens, positions = inputs = make_inputs()
  got = jax.device_get(sampler(params, *inputs, keys([1, 2, 3]), NOTHING_FORCED))
  rows = np.zeros((B, T + R * N), np.int32)
  segments, targets = np.zeros_like(rows), np.zeros((B, R * N), np.int32)
  target_from = np.zeros_like(targets)
  all_positions = np.zeros((3, *rows.shape), np.int32)
  for b in range(B):
    rows[b, : lens[b]], segments[b, : lens[b]] = ids[b, : lens[b]], 1
    for r in range(R):
      at = slice(T + r * N, T + r * N + N)
      rows[b, at], segments[b, at] = got.ids[b, r], (2 + r) * got.mask[b, r]
      targets[b, r * N : r * N + N] = got.ids[b, r]
      target_from[b, r * N : r * N + N] = [lens[b] - 1, *range(T + r * N, T + r * N + N - 1)]
    all_positions[:, b] = small.prompt_positions(rows[b], segments[b])
  ones = np.ones(targets.shape, np.float32)
  batch = base.Batch(
    patches, rows, segments, all_positions, targets, target_from, ones > 0, ones, ones, -ones
  )
  logp_fn = lambda p, b: forward.response_logp(p, C, b, GRIDS, temperature=temperature)
  want = jax.jit(logp_fn)(params, batch)
  want = np.asarray(want).reshape(B, R, N)
  np.testing.assert_allclose(got.logp[got.mask], want[got.mask], atol=1e-4)
  assert (got.logp[~got.mask] == 0).all() and (got.ids[~got.mask] == 0).all()


def test_a_response_ends_with_its_stop_id(params, sampler):
  stops = {STOP, 3, 4, 7, 8, 9, 10}
  lengths = set()
  for seed in range(5):
    got = jax.device_get(sampler(params, *make_inputs(seed), keys([seed] * 3), NOTHING_FORCED))
    for row, mask in zip(got.ids.reshape(-1, N), got.mask.reshape(-1, N)):
      length = int(mask.sum())
      assert mask[:length].all() and not mask[length:].any()
      assert not stops & set(row[: length - 1].tolist())
      assert length == N or row[length - 1] in stops
      assert C.image_token_id not in row[:length]
      lengths.add(length)
  assert len(lengths) > 2  # some end early, some later


def test_a_row_depends_on_its_own_prompt_and_key(params, sampler):
  patches, ids, lens, positions = make_inputs()
  first = jax.device_get(sampler(params, *make_inputs(), keys([1, 2, 3]), NOTHING_FORCED))
  again = jax.device_get(sampler(params, *make_inputs(), keys([1, 2, 3]), NOTHING_FORCED))
  np.testing.assert_array_equal(first.ids, again.ids)
  order = np.array([2, 0, 1])
  moved = jax.device_get(
    sampler(
      params, patches[order], ids[order], lens[order], positions[:, order],
      keys([3, 1, 2]), NOTHING_FORCED,
    )
  )  # fmt: skip
  np.testing.assert_array_equal(moved.ids, first.ids[order])
  np.testing.assert_allclose(moved.logp, first.logp[order], atol=1e-5)
  other = jax.device_get(sampler(params, *make_inputs(), keys([1, 9, 9]), NOTHING_FORCED))
  np.testing.assert_array_equal(other.ids[0], first.ids[0])
  assert (other.ids[1:] != first.ids[1:]).any()
  assert any((first.ids[b, 0] != first.ids[b, 1]).any() for b in range(B))  # members differ


def test_forced_ids_are_taken_and_scored(params, sampler):
  forced = NOTHING_FORCED.copy()
  forced[0, 1, :3] = [11, 12, STOP]
  forced[1, :, 0] = 13
  free = jax.device_get(sampler(params, *make_inputs(), keys([1, 2, 3]), NOTHING_FORCED))
  got = jax.device_get(sampler(params, *make_inputs(), keys([1, 2, 3]), forced))
  assert got.ids[0, 1].tolist() == [11, 12, STOP, 0, 0, 0]
  assert got.mask[0, 1].tolist() == [True] * 3 + [False] * 3
  assert (got.ids[1, :, 0] == 13).all() and (got.logp[1, :, 0] < 0).all()
  np.testing.assert_array_equal(got.ids[2], free.ids[2])


def test_a_second_batch_compiles_nothing(params, sampler):
  sampler(params, *make_inputs(0), keys([1, 2, 3]), NOTHING_FORCED)
  size = sampler._cache_size()
  sampler(small.make_params(seed=1), *make_inputs(7), keys([4, 5, 6]), NOTHING_FORCED)
  assert sampler._cache_size() == size


def test_scores_are_the_logp_of_forced_prefixes(params, sampler):
  forced = NOTHING_FORCED.copy()
  forced[:, 0, :2], forced[:, 1, :1] = [11, 12], 13
  got = jax.device_get(sampler(params, *make_inputs(), keys([1, 2, 3]), forced))
  prefixes, lens = jnp.asarray([[11, 12], [13, 0]], jnp.int32), jnp.asarray([2, 1], jnp.int32)
  scores = score_spaces(params, C, GRIDS, *make_inputs(), prefixes, lens)
  want = np.stack([got.logp[:, 0, :2].sum(axis=-1), got.logp[:, 1, 0]], axis=-1)
  np.testing.assert_allclose(scores, want, atol=1e-5)


def test_greedy_takes_the_most_probable(params):
  greedy = make_sampler(
    C, GRIDS, max_prompt_len=T, max_new_tokens=1, num_samples=1, temperature=0.0, stop_ids=(STOP,)
  )
  got = jax.device_get(greedy(params, *make_inputs(), keys([1, 2, 3])))
  prefixes = jnp.arange(C.vocab_size, dtype=jnp.int32)[:, None]
  scores = score_spaces(
    params, C, GRIDS, *make_inputs(), prefixes, jnp.ones(C.vocab_size, jnp.int32)
  )
  scores = np.array(scores)
  np.testing.assert_allclose(np.exp(scores).sum(axis=-1), 1.0, rtol=1e-4)  # all first tokens
  scores[:, C.image_token_id] = -np.inf
  assert got.ids[:, 0, 0].tolist() == scores.argmax(axis=-1).tolist()


def test_wrong_numbers_are_refused(params, sampler):
  make = lambda **change: make_sampler(
    C, GRIDS,
    **dict(dict(max_prompt_len=T, max_new_tokens=N, num_samples=R, temperature=1.0, stop_ids=(2,)),
           **change),
  )  # fmt: skip
  for change, match in (
    ({"temperature": -1.0}, "temperature=-1.0: must be >= 0"),
    ({"top_p": 0.0}, r"top_p=0.0: must be in \(0, 1\]"),
    ({"top_k": 51}, "top_k=51: must be in 0..50"),
    ({"min_p": 2.0}, "min_p=2.0"),
    ({"max_new_tokens": 0}, "max_new_tokens=0"),
  ):
    with pytest.raises(ValueError, match=match):
      make(**change)
  patches, ids, lens, positions = make_inputs()
  with pytest.raises(ValueError, match="max_prompt_len 18"):
    sampler(params, patches, ids[:, :-1], lens, positions[:, :, :-1], keys([1, 2, 3]))
