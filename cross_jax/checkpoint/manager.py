"""The checkpoints of a run: the last few train states with their metadata, each written whole."""

import contextlib
import os
from pathlib import Path
from typing import Any, NamedTuple

import orbax.checkpoint as ocp

from cross_jax.checkpoint import tree
from cross_jax.checkpoint.disk import writing


class Restored(NamedTuple):
  """A checkpoint as it was saved."""

  step: int
  state: Any  # pytree, as the template
  meta: dict[str, Any]


class CheckpointManager(contextlib.AbstractContextManager):
  """Saves and restores a run's train state; a thin layer on Orbax.

  A step becomes visible by one rename after all of it is written: a save that is killed, is
  interrupted or runs out of space leaves the earlier checkpoints as they were and no step of its
  own. Older checkpoints are deleted only after the new one is visible. Nothing is created before
  the first save, so a reader may open the directory of a running job.

  >>> import tempfile, jax.numpy as jnp
  >>> with tempfile.TemporaryDirectory() as directory, CheckpointManager(directory) as manager:
  ...   manager.save(7, {"w": jnp.ones(2)}, {"episodes": 3})
  ...   print(manager.restore({"w": jnp.zeros(2)}))
  Restored(step=7, state={'w': Array([1., 1.], dtype=float32)}, meta={'episodes': 3})
  """

  def __init__(self, directory: str | os.PathLike[str], *, num_to_keep: int = 2):
    """Opens the directory without touching it.

    Args:
      directory: of the checkpoints, one folder per step.
      num_to_keep: the newest checkpoints that stay.
    Raises:
      ValueError: num_to_keep is below 1.
    """
    if num_to_keep < 1:
      raise ValueError(f"num_to_keep {num_to_keep}: must be at least 1, or nothing can be resumed")
    self.directory = Path(directory).absolute()
    self._num_to_keep = num_to_keep
    self._writer: ocp.CheckpointManager | None = None

  def steps(self) -> list[int]:
    """The steps that can be restored, in ascending order; empty if there is no directory."""
    if not self.directory.is_dir():
      return []
    return sorted(ocp.utils.checkpoint_steps(self.directory))

  def latest_step(self) -> int | None:
    """The last step that can be restored; None if there is none."""
    return max(self.steps(), default=None)

  def save(self, step: int, state: Any, meta: dict[str, Any]) -> None:
    """Writes a checkpoint and returns when it is complete.

    Args:
      step: above every step already there.
      state: pytree of arrays, random keys included.
      meta: what JSON can hold, and bytes: iterator state, episode counter, configuration.
    Raises:
      ValueError: step is not above the last one.
      TypeError: meta holds what JSON cannot.
      OSError: no room, or the file system refused; names directory, needed and free bytes.
    """
    latest = self.latest_step()
    if latest is not None and step <= latest:
      raise ValueError(
        f"step {step} is not above step {latest}, the last in {self.directory}: restore it and go "
        "on from there, or use another directory"
      )
    args = tree.save_args(state, meta)
    self.directory.mkdir(parents=True, exist_ok=True)
    with writing(self.directory, tree.num_bytes(state)):
      self._open_writer().save(step, args=args)

  def restore(self, template: Any, step: int | None = None) -> Restored:
    """Reads a checkpoint.

    Args:
      template: pytree of arrays or jax.ShapeDtypeStructs of the run's state, which says structure
        and placement; on another mesh than at the save is fine.
      step: the latest if None.
    Returns:
      The state bit for bit as it was saved, with its step and metadata.
    Raises:
      FileNotFoundError: there is no such checkpoint, or none at all.
      ValueError: the template has another parameter, shape or dtype; names path and both shapes;
        raised before anything is read.
    """
    path, step = self._find(step)
    return Restored(step, tree.read_tree(path, template), tree.read_meta(path))

  def read_meta(self, step: int | None = None) -> dict[str, Any]:
    """The metadata of a checkpoint alone, as to build the template from its configuration.

    Args:
      step: the latest if None.
    Returns:
      The dict that was saved.
    Raises:
      FileNotFoundError: there is no such checkpoint, or none at all.
    """
    return tree.read_meta(self._find(step)[0])

  def close(self) -> None:
    """Frees Orbax's threads."""
    if self._writer is not None:
      self._writer.close()
      self._writer = None

  def __exit__(self, *_: object) -> None:
    self.close()

  def _find(self, step: int | None) -> tuple[Path, int]:
    steps = self.steps()
    if not steps:
      state = "holds no checkpoint" if self.directory.is_dir() else "does not exist"
      raise FileNotFoundError(
        f"{self.directory} {state}: give the directory of a run that has saved one"
      )
    step = steps[-1] if step is None else step
    if step not in steps:
      raise FileNotFoundError(f"{self.directory} has no step {step}: there are {steps}")
    return self.directory / str(step), step

  def _open_writer(self) -> ocp.CheckpointManager:
    if self._writer is None:
      options = ocp.CheckpointManagerOptions(
        max_to_keep=self._num_to_keep,
        enable_async_checkpointing=False,
        cleanup_tmp_directories=True,
      )
      self._writer = ocp.CheckpointManager(
        self.directory, options=options, item_names=(tree.TREE_ITEM, tree.META_ITEM)
      )
    return self._writer
