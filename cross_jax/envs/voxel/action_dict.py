"""MineRL's action dict to and from a RawAction, with the checks that MineRL leaves out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cross_jax.base import BUTTON_INDEX, BUTTONS, RawAction, no_op
from cross_jax.envs.voxel.rules.keys import MAX_TURN_DEG

CAMERA_UNITS = ("share", "degrees")


def action_from_dict(action: Mapping[str, Any]) -> RawAction:
  """The action of one game from MineRL's dict; a key that is missing is released.

  Args:
    action: button names to 0 or 1, "camera" to (pitch, yaw) change in degrees.
  Returns:
    RawAction, int8[23] and float32[2].
  Raises:
    ValueError: not a dict, an unknown key, a button that is not 0 or 1, a camera that is not two
      finite numbers within 180 degrees.
  """
  _check_keys(action)
  raw = no_op()
  for name, value in action.items():
    if name == "camera":
      raw.camera_deg[:] = _camera(value)
    elif np.ndim(value) != 0 or value not in (0, 1):
      raise ValueError(f"{name}={value!r}: a button is 0 or 1")
    else:
      raw.buttons[BUTTON_INDEX[name]] = int(value)
  return raw


def batch_from_dict(
  action: Mapping[str, Any], num_envs: int, *, camera_unit: str = "degrees"
) -> RawAction:
  """The actions of a batch of games from one dict of arrays; a key that is missing is released.

  Args:
    action: button names to [num_envs] of 0 or 1, "camera" to [num_envs, 2] of (pitch, yaw).
    num_envs: games.
    camera_unit: "degrees", or "share": of MAX_TURN_DEG, -1..1.
  Returns:
    RawAction, int8[num_envs, 23] and float32[num_envs, 2] degrees.
  Raises:
    ValueError: not a dict, an unknown key or unit, values of another shape or out of range.
  """
  if camera_unit not in CAMERA_UNITS:
    raise ValueError(f"camera_unit={camera_unit!r}: must be one of {', '.join(CAMERA_UNITS)}")
  _check_keys(action)
  raw = no_op((num_envs,))
  for name, value in action.items():
    shape = (num_envs, 2) if name == "camera" else (num_envs,)
    if np.shape(value) != shape:
      raise ValueError(f"{name} of shape {np.shape(value)}: must be {shape}")
    if name == "camera":
      raw.camera_deg[:] = _camera(np.ravel(value), camera_unit).reshape(shape)
      continue
    value = np.asarray(value)
    if value.dtype.kind not in "biu" or value.size and (value.min() < 0 or value.max() > 1):
      raise ValueError(f"{name}={value.tolist()}, {value.dtype}: a button is the integer 0 or 1")
    raw.buttons[:, BUTTON_INDEX[name]] = value
  return raw


def action_to_dict(action: RawAction) -> dict[str, Any]:
  """MineRL's dict of the action of one game: all 23 buttons as ints, and "camera" float32[2].

  Raises:
    ValueError: see `check_action`.
  """
  check_action(RawAction(np.asarray(action.buttons)[None], np.asarray(action.camera_deg)[None]), 1)
  buttons = {name: int(action.buttons[i]) for i, name in enumerate(BUTTONS)}
  return buttons | {"camera": np.array(action.camera_deg, np.float32)}


def check_action(action: RawAction, num_envs: int) -> RawAction:
  """The actions of a batch as int8[num_envs, 23] and float32[num_envs, 2], if they are sound.

  Raises:
    ValueError: not a RawAction, another shape or type, a button that is not 0 or 1, a turn that is
      not finite or past 180 degrees.
  """
  if not isinstance(action, RawAction):
    raise ValueError(
      f"action of type {type(action).__name__}: must be a base.RawAction; batch_from_dict makes "
      "one of MineRL's dict"
    )
  buttons, camera = np.asarray(action.buttons), np.asarray(action.camera_deg)
  if buttons.shape != (num_envs, len(BUTTONS)):
    raise ValueError(
      f"buttons of shape {buttons.shape}: must be ({num_envs}, {len(BUTTONS)}), one row a game; "
      f"base.no_op(({num_envs},)) makes them"
    )
  if buttons.dtype.kind not in "biu":
    raise ValueError(f"buttons of type {buttons.dtype}: must be integers 0 or 1; use int8")
  if buttons.size and (buttons.min() < 0 or buttons.max() > 1):
    raise ValueError(f"buttons in {buttons.min()}..{buttons.max()}: a button is 0 or 1")
  if camera.shape != (num_envs, 2):
    raise ValueError(
      f"camera_deg of shape {camera.shape}: must be ({num_envs}, 2), (pitch, yaw) a game"
    )
  return RawAction(buttons.astype(np.int8), _camera(camera.reshape(-1)).reshape(num_envs, 2))


def _check_keys(action: Any) -> None:
  if not isinstance(action, Mapping):
    raise ValueError(
      f"action of type {type(action).__name__}: must be a dict of button names and 'camera'"
    )
  for name in action:
    if name != "camera" and name not in BUTTON_INDEX:
      raise ValueError(f"action key {name!r}: must be 'camera' or one of {', '.join(BUTTONS)}")


def _camera(value: Any, unit: str = "degrees") -> np.ndarray:
  """float32[n], degrees."""
  try:
    if np.asarray(value).dtype.kind not in "biuf":
      raise ValueError(f"of type {np.asarray(value).dtype}")
    camera = np.asarray(value, np.float32)
  except (TypeError, ValueError) as error:
    raise ValueError(f"camera {value!r}: must be numbers, degrees (pitch, yaw)") from error
  if camera.ndim != 1 or camera.size % 2:
    raise ValueError(f"camera of shape {camera.shape}: must be two numbers, degrees (pitch, yaw)")
  limit = 1.0 if unit == "share" else MAX_TURN_DEG
  wild = camera[~(np.abs(camera) <= limit)]
  if wild.size and unit == "share":
    raise ValueError(
      f"camera {wild[0]}: must be finite and within +-1, shares of {MAX_TURN_DEG:g} degrees; "
      "camera_unit='degrees' takes MineRL's degrees"
    )
  if wild.size:
    raise ValueError(
      f"camera {wild[0]} degrees: must be finite and within +-{MAX_TURN_DEG:g}; "
      "turn over several ticks"
    )
  return camera * np.float32(MAX_TURN_DEG / limit)
