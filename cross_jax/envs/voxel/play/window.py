"""The game in a pygame window, for machines with a screen."""

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
    if name and event.type in (pygame.KEYDOWN, pygame.MOUSEBUTTONDOWN):
      self._down.add(name)
      self._tapped.add(name)
    elif name:
      self._down.discard(name)

  def tick(self) -> list[str]:
    """The buttons of the next tick."""
    keys, self._tapped = sorted(self._down | self._tapped), set()
    return keys


def play(session: Session, task: str, seed: int, *, max_frames: int | None = None) -> None:
  """Plays until the window is closed; Escape lets the mouse go, R plays again, N the next seed.

  Args:
    session: the game.
    task, seed: of the first episode.
    max_frames: ends after so many; None: never.
  Raises:
    ValueError: unknown task, seed out of range.
  """
  pygame.init()
  try:
    screen, clock, keys = pygame.display.set_mode(SIZE), pygame.time.Clock(), Keys()
    status, image = session.start(task, seed)
    _hold(True)
    frames = 0
    while max_frames is None or frames < max_frames:
      frames += 1
      for event in pygame.event.get():
        if event.type == pygame.QUIT:
          return
        pressed = event.key if event.type == pygame.KEYDOWN else None
        if pressed in (pygame.K_r, pygame.K_n):
          seed += pressed == pygame.K_n
          status, image = session.start(task, seed)
        elif pressed == pygame.K_ESCAPE:
          _hold(False)
        elif event.type == pygame.MOUSEBUTTONDOWN and not pygame.event.get_grab():
          _hold(True)
        else:
          keys.take(event)
      moved = pygame.mouse.get_rel()
      if pygame.event.get_grab():
        status, image = session.tick(keys.tick(), moved)
      _show(screen, status, image)
      clock.tick(TICKS_PER_S)
  finally:
    session.stop()
    pygame.quit()


def _hold(is_held: bool) -> None:
  """The game has the mouse, or is paused."""
  pygame.event.set_grab(is_held)
  pygame.mouse.set_visible(not is_held)
  pygame.mouse.get_rel()


def _show(screen: pygame.Surface, status: dict[str, Any], image: np.ndarray) -> None:
  picture = pygame.surfarray.make_surface(image.swapaxes(0, 1))
  screen.blit(pygame.transform.scale(picture, SIZE), (0, 0))
  pygame.display.flip()
  state = status["outcome"] or f"tick {status['tick']} of {status['max_ticks']}"
  pygame.display.set_caption(f"{status['instruction']}  [{state}]")
