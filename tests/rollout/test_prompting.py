"""Prompts of decisions: what they tell of the decision before, and what tokens weigh in SFT."""

import numpy as np
import pytest

from cross_jax.actions import outline
from cross_jax.models.qwen2_vl.config import tiny
from cross_jax.rollout.packing import Row
from cross_jax.rollout.prompting import Prompter, stack_prompts
from cross_jax.screen import TINY_VIEWS
from cross_jax.tokenizer import load_tokenizer

PROMPTER = Prompter(load_tokenizer(), TINY_VIEWS, tiny().patch, tiny().merge, max_prompt_len=100)


@pytest.mark.parametrize(
  "text, expected",
  [
    ("Action: press(w)", "Action: "),
    ("Motion: jump\nAction: press(space)", "Motion: \nAction: "),
    ("Motion: jump", "Motion: "),
    ("Grounding: no-op", "Grounding: "),
    ("Motion: jump\nAction: press(W)", ""),
    ("", ""),
  ],
)
def test_outline(text, expected):
  assert outline(text) == expected


def test_prompt_tells_the_form_before():
  first, later = PROMPTER.ids("Mine a log."), PROMPTER.ids("Mine a log.", "Motion: \nAction: ")
  assert PROMPTER.decode(first).endswith(">Mine a log.")
  assert PROMPTER.decode(later).endswith(">Mine a log.\nMotion: \nAction: ")
  assert np.array_equal(first[-4:], later[-4:])  # the end of the turn and the assistant's header


@pytest.mark.parametrize(
  "text, choices",
  [
    ("Action: press(w)", ["Action: ", "<|im_end|>"]),
    ("Motion: jump", ["Motion: ", "<|im_end|>"]),
    ("Motion: jump\nAction: press(space)", ["Motion: ", "\n"]),
  ],
)
def test_tokens_that_choose_the_form_have_a_weight_of_their_own(text, choices):
  weights, ids = PROMPTER.weights(text, 5.0), PROMPTER.encode(text)
  assert weights.shape == ids.shape
  chosen = [PROMPTER.tokenizer.decode([i], skip_special_tokens=False) for i in ids[weights == 5.0]]
  assert chosen == choices
  assert set(weights[weights != 5.0]) == {1.0}


POINTED = "<|object_ref_start|>book<|object_ref_end|><|point_start|>({},{})<|point_end|>"


def shown_at(x_px, y_px, view):
  """Which of a prompt's image tokens changes with one sample of a view, that of a screen pixel."""
  dark = [np.zeros((v.height, v.width, 3), np.uint8) for v in TINY_VIEWS]
  lit = [image.copy() for image in dark]
  v = TINY_VIEWS[view]
  scale_x, scale_y = v.width / (v.x1 - v.x0), v.height / (v.y1 - v.y0)
  lit[view][int((y_px - v.y0) * scale_y), int((x_px - v.x0) * scale_x)] = 255
  changed = (PROMPTER.patches(dark) != PROMPTER.patches(lit)).any(-1)
  (patch,) = np.flatnonzero(changed)
  return patch // PROMPTER.merge**2


@pytest.mark.parametrize(
  "x, y, x_px, y_px, view",
  [
    (500, 500, 320, 180, 1),
    (318, 200, 203.5, 72, 1),  # the first sample of the view of the middle
    (654, 799, 418.5, 287.6, 1),  # its last
    (655, 500, 419.2, 180, 0),  # beside it: in the view of the whole screen
    (0, 0, 0, 0, 0),
    (1000, 1000, 639, 359, 0),  # the right and lower edge belong to the last sample
  ],
)
def test_the_tokens_of_a_point_attend_to_the_image_token_that_shows_it(x, y, x_px, y_px, view):
  text = f"Grounding: left click {POINTED.format(x, y)}\nAction: attack()"
  prompt, ids = PROMPTER.ids("Craft a book.", "Motion: "), PROMPTER.encode(text)
  attend_to = PROMPTER.attend_to(text, prompt)
  assert attend_to.shape == ids.shape
  assert PROMPTER.decode(ids[attend_to >= 0]) == f"{x},{y}"
  images = np.flatnonzero(prompt == tiny().image_token_id)
  assert set(attend_to[attend_to >= 0]) == {images[shown_at(x_px, y_px, view)]}


@pytest.mark.parametrize("text", ["Grounding: no-op", "Motion: jump", "Action: press(1)"])
def test_without_a_point_tokens_attend_to_anything(text):
  assert set(PROMPTER.attend_to(text, PROMPTER.ids("Craft a book."))) == {-1}


def test_a_point_that_no_view_shows_is_attended_to_by_none():
  narrow = PROMPTER._replace(views=TINY_VIEWS[1:])
  text = f"Grounding: Mine {POINTED.format(10, 10)}"
  assert set(narrow.attend_to(text, narrow.ids("Mine."))) == {-1}


def test_a_prompt_longer_than_the_cache_is_refused():
  words = "Mine an oak log. " * 10
  with pytest.raises(
    ValueError, match="prompt of [0-9]+ tokens, over max_prompt_len=100; shorten the instruction"
  ):
    PROMPTER.ids(words)
  ids = PROMPTER.ids("Mine an oak log.")
  row = Row(np.zeros((1, 192), np.uint8), ids, np.zeros((3, len(ids)), np.int32), responses=())
  exact = stack_prompts([row], max_prompt_len=len(ids), pad_id=0)
  assert exact.ids.tolist() == [ids.tolist()] and exact.lens.tolist() == [len(ids)]
  with pytest.raises(
    ValueError,
    match=f"row 1: prompt of {len(ids)} tokens, over max_prompt_len={len(ids) - 1}, what the cache",
  ):
    short = row._replace(prompt_ids=ids[:9], prompt_positions=np.zeros((3, 9), np.int32))
    stack_prompts([short, row], max_prompt_len=len(ids) - 1, pad_id=0)
