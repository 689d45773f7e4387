"""The pygame window without a screen: keys and mouse reach the game, the picture the window."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame")

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
