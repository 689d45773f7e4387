"""The game in a pygame window, for machines with a screen."""

import os
from typing import Any

import numpy as np
import pygame

from cross_jax.base import TICKS_PER_S
from cross_jax.envs.voxel.play.session import Session

SIZE = (1280, 720)  # px
_KEYS = {
  pygame.K_w: "forward", pygame.K_s: "back", pygame.K_a: "left", pygame.K_d: "right",
  pygame.K_SPACE: "jump", pygame.K_LSHIFT: "sneak", pygame.K_RSHIFT: "sneak", pygame.K_c: "sprint",
  pygame.K_LCTRL: "sprint", pygame.K_e: "inventory", pygame.K_q: "drop", pygame.K_f: "swapHands",
  pygame.K_x: "ESC", **{pygame.K_0 + i: f"hotbar.{i}" for i in range(1, 10)},
}  # fmt: skip
_MOUSE = {1: "attack", 2: "pickItem", 3: "use"}
_PRESSES = (pygame.KEYDOWN, pygame.MOUSEBUTTONDOWN)
_RELEASES = (pygame.KEYUP, pygame.MOUSEBUTTONUP)
_UNSEEN = ("offscreen", "dummy")  # SDL's drivers that show nothing; it may fall back on one


class Keys:
  """Which buttons are down in a tick; one that was pressed and let go within it counts."""

  def __init__(self):
    self._down: set[str] = set()
    self._tapped: set[str] = set()

  def take(self, event: pygame.event.Event) -> None:
    """Notes a key or a mouse button."""
    if event.type in (pygame.KEYDOWN, pygame.KEYUP):
      name = _KEYS.get(event.key)
    elif event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
      name = _MOUSE.get(event.button)
    else:
      return
    if name and event.type in _PRESSES:
      self._down.add(name)
      self._tapped.add(name)
    elif name:
      self._down.discard(name)

  def clear(self) -> None:
    """Lets go of all."""
    self._down.clear()
    self._tapped.clear()

  def tick(self) -> list[str]:
    """The buttons of the next tick."""
    keys, self._tapped = sorted(self._down | self._tapped), set()
    return keys


def play(session: Session, task: str, seed: int, *, max_frames: int | None = None) -> None:
  """Plays until the window is closed; Escape lets the mouse go, R plays again, N the next seed.

  It pauses while the mouse is let go, also by a window that is no longer in front, until a click.

  Args:
    session: the game.
    task, seed: of the first episode.
    max_frames: ends after so many; None: never.
  Raises:
    ValueError: unknown task, seed out of range.
    OSError: there is no screen, or the recording can't be written.
  """
  pygame.init()
  try:
    screen, clock, keys = _open(), pygame.time.Clock(), Keys()
    status, image = _start(session, task, seed)
    _hold(True, keys)
    frames = 0
    while max_frames is None or frames < max_frames:
      frames += 1
      for event in pygame.event.get():
        if event.type == pygame.QUIT:
          return
        pressed = event.key if event.type == pygame.KEYDOWN else None
        if pressed in (pygame.K_r, pygame.K_n):
          seed += pressed == pygame.K_n
          status, image = _start(session, task, seed)
          _hold(pygame.event.get_grab(), keys)
        elif pressed == pygame.K_ESCAPE or event.type == pygame.WINDOWFOCUSLOST:
          _hold(False, keys)
        elif event.type == pygame.MOUSEBUTTONDOWN and not pygame.event.get_grab():
          _hold(True, keys)
        elif pygame.event.get_grab() or event.type in _RELEASES:
          keys.take(event)
      moved = pygame.mouse.get_rel()
      if pygame.event.get_grab():
        status, image = session.tick(keys.tick(), moved)
      _show(screen, status, image)
      clock.tick(TICKS_PER_S)
  finally:
    session.stop()
    pygame.quit()


def _open() -> pygame.Surface:
  """The window.

  Raises:
    OSError: there is no screen for it.
  """
  hint = "play in a browser, without --window"
  try:
    screen = pygame.display.set_mode(SIZE)
  except pygame.error as error:
    raise OSError(f"--window: there is no display ({error}): {hint}") from error
  driver = pygame.display.get_driver()
  if driver in _UNSEEN and "SDL_VIDEODRIVER" not in os.environ:
    raise OSError(f"--window: there is no display (SDL has only {driver!r}): {hint}")
  return screen


def _start(session: Session, task: str, seed: int) -> tuple[dict[str, Any], np.ndarray]:
  """Begins an episode; what is pressed while the world is made is not for it."""
  begun = session.start(task, seed)
  pygame.event.clear(_PRESSES)
  return begun


def _hold(is_held: bool, keys: Keys) -> None:
  """The game has the mouse, or is paused; no key is held across."""
  keys.clear()
  pygame.event.set_grab(is_held)
  pygame.mouse.set_visible(not is_held)
  pygame.mouse.get_rel()


def _show(screen: pygame.Surface, status: dict[str, Any], image: np.ndarray) -> None:
  picture = pygame.surfarray.make_surface(image.swapaxes(0, 1))
  screen.blit(pygame.transform.scale(picture, SIZE), (0, 0))
  pygame.display.flip()
  state = status["outcome"] or f"tick {status['tick']} of {status['max_ticks']}"
  pygame.display.set_caption(f"{status['instruction']}  [{state}]")
