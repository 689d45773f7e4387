"""One player's game: episodes one after another, with mouse pixels in and pictures out."""

import itertools
import math
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from cross_jax.base import (
  BUTTON_INDEX,
  DEG_PER_PX,
  SCREEN_HEIGHT,
  SCREEN_WIDTH,
  RawAction,
  View,
  no_op,
)
from cross_jax.envs.tasks import LIMIT_TICKS, check_seed, instruction, setup_row
from cross_jax.envs.voxel.action_dict import action_from_dict
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.recording import DEATH, STOPPED, SUCCESS, TIME, Recorder, digest
from cross_jax.envs.voxel.rules.keys import MAX_TURN_DEG


class Session:
  """The game behind the page or the window; calls may come from several threads."""

  def __init__(
    self,
    width: int = SCREEN_WIDTH,
    height: int = SCREEN_HEIGHT,
    *,
    max_ticks: int = LIMIT_TICKS,
    difficulty: str | None = None,
    folder: str | Path | None = None,
  ):
    """No game runs until `start`.

    Args:
      width, height: px of the pictures.
      max_ticks: an episode ends after so many.
      difficulty: see VoxelEnv.
      folder: where recordings go, made if absent; None: nothing is recorded.
    """
    view = View(0, 0, SCREEN_WIDTH, SCREEN_HEIGHT, width, height)
    self._env = VoxelEnv(1, [view], max_ticks=max_ticks, difficulty=difficulty)
    self.max_ticks, self.difficulty = max_ticks, difficulty
    self.folder = None if folder is None else Path(folder)
    if self.folder is not None:
      self.folder.mkdir(parents=True, exist_ok=True)
    self._lock = threading.Lock()
    self._recorder: Recorder | None = None
    self._status: dict[str, Any] = {}
    self._image: np.ndarray | None = None

  def start(self, task: str, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """Begins an episode; one under way ends as stopped.

    Returns:
      (status, uint8[height, width, 3]). status: episode (a text that no other has), task,
      seed, difficulty, instruction, tick, max_ticks, outcome (None, 'success', 'death', 'time' or
      'stopped'), health, food_level, is_gui_open, recording (a path or None).
    Raises:
      ValueError: unknown task, seed out of range.
      OSError: the recording can't be written.
    """
    with self._lock:
      seed = check_seed(seed)
      setup_row(task, seed, self.difficulty)  # raises before the episode under way ends
      self._end(STOPPED)
      observation = self._env.reset([task], [seed])
      if self._image is None:  # compiles the tick now, rather than on the player's first one
        self._env.step(no_op((1,)))
        observation = self._env.reset([task], [seed])
      self._record(task, seed)
      self._status = {
        "episode": str(uuid.uuid4()),
        "task": task,
        "seed": seed,
        "difficulty": self.difficulty,
        "instruction": instruction(task, seed),
        "max_ticks": self.max_ticks,
        "outcome": None,
        "recording": self._recorder and str(self._recorder.path),
      }
      return self._told(self._env.info(), observation.views[0][0])

  def tick(
    self, keys: list[str], mouse_px: tuple[float, float]
  ) -> tuple[dict[str, Any], np.ndarray]:
    """One tick; after the end of an episode nothing happens any more.

    Args:
      keys: the buttons that are down, names of base.BUTTONS.
      mouse_px: (x, y), how far the mouse moved, taken as whole pixels (the text of an action has
        no others); more than 180 degrees are cut.
    Returns:
      As of `start`.
    Raises:
      ValueError: no episode, unknown keys, mouse_px not two finite numbers.
      OSError: the recording can't be written.
    """
    with self._lock:
      if self._image is None:
        raise ValueError("no episode: start one first")
      if self._status["outcome"] is not None:
        return dict(self._status), self._image
      action = _action(keys, mouse_px)
      step = self._env.step(RawAction(action.buttons[None], action.camera_deg[None]))
      if self._recorder is not None:
        self._add(action)
      if step.terminated[0]:
        self._end(SUCCESS if step.info["is_success"][0] else DEATH)
      elif step.truncated[0]:
        self._end(TIME)
      return self._told(step.info, step.observation.views[0][0])

  def _add(self, action: RawAction) -> None:
    """Records a tick; if that fails the episode ends: what is in the file stays readable."""
    try:
      self._recorder.add(action)
    except OSError:
      self._recorder.abandon()
      self._recorder, self._status["outcome"] = None, STOPPED
      raise

  def stop(self, episode: str | None = None) -> None:
    """Ends the episode, if one is under way; with `episode` only the one of that id."""
    with self._lock:
      if episode in (None, self._status.get("episode")):
        self._end(STOPPED)

  def _record(self, task: str, seed: int) -> None:
    if self.folder is None:
      return
    header = {"task": task, "seed": seed, "difficulty": self.difficulty}
    header["start"] = digest(self._env.get_state())
    name = f"{time.strftime('%Y%m%d_%H%M%S')}_{task.replace(':', '_').replace(' ', '_')}_{seed}"
    for i in itertools.count():
      path = self.folder / f"{name}{f'_{i}' if i else ''}.jsonl"
      if not path.exists():
        self._recorder = Recorder(path, header)
        return

  def _end(self, outcome: str) -> None:
    if self._status.get("outcome", outcome) is None:
      self._status["outcome"] = outcome
      if self._recorder is not None:
        self._recorder.close(outcome, digest(self._env.get_state()))
        self._recorder = None

  def _told(self, info: dict[str, Any], image: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    self._image = image
    for key in ("tick", "health", "food_level", "is_gui_open"):
      self._status[key] = info[key][0].item()
    return dict(self._status), image


def _action(keys: list[str], mouse_px: tuple[float, float]) -> RawAction:
  unknown = [key for key in keys if key not in BUTTON_INDEX]
  if unknown:
    raise ValueError(f"key {unknown[0]!r}: must be one of {', '.join(BUTTON_INDEX)}")
  try:
    x, y = (float(px) for px in mouse_px)
  except (TypeError, ValueError, OverflowError) as error:
    raise ValueError(f"mouse {mouse_px!r}: must be two numbers, px (x, y)") from error
  if not (math.isfinite(x) and math.isfinite(y)):
    raise ValueError(f"mouse {mouse_px!r}: must be finite, px (x, y)")
  limit_px = int(MAX_TURN_DEG / DEG_PER_PX)
  turn = [min(max(round(px), -limit_px), limit_px) * DEG_PER_PX for px in (y, x)]
  return action_from_dict(dict.fromkeys(keys, 1) | {"camera": turn})
