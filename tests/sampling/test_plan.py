"""Which slot a request takes and what of its prompt is computed, by hand."""

import numpy as np
import pytest
from sampling import engine_requests as small_engine

from cross_jax.sampling.plan import Job, Slot, plan_job, shared_len
from cross_jax.sampling.request import Image, Prompt, Request, read_request
from cross_jax.sampling.stop_strings import find_stop

PICTURE, OTHER = ((2, 4), "a"), ((2, 4), "b")  # two image tokens each


def ids_of(*ids):
  return np.asarray(ids, np.int32)


def prompt_of(ids, *images):
  grids = tuple(image.id[0] for image in images)
  return Prompt(ids_of(*ids), np.zeros((3, len(ids)), np.int32), len(ids), grids, images)


def test_shared_len():
  words = prompt_of((1, 2, 3, 4))
  assert shared_len(words, ids_of(), ()) == 0
  assert shared_len(words, ids_of(1, 2, 9, 4), ()) == 2
  assert shared_len(words, ids_of(9, 2, 3, 4), ()) == 0
  assert shared_len(words, ids_of(1, 2, 3), ()) == 3
  # All of it is there, and more: the last token is left to be computed, 4 would leave nothing.
  assert shared_len(words, ids_of(1, 2, 3, 4, 6, 7), ()) == 3


def test_shared_pictures():
  prompt = prompt_of((1, 5, 5, 2, 5, 5, 3), Image(1, 3, PICTURE), Image(4, 6, PICTURE))
  same, other = Image(1, 3, PICTURE), Image(1, 3, OTHER)
  assert shared_len(prompt, prompt.ids, prompt.images) == 6
  assert shared_len(prompt, prompt.ids, (same, Image(4, 6, OTHER))) == 4  # ids alone would give 6
  assert shared_len(prompt, prompt.ids, (other, Image(4, 6, PICTURE))) == 1
  assert shared_len(prompt, prompt.ids[:3], (same,)) == 3
  # A prompt that ends in a picture: its last token alone can't be left, the picture is.
  ends = prompt_of((1, 5, 5), Image(1, 3, PICTURE))
  assert shared_len(ends, ends.ids, ends.images) == 1
  # A picture in another place: the ids differ first.
  moved = Image(2, 4, PICTURE)
  assert shared_len(prompt, ids_of(1, 2, 5, 5), (moved,)) == 1


def make_slot(ids, used_at, is_free=True):
  return Slot(ids_of(*ids), (), None if is_free else Job(None, None), used_at=used_at)


def plan(ids, slots, taken=(), buckets=(2, 4, 8)):
  return plan_job(Job(None, prompt_of(ids)), slots, taken, buckets)


def test_an_episode_goes_on_in_its_own_slot():
  slots = [make_slot((9, 8, 7), 1), make_slot((1, 2, 3, 4), 3), make_slot((), 2)]
  got = plan((1, 2, 3, 4, 6), slots)
  assert (got.slot, got.source, got.start, got.length) == (1, 1, 4, 2)
  assert got.program == ((), 2, False)


def test_a_prefix_is_copied_from_a_slot_under_way():
  slots = [make_slot((1, 2, 3, 4), 1, is_free=False), make_slot((9,), 3), make_slot((8,), 2)]
  got = plan((1, 2, 3, 4, 6), slots)
  assert (got.slot, got.source, got.start) == (2, 0, 4)  # 2 was used before 1
  assert plan((1, 2, 3, 4, 6), slots, taken={2}).slot == 1


def test_another_episode_is_not_overwritten_for_its_first_tokens():
  slots = [make_slot((1, 2, 3, 9, 9, 9, 9, 9), 5), make_slot((), 6)]
  got = plan((1, 2, 3, 4, 6), slots)
  assert (got.slot, got.source, got.start, got.length) == (0, 0, 3, 2)  # the oldest all the same
  slots[1].used_at = 4
  got = plan((1, 2, 3, 4, 6), slots)
  assert (got.slot, got.source, got.start, got.length) == (1, 0, 3, 2)


def test_a_prefix_that_saves_nothing_is_not_used():
  slots = [make_slot((1,), 1), make_slot((), 2)]
  got = plan((1, 2, 3, 4, 6, 7), slots)  # 5 or 6 tokens: both in the bucket of 8
  assert got.program == ((), 8, True) and (got.slot, got.start) == (0, 0)


@pytest.mark.parametrize("is_given", [False, True])
def test_pictures_are_told_apart(is_given):
  (request,) = small_engine.make_requests(1)
  names = lambda request, *keys: request._replace(image_ids=keys) if is_given else request
  images = lambda request: read_request(request, small_engine.C, small_engine.ROOM).images
  first, second = images(names(request, "a", "b"))
  assert (first.start, first.end, second.start, second.end) == (1, 7, 8, 9)
  assert first.id != second.id
  patches = request.patches.copy()
  patches[-1, 0] ^= 1  # one bit of the second
  again = images(names(request._replace(patches=patches), "a", "c"))
  assert again[0] == first and again[1] != second


def test_the_first_stop_string_wins():
  words = ["ab", "c", "de", "f"]
  decode = lambda ids: "".join(words[i] for i in ids)
  ids = np.arange(4)
  assert find_stop(decode, ids, 0, ["x"]) is None
  assert find_stop(decode, ids, 0, ["bcd"]) == (3, "a")  # begins and ends within a token
  assert find_stop(decode, ids, 0, ["f", "c"]) == (2, "ab")
  assert find_stop(decode, ids, 0, ["cd", "bc"]) == (2, "a")
  assert find_stop(decode, ids, 2, ["de", "cd"]) == (3, "ab")  # both end there: the earlier text
  assert find_stop(decode, ids[:0], 0, ["a"]) is None


def test_requests_are_plain():
  request = Request(np.arange(3), np.zeros((0, 48), np.uint8), (), seed=1, max_new_tokens=2)
  prompt = read_request(request, small_engine.C, small_engine.ROOM)
  assert prompt.ids.dtype == np.int32 and prompt.next_position == 3 and prompt.images == ()
