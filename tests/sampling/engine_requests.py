"""An engine of the small policy, requests to it, and what its responses are compared with."""

import dataclasses

import numpy as np
from models import small

from cross_jax.sampling import Engine, Request, Room

C = dataclasses.replace(small.CONFIG, is_scanned=True)  # compiles faster
STOPS = (2, 3, 4, 7, 8, 9, 10)
T, N = 18, 6
ROOM = Room(
  num_slots=3, max_len=40, max_new_tokens=N, prompt_buckets=(6, T, 34), max_stop_ids=len(STOPS)
)
RULES = dict(temperature=0.9, top_p=0.95)


def make(params, room=ROOM, **changes):
  return Engine(params, C, room, **{**RULES, "decode": letters, **changes})


def letters(ids):
  """One character for each id, so that texts are ids."""
  return "".join(chr(40 + i) for i in ids)


def make_requests(num, seed=0, **changes):
  """Requests for prompts of 3 to 9 words and two pictures."""
  rng = np.random.default_rng(seed)
  _, patches = small.make_images(rng, num)
  prompts = [small.make_prompt(rng, 3 + 3 * (i % 3)) for i in range(num)]
  return [
    Request(ids, pictures, small.GRIDS, seed=100 + i, max_new_tokens=N, stop_ids=STOPS)._replace(
      **changes
    )
    for i, (ids, pictures) in enumerate(zip(prompts, patches))
  ]


def in_order(requests, finished):
  """The responses in the order of their requests."""
  found = {id(done.request): done for done in finished}
  assert len(found) == len(requests)
  return [found[id(request)] for request in requests]


def same(got, want):
  assert got.ids.tolist() == want.ids.tolist()
  np.testing.assert_allclose(got.logp, want.logp, atol=1e-5)
  assert (got.text, got.reason) == (want.text, want.reason)


def alone(params, request):
  """The response of an engine that has done nothing else."""
  (done,) = make(params).run([request])
  assert done.num_reused == 0
  return done
