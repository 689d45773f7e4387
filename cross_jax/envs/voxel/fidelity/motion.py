"""Measurements of motion: speeds, jumps, falls, fluids, ladders, edges."""

import numpy as np

from cross_jax.envs.voxel.fidelity.rows import TICKS_PER_S, WIKI, Row
from cross_jax.envs.voxel.plain import GROUND, Plain, press

FLOOR = GROUND + 1.0
_TRAVEL = "LivingEntity.travel"


def _speed(*keys: str, game: Plain | None = None, settle: int = 25) -> float:
  """m/s sideways, once steady."""
  game = game or Plain().player(pos=(16.5, FLOOR, 24.5 if "back" in keys else 8.5))
  path = game.run(press(*keys), settle).trace(press(*keys), 1)
  step = path[1] - path[0]
  return float(np.hypot(step[0], step[2])) * TICKS_PER_S


def _sprint_jump() -> float:
  """m/s over the fifth jump of a run of them, 12 ticks each."""
  keys = press("forward", "sprint", "jump")
  path = Plain().player(pos=(16.5, FLOOR, 2.5)).trace(keys, 72)
  landed = np.flatnonzero(path[:, 1] == FLOOR)
  first, last = landed[landed > 46][0], landed[landed > 58][0]
  return float(path[last, 2] - path[first, 2]) / (last - first) * TICKS_PER_S


def _jump_pause() -> float:
  """Ticks between two jumps under a low ceiling, with the key held."""
  game, seen = Plain().put("stone", (16, GROUND + 3, 16)), []
  for tick in range(60):
    before = float(game.pos[1])
    if float(game.run(press("jump")).pos[1]) > before == GROUND + 1:
      seen.append(tick)
  return float(np.median(np.diff(seen))) if len(seen) > 1 else float("inf")


def _jump() -> np.ndarray:
  game = Plain()
  first = game.trace(press("jump"), 1)
  return np.concatenate([first, game.trace(press(), 13)[1:]])[:, 1] - FLOOR


def _drop(metres: float, **player) -> Plain:
  game = Plain().player(pos=(16.5, FLOOR + metres, 16.5), is_on_ground=False, vel=(0, 0, 0))
  return game.player(food=17, saturation=0, **player)


def _fall_damage(metres: float, block: str = "stone") -> float:
  game = _drop(metres).put(block, (16, GROUND, 16))
  for _ in range(60):
    if bool(game.run(press()).state.player.is_on_ground):
      break
  return 20.0 - float(game.state.player.health)


def _fallen(ticks: int) -> float:
  path = _drop(40.0).trace(press(), ticks)
  return float(path[0, 1] - path[-1, 1])


def _terminal() -> float:
  game = _drop(3000.0).run(press(), 400)
  path = game.trace(press(), 1)
  return float(path[0, 1] - path[1, 1]) * TICKS_PER_S


def _pool(fluid: str, y: float) -> Plain:
  cells = [(x, h, z) for x in range(1, 31) for h in range(1, 9) for z in range(1, 31)]
  return (
    Plain()
    .put(fluid, *cells)
    .player(pos=(16.5, y, 8.5), is_on_ground=False, vel=(0, 0, 0), food=20, health=20)
  )


def _sink(fluid: str) -> float:
  path = _pool(fluid, 8.0).run(press(), 20).trace(press(), 1)
  return float(path[0, 1] - path[1, 1]) * TICKS_PER_S


def _rise() -> float:
  path = _pool("water", 2.0).run(press("jump"), 20).trace(press("jump"), 1)
  return float(path[1, 1] - path[0, 1]) * TICKS_PER_S


def _ladder(keys: tuple[str, ...], y: float) -> float:
  ladder = [(16, h, 20) for h in range(9, 23)]
  wall = [(x, h, 21) for x in (15, 16, 17) for h in range(9, 23)]
  game = Plain().put("ladder", *ladder).put("stone", *wall)
  game.player(pos=(16.5, y, 20.5), is_on_ground=False, vel=(0, 0, 0))
  path = game.run(press(*keys), 12).trace(press(*keys), 1)
  return float(path[1, 1] - path[0, 1]) * TICKS_PER_S


def _climbed(block: str) -> float:
  """Height gained by walking, without a jump, against a row of blocks."""
  row = [(x, 9, 20) for x in range(12, 21)]
  path = Plain().put(block, *row).trace(press("forward"), 25)
  return float(path[:, 1].max() - FLOOR)


def _cleared(block: str) -> float:
  """1 if a jump gets the player over a row of blocks."""
  row = [(x, 9, 20) for x in range(32)]
  game = Plain().put(block, *row).run(press("forward", "jump"), 60)
  return float(game.pos[2] > 21)


def _edge(*keys: str) -> float:
  """1 if the player stays on a block one cell high when walking over its edge."""
  game = Plain().put("stone", (16, 9, 16)).player(pos=(16.5, 10.0, 16.5))
  return float(game.run(press("forward", *keys), 40).pos[1] == 10.0)


def _swim_sprint() -> float:
  game = _pool("water", 4.0)
  return _speed("forward", "sprint", game=game, settle=60)


ROWS = (
  Row("walking", "m/s", 4.317, WIKI, lambda: _speed("forward")),
  Row("sprinting", "m/s", 5.612, WIKI, lambda: _speed("forward", "sprint")),
  Row("sneaking", "m/s", 1.295, WIKI, lambda: _speed("forward", "sneak")),
  Row("walking backwards", "m/s", 4.317, WIKI, lambda: _speed("back")),
  Row("walking ahead and aside", "m/s", 20 * 0.1 / 0.454, _TRAVEL,
      lambda: _speed("forward", "left")),
  Row("sprint-jumping, mean", "m/s", 7.127, WIKI, _sprint_jump, 0.01),
  Row("jump height", "m", 1.2522, WIKI, lambda: float(_jump().max())),
  Row("pause between jumps, held", "ticks", 10, "LivingEntity.aiStep", _jump_pause, 0),
  Row("jump, ticks in the air", "ticks", 12, _TRAVEL, lambda: float(np.argmin(_jump()[1:]) + 1), 0),
  Row("first tick of a fall", "m/tick", 0.0784, WIKI, lambda: _fallen(2) - _fallen(1)),
  Row("fall in 20 ticks", "m", sum(3.92 * (1 - 0.98**n) for n in range(20)), WIKI,
      lambda: _fallen(20), 0.01),
  Row("terminal speed", "m/s", 78.4, WIKI, _terminal, 0.1),
  *(
    Row(f"fall damage from {m} m", "hp", max(m - 3, 0), WIKI, lambda m=m: _fall_damage(m), 0)
    for m in (3, 4, 5, 10, 15, 22)
  ),
  Row("fall of 13 m onto hay", "hp", 2, WIKI, lambda: _fall_damage(13, "hay_block"), 0),
  Row("fall of 13 m onto slime", "hp", 0, WIKI, lambda: _fall_damage(13, "slime_block"), 0),
  Row("fall of 13 m into water", "hp", 0, WIKI, lambda: _fall_damage(13, "water"), 0),
  Row("swimming", "m/s", 20 * 0.98 * 0.02 / 0.2, _TRAVEL,
      lambda: _speed("forward", game=_pool("water", 5.0), settle=40), 0.01),
  Row("sprint-swimming", "m/s", 20 * 0.98 * 0.02 / 0.1, _TRAVEL, _swim_sprint, 0.02),
  Row("sinking in water", "m/s", 20 * 0.025, _TRAVEL, lambda: _sink("water"), 0.01),
  Row("rising in water", "m/s", 20 * 0.175, _TRAVEL, _rise, 0.05),
  Row("wading in lava", "m/s", 20 * 0.98 * 0.02 / 0.5, _TRAVEL,
      lambda: _speed("forward", game=_pool("lava", 5.0), settle=18), 0.01),
  Row("climbing a ladder", "m/s", 2.35, WIKI, lambda: _ladder(("forward",), 9.5), 0.01),
  Row("going down a ladder", "m/s", -3.0, WIKI, lambda: _ladder((), 20.0), 0.01),
  Row("step onto a slab", "m", 0.5, WIKI, lambda: _climbed("stone_slab"), 1e-3),
  Row("step onto a carpet", "m", 0.0625, WIKI, lambda: _climbed("white_carpet"), 1e-3),
  Row("step onto a whole block", "m", 0, WIKI, lambda: _climbed("stone"), 0),
  Row("jump over a fence (1: yes)", "", 0, WIKI, lambda: _cleared("oak_fence"), 0),
  Row("jump over a block (1: yes)", "", 1, WIKI, lambda: _cleared("stone"), 0),
  Row("sneaking holds at an edge (1: yes)", "", 1, WIKI, lambda: _edge("sneak"), 0),
  Row("walking holds at an edge (1: yes)", "", 0, WIKI, lambda: _edge(), 0),
  Row("walking on ice", "m/s", 20 * 0.098 * 0.216 / 0.98**3 / (1 - 0.98 * 0.91), _TRAVEL,
      lambda: _speed("forward", game=_iced(), settle=60), 0.03),
)  # fmt: skip


def _iced() -> Plain:
  ice = [(x, GROUND, z) for x in range(14, 19) for z in range(32)]
  return Plain().put("ice", *ice).player(pos=(16.5, FLOOR, 2.5))
