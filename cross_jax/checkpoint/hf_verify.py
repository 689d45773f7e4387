"""Compares a policy's logits with those of transformers on the same checkpoint."""

import dataclasses
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

from cross_jax.checkpoint.policy import PolicySpec
from cross_jax.models.qwen2_vl import forward, rope
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.preprocess import pixel_values
from cross_jax.tokenizer import token_id

# Largest difference of two float32 logits that is rounding, as a share of the largest logit.
TOLERANCE = 1e-3
_GRIDS = ((4, 6), (8, 4))  # merge groups of the two pictures: not square, not equal
_NUM_TEXT = 12  # tokens before, between and after the pictures


def import_transformers() -> tuple[ModuleType, ModuleType]:
  """(torch, transformers).

  Raises:
    ImportError: one is not installed; says how.
  """
  try:
    import torch
    import transformers
  except ImportError as error:
    raise ImportError(
      f"{error}: verification compares with transformers; pip install '.[hf]' in a checkout, "
      "or convert without --verify"
    ) from error
  return torch, transformers


def compare(policy: tuple[Any, PolicySpec, Tokenizer], checkpoint: Path) -> str:
  """Compares the logits of one row of text and two pictures, both models in float32.

  Args:
    policy: of `load_policy`.
    checkpoint: Hugging Face folder of the same model.
  Returns:
    One line with the difference.
  Raises:
    ValueError: the difference is over TOLERANCE of the largest logit.
    ImportError: transformers is not installed.
  """
  params, spec, tokenizer = policy
  config = dataclasses.replace(spec.model, dtype="float32", param_dtype="float32")
  ids, patches, grids = _row(config, tokenizer)
  expected = reference_logits(checkpoint, config, ids, patches, grids)
  got = full_logits(
    jax.tree.map(lambda leaf: leaf.astype(jnp.float32), params), config, ids, patches, grids
  )
  difference, largest = float(np.abs(got - expected).max()), float(np.abs(expected).max())
  if not difference <= TOLERANCE * largest:
    raise ValueError(
      f"logits differ from transformers' by up to {difference:.3g} where the largest is "
      f"{largest:.3g}: the limit is {TOLERANCE:g} of it; nothing was kept"
    )
  return f"logits within {difference:.1e} of transformers' (largest {largest:.3g})"


def full_logits(params, config: Qwen2VLConfig, ids, patches, grids) -> np.ndarray:
  """float32[T, V], our model's logits of one row; see `reference_logits`."""
  positions = rope.mrope_positions(
    ids, grids, merge=config.merge, image_token_id=config.image_token_id
  )

  @jax.jit
  def run(params):
    images = forward.image_features(params, config, jnp.asarray(patches)[None], grids)
    row = jnp.asarray(ids)[None]
    hidden = forward.hidden_states(
      params, config, row, jnp.ones_like(row), jnp.asarray(positions)[:, None], images
    )
    return forward.logits(params, config, hidden)[0]

  return np.asarray(run(params))


def reference_logits(
  checkpoint: Path, config: Qwen2VLConfig, ids, patches, grids: tuple[rope.Grid, ...]
) -> np.ndarray:
  """transformers' logits of one row.

  Args:
    checkpoint: Hugging Face folder.
    config: of the model.
    ids: int32[T], with `<|image_pad|>` for the pictures' tokens.
    patches: uint8[P, 3 * patch**2] of all pictures.
    grids: patches (height, width) per picture.
  Returns:
    float32[T, V].
  """
  torch, transformers = import_transformers()
  model = transformers.Qwen2VLForConditionalGeneration.from_pretrained(
    checkpoint, dtype=torch.float32, local_files_only=True
  ).eval()
  row = torch.tensor(ids, dtype=torch.long)[None]
  with torch.no_grad():
    out = model(
      input_ids=row,
      attention_mask=torch.ones_like(row),
      mm_token_type_ids=(row == config.image_token_id).int(),
      pixel_values=torch.from_numpy(pixel_values(patches, config)),
      image_grid_thw=torch.tensor([(1, *grid) for grid in grids]),
    )
  return out.logits[0].numpy()


def _row(config: Qwen2VLConfig, tokenizer: Tokenizer):
  """Random ids, patches and grids: text, a picture, text, another, text."""
  rng = np.random.default_rng(0)
  grids = tuple((rows * config.merge, cols * config.merge) for rows, cols in _GRIDS)
  start, end = (token_id(tokenizer, f"<|vision_{name}|>") for name in ("start", "end"))
  special = {start, end, config.image_token_id}
  plain = [i for i in range(tokenizer.get_vocab_size()) if i not in special]
  ids = list(rng.choice(plain, _NUM_TEXT))
  for grid in grids:
    ids += [start, *[config.image_token_id] * rope.num_image_tokens(grid, config.merge), end]
    ids += list(rng.choice(plain, _NUM_TEXT))
  num_patches = sum(height * width for height, width in grids)
  patches = rng.integers(0, 256, (num_patches, config.patch_dim)).astype(np.uint8)
  return np.asarray(ids, np.int32), patches, grids
