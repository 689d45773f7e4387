"""Episodes as files: task, seed and the raw action of every tick, from which all else follows.

A file of JSON lines: a header, one line [buttons, pitch, yaw] a tick (buttons: bit i is button i of
base.BUTTONS; degrees as float32), and an end line. Every line is written out at once, so that a
killed process loses at most the tick under way; a file without an end line is an episode that was
broken off, and can be replayed as far as it goes.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from cross_jax.base import NUM_BUTTONS, TICKS_PER_S, EnvStep, RawAction, no_op
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.state import State

FORMAT, VERSION = "cross_jax voxel recording", 1
STOPPED, SUCCESS, DEATH, TIME = "stopped", "success", "death", "time"  # how an episode ends


class Recording(NamedTuple):
  """One episode of a file."""

  task: str
  seed: int
  difficulty: str | None
  start: str  # digest of the state at tick 0
  actions: RawAction  # int8[T, 23], float32[T, 2]
  outcome: str | None  # STOPPED, SUCCESS, DEATH or TIME; None: broken off
  end: str | None  # digest of the state after the last tick; None: broken off


def digest(states: State) -> str:
  """16 hexadecimal digits of a state, of one game or a batch: equal states give equal digits."""
  hashed = hashlib.sha256()
  for leaf in jax.tree.leaves(states):
    hashed.update(np.ascontiguousarray(leaf).tobytes())
  return hashed.hexdigest()[:16]


class Recorder:
  """Writes one episode."""

  def __init__(self, path: str | os.PathLike[str], header: dict[str, Any]):
    """Begins the file.

    Args:
      path: of a file that does not exist yet.
      header: task, seed, difficulty and start of Recording.
    Raises:
      FileExistsError: there is such a file.
    """
    self.path, self.num_ticks = Path(path), 0
    self._file = open(self.path, "x", encoding="ascii")
    self._write({"format": FORMAT, "version": VERSION, **header})

  def add(self, action: RawAction) -> None:
    """Writes the action of a tick, int8[23] and float32[2]."""
    bits = sum(1 << int(i) for i in np.flatnonzero(action.buttons))
    self._write([bits, *(float(np.float32(deg)) for deg in action.camera_deg)])
    self.num_ticks += 1
    if self.num_ticks % TICKS_PER_S == 0:
      os.fsync(self._file.fileno())

  def close(self, outcome: str, end: str) -> None:
    """Writes how the episode ended, and the digest of its last state."""
    self._write({"outcome": outcome, "ticks": self.num_ticks, "end": end})
    self._file.close()

  def abandon(self) -> None:
    """Leaves the file without an end line: it reads as broken off."""
    with contextlib.suppress(OSError):
      self._file.close()

  def _write(self, line: Any) -> None:
    self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
    self._file.flush()


def read_recording(path: str | os.PathLike[str]) -> Recording:
  """The episode of a file; a last line that was cut off is left out.

  Raises:
    ValueError: not a recording, of another version, or damaged; with the line.
  """
  lines = Path(path).read_text(encoding="ascii", errors="replace").split("\n")[:-1]
  try:
    rows = [_parsed(line, number) for number, line in enumerate(lines, 1)]
    header = rows[0]
    if header["format"] != FORMAT or header["version"] != VERSION:
      raise ValueError(f"format {header['format']!r}, version {header['version']}")
    last = rows[-1] if isinstance(rows[-1], dict) and len(rows) > 1 else None
    ticks = rows[1:-1] if last else rows[1:]
    if last and last["ticks"] != len(ticks):
      raise ValueError(f"{len(ticks)} ticks, its last line says {last['ticks']}")
    actions = no_op((len(ticks),))
    for i, tick in enumerate(ticks):
      try:
        bits, pitch, yaw = tick
        if not 0 <= bits < 1 << NUM_BUTTONS:
          raise ValueError(f"buttons {bits}")
        actions.buttons[i] = bits >> np.arange(NUM_BUTTONS) & 1
        actions.camera_deg[i] = pitch, yaw
      except (ValueError, TypeError) as error:
        raise ValueError(f"line {i + 2}: {error}") from error
    fields = [header[key] for key in ("task", "seed", "difficulty", "start")]
    task, seed, difficulty, start = fields
    texts = (task, start, "" if difficulty is None else difficulty)
    if not all(isinstance(text, str) for text in texts) or type(seed) is not int:
      raise ValueError(f"task, seed, difficulty, start {fields}: must be texts and a whole number")
    return Recording(*fields, actions, last and last["outcome"], last and last["end"])
  except (ValueError, KeyError, IndexError, TypeError) as error:
    raise ValueError(
      f"{path} is not a recording of version {VERSION}, or damaged: {error}"
    ) from error


def _parsed(line: str, number: int) -> Any:
  """What a line holds; number: of the line in its file, from 1."""
  try:
    return json.loads(line)
  except ValueError as error:
    raise ValueError(f"line {number}: {error}") from error


def replay(
  recording: Recording, env: VoxelEnv, *, render: bool = False
) -> Iterator[tuple[RawAction, EnvStep]]:
  """Plays a recording again in game 0 of `env`; yields (action, what came of it) tick by tick.

  Before each yield the environment has taken the tick. A caller that wants the state before it
  looks after the previous one.

  Args:
    recording: of `read_recording`.
    env: one game, of the recording's difficulty.
    render: whether pictures are drawn.
  Raises:
    ValueError: the world differs from the one recorded (another version of the code or data), at
      the start or at the end; env has more games or another difficulty.
  """
  if env.num_envs != 1 or env.difficulty != recording.difficulty:
    raise ValueError(
      f"env of {env.num_envs} games, difficulty {env.difficulty}: must be "
      f"VoxelEnv(1, difficulty={recording.difficulty!r})"
    )
  begin(recording, env)
  for buttons, camera in zip(recording.actions.buttons, recording.actions.camera_deg):
    action = RawAction(buttons[None], camera[None])
    yield RawAction(buttons, camera), env.step(action, render=render)
  found = digest(env.get_state())
  if recording.end not in (None, found):
    raise ValueError(_differs(recording, "ended", recording.end, found))


def begin(recording: Recording, env: VoxelEnv) -> None:
  """Starts a recording's episode in game 0 of `env`; raises ValueError if its world differs."""
  env.begin([recording.task], [recording.seed])
  found = digest(env.get_state())
  if recording.start != found:
    raise ValueError(_differs(recording, "began", recording.start, found))


def _differs(recording: Recording, verb: str, want: str, found: str) -> str:
  return (
    f"{recording.task} seed {recording.seed} {verb} as {want}, here it is {found}: it was recorded "
    "with another version of the world, or on another kind of device"
  )
