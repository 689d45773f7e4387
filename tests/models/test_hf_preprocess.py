"""Pictures to patches as transformers' processor makes them, without transformers."""

import doctest
import json

import numpy as np
import pytest
import transformers
from PIL import Image
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

from cross_jax.checkpoint.hf_preprocessor import to_hf_preprocessor
from cross_jax.models.qwen2_vl import preprocess
from cross_jax.models.qwen2_vl.config import preset
from tests.models import hf_twin

# (width, height), px
SIZES = [(640, 360), (100, 75), (28, 28), (30, 900), (57, 41), (1234, 700), (42, 70), (5, 3)]


def picture(width, height, mode="RGB"):
  rng = np.random.default_rng(width * height)
  coarse = rng.integers(0, 256, (height // 7 + 1, width // 7 + 1, 3)).astype(np.uint8)
  return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


@pytest.mark.parametrize("size", SIZES)
def test_patches_equal_the_processors(size):
  config = preset("2b")
  image = picture(*size)
  limits = {"min_pixels": 56 * 56, "max_pixels": 28 * 28 * 200}
  processor = hf_twin.image_processor(config, **limits)
  expected = processor(images=[image], return_tensors="np")
  patches, grid = preprocess.image_patches(image, config, **limits)
  assert (1, *grid) == tuple(expected["image_grid_thw"][0])
  got = preprocess.pixel_values(patches, config)
  np.testing.assert_allclose(got, expected["pixel_values"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_other_modes_become_rgb(mode):
  config = preset("2b")
  image = picture(60, 90, mode)
  expected = hf_twin.image_processor(config)(images=[image], return_tensors="np")
  patches, _ = preprocess.image_patches(image, config)
  got = preprocess.pixel_values(patches, config)
  np.testing.assert_allclose(got, expected["pixel_values"], rtol=0, atol=1e-5)


def test_the_processor_that_a_converted_policy_carries(tmp_path):
  config = preset("tiny")
  (tmp_path / "preprocessor_config.json").write_text(json.dumps(to_hf_preprocessor(config)))
  theirs = transformers.AutoImageProcessor.from_pretrained(
    tmp_path, local_files_only=True, backend="pil"
  )
  image = picture(33, 21)  # below min_pixels: made larger
  expected = theirs(images=[image], return_tensors="np")
  patches, grid = preprocess.image_patches(image, config)
  assert (1, *grid) == tuple(expected["image_grid_thw"][0])
  got = preprocess.pixel_values(patches, config)
  np.testing.assert_allclose(got, expected["pixel_values"], rtol=0, atol=1e-5)


def test_smart_resize_equals_theirs():
  rng = np.random.default_rng(0)
  for height, width in rng.integers(2, 4000, (400, 2)).tolist():
    if max(height, width) > 200 * min(height, width):
      continue
    for limits in ((3136, 1_003_520), (28 * 28 * 4, 28 * 28 * 100)):
      expected = smart_resize(height, width, 28, *limits)
      got = preprocess.smart_resize(height, width, 28, min_pixels=limits[0], max_pixels=limits[1])
      assert got == tuple(expected)


def test_smart_resize_by_hand():
  # 42 / 28 = 1.5 and 70 / 28 = 2.5 both round to 2 (half to even); rounding halves up: 56 x 84.
  assert preprocess.smart_resize(42, 70, 28, min_pixels=1) == (56, 56)
  # 2 x 3 px below 3136: both x sqrt(3136 / 6) = 22.9, so 45.7 x 68.6, rounded up to 56 x 84.
  assert preprocess.smart_resize(2, 3, 28) == (56, 84)
  # 1000 x 500 over 100 000: both / sqrt(5), so 447.2 x 223.6, rounded down to 420 x 196.
  assert preprocess.smart_resize(1000, 500, 28, max_pixels=100_000) == (420, 196)
  with pytest.raises(ValueError, match="image 2x401: a side is over 200 times the other"):
    preprocess.smart_resize(401, 2, 28)


def test_docstring_examples():
  assert doctest.testmod(preprocess).failed == 0
