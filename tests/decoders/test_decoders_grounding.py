"""Grounding alone: turns worked by hand; in a GUI, a small screen that draws a cursor."""

import numpy as np
import pytest

from cross_jax.actions import parse
from cross_jax.base import BUTTONS, DEG_PER_PX, View
from cross_jax.decoders import route
from cross_jax.decoders.cursor import find_cursor

VIEWS = (View(0, 0, 640, 360, 112, 64), View(203, 72, 419, 288, 96, 96))
COARSE, FINE = VIEWS


class Screen:
  """A GUI's picture: grey, with a white arrow whose tip is the cursor; mouse motion moves it."""

  def __init__(self, x: float, y: float, *, shows_cursor: bool = True):
    self.cursor = np.array([x, y], np.float64)
    self.shows_cursor = shows_cursor
    self.buttons: set[str] = set()
    self.pressed: list[tuple[str, float, float]] = []  # rising edges: (button, x, y)

  def images(self, views=VIEWS) -> tuple[np.ndarray, ...]:
    pictures = []
    for view in views:
      x = view.x0 + (np.arange(view.width) + 0.5) * (view.x1 - view.x0) / view.width
      y = view.y0 + (np.arange(view.height) + 0.5) * (view.y1 - view.y0) / view.height
      u, v = x[None] - self.cursor[0], y[:, None] - self.cursor[1]
      is_arrow = (u >= 0) & (v >= 0) & (u + v < 12) & self.shows_cursor
      picture = np.full((view.height, view.width, 3), 198, np.uint8)
      picture[::7] = (255, 255, 200)  # bright, not pure white
      picture[is_arrow] = 255
      pictures.append(picture)
    return tuple(pictures)

  def tick(self, action) -> None:
    """The cursor moves before the buttons go down, as in MineRL."""
    move = action.camera_deg[::-1].astype(np.float64) / DEG_PER_PX
    self.cursor = np.clip(self.cursor + move, 0, [640, 360])
    buttons = {name for name, value in zip(BUTTONS, action.buttons) if value}
    for name in sorted(buttons - self.buttons):
      self.pressed.append((name, *self.cursor))
    self.buttons = buttons


def run_gui(screen: Screen, text: str, *, k: int = 8, views=VIEWS) -> int:
  """Plays the decision on the screen; returns its number of ticks."""
  routed = route(parse(text), k)
  assert routed.needs_images()
  for tick in range(routed.num_ticks):
    action, is_done = routed.decode(tick, screen.images(views), views, True)
    screen.tick(action)
    if is_done:
      return tick + 1
  raise AssertionError("the last tick must say that it is the last")


def grounding(verb: str, x: int, y: int) -> str:
  return f"Grounding: {verb} <|point_start|>({x},{y})<|point_end|>"


def run_world(text: str, *, k: int = 8, images=None):
  """[(buttons pressed, (pitch, yaw) degrees)] of each tick; `images(tick)` is the picture."""
  routed = route(parse(text), k)
  noise = np.random.default_rng(0)
  ticks, is_done = [], False
  while not is_done:
    shown = images(len(ticks)) if images else _moving(noise)
    action, is_done = routed.decode(len(ticks), shown, VIEWS, False)
    pressed = {name for name, value in zip(BUTTONS, action.buttons) if value}
    ticks.append((pressed, tuple(float(c) for c in action.camera_deg)))
  assert len(ticks) <= routed.num_ticks <= k
  return ticks


def _moving(rng):
  return tuple(rng.integers(0, 250, (v.height, v.width, 3), np.uint8) for v in VIEWS)


# --- the cursor in the picture


def test_cursor_is_found_to_half_a_sample():
  rng = np.random.default_rng(1)
  for x, y in rng.uniform([226, 86], [400, 260], (200, 2)):
    found = find_cursor(Screen(x, y).images(), VIEWS)
    np.testing.assert_allclose(found, (x, y), atol=1.13)  # the fine view: 2.25 px
  for x, y in rng.uniform([0, 0], [620, 340], (200, 2)):
    found = find_cursor(Screen(x, y).images((COARSE,)), (COARSE,))
    np.testing.assert_allclose(found, (x, y), atol=2.9)  # the coarse one: 5.7 px a sample


def test_a_cursor_cut_off_by_the_fine_view_is_measured_in_the_coarse_one():
  # The tip is 8 px left of the fine view, whose first column would give x = 203.
  screen = Screen(195.0, 180.0)
  assert (screen.images()[1] == 255).all(-1).any()
  np.testing.assert_allclose(find_cursor(screen.images(), VIEWS), (195, 180), atol=2.9)
  # Alone, the fine view's edge is the best there is.
  assert find_cursor(screen.images((FINE,)), (FINE,))[0] == 203.0


def test_no_cursor_and_wrong_pictures():
  assert find_cursor(Screen(0, 0, shows_cursor=False).images(), VIEWS) is None
  with pytest.raises(ValueError, match="image 1 has shape.*order of the views"):
    find_cursor(Screen(0, 0).images((COARSE, COARSE)), VIEWS)


# --- in a GUI


@pytest.mark.parametrize("verb, button", [("left click", "attack"), ("right click", "use")])
def test_click_lands_on_the_point(verb, button):
  # Point (456, 478): px (291.84, 172.08). One tick to go there, one to click, one to release.
  screen = Screen(320.0, 180.0)
  assert run_gui(screen, grounding(verb, 456, 478)) == 3
  [(pressed, x, y)] = screen.pressed
  assert pressed == button
  assert abs(x - 291.84) <= 1.0 and abs(y - 172.08) <= 1.0
  assert screen.buttons == set()  # released


def test_clicks_from_everywhere_to_everywhere():
  rng = np.random.default_rng(2)
  for _ in range(300):
    start = rng.uniform([0, 0], [640, 360])
    x, y = (int(c) for c in rng.integers(0, [970, 950]))
    screen = Screen(*start)
    num_ticks = run_gui(screen, grounding("left click", x, y))
    [(button, at_x, at_y)] = screen.pressed
    assert button == "attack" and screen.buttons == set() and num_ticks <= 8
    # 4 px by the picture and half a sample (2.9 px) of error: inside a slot of 16 px.
    assert max(abs(at_x - x * 0.64), abs(at_y - y * 0.36)) <= 6.9


def test_the_picture_decides_not_the_plan():
  """A cursor that was somewhere else than one tick's motion says is moved again."""
  screen = Screen(320.0, 180.0)
  routed = route(parse(grounding("left click", 456, 478)), 8)
  action, _ = routed.decode(0, screen.images(), VIEWS, True)
  screen.tick(action)
  screen.cursor += (30.0, -20.0)  # pushed
  action, is_done = routed.decode(1, screen.images(), VIEWS, True)
  assert not is_done and not action.buttons.any()
  np.testing.assert_allclose(action.camera_deg, [3.0, -4.5], atol=0.2)
  screen.tick(action)
  action, _ = routed.decode(2, screen.images(), VIEWS, True)
  assert action.buttons.sum() == 1 and not action.camera_deg.any()


def test_in_a_single_tick_the_click_goes_with_the_motion():
  for verb, button in (("left click", "attack"), ("right click", "use")):
    screen = Screen(320.0, 180.0)
    assert run_gui(screen, grounding(verb, 456, 478), k=1) == 1
    [(pressed, x, y)] = screen.pressed
    assert pressed == button
    assert abs(x - 291.84) <= 1.0 and abs(y - 172.08) <= 1.0
  for text, shows_cursor in (("move to", True), ("left click", False)):
    screen = Screen(320.0, 180.0, shows_cursor=shows_cursor)
    assert run_gui(screen, grounding(text, 456, 478), k=1) == 1
    assert screen.pressed == []


def test_a_cursor_already_there_is_clicked_at_once():
  screen = Screen(320.0, 180.0)
  assert run_gui(screen, grounding("left click", 500, 500)) == 2
  assert [name for name, _, _ in screen.pressed] == ["attack"]


def test_move_to_only_moves():
  screen = Screen(320.0, 180.0)
  assert run_gui(screen, grounding("move to", 600, 600)) == 2
  assert screen.pressed == []
  np.testing.assert_allclose(screen.cursor, (384, 216), atol=1.0)


def test_an_unseen_cursor_goes_by_way_of_the_corner():
  # The tip at the right edge: no sample of any view lies right of it.
  screen = Screen(640.0, 360.0)
  assert find_cursor(screen.images(), VIEWS) is None
  assert run_gui(screen, grounding("left click", 500, 500)) == 4  # corner, there, click, release
  [(_, x, y)] = screen.pressed
  np.testing.assert_allclose((x, y), (320, 180), atol=4.0)


def test_no_click_without_a_cursor_in_the_picture():
  screen = Screen(320.0, 180.0, shows_cursor=False)
  assert run_gui(screen, grounding("left click", 500, 500)) == 8
  assert screen.pressed == []


# --- in the world


def test_turn_is_on_tick_0_and_exact():
  # Point (750, 250): u = 160, v = -90 px; yaw = atan(160 / 257.067) = 31.900 degrees,
  # pitch = -atan(90 / hypot(257.067, 160)) = -atan(90 / 302.794) = -16.554 degrees.
  for verb in ("Mine", "Kill", "Approach", "left click", "right click", "move_camera", "move to"):
    ticks = run_world(grounding(verb, 750, 250))
    assert ticks[0][1] == pytest.approx((-16.554, 31.900), abs=2e-3)
    assert all(camera == (0.0, 0.0) for _, camera in ticks[1:])


def test_verbs_of_the_world():
  pressed = lambda verb, k=8: [p for p, _ in run_world(grounding(verb, 500, 500), k=k)]
  assert pressed("Mine") == [{"attack"}] * 8
  assert pressed("Mine", 3) == [{"attack"}] * 3
  assert pressed("Approach") == [{"forward"}] * 8
  assert pressed("right click") == [set(), {"use"}, set()]
  assert pressed("left click") == [set(), {"attack"}, set()]
  assert pressed("right click", 1) == [{"use"}]
  assert pressed("Kill", 1) == [{"forward", "attack"}] and pressed("Approach", 1) == [{"forward"}]
  assert pressed("move_camera") == pressed("move to") == [set()]


def test_only_walkers_and_cursors_look_after_the_first_tick():
  for verb in ("Mine", "Approach", "Kill", "left click"):
    for is_gui_open in (False, True):
      routed = route(parse(grounding(verb, 500, 500)), 8)
      assert routed.needs_images()
      routed.decode(0, Screen(320, 180).images(), VIEWS, is_gui_open)
      assert routed.needs_images() == (is_gui_open or verb in ("Approach", "Kill"))


def test_no_op_waits_for_all_ticks_without_looking():
  assert not route(parse("Grounding: no-op"), 8).needs_images()
  for k in (1, 8):
    for opens_at in (0, 3, 99):  # in a GUI, one opens on the way, in the world
      routed = route(parse("Grounding: no-op"), k)
      ticks = [routed.decode(tick, (), (), tick >= opens_at) for tick in range(k)]
      assert [is_done for _, is_done in ticks] == [False] * (k - 1) + [True]
      assert not any(a.buttons.any() or a.camera_deg.any() for a, _ in ticks)


def test_kill_hits_with_rising_edges_at_full_strength():
  ticks = [p for p, _ in run_world(grounding("Kill", 500, 500), k=30)]
  assert [i for i, p in enumerate(ticks) if "attack" in p] == [1, 14, 27]
  assert all("forward" in p for p in ticks)


def test_approach_jumps_once_the_ground_stands_still():
  rng = np.random.default_rng(3)
  pictures = [_moving(rng) for _ in range(4)]
  stuck = pictures[:3] + [pictures[2]] + [pictures[3]] * 5  # tick 3 shows what tick 2 showed
  ticks = [p for p, _ in run_world(grounding("Approach", 400, 500), images=lambda t: stuck[t])]
  assert ticks == [{"forward"}] * 3 + [{"forward", "jump"}] * 5


def test_pictures_that_are_written_over_are_still_told_apart():
  rng = np.random.default_rng(3)
  shown = _moving(rng)

  def images(tick):
    for picture in shown:
      picture[:] = rng.integers(0, 250, picture.shape, np.uint8)
    return shown

  ticks = [p for p, _ in run_world(grounding("Approach", 400, 500), images=images)]
  assert ticks == [{"forward"}] * 8  # else from tick 2 on, blocked: a picture is still to itself


def test_what_moves_above_or_on_the_hud_is_not_progress():
  rng = np.random.default_rng(4)
  coarse, fine = _moving(rng)

  def images(tick):
    picture = coarse.copy()
    picture[:20] = tick * 9  # sky and mobs: rows above the middle
    picture[55:] = tick * 11  # hearts and hotbar: below 300 px, row 53
    return picture, fine

  ticks = [p for p, _ in run_world(grounding("Approach", 500, 500), images=images)]
  assert ticks == [{"forward"}] * 2 + [{"forward", "jump"}] * 6

  # One mob walking over 5% of the ground is a change.
  def walking(tick):
    picture = coarse.copy()
    picture[36:46, 4 * tick : 4 * tick + 12] = 0
    return picture, fine

  ticks = [p for p, _ in run_world(grounding("Approach", 500, 500), images=walking)]
  assert ticks == [{"forward"}] * 8


def test_a_gui_that_opens_on_the_way_ends_the_decision():
  routed = route(parse(grounding("right click", 500, 500)), 8)
  images = Screen(320, 180).images()
  assert routed.decode(0, images, VIEWS, False)[1] is False
  assert routed.decode(1, images, VIEWS, False)[1] is False
  action, is_done = routed.decode(2, images, VIEWS, True)
  assert is_done and not action.buttons.any() and not action.camera_deg.any()
