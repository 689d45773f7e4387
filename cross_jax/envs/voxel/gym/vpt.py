"""VPT's action space over CrossVoxel-v0, for one game and for a vector of games."""

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from cross_jax.base import BUTTONS
from cross_jax.envs.voxel.rules.keys import MAX_TURN_DEG
from cross_jax.envs.voxel.vpt import (
  NUM_BUTTON_IDS,
  NUM_CAMERA_IDS,
  AgentAction,
  check_agent_action,
  to_raw,
)

SPACE = spaces.Dict(
  {"buttons": spaces.Discrete(NUM_BUTTON_IDS), "camera": spaces.Discrete(NUM_CAMERA_IDS)}
)


class VPTActions(gymnasium.ActionWrapper):
  """CrossVoxel-v0 with actions {"buttons": 0..8640, "camera": 0..120}.

  >>> import gymnasium
  >>> env = VPTActions(gymnasium.make("cross_jax.envs.voxel.gym:CrossVoxel-v0"))
  >>> env.action_space
  Dict('buttons': Discrete(8641), 'camera': Discrete(121))
  """

  def __init__(self, env: gymnasium.Env):
    super().__init__(env)
    self.action_space = SPACE

  def action(self, action: Mapping[str, Any]) -> dict[str, Any]:
    """The wrapped environment's action; a value may have the shape (1,), as MineStudio's do.

    Raises:
      ValueError: other keys or shapes, ids out of range.
    """
    flat = {key: np.squeeze(value) for key, value in _checked_keys(action).items()}
    return _to_minerl(flat, (), self.env.action_space["camera"])


class VPTVectorActions(gymnasium.vector.VectorActionWrapper):
  """The same over a vector environment: arrays [B] of ids."""

  def __init__(self, env: gymnasium.vector.VectorEnv):
    super().__init__(env)
    self.single_action_space = SPACE
    self.action_space = batch_space(SPACE, env.num_envs)

  def actions(self, actions: Mapping[str, Any]) -> dict[str, Any]:
    """The wrapped environment's actions.

    Raises:
      ValueError: other keys or shapes, ids out of range.
    """
    camera = self.env.single_action_space["camera"]
    return _to_minerl(_checked_keys(actions), (self.num_envs,), camera)


def _checked_keys(action: Any) -> Mapping[str, Any]:
  if not isinstance(action, Mapping) or set(action) != {"buttons", "camera"}:
    keys = sorted(action) if isinstance(action, Mapping) else type(action).__name__
    raise ValueError(f"action {keys}: must be a dict of the ids 'buttons' and 'camera'")
  return action


def _to_minerl(
  action: Mapping[str, Any], shape: tuple[int, ...], camera: gymnasium.spaces.Box
) -> dict[str, Any]:
  """MineRL's action in the unit of the space `camera`: its bound is MAX_TURN_DEG."""
  raw = to_raw(check_agent_action(AgentAction(action["buttons"], action["camera"]), shape))
  scale = np.float32(MAX_TURN_DEG / camera.high.flat[0])
  buttons = {name: raw.buttons[..., i].astype(np.int64) for i, name in enumerate(BUTTONS)}
  return buttons | {"camera": raw.camera_deg / scale}
