"""The engine answers every request as the fixed sampler would, whatever runs beside it."""

import functools

import jax
import numpy as np
import pytest
from models import small
from sampling.engine_requests import (
  ROOM,
  RULES,
  STOPS,
  C,
  N,
  T,
  alone,
  in_order,
  letters,
  make,
  make_requests,
  same,
)

from cross_jax.models.qwen2_vl import forward
from cross_jax.models.qwen2_vl.config import preset
from cross_jax.rollout.packing import Row, pack
from cross_jax.sampling import Request, Room, make_sampler, slots
from cross_jax.sampling.choose import Rules
from cross_jax.sampling.plan import Job, Slot, newcomers, plan_job
from cross_jax.sampling.request import read_request

R = 2


@pytest.fixture(scope="module")
def params():
  return small.make_params()


def test_ids_and_logp_are_those_of_the_sampler(params):
  requests = make_requests(8)
  ids, positions = np.zeros((8, T), np.int32), np.zeros((3, 8, T), np.int32)
  for b, request in enumerate(requests):
    ids[b, : len(request.prompt_ids)] = request.prompt_ids
    positions[:, b, : len(request.prompt_ids)] = small.prompt_positions(request.prompt_ids)
  sampler = make_sampler(
    C, small.GRIDS, max_prompt_len=T, max_new_tokens=N, num_samples=R, stop_ids=STOPS, **RULES
  )
  want = jax.device_get(
    sampler(
      params,
      np.stack([request.patches for request in requests]),
      ids,
      np.asarray([len(request.prompt_ids) for request in requests], np.int32),
      positions,
      jax.vmap(jax.random.key)(np.arange(100, 108, dtype=np.uint32)),
    )
  )
  members = [request._replace(member=r) for request in requests for r in range(R)]
  got = in_order(members, make(params).run(members))
  lengths = set()
  for i, done in enumerate(got):
    b, r = divmod(i, R)
    mask = want.mask[b, r]
    assert done.ids.tolist() == want.ids[b, r][mask].tolist()
    np.testing.assert_allclose(done.logp, want.logp[b, r][mask], atol=1e-5)
    assert done.reason == ("stop_id" if done.ids[-1] in STOPS else "max_new_tokens")
    assert done.text == letters(done.ids)
    lengths.add(len(done.ids))
  assert len(lengths) > 2  # slots came free at different times
  # The second member of a group finds the first one's prompt, all but its last token.
  assert [done.num_reused for done in got[1::R]] == [len(r.prompt_ids) - 1 for r in requests]


@pytest.mark.parametrize("temperature", [1.0, pytest.param(0.7, marks=pytest.mark.slow)])
def test_logp_is_that_of_the_training_forward(params, temperature):
  requests = make_requests(5, seed=1)
  engine = make(params, logp_temperature=temperature)
  got = in_order(requests, engine.run(requests))
  rows = [
    Row(r.patches, r.prompt_ids, small.prompt_positions(r.prompt_ids), (done.ids,))
    for r, done in zip(requests, got)
  ]
  batch = pack(rows, max_len=T + N, max_targets=N, pad_id=0)
  logp_fn = lambda p, b: forward.response_logp(p, C, b, small.GRIDS, temperature=temperature)
  want = np.asarray(jax.jit(logp_fn)(params, batch))
  np.testing.assert_allclose(
    np.concatenate([done.logp for done in got]), want[batch.target_mask], atol=1e-4
  )


def test_a_result_depends_on_nothing_else(params):
  requests = make_requests(6, seed=2)
  want = in_order(requests, make(params).run(requests))
  two_at_a_time = ROOM._replace(num_inserts=2)
  for room, order in ((two_at_a_time, range(6)), (ROOM, (5, 2, 0, 4, 1, 3))):
    got = in_order(requests, make(params, room).run(requests[i] for i in order))
    for ours, theirs in zip(got, want):
      same(ours, theirs)


def test_responses_come_as_they_end_and_slots_are_taken_at_once(params):
  # Without stop ids a response has as many tokens as it may. Two of 6 beside four of 1 to 3:
  requests = [
    request._replace(max_new_tokens=num, stop_ids=(), tag=tag)
    for tag, (request, num) in enumerate(zip(make_requests(6, seed=3), (6, 6, 2, 1, 3, 1)))
  ]
  taken, seen = [], []

  def stream():
    for request in requests:
      taken.append(request.tag)
      yield request

  engine = make(params)
  running = engine.run(stream(), on_progress=seen.append)
  first = next(running)
  assert first.request.tag == 2 and taken == [0, 1, 2]  # no more than there are slots for
  finished = [first, *running]
  assert [done.request.tag for done in finished] == [2, 3, 4, 5, 0, 1]
  assert [len(done.ids) for done in finished] == [2, 1, 3, 1, 6, 6]
  assert {done.reason for done in finished} == {"max_new_tokens"}
  assert seen[-1] == (6, 19, 0, 0) == engine.progress()


def test_more_requests_and_other_parameters_compile_nothing(params):
  engine = make(params)
  list(engine.run(make_requests(8)))
  sizes = slots.insert._cache_size(), slots.decode._cache_size()
  changes = dict(max_new_tokens=4, stop_ids=(2,), stop_strings=("A",), member=3)
  assert len(list(engine.run(make_requests(7, seed=4, **changes)))) == 7
  engine.set_params(small.make_params(seed=1))
  again = make_requests(8)
  for ours, theirs in zip(in_order(again, engine.run(again)), again):
    same(ours, alone(small.make_params(seed=1), theirs))
  assert (slots.insert._cache_size(), slots.decode._cache_size()) == sizes


def test_short_prompts_after_long_ones(params):
  long = [request._replace(stop_ids=()) for request in make_requests(9, seed=5)[2::3]]
  short = make_requests(9, seed=6)[::3]
  assert max(len(r.prompt_ids) for r in short) < min(len(r.prompt_ids) for r in long)
  engine = make(params)
  layers = jax.tree.map(lambda x: x * np.float32("nan"), engine._state.layers)
  engine._state = engine._state._replace(layers=layers)
  for done in engine.run([*long, *short]):
    same(done, alone(params, done.request))


def test_stop_strings(params):
  base = make_requests(1, seed=7)[0]._replace(stop_ids=())
  whole = alone(params, base)
  text = whole.text
  assert len(set(text)) > 4
  for check_every in (1, 8):
    engine = make(params, check_every=check_every)
    other = make_requests(2, seed=8)[1]
    cut, beside = in_order(
      requests := [base._replace(stop_strings=("zz", text[2:4], text[4])), other],
      engine.run(requests),
    )
    assert (cut.text, cut.reason) == (text[:2], "stop_string")
    assert cut.ids.tolist() == whole.ids[:4].tolist()  # up to what completes it
    np.testing.assert_allclose(cut.logp, whole.logp[:4], atol=1e-5)
    same(beside, alone(params, other))
    # The slot goes on as if nothing had been sampled after it.
    again = base._replace(seed=9)
    (done,) = engine.run([again])
    same(done, alone(params, again))


def test_refused_before_any_compute(params):
  engine = make(params, decode=None)
  good = make_requests(3)[2]
  assert len(good.prompt_ids) == T
  longer = np.concatenate([good.prompt_ids, np.full(17, 6, np.int32)])
  for changes, match in (
    (dict(prompt_ids=np.zeros(0, np.int32)), "at least 1 token"),
    (dict(prompt_ids=longer), r"prompt of 35 tokens: the largest of prompt_buckets \(6, 18, 34\)"),
    (dict(prompt_ids=longer[:-1] + 50), "must be 0..49"),
    (dict(max_new_tokens=7), r"max_new_tokens=7: must be 1..6"),
    (dict(max_new_tokens=0), r"max_new_tokens=0: must be 1..6"),
    (dict(patches=good.patches[:-1]), r"patches \[27, 48\]: .* need \[28, 48\]"),
    (dict(grids=((3, 6), (2, 2))), "image of 3x6 patches: .* multiples of merge 2"),
    (dict(prompt_ids=good.prompt_ids[:-10]), "7 image tokens|6 image tokens"),
    (dict(image_ids=("a",)), "1 image_ids for 2 images"),
    (dict(stop_ids=tuple(range(8))), "8 stop ids: there is room for max_stop_ids=7"),
    (dict(stop_strings=("x",)), "without `decode`"),
    (dict(seed=-1), "seed -1"),
    (dict(member=-1), "member -1"),
  ):
    with pytest.raises(ValueError, match=match):
      engine.submit(good._replace(**changes))
  with pytest.raises(ValueError, match="34 tokens and 6 new ones: a slot holds max_len=39"):
    make(params, ROOM._replace(max_len=39)).submit(good._replace(prompt_ids=longer[:-1]))
  with pytest.raises(ValueError, match='stop string ""'):
    make(params).submit(good._replace(stop_strings=("",)))
  assert engine.progress().num_queued == 0 and list(engine.run()) == []
  for changes, match in (
    (dict(num_slots=0), "num_slots=0: must be >= 1"),
    (dict(prompt_buckets=(41,)), r"prompt_buckets \(41,\): .*max_len=40"),
    (dict(prompt_buckets=()), r"prompt_buckets \(\)"),
  ):
    with pytest.raises(ValueError, match=match):
      make(params, ROOM._replace(**changes))
  with pytest.raises(ValueError, match="top_k=51"):
    make(params, top_k=51)


def test_a_loop_that_is_left_is_gone_on_with(params):
  engine = make(params)
  requests = make_requests(4, max_new_tokens=2, stop_ids=())  # three end at once
  first = next(engine.run(requests[:3]))
  others = list(engine.run(requests[3:]))
  assert len(in_order(requests, [first, *others])) == 4


def test_the_large_presets_are_traced_in_bfloat16():
  config, room = preset("2b"), Room(4, 512, 64, (384,))
  rules = Rules(1.0, 0, 0.9, 0.0, 1.0, config.image_token_id)
  spec, grids = slots.EngineSpec(config, rules), ((26, 46),)
  request = Request(
    np.asarray([1, *[config.image_token_id] * 299, 2]),
    np.zeros((26 * 46, config.patch_dim), np.uint8), grids, seed=0, max_new_tokens=8,
  )  # fmt: skip
  job = Job(request, read_request(request, config, room))
  params = jax.eval_shape(lambda: forward.init_params(jax.random.key(0), config))
  state = jax.eval_shape(lambda: slots.empty_state(config, room))
  new = newcomers([plan_job(job, [Slot()], (), room.prompt_buckets)], room, config)
  for is_fresh in (True, False):
    after = jax.eval_shape(
      functools.partial(slots.insert, spec=spec, grids=grids, is_fresh=is_fresh), params, state, new
    )
    assert after == state
  decode = functools.partial(slots.decode, spec=spec)
  assert jax.eval_shape(decode, params, state, np.ones(4, bool), np.int32(8)) == state
  assert after.layers.k.dtype == "bfloat16" and after.layers.k.shape == (28, 4, 2, 512, 128)


def test_parameters_change_only_between_responses(params):
  engine = make(params)
  short, long = make_requests(2, stop_ids=())
  running = engine.run([short._replace(max_new_tokens=1), long])
  next(running)
  with pytest.raises(RuntimeError, match="1 responses under way"):
    engine.set_params(params)
  list(running)
  engine.set_params(params)
