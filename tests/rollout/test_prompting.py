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
