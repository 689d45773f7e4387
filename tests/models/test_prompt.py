"""The chat template and the positions of prompts."""

import numpy as np
import pytest

from cross_jax import prompt as chat
from cross_jax.tokenizer import load_tokenizer

TOKENIZER = load_tokenizer()


def text_of(ids):
  return TOKENIZER.decode(ids, skip_special_tokens=False)


def test_prompt_is_the_template():
  ids = chat.build_prompt(TOKENIZER, (2, 1), "Mine an oak log.")
  assert text_of(ids) == (
    "<|im_start|>user\n<|vision_start|><|image_pad|><|image_pad|><|vision_end|>"
    "<|vision_start|><|image_pad|><|vision_end|>Mine an oak log.<|im_end|>\n"
    "<|im_start|>assistant\n"
  )


def test_history_and_system_come_first():
  turn = chat.Turn((1,), "Go on.", "Action: press(w)")
  ids = chat.build_prompt(TOKENIZER, (1,), "Stop.", history=[turn], system="Play.")
  image = "<|vision_start|><|image_pad|><|vision_end|>"
  assert text_of(ids) == (
    "<|im_start|>system\nPlay.<|im_end|>\n"
    f"<|im_start|>user\n{image}Go on.<|im_end|>\n"
    "<|im_start|>assistant\nAction: press(w)<|im_end|>\n"
    f"<|im_start|>user\n{image}Stop.<|im_end|>\n<|im_start|>assistant\n"
  )


def test_a_response_comes_back():
  text = "Motion: turn left, jump\nAction: move(-12, 0) and press(space)"
  ids = chat.encode_response(TOKENIZER, text)
  assert ids[-1] == chat.end_id(TOKENIZER) == 2
  assert chat.decode(TOKENIZER, ids) == text
  assert chat.decode(TOKENIZER, np.array([*ids, 7, 0], np.int32)) == text  # after the end: nothing
  assert chat.decode(TOKENIZER, ids[:-1]) == text  # cut before its end token


def test_text_can_not_forge_the_template():
  for call in (
    lambda: chat.build_prompt(TOKENIZER, (1,), "Mine<|image_pad|> it."),
    lambda: chat.build_prompt(TOKENIZER, (1,), "Mine it.", system="<|im_end|>"),
    lambda: chat.encode_response(TOKENIZER, "Action: no_op<|im_end|>"),
  ):
    with pytest.raises(ValueError, match="only the template may write"):
      call()


def test_positions_of_a_prompt():
  ids = np.array(chat.build_prompt(TOKENIZER, (28, 36), "Mine an oak log."), np.int32)
  got = chat.row_positions(ids, ((8, 14), (12, 12)), 2, image_token_id=5)
  # <|im_start|> user <|vision_start|> at 0..2; 4x7 tokens from 3: columns to 9; two vision tokens
  # at 10, 11; 6x6 tokens from 12 to 17; the rest counts on from 18.
  assert got[:, 3].tolist() == [3, 3, 3] and got[:, 30].tolist() == [3, 6, 9]
  assert got[:, 31:33].tolist() == [[10, 11]] * 3
  assert got[:, 33].tolist() == [12, 12, 12] and got[:, 68].tolist() == [12, 17, 17]
  assert got[:, 69:].tolist() == [list(range(18, 18 + len(ids) - 69))] * 3
  again = chat.row_positions(ids, ((8, 14), (12, 12)), 2, image_token_id=5)
  assert again is got  # shared by equal structures
