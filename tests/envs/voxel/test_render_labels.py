"""Segmentation and depth from the picture's own rays, at all resolutions, against a slow tracer."""

import jax
import numpy as np
import pytest

from cross_jax.base import View
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS, SHOT_NAMES
from cross_jax.envs.voxel.render import (
  CODE_BLOCK,
  CODE_DROP,
  CODE_GUI,
  CODE_MOB,
  CODE_NONE,
  CODE_SHOT,
  render_batch,
  render_labelled,
  segment_batch,
)
from cross_jax.envs.voxel.render.hits import FAR
from cross_jax.envs.voxel.render.rays import camera_axes, camera_rays
from cross_jax.envs.voxel.state import MAX_DROPS, MAX_MOBS, MAX_PROJECTILES, SIZE_Y, SIZE_Z
from tests.envs.voxel.render_scene import EYE, make_state, random_world, stack
from tests.reference.shape_rays import first_hit

SIZES = ((64, 64), (128, 72), (128, 128), (256, 144), (640, 360))
WATER = BLOCKS.index["water"]
NAMES = ("stone", "oak_leaves", "glass", "poppy", "water", "oak_fence", "oak_stairs", "oak_slab")
YAW, PITCH = 20.0, 8.0  # degrees


def screen(width: int, height: int) -> View:
  return View(0, 0, 640, 360, width, height)


@pytest.fixture(scope="module")
def scene():
  grid = random_world(11, num_shapes=70, names=NAMES)
  grid[:6] = BLOCKS.index["grass_block"]
  grid[11:14, 9:12, 15:18] = 0
  return grid, make_state(grid, player={"yaw_deg": YAW, "pitch_deg": PITCH})


@pytest.fixture(scope="module")
def labelled_sizes(scene):
  views = tuple(screen(*size) for size in SIZES)
  return dict(zip(SIZES, render_labelled(stack([scene[1]]), views), strict=True))


@pytest.mark.parametrize("size", SIZES)
def test_codes_and_depth_at_every_resolution(scene, labelled_sizes, size):
  """40 samples of each picture; those whose answer moves with a nudge are left out."""
  grid, _ = scene
  view, labelled = screen(*size), labelled_sizes[size]
  code, depth = (np.asarray(a[0]) for a in (labelled.code, labelled.depth))
  assert code.shape == depth.shape == size[::-1] and labelled.rgb.shape[1:] == (*size[::-1], 3)
  axes = np.asarray(camera_axes(np.float32(YAW), np.float32(PITCH)), np.float64)
  rays = camera_rays(view).astype(np.float64).T.reshape(*size[::-1], 3) @ axes
  rng = np.random.default_rng(0)
  num_compared, seen = 0, set()
  for row, col in zip(rng.integers(0, size[1], 40), rng.integers(0, size[0], 40), strict=True):
    want = first_hit(grid, EYE, rays[row, col])
    nudged = first_hit(grid, EYE, rays[row, col] + 3e-4)
    if want[1:3] != nudged[1:3] or abs(want[0] - nudged[0]) > 0.02 or code[row, col] == CODE_GUI:
      continue
    num_compared += 1
    if want[3] < want[0]:
      expected, distance = CODE_BLOCK + WATER, want[3]
    elif want[0] == FAR:
      expected, distance = CODE_NONE, np.inf
    else:
      x, y, z = want[1]
      expected, distance = CODE_BLOCK + grid[y, z, x], want[0]
    assert code[row, col] == expected, (row, col, want)
    np.testing.assert_allclose(depth[row, col], distance, atol=5e-3)
    seen.add(int(expected))
  assert num_compared >= 25 and len(seen) >= 3


def test_labels_are_those_of_the_picture(scene):
  """One pass gives what the separate functions give, and every bit of it."""
  _, state = scene
  view = screen(64, 36)
  states = stack([state, make_state({(16, 12, 14): "stone"}, gui={"kind": 1})])
  (labelled,) = render_labelled(states, (view,))
  np.testing.assert_array_equal(labelled.rgb, render_batch(states, (view,))[0])
  np.testing.assert_array_equal(labelled.code, segment_batch(states, view))


def test_things_by_hand():
  """A wall 3.5 m ahead, and before it an item, an arrow and a creeper, each with code and depth."""
  wall = np.zeros((SIZE_Y, SIZE_Z, 32), np.uint16)
  wall[:, 14] = BLOCKS.index["stone"]
  arrow = {"kind": [0, SHOT_NAMES.index("arrow")] + [0] * (MAX_PROJECTILES - 2),
           "pos": [[16.5, 12.5, 12.5]] * MAX_PROJECTILES}  # fmt: skip
  drop = {"item": [0, 0, ITEMS.index["stone"]] + [0] * (MAX_DROPS - 3),
          "pos": [[16.5, 12.35, 12.5]] * MAX_DROPS}  # fmt: skip
  creeper = {"kind": [0, 0, 0, MOBS.index["creeper"]] + [0] * (MAX_MOBS - 4),
             "pos": [[16.5, 11.0, 12.5]] * MAX_MOBS}  # fmt: skip
  games = [make_state(wall)]
  games += [make_state(wall, **{k: v}) for k, v in
            (("projectiles", arrow), ("drops", drop), ("mobs", creeper))]  # fmt: skip
  (labelled,) = render_labelled(stack(games), (screen(65, 37),))  # one sample looks straight on
  code, depth = np.asarray(labelled.code), np.asarray(labelled.depth)
  assert code[0, 10, 10] == CODE_BLOCK + BLOCKS.index["stone"]
  assert [(code[i] == c).any() for i, c in ((1, CODE_SHOT + 1), (2, CODE_DROP + 2))] == [True] * 2
  assert (code[3] == CODE_MOB + 3).any()
  # The arrow is 0.7 m long and flies along z (its speed is 0); the item is a cube of 0.3 m, both
  # with their middle 2 m ahead. The creeper's head, at the eye's height, is 0.84 of 0.6 m deep.
  np.testing.assert_allclose(depth[:, 18, 32], [3.5, 1.65, 1.85, 2 - 0.42 * 0.6], atol=0.01)
  # The corner's sample is 32 of 65ths of 640 px to the side, 18 of 37ths of 360 px up.
  right, up = 32 * 640 / 65 / 257.07, 18 * 360 / 37 / 257.07
  np.testing.assert_allclose(depth[0, 0, 0], 3.5 * np.sqrt(1 + right**2 + up**2), rtol=1e-3)


def test_every_mob_is_seen_where_it_stands():
  """Each kind alone before the eye: in no less and no more of the picture than a body can be."""
  games = []
  for kind in range(1, len(MOBS.names)):
    far = 1.0 + 2.0 * max(float(MOBS.width[kind]), float(MOBS.height[kind]))
    feet = [16.5, max(12.5 - MOBS.height[kind] / 2, 0.0), 8.5 + min(far, 22.0)]
    mobs = {"kind": [kind] + [0] * (MAX_MOBS - 1), "pos": [feet] * MAX_MOBS,
            "yaw_deg": [150.0] * MAX_MOBS}  # fmt: skip
    games.append(make_state(mobs=mobs, player={"pos": [16.5, 12.5 - 1.62, 8.5]}))
  code = np.asarray(segment_batch(stack(games), screen(64, 36)))
  share = (code == CODE_MOB).mean((1, 2))
  assert share.min() > 0.005 and share.max() < 0.5, dict(zip(MOBS.names[1:], share))


def test_64_games_equal_each_alone_and_after_a_save():
  """Bit for bit, whatever the batch, and from arrays that went through NumPy."""
  grid = random_world(5, num_shapes=60, names=NAMES + ("torch",))
  rng = np.random.default_rng(0)
  games = []
  for i in range(64):
    pos = [*rng.uniform(4, 28, 2), rng.uniform(4, 28)]
    pos[1] = 12 - 1.62 + rng.uniform(0, 6)
    player = {"yaw_deg": rng.uniform(-180, 180), "pitch_deg": rng.uniform(-60, 60), "pos": pos}
    mobs = {"kind": [int(rng.integers(0, len(MOBS.names)))] * MAX_MOBS,
            "pos": rng.uniform(5, 25, (MAX_MOBS, 3)), "hurt_ticks": [i % 2] * MAX_MOBS}  # fmt: skip
    games.append(make_state(grid, player=player, mobs=mobs, gui={"kind": int(i % 5 == 0)}))
  states = stack(games)
  saved = jax.tree.map(np.asarray, states)
  together = np.asarray(render_batch(states, (screen(64, 64),))[0])
  np.testing.assert_array_equal(render_batch(saved, (screen(64, 64),))[0], together)
  for i in (0, 13, 63):
    one = stack([games[i]])
    np.testing.assert_array_equal(render_batch(one, (screen(64, 64),))[0][0], together[i])
