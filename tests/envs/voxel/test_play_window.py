"""The pygame window without a screen: keys and mouse reach the game, the picture the window."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

from cross_jax.envs.voxel.play import __main__ as command  # noqa: E402
from cross_jax.envs.voxel.play import window  # noqa: E402
from cross_jax.envs.voxel.play.session import Session  # noqa: E402
from cross_jax.envs.voxel.recording import read_recording  # noqa: E402


def test_keys_that_were_let_go_within_a_tick_count_once():
  keys = window.Keys()
  keys.take(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_w))
  keys.take(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1))
  keys.take(pygame.event.Event(pygame.MOUSEBUTTONUP, button=1))
  assert keys.tick() == ["attack", "forward"]
  assert keys.tick() == ["forward"]
  keys.take(pygame.event.Event(pygame.KEYUP, key=pygame.K_w))
  assert keys.tick() == []


def test_the_window_plays_and_records(monkeypatch, tmp_path):
  monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
  shown = []
  flip = pygame.display.flip
  monkeypatch.setattr(
    pygame.display,
    "flip",
    lambda: (shown.append(pygame.surfarray.array3d(pygame.display.get_surface())), flip()),
  )
  events = [[pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE)], [], []]
  monkeypatch.setattr(pygame.event, "get", lambda: events.pop(0))
  monkeypatch.setattr(pygame.event, "get_grab", lambda: True)
  session = Session(32, 18, folder=tmp_path)
  window.play(session, "mine_block:oak_log", 3, max_frames=3)
  assert shown[0].shape == (1280, 720, 3) and shown[0].std() > 5
  (path,) = tmp_path.iterdir()
  recording = read_recording(path)
  assert recording.outcome == "stopped" and len(recording.actions.buttons) == 3
  assert recording.actions.buttons[:, 3].all() and np.all(recording.actions.buttons.sum(1) == 1)


class Ticks(list):
  """A session that only notes the keys of its ticks; `typed` are pressed while a world is made."""

  def __init__(self, typed=()):
    self.typed = typed

  def start(self, task, seed):
    for key in self.typed:
      pygame.event.post(press(key))
    status = {"outcome": None, "tick": 0, "max_ticks": 9, "instruction": task}
    self.seen = status, np.zeros((18, 32, 3), np.uint8)
    return self.seen

  def tick(self, keys, mouse_px):
    self.append(keys)
    return self.seen

  def stop(self):
    pass


def press(key):
  return pygame.event.Event(pygame.KEYDOWN, key=key)


@pytest.fixture
def grab(monkeypatch):
  """The dummy driver never has the mouse: whether the window wants it."""
  monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
  wanted = []
  monkeypatch.setattr(pygame.event, "set_grab", wanted.append)
  monkeypatch.setattr(pygame.event, "get_grab", lambda: wanted[-1])
  return wanted


def test_no_key_is_held_or_typed_across_a_pause(grab, monkeypatch):
  click = pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1)
  frames = [
    [press(pygame.K_w)],
    [press(pygame.K_ESCAPE)],  # with W held, which is let go outside
    [press(pygame.K_SPACE)],
    [click],
    [press(pygame.K_d)],
    [pygame.event.Event(pygame.WINDOWFOCUSLOST), press(pygame.K_q)],
    [press(pygame.K_r)],  # a new world, still paused
    [click],
    [press(pygame.K_a), pygame.event.Event(pygame.KEYUP, key=pygame.K_a)],
    [press(pygame.K_w), press(pygame.K_n)],
  ]
  monkeypatch.setattr(pygame.event, "get", lambda: frames.pop(0))
  ticks = Ticks()
  window.play(ticks, "mine_block:oak_log", 0, max_frames=len(frames))
  assert ticks == [["forward"], [], ["right"], [], ["left"], []]
  assert grab == [True, False, True, False, False, True, True]


def test_keys_pressed_while_the_world_is_made_are_not_played(grab):
  ticks = Ticks([pygame.K_w, pygame.K_e])
  window.play(ticks, "mine_block:oak_log", 0, max_frames=2)
  assert ticks == [[], []]


@pytest.mark.parametrize("driver", ["no_such_driver", None])
def test_without_a_screen_it_names_the_browser(driver, monkeypatch, capsys):
  monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
  if driver:
    monkeypatch.setenv("SDL_VIDEODRIVER", driver)
  else:  # SDL falls back on a driver that shows nothing
    monkeypatch.setattr(pygame.display, "set_mode", lambda size: pygame.Surface(size))
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "offscreen")
  assert command.main(["--window", "--size", "32x18"]) == 1
  (line,) = capsys.readouterr().err.splitlines()
  assert line.startswith("error: --window: there is no display (")
  assert line.endswith("play in a browser, without --window")
