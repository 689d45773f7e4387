"""The same random weights in transformers' Qwen2-VL and in ours, and rows for both."""

import dataclasses
import functools
from typing import NamedTuple

import jax
import numpy as np
import torch
import transformers
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from cross_jax.checkpoint import hf_files, hf_folder
from cross_jax.checkpoint.hf_config import to_hf
from cross_jax.models.qwen2_vl import forward
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.preprocess import MAX_PIXELS, MIN_PIXELS, pixel_values
from cross_jax.models.qwen2_vl.rope import Grid, mrope_positions, num_image_tokens
from cross_jax.tokenizer import load_tokenizer
from tests.models import small

transformers.utils.logging.disable_progress_bar()

# Heads of width / heads, as Hugging Face's are; ids of our tokenizer's vision tokens.
CONFIG = dataclasses.replace(
  small.CONFIG, width=48, heads=4, kv_heads=2, head_dim=12, mrope_section=(1, 2, 3), vocab_size=960
)
VISION_START, VISION_END, PAD = 3, 4, 0  # ids of our tokenizer
FIRST_PLAIN = 10  # ids from here are text


class Row(NamedTuple):
  """A prompt with its pictures."""

  ids: np.ndarray  # int32[T]
  patches: np.ndarray  # uint8[P, 3 * patch**2]
  grids: tuple[Grid, ...]


def random_model(config: Qwen2VLConfig, seed: int = 0, tokenizer=None):
  """transformers' model with random weights in which no bias or scale is trivial."""
  described = to_hf(config, tokenizer or load_tokenizer())
  model = transformers.Qwen2VLForConditionalGeneration(
    transformers.Qwen2VLConfig.from_dict(described)
  ).eval()
  generator = torch.Generator().manual_seed(seed)
  with torch.no_grad():
    for name, parameter in model.named_parameters():
      noise = torch.randn(parameter.shape, generator=generator)
      if parameter.ndim == 1:
        parameter.copy_(0.1 * noise + (1.0 if "norm" in name or "ln_q" in name else 0.0))
      else:
        fan_in = parameter[0].numel()
        parameter.copy_(noise * fan_in**-0.5)
  return model


def save(model, directory, tokenizer=None, **options):
  """Writes a checkpoint as transformers does, with a tokenizer (ours if None) beside it."""
  model.save_pretrained(directory, **options)
  text = (tokenizer or load_tokenizer()).to_str()
  (directory / "tokenizer.json").write_text(text, encoding="utf-8")


def load_in_transformers(directory):
  """(model in the dtype it is stored in, what did not fit)."""
  return transformers.Qwen2VLForConditionalGeneration.from_pretrained(
    directory, dtype="auto", local_files_only=True, output_loading_info=True
  )


def load(directory):
  """(params, config) of a checkpoint, as the conversion reads them."""
  checkpoint = hf_files.Checkpoint(directory)
  config = hf_folder.read_config(directory, checkpoint)
  return hf_folder.read_params(checkpoint, config), config


def image_processor(config: Qwen2VLConfig, **limits):
  """transformers' processor of pictures, on Pillow."""
  return Qwen2VLImageProcessorPil(
    patch_size=config.patch,
    merge_size=config.merge,
    temporal_patch_size=config.temporal_patch,
    **{"min_pixels": MIN_PIXELS, "max_pixels": MAX_PIXELS, **limits},
  )


def make_row(rng, config: Qwen2VLConfig, *parts: int | Grid) -> Row:
  """A row of parts: a number of text tokens, or the grid of a picture in patches."""
  ids, grids = [], []
  for part in parts:
    if isinstance(part, int):
      ids += list(rng.integers(FIRST_PLAIN, config.vocab_size, part))
    else:
      tokens = num_image_tokens(part, config.merge)
      ids += [VISION_START, *[config.image_token_id] * tokens, VISION_END]
      grids.append(part)
  num_patches = sum(height * width for height, width in grids)
  patches = rng.integers(0, 256, (num_patches, config.patch_dim)).astype(np.uint8)
  return Row(np.asarray(ids, np.int32), patches, tuple(grids))


def padded(rows: list[Row], side: str) -> tuple[np.ndarray, np.ndarray]:
  """(int32[B, T] ids, bool[B, T] mask, True = a token), padded on one side."""
  length = max(len(row.ids) for row in rows)
  ids, mask = np.full((len(rows), length), PAD, np.int32), np.zeros((len(rows), length), bool)
  for b, row in enumerate(rows):
    where = slice(0, len(row.ids)) if side == "right" else slice(length - len(row.ids), length)
    ids[b, where], mask[b, where] = row.ids, True
  return ids, mask


def hf_inputs(rows: list[Row], config: Qwen2VLConfig, side: str = "right"):
  """What transformers' model takes for a batch of rows."""
  ids, mask = padded(rows, side)
  inputs = {
    "input_ids": torch.tensor(ids, dtype=torch.long),
    "attention_mask": torch.tensor(mask, dtype=torch.long),
    "mm_token_type_ids": torch.tensor(ids == config.image_token_id, dtype=torch.int),
  }
  grids = [(1, *grid) for row in rows for grid in row.grids]
  if grids:
    patches = np.concatenate([row.patches for row in rows])
    inputs["pixel_values"] = torch.from_numpy(pixel_values(patches, config))
    inputs["image_grid_thw"] = torch.tensor(grids)
  return inputs


def our_positions(rows: list[Row], config: Qwen2VLConfig, side: str) -> np.ndarray:
  """int32[3, B, T]."""
  ids, mask = padded(rows, side)
  positions = [
    mrope_positions(
      ids[b], row.grids, merge=config.merge, image_token_id=config.image_token_id,
      segment_ids=mask[b].astype(np.int32),
    )
    for b, row in enumerate(rows)
  ]  # fmt: skip
  return np.stack(positions, axis=1)


def our_logits(params, config: Qwen2VLConfig, rows: list[Row], side: str = "right") -> np.ndarray:
  """float32[B, T, V]; all rows have the same grids."""
  ids, mask = padded(rows, side)
  patches = np.stack([row.patches for row in rows])
  positions = our_positions(rows, config, side)
  segments = mask.astype(np.int32)
  return np.asarray(_run(params, config, patches, rows[0].grids, ids, segments, positions))


@functools.partial(jax.jit, static_argnums=(1, 3))
def _run(params, config, patches, grids, ids, segments, positions):
  images = forward.image_features(params, config, patches, grids)
  hidden = forward.hidden_states(params, config, ids, segments, positions, images)
  return forward.logits(params, config, hidden)


def hf_logits(model, rows: list[Row], config: Qwen2VLConfig, side: str = "right") -> np.ndarray:
  """float32[B, T, V]."""
  with torch.no_grad():
    return model(**hf_inputs(rows, config, side)).logits.float().numpy()
