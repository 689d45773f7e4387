"""Hits, cool-downs, deaths, and how each behaviour acts."""

import jax
import numpy as np
import pytest
from world_driver import GROUND, Plain, press

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.params import EASY, HARD, Params
from cross_jax.envs.voxel.rules import combat, projectiles

charge = jax.jit(combat.charge)


def swing(game, wait=13):
  """One press of attack, then a wait."""
  return game.run(press("attack")).run(press(), wait)


@pytest.mark.parametrize(
  ("item", "ticks", "part"),
  [
    ("diamond_sword", 13, 1.0),  # (13 + 0.5) / 12.5 is cut to 1
    ("diamond_sword", 12, 1.0),
    ("diamond_sword", 11, 11.5 / 12.5),
    ("diamond_sword", 1, 1.5 / 12.5),
    ("iron_axe", 21, 21.5 * 0.9 / 20),
    ("air", 5, 1.0),
  ],
)
def test_charge(item, ticks, part):
  index = np.int32(tables.ITEMS.index[item])
  assert float(charge(index, np.int32(ticks))) == pytest.approx(part, abs=1e-5)


def test_a_swing_in_the_air_stops_a_held_button_for_ten_ticks():
  game = Plain().run(press("attack")).put("dandelion", (16, 10, 18))
  assert game.run(press("attack"), 9).block(16, 10, 18) == "dandelion"
  assert game.run(press("attack")).block(16, 10, 18) == "air"
  game = Plain().run(press("attack")).put("dandelion", (16, 10, 18)).run(press())
  assert game.run(press("attack")).block(16, 10, 18) == "air"  # a new click forgets the miss


def test_mining_and_placing_swing_the_hand():
  game = Plain().put("obsidian", (16, 10, 18)).run(press("attack"), 30)
  assert int(game.state.player.attack_ticks) == 1
  game = Plain().put("stone", (16, 10, 20)).hold("oak_planks").run(press(), 3)
  assert int(game.run(press("use")).state.player.attack_ticks) == 1
  assert int(game.run(press("use"), 9).state.player.attack_ticks) == 8  # from an empty hand on
  game = Plain().put("crafting_table", (16, 10, 18)).run(press("use"))
  assert game.state.gui.kind and int(game.state.player.attack_ticks) == 1
  game = Plain().hold("stick", 2).run(press("drop"))
  assert int(game.state.player.attack_ticks) == 1
  assert int(game.run(press(), 5).run(press("swapHands")).state.player.attack_ticks) == 0


def test_a_mob_out_of_reach_hides_the_block_behind_it():
  game = Plain().mob("cow", 16.5, 9.6, 16.5 + 3.7).put("dandelion", (16, 10, 20))
  assert game.run(press("attack")).block(16, 10, 20) == "dandelion"
  assert float(game.state.mobs.health[0]) == 10 and int(game.state.player.miss_ticks) == 10


def test_who_eats_neither_hits_nor_mines():
  game = Plain().mob("iron_golem", 16.5, 9, 18.5).hold("apple").player(food=10).run(press("use"))
  game.run(press("use", "attack"), 3)
  assert float(game.state.mobs.health[0]) == 100
  game = Plain().put("dandelion", (16, 10, 18)).hold("apple").player(food=10).run(press("use"), 2)
  assert game.run(press("use", "attack"), 3).block(16, 10, 18) == "dandelion"


def test_who_eats_opens_nothing():
  game = Plain().hold("apple").player(food=10).run(press("use"), 5)
  assert int(game.state.player.eat_ticks) > 0
  game.put("crafting_table", (16, 10, 18)).run(press("use"), 6)
  assert int(game.state.gui.kind) == 0
  game.run(press()).run(press("use"))
  assert int(game.state.gui.kind) != 0


@pytest.mark.parametrize("ticks, is_critical", [(10, False), (11, True), (20, True)])
def test_a_critical_hit_needs_nine_tenths_of_the_charge(ticks, is_critical):
  game = Plain().hold("diamond_sword").mob("iron_golem", 16.5, 9, 18.5)
  game.player(attack_ticks=ticks, fall_m=1.0, is_on_ground=False).run(press("attack"))
  part = min((ticks + 0.5) / 12.5, 1)
  full = 7 * (0.2 + 0.8 * part * part)
  lost = 100 - float(game.state.mobs.health[0])
  assert lost == pytest.approx(full * (1.5 if is_critical else 1), abs=1e-4)


def test_of_a_second_hit_only_what_is_more_counts_and_it_does_not_push():
  game = Plain().hold("diamond_sword").mob("cow", 16.5, 9.6, 18.5)
  game.player(attack_ticks=1).run(press("attack")).run(press())
  weak = 7 * (0.2 + 0.8 * (1.5 / 12.5) ** 2)
  assert float(game.state.mobs.health[0]) == pytest.approx(10 - weak, abs=1e-4)
  left = int(game.state.mobs.hurt_ticks[0])
  game.state.mobs.pos[0], game.state.mobs.vel[0] = (16.5, 9.6, 18.5), 0
  game.player(attack_ticks=100).run(press("attack"))
  assert float(game.state.mobs.health[0]) == pytest.approx(3, abs=1e-4)
  assert int(game.state.mobs.hurt_ticks[0]) == left - 1 and abs(game.state.mobs.vel[0, 2]) < 0.1
  game.run(press())
  game.state.mobs.pos[0] = (16.5, 9.6, 18.5)
  game.player(attack_ticks=100).run(press("attack"))
  assert float(game.state.mobs.health[0]) == pytest.approx(3, abs=1e-4)  # not more than the last


def test_a_hit_on_the_tick_of_a_new_item_has_the_charge_of_the_old_one():
  game = Plain().hold("diamond_sword", 1, 1).mob("iron_golem", 16.5, 9, 18.6).run(press(), 20)
  game.run(press("hotbar.2", "attack"))
  assert 100 - float(game.state.mobs.health[0]) == pytest.approx(7, abs=1e-4)
  assert int(game.state.player.attack_ticks) == 0


def test_only_mobs_on_the_ground_rise_when_hit():
  game = Plain().mob("zombie", 16.5, 9, 18.5).run(press(), 3).run(press("attack"))
  assert float(game.state.mobs.vel[0, 1]) > 0.2
  game = Plain().mob("zombie", 16.5, 9.8, 18.5)
  vel = np.zeros_like(game.state.mobs.vel)
  vel[0, 1] = -0.05
  game.state = game.state._replace(mobs=game.state.mobs._replace(vel=vel))
  assert float(game.run(press("attack")).state.mobs.vel[0, 1]) < -0.05


@pytest.mark.parametrize("difficulty, pause", [(EASY, 60), (HARD, 40)])
def test_skeletons_shoot_faster_on_hard_difficulty(difficulty, pause):
  game = Plain("kill_entity:zombie").mob("skeleton", 16.5, 9, 26.5)
  shoot = jax.jit(lambda s: projectiles.shoot(s, press(), Params(difficulty)))
  state, seen = game.state._replace(draws=np.full(32, 0.5, np.float32)), []
  for tick in range(4 * 120):
    rest = int(state.mobs.timer_ticks[0])
    state = shoot(state._replace(tick=np.int32(tick), player=game.state.player))
    if state.mobs.timer_ticks[0] > rest:
      seen.append(tick)
  assert np.mean(np.diff(seen)) == pytest.approx(pause, abs=1)


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
  expected = 7 * (0.2 + 0.8 * (1.5 / 12.5) ** 2)
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
