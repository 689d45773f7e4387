"""The next decision of an episode prefills what is new, and samples what it would have anyway."""

import numpy as np
import pytest
from models import small
from sampling.engine_requests import alone, make, make_requests, same

from cross_jax import prompt as chat
from cross_jax.tokenizer import load_tokenizer


@pytest.fixture(scope="module")
def params():
  return small.make_params()


def next_request(request, done, rng):
  """A word, a new picture and two words after the response."""
  picture = rng.integers(0, 256, (4, request.patches.shape[1])).astype(np.uint8)
  image = small.CONFIG.image_token_id
  return request._replace(
    prompt_ids=np.concatenate([request.prompt_ids, done.ids, [11, image, 12, 13]]).astype(np.int32),
    patches=np.concatenate([request.patches, picture]),
    grids=(*request.grids, (2, 2)),
    seed=request.seed + 50,
  )


def test_the_next_decision_goes_on_from_the_last(params):
  rng = np.random.default_rng(0)
  first = [r._replace(stop_ids=()) for r in make_requests(4, seed=11)[::3]]  # 12 tokens each
  engine = make(params)
  for request in first:
    engine.submit(request)
  decisions = []
  for done in engine.run():  # both episodes at once, as the games would
    decisions.append(done)
    if len(decisions) <= 2:
      engine.submit(next_request(done.request, done, rng))
  assert [done.num_reused for done in decisions] == [0, 0, 12 + 5, 12 + 5]
  for done in decisions[2:]:
    assert len(done.request.prompt_ids) == 12 + 6 + 4
    same(done, alone(params, done.request))

  # The same words about another second picture: only what is before it is the same.
  past = decisions[2].request
  patches = past.patches.copy()
  patches[24:28] ^= 255
  other = past._replace(patches=patches)
  (done,) = engine.run([other])
  assert done.num_reused == 8
  same(done, alone(params, other))
  assert done.logp.tolist() != decisions[2].logp.tolist()


def test_a_response_cut_at_a_stop_string_is_gone_on_from(params):
  rng = np.random.default_rng(1)
  first = make_requests(1, seed=11)[0]._replace(stop_ids=())
  text = alone(params, first).text
  engine = make(params)
  (cut,) = engine.run([first._replace(stop_strings=(text[1:3],))])
  assert len(cut.ids) == 3
  following = next_request(cut.request, cut, rng)._replace(stop_strings=())
  (done,) = engine.run([following])
  # All three: the slot holds what was sampled after them, too.
  assert done.num_reused == 12 + 3
  same(done, alone(params, following))


def test_a_prompt_goes_on_with_the_ids_sampled():
  tokenizer = load_tokenizer()
  ids = chat.build_prompt(tokenizer, (2, 1), "Mine an oak log.", system="Play.")
  response = chat.encode_response(tokenizer, "Motion: attack / mine")
  turn = chat.Turn((2, 1), "Mine an oak log.", "Motion: attack / mine")
  want = chat.build_prompt(tokenizer, (3,), "Go on.", [turn], system="Play.")
  assert chat.continue_prompt(tokenizer, ids, response, (3,), "Go on.") == want
  assert chat.continue_prompt(tokenizer, ids, response[:-1], (3,), "Go on.") == want  # was cut off
  with pytest.raises(ValueError, match="im_end"):
    chat.continue_prompt(tokenizer, ids, response, (3,), "<|im_end|>")
