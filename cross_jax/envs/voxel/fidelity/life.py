"""Measurements of combat, health, hunger, breath, fire, mobs and the day."""

import numpy as np

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.fidelity.rows import WIKI, Row
from cross_jax.envs.voxel.plain import GROUND, Plain, press
from cross_jax.envs.voxel.state import EYE_HEIGHT

FLOOR = GROUND + 1.0
AHEAD = (16, GROUND + 2, 18)  # the cell before the player's eyes
_FOOD = "FoodData.tick"


def _golem(item: str = "air") -> Plain:
  """A golem, 100 health points and not to be moved, one step ahead."""
  game = Plain().mob("iron_golem", 16.5, FLOOR, 18.6)
  return game if item == "air" else game.hold(item)


def _hit(item: str, **player) -> float:
  game = _golem(item).player(**player).run(press("attack"))
  return 100.0 - float(game.state.mobs.health[0])


def _cool_down(item: str) -> float:
  """Ticks to a full charge, from the damage of a hit one tick after the last swing."""
  share = _hit(item, attack_ticks=1) / _hit(item)
  return 1.5 / np.sqrt((share - 0.2) / 0.8)


def _critical_charge(item: str) -> float:
  """The least ticks between two swings at which the second one can be critical."""
  for wait in range(1, 40):
    plain = _hit(item, attack_ticks=wait)
    if _hit(item, attack_ticks=wait, fall_m=1.0, is_on_ground=False) > 1.2 * plain:
      return float(wait)
  return float("inf")


def _after_mining(item: str) -> float:
  """Share of a full hit's damage two ticks after a tick of mining."""
  game = Plain().put("stone", (16, 10, 18)).hold(item).run(press("attack"))
  game.put("air", (16, 10, 18)).run(press()).mob("iron_golem", 16.5, FLOOR, 18.6)
  return (100.0 - float(game.run(press("attack")).state.mobs.health[0])) / _hit(item)


def _shielded() -> float:
  """Ticks after a hit until the next one counts."""
  game = _golem("diamond_sword").run(press("attack"))
  first = float(game.state.mobs.health[0])
  for tick in range(1, 30):
    game.player(attack_ticks=100).run(press() if tick % 2 else press("attack"))
    if float(game.state.mobs.health[0]) < first:
      return float(tick)
  return float("inf")


def _weak_then_full() -> float:
  """Health points of an early hit and of a full one two ticks later."""
  game = _golem("diamond_sword").player(attack_ticks=1).run(press("attack")).run(press())
  game.player(attack_ticks=100).run(press("attack"))
  return 100.0 - float(game.state.mobs.health[0])


def _fresh_item() -> float:
  """Ticks that a sword has charged at the end of the tick that takes it in hand."""
  game = Plain().hold("diamond_sword", 1, 1).run(press(), 20).run(press("hotbar.2"))
  return float(game.state.player.attack_ticks)


def _hot_floor(*buttons: str) -> float:
  """Health points lost in three ticks on magma."""
  game = Plain().put("magma_block", *((x, GROUND, z) for x in (15, 16) for z in (15, 16)))
  return 20.0 - float(game.run(press(*buttons), 3).state.player.health)


def _miss() -> float:
  """Ticks of held `attack` from a swing in the air to the first on which a block breaks at once."""
  game = Plain().run(press("attack")).put("dandelion", AHEAD)
  for tick in range(1, 30):
    if game.run(press("attack")).block(*AHEAD) == "air":
      return float(tick)
  return float("inf")


def _melee_reach() -> float:
  """The furthest distance, to 1 cm, between the eye and the side of a cow that is hit."""
  for centimetres in range(200, 400):
    game = Plain().mob("cow", 16.5, FLOOR + 0.5, 16.5 + centimetres / 100 + 0.45)
    if float(game.run(press("attack")).state.mobs.health[0]) == 10:
      return (centimetres - 1) / 100
  return float("inf")


def _level(mob: str) -> float:
  """The y of a mob's feet at which its middle is before the player's eyes."""
  return FLOOR + EYE_HEIGHT - float(tables.MOBS.height[tables.MOBS.index[mob]]) / 2


def _half_width(mob: str, furthest: float = 3.0) -> float:
  """m, half of a mob's width: how far beyond the reach its middle may be and still be hit."""
  top = float(tables.MOBS.max_health[tables.MOBS.index[mob]])
  for millimetres in range(0, 1500, 5):
    game = Plain("kill_entity:zombie")  # at night, so that none burns
    game.mob(mob, 16.5, _level(mob), 16.5 + furthest + millimetres / 1000)
    if float(game.run(press("attack")).state.mobs.health[0]) == top:
      return (millimetres - 5) / 1000
  return float("inf")


def _hits_to_kill(mob: str, item: str) -> float:
  """Full hits until a mob is dead."""
  game = Plain(f"kill_entity:{mob}").hold(item)
  for hits in range(1, 30):
    health = float(game.state.mobs.health[0]) if hits > 1 else None
    game.mob(mob, 16.5, _level(mob), 18.4)
    if health is not None:
      _set_first(game, health=health, hurt_ticks=0)
    game.player(pos=(16.5, FLOOR, 16.5), attack_ticks=100, health=20, hurt_ticks=10)
    game.run(press("attack"))
    if game.count("kill_entity", mob):
      return float(hits)
    game.run(press())
  return float("inf")


def _set_first(game: Plain, **fields: float) -> None:
  """Sets fields of the first mob."""
  mobs = game.state.mobs
  new = {name: np.array(getattr(mobs, name)) for name in fields}
  for name, value in fields.items():
    new[name][0] = value
  game.state = game.state._replace(mobs=mobs._replace(**new))


def _knockback() -> float:
  """m/tick sideways of a cow right after a hit, before friction."""
  game = Plain().mob("cow", 16.5, FLOOR, 18.5).player(pitch_deg=20)
  path = [game.state.mobs.pos[0].copy(), game.run(press("attack")).state.mobs.pos[0].copy()]
  return float(path[1][2] - path[0][2])


def _bite() -> float:
  """Health points that a zombie's hit takes on easy difficulty."""
  game = Plain("kill_entity:zombie").mob("zombie", 16.5, FLOOR, 17.6).player(food=17, saturation=0)
  for _ in range(40):
    if float(game.run(press()).state.player.health) < 20:
      break
  return 20.0 - float(game.state.player.health)


def _bite_pause() -> float:
  """Ticks between two hits of a zombie that stays near."""
  game, seen = Plain("kill_entity:zombie").player(food=17, saturation=0), []
  for tick in range(80):
    game.mob("zombie", 16.5, FLOOR, 17.6).player(pos=(16.5, FLOOR, 16.5))
    before = float(game.state.player.health)
    if float(game.run(press()).state.player.health) < before:
      seen.append(tick)
  return float(seen[1] - seen[0]) if len(seen) > 1 else float("inf")


def _heal_ticks(food: float, saturation: float) -> float:
  game = Plain().player(health=10, food=food, saturation=saturation)
  for tick in range(1, 120):
    if float(game.run(press()).state.player.health) > 10:
      return float(tick)
  return float("inf")


def _exhaustion(*keys: str, metres: float = 0.0) -> float:
  """Exhaustion of a run of 20 ticks, per metre if `metres`; else of the first tick."""
  game = Plain().player(pos=(16.5, FLOOR, 4.5)).run(press(*keys), 10)
  start, z = float(game.state.player.exhaustion), game.pos[2]
  game.run(press(*keys), 20)
  used = float(game.state.player.exhaustion) - start
  return used / float(game.pos[2] - z) if metres else used


def _jump_cost(*keys: str) -> float:
  return float(Plain().run(press("jump", *keys)).state.player.exhaustion)


def _starve() -> tuple[float, float]:
  """(ticks until hunger's first damage, health that it leaves on easy difficulty)."""
  game, first = Plain().player(health=12, food=0, saturation=0), None
  for tick in range(1, 500):
    game.run(press())
    if first is None and float(game.state.player.health) < 12:
      first = tick
  return float(first or np.inf), float(game.state.player.health)


def _eat(item: str) -> tuple[float, float, float]:
  """(ticks, food, saturation) of eating one."""
  game = Plain().hold(item).player(food=5, saturation=0)
  for tick in range(1, 60):
    if not game.run(press("use")).carried(item):
      player = game.state.player
      return float(tick), float(player.food) - 5, float(player.saturation)
  return float("inf"), 0.0, 0.0


def _sunk(fluid: str) -> Plain:
  cells = [(x, y, z) for x in (15, 16, 17) for y in range(4, 9) for z in (15, 16, 17)]
  game = Plain().put(fluid, *cells)
  return game.player(pos=(16.5, 4.0, 16.5), food=17, saturation=0)


def _first_damages(game: Plain, limit: int) -> list[tuple[int, float]]:
  """(tick, health points) of the damages within `limit` ticks."""
  seen, before = [], float(game.state.player.health)
  for tick in range(1, limit):
    after = float(game.run(press()).state.player.health)
    if after < before:
      seen.append((tick, before - after))
    before = after
  return seen


def _air_back() -> float:
  return float(Plain().player(air_ticks=100).run(press(), 5).state.player.air_ticks - 100) / 5


def _fire_after_lava() -> float:
  """Ticks that a player burns who has left the lava."""
  game = _sunk("lava").run(press(), 2)
  game.put("air", *((x, y, z) for x in (15, 16, 17) for y in range(4, 9) for z in (15, 16, 17)))
  game.player(health=20)
  for tick in range(1, 400):
    if int(game.player(health=20).run(press()).state.player.fire_ticks) == 0:
      return float(tick)
  return float("inf")


def _burning() -> float:
  """Ticks between two damages of burning."""
  seen = _first_damages(Plain().player(fire_ticks=100, food=17, saturation=0), 90)
  return float(seen[1][0] - seen[0][0])


def _sun(name: str) -> float:
  """1 if a mob under the noon sky catches fire."""
  game = Plain().mob(name, 16.5, FLOOR, 26.5).run(press(), 30)
  return float(int(game.state.mobs.fire_ticks[0]) > 0)


def _fuse() -> float:
  """Ticks from the first spark of a creeper to its blast."""
  game = Plain("kill_entity:zombie")
  for tick in range(1, 60):
    timer = int(game.state.mobs.timer_ticks[0])
    game.mob("creeper", 16.5, FLOOR, 18.5).player(health=20, pos=(16.5, FLOOR, 16.5))
    _set_first(game, timer_ticks=timer)
    if not game.run(press()).state.mobs.kind[0]:
      return float(tick)
  return float("inf")


def _arrow_pause() -> float:
  """Ticks between two arrows of a skeleton that sees the player, the mean of eight."""
  game, seen = Plain("kill_entity:zombie"), []
  for tick in range(500):
    game.player(health=20, pos=(16.5, FLOOR, 16.5))
    if tick == 0:
      game.mob("skeleton", 16.5, FLOOR, 26.5)
    timer = int(game.state.mobs.timer_ticks[0])
    game.run(press())
    if int(game.state.mobs.timer_ticks[0]) > timer:
      seen.append(tick)
    if len(seen) == 9:
      break
  return float(np.mean(np.diff(seen))) if len(seen) > 1 else float("inf")


def _day() -> float:
  """Ticks of a day: time passes one a tick and comes back to its start after so many."""
  game = Plain()
  game.state = game.state._replace(time_of_day=np.int32(23_998))
  late = int(game.run(press()).state.time_of_day)
  return float(late + 1 - int(game.run(press()).state.time_of_day))


ROWS = (
  *(
    Row(f"damage of a full hit with {item}", "hp", hp, WIKI, lambda i=item: _hit(i))
    for item, hp in (
      ("air", 1), ("wooden_sword", 4), ("stone_sword", 5), ("iron_sword", 6),
      ("diamond_sword", 7), ("wooden_axe", 7), ("stone_axe", 9), ("iron_axe", 9),
      ("diamond_axe", 9), ("iron_pickaxe", 4), ("diamond_shovel", 5.5),
    )
  ),
  *(
    Row(f"cool-down of {item}", "ticks", 20 / per_s, WIKI, lambda i=item: _cool_down(i), 0.01)
    for item, per_s in (
      ("diamond_sword", 1.6), ("wooden_axe", 0.8), ("iron_axe", 0.9), ("diamond_axe", 1.0),
      ("iron_pickaxe", 1.2), ("iron_hoe", 3.0), ("trident", 1.1), ("stick", 4.0),
    )
  ),
  Row("least charge of a critical hit, sword", "ticks", 11, "Player.attack",
      lambda: _critical_charge("diamond_sword"), 0),
  Row("share of the damage right after mining, sword", "", 0.2 + 0.8 * (2.5 / 12.5) ** 2,
      "ServerPlayer.swing", lambda: _after_mining("diamond_sword"), 2e-3),
  Row("charge of an item just taken in hand", "ticks", 0, "Player.tick", _fresh_item, 0),
  Row("pause after a swing in the air, held", "ticks", 10, "Minecraft.startAttack", _miss, 0),
  Row("an early hit and a full one within the pause", "hp", 7, "LivingEntity.hurt",
      _weak_then_full),
  Row("share of the damage right after a swing, sword", "", 0.2 + 0.8 * (1.5 / 12.5) ** 2,
      "Player.attack", lambda: _hit("diamond_sword", attack_ticks=1) / 7, 2e-3),
  Row("critical hit", "x", 1.5, WIKI,
      lambda: _hit("diamond_sword", fall_m=1.0, is_on_ground=False) / 7),
  Row("pause after a hit, mobs", "ticks", 10, WIKI, _shielded, 1),
  Row("reach, mobs", "m", 3.0, WIKI, _melee_reach, 0.011),
  Row("knock-back of a cow, first tick", "m", 0.4, "LivingEntity.knockback", _knockback, 0.02),
  *(
    Row(f"half the width of a {mob}", "m", half, WIKI, lambda m=mob: _half_width(m), 0.006)
    for mob, half in (("cow", 0.45), ("zombie", 0.3), ("chicken", 0.2), ("spider", 0.7))
  ),
  *(
    Row(f"iron sword's hits to kill a {mob}", "", hits, WIKI,
        lambda m=mob: _hits_to_kill(m, "iron_sword"), 0)
    for mob, hits in (("chicken", 1), ("cow", 2), ("sheep", 2), ("zombie", 4), ("spider", 3))
  ),
  Row("a zombie's hit, easy", "hp", 2.5, WIKI, _bite),
  Row("pause between a zombie's hits", "ticks", 20, "MeleeAttackGoal", _bite_pause, 1),
  Row("healing, full with saturation", "ticks", 10, _FOOD, lambda: _heal_ticks(20, 5), 0),
  Row("healing, 18 of food", "ticks", 80, _FOOD, lambda: _heal_ticks(18, 0), 0),
  Row("starving, first damage", "ticks", 80, _FOOD, lambda: _starve()[0], 0),
  Row("starving leaves, easy", "hp", 10, WIKI, lambda: _starve()[1], 0),
  Row("exhaustion of sprinting", "per m", 0.1, WIKI,
      lambda: _exhaustion("forward", "sprint", metres=1.0)),
  Row("exhaustion of walking", "per m", 0, WIKI, lambda: _exhaustion("forward", metres=1.0)),
  Row("exhaustion of a jump", "", 0.05, WIKI, _jump_cost),
  Row("exhaustion of a sprinting jump", "", 0.2, WIKI, lambda: _jump_cost("forward", "sprint")),
  Row("eating an apple", "ticks", 32, WIKI, lambda: _eat("apple")[0], 1),
  Row("food of an apple", "points", 4, WIKI, lambda: _eat("apple")[1]),
  Row("saturation of an apple", "points", 2.4, WIKI, lambda: _eat("apple")[2]),
  Row("food of cooked beef", "points", 8, WIKI, lambda: _eat("cooked_beef")[1]),
  Row("magma under the feet", "hp", 1, WIKI, _hot_floor),
  Row("magma under the feet of who sneaks", "hp", 0, WIKI, lambda: _hot_floor("sneak")),
  Row("drowning, first damage", "ticks", 320, WIKI,
      lambda: _first_damages(_sunk("water"), 330)[0][0], 1),
  Row("drowning, damage", "hp", 2, WIKI, lambda: _first_damages(_sunk("water"), 330)[0][1]),
  Row("breath regained", "per tick", 4, "LivingEntity.increaseAirSupply", _air_back),
  Row("lava, damage", "hp", 4, WIKI, lambda: _first_damages(_sunk("lava"), 12)[0][1]),
  Row("lava, ticks between damages", "ticks", 10, WIKI,
      lambda: float(np.diff([t for t, _ in _first_damages(_sunk("lava"), 26)])[0]), 0),
  Row("burning after lava", "ticks", 300, WIKI, _fire_after_lava, 1),
  Row("burning, ticks between damages", "ticks", 20, WIKI, _burning, 0),
  Row("a zombie burns by day (1: yes)", "", 1, WIKI, lambda: _sun("zombie"), 0),
  Row("a husk burns by day (1: yes)", "", 0, WIKI, lambda: _sun("husk"), 0),
  Row("fuse of a creeper", "ticks", 30, WIKI, _fuse, 0),
  Row("pause between a skeleton's arrows, easy", "ticks", 60, WIKI, _arrow_pause, 0.5),
  Row("length of a day", "ticks", 24000, WIKI, _day, 0),
)  # fmt: skip
