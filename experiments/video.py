"""Rollout videos: an H.264 and an animated WebP writer, and the recorder that `collect` calls."""

import contextlib
import io
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from cross_jax.base import TICKS_PER_S, Trajectory
from cross_jax.rollout.collect import Episode
from experiments.frames import draw_frame


class Mp4Writer:
  """An H.264 file that appears under its name only when it is complete."""

  def __init__(self, path: str | Path, *, fps: int = TICKS_PER_S, crf: int = 27):
    self.path = Path(path)
    self.path.parent.mkdir(parents=True, exist_ok=True)
    self._partial = self.path.with_name(f".{self.path.name}.partial")
    options = {"movflags": "faststart"}
    self._container = av.open(str(self._partial), "w", format="mp4", options=options)
    self._stream = self._container.add_stream("libx264", rate=Fraction(fps))
    self._stream.pix_fmt = "yuv420p"
    self._stream.options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
    self._is_sized = False

  def add(self, frame: np.ndarray) -> None:
    """Appends a frame, uint8[h, w, 3] with even h and w, all of one size."""
    height, width = frame.shape[:2]
    if not self._is_sized:
      if height % 2 or width % 2:
        raise ValueError(f"frame {width}x{height}: H.264 yuv420p needs even sides; pad by 1 px")
      self._stream.width, self._stream.height = width, height
      self._is_sized = True
    elif (self._stream.width, self._stream.height) != (width, height):
      raise ValueError(
        f"frame {width}x{height} in a video of {self._stream.width}x{self._stream.height}: "
        "all frames must have one size"
      )
    self._container.mux(self._stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))

  def close(self) -> Path:
    """Finishes the file and gives it its name; returns the path."""
    if not self._is_sized:
      self.abandon()
      raise ValueError(f"{self.path}: a video needs at least one frame")
    try:
      self._container.mux(self._stream.encode(None))
      self._container.close()
      os.replace(self._partial, self.path)
    except BaseException:
      self.abandon()
      raise
    return self.path

  def abandon(self) -> None:
    """Drops what was written."""
    try:
      with contextlib.suppress(av.FFmpegError):  # its end may not be written on a full disk
        self._container.close()
    finally:
      self._partial.unlink(missing_ok=True)


def write_mp4(path: str | Path, frames: Iterable[np.ndarray], *, fps: int = TICKS_PER_S) -> Path:
  """Writes frames (uint8[h, w, 3]) as H.264; the file appears only when complete."""
  writer = Mp4Writer(path, fps=fps)
  try:
    for frame in frames:
      writer.add(frame)
  except BaseException:
    writer.abandon()
    raise
  return writer.close()


def read_mp4(path: str | Path) -> list[np.ndarray]:
  """The frames of a video, each uint8[h, w, 3]."""
  with av.open(str(path)) as container:
    return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def write_webp(
  path: str | Path,
  frames: Sequence[np.ndarray],
  *,
  fps: float = TICKS_PER_S,
  width: int = 480,
  max_bytes: int = 1_500_000,
) -> Path:
  """Writes a looping animated WebP, in the best quality that keeps it under max_bytes.

  Args:
    path: the file to write; it appears only when complete.
    frames: uint8[h, w, 3] each, in order.
    fps: frames per second.
    width: px; the height follows the frames' aspect.
    max_bytes: the largest file allowed.
  Returns:
    The path.
  Raises:
    ValueError: no frames, or too many bytes even at the lowest quality.
  """
  if not len(frames):
    raise ValueError(f"{path}: a moving picture needs at least one frame")
  height = round(frames[0].shape[0] * width / frames[0].shape[1])
  images = [Image.fromarray(f).resize((width, height), Image.Resampling.LANCZOS) for f in frames]
  for quality in (80, 60, 40, 20):
    buffer = io.BytesIO()
    images[0].save(
      buffer,
      "WEBP",
      save_all=True,
      append_images=images[1:],
      duration=round(1000 / fps),
      loop=0,
      quality=quality,
      method=4,
    )
    if buffer.tell() <= max_bytes:
      return _write_bytes(path, buffer.getvalue())
  raise ValueError(
    f"{path}: {buffer.tell()} bytes at the lowest quality, over max_bytes={max_bytes}; "
    f"give fewer than {len(frames)} frames or a width under {width} px"
  )


def _write_bytes(path: str | Path, content: bytes) -> Path:
  path = Path(path)
  path.parent.mkdir(parents=True, exist_ok=True)
  partial = path.with_name(f".{path.name}.partial")
  try:
    partial.write_bytes(content)
    os.replace(partial, path)
  finally:
    partial.unlink(missing_ok=True)
  return path


def video_name(stage: str, task: str, seed: int) -> str:
  """File name of a rollout's video: "mtrl_mine_block-oak_log_1000000.mp4"."""
  return f"{stage}_{task.replace(':', '-')}_{seed}.mp4"


class Recorder:
  """Films chosen episodes of `collect`: pass its `on_frame` and `on_finish` on.

  A film is encoded as the game runs and appears in the folder when its episode ends.
  """

  def __init__(
    self,
    folder: str | Path,
    stage: str,
    episodes: Collection[tuple[str, int]],
    instruction_of: Callable[[str, int], str],
  ):
    """Args: the folder, the stage's name, which (task, seed) to film, and a task's instruction."""
    self.folder, self.stage = Path(folder), stage
    self.episodes = frozenset(episodes)
    self.instruction_of = instruction_of
    self.paths: list[Path] = []  # of the finished films
    self._writers: dict[tuple[str, int], Mp4Writer] = {}
    self._last: dict[tuple[str, int], tuple[np.ndarray, dict]] = {}

  def on_frame(
    self,
    views: tuple[np.ndarray, ...],
    episode: Episode,
    text: str,
    space: str | None,
    num_ticks: int,
  ) -> None:
    """Adds a frame: the last of `views` must show the whole screen (see collect's RecordFn)."""
    key = (episode.task, episode.seed)
    if episode.member != 0 or key not in self.episodes:
      return
    caption = {
      "instruction": self.instruction_of(*key),
      "text": text,
      "space": space,
      "num_ticks": num_ticks,
    }
    if key not in self._writers:
      path = self.folder / video_name(self.stage, episode.task, episode.seed)
      self._writers[key] = Mp4Writer(path)
    self._writers[key].add(draw_frame(views[-1], **caption))
    self._last[key] = (views[-1].copy(), caption)

  def on_finish(self, trajectory: Trajectory) -> None:
    """Holds the last frame for a second with the outcome on it, and closes the film."""
    key = (trajectory.task, trajectory.seed)
    writer = self._writers.pop(key, None)
    if writer is None:
      return
    image, caption = self._last.pop(key)
    still = draw_frame(image, **caption, outcome=trajectory.is_success)
    for _ in range(TICKS_PER_S):
      writer.add(still)
    self.paths.append(writer.close())

  def close(self) -> list[Path]:
    """Drops films whose episode did not end; returns the paths of the others."""
    for writer in self._writers.values():
      writer.abandon()
    self._writers.clear()
    self._last.clear()
    return self.paths
