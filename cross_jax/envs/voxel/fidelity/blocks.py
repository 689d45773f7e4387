"""Measurements of breaking and placing: ticks by block and tool, reach, drops."""

import numpy as np

from cross_jax.envs.voxel.fidelity.rows import WIKI, Row
from cross_jax.envs.voxel.plain import GROUND, Plain, cell, press

FLOOR = GROUND + 1.0
AT = (16, 10, 18)
_SPEED = "minecraft.wiki/w/Breaking"
# block, tool in hand, seconds as the wiki's tables give them
_BREAKING = (
  ("stone", "air", 7.5), ("stone", "wooden_pickaxe", 1.15), ("stone", "stone_pickaxe", 0.6),
  ("stone", "iron_pickaxe", 0.4), ("stone", "diamond_pickaxe", 0.3),
  ("stone", "golden_pickaxe", 0.2), ("cobblestone", "wooden_pickaxe", 1.5),
  ("dirt", "air", 0.75), ("dirt", "wooden_shovel", 0.4), ("dirt", "iron_shovel", 0.15),
  ("sand", "air", 0.75), ("gravel", "air", 0.9), ("gravel", "iron_shovel", 0.15),
  ("oak_log", "air", 3.0), ("oak_log", "wooden_axe", 1.5), ("oak_log", "stone_axe", 0.75),
  ("oak_log", "iron_axe", 0.5), ("oak_log", "diamond_axe", 0.4), ("oak_log", "golden_axe", 0.25),
  ("oak_planks", "air", 3.0), ("oak_leaves", "air", 0.3), ("oak_leaves", "shears", 0.05),
  ("white_wool", "air", 1.2), ("white_wool", "shears", 0.25), ("glass", "air", 0.45),
  ("iron_ore", "stone_pickaxe", 1.15), ("diamond_ore", "iron_pickaxe", 0.75),
  ("obsidian", "diamond_pickaxe", 9.4), ("netherrack", "wooden_pickaxe", 0.3),
  ("furnace", "wooden_pickaxe", 2.65), ("chest", "air", 3.75), ("crafting_table", "iron_axe", 0.65),
  ("cobweb", "iron_sword", 0.4), ("melon", "air", 1.5), ("dandelion", "air", 0.05),
)  # fmt: skip


def _ticks(block: str, tool: str, game: Plain | None = None, limit: int = 400) -> float:
  """Ticks of a held `attack` until the block is gone."""
  game = (game or Plain()).put(block, AT)
  if tool != "air":
    game.hold(tool)
  for tick in range(1, limit + 1):
    if game.run(press("attack")).block(*AT) == "air":
      return float(tick)
  return float("inf")


def _flooded() -> Plain:
  cells = [(x, y, z) for x in range(13, 20) for y in (9, 10, 11) for z in range(13, 20)]
  return Plain().put("water", *cells)


def _under_water() -> float:
  game = _flooded().put("dirt", AT)
  for tick in range(1, 120):
    if game.run(press("attack")).block(*AT) != "dirt":
      return float(tick)
  return float("inf")


def _in_the_air() -> float:
  """Ticks of breaking while hung in the air: a fifth of the speed, measured by the progress."""
  game = Plain().player(pos=(16.5, FLOOR + 3, 16.5), is_on_ground=False, vel=(0, 0, 0))
  game.put("dirt", (16, 13, 18)).run(press("attack"))
  return 1.0 / float(game.state.player.mine_progress)


def _pause() -> float:
  """Ticks of held `attack` between the end of one block and the first progress on the next."""
  game = Plain().put("dirt", AT, (16, 10, 19))
  while game.block(*AT) == "dirt":
    game.run(press("attack"))
  for tick in range(1, 20):
    if float(game.run(press("attack")).state.player.mine_progress) > 0:
      return float(tick - 1)
  return float("inf")


def _reach() -> float:
  """The furthest distance, to 1 cm, at which a block can be mined."""
  for centimetres in range(300, 600):
    game = Plain().put("dirt", (16, 10, 20))
    game.player(pos=(16.5, FLOOR, 20 - centimetres / 100)).run(press("attack"))
    if int(game.state.player.mine_cell) != cell(16, 10, 20):
      return (centimetres - 1) / 100
  return float("inf")


def _use_pause() -> float:
  """Ticks between two blocks placed with `use` held."""
  game = Plain().put("stone", (16, 10, 20)).hold("oak_planks", 9).run(press("use"))
  for tick in range(1, 20):
    if game.run(press("use")).carried("oak_planks") == 7:
      return float(tick)
  return float("inf")


def _pickup_delay() -> float:
  """Ticks between a break at one's side and the item in the inventory."""
  game = Plain().put("dandelion", (16, 10, 17)).run(press("attack"))
  for tick in range(1, 60):
    if game.run(press()).carried("dandelion"):
      return float(tick)
  return float("inf")


def _throw_delay() -> float:
  game = Plain().put("stone", *((x, y, 17) for x in (15, 16, 17) for y in (9, 10, 11)))
  game.hold("stick", 1).run(press("drop"))
  for tick in range(1, 80):
    if game.run(press()).carried("stick"):
      return float(tick)
  return float("inf")


def _lying(item: str, *, age: int = 0, pos=(16.5, FLOOR, 26.5)) -> Plain:
  """A game in which one item lies far from the player."""
  game = Plain().player(pos=(4.5, FLOOR, 4.5)).hold(item).run(press("drop"))
  drops = game.state.drops
  where, ages = np.array(drops.pos), np.array(drops.age)
  where[0], ages[0] = pos, age
  game.state = game.state._replace(
    drops=drops._replace(pos=where, age=ages, vel=np.zeros_like(drops.vel))
  )
  return game


def _despawn() -> float:
  """Age at which an item is gone; the first 5980 ticks are skipped."""
  game = _lying("stick", age=5980)
  for tick in range(1, 60):
    if not game.run(press()).state.drops.item[0]:
      return float(5980 + tick - 1)
  return float("inf")


def _item_fall() -> float:
  game = _lying("stick", pos=(16.5, 15.0, 26.5)).run(press())
  return 15.0 - float(game.state.drops.pos[0, 1])


def _item_floats() -> float:
  """m/s at which an item rises in deep water."""
  pool = [(x, y, z) for x in range(14, 19) for y in range(2, 9) for z in range(24, 29)]
  game = _lying("stick", pos=(16.5, 2.5, 26.5)).put("water", *pool)
  first = game.run(press(), 150).state.drops.pos[0, 1]
  return float(game.run(press()).state.drops.pos[0, 1] - first) * 20


def _breaks_with(block: str, place: tuple[int, int, int], other: tuple[int, int, int]) -> float:
  """1 if `other` is air two ticks after the dirt under `place`, or its first half, was broken."""
  game = Plain().put("dirt", (16, 9, 18)).put(block, place)
  game.player(pitch_deg=30.0)
  for _ in range(40):
    game.run(press("attack"))
    if game.block(16, 9, 18) == "air":
      break
  return float(game.run(press(), 2).block(*other) == "air")


ROWS = (
  *(
    Row(f"breaking {block} with {'the hand' if tool == 'air' else tool}", "ticks",
        round(seconds * 20), _SPEED, lambda b=block, t=tool: _ticks(b, t), 0)
    for block, tool, seconds in _BREAKING
  ),
  Row("breaking dirt by hand under water", "ticks", 75, _SPEED, _under_water, 0),
  Row("breaking dirt by hand in the air", "ticks", 75, _SPEED, _in_the_air, 0.01),
  Row("pause after a broken block", "ticks", 6, WIKI, _pause, 0),
  Row("reach, blocks", "m", 4.5, WIKI, _reach, 0.011),
  Row("pause between uses", "ticks", 4, "Minecraft.rightClickDelay", _use_pause, 0),
  Row("pick-up delay of a broken block's item", "ticks", 10, WIKI, _pickup_delay, 1),
  Row("pick-up delay of a thrown item", "ticks", 40, WIKI, _throw_delay, 1),
  Row("an item is gone after", "ticks", 6000, WIKI, _despawn, 1),
  Row("first tick of an item's fall", "m", 0.04, "ItemEntity.tick", _item_fall, 1e-3),
  Row("an item rises in water", "m/s", 0.5, "ItemEntity.tick", _item_floats, 0.05),
  Row("a torch falls with its ground (1: yes)", "", 1, WIKI,
      lambda: _breaks_with("torch", (16, 10, 18), (16, 10, 18)), 0),
)  # fmt: skip
