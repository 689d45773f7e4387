"""The prompt: Qwen's chat template, images first in every user turn, and the way back to text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from cross_jax.models.qwen2_vl.rope import Grid, mrope_positions
from cross_jax.tokenizer import token_id

# What only the template may write: the text of a turn must not contain them.
_CONTROL_TOKENS = (
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|vision_start|>",
  "<|vision_end|>",
  "<|image_pad|>",
)
# build_prompt's form for programs that render Jinja: what a Hugging Face folder carries. One
# <|image_pad|> per picture there; the processor repeats it.
CHAT_TEMPLATE = (
  "{% for turn in messages %}<|im_start|>{{ turn.role }}\n"
  "{% if turn.content is string %}{{ turn.content }}{% else %}{% for part in turn.content %}"
  "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
  "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


class Turn(NamedTuple):
  """An earlier decision of the episode, as the prompt repeats it."""

  image_tokens: tuple[int, ...]  # tokens of each of its images
  instruction: str
  response: str  # text, without the end token


def build_prompt(
  tokenizer: Tokenizer,
  image_tokens: tuple[int, ...],
  instruction: str,
  history: Sequence[Turn] = (),
  system: str = "",
) -> list[int]:
  """The ids of one decision's prompt, up to where the response begins.

  [<|im_start|>system\\n{system}<|im_end|>\\n]
  per turn: <|im_start|>user\\n{images}{instruction}<|im_end|>\\n<|im_start|>assistant\\n
            [{response}<|im_end|>\\n]
  per image: <|vision_start|><|image_pad|> * n<|vision_end|>

  Args:
    tokenizer: with Qwen2-VL's special tokens.
    image_tokens: tokens of each image of this decision.
    instruction: what to do.
    history: earlier decisions, oldest first.
    system: system prompt; the turn is left out if empty.
  Returns:
    Token ids, `sum(image_tokens)` of them `<|image_pad|>` (and those of the history).
  Raises:
    ValueError: a text contains a control token.
  Source: the chat template of Qwen/Qwen2-VL-7B-Instruct, without its default system prompt.

  >>> from cross_jax.tokenizer import load_tokenizer
  >>> len(build_prompt(load_tokenizer(), (28, 36), "Mine an oak log."))
  79
  """
  text = ""
  if system:
    text += f"<|im_start|>system\n{check_plain(system, 'system prompt')}<|im_end|>\n"
  for turn in (*history, Turn(image_tokens, instruction, "")):
    images = (f"<|vision_start|>{'<|image_pad|>' * n}<|vision_end|>" for n in turn.image_tokens)
    text += f"<|im_start|>user\n{''.join(images)}{check_plain(turn.instruction, 'instruction')}"
    text += "<|im_end|>\n<|im_start|>assistant\n"
    if turn.response:
      text += f"{check_plain(turn.response, 'response')}<|im_end|>\n"
  return tokenizer.encode(text, add_special_tokens=False).ids


def continue_prompt(
  tokenizer: Tokenizer,
  prompt_ids: Sequence[int],
  response_ids: Sequence[int],
  image_tokens: tuple[int, ...],
  instruction: str,
) -> list[int]:
  """The ids of the next decision's prompt, after a prompt and the very ids of its response.

  It is `build_prompt` with one Turn more, without encoding the response again: text may be encoded
  in several ways, and what the policy sampled is what a cache of the episode holds.

  Args:
    tokenizer: of the policy.
    prompt_ids: of the decision before.
    response_ids: sampled to it; the end token is added if it was cut off before.
    image_tokens: tokens of each image of this decision.
    instruction: what to do.
  Returns:
    Token ids.
  Raises:
    ValueError: the instruction contains a control token.
  """
  ids, end = [*map(int, prompt_ids), *map(int, response_ids)], end_id(tokenizer)
  if ids[-1] != end:
    ids.append(end)
  ids += tokenizer.encode("\n", add_special_tokens=False).ids
  return ids + build_prompt(tokenizer, image_tokens, instruction)


def encode_response(tokenizer: Tokenizer, text: str) -> list[int]:
  """The ids of a response, `<|im_end|>` last.

  Raises:
    ValueError: the text contains a control token.
  """
  ids = tokenizer.encode(check_plain(text, "response"), add_special_tokens=False).ids
  return [*ids, end_id(tokenizer)]


def decode(tokenizer: Tokenizer, ids: Sequence[int]) -> str:
  """The text of response ids, without the end token.

  Args:
    tokenizer: of the policy.
    ids: int32[N] or list; ids after the first `<|im_end|>` are not part of the response.
  Returns:
    Text; bytes that are not UTF-8 come out as U+FFFD.
  """
  ids, end = [int(i) for i in ids], end_id(tokenizer)
  if end in ids:
    ids = ids[: ids.index(end)]
  return tokenizer.decode(ids, skip_special_tokens=False)


def end_id(tokenizer: Tokenizer) -> int:
  """The id that ends a response, `<|im_end|>`."""
  return token_id(tokenizer, "<|im_end|>")


def pad_id(tokenizer: Tokenizer) -> int:
  """The id of padding, `<|endoftext|>`."""
  return token_id(tokenizer, "<|endoftext|>")


def row_positions(
  token_ids: np.ndarray,
  grids: Sequence[Grid],
  merge: int = 2,
  *,
  image_token_id: int,
  segment_ids: np.ndarray | None = None,
) -> np.ndarray:
  """The M-RoPE positions of a prompt, or of a packed row; see `rope.mrope_positions`.

  Args:
    token_ids: int32[T].
    grids: patches (height, width) of every image in the row.
    merge: patches, side of a merge group.
    image_token_id: of `<|image_pad|>`.
    segment_ids: int32[T] of a packed row; None if all is prompt.
  Returns:
    int32[3, T]; read-only when `segment_ids` is None, as it is shared by equal prompts.
  """
  return mrope_positions(
    token_ids,
    tuple(grids),
    merge=merge,
    image_token_id=image_token_id,
    segment_ids=segment_ids,
  )


def check_plain(text: str, what: str) -> str:
  """The text itself.

  Args:
    text: of a turn.
    what: its name, for the error.
  Raises:
    ValueError: it contains a control token.
  """
  for token in _CONTROL_TOKENS:
    if token in text:
      raise ValueError(f"{what} {text!r} contains {token}, which only the template may write")
  return text
