"""Rows to batches: every index by hand, and the errors."""

import numpy as np
import pytest

from cross_jax.rollout.packing import Row, pack, split_rows

PATCHES = np.zeros((2, 12), np.uint8)


def _row(prompt, responses, **kwargs):
  ids = np.asarray(prompt, np.int32)
  positions = np.stack([np.arange(len(ids))] * 3).astype(np.int32)
  return Row(PATCHES, ids, positions, [np.asarray(r, np.int32) for r in responses], **kwargs)


def test_two_responses_share_the_prefix():
  row = _row([5, 6, 7], [[8, 1], [9, 4, 1]])
  batch = pack([row], max_len=10, max_targets=6, pad_id=0)
  assert batch.token_ids[0].tolist() == [5, 6, 7, 8, 1, 9, 4, 1, 0, 0]
  assert batch.segment_ids[0].tolist() == [1, 1, 1, 2, 2, 3, 3, 3, 0, 0]
  # Both responses start at position 3: the second does not stand after the first.
  assert batch.positions[0, 0].tolist() == [0, 1, 2, 3, 4, 3, 4, 5, 0, 0]
  assert batch.target_ids[0].tolist() == [8, 1, 9, 4, 1, 0]
  # Each first token is predicted from the prompt's last token (2), never from index 4.
  assert batch.target_from[0].tolist() == [2, 3, 2, 5, 6, 0]
  assert batch.target_mask[0].tolist() == [True] * 5 + [False]
  assert batch.advantage[0].tolist() == [1.0] * 6


def test_positions_go_on_after_the_largest_of_an_image_prompt():
  # An image of 2x2 tokens takes positions 1 and 2 of its axes: the next token is at 4, not at 6.
  positions = np.asarray([[0, 1, 1, 1, 1, 3], [0, 1, 1, 2, 2, 3], [0, 1, 2, 1, 2, 3]], np.int32)
  row = Row(PATCHES, np.arange(6, dtype=np.int32), positions, [np.asarray([7, 8], np.int32)])
  batch = pack([row], max_len=8, max_targets=2, pad_id=0)
  assert batch.positions[:, 0, 6:].tolist() == [[4, 5]] * 3


def test_rl_fields_are_per_response():
  row = _row(
    [5],
    [[8, 1], [9]],
    old_logp=[np.asarray([-1.0, -2.0], np.float32), np.asarray([-3.0], np.float32)],
    advantage=[0.5, -0.5],
  )
  batch = pack([row, _row([5], [])], max_len=4, max_targets=3, pad_id=0)
  assert batch.old_logp[0].tolist() == [-1.0, -2.0, -3.0]
  assert batch.advantage[0].tolist() == [0.5, 0.5, -0.5]
  assert not batch.target_mask[1].any()


def test_what_to_attend_to_is_per_token():
  attend_to = [np.asarray([-1, 2], np.int32), np.asarray([1, -1, -1], np.int32)]
  row = _row([5, 6, 7], [[8, 1], [9, 4, 1]], attend_to=attend_to)
  batch = pack([row, row._replace(attend_to=None)], max_len=8, max_targets=6, pad_id=0)
  assert batch.attend_to.tolist() == [[-1, 2, 1, -1, -1, -1], [-1] * 6]
  first, second = split_rows([row], max_targets=3)
  assert (first.attend_to, second.attend_to) == (attend_to[:1], attend_to[1:])


def test_a_long_group_is_split_without_loss():
  responses = [[8] * 3, [9] * 2, [7] * 4, [6]]
  row = _row([5], responses, old_logp=list("abcd"), advantage=[1.0, 2.0, 3.0, 4.0])
  parts = split_rows([row], max_targets=5)
  # 3 + 2 fill the first; 4 + 1 the second; 3 + 2 + 4 would not have fitted.
  assert [[r.tolist() for r in part.responses] for part in parts] == [responses[:2], responses[2:]]
  assert [part.advantage for part in parts] == [[1.0, 2.0], [3.0, 4.0]]
  assert [part.old_logp for part in parts] == [["a", "b"], ["c", "d"]]
  assert len(split_rows([row], max_targets=10)) == 1


@pytest.mark.parametrize(
  ("sizes", "message"),
  [
    ({"max_len": 4, "max_targets": 9}, "row 0: 3 prompt \\+ 2 response tokens = 5, over max_len=4"),
    ({"max_len": 9, "max_targets": 1}, "row 0: 2 response tokens, over max_targets=1"),
  ],
)
def test_too_long(sizes, message):
  with pytest.raises(ValueError, match=message):
    pack([_row([5, 6, 7], [[8, 1]])], pad_id=0, **sizes)


@pytest.mark.parametrize(
  "name, values",
  [
    ("old_logp", [-1.5, [-0.7, -0.1]]),
    ("old_logp", [[-1.0, -2.0]]),
    ("old_logp", [[-1.0, -2.0], [-0.7, -0.1], [-0.2]]),
    ("attend_to", [[-1], [0, 0]]),
    ("advantage", [1.0, 0.5, 0.5]),
    ("advantage", [[1.0], 0.5]),
  ],
)
def test_what_does_not_fit_the_responses_is_refused(name, values):
  row = _row([5], [[8, 1], [9, 4]], **{name: values})
  with pytest.raises(ValueError, match=f"row 0: {name} has shapes .* one entry per response"):
    pack([row], max_len=8, max_targets=6, pad_id=0)
