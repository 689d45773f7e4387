"""VPT's action space of 8641 joint buttons and 121 joint camera bins, to and from a RawAction.

All functions take NumPy or JAX arrays of any leading shape and return the same kind, so that they
work on the host and inside jit.

Source: Baker et al. 2022, arXiv:2206.11795, appendix; contract.md 1.4 (the table regenerated here).
"""

import itertools
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import BUTTON_INDEX, NUM_BUTTONS, RawAction

# groups of keys of which an action has at most one; the last group counts fastest
GROUPS = (
  tuple(f"hotbar.{i}" for i in range(1, 10)),
  ("forward", "back"),
  ("left", "right"),
  ("sprint", "sneak"),
  ("use",),
  ("drop",),
  ("attack",),
  ("jump",),
  ("camera",),  # whether the camera moves
)
_SIZES = tuple(len(group) + 1 for group in GROUPS)
INVENTORY = int(np.prod(_SIZES))  # 8640: the key `inventory`, alone
NUM_BUTTON_IDS = INVENTORY + 1
MAX_CAMERA_DEG, BIN_SIZE, MU = 10.0, 2.0, 10.0
NUM_BINS = int(2 * MAX_CAMERA_DEG / BIN_SIZE) + 1  # 11 an axis
NUM_CAMERA_IDS = NUM_BINS**2
STILL = NUM_CAMERA_IDS // 2  # 60: no turn


class AgentAction(NamedTuple):
  """An action of VPT's agent."""

  buttons: Any  # int32[...], 0..8640
  camera: Any  # int32[...], 0..120, 11 * pitch bin + yaw bin


def _tables() -> tuple[np.ndarray, np.ndarray]:
  """(int8[8641, 23] buttons of each id, bool[8641] whether its camera moves)."""
  buttons = np.zeros((NUM_BUTTON_IDS, NUM_BUTTONS), np.int8)
  has_camera = np.zeros(NUM_BUTTON_IDS, bool)
  for row, choice in enumerate(itertools.product(*(range(size) for size in _SIZES))):
    for group, chosen in zip(GROUPS, choice):
      if chosen and group == ("camera",):
        has_camera[row] = True
      elif chosen:
        buttons[row, BUTTON_INDEX[group[chosen - 1]]] = 1
  buttons[INVENTORY, BUTTON_INDEX["inventory"]] = 1
  return buttons, has_camera


BUTTON_TABLE, HAS_CAMERA = _tables()


def bin_centres() -> np.ndarray:
  """float32[11], degrees: what the bins of an axis turn by.

  x = sign(v) * 10 * ((1 + mu)^(|v| / 10) - 1) / mu,  v = -10, -8, ..., 10

  >>> [round(float(turn), 4) for turn in bin_centres()[5:]]
  [0.0, 0.6154, 1.6095, 3.2154, 5.8095, 10.0]
  """
  v = np.arange(NUM_BINS) * BIN_SIZE - MAX_CAMERA_DEG
  size = ((1 + MU) ** (np.abs(v) / MAX_CAMERA_DEG) - 1) / MU * MAX_CAMERA_DEG
  return (np.sign(v) * size).astype(np.float32)


_CENTRES = bin_centres()


def camera_bins(camera_deg: Any) -> Any:
  """int32[...], the bin of each turn: clipped to 10 degrees, mu-law, rounded half to even.

  Args:
    camera_deg: float32[...], degrees.
  """
  xp = _library(camera_deg)
  x = xp.clip(camera_deg, -MAX_CAMERA_DEG, MAX_CAMERA_DEG)
  v = xp.sign(x) * xp.log1p(MU / MAX_CAMERA_DEG * xp.abs(x)) * (MAX_CAMERA_DEG / np.log1p(MU))
  return xp.round((v + MAX_CAMERA_DEG) / BIN_SIZE).astype(np.int32)


def to_raw(action: AgentAction) -> RawAction:
  """The raw action of an agent's action; inside jit ids out of range are taken as the nearest.

  Args:
    action: AgentAction, integers[...].
  Returns:
    RawAction, int8[..., 23] and float32[..., 2] degrees. The camera is still where the buttons say
    that it doesn't move, and with the inventory key.
  """
  buttons, camera = action
  xp = _library(buttons)
  buttons = xp.clip(buttons, 0, NUM_BUTTON_IDS - 1)
  camera = xp.clip(camera, 0, NUM_CAMERA_IDS - 1)
  camera = xp.where(xp.asarray(HAS_CAMERA)[buttons], camera, STILL)
  bins = xp.stack([camera // NUM_BINS, camera % NUM_BINS], axis=-1)
  centres = xp.asarray(_CENTRES)[bins]
  return RawAction(xp.asarray(BUTTON_TABLE)[buttons], centres)


def from_raw(action: RawAction) -> AgentAction:
  """The agent's action nearest to a raw action.

  forward and back pressed together are neither, left and right too; else of a group's keys the last
  counts (sneak over sprint, the highest hotbar key). `inventory` excludes all else, the camera too.
  VPT has no keys pickItem, swapHands and ESC: they are left out.

  Args:
    action: RawAction, int8[..., 23] and float32[..., 2] degrees.
  Returns:
    AgentAction, int32[...] each.
  """
  xp = _library(action.buttons)
  is_down = action.buttons > 0
  bins = camera_bins(action.camera_deg)
  camera = bins[..., 0] * NUM_BINS + bins[..., 1]
  is_open = is_down[..., BUTTON_INDEX["inventory"]]
  ids = xp.zeros(is_open.shape, np.int32)
  for group, size in zip(GROUPS, _SIZES):
    if group == ("camera",):
      choice = (camera != STILL).astype(np.int32)
    else:
      choice, keys = xp.zeros_like(ids), [is_down[..., BUTTON_INDEX[name]] for name in group]
      for i, key in enumerate(keys):
        choice = xp.where(key, i + 1, choice)
      if group in (("forward", "back"), ("left", "right")):
        choice = xp.where(keys[0] & keys[1], 0, choice)
    ids = ids * size + choice
  return AgentAction(
    xp.where(is_open, INVENTORY, ids).astype(np.int32),
    xp.where(is_open, STILL, camera).astype(np.int32),
  )


def check_agent_action(action: AgentAction, batch_shape: tuple[int, ...]) -> AgentAction:
  """The action as NumPy int32 arrays of `batch_shape`, if it is sound: for the host, before a step.

  Raises:
    ValueError: another shape or type, or ids out of range.
  """
  checked = []
  for name, value, num in (
    ("buttons", action.buttons, NUM_BUTTON_IDS),
    ("camera", action.camera, NUM_CAMERA_IDS),
  ):
    value = np.asarray(value)
    if value.dtype.kind not in "iu":
      raise ValueError(f"{name} of type {value.dtype}: must be integers 0..{num - 1}")
    if value.shape != batch_shape:
      raise ValueError(f"{name} of shape {value.shape}: must be {batch_shape}, one id per game")
    wild = value[(value < 0) | (value >= num)]
    if wild.size:
      raise ValueError(
        f"{name} id {wild[0]}: must be 0..{num - 1}; from_raw makes ids of keys and degrees"
      )
    checked.append(value.astype(np.int32))
  return AgentAction(*checked)


def _library(x: Any) -> ModuleType:
  return jnp if isinstance(x, jax.Array) else np
