"""Hits, cool-downs, deaths, and how each behaviour acts."""

import jax
import numpy as np
import pytest
from world_driver import GROUND, Plain, press

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules import combat

charge = jax.jit(combat.charge)


def swing(game, wait=13):
  """One press of attack, then a wait."""
  return game.run(press("attack")).run(press(), wait)


@pytest.mark.parametrize(
  ("item", "ticks", "factor"),
  [
    ("diamond_sword", 12, 1.0),  # (12 + 0.5) / 12 is cut to 1
    ("diamond_sword", 1, 0.2 + 0.8 * (1.5 / 12) ** 2),
    ("diamond_sword", 6, 0.2 + 0.8 * (6.5 / 12) ** 2),  # 0.433; without the square 0.633
    ("air", 5, 1.0),
  ],
)
def test_charge(item, ticks, factor):
  index = np.int32(tables.ITEMS.index[item])
  assert float(charge(index, np.int32(ticks))) == pytest.approx(factor, abs=1e-5)


def test_two_charged_sword_hits_kill_a_cow():
  game = Plain("kill_entity:cow").hold("diamond_sword").mob("cow", 16.5, 9, 18.5)
  game.player(pitch_deg=20).run(press("attack"))  # a cow's back is below the eye
  assert float(game.state.mobs.health[0]) == pytest.approx(10 - 7)
  assert game.state.mobs.vel[0, 2] > 0.1  # knocked away from the player
  assert (game.reward, game.count("kill_entity", "cow")) == (0.0, 0)
  game.run(press(), 13)
  game.mob("cow", 16.5, 9, 18.5)
  game.state.mobs.health[0] = 3
  game.run(press("attack"))
  assert game.state.mobs.kind[0] == 0
  assert game.count("kill_entity", "cow") == 1
  assert (game.reward, game.terminated) == (1.0, True)
  assert tables.ITEMS.names[int(game.state.drops.item[0])] == "beef"


def test_holding_the_button_hits_once_and_a_fresh_wound_is_safe():
  game = Plain().hold("diamond_sword").mob("iron_golem", 16.5, 9, 18.5)
  game.run(press("attack"), 20)
  assert float(game.state.mobs.health[0]) == 93
  game = Plain().hold("diamond_sword").mob("iron_golem", 16.5, 9, 18.5)
  for _ in range(4):
    game.run(press("attack")).run(press())
  assert float(game.state.mobs.health[0]) == 93  # 10 ticks of invulnerability


def test_an_uncharged_hit_is_weaker():
  game = Plain().hold("diamond_sword").mob("iron_golem", 16.5, 9, 18.5)
  game.player(attack_ticks=1).run(press("attack"))
  expected = 7 * (0.2 + 0.8 * (1.5 / 12) ** 2)
  assert float(game.state.mobs.health[0]) == pytest.approx(100 - expected, abs=1e-4)


def test_melee_reach_and_blocks_in_between():
  near, far = 16.5 + 3.0 + 0.45 - 0.02, 16.5 + 3.0 + 0.45 + 0.02  # a cow is 0.9 m wide
  for z, hit in ((near, True), (far, False)):
    game = Plain().hold("diamond_sword").mob("cow", 16.5, 9.5, z).player(pitch_deg=0)
    game.run(press("attack"))
    assert (game.state.mobs.health[0] < 10) == hit, z
  game = Plain().put("glass", (16, 10, 17)).hold("diamond_sword").mob("cow", 16.5, 9.5, 18.9)
  game.run(press("attack"))
  assert game.state.mobs.health[0] == 10
  assert int(game.state.player.mine_cell) >= 0


def test_a_hit_cow_runs_but_slower_than_the_player_walks():
  game = Plain().hold("diamond_sword").mob("cow", 16.5, 9, 18.5)
  game.player(pitch_deg=20).run(press("attack")).run(press(), 12)
  before = game.state.mobs.pos[0].copy()
  game.run(press(), 10)
  step = game.state.mobs.pos[0] - before
  assert step[2] > 0.5  # away
  assert np.hypot(step[0], step[2]) / 10 < 0.19  # walking: 0.2159


def test_a_zombie_comes_and_hits_with_pauses():
  game = Plain("kill_entity:zombie").mob("zombie", 16.5, 9, 22.5)  # at night: it does not burn
  game.player(food=17)  # too little to heal
  game.run(press(), 20)
  assert game.state.mobs.pos[0, 2] < 21.5
  game.run(press(), 30)
  health = 20 - tables.MOBS.damage[tables.MOBS.index["zombie"]]
  assert float(game.state.player.health) == pytest.approx(health)
  assert game.pos[2] < 16.5  # pushed back
  for _ in range(400):
    game.run(press())
    if game.terminated:
      break
  assert float(game.state.player.health) == 0 and game.terminated and game.reward == 0


def test_a_golem_leaves_alone_until_it_is_hit():
  game = Plain().hold("diamond_sword").mob("iron_golem", 16.5, 9, 18.6)
  game.run(press(), 60)
  assert float(game.state.player.health) == 20
  game.mob("iron_golem", 16.5, 9, 18.6).run(press("attack")).run(press(), 40)
  assert float(game.state.player.health) < 20


def test_fish_stay_in_their_pond():
  pool = [(x, y, z) for x in range(14, 19) for y in (7, 8) for z in range(17, 22)]
  game = Plain().put("water", *pool).mob("salmon", 16.5, 7.5, 19.5)
  seen = []
  for _ in range(60):
    game.run(press(), 5)
    seen.append(game.state.mobs.pos[0].copy())
  seen = np.stack(seen)
  assert seen[:, 1].min() >= 7 - 1e-3 and seen[:, 1].max() <= 9 - 0.4 + 1e-3
  assert np.ptp(seen[:, 0]) + np.ptp(seen[:, 2]) > 0.5  # it swims


def test_a_parrot_hovers_near_the_ground():
  game = Plain().mob("parrot", 16.5, 10, 19.5)
  heights = []
  for _ in range(40):
    game.run(press(), 5)
    heights.append(float(game.state.mobs.pos[0, 1]) - (GROUND + 1))
  assert 0.4 < min(heights) and max(heights) < 2.0


def test_a_cow_climbs_steps_and_floats():
  pool = [(x, y, z) for x in range(10, 23) for y in (6, 7, 8) for z in range(10, 23)]
  game = Plain().put("water", *pool).mob("cow", 16.5, 6, 16.5).player(pos=(3.5, 9, 3.5))
  game.run(press(), 80)
  assert game.state.mobs.pos[0, 1] > 7.3


def test_health_comes_back():
  # full with saturation: a sixth of it, 6 at most, every 10 ticks, for as much exhaustion
  game = Plain().player(health=10, saturation=20).run(press(), 10)
  assert float(game.state.player.health) == pytest.approx(11)
  # 18 of food: one every 80 ticks; 17: none
  for food, health in ((18, 11), (17, 10)):
    game = Plain().player(health=10, food=food, saturation=0).run(press(), 80)
    assert float(game.state.player.health) == health
