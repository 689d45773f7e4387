"""Halves, supports, placing, items, armour, blasts, ways around, teleports."""

import jax.numpy as jnp
import numpy as np
import pytest
from world_driver import GROUND, Plain, press

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules import health, tricks
from cross_jax.envs.voxel.rules.rounding import rounded

FLOOR = GROUND + 1.0


def test_a_door_is_placed_and_breaks_as_two_and_counts_once():
  game = Plain().hold("oak_door").player(pitch_deg=40).run(press("use"))
  z = next(z for z in range(32) if game.block(16, 9, z) == "oak_door")
  assert game.block(16, 10, z) == "oak_door_top" and game.carried("oak_door") == 0
  game.hold("iron_axe").player(pitch_deg=10)
  for _ in range(60):
    if game.run(press("attack")).block(16, 9, z) == "air":
      break
  assert game.block(16, 10, z) == game.block(16, 9, z) == "air"
  assert game.count("mine_block", "oak_door") == 1
  assert np.sum(game.state.drops.item == tables.ITEMS.index["oak_door"]) == 1


def test_a_door_needs_room_above():
  game = Plain().hold("oak_door").player(pitch_deg=40)
  game.put("stone", *((16, 10, z) for z in range(18, 21))).run(press("use"))
  assert game.carried("oak_door") == 1


def test_a_column_of_cane_comes_down_a_cell_a_tick():
  cane = [(16, y, 18) for y in (9, 10, 11)]
  game = Plain().put("sugar_cane", *cane).player(pitch_deg=45).run(press("attack"))
  assert [game.block(*c) for c in cane] == ["air", "sugar_cane", "sugar_cane"]
  assert [game.run(press()).block(*c) for c in cane[1:]] == ["air", "air"]
  assert np.sum(game.state.drops.count) == 3 and game.count("mine_block", "sugar_cane") == 1


def test_a_torch_hangs_on_a_wall_and_falls_with_it():
  game = Plain().put("dirt", (16, 10, 19)).hold("torch").run(press("use"))
  assert game.block(16, 10, 18) == "wall_torch"
  game.put("air", (16, 10, 19)).run(press(), 3)
  assert game.block(16, 10, 18) == "wall_torch"  # nobody changed a cell beside it
  game = Plain().put("dirt", (16, 10, 19)).hold("torch").run(press("use"))
  game.player(pos=(15.2, FLOOR, 16.5), yaw_deg=-20)
  for _ in range(40):
    if game.run(press("attack")).block(16, 10, 19) == "air":
      break
  game.run(press(), 2)
  assert game.block(16, 10, 18) == "air"


def test_grass_gives_way_and_a_torch_does_not_float():
  game = Plain().put("stone", (16, 9, 20)).put("grass", (16, 9, 19)).hold("dirt")
  game.player(pitch_deg=30).run(press("use"))
  assert game.block(16, 9, 19) == "dirt"
  game = Plain().put("stone", (16, 11, 18)).hold("torch").player(pitch_deg=-30).run(press("use"))
  assert game.carried("torch") == 1 or game.block(16, 11, 17) == "wall_torch"


def test_two_stacks_that_lie_together_join():
  game = Plain().player(pos=(4.5, FLOOR, 4.5)).hold("stick", 5)
  drops = game.state.drops
  item, count, pos = np.array(drops.item), np.array(drops.count), np.array(drops.pos)
  item[:2], count[:2] = tables.ITEMS.index["stick"], (3, 4)
  pos[:2] = ((20.5, FLOOR, 20.5), (20.8, FLOOR, 20.5))
  game.state = game.state._replace(drops=drops._replace(item=item, count=count, pos=pos))
  game.run(press(), 9)
  assert sorted(game.state.drops.count.tolist())[-2:] == [0, 7]


@pytest.mark.parametrize(
  ("damage", "armor", "share"),
  [
    (7.0, 0.0, 1.0),
    (7.0, 20.0, 1 - 16.5 / 25),  # 20 - 7 / 2; forgetting the damage would give 0.2
    (40.0, 10.0, 1 - 2.0 / 25),  # no less than a fifth of the points
  ],
)
def test_armour(damage, armor, share):
  factor = health.armor_factor(jnp.float32(damage), jnp.float32(armor))
  assert float(factor) == pytest.approx(share, abs=1e-6)


def test_worn_armour_helps_against_mobs_and_not_in_falls():
  def bitten(armed):
    game = Plain("kill_entity:zombie").player(food=17, saturation=0)
    for slot, part in ((36, "boots"), (37, "leggings"), (38, "chestplate"), (39, "helmet")):
      if armed:
        game.hold(f"diamond_{part}", slot=slot)
    game.mob("zombie", 16.5, FLOOR, 17.6)
    for _ in range(40):
      if float(game.run(press()).state.player.health) < 20:
        return 20 - float(game.state.player.health)

  # 20 points against 2.5: 20 - 1.25 = 18.75 of 25 kept off
  assert bitten(False) == pytest.approx(2.5)
  assert bitten(True) == pytest.approx(2.5 * (1 - 18.75 / 25), abs=1e-5)


def test_blast_damage():
  # i = 1: (1 + 1) / 2 * 42 + 1 = 43; i = 0.5: 0.375 * 42 + 1 = 16.75, rounded down
  damage = tricks.blast_damage(jnp.asarray([0.0, 3.0, 6.5]), 3.0)
  assert damage.tolist() == [43.0, 16.0, 0.0]


def test_a_zombie_goes_around_a_wall():
  wall = [(x, y, 20) for x in range(14, 19) for y in (9, 10, 11)]
  game = Plain("kill_entity:zombie").put("stone", *wall).mob("zombie", 16.5, FLOOR, 23.5)
  game.player(food=17, saturation=0)
  for _ in range(500):
    if float(game.run(press()).state.player.health) < 20:
      break
  assert float(game.state.player.health) < 20


def test_an_enderman_leaves_the_water():
  pool = [(x, y, z) for x in range(20, 23) for y in (7, 8) for z in range(20, 23)]
  game = Plain().put("water", *pool).mob("enderman", 21.5, 7.0, 21.5).run(press(), 20)
  x, y, z = game.state.mobs.pos[0]
  assert y >= FLOOR - 1e-3 and np.isfinite([x, z]).all()


def test_rounded_changes_no_number():
  numbers = jnp.asarray([0.1, -0.0, 1e-30, np.inf], jnp.float32)
  same = rounded(numbers, jnp.int32(7))
  assert np.asarray(same).tobytes() == np.asarray(numbers).tobytes()
