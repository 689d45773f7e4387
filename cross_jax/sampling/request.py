"""Requests to the engine: what they ask for, and what is refused before anything is computed."""

import hashlib
from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.rope import mrope_positions, next_text_position, num_image_tokens
from cross_jax.sampling.slots import Room


class Request(NamedTuple):
  """One prompt to answer."""

  prompt_ids: Any  # int32[T]
  patches: Any  # uint8[P, patch_dim], all images one after another
  grids: tuple[tuple[int, int], ...]  # patches (height, width) of each image
  seed: int  # of the sampling, 0..2**32 - 1
  max_new_tokens: int
  stop_ids: tuple[int, ...] = ()
  stop_strings: tuple[str, ...] = ()
  member: int = 0  # of a group that shares the seed, as the r-th response of `make_sampler`
  image_ids: tuple[Hashable, ...] | None = None  # equal for equal images; None: from the patches
  tag: Any = None  # the caller's own


class Finished(NamedTuple):
  """The response to one request."""

  request: Request
  ids: np.ndarray  # int32[n], stop id included; up to the token that completes a stop string
  logp: np.ndarray  # float32[n], nats, of `ids` before the filters
  text: str | None  # without end token and stop string; None if the engine has no `decode`
  reason: str  # "stop_id", "stop_string" or "max_new_tokens"
  num_reused: int  # prompt tokens that were not prefilled


class Image(NamedTuple):
  """Where an image stands in a prompt, and which it is."""

  start: int  # index of its first token
  end: int  # index after its last token
  id: Hashable


class Prompt(NamedTuple):
  """A request's prompt, checked."""

  ids: np.ndarray  # int32[T]
  positions: np.ndarray  # int32[3, T], M-RoPE
  next_position: int  # of the first response token
  grids: tuple[tuple[int, int], ...]  # patches (height, width) of each image
  images: tuple[Image, ...]


def read_request(request: Request, config: Qwen2VLConfig, room: Room) -> Prompt:
  """The prompt of a request that fits.

  Args:
    request: to read.
    config: of the model.
    room: of the engine.
  Returns:
    Its prompt.
  Raises:
    ValueError: an empty or too long prompt, ids out of the vocabulary, images that are not those of
      the prompt, more response tokens, stop ids or a larger seed than there is room for.
  """
  ids = np.asarray(request.prompt_ids, np.int32)
  if ids.ndim != 1 or not len(ids):
    raise ValueError(f"prompt_ids {list(ids.shape)}: must be int32[T] with at least 1 token")
  if ids.min() < 0 or ids.max() >= config.vocab_size:
    raise ValueError(
      f"prompt_ids {int(ids.min())}..{int(ids.max())}: must be 0..{config.vocab_size - 1}; encode "
      "with the policy's tokenizer"
    )
  _check_length(request, len(ids), room)
  _check_sampling(request, room)
  _check_images(request, config)
  grids = tuple((int(height), int(width)) for height, width in request.grids)
  positions = mrope_positions(ids, grids, merge=config.merge, image_token_id=config.image_token_id)
  images = _images(request, ids, grids, config)
  return Prompt(ids, positions, next_text_position(positions), grids, images)


def _check_length(request: Request, num_tokens: int, room: Room) -> None:
  largest = max(room.prompt_buckets)
  if num_tokens > largest:
    raise ValueError(
      f"prompt of {num_tokens} tokens: the largest of prompt_buckets {room.prompt_buckets} is "
      f"{largest}; shorten the prompt or make an engine with a larger bucket"
    )
  if not 1 <= request.max_new_tokens <= room.max_new_tokens:
    raise ValueError(
      f"max_new_tokens={request.max_new_tokens}: must be 1..{room.max_new_tokens}; ask for fewer "
      "or make an engine with more"
    )
  if num_tokens + request.max_new_tokens > room.max_len:
    raise ValueError(
      f"prompt of {num_tokens} tokens and {request.max_new_tokens} new ones: a slot holds "
      f"max_len={room.max_len}; shorten one of them or make an engine with longer slots"
    )


def _check_sampling(request: Request, room: Room) -> None:
  if not 0 <= request.seed < 2**32:
    raise ValueError(f"seed {request.seed}: must be 0..2**32 - 1")
  if not 0 <= request.member < 2**31:
    raise ValueError(f"member {request.member}: must be 0..2**31 - 1")
  if len(request.stop_ids) > room.max_stop_ids:
    raise ValueError(
      f"{len(request.stop_ids)} stop ids: there is room for max_stop_ids={room.max_stop_ids}; make "
      "an engine with more"
    )
  if "" in request.stop_strings:
    raise ValueError('stop string "": every text contains it; leave it out')


def _check_images(request: Request, config: Qwen2VLConfig) -> None:
  for height, width in request.grids:
    if height % config.merge or width % config.merge or height <= 0 or width <= 0:
      raise ValueError(
        f"image of {height}x{width} patches: sides must be positive multiples of merge "
        f"{config.merge}; choose another size"
      )
  expected = (sum(height * width for height, width in request.grids), config.patch_dim)
  if np.shape(request.patches) != expected:
    raise ValueError(
      f"patches {list(np.shape(request.patches))}: images {tuple(request.grids)} (patches) need "
      f"{list(expected)}; patchify with the config's patch and merge"
    )
  if request.image_ids is not None and len(request.image_ids) != len(request.grids):
    raise ValueError(
      f"{len(request.image_ids)} image_ids for {len(request.grids)} images: give one each, or None"
    )


def _images(request: Request, ids: np.ndarray, grids, config: Qwen2VLConfig) -> tuple[Image, ...]:
  where = np.flatnonzero(ids == config.image_token_id)
  images, token, patch = [], 0, 0
  for i, grid in enumerate(grids):
    size, num_patches = num_image_tokens(grid, config.merge), grid[0] * grid[1]
    if request.image_ids is None:
      content = np.ascontiguousarray(request.patches[patch : patch + num_patches])
      key = hashlib.blake2b(content.data, digest_size=16).digest()
    else:
      key = request.image_ids[i]
    start = int(where[token])
    images.append(Image(start, start + size, (grid, key)))
    token, patch = token + size, patch + num_patches
  return tuple(images)
