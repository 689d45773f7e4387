"""From pictures and instructions to the model's inputs, and from its samples to answers."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cross_jax import prompt as chat
from cross_jax.actions import find_point
from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH, Observation, View
from cross_jax.decoders.geometry import point_to_px
from cross_jax.models.qwen2_vl.patches import patchify
from cross_jax.rollout.collect import ActFn, Answer
from cross_jax.rollout.packing import Row
from cross_jax.tokenizer import token_id


class Prompter(NamedTuple):
  """How a preset turns a decision into a prompt."""

  tokenizer: Any  # tokenizers.Tokenizer
  views: tuple[View, ...]
  patch: int  # px, side of a patch
  merge: int  # patches, side of an image token
  max_prompt_len: int  # tokens
  system: str = ""  # system prompt; no such turn if empty

  @property
  def grids(self) -> tuple[tuple[int, int], ...]:
    """Patches (height, width) of each image."""
    return tuple((view.height // self.patch, view.width // self.patch) for view in self.views)

  @property
  def image_tokens(self) -> tuple[int, ...]:
    """`<|image_pad|>` tokens of each image."""
    return tuple(height * width // self.merge**2 for height, width in self.grids)

  def patches(self, images: Sequence[np.ndarray]) -> np.ndarray:
    """uint8[..., P, 3 * patch**2] of one uint8[..., h, w, 3] per View; more images are left out."""
    parts = [patchify(image, self.patch, self.merge) for image in images[: len(self.views)]]
    return np.concatenate(parts, axis=-2)

  def ids(self, instruction: str, previous: str = "") -> np.ndarray:
    """int32[T], the prompt of one decision.

    Args:
      instruction: what to do.
      previous: outline of the decision before (`actions.outline`), a line after the instruction:
        the policy can keep to a form for an episode, and so learns what a form is worth. "" on the
        first decision.
    Raises:
      ValueError: the text makes it longer than max_prompt_len.
    """
    text = f"{instruction}\n{previous}" if previous else instruction
    ids = chat.build_prompt(self.tokenizer, self.image_tokens, text, system=self.system)
    ids = np.asarray(ids, dtype=np.int32)
    if len(ids) > self.max_prompt_len:
      raise ValueError(
        f"prompt of {len(ids)} tokens, over max_prompt_len={self.max_prompt_len}; shorten the "
        f"instruction {instruction!r} or raise max_prompt_len"
      )
    return ids

  def row(self, patches: np.ndarray, prompt_ids: np.ndarray) -> Row:
    """A training row without responses, of patches uint8[P, 3 * patch**2] and an encoded prompt."""
    image_token_id = token_id(self.tokenizer, "<|image_pad|>")
    positions = chat.row_positions(
      prompt_ids, self.grids, self.merge, image_token_id=image_token_id
    )
    return Row(patches, prompt_ids, positions, responses=())

  def empty_row(self) -> Row:
    """A row of one token without responses, which fills a batch up."""
    num_patches = sum(height * width for height, width in self.grids)
    patches = np.zeros((num_patches, 3 * self.patch**2), np.uint8)
    return Row(patches, np.zeros(1, np.int32), np.zeros((3, 1), np.int32), responses=())

  def encode(self, response: str) -> np.ndarray:
    """int32[N], a response's ids with its end token."""
    return np.asarray(chat.encode_response(self.tokenizer, response), dtype=np.int32)

  def weights(self, response: str, choice_weight: float) -> np.ndarray:
    """float32[N], the weight of each token of a response in SFT.

    choice_weight for the tokens that choose its form, the first and the one after its first
    segment (the end, or the break before `Action: `); 1 for what it says in that form.
    """
    weights = np.ones(len(self.encode(response)), np.float32)
    weights[[0, len(self.encode(response.split("\n")[0])) - 1]] = choice_weight
    return weights

  def attend_to(self, response: str, prompt_ids: np.ndarray) -> np.ndarray:
    """int32[N], for each token of a response what it should attend to in its prompt, -1 = anything.

    The tokens of a Grounding point, its first digit to its last, should attend to the image token
    that shows the point, in the view that shows it largest.

    Args:
      response: that parses.
      prompt_ids: of `ids`.
    """
    attend_to = np.full(len(self.encode(response)), -1, np.int32)
    span = find_point(response)
    if span is not None:
      point = tuple(int(number) for number in response[slice(*span)].split(","))
      offsets = self.tokenizer.encode(response, add_special_tokens=False).offsets
      written = [n for n, (start, end) in enumerate(offsets) if span[0] < end and start < span[1]]
      attend_to[written] = self._shown_by(prompt_ids, *point_to_px(point))
    return attend_to

  def _shown_by(self, prompt_ids: np.ndarray, x: float, y: float) -> int:
    """The index in a prompt of the image token that shows a screen pixel, -1 if none does."""
    x, y = min(x, SCREEN_WIDTH - 1), min(y, SCREEN_HEIGHT - 1)
    side = self.patch * self.merge
    best, best_scale, first = -1, 0.0, 0
    for view, size in zip(self.views, self.image_tokens):
      scale = view.width / (view.x1 - view.x0)
      if view.x0 <= x < view.x1 and view.y0 <= y < view.y1 and scale > best_scale:
        row = int((y - view.y0) / (view.y1 - view.y0) * view.height) // side
        column = int((x - view.x0) * scale) // side
        best, best_scale = first + row * (view.width // side) + column, scale
      first += size
    is_image = prompt_ids == token_id(self.tokenizer, "<|image_pad|>")
    return -1 if best < 0 else int(np.flatnonzero(is_image)[best])

  def decode(self, ids: np.ndarray) -> str:
    """The text of response ids, without the end token."""
    return chat.decode(self.tokenizer, ids)


class Prompts(NamedTuple):
  """A batch of prompts, padded on the right."""

  patches: np.ndarray  # uint8[B, P, 3 * patch**2]
  ids: np.ndarray  # int32[B, T]
  lens: np.ndarray  # int32[B]
  positions: np.ndarray  # int32[3, B, T]


def stack_prompts(rows: Sequence[Row], *, max_prompt_len: int, pad_id: int) -> Prompts:
  """The prompts of rows as one batch of static shape.

  Args:
    rows: B rows; what they have of responses is left out.
    max_prompt_len: T, tokens of the sampler's cache for a prompt.
    pad_id: token id of the padding.
  Returns:
    The Prompts.
  Raises:
    ValueError: a prompt is longer than max_prompt_len.
  """
  B = len(rows)
  for b, row in enumerate(rows):
    if len(row.prompt_ids) > max_prompt_len:
      raise ValueError(
        f"row {b}: prompt of {len(row.prompt_ids)} tokens, over max_prompt_len={max_prompt_len}, "
        "what the cache holds; shorten the prompt or raise max_prompt_len"
      )
  ids = np.full((B, max_prompt_len), pad_id, np.int32)
  positions = np.zeros((3, B, max_prompt_len), np.int32)
  for b, row in enumerate(rows):
    ids[b, : len(row.prompt_ids)] = row.prompt_ids
    positions[:, b, : len(row.prompt_ids)] = row.prompt_positions
  lens = np.asarray([len(row.prompt_ids) for row in rows], np.int32)
  return Prompts(np.stack([row.patches for row in rows]), ids, lens, positions)


# (prompts, one sampling seed per row) -> Sampled(ids [B, R, N], logp [B, R, N], mask [B, R, N])
SamplePrompts = Callable[[Prompts, np.ndarray], Any]


def make_act(prompter: Prompter, sample: SamplePrompts, *, pad_id: int) -> ActFn:
  """The policy of `collect`: one response to each game.

  Args:
    prompter: of the policy.
    sample: of the policy's parameters, with R = 1.
    pad_id: token id of the padding.
  """

  def act(
    observation: Observation,
    instructions: Sequence[str],
    previous: Sequence[str],
    seeds: np.ndarray,
  ) -> Sequence[Answer]:
    patches = prompter.patches(observation.views)
    ids = [prompter.ids(*words) for words in zip(instructions, previous)]
    rows = [prompter.row(*pair) for pair in zip(patches, ids)]
    prompts = stack_prompts(rows, max_prompt_len=prompter.max_prompt_len, pad_id=pad_id)
    sampled = sample(prompts, seeds)
    return [Answer(ids[b], *response) for b, (response,) in enumerate(responses(prompter, sampled))]

  return act


def responses(prompter: Prompter, sampled: Any) -> list[list[tuple[np.ndarray, np.ndarray, str]]]:
  """For each prompt its R responses as (ids int32[N_r], logp float32[N_r], text)."""
  ids, logp, mask = (np.asarray(x) for x in (sampled.ids, sampled.logp, sampled.mask))
  return [
    [
      (row_ids[row_mask], row_logp[row_mask], prompter.decode(row_ids[row_mask]))
      for row_ids, row_logp, row_mask in zip(ids[b], logp[b], mask[b])
    ]
    for b in range(len(ids))
  ]
