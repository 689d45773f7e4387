"""Fresh worlds of real tasks: where the player stands, and that what the task needs is in reach."""

from collections import deque

import jax
import numpy as np
import pytest

from cross_jax.envs.tasks import get, list_tasks, setup_row
from cross_jax.envs.voxel import env
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.state import EYE_HEIGHT, SIZE_X, SIZE_Y, SIZE_Z
from cross_jax.envs.voxel.world.biomes import BIOMES

MINE = [
  "mine_block:oak_log", "mine_block:birch_log", "mine_block:oak_leaves", "mine_block:sugar_cane",
  "mine_block:hay_block", "mine_block:sand", "mine_block:dirt", "mine_block:grass_block",
  "mine_block:chest", "mine_block:crafting_table", "mine_block:iron_ore", "mine_block:poppy",
]  # fmt: skip
KILL = ["kill_entity:cow", "kill_entity:zombie", "kill_entity:salmon", "kill_entity:parrot"]
SEEDS = range(1_000_000, 1_000_006)


def fresh(task, seed):
  return jax.tree.map(np.asarray, env._reset_one(setup_row(task, seed)))


def grid(state):
  return state.blocks.reshape(SIZE_Y, SIZE_Z, SIZE_X)


def walkable(state):
  """The cells (x, y, z) where the player can get its feet, climbing one block at a time."""
  solid = tables.BLOCKS.is_solid[grid(state)]
  is_room = lambda x, y, z: not solid[y, z, x] and not solid[y + 1, z, x]
  start = tuple(np.floor(state.player.pos).astype(int))
  seen, queue = {start}, deque([start])
  while queue:
    x, y, z = queue.popleft()
    for dx, dz in ((1, 0), (-1, 0), (0, 1), (0, -1)):
      for up in (1, 0, -1, -2, -3):
        new = (x + dx, y + up, z + dz)
        if not (0 <= new[0] < SIZE_X and 0 <= new[2] < SIZE_Z and 1 <= new[1] < SIZE_Y - 2):
          continue
        way = is_room(*new) and solid[new[1] - 1, new[2], new[0]]
        way = way and not solid[max(y, new[1]) + 1, new[2], new[0]] and not solid[y + 2, z, x]
        if way and new not in seen:
          seen.add(new)
          queue.append(new)
  return seen


def gap_deg(state, points):
  """How far to the side of the first gaze points (x, z) lie: float[n] degrees."""
  offset = points - state.player.pos[[0, 2]]
  bearing = np.degrees(np.arctan2(-offset[:, 0], offset[:, 1]))
  return np.abs((bearing - state.player.yaw_deg + 180) % 360 - 180)


@pytest.mark.parametrize("task", MINE)
def test_the_block_is_in_sight_and_in_reach(task):
  for seed in SEEDS:
    state = fresh(task, seed)
    goal = int(state.goal.index)
    z_x = np.argwhere(np.any(grid(state) == goal, axis=0)) + 0.5
    away = np.linalg.norm(z_x[:, ::-1] - state.player.pos[[0, 2]], axis=1)
    is_ahead = (gap_deg(state, z_x[:, ::-1]) < 65) & (away > 1.5) & (away < 9)
    assert is_ahead.any(), seed
    if task.split(":")[1] not in ("dirt", "grass_block", "sand", "oak_leaves"):
      assert away.min() > 1.2, seed  # not in the player's face
    assert _is_in_reach(state, goal), seed


def _is_in_reach(state, goal):
  """Whether an open face of a goal block is within 4 m of an eye that can be got there."""
  blocks = grid(state)
  stands = np.asarray(sorted(walkable(state)), np.float32) + [0.5, EYE_HEIGHT, 0.5]
  for y, z, x in np.argwhere(blocks == goal):
    near = [(y + 1, z, x), (y, z + 1, x), (y, z - 1, x), (y, z, x + 1), (y, z, x - 1)]
    is_open = not tables.BLOCKS.is_solid[goal] or any(
      0 <= b < SIZE_Z and 0 <= c < SIZE_X and not tables.BLOCKS.is_solid[blocks[a, b, c]]
      for a, b, c in near
    )
    middle = np.asarray([x + 0.5, y + 0.5, z + 0.5])
    if is_open and np.linalg.norm(stands - middle, axis=1).min() < 4.0:
      return True
  return False


@pytest.mark.parametrize("task", KILL)
def test_mobs_are_ahead_in_their_element(task):
  for seed in SEEDS:
    state = fresh(task, seed)
    there = state.mobs.kind > 0
    assert there.sum() in (1, 2)
    pos = state.mobs.pos[there]
    away = np.linalg.norm(pos[:, [0, 2]] - state.player.pos[[0, 2]], axis=1)
    assert away.min() >= 1.9 and away.max() < 7.3
    assert gap_deg(state, pos[:, [0, 2]]).max() < 31  # atan(1 / 2) is 27 degrees
    x, y, z = np.floor(pos.T + np.asarray([[0], [0.1], [0]])).astype(int)
    inside = grid(state)[y, z, x]
    if "salmon" in task:
      assert np.all(tables.BLOCKS.is_liquid[inside])
    else:
      assert not np.any(tables.BLOCKS.is_solid[inside])


def test_the_player_stands_free_on_solid_ground_and_the_floor_holds():
  for seed in SEEDS:
    state = fresh("kill_entity:cod", seed)
    x, y, z = np.floor(state.player.pos).astype(int)
    column = tables.BLOCKS.is_solid[grid(state)[:, z, x]]
    assert column[:y].all() and not column[y:].any()
    assert np.all(grid(state)[0] == tables.BLOCKS.index["bedrock"])
    assert 10 <= state.player.pitch_deg <= 25  # down to the pond; 0..15 elsewhere


def test_the_ground_rolls_in_steps_of_one_block():
  relief = set()
  for seed in SEEDS:
    state = fresh("mine_block:chest", seed)
    blocks = grid(state)
    ground = np.isin(blocks, [tables.BLOCKS.index[n] for n in ("grass_block", "dirt", "sand")])
    top = SIZE_Y - 1 - np.argmax(ground[::-1], axis=0)
    steps = np.concatenate([np.diff(top, axis=0).ravel(), np.diff(top, axis=1).ravel()])
    assert np.mean(np.abs(steps) > 1) < 0.03  # a pond's bank, no more
    relief.add(int(np.ptp(top)))
  assert max(relief) >= 2 and max(relief) <= 2 * 3 + 2


def test_worlds_differ_by_seed_and_repeat():
  one, same, other = (fresh("mine_block:oak_log", seed) for seed in (3, 3, 4))
  assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(same)))
  assert np.mean(one.blocks != other.blocks) > 0.005
  assert one.player.yaw_deg != other.player.yaw_deg


NEIGHBOUR = {  # of a block that needs support: which cell (x, y, z) holds it
  tables.SUPPORT_BELOW: (0, -1, 0), tables.SUPPORT_SIDE: (0, 0, 1), tables.SUPPORT_ABOVE: (0, 1, 0),
  tables.SUPPORT_WATER: (0, -1, 0),
}  # fmt: skip


@pytest.mark.parametrize("seed", (5, 1_000_006))
def test_every_block_to_mine_is_near_and_stands_as_it_must(seed):
  for task in list_tasks("mine_block"):
    state = fresh(task, seed)
    blocks, goal = grid(state), get(task).goal_index
    cells = np.argwhere(tables.BLOCKS.base[blocks] == goal)
    away = np.linalg.norm(cells[:, [2, 0, 1]] + 0.5 - state.player.pos, axis=1)
    assert away.min() < 8.5, task
    nearest = cells[np.argsort(away)[:3]]
    for y, z, x in nearest:
      row = blocks[y, z, x]
      dx, dy, dz = NEIGHBOUR.get(int(tables.BLOCKS.support[row]), (0, 0, 0))
      holder = blocks[y + dy, z + dz, x + dx]
      if tables.BLOCKS.support[row] == tables.SUPPORT_WATER:
        assert tables.BLOCKS.is_liquid[holder], task
      elif dx or dy or dz:
        is_own_kind = tables.BLOCKS.base[holder] == goal or "kelp" in task
        assert is_own_kind or tables.BLOCKS.is_solid[holder], task
      if tables.BLOCKS.half_row[row]:
        dx, dy, dz = tables.BLOCKS.half[row]
        assert blocks[y + dy, z + dz, x + dx] == tables.BLOCKS.half_row[row], task


def test_a_block_to_use_is_five_cells_straight_ahead():
  for task in list_tasks("interact"):
    state = fresh(task, 7)
    cells = np.argwhere(grid(state) == get(task).goal_index)
    y, z, x = min(cells, key=lambda c: gap_deg(state, c[None, [2, 1]] + 0.5)[0])
    assert abs(y - state.player.pos[1]) <= 1  # on the ground there
    offset = np.asarray([[x + 0.5, z + 0.5]])
    assert 4.2 < np.linalg.norm(offset[0] - state.player.pos[[0, 2]]) < 5.8
    assert gap_deg(state, offset)[0] < 10


@pytest.mark.parametrize("name", [n for n in BIOMES.names if n != "any"])
def test_a_biome_has_its_ground_its_pond_and_its_trees(name):
  row = BIOMES.index[name]
  found, area = set(), []
  for seed in range(8):
    setup = setup_row("custom:interact_with_anvil", seed)._replace(biome=np.int32(row))
    blocks = jax.tree.map(np.asarray, env._reset_one(setup)).blocks
    found |= set(np.unique(blocks).tolist())
    area.append(np.sum(blocks == BIOMES.turf[row]))
  assert min(area) > 500  # of 1024 columns
  needed = {*BIOMES.logs[row], *BIOMES.ores[row], BIOMES.rock[row], BIOMES.fluid[row]}
  assert {int(n) for n in needed if n} <= found
  assert {int(n) for n in BIOMES.extras[row] if n} <= found


def test_biomes_differ():
  looks = {
    tuple(np.concatenate([[BIOMES.turf[i]], BIOMES.logs[i], BIOMES.extras[i], BIOMES.plants[i]]))
    for i in range(1, len(BIOMES.names))
  }
  assert len(looks) == len(BIOMES.names) - 1 >= 10


def test_other_mobs_stand_free_and_aside():
  for seed in range(20):
    state = jax.tree.map(np.asarray, env._reset_one(setup_row("kill_entity:cow", seed, "hard")))
    goal = get("kill_entity:cow").goal_index
    others = (state.mobs.kind > 0) & (state.mobs.kind != goal)
    assert others.any() and (state.mobs.kind == goal).sum() == 1
    pos = state.mobs.pos[others]
    x, y, z = np.floor(pos.T + np.asarray([[0], [0.1], [0]])).astype(int)
    assert not np.any(tables.BLOCKS.is_solid[grid(state)[y, z, x]])
    assert gap_deg(state, pos[:, [0, 2]]).min() > 20
