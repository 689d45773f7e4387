"""A conversation with pictures as a prompt, in a checkpoint's own chat template."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from tokenizers import Tokenizer

from cross_jax.chat_template import Message, render
from cross_jax.models.qwen2_vl.buckets import Size, bucket_patches
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.preprocess import image_patches
from cross_jax.models.qwen2_vl.rope import Grid, num_image_tokens
from cross_jax.prompt import check_plain, row_positions


class Chat(NamedTuple):
  """How a checkpoint writes conversations; `checkpoint.hf_chat.read_chat` reads it."""

  template: str  # Jinja
  special_tokens: dict[str, str]  # name in the template -> token
  tokenizer: Tokenizer
  config: Qwen2VLConfig
  min_pixels: int  # areas between which pictures are sized
  max_pixels: int


class Conversation(NamedTuple):
  """A prompt with its pictures."""

  patches: np.ndarray  # uint8[P, 3 * patch**2], all pictures in their order
  ids: np.ndarray  # int32[T]
  positions: np.ndarray  # int32[3, T], M-RoPE
  grids: tuple[Grid, ...]  # patches (height, width) per picture


def encode_conversation(
  chat: Chat,
  messages: Sequence[Message],
  *,
  buckets: Sequence[Size] = (),
  max_prompt_len: int | None = None,
  add_generation_prompt: bool = True,
  variables: Mapping[str, Any] | None = None,
) -> Conversation:
  """The ids of a conversation as transformers' processor makes them, and its pictures' patches.

  Args:
    chat: of the checkpoint.
    messages: {"role": text, "content": text, or a list of {"type": "text", "text": text} and
      {"type": "image", "image": picture}}, oldest first; a picture is one of Pillow or uint8[h, w,
      3]. Whether a system turn is added where none is given is the template's matter (Qwen2-VL's
      own adds one).
    buckets: px, (height, width): sizes for the pictures (`buckets.choose_bucket`); without, each
      has the size of `preprocess.smart_resize`, as in transformers.
    max_prompt_len: tokens that the prompt may have; None for any number.
    add_generation_prompt: end where the assistant's next response begins.
    variables: options that the template reads, as add_vision_id of Qwen2-VL's.
  Returns:
    The Conversation.
  Raises:
    ValueError: a message or picture is of another form, a text contains a control token, the
      template refuses the messages or does not write one placeholder per picture, a picture fits no
      bucket, or the prompt is longer than max_prompt_len.
  """
  pictures = []
  for message in messages:
    _check_text(message)
    pictures += _pictures(message)
  limits = {"min_pixels": chat.min_pixels, "max_pixels": chat.max_pixels}
  if buckets:
    sized = [bucket_patches(picture, chat.config, buckets, **limits) for picture in pictures]
  else:
    sized = [image_patches(picture, chat.config, **limits) for picture in pictures]
  grids = tuple(grid for _, grid in sized)
  text = render(
    chat.template,
    messages,
    add_generation_prompt=add_generation_prompt,
    variables={**chat.special_tokens, **(variables or {})},
  )
  ids = np.asarray(_ids(chat, text, grids), np.int32)
  if max_prompt_len is not None and len(ids) > max_prompt_len:
    num_image_ids = int((ids == chat.config.image_token_id).sum())
    raise ValueError(
      f"prompt of {len(ids)} tokens ({num_image_ids} of {len(grids)} pictures), over "
      f"max_prompt_len={max_prompt_len}; shorten the conversation, use smaller pictures (buckets) "
      "or raise max_prompt_len"
    )
  positions = row_positions(
    ids, grids, chat.config.merge, image_token_id=chat.config.image_token_id
  )
  empty = np.zeros((0, chat.config.patch_dim), np.uint8)
  patches = np.concatenate([empty, *(patches for patches, _ in sized)])
  return Conversation(patches, ids, positions, grids)


def _ids(chat: Chat, text: str, grids: tuple[Grid, ...]) -> list[int]:
  """The ids of a rendered text, each picture's placeholder repeated for its image tokens."""
  placeholder = chat.tokenizer.id_to_token(chat.config.image_token_id)
  if placeholder is None:
    raise ValueError(
      f"the tokenizer has no id {chat.config.image_token_id}, the model's image token: take the "
      "tokenizer of the checkpoint"
    )
  first, *others = text.split(placeholder)
  if len(others) != len(grids):
    raise ValueError(
      f"the chat template writes {len(others)} {placeholder} for {len(grids)} pictures: give each "
      'picture as {"type": "image", "image": ...}, to a template that takes pictures'
    )
  for grid, after in zip(grids, others):
    first += placeholder * num_image_tokens(grid, chat.config.merge) + after
  return chat.tokenizer.encode(first, add_special_tokens=False).ids


def _pictures(message: Message) -> list[Image.Image]:
  content = message.get("content")
  if isinstance(content, str) or content is None:
    return []
  pictures = []
  for part in content:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind == "image":
      pictures.append(_picture(part.get("image")))
    elif kind != "text":
      raise ValueError(
        f'a part of a message is {kind!r}: must be {{"type": "text", "text": ...}} or {{"type": '
        '"image", "image": ...}'
      )
  return pictures


def _picture(value: Any) -> Image.Image:
  if isinstance(value, Image.Image):
    return value
  if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.shape[2:] == (3,):
    return Image.fromarray(value)
  raise ValueError(
    f"a picture is a {type(value).__name__}: must be one of Pillow, or uint8[height, width, 3]; "
    "open files with PIL.Image.open"
  )


def _check_text(value: Any) -> None:
  if isinstance(value, str):
    check_plain(value, "message")
  elif isinstance(value, Mapping):
    for item in value.values():
      _check_text(item)
  elif isinstance(value, list | tuple):
    for item in value:
      _check_text(item)
