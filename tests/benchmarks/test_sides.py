"""Sides in processes of their own: in turn, checked before they are measured, failing by name."""

import os
import time

import pytest

from benchmarks import flops, sides, twins
from cross_jax.models.qwen2_vl.config import preset


def counting(work):
  """A side that says where it runs and how often it was asked."""
  for count in range(100):
    yield {"pid": os.getpid(), "count": count, "work": work}


def failing(work):
  yield {}
  raise ValueError(f"no more of {work}")


def ending(_work):
  yield {}
  os._exit(7)


def test_every_side_has_a_process_and_its_turns():
  prepared, measured = sides.alternate("t", {"a": counting, "b": counting}, "w", repetitions=3)
  assert prepared["a"]["count"] == prepared["b"]["count"] == 0
  for name in ("a", "b"):
    assert [report["count"] for report in measured[name]] == [1, 2, 3]
    assert {report["pid"] for report in measured[name]} == {prepared[name]["pid"]}
  assert len({prepared["a"]["pid"], prepared["b"]["pid"], os.getpid()}) == 3


def meeting(folder):
  """A side whose preparation ends when another's has begun as well."""
  (folder / str(os.getpid())).touch()
  deadline = time.monotonic() + 60
  while len(list(folder.iterdir())) < 2:
    if time.monotonic() > deadline:
      raise TimeoutError("the other side's preparation has not begun")
    time.sleep(0.05)
  yield {}
  yield {"turn": 1}


def test_sides_prepare_together_where_that_is_asked_for(tmp_path):
  both = {"a": meeting, "b": meeting}
  _, measured = sides.alternate("t", both, tmp_path, 1, is_prepared_together=True)
  assert measured == {"a": [{"turn": 1}], "b": [{"turn": 1}]}


def test_a_failure_names_the_side_and_its_cause():
  with pytest.raises(RuntimeError, match="(?s)slow side failed.*ValueError: no more of w"):
    sides.alternate("t", {"slow side": failing}, "w", repetitions=1)


def test_a_process_that_ends_is_told_from_one_that_fails():
  with pytest.raises(RuntimeError, match="gone: its process ended with exit code 7"):
    sides.alternate("t", {"gone": ending}, "w", repetitions=1)


def test_nothing_is_measured_where_the_check_fails():
  def refuse(prepared):
    raise RuntimeError(f"they differ: {sorted(prepared)}")

  with pytest.raises(RuntimeError, match=r"they differ: \['a'\]"):
    sides.alternate("t", {"a": counting}, "w", repetitions=1, check=refuse)


def test_summary():
  # the mean would be 2.33; the spread is (4 - 1) / 2
  assert sides.summary([2.0, 1.0, 4.0]) == {
    "median": 2.0, "min": 1.0, "max": 4.0, "spread": 1.5, "repetitions": 3
  }  # fmt: skip


def test_flops_by_hand():
  c = preset("tiny")
  # A layer of `tiny`: q, o 192 x 192, k, v 192 x 64, three of 192 x 640; 5 layers; 960 logits.
  layer = 2 * 192 * 192 + 2 * 192 * 64 + 3 * 192 * 640
  assert flops.decoder_flops(c, 1, 0) == 2 * 5 * (layer + 192)  # a token sees itself: 192 and 192
  assert flops.decoder_flops(c, 1, 1) - flops.decoder_flops(c, 1, 0) == 2 * 192 * 960
  # Two pictures' patches cost twice one's, but for attention, which is square.
  one, two = flops.vision_flops(c, (2, 2)), flops.vision_flops(c, (2, 4))
  assert two - 2 * one == 2 * c.vision_depth * c.vision_width * 2 * (8 * 8 - 2 * 4 * 4)
  assert flops.generation_flops(c, (2, 2), 6, 1) == one + flops.decoder_flops(c, 6, 1)
  assert flops.training_flops(c, (2, 2), 6, 3) == 3 * (one + flops.decoder_flops(c, 9, 3))


def test_the_small_model_has_the_size_it_says():
  assert round(twins.num_parameters(twins.small()) / 1e6) == 105
