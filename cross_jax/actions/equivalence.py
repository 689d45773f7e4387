"""When two raw actions are the same action: the reward of single-turn training."""

import numpy as np

from cross_jax.base import DEG_PER_PX, RawAction

_ON_GRID_PX = 1e-2  # a float32 camera within this of a whole pixel is that pixel
_ROUNDING_DEG = 1e-6  # of differences of pixels in float64


def is_equivalent(a: RawAction, b: RawAction, *, tolerance_deg: float | None = None) -> np.ndarray:
  """Whether two raw actions press the same buttons and turn alike.

  round(a.camera_deg) == round(b.camera_deg), half to even; or |a - b| <= tolerance_deg.

  Args:
    a, b: int8[..., 23] buttons and float32[..., 2] degrees, of shapes that broadcast.
    tolerance_deg: None for the official rule, else the largest difference in degrees on each axis.
  Returns:
    bool[...]; a camera that is not finite is equivalent to nothing.
  Source: custom_reward_funcs/mix_coa.py of the official code, which rounds pixels x 0.15 in
    float64: float32 cameras on the pixel grid are put back on it first.

  >>> from cross_jax.base import no_op
  >>> bool(is_equivalent(no_op(), no_op()))
  True
  """
  is_same_buttons = (np.asarray(a.buttons) == np.asarray(b.buttons)).all(-1)
  camera_a, camera_b = _camera(a), _camera(b)
  if tolerance_deg is None:
    is_same_camera = np.round(camera_a) == np.round(camera_b)
  else:
    with np.errstate(invalid="ignore"):
      # a tolerance of whole pixels holds at its limit too, which float64 may miss by its last bits
      is_same_camera = np.abs(camera_a - camera_b) <= tolerance_deg + _ROUNDING_DEG
  is_finite = np.isfinite(camera_a) & np.isfinite(camera_b)
  return is_same_buttons & (is_same_camera & is_finite).all(-1)


def _camera(action: RawAction) -> np.ndarray:
  """float64[..., 2] degrees, on the pixel grid if within rounding of it."""
  camera = np.asarray(action.camera_deg, np.float64)
  px = camera / DEG_PER_PX
  whole = np.rint(px)
  with np.errstate(invalid="ignore"):
    return np.where(np.abs(px - whole) < _ON_GRID_PX, whole * DEG_PER_PX, camera)
