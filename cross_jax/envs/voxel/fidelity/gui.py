"""Measurements of the mouse, the GUI's pixels and the furnaces."""

import numpy as np

from cross_jax.base import DEG_PER_PX, RawAction
from cross_jax.envs.voxel.fidelity.rows import WIKI, Row
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.plain import Plain, press

_MINERL = "MineRL 1.0"
_FRAMES = "real 640x360 frames"


def _camera(pitch: float, yaw: float) -> Plain:
  return Plain().run(press(pitch=pitch, yaw=yaw))


def _cursor(pitch: float, yaw: float) -> np.ndarray:
  """px, how far the cursor goes."""
  game = Plain().run(press("inventory"))
  before = np.array(game.state.gui.cursor_px)
  return np.array(game.run(press(pitch=pitch, yaw=yaw)).state.gui.cursor_px) - before


def _home() -> np.ndarray:
  return np.array(Plain().run(press("inventory")).state.gui.cursor_px)


def _to(game: Plain, x: float, y: float, *buttons: str) -> Plain:
  """Moves the cursor to a pixel, and presses there."""
  move = (np.asarray([x, y], np.float32) - game.state.gui.cursor_px) * np.float32(DEG_PER_PX)
  action = press(*buttons)
  return game.run(RawAction(action.buttons, move[::-1].astype(np.float32)))


def _first_px(block: str, slot: int, axis: int) -> float:
  """The first px along an axis, without the border of 1 px, at which a click takes from a slot."""
  start = Plain()
  if block:
    start.put(block, (16, 10, 18)).run(press("use"))
  else:
    start.run(press("inventory"))
  middle = layout.SLOT_XY[int(start.state.gui.kind), slot] + layout.SLOT_SIZE // 2
  saved = start.hold("stick", 3, slot=slot).state
  for offset in range(-14, 1):
    game = Plain()
    game.state = saved
    at = middle.astype(np.float32)
    at[axis] += offset + 0.25
    if int(_to(game, *at, "attack").state.slots.count[layout.HELD]):
      return float(middle[axis] + offset + 1)
  return float("inf")


def _smelt(block: str, source: str, fuel: str) -> Plain:
  game = Plain().put(block, (16, 10, 18)).run(press("use")).run(press())
  return game.hold(source, 64, slot=layout.FURNACE_INPUT).hold(fuel, 1, slot=layout.FURNACE_FUEL)


def _cook_ticks(block: str, source: str) -> float:
  """Ticks between two products."""
  game, seen = _smelt(block, source, "coal"), []
  for tick in range(1, 500):
    if int(game.run(press()).state.slots.count[layout.FURNACE_OUTPUT]) > len(seen):
      seen.append(tick)
    if len(seen) == 2:
      return float(seen[1] - seen[0])
  return float("inf")


def _burn_ticks(fuel: str) -> float:
  """Ticks that one piece of fuel burns."""
  game = _smelt("furnace", "beef", fuel).run(press())
  for tick in range(1, 3000):
    if int(game.state.gui.burn_ticks) == 0:
      return float(tick - 1)
    game.run(press())
  return float("inf")


def _edges_of_key() -> float:
  """Times that the inventory opened or closed while its key was held for 6 ticks."""
  game, kinds = Plain(), [0]
  for _ in range(6):
    kinds.append(int(game.run(press("inventory")).state.gui.kind))
  return float(np.sum(np.diff(kinds) != 0))


ROWS = (
  Row("turn right by 1 degree", "deg", 1, _MINERL,
      lambda: _camera(0, 1).state.player.yaw_deg, 1e-5),
  Row("look down by 1 degree", "deg", 1, _MINERL,
      lambda: _camera(1, 0).state.player.pitch_deg, 1e-5),
  Row("lowest gaze", "deg", 90, _MINERL, lambda: _camera(120, 0).state.player.pitch_deg, 0),
  Row("cursor per degree, x", "px", 2400 / 360, _MINERL, lambda: _cursor(0, 1)[0]),
  Row("cursor per degree, y", "px", 2400 / 360, _MINERL, lambda: _cursor(1, 0)[1]),
  Row("cursor at first, x", "px", 320, _MINERL, lambda: _home()[0], 0),
  Row("cursor at first, y", "px", 180, _MINERL, lambda: _home()[1], 0),
  Row("cursor's right end", "px", 640, _MINERL, lambda: 320 + _cursor(0, 100)[0], 0),
  Row("toggles of a held inventory key", "", 1, _MINERL, _edges_of_key, 0),
  Row("first hotbar slot, x", "px", 232 + 8, _FRAMES, lambda: _first_px("", 0, 0), 0),
  Row("first hotbar slot, y", "px", 97 + 142, _FRAMES, lambda: _first_px("", 0, 1), 0),
  Row("last main slot, x", "px", 232 + 8 + 8 * 18, _FRAMES, lambda: _first_px("", 35, 0), 0),
  Row("last main slot, y", "px", 97 + 84 + 2 * 18, _FRAMES, lambda: _first_px("", 35, 1), 0),
  Row("2x2 grid, first slot, x", "px", 232 + 98, _FRAMES,
      lambda: _first_px("", layout.CRAFT, 0), 0),
  Row("2x2 grid, first slot, y", "px", 97 + 18, _FRAMES,
      lambda: _first_px("", layout.CRAFT, 1), 0),
  Row("crafting table, first slot, x", "px", 232 + 30, _FRAMES,
      lambda: _first_px("crafting_table", layout.CRAFT, 0), 0),
  Row("furnace, input, y", "px", 97 + 17, _FRAMES,
      lambda: _first_px("furnace", layout.FURNACE_INPUT, 1), 0),
  Row("furnace, fuel, y", "px", 97 + 53, _FRAMES,
      lambda: _first_px("furnace", layout.FURNACE_FUEL, 1), 0),
  Row("furnace, output, x", "px", 232 + 116, _FRAMES,
      lambda: _first_px("furnace", layout.FURNACE_OUTPUT, 0), 0),
  Row("furnace, an item", "ticks", 200, WIKI, lambda: _cook_ticks("furnace", "beef"), 0),
  Row("smoker, an item", "ticks", 100, WIKI, lambda: _cook_ticks("smoker", "beef"), 0),
  Row("blast furnace, an item", "ticks", 100, WIKI,
      lambda: _cook_ticks("blast_furnace", "iron_ore"), 0),
  Row("fuel: a stick", "ticks", 100, WIKI, lambda: _burn_ticks("stick"), 1),
  Row("fuel: planks", "ticks", 300, WIKI, lambda: _burn_ticks("oak_planks"), 1),
  Row("fuel: coal", "ticks", 1600, WIKI, lambda: _burn_ticks("coal"), 1),
)  # fmt: skip
