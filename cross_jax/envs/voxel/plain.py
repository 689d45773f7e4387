"""One game on a flat plain, driven tick by tick: for tests and measurements of the rules."""

import functools

import jax
import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction, no_op
from cross_jax.envs.tasks import setup_row
from cross_jax.envs.voxel import env
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import boxes
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z, State
from cross_jax.envs.voxel.world import light

GROUND = 8  # y of the top cells of the plain; the player's feet are at 9.0
build_boxes = jax.jit(boxes.build_boxes)
flood_light = jax.jit(light.flood_light)


def cell(x: int, y: int, z: int) -> int:
  """The index of a cell in `State.blocks`."""
  return (y * SIZE_Z + z) * SIZE_X + x


@functools.cache
def _fresh(task: str) -> State:
  return jax.tree.map(np.asarray, env._reset_one(setup_row(task, 0)))


def press(*buttons: str, pitch: float = 0.0, yaw: float = 0.0) -> RawAction:
  """The action of one game that holds `buttons` and turns."""
  action = no_op()
  for name in buttons:
    action.buttons[BUTTON_INDEX[name]] = 1
  action.camera_deg[:] = (pitch, yaw)
  return action


class Plain:
  """A game on a stone plain at (16.5, 9, 16.5), yaw 0 (towards +z), with nothing in hand.

  The renderer's boxes and the light are those of another world until `with_boxes`.
  """

  def __init__(self, task: str = "mine_block:oak_log"):
    state = _fresh(task)
    blocks = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
    blocks[: GROUND + 1] = tables.BLOCKS.index["stone"]
    player = state.player._replace(
      pos=np.asarray([16.5, GROUND + 1, 16.5], np.float32),
      yaw_deg=np.float32(0),
      pitch_deg=np.float32(0),
      held_item=np.int32(0),
    )
    mobs = state.mobs._replace(kind=np.zeros_like(state.mobs.kind))
    slots = state.slots._replace(
      item=np.zeros_like(state.slots.item), count=np.zeros_like(state.slots.count)
    )
    self.state = state._replace(
      blocks=blocks.reshape(NUM_CELLS), player=player, mobs=mobs, slots=slots
    )
    self.reward = self.terminated = None

  def put(self, name: str, *cells: tuple[int, int, int]) -> "Plain":
    """Sets cells (x, y, z) to a block."""
    blocks = self.state.blocks.copy()
    for xyz in cells:
      blocks[cell(*xyz)] = tables.BLOCKS.index[name]
    self.state = self.state._replace(blocks=blocks)
    return self

  def with_boxes(self) -> "Plain":
    """Makes the renderer's boxes and the light those of this world."""
    boxes, light = (np.asarray(f(self.state.blocks)) for f in (build_boxes, flood_light))
    self.state = self.state._replace(boxes=boxes, light=light)
    return self

  def hold(self, name: str, count: int = 1, slot: int = layout.HOTBAR) -> "Plain":
    """Puts a stack into a slot, the hand by default; what is in hand has been there for long."""
    item, counts = self.state.slots.item.copy(), self.state.slots.count.copy()
    item[slot], counts[slot] = tables.ITEMS.index[name], count
    self.state = self.state._replace(slots=self.state.slots._replace(item=item, count=counts))
    held = item[layout.HOTBAR + int(self.state.player.hotbar)]
    return self.player(held_item=held)

  def mob(self, name: str, x: float, y: float, z: float, slot: int = 0) -> "Plain":
    """Puts a whole mob with its feet at (x, y, z)."""
    kind, pos, health = (
      np.array(a) for a in (self.state.mobs.kind, self.state.mobs.pos, self.state.mobs.health)
    )
    kind[slot], pos[slot] = tables.MOBS.index[name], (x, y, z)
    health[slot] = tables.MOBS.max_health[kind[slot]]
    mobs = self.state.mobs._replace(kind=kind, pos=pos, health=health)
    self.state = self.state._replace(mobs=mobs)
    return self

  def player(self, **fields) -> "Plain":
    """Sets fields of the player."""
    new = {
      name: np.asarray(value, getattr(self.state.player, name).dtype)
      for name, value in fields.items()
    }
    self.state = self.state._replace(player=self.state.player._replace(**new))
    return self

  def run(self, action: RawAction, ticks: int = 1) -> "Plain":
    """Plays `ticks` ticks of the same action."""
    states = jax.tree.map(lambda a: np.asarray(a)[None], self.state)
    batch = RawAction(action.buttons[None], action.camera_deg[None])
    for _ in range(ticks):
      states, reward, terminated = env._step(states, batch, np.ones(1, bool))
      self.reward, self.terminated = float(reward[0]), bool(terminated[0])
    self.state = jax.tree.map(lambda a: np.array(a[0]), states)
    return self

  def trace(self, action: RawAction, ticks: int) -> np.ndarray:
    """float32[ticks + 1, 3], the player's position before and after each tick."""
    path = [self.pos]
    for _ in range(ticks):
      path.append(self.run(action).pos)
    return np.stack(path)

  @property
  def pos(self) -> np.ndarray:
    """float32[3], m, the player's feet."""
    return np.array(self.state.player.pos)

  def block(self, x: int, y: int, z: int) -> str:
    """The name of the block in a cell."""
    return tables.BLOCKS.names[int(self.state.blocks[cell(x, y, z)])]

  def count(self, stat: str, name: str) -> int:
    """The count of a name in one of the stats."""
    table = {"mine_block": tables.BLOCKS, "interact": tables.BLOCKS, "kill_entity": tables.MOBS}
    return int(getattr(self.state.stats, stat)[table.get(stat, tables.ITEMS).index[name]])

  def carried(self, name: str) -> int:
    """How many of an item are in the slots."""
    slots = self.state.slots
    return int(slots.count[slots.item == tables.ITEMS.index[name]].sum())
