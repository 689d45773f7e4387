"""The layout of an accelerator, all games together, on a CPU: the same states and pictures."""

import doctest
import functools
import re

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.base import BUTTON_INDEX, NUM_BUTTONS, RawAction, View
from cross_jax.envs.voxel import batch_layout as module
from cross_jax.envs.voxel.batch_layout import EACH, TOGETHER, batch_layout, in_groups, is_together
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.render import render_batch, render_labelled, segment_batch
from cross_jax.envs.voxel.rules.edits import apply_edits_batch
from cross_jax.envs.voxel.state import MAX_EDITS, NO_CELL, NUM_CELLS, Edits
from cross_jax.envs.voxel.step import step_batch
from tests.envs.voxel.render_scene import make_state, random_world, stack

VIEW = View(0, 0, 640, 360, 64, 36)
NAMES = ("stone", "oak_leaves", "glass", "poppy", "water", "oak_fence", "oak_stairs", "torch")


@pytest.fixture(scope="module")
def games():
  """Worlds full of what rays pass through, with mobs, drops, shots, cracks, GUIs and water."""
  pig, cow = MOBS.index["pig"], MOBS.index["cow"]
  near = [[16.5 + dx, 12.0, 13.0 + dz] for dx in (-1, 0, 1, 2) for dz in (0, 1.5)]
  mobs = {"kind": [pig, cow, 0, pig, cow, 0, pig, 0], "pos": near, "hurt_ticks": [3] + [0] * 7}
  drops = {"item": [ITEMS.index["oak_log"]] * 3 + [0] * 5, "count": [1] * 8, "pos": near}
  shots = {"kind": [1, 0, 1] + [0] * 5, "pos": near[::-1], "vel": [[0.3, 0.0, 0.5]] * 8}
  worlds = [random_world(seed, num_shapes=90, names=NAMES) for seed in range(3)]
  for world in worlds:
    world[11:14, 9:12, 15:18] = 0
  return stack(
    [
      make_state(worlds[0], mobs=mobs),
      make_state(worlds[1], drops=drops, projectiles=shots, player={"yaw_deg": 30}),
      make_state(worlds[2], mobs=mobs, drops=drops, player={"pitch_deg": -30}),
      make_state(worlds[0], gui={"kind": 1}, time_of_day=18_000),
      make_state({}, player={"pitch_deg": 60}),
    ]
  )


def _both(run, *inputs):
  """What a function gives in either layout, as NumPy arrays."""
  out = []
  for name in (EACH, TOGETHER):
    with batch_layout(name):
      out.append(jax.tree.map(np.asarray, jax.jit(run)(*inputs)))
  return out


def _differing(one, other):
  pairs = zip(jax.tree_util.tree_leaves_with_path(one), jax.tree.leaves(other), strict=True)
  return [jax.tree_util.keystr(p) for (p, a), b in pairs if a.tobytes() != b.tobytes()]


def test_the_platform_chooses_and_a_context_overrides():
  assert doctest.testmod(module).failed == 0
  assert jax.default_backend() == "cpu" and not is_together()
  with batch_layout(TOGETHER):
    assert is_together()
    with batch_layout(EACH):
      assert not is_together()
  with batch_layout("rows"), pytest.raises(ValueError, match="each, together"):
    is_together()


def test_groups_of_rows_give_what_one_batch_gives():
  """7 rows, 3 at a time: groups of 3, 3 and 3, of which the last begins with row 4."""
  rows = {"a": jnp.arange(7), "b": jnp.arange(14.0).reshape(7, 2)}
  sizes = []

  def work(rows):
    sizes.append(rows["a"].shape[0])
    return rows["a"] * 2, rows["b"].sum(1)

  for size, seen in ((3, [3]), (7, [7]), (100, [7])):
    sizes.clear()
    doubled, sums = in_groups(work, rows, size)
    assert sizes == seen
    np.testing.assert_array_equal(doubled, 2 * np.arange(7))
    np.testing.assert_array_equal(sums, 4 * np.arange(7) + 1.0)


def test_pictures_codes_and_depths_are_equal(games):
  """On a CPU to the bit, whose rounding differs by a level in at most 0.1 % of the pixels."""
  (each,), (together,) = _both(lambda states: render_labelled(states, (VIEW,)), games)
  np.testing.assert_array_equal(each.code, together.code)
  np.testing.assert_allclose(each.depth, together.depth, rtol=1e-6)
  apart = np.abs(each.rgb.astype(int) - together.rgb).max(-1)
  assert apart.max() <= 1 and (apart > 0).mean() <= 1e-3
  assert len(np.unique(each.code)) > 20 and np.isinf(each.depth).any()


def test_no_games_give_no_pictures(games):
  none = jax.tree.map(lambda a: a[:0], games)
  draw = lambda states: (render_labelled(states, (VIEW,))[0], segment_batch(states, VIEW))
  for labelled, code in _both(draw, none):
    assert labelled.rgb.shape == (0, 36, 64, 3) and labelled.rgb.dtype == np.uint8
    assert labelled.code.shape == code.shape == (0, 36, 64) and code.dtype == np.int32
    assert labelled.depth.shape == (0, 36, 64) and labelled.depth.dtype == np.float32


def _loop_lengths(jaxpr):
  """The rounds of all loops that say how many they are."""
  for equation in jaxpr.eqns:
    if equation.primitive.name == "scan":
      yield equation.params["length"]
    for inner in jax.extend.core.jaxprs_in_params(equation.params):
      yield from _loop_lengths(inner)


def test_no_loop_of_the_picture_runs_once_a_game(games):
  many = jax.tree.map(lambda a: jax.ShapeDtypeStruct((24, *a.shape[1:]), a.dtype), games)
  lengths = {}
  for name in (EACH, TOGETHER):
    with batch_layout(name):
      program = jax.make_jaxpr(lambda states: render_batch(states, (VIEW,)))(many)
    lengths[name] = list(_loop_lengths(program.jaxpr))
  assert sum(n for n in lengths[EACH] if n >= 6) >= 24  # a CPU's runs of games
  assert max(lengths[TOGETHER], default=0) < 6


def test_edits_of_all_games_in_sweeps(games):
  """Also a cell that is edited twice in a tick, and games that rest."""
  rng = np.random.default_rng(3)
  num_games = len(games.tick)
  cell = rng.integers(0, NUM_CELLS, (num_games, MAX_EDITS))
  cell[rng.random(cell.shape) < 0.5] = NO_CELL
  cell[0, 1:3] = 77
  block = rng.integers(0, len(BLOCKS.names), cell.shape)
  edits = Edits(jnp.asarray(cell, jnp.int32), jnp.asarray(block, jnp.int32))
  active = jnp.asarray([True, True, False, True, True])
  world = (games.blocks, games.boxes, games.light)
  each, together = _both(apply_edits_batch, world, edits, active, {"seen": jnp.arange(num_games)})
  assert _differing(each, together) == []
  together, readings = together
  assert readings["seen"].tolist() == list(range(num_games))
  assert together[0][0, 77] == block[0, 2]
  for old, new in zip(world, together, strict=True):
    assert (np.asarray(old) != new).any(1).tolist()[2] is False
    assert (np.asarray(old) != new).any()


def test_edits_are_written_in_place(games):
  """In a scan that has read the cells before, as a tick has: no world is copied, of all games."""
  num_games = len(games.tick)
  active = jnp.ones(num_games, bool)

  def tick(world, cell):
    blocks = world[0]
    seen = jnp.take_along_axis(blocks, (cell * 7 % NUM_CELLS)[:, None], 1)
    edits = Edits(
      jnp.full((num_games, MAX_EDITS), NO_CELL).at[:, 0].set(cell),
      jnp.ones((num_games, MAX_EDITS), jnp.int32),
    )
    return apply_edits_batch(world, edits, active, seen)

  @functools.partial(jax.jit, donate_argnums=0)
  def run(world, cells):
    return jax.lax.scan(tick, world, cells)

  world = (games.blocks, games.boxes, games.light)
  with batch_layout(EACH):
    program = run.lower(world, jnp.zeros((3, num_games), jnp.int32)).compile().as_text()
  assert f"[{num_games},{NUM_CELLS}]" in program
  assert not re.search(rf"\[{num_games},{NUM_CELLS}\]\S* copy\(", program)


@pytest.mark.slow
def test_games_go_the_same_way():
  """States of 12 games after 40 ticks, to the bit: half dig at their feet, half act at random."""
  names = ("mine_block:oak_log", "craft_item:arrow", "kill_entity:zombie", "smelt_item:coal")
  env = VoxelEnv(12)
  env.reset([names[i % 4] for i in range(12)], range(12))
  rng = np.random.default_rng(0)
  buttons = rng.random((40, 12, NUM_BUTTONS)) < 0.15
  camera = rng.normal(0, 8, (40, 12, 2))
  buttons[:, ::2], camera[:, ::2] = np.arange(NUM_BUTTONS) == BUTTON_INDEX["attack"], 0
  camera[0, ::2] = [70, 0]
  actions = RawAction(jnp.asarray(buttons, jnp.int8), jnp.asarray(camera, jnp.float32))

  def play(states, actions):
    active = jnp.ones(12, bool)
    one = lambda states, action: (step_batch(states, action, active)[0], None)
    return jax.lax.scan(one, states, actions)[0]

  each, together = _both(play, env.get_state(), actions)
  assert _differing(each, together) == []
  assert (each.blocks != np.asarray(env.get_state().blocks)).any()
