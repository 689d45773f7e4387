"""Prompts of decisions: what they tell of the decision before, and what tokens weigh in SFT."""

import numpy as np
import pytest

from cross_jax.actions import outline
from cross_jax.models.qwen2_vl.config import tiny
from cross_jax.rollout.prompting import Prompter
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


@pytest.mark.parametrize(
  "x, y, view, row, column",
  [
    (500, 500, 1, 3, 3),  # the middle of the screen, px (320, 180), in the view of the middle
    (318, 200, 1, 0, 0),  # px (203.5, 72): that view's first token, 36 px wide
    (654, 799, 1, 5, 5),  # px (418.6, 287.6): its last
    (655, 500, 0, 2, 4),  # px (419.2, 180): beside it, in the view of the whole screen
    (0, 0, 0, 0, 0),
    (1000, 1000, 0, 3, 6),  # the right and lower edge belong to the last token
  ],
)
def test_a_points_tokens_look_at_the_image_token_that_shows_it(x, y, view, row, column):
  text = f"Grounding: left click {POINTED.format(x, y)}\nAction: attack()"
  look_at, ids = PROMPTER.look_at(text), PROMPTER.encode(text)
  assert look_at.shape == ids.shape
  assert PROMPTER.tokenizer.decode(ids[look_at >= 0].tolist()) == f"{x},{y}"
  (index,) = set(look_at[look_at >= 0])
  prompt = PROMPTER.ids("Craft a book.", "Motion: ")
  pads = np.flatnonzero(prompt == tiny().image_token_id)
  first, width = ((0, 7), (28, 6))[view]
  assert index == pads[first + row * width + column]


@pytest.mark.parametrize("text", ["Grounding: no-op", "Motion: jump", "Action: press(1)"])
def test_without_a_point_no_token_looks(text):
  assert set(PROMPTER.look_at(text)) == {-1}


def test_a_point_that_no_view_shows_is_looked_at_by_none():
  narrow = PROMPTER._replace(views=TINY_VIEWS[1:])
  assert set(narrow.look_at(f"Grounding: Mine {POINTED.format(10, 10)}")) == {-1}
