"""Whole frames: a block and a mob worked out by hand, marks, night, batches, bad views."""

import jax
import numpy as np
import pytest

from cross_jax.base import View
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import (
  CODE_BLOCK,
  CODE_DROP,
  CODE_GUI,
  CODE_MOB,
  CODE_NONE,
  render_batch,
  segment_batch,
)
from cross_jax.envs.voxel.render.rays import camera_rays
from cross_jax.envs.voxel.state import SIZE_X, SIZE_Z
from tests.envs.voxel.render_scene import CENTRE, EYE, VIEWS, WIDE, make_state, random_world, stack

STONE = BLOCKS.index["stone"]
AHEAD = (
  16,
  12,
  14,
)  # a cell on the axis of view: its front is 3.5 m from the eye at (16.5, 12.5, 10.5)
FOCAL_PX = 180 / np.tan(np.radians(35))  # 257.07


def cell(x: int, y: int, z: int) -> int:
  return (y * SIZE_Z + z) * SIZE_X + x


def square(half_px: float) -> np.ndarray:
  """Samples of CENTRE less than half_px from the middle of the screen in both axes."""
  x = np.abs(224 + 2 * (np.arange(96) + 0.5) - 320) < half_px
  y = np.abs(84 + 2 * (np.arange(96) + 0.5) - 180) < half_px
  return y[:, None] & x[None]


def near_centre(code: np.ndarray) -> np.ndarray:
  """Codes without the crosshair."""
  return np.where(code == CODE_GUI, code[30, 48], code)


@pytest.fixture(scope="module")
def codes():
  """Codes of: a block ahead; one to the left; a pig before a block; a drop and a hidden pig."""
  pig = MOBS.index["pig"]
  mobs = {"kind": [0, 0, pig] + [0] * 5, "pos": [[16.5, 12.0, 13.0]] * 8}
  hidden = {"kind": [pig] + [0] * 7, "pos": [[16.5, 12.0, 17.0]] * 8}
  drops = {"item": [0, ITEMS.index["oak_log"]] + [0] * 6, "count": [1] * 8,
           "pos": [[16.5, 12.35, 13.0]] * 8}  # fmt: skip
  states = [
    make_state({AHEAD: "stone"}),
    make_state({(18, 12, 14): "stone"}),
    make_state({AHEAD: "stone"}, mobs=mobs),
    make_state({AHEAD: "stone"}, mobs=hidden, drops=drops),
  ]
  return np.asarray(segment_batch(stack(states), CENTRE))


def test_a_block_ahead_covers_a_square_by_hand(codes):
  """Half width 257.07 * 0.5 / 3.5 = 36.72 px: samples at odd px 285..355, 36 a side, 1296 in all.

  With the focal length of a horizontal FOV of 70 degrees (457 px) it would be 65.3 px.
  """
  expected = np.where(square(FOCAL_PX * 0.5 / 3.5), CODE_BLOCK + STONE, CODE_NONE)
  assert (expected > 0).sum() == 1296
  is_crosshair = codes[0] == CODE_GUI
  assert 0 < is_crosshair.sum() <= 40
  np.testing.assert_array_equal(codes[0][~is_crosshair], expected[~is_crosshair])


def test_east_is_left_when_looking_south(codes):
  """The block at x 18..19 is 1.5..2.5 m to the left: px 320 - 257.07 * 2.5 / 3.5 = 136 .. 210.

  Its front is left of the view (224 px); its western side reaches to 257.07 * 1.5 / 4.5 = 85.7 px
  left of the middle, px 234.3: the samples at 225..233, so 5 columns, are stone.
  """
  columns = np.flatnonzero((codes[1] == CODE_BLOCK + STONE).any(0))
  np.testing.assert_array_equal(columns, np.arange(5))


def test_a_mob_hides_a_block_and_a_block_hides_a_mob(codes):
  mob = codes[2] == CODE_MOB + 2
  assert mob.sum() > 500 and (codes[2] == CODE_BLOCK + STONE).sum() > 100
  # A pig is 0.9 m wide and high, 2.5 m away and at most 0.6 m of it nearer: at most
  # 257 * 0.54 / 1.9 = 73 px to each side, and its feet, 0.5 m below the eye, at most 68 px down.
  rows, cols = np.nonzero(mob)
  assert np.abs(225 + 2 * cols - 320).max() <= 73 and (85 + 2 * rows - 180).max() <= 68
  assert not (codes[3] == CODE_MOB).any()


def test_a_drop_has_its_own_code(codes):
  rows, cols = np.nonzero(codes[3] == CODE_DROP + 1)
  assert len(rows) > 50
  # A 0.3 m cube on 12.35, 2.5 m away: its centre is on the axis, its half diagonal 257 * .22 / 2.3.
  assert np.abs(225 + 2 * cols - 320).max() <= 25 and np.abs(85 + 2 * rows - 180).max() <= 25


@pytest.fixture(scope="module")
def pictures():
  """Pictures of CENTRE by name, int32[96, 96, 3]: the block ahead and the pig in several moods."""
  pig = {"kind": [MOBS.index["pig"]] + [0] * 7, "pos": [[16.5, 12.0, 13.0]] * 8}
  far = {"pos": [EYE[0], EYE[1] - 1.62, EYE[2] - 2.0]}
  mining = {"mine_cell": cell(*AHEAD), "mine_progress": 0.8}
  scenes = {
    "plain": make_state({AHEAD: "stone"}),
    "cracked": make_state({AHEAD: "stone"}, player=mining),
    "far": make_state({AHEAD: "stone"}, player=far),
    "night": make_state({AHEAD: "stone"}, time_of_day=18_000),
    "pig": make_state(mobs=pig),
    "hurt": make_state(mobs=pig | {"hurt_ticks": [5] + [0] * 7}),
    "busy": make_state(random_world(5, num_shapes=60, names=("stone", "water", "poppy", "glass"))),
    "gui": make_state({AHEAD: "stone"}, gui={"kind": 1}),
  }
  states = list(scenes.values())
  stacked = [np.asarray(view) for view in render_batch(stack(states), VIEWS)]
  return scenes, dict(zip(scenes, stacked[1].astype(np.int32), strict=True)), stacked


def test_outline_within_reach_only(pictures):
  """The rim of the block is dark at 3.5 m; at 5.5 m, beyond the reach of 4.5 m, it is not."""
  _, image, _ = pictures
  rim = square(FOCAL_PX * 0.5 / 3.5) & ~square(FOCAL_PX * 0.5 / 3.5 - 2)
  inner = square(FOCAL_PX * 0.5 / 3.5 - 6) & ~square(12)
  assert image["plain"][rim].mean() < 0.5 * image["plain"][inner].mean()
  rim = square(FOCAL_PX * 0.5 / 5.5) & ~square(FOCAL_PX * 0.5 / 5.5 - 2)
  assert image["far"][rim].mean() > 0.8 * image["far"][square(20) & ~square(12)].mean()


def test_cracks_night_and_pain(pictures):
  _, image, _ = pictures
  inside = square(FOCAL_PX * 0.5 / 3.5 - 6)
  darker = (image["cracked"] < 0.5 * image["plain"]).all(-1)
  assert 0.1 < darker[inside].mean() < 0.6 and not darker[~square(FOCAL_PX * 0.5 / 3.5)].any()
  assert image["night"][inside].mean() < 0.5 * image["plain"][inside].mean()
  assert image["night"][0].mean() < 0.2 * image["plain"][0].mean()
  is_pig = (image["pig"] != image["hurt"]).any(-1)
  change = (image["hurt"] - image["pig"])[is_pig].mean(0)
  assert is_pig.sum() > 500 and change[1] < -20 and change[2] < -20


def test_no_channel_is_above_250_without_a_gui(pictures):
  _, _, (wide, centre) = pictures
  assert wide[:7].max() <= 250 and centre[:7].max() <= 250


def test_a_batch_equals_its_games_one_by_one(pictures):
  """Also says that a picture depends on its own game alone, whatever its place in the batch."""
  scenes, _, (wide, centre) = pictures
  for name in ("busy", "gui", "hurt"):
    i = list(scenes).index(name)
    one = render_batch(jax.tree.map(lambda x: x[None], scenes[name]), VIEWS)
    np.testing.assert_array_equal(np.asarray(one[0][0]), wide[i])
    np.testing.assert_array_equal(np.asarray(one[1][0]), centre[i])


def test_views_are_windows_on_one_screen():
  """Equal sample points have equal rays: the screen at 10 px a sample, and a window of it."""
  whole = camera_rays(View(0, 0, 640, 360, 64, 36)).reshape(3, 36, 64)
  part = camera_rays(View(200, 100, 300, 150, 10, 5)).reshape(3, 5, 10)
  np.testing.assert_allclose(whole[:, 10:15, 20:30], part, rtol=1e-6)
  # The edge of the screen, by hand: 180 px up at 257.07 px is 35 degrees.
  top = camera_rays(View(319, 0, 321, 1, 1, 1000))[:, 0]
  np.testing.assert_allclose(np.degrees(np.arctan2(-top[1], top[2])), 35.0, atol=1e-3)


@pytest.mark.parametrize(
  "view", [View(0, 0, 700, 360, 8, 8), View(9, 0, 9, 9, 8, 8), View(0, 0, 9, 9, 0, 8)]
)
def test_a_bad_view_is_refused(view):
  with pytest.raises(ValueError, match="640x360"):
    render_batch(stack([make_state()]), (view,))


def test_the_hand_swings_up_and_back():
  """Mid-swing the item is higher and further left; when the swing is over it is where it was."""
  slots = {name: np.zeros(layout.NUM_SLOTS, int) for name in ("item", "count")}
  slots["item"][layout.HOTBAR], slots["count"][layout.HOTBAR] = ITEMS.index["diamond"], 1
  games = [make_state(slots=slots, player={"swing_ticks": n}) for n in (100, 0, 2, 6)]
  mining = {"swing_ticks": 100, "mine_cell": 7}
  games.append(make_state(slots=slots, player=mining, tick=8))
  image = np.asarray(render_batch(stack(games), (WIDE,))[0]).astype(int)
  np.testing.assert_array_equal(image[0], image[1])
  np.testing.assert_array_equal(image[0], image[3])
  np.testing.assert_array_equal(image[2], image[4])  # mining: phase 8 % 6
  # At phase 2 / 6 the swing is sin(pi sqrt(1 / 3)) = 0.9706: 78 px left and 49 px up, which is
  # 14 of the picture's 112 columns and 9 of its 64 rows.
  at_rest, swung = image[0, 40:56, 80:94], image[2, 31:47, 66:80]
  assert (np.abs(at_rest - swung).max(-1) < 30).mean() > 0.8
  assert (np.abs(image[0] - image[2])[40:56, 80:94].max(-1) > 30).mean() > 0.3
