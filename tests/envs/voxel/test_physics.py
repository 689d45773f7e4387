"""How bodies move, by Minecraft's numbers, and `move` against a slow march."""

import jax
import numpy as np
import pytest
from world_driver import GROUND, Plain, press

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.rules import mob_move
from cross_jax.envs.voxel.rules.edits import no_edits
from cross_jax.envs.voxel.state import NUM_CELLS, SIZE_X, SIZE_Y, SIZE_Z

move = jax.jit(mob_move.move_mobs)


@pytest.mark.parametrize(
  ("keys", "speed"),
  [
    # a steady speed v keeps v = 0.546 v + a, so v = a / 0.454; a = 0.98 x 0.1 walking
    (("forward",), 0.098 / 0.454),  # 4.317 m/s; forgetting the 0.98 would give 4.405
    (("forward", "sprint"), 0.98 * 0.13 / 0.454),  # 5.612 m/s
    (("forward", "sneak"), 0.98 * 0.3 * 0.1 / 0.454),  # 1.295 m/s
    (("forward", "left"), 0.1 / 0.454),  # 0.98 (1, 1) is longer than 1: cut to 1
    (("back", "sprint"), 0.098 / 0.454),  # nobody sprints backwards
    (("forward", "back"), 0.0),
  ],
)
def test_steady_speed(keys, speed):
  game = Plain().player(pos=(16.5, GROUND + 1, 10.5 if "forward" in keys else 24.5))
  path = game.run(press(*keys), 25).trace(press(*keys), 1)
  assert np.linalg.norm(path[1] - path[0]) == pytest.approx(speed, abs=2e-5)
  assert path[1, 1] == GROUND + 1


@pytest.mark.parametrize(
  ("yaw", "key", "towards"),
  [(0, "forward", (0, 1)), (90, "forward", (-1, 0)), (0, "left", (1, 0)), (0, "right", (-1, 0)),
   (180, "forward", (0, -1)), (0, "back", (0, -1))],
)  # fmt: skip
def test_directions_are_minecrafts(yaw, key, towards):
  path = Plain().player(yaw_deg=yaw).trace(press(key), 3)
  step = path[-1] - path[0]
  np.testing.assert_allclose(step[[0, 2]] / np.linalg.norm(step), towards, atol=1e-5)


def test_jump_rises_and_lands_as_in_minecraft():
  # v: 0.42, then (v - 0.08) 0.98 each tick: 0.3332, 0.248136, 0.16477, 0.08308, 0.00301
  path = Plain().trace(press("jump"), 1)
  game = Plain()
  path = np.concatenate([game.trace(press("jump"), 1), game.trace(press(), 12)[1:]])
  height = path[:, 1] - (GROUND + 1)
  assert height[1] == pytest.approx(0.42, abs=1e-5)
  assert height[2] == pytest.approx(0.42 + 0.3332, abs=1e-5)
  assert height.max() == pytest.approx(1.2522, abs=1e-4)
  assert np.argmax(height) == 6
  assert np.flatnonzero(height[1:] == 0)[0] + 1 == 12  # back on the ground after 12 ticks


def test_fall_follows_gravity_and_drag():
  game = Plain().player(pos=(16.5, 20.0, 16.5), vel=(0, 0, 0), is_on_ground=False)
  path = game.trace(press(), 10)
  y, v = 20.0, 0.0
  for n in range(11):
    assert path[n, 1] == pytest.approx(y, abs=1e-4)
    y, v = y + v, (v - 0.08) * 0.98


@pytest.mark.parametrize(("metres", "damage"), [(3, 0), (4, 1), (8, 5)])
def test_fall_damage(metres, damage):
  game = Plain().player(pos=(16.5, 9.0 + metres, 16.5), is_on_ground=False, vel=(0, 0, 0))
  game.player(food=17)  # too little to heal at once
  game.run(press(), 30)
  assert game.pos[1] == 9.0
  assert float(game.state.player.health) == 20 - damage


def test_water_breaks_the_fall_slows_and_lets_swim_up():
  pool = [(x, y, z) for x in range(12, 21) for y in (6, 7, 8) for z in range(12, 24)]
  game = Plain().put("water", *pool).player(pos=(16.5, 15.0, 14.5), is_on_ground=False)
  game.run(press(), 60)
  assert float(game.state.player.health) == 20
  assert game.pos[1] == pytest.approx(6.0, abs=0.02)
  path = game.run(press("forward"), 20).trace(press("forward"), 1)
  # v = 0.8 v + 0.02 x 0.98: 0.098 m per tick, less than half of the walk on land
  assert path[1, 2] - path[0, 2] == pytest.approx(0.098, abs=2e-3)
  deep = game.pos[1]
  game.run(press("jump"), 40)
  assert game.pos[1] > deep + 1.5


def test_a_swimmer_climbs_out_of_the_water():
  pool = [(x, y, z) for x in range(12, 21) for y in (7, 8) for z in range(12, 20)]
  game = Plain().put("water", *pool).player(pos=(16.5, 7.5, 17.5))
  game.run(press("jump", "forward"), 60)
  assert game.pos[1] >= GROUND + 1 and game.pos[2] > 20


def test_a_wall_stops_and_a_step_needs_a_jump():
  step = [(x, 9, 20) for x in range(32)]
  game = Plain().put("stone", *step).run(press("forward"), 40)
  np.testing.assert_allclose(game.pos, [16.5, 9.0, 19.7], atol=1e-4)  # half a body before z = 20
  game.run(press("forward", "jump"), 30)
  assert game.pos[1] >= 9.0 and game.pos[2] > 20.5


def test_a_wall_of_two_cannot_be_jumped():
  wall = [(x, y, 20) for x in range(32) for y in (9, 10)]
  game = Plain().put("stone", *wall).run(press("forward", "jump", "sprint"), 60)
  assert game.pos[2] == pytest.approx(19.7, abs=1e-4)


def test_nobody_leaves_the_world():
  game = Plain().player(pos=(2.5, 9.0, 2.5), yaw_deg=135)
  game.run(press("forward", "sprint", "jump"), 60)
  np.testing.assert_allclose(game.pos[[0, 2]], 0.3, atol=1e-4)


def march(is_solid, low, high, wanted, step=1e-3):
  """Slow reference: moves a box axis by axis in steps of 1 mm until it would overlap a cell."""

  def free(low, high):
    cells = [range(int(np.floor(a + 2e-4)), int(np.floor(b - 2e-4)) + 1) for a, b in zip(low, high)]
    return not any(is_solid(x, y, z) for x in cells[0] for y in cells[1] for z in cells[2])

  low, high, moved = low.copy(), high.copy(), np.zeros(3)
  for axis in (1, 0, 2):
    unit = np.eye(3)[axis] * np.sign(wanted[axis]) * step
    for _ in range(int(abs(wanted[axis]) / step)):
      if not free(low + unit, high + unit):
        break
      low, high, moved = low + unit, high + unit, moved + unit
  return moved


def test_move_against_a_slow_march():
  rng = np.random.default_rng(0)
  solid = rng.random((SIZE_Y, SIZE_Z, SIZE_X)) < 0.15
  blocks = np.where(solid, tables.BLOCKS.index["stone"], 0).astype(np.uint16)
  is_solid = lambda x, y, z: (
    not (0 <= x < SIZE_X and 0 <= z < SIZE_Z and y >= 0) or (y < SIZE_Y and bool(solid[y, z, x]))
  )
  num = 400
  width, height = rng.choice([0.4, 0.6, 0.9, 1.4], num), rng.choice([0.7, 1.8, 2.0], num)
  pos = np.stack([rng.uniform(a, b, num) for a, b in ((0.8, 31), (0.5, 21), (0.8, 31))], axis=-1)
  vel = np.stack([rng.uniform(-b, b, num) for b in (0.29, 0.94, 0.29)], axis=-1)
  half = np.stack([width / 2, 0 * width, width / 2], axis=-1)
  low, high = pos - half, pos + np.stack([width / 2, height, width / 2], axis=-1)
  f32 = lambda a: a.astype(np.float32)
  bodies = mob_move.Bodies(f32(pos), f32(vel), f32(width), f32(height))
  is_there = np.ones(len(pos), bool)
  moved = move(blocks.reshape(NUM_CELLS), bodies, is_there, no_edits())
  steps = np.asarray(moved.pos) - pos
  num_free = 0
  for i in range(num):
    cells = [range(int(np.floor(a)), int(np.floor(b)) + 1) for a, b in zip(low[i], high[i])]
    if any(is_solid(x, y, z) for x in cells[0] for y in cells[1] for z in cells[2]):
      continue  # stuck from the start
    num_free += 1
    np.testing.assert_allclose(steps[i], march(is_solid, low[i], high[i], vel[i]), atol=2.5e-3)
  assert num_free > 20
