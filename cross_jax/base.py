"""Shared types: axis legend, actions, observations, training batches, callable protocols.

Axes (used in every `# [...]` comment of the project):
  B batch, R members of a group, U decisions of an episode, T query length, S key/value length,
  N response tokens of a row (in attention code: query heads), K key/value heads, H head width,
  D model width, V vocabulary, I images, P patches, C camera axes (pitch, yaw).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

SCREEN_WIDTH = 640  # px; screen coordinates are always those of MineRL's 640x360 frame
SCREEN_HEIGHT = 360  # px
FOV_DEG = 70.0  # vertical field of view
DEG_PER_PX = 360.0 / 2400.0  # mouse pixels to camera degrees; 1 degree moves a GUI cursor 6.6667 px
TICKS_PER_S = 20

BUTTONS = (
  "attack", "back", "forward", "jump", "left", "right", "sneak", "sprint", "use", "drop",
  "inventory", "hotbar.1", "hotbar.2", "hotbar.3", "hotbar.4", "hotbar.5", "hotbar.6", "hotbar.7",
  "hotbar.8", "hotbar.9", "pickItem", "swapHands", "ESC",
)  # fmt: skip
NUM_BUTTONS = len(BUTTONS)
BUTTON_INDEX = {name: i for i, name in enumerate(BUTTONS)}

# Axes of a mesh of devices: a batch's rows over the first two, heads and vocabulary over the last.
ROW_AXES = ("data", "fsdp")
TENSOR_AXIS = "tensor"

SPACES = ("raw", "motion", "grounding", "language", "latent")


class RawAction(NamedTuple):
  """MineRL's action as arrays: the canonical form that every action space reduces to."""

  buttons: Any  # int8[..., 23], 0 or 1, in the order of BUTTONS
  camera_deg: Any  # float32[..., 2], (pitch, yaw) change in degrees, + is down / right


def no_op(batch_shape: tuple[int, ...] = ()) -> RawAction:
  """The action that presses nothing and moves nothing, as NumPy arrays."""
  return RawAction(
    np.zeros((*batch_shape, NUM_BUTTONS), np.int8), np.zeros((*batch_shape, 2), np.float32)
  )


class View(NamedTuple):
  """A rectangle of the 640x360 screen, sampled at `width` x `height`: one image of the policy."""

  x0: int  # px of the screen, left edge
  y0: int
  x1: int  # px of the screen, right edge (exclusive)
  y1: int
  width: int  # px of the image
  height: int


class Observation(NamedTuple):
  """What the policy sees of a batch of games."""

  views: tuple[np.ndarray, ...]  # one uint8[B, height, width, 3] per View
  is_gui_open: np.ndarray  # bool[B]


class EnvStep(NamedTuple):
  """The result of one tick of a batch of games."""

  observation: Observation | None  # None if step drew no picture
  reward: np.ndarray  # float32[B], 1 on the tick of the success, at most once an episode
  terminated: np.ndarray  # bool[B], success or death
  truncated: np.ndarray  # bool[B], step limit
  info: dict[str, Any]  # MineRL's keys, leading axis B; "error": one str or None a game


class Environment(Protocol):
  """A batch of games behind one protocol; `envs.voxel.env.VoxelEnv` is one."""

  num_envs: int
  views: tuple[View, ...]

  def reset(
    self, tasks: Sequence[str], seeds: Sequence[int], env_ids: Sequence[int] | None = None
  ) -> Observation:
    """Starts the games `env_ids` (all if None); returns the observation of all B games."""

  def step(
    self,
    action: RawAction,
    *,
    active: np.ndarray | None = None,
    render: bool | np.ndarray = True,
  ) -> EnvStep:
    """Advances the games where `active` (bool[B]; all if None) by one tick.

    The pictures of the games where `render` (bool, or bool[B]) are new; those of the others may be
    older ones.
    """

  def observe(self) -> Observation:
    """The present picture of all B games."""

  def close(self) -> None:
    """Frees the games."""


class MotionSegment(NamedTuple):
  phrases: tuple[str, ...]  # canonical phrases, in the order written


class GroundingSegment(NamedTuple):
  verb: str
  object_name: str | None
  point: tuple[int, int] | None  # (x, y), 0..1000 of the screen's width and height


class SkillSegment(NamedTuple):
  phrase: str


class LatentSegment(NamedTuple):
  code: int


class ActionSegment(NamedTuple):
  action: RawAction  # int8[23], float32[2]


Segment = MotionSegment | GroundingSegment | SkillSegment | LatentSegment | ActionSegment


class Response(NamedTuple):
  """A parsed response: its segments, highest level first, as written."""

  segments: tuple[Segment, ...]
  space: str  # the highest-level segment present, one of SPACES


class ParseFailure(NamedTuple):
  """Why a text is not a response, and where."""

  reason: str
  span: tuple[int, int]  # [start, end) in characters


class Decision(NamedTuple):
  """One model call of an episode and what came of it."""

  views: tuple[np.ndarray, ...]  # one uint8[height, width, 3] per View
  prompt_ids: np.ndarray  # int32[T]
  response_ids: np.ndarray  # int32[N], the ids sampled, end token included
  response_logp: np.ndarray  # float32[N], nats, under the policy that sampled
  text: str
  space: str | None  # None if the text did not parse
  num_ticks: int  # ticks it ran for


class Trajectory(NamedTuple):
  """The record of one episode."""

  task: str
  seed: int
  decisions: tuple[Decision, ...]
  is_success: bool
  num_ticks: int
  num_tokens: int  # response tokens over all decisions
  num_invalid: int  # decisions whose response did not parse
  error: str | None  # the game failed: not to be trained on


class Batch(NamedTuple):
  """Training rows: a shared prefix (images and prompt) and one or more responses to it.

  Segment ids: 0 padding, 1 the prefix, 2.. one response each. A token attends to earlier tokens of
  its own segment and of the prefix, so the responses of a group share the prefix's computation.
  """

  patches: Any  # uint8[B, P, 3 * patch**2], in merge-group order
  token_ids: Any  # int32[B, T]
  segment_ids: Any  # int32[B, T]
  positions: Any  # int32[3, B, T], M-RoPE (time, height, width)
  target_ids: Any  # int32[B, N], response tokens
  target_from: Any  # int32[B, N], index in T whose hidden state predicts target_ids
  target_mask: Any  # bool[B, N], True = keep
  old_logp: Any  # float32[B, N], nats; zeros in SFT
  advantage: Any  # float32[B, N]; in SFT the weight of a token, 1 unless the data say otherwise
  attend_to: Any  # int32[B, N], index in T of the token a target should attend to, -1 = any
