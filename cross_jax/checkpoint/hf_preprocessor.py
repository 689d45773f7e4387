"""Pictures in a Hugging Face checkpoint: its preprocessor_config.json, limits and checks."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cross_jax.checkpoint.disk import read_json
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.patches import PIXEL_MEAN, PIXEL_STD
from cross_jax.models.qwen2_vl.preprocess import MAX_PIXELS, MIN_PIXELS

PREPROCESSOR, PROCESSOR = "preprocessor_config.json", "processor_config.json"
# What transformers takes where the file is silent: attributes of Qwen2VLImageProcessor.
_DEFAULT_MIN_PIXELS, _DEFAULT_MAX_PIXELS = 56 * 56, 28 * 28 * 1280
_BICUBIC = 3  # Pillow's number
_FIXED = {  # what our preprocessing does, and has no other value of
  "do_resize": True,
  "do_rescale": True,
  "do_normalize": True,
  "do_convert_rgb": True,
  "resample": _BICUBIC,
}
_CLOSE = 1e-6  # of a factor or a mean that is written with fewer digits


class PixelLimits(NamedTuple):
  """Areas between which pictures are sized; see `preprocess.smart_resize`."""

  min_pixels: int
  max_pixels: int


def read_limits(folder: Path, config: Qwen2VLConfig) -> PixelLimits:
  """The limits of pictures that a checkpoint's image processor has.

  Read is preprocessor_config.json, or what processor_config.json (transformers 5) has of the image
  processor, with min_pixels and max_pixels at the top, or in `size` by these names or as
  shortest_edge and longest_edge.

  Args:
    folder: of the checkpoint.
    config: of its model.
  Returns:
    The limits.
  Raises:
    FileNotFoundError: neither file is there.
    ValueError: a file is damaged, or says something that our preprocessing has no other value of:
      patches of another size than the model's, another normalisation or resampling.
  """
  described, where = _find(folder)
  expected = {
    **_FIXED,
    "patch_size": config.patch,
    "merge_size": config.merge,
    "temporal_patch_size": config.temporal_patch,
    "rescale_factor": 1 / 255,
    "image_mean": list(PIXEL_MEAN),
    "image_std": list(PIXEL_STD),
  }
  for name, value in expected.items():
    found = described.get(name)
    if found is not None and not _is_close(found, value):
      raise ValueError(
        f"{where}: {name} {found!r}, this model's pictures have {value!r}; take the file of the "
        "checkpoint that config.json and weights are of"
      )
  size = described.get("size") or {}
  if not isinstance(size, dict):
    raise ValueError(f"{where}: size {size!r}, must be an object with shortest_edge, longest_edge")
  limits = []
  for name, edge, default in (
    ("min_pixels", "shortest_edge", _DEFAULT_MIN_PIXELS),
    ("max_pixels", "longest_edge", _DEFAULT_MAX_PIXELS),
  ):
    values = (described.get(name), size.get(edge), size.get(name), default)
    limits.append(next(value for value in values if value is not None))
  if not all(isinstance(limit, int) and limit > 0 for limit in limits) or limits[0] > limits[1]:
    raise ValueError(
      f"{where}: areas from {limits[0]!r} to {limits[1]!r} px, must be whole numbers in this order"
    )
  return PixelLimits(*limits)


def to_hf_preprocessor(config: Qwen2VLConfig) -> dict[str, Any]:
  """The preprocessor_config.json of a model."""
  return {
    "image_processor_type": "Qwen2VLImageProcessor",
    "processor_class": "Qwen2VLProcessor",
    "patch_size": config.patch,
    "merge_size": config.merge,
    "temporal_patch_size": config.temporal_patch,
    "min_pixels": MIN_PIXELS,
    "max_pixels": MAX_PIXELS,
    "image_mean": list(PIXEL_MEAN),
    "image_std": list(PIXEL_STD),
  }


def _find(folder: Path) -> tuple[dict[str, Any], Path]:
  if (folder / PROCESSOR).is_file():
    nested = read_json(folder / PROCESSOR).get("image_processor")
    if isinstance(nested, dict):
      return nested, folder / PROCESSOR
  if not (folder / PREPROCESSOR).is_file():
    raise FileNotFoundError(
      f"{folder} has neither {PREPROCESSOR} nor an image_processor in {PROCESSOR}: fetch the file "
      "of the checkpoint"
    )
  return read_json(folder / PREPROCESSOR), folder / PREPROCESSOR


def _is_close(found: Any, expected: Any) -> bool:
  if isinstance(expected, bool | int):
    return found == expected
  try:
    return np.allclose(np.asarray(found, np.float64), expected, rtol=0, atol=_CLOSE)
  except (ValueError, TypeError):
    return False
