"""What the gymnasium environments share: spaces, actions in and out, the choice of episodes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from cross_jax.base import BUTTONS, SCREEN_HEIGHT, SCREEN_WIDTH, Observation, RawAction, View
from cross_jax.envs.tasks import LIMIT_TICKS, check_seed, get, instruction, list_tasks
from cross_jax.envs.tasks.episode import MAX_SEED
from cross_jax.envs.voxel.action_dict import CAMERA_UNITS, batch_from_dict
from cross_jax.envs.voxel.content.tables import ITEMS
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import JAX
from cross_jax.envs.voxel.rules.keys import MAX_TURN_DEG

MAX_COUNT = 2304  # of an item in MineRL's inventory: 36 slots of 64
SCREEN = View(0, 0, SCREEN_WIDTH, SCREEN_HEIGHT, SCREEN_WIDTH, SCREEN_HEIGHT)
_CARRIED = slice(layout.HOTBAR, layout.OFFHAND + 1)  # slots whose items `inventory` counts


class Settings(NamedTuple):
  """Keyword arguments of `gymnasium.make("CrossVoxel-v0", ...)` and `make_vec`."""

  task: str | Sequence[str] | None = None  # name, names to draw from, None: all that are staged
  difficulty: str | None = None  # see tasks.setup_row
  width: int = 128  # px of `pov`
  height: int = 72
  max_ticks: int = LIMIT_TICKS  # an episode is truncated after so many
  camera_unit: str = "share"  # of 180 degrees, -1..1; "degrees" for MineRL's -180..180
  renderer: str = JAX  # of `pov`; "native": faster, on a CPU with a C++ compiler

  def checked(self) -> "Settings":
    """Itself.

    Raises:
      ValueError: unknown task or camera_unit; VoxelEnv checks the rest.
    """
    names = (self.task,) if isinstance(self.task, str) else self.task
    if names is not None and not (isinstance(names, Sequence) and names):
      raise ValueError(f"task={names!r}: must be a name, names or None, all that are staged")
    for name in names or ():
      get(name)
    if self.camera_unit not in CAMERA_UNITS:
      raise ValueError(f"camera_unit={self.camera_unit!r}: must be one of {CAMERA_UNITS}")
    return self

  def view(self) -> View:
    return SCREEN._replace(width=self.width, height=self.height)

  def games(self, num_envs: int) -> VoxelEnv:
    """The games; ValueError if a setting is not sound."""
    return VoxelEnv(
      num_envs, [self.view()], max_ticks=self.max_ticks, difficulty=self.difficulty,
      renderer=self.renderer,
    )  # fmt: skip

  def observation_space(self) -> spaces.Dict:
    """pov, the counts of all items carried (ITEMS.names), and whether a GUI is open."""
    return spaces.Dict(
      {
        "pov": spaces.Box(0, 255, (self.height, self.width, 3), np.uint8),
        "inventory": spaces.Box(0, MAX_COUNT, (len(ITEMS.names),), np.int32),
        "is_gui_open": spaces.Discrete(2),
      }
    )

  def action_space(self) -> spaces.Dict:
    """MineRL's: every button 0 or 1, and camera (pitch, yaw)."""
    limit = 1.0 if self.camera_unit == "share" else MAX_TURN_DEG
    buttons = {name: spaces.Discrete(2) for name in BUTTONS}
    return spaces.Dict({**buttons, "camera": spaces.Box(-limit, limit, (2,), np.float32)})

  def raw_action(self, action: Mapping[str, Any], num_envs: int) -> RawAction:
    """An action of the batched action space, in degrees; a key that is missing is released.

    Raises:
      ValueError: not a dict, an unknown key, values out of range or of another shape.
    """
    return batch_from_dict(action, num_envs, camera_unit=self.camera_unit)


class Episode(NamedTuple):
  task: str
  seed: int

  def told(self) -> dict[str, Any]:
    """What info says of it."""
    return {"task": self.task, "instruction": instruction(*self), "seed": self.seed}


def draw_episode(
  rng: np.random.Generator,
  settings: Settings,
  seed: int | None = None,
  task: str | None = None,
) -> Episode:
  """The next episode of a game.

  Args:
    rng: of the environment, advanced by two draws.
    settings: where the task comes from, unless `task` names it.
    seed: of the world; drawn if None.
    task: a name, or None.
  Raises:
    ValueError: unknown task, seed out of range.
  """
  drawn = int(rng.integers(MAX_SEED + 1))
  choices = (settings.task,) if isinstance(settings.task, str) else settings.task or list_tasks()
  chosen = choices[int(rng.integers(len(choices)))]
  return Episode(
    get(chosen if task is None else task).name, drawn if seed is None else check_seed(seed)
  )


def check_options(options: Mapping[str, Any] | None, known: Sequence[str]) -> dict[str, Any]:
  """A copy of reset's options.

  Raises:
    ValueError: not a dict, or a key that is not known.
  """
  if options is not None and not isinstance(options, Mapping):
    raise ValueError(f"reset options {options!r}: must be a dict of {', '.join(known)}, or None")
  for key in options or {}:
    if key not in known:
      raise ValueError(f"reset option {key!r}: must be one of {', '.join(known)}")
  return dict(options or {})


def carried_items(info: Mapping[str, Any]) -> np.ndarray:
  """int32[B, num_items], how many of each item a player carries, of VoxelEnv's info."""
  slots = info["inventory"]
  item, count = slots["item"][:, _CARRIED], slots["count"][:, _CARRIED]
  counts = np.zeros((len(item), len(ITEMS.names)), np.int32)
  np.add.at(counts, (np.arange(len(item))[:, None], item), count)
  counts[:, 0] = 0  # of empty slots
  return np.minimum(counts, MAX_COUNT)


def batch_observation(observation: Observation, info: Mapping[str, Any]) -> dict[str, np.ndarray]:
  """VoxelEnv's observation as one of the batched observation space."""
  return {
    "pov": np.array(observation.views[0]),
    "inventory": carried_items(info),
    "is_gui_open": observation.is_gui_open.astype(np.int64),
  }
