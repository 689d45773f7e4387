"""Hand-made worlds for the renderer's tests: an empty game, and blocks and things put into it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import View
from cross_jax.envs.tasks import setup_row
from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.gui import stores
from cross_jax.envs.voxel.params import NOON
from cross_jax.envs.voxel.render import build_boxes
from cross_jax.envs.voxel.reset import reset
from cross_jax.envs.voxel.state import EYE_HEIGHT, NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z, State
from cross_jax.envs.voxel.world.light import flood_light

WIDE = View(0, 0, 640, 360, 112, 64)
CENTRE = View(224, 84, 416, 276, 96, 96)
VIEWS = (WIDE, CENTRE)
PANEL = View(232, 97, 408, 263, 176, 166)  # one sample per px of the GUI's panel
EYE = (16.5, 12.5, 10.5)  # m, the eye of an empty game; it looks along +z

_build = jax.jit(build_boxes)
_shine = jax.jit(flood_light)


@functools.cache
def _shapes() -> State:
  return jax.eval_shape(reset, setup_row("mine_block:oak_log", 0), jax.random.PRNGKey(0))


def make_state(
  blocks: dict[tuple[int, int, int], str] | np.ndarray | None = None, **parts
) -> State:
  """A game without batch axis.

  Args:
    blocks: names at cells (x, y, z) of an empty world, or uint16[SIZE_Y, SIZE_Z, SIZE_X].
    parts: fields of `player`, `mobs`, `drops`, `slots` and `gui` as dicts, or fields of State.
  """
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  if isinstance(blocks, np.ndarray):
    grid = blocks.astype(np.uint16)
  else:
    for (x, y, z), name in (blocks or {}).items():
      grid[y, z, x] = BLOCKS.index[name]
  flat = grid.reshape(NUM_CELLS)
  feet = np.asarray([EYE[0], EYE[1] - EYE_HEIGHT, EYE[2]], np.float32)
  state = jax.tree.map(lambda a: np.zeros(a.shape, a.dtype), _shapes())
  state = state._replace(
    blocks=flat,
    boxes=_build(jnp.asarray(flat)),
    light=_shine(jnp.asarray(flat)),
    time_of_day=np.int32(NOON),
  )
  groups = {
    "player": state.player._replace(
      pos=feet, is_on_ground=np.bool_(True), health=np.float32(20), food=np.float32(20),
      mine_cell=np.int32(-1), air_ticks=np.int32(300),
    ),
    "gui": stores.fresh_gui(),
    "mobs": state.mobs, "drops": state.drops, "slots": state.slots,
    "projectiles": state.projectiles,
  }  # fmt: skip
  for name, group in groups.items():
    fields = {
      key: np.asarray(value, np.asarray(getattr(group, key)).dtype)
      for key, value in parts.pop(name, {}).items()
    }
    groups[name] = group._replace(**fields)
  state = state._replace(**groups)
  parts = {k: np.asarray(v, np.asarray(getattr(state, k)).dtype) for k, v in parts.items()}
  state = state._replace(**parts)
  return jax.tree.map(jnp.asarray, state)


def stack(states: list[State]) -> State:
  """Games with a leading axis B."""
  return jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)


def random_world(
  seed: int, *, num_shapes: int = 40, names: tuple[str, ...] = ("stone",)
) -> np.ndarray:
  """Random cuboids and single cells of some blocks, uint16[SIZE_Y, SIZE_Z, SIZE_X]."""
  rng = np.random.default_rng(seed)
  grid = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  ids = [BLOCKS.index[name] for name in names]
  for _ in range(num_shapes):
    low = rng.integers(0, (SIZE_Y, SIZE_Z, SIZE_X))
    high = low + rng.integers(1, (4, 6, 6)) ** rng.integers(0, 2)
    grid[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = rng.choice(ids)
  return grid
