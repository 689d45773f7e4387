"""Pictures in buckets: which one, which are refused, and one program for each."""

import dataclasses
import doctest
import functools

import jax
import numpy as np
import pytest
from PIL import Image

from cross_jax.models.qwen2_vl import buckets, forward, preprocess
from cross_jax.models.qwen2_vl.config import preset
from tests.models import small

CONFIG = dataclasses.replace(small.CONFIG, vision_depth=1)
UNIT = CONFIG.patch * CONFIG.merge  # 8 px
WIDE, SQUARE, TALL = SMALL_BUCKETS = ((16, 24), (16, 16), (24, 16))


def picture(width, height, seed=0):
  rng = np.random.default_rng(seed)
  return Image.fromarray(rng.integers(0, 256, (height, width, 3)).astype(np.uint8))


@pytest.mark.parametrize(
  "size, expected",
  [
    ((360, 640), (364, 644)),  # the game's screen, as transformers' processor sizes it
    ((1080, 1920), (364, 644)),
    ((90, 160), (364, 644)),
    ((768, 1366), (364, 644)),
    ((600, 800), (420, 560)),
    ((480, 640), (420, 560)),
    ((512, 512), (476, 476)),
    ((800, 600), (560, 420)),
    ((2400, 1080), (700, 336)),  # a phone upright
    ((1920, 1080), (644, 364)),
  ],
)
def test_the_default_buckets_of_common_sizes(size, expected):
  assert buckets.choose_bucket(*size, 28, buckets.default_buckets(preset("2b"))) == expected


def test_default_buckets_have_about_the_screens_tokens():
  config = preset("2b")
  sizes = buckets.default_buckets(config)
  tokens = [height * width // 28**2 for height, width in sizes]
  assert sizes[0] == preprocess.smart_resize(360, 640, 28) and tokens[0] == 299
  assert 289 <= min(tokens) and max(tokens) <= 300 and len(set(sizes)) == len(sizes) == 7
  tiny = buckets.default_buckets(preset("tiny"))
  assert [(h / 16, w / 16) for h, w in tiny] == [(h / 28, w / 28) for h, w in sizes]


def test_the_nearest_in_area_and_aspect_by_hand():
  # 40 x 60 becomes 40 x 64 (60 / 8 = 7.5, to the even 8), 2560 px, of aspect 1.5. To 32 x 48, 1536
  # px: log(0.6)**2 = 0.261; to 64 x 96: log(2.4)**2 = 0.766; to 40 x 48, of another aspect:
  # log(0.75)**2 + log(0.8)**2 = 0.083 + 0.050, nearest if a change by 1.25 is allowed.
  sizes = ((64, 96), (32, 48), (40, 48))
  choose = functools.partial(buckets.choose_bucket, 40, 60, 8, sizes, min_pixels=64)
  assert choose(max_stretch=1.25) == (40, 48)
  assert choose(max_stretch=1.24) == (32, 48)
  # Limits of the area come first: over 1600 px both sides shrink, to 32 x 48.
  assert choose(max_stretch=1.25, max_pixels=1600) == (32, 48)
  # The nearest of another aspect is no answer: a small wide picture goes to the wide bucket.
  assert buckets.choose_bucket(16, 32, 8, ((16, 16), (160, 320)), min_pixels=64) == (160, 320)
  assert buckets.choose_bucket(8, 8, 8, ((16, 8), (8, 16)), min_pixels=64, max_stretch=2) == (16, 8)


def test_a_picture_that_fits_no_bucket_is_refused():
  with pytest.raises(
    ValueError,
    match="image 1000x200 fits no bucket: each of 24x16, 16x16, 16x24 .* more than 1.25 times; "
    "crop or pad the picture, or add a bucket of about its aspect, in sides of 8 px",
  ):
    buckets.bucket_patches(picture(1000, 200), CONFIG, SMALL_BUCKETS)
  with pytest.raises(ValueError, match="image 0x10: sides must be at least 1 px"):
    buckets.choose_bucket(10, 0, 8, SMALL_BUCKETS)
  with pytest.raises(ValueError, match="bucket 20x16: sides must be positive multiples of 8 px"):
    buckets.choose_bucket(10, 10, 8, ((16, 16), (16, 20)))
  with pytest.raises(ValueError, match="no buckets: .*default_buckets"):
    buckets.choose_bucket(10, 10, 8, ())


def test_patches_are_those_of_the_picture_in_the_buckets_size():
  image = picture(50, 33)
  patches, grid = buckets.bucket_patches(image, CONFIG, SMALL_BUCKETS)
  assert grid == (4, 6)
  sized = image.resize((24, 16), Image.Resampling.BICUBIC)
  expected, expected_grid = preprocess.image_patches(sized, CONFIG, min_pixels=64)
  assert expected_grid == grid
  np.testing.assert_array_equal(patches, expected)


def test_a_stream_of_mixed_sizes_compiles_once_per_bucket():
  params = small.make_params(CONFIG)
  run = jax.jit(forward.image_features, static_argnums=(1, 3))
  rng = np.random.default_rng(0)

  def see(num_pictures):
    seen = set()
    for seed in range(num_pictures):
      width = int(rng.integers(9, 90))
      image = picture(width, int(width * rng.uniform(0.6, 1.6)) + 1, seed)
      patches, grid = buckets.bucket_patches(image, CONFIG, SMALL_BUCKETS)
      features = run(params, CONFIG, patches[None], (grid,))
      assert features.shape == (1, len(patches) // CONFIG.merge**2, CONFIG.width)
      seen.add((image.size, grid))
    return {size for size, _ in seen}, {grid for _, grid in seen}

  sizes, grids = see(20)
  assert len(sizes) > 15 and len(grids) == len(SMALL_BUCKETS) == 3
  assert run._cache_size() == 3
  sizes, grids = see(20)
  assert len(grids) == 3 and run._cache_size() == 3  # nothing more, whatever comes


def test_docstring_examples():
  assert doctest.testmod(buckets).failed == 0
