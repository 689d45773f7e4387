"""Textures and icons: no two look alike, and they stay as they are from version to version.

The distance is likeness.distances: the mean absolute difference of colours where at least one of
two pictures is drawn, seen on black and on white. Blocks are compared as boxes of their shape from
a corner at 64x64 px, reduced to 16x16; icons at 16x16 px, reduced to 8x8.
`python tests/envs/voxel/test_looks.py` writes the golden file after a change that is meant.
"""

import json
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from cross_jax.envs.gallery import content
from cross_jax.envs.voxel.content.block_patterns import HOLE
from cross_jax.envs.voxel.content.likeness import distances, reduce_pictures
from cross_jax.envs.voxel.content.patterns import BLOCK_PATTERNS
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS
from cross_jax.envs.voxel.render import isometric
from cross_jax.envs.voxel.render.textures import block_tiles, icon_tiles

MIN_DISTANCE = 5.0  # of 255, any two blocks and any two icons
MIN_PATTERN_DISTANCE = 14.0  # any two icons that are drawn from a pattern
_INFESTED = ("stone", "cobblestone", "stone_bricks", "mossy_stone_bricks", "cracked_stone_bricks",
             "chiseled_stone_bricks")  # fmt: skip
ALIKE = {  # that look the same in the game
  **{frozenset((f"infested_{stone}", stone)): "a silverfish hides in it" for stone in _INFESTED},
  frozenset(("petrified_oak_slab", "oak_slab")): "a slab of an old version, with the same texture",
}
_GOLDEN = Path(__file__).parents[2] / "golden" / "voxel_looks.json"


def _alike(names, pictures, least):
  """Pairs of names nearer than `least`; those whose mean colours are further apart can't be."""
  mean = pictures[..., :6].mean((1, 2))
  near = []
  for i in range(len(names) - 1):
    those = i + 1 + np.flatnonzero(np.abs(mean[i + 1 :] - mean[i]).mean(-1) < least)
    gaps = distances(pictures[those], pictures[i : i + 1])[:, 0]
    near += [(names[i], names[j], gap) for j, gap in zip(those, gaps) if gap < least]
  return near


def test_no_two_blocks_look_alike_but_those_that_should():
  rows = np.flatnonzero(BLOCKS.is_visible)
  pictures = reduce_pictures(isometric.draw_boxes(block_tiles(), rows, 64), 16)
  near = _alike([BLOCKS.names[row] for row in rows], pictures.astype(np.float32), MIN_DISTANCE)
  assert {frozenset(pair[:2]) for pair in near} == set(ALIKE), near


def test_no_two_icons_look_alike_but_those_that_should():
  pictures = reduce_pictures(icon_tiles()).astype(np.float32)
  near = _alike(ITEMS.names[1:], pictures[1:], MIN_DISTANCE)
  assert {frozenset(pair[:2]) for pair in near} <= set(ALIKE), near
  drawn = np.flatnonzero((ITEMS.icon_block == 0) & (ITEMS.icon_pattern > 0))
  assert len(drawn) > 350
  names = [ITEMS.names[row] for row in drawn]
  assert _alike(names, pictures[drawn], MIN_PATTERN_DISTANCE) == []


def test_distance_by_hand():
  square = np.zeros((3, 16, 16, 4), np.uint8)
  square[0, :8] = (100, 100, 100, 255)  # the upper half grey
  square[1, :8] = (130, 100, 100, 255)  # 30 more red: 30 / 3 channels
  square[2, 8:] = (100, 100, 100, 255)  # the lower half: on black and white (100 + 155) / 2 apart
  pictures = reduce_pictures(square)
  # the third and the second: half of the union at 127.5, half (2 x 127.5 + (130 + 125) / 2) / 3
  expected = [[0, 10, 127.5], [10, 0, 127.5], [127.5, 127.5, 0]]
  np.testing.assert_allclose(distances(pictures, pictures), expected)


def test_a_cube_from_a_corner_shows_top_and_two_sides():
  stone = BLOCKS.index["smooth_stone"]
  picture = isometric.draw_boxes(block_tiles(), np.asarray([stone]), 64)[0].astype(np.float64)
  top, right, left = picture[16, 32], picture[44, 44], picture[44, 20]
  assert np.all(picture[[0, 63, 0, 63], [0, 0, 63, 63], 3] == 0)
  tile = block_tiles()[3 * stone : 3 * stone + 2, ..., :3].astype(np.float64)
  for pixel, light, face in ((top, 1.0, 0), (right, 0.8, 1), (left, 0.64, 1)):
    assert tile[face].min() * light - 1 <= pixel[0] <= tile[face].max() * light + 1
  slab = isometric.draw_boxes(block_tiles(), np.asarray([BLOCKS.index["stone_slab"]]), 64)[0]
  height = [np.sum(p[:, 32, 3] > 0) for p in (picture, slab)]
  # 1 high and sqrt 2 deep at 30 degrees: cos 30 + sin 30 sqrt 2 = 1.573; half as high: 1.140
  np.testing.assert_allclose(height, np.asarray([1.573, 1.140]) * 64 / 1.6, atol=1)


def test_only_leaves_fill_their_holes():
  has_hole = np.any(BLOCK_PATTERNS[BLOCKS.pattern] & 3 == HOLE, axis=(1, 2, 3))
  is_cut = np.any(block_tiles().reshape(-1, 3 * 256, 4)[..., 3] == 0, axis=1)
  is_leaves = np.asarray([name.endswith("_leaves") for name in BLOCKS.names])
  np.testing.assert_array_equal(is_cut, has_hole & ~is_leaves)
  assert is_leaves.sum() == 6 and has_hole[is_leaves].all()


def test_pages_of_the_gallery_hold_every_picture(tmp_path):
  icons = icon_tiles()[1:42]
  assert content.save_pages(tmp_path, "items", ITEMS.names[1:42], icons) == 1
  page = np.asarray(Image.open(tmp_path / "items_1.webp").convert("RGB")).astype(int)
  assert page.shape == (3 * 52, 20 * 76, 3)  # 16 px, three lines of 10 px and 6 px; 41 = 2 x 20 + 1
  shown = page[2 * 52 + 2 : 2 * 52 + 18, 30:46]
  drawn = icons[40, ..., 3] > 0
  np.testing.assert_array_equal(shown[drawn], icons[40, ..., :3][drawn])


def looks():
  """A checksum of every texture and icon, by name."""
  tiles = block_tiles().reshape(-1, 3, 16, 16, 4)
  checksum = lambda tile: f"{zlib.crc32(np.ascontiguousarray(tile).tobytes()):08x}"
  return {
    "blocks": {name: checksum(tile) for name, tile in zip(BLOCKS.names, tiles, strict=True)},
    "items": {name: checksum(icon) for name, icon in zip(ITEMS.names, icon_tiles(), strict=True)},
  }


def test_textures_and_icons_are_those_of_the_golden_file():
  golden, now = json.loads(_GOLDEN.read_text()), looks()
  for kind in ("blocks", "items"):
    changed = [name for name in golden[kind] if golden[kind][name] != now[kind].get(name)]
    assert not changed and set(now[kind]) == set(golden[kind]), (kind, changed)


if __name__ == "__main__":
  _GOLDEN.write_text(json.dumps(looks(), indent=0) + "\n")
