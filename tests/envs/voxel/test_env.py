"""The batch of games: independence, determinism, save and restore, bad input."""

import jax
import numpy as np
import pytest

from cross_jax.base import BUTTON_INDEX, RawAction, View, no_op
from cross_jax.envs.voxel import env as env_module
from cross_jax.envs.voxel.action_dict import action_from_dict, action_to_dict, batch_from_dict
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render import CODE_NONE, CODE_SLOT, chosen

TASKS = ["mine_block:oak_log", "kill_entity:cow", "kill_entity:salmon", "craft_item:arrow"]
SEEDS = [11, 12, 13, 14]
TICKS = 60


def random_actions(seed, num_envs, ticks=TICKS):
  rng = np.random.default_rng(seed)
  actions = []
  for _ in range(ticks):
    buttons = (rng.random((num_envs, 23)) < 0.2).astype(np.int8)
    buttons[:, BUTTON_INDEX["forward"]] = 1
    buttons[:, BUTTON_INDEX["inventory"]] &= rng.random(num_envs) < 0.2
    actions.append(RawAction(buttons, rng.normal(0, 8, (num_envs, 2)).astype(np.float32)))
  return actions


def same(one, other, games=slice(None)):
  pairs = zip(jax.tree_util.tree_leaves_with_path(one), jax.tree.leaves(other))
  return [
    jax.tree_util.keystr(path)
    for (path, a), b in pairs
    if not np.array_equal(np.asarray(a)[games], np.asarray(b)[games])
  ] == []


@pytest.fixture(scope="module")
def batch():
  """Four games after TICKS random ticks: (env, states after each tick)."""
  env = VoxelEnv(4)
  env.reset(TASKS, SEEDS)
  states = []
  for action in random_actions(0, 4):
    env.step(action, render=False)
    states.append(jax.tree.map(np.asarray, env.get_state()))
  return env, states


def test_a_game_is_the_same_alone_and_in_a_batch(batch):
  _, states = batch
  alone = VoxelEnv(1)
  for game, (task, seed) in enumerate(zip(TASKS, SEEDS)):
    alone.reset([task], [seed])
    for tick, action in enumerate(random_actions(0, 4)):
      one = RawAction(action.buttons[game : game + 1], action.camera_deg[game : game + 1])
      alone.step(one, render=False)
      row = jax.tree.map(lambda a, g=game: a[g : g + 1], states[tick])
      assert same(alone.get_state(), row), (task, tick)


def test_saved_and_restored_games_go_on_alike(batch):
  env, _ = batch
  saved = env.get_state()
  actions = random_actions(1, 4, 20)
  first = [env.step(a).info for a in actions][-1]
  after = env.get_state()
  other = VoxelEnv(4)
  other.set_state(jax.tree.map(np.asarray, saved))
  second = [other.step(a).info for a in actions][-1]
  assert same(after, other.get_state())
  assert same(first["location_stats"], second["location_stats"])


def test_inactive_games_are_untouched_to_the_bit(batch):
  env, _ = batch
  before = env.get_state()
  active = np.asarray([True, False, True, False])
  step = env.step(random_actions(2, 4, 1)[0], active=active)
  after = env.get_state()
  assert same(before, after, [1, 3])
  assert np.array_equal(after.tick - before.tick, [1, 0, 1, 0])
  assert np.array_equal(step.info["tick"], after.tick)


def test_reset_of_some_games_leaves_the_others_and_compiles_nothing():
  env = VoxelEnv(4)
  env.reset(TASKS, SEEDS)
  env.step(no_op((4,)))
  sizes = [f._cache_size() for f in (env_module._reset_one, env_module._put, env_module._step)]
  before = env.get_state()
  observation = env.reset(["craft_item:cooked_cod"], [5], [2])
  env.reset(TASKS[:2], [7, 8], [0, 3])
  env.step(no_op((4,)))
  assert [f._cache_size() for f in (env_module._reset_one, env_module._put, env_module._step)] == (
    sizes
  )
  assert env.get_state().tick.tolist() == [1, 2, 1, 1]
  assert np.array_equal(env.get_state().blocks[1], before.blocks[1])
  assert observation.is_gui_open.tolist() == [False, False, True, True]


def test_info_and_truncation():
  env = VoxelEnv(4, max_ticks=3)
  env.reset(TASKS, SEEDS)
  steps = [env.step(no_op((4,))) for _ in range(3)]
  assert [bool(s.truncated.any()) for s in steps] == [False, False, True]
  info = steps[-1].info
  assert info["tick"].tolist() == [3] * 4
  assert info["is_gui_open"].tolist() == [False, False, False, True]
  item = info["inventory"]["item"]
  assert item.shape == (4, layout.NUM_SLOTS)
  assert tables.ITEMS.index["flint"] in item[3]
  assert info["error"] == [None] * 4
  assert info["mine_block"].shape == (4, len(tables.BLOCKS.names))


def test_games_that_were_never_reset_may_only_rest():
  env = VoxelEnv(4)
  with pytest.raises(ValueError, match=r"\[0, 1, 2, 3\] have no episode: call reset"):
    env.step(no_op((4,)))
  env.reset(TASKS[:1], [1], [2])
  with pytest.raises(ValueError, match=r"games \[0, 1, 3\] have no episode"):
    env.step(no_op((4,)))
  active = np.asarray([False, False, True, False])
  step = env.step(no_op((4,)), active=active)
  assert step.info["tick"].tolist() == [0, 0, 1, 0] and not step.truncated.any()


def test_bad_input_names_value_limit_and_way_out(batch):
  env, _ = batch
  action = no_op((4,))
  camera, buttons = action.camera_deg.copy(), action.buttons.copy()
  camera[1, 0], buttons[2, 3] = 181, 2
  nan = np.full((4, 2), np.nan, np.float32)
  cases = [
    (lambda: env.reset(["mine_block:oak_lgo"] * 4, SEEDS), "oak_lgo"),
    (lambda: env.reset(TASKS, [0, 1, 2, -1]), "seed -1"),
    (lambda: env.reset(TASKS, [0, 1, 2, 2.5]), "seed 2.5: must be an integer"),
    (lambda: env.reset(TASKS, [0, 1]), "4 tasks, 2 seeds for 4 games"),
    (lambda: env.reset(TASKS[:2], [0, 1], [1, 1]), r"env_ids \[1, 1\]: must differ"),
    (lambda: env.reset(TASKS[:1], [0], [4]), r"env_ids \[4\]: .* 0\.\.3"),
    (lambda: env.step({"jump": [1] * 4}), "type dict: must be a base.RawAction; batch_from_dict"),
    (lambda: env.step(no_op((3,))), r"\(3, 23\): must be \(4, 23\)"),
    (lambda: env.step(action._replace(camera_deg=camera)), r"181.0 degrees: .* \+-180"),
    (lambda: env.step(action._replace(camera_deg=nan)), "nan degrees: must be finite"),
    (lambda: env.step(action._replace(camera_deg=camera[:, :1])), r"\(4, 1\): must be \(4, 2\)"),
    (lambda: env.step(action._replace(buttons=buttons)), r"0\.\.2: a button is 0 or 1"),
    (lambda: env.step(action._replace(buttons=buttons * 0.5)), "float64: must be integers"),
    (lambda: env.step(action, active=np.ones(4)), r"float64: must be bool\[4\]"),
    (lambda: env.set_state(env.get_state()._replace(tick=np.zeros(3, np.int32))), r"int32\[3\]"),
    (lambda: VoxelEnv(0), "num_envs=0"),
    (lambda: VoxelEnv(1, max_ticks=0), "max_ticks=0"),
    (
      lambda: VoxelEnv(1, difficulty="easy"),
      "unknown difficulty 'easy': one of zero, normal, hard",
    ),
    (lambda: VoxelEnv(1, [View(0, 0, 700, 360, 8, 8)]), "must lie within the 640x360 screen"),
  ]
  before = env.get_state()
  for call, message in cases:
    with pytest.raises(ValueError, match=message):
      call()
  assert same(before, env.get_state())


def test_minerl_dict_round_trip_and_errors():
  raw = action_from_dict({"forward": 1, "hotbar.3": np.int64(1), "camera": [2.5, -3.0]})
  assert raw.buttons.sum() == 2
  np.testing.assert_array_equal(raw.camera_deg, np.float32([2.5, -3.0]))
  named = action_to_dict(raw)
  assert named["hotbar.3"] == 1 and named["attack"] == 0
  again = action_from_dict(named)
  np.testing.assert_array_equal(again.buttons, raw.buttons)
  for bad, message in [
    ({"fly": 1}, "action key 'fly'"),
    ({"jump": 2}, "jump=2: a button is 0 or 1"),
    ({"jump": [1]}, "jump"),
    ({"camera": [1]}, "two numbers"),
    ({"camera": "up"}, "must be numbers"),
    ({"camera": [0, float("inf")]}, "finite"),
  ]:
    with pytest.raises(ValueError, match=message):
      action_from_dict(bad)


def test_only_the_wanted_pictures_are_drawn(monkeypatch):
  monkeypatch.setattr(chosen, "CHUNK", 2)
  view = View(0, 0, 640, 360, 64, 36)
  env = VoxelEnv(4, [view])
  first = env.reset(TASKS[:1] * 4, range(4)).views[0]
  turn = RawAction(no_op((4,)).buttons, np.tile(np.float32([0, 90]), (4, 1)))
  wanted = np.array([True, False, True, True])  # more than one part
  some = env.step(turn, render=wanted).observation.views[0]
  every = env.observe().views[0]
  np.testing.assert_array_equal(some[wanted], every[wanted])
  np.testing.assert_array_equal(some[~wanted], first[~wanted])  # as they were last drawn
  assert all((every[i] != first[i]).any() for i in range(4))
  assert env.step(turn, render=np.zeros(4, bool)).observation is None


def test_pictures_are_drawn_on_request():
  view = View(0, 0, 640, 360, 64, 36)
  env = VoxelEnv(1, [view])
  assert env.reset(TASKS[:1], [3]).views[0].shape == (1, 36, 64, 3)
  step = env.step(no_op((1,)), render=False)
  assert step.observation is None
  turned = env.step(RawAction(no_op((1,)).buttons, np.float32([[0, 90]]))).observation
  assert np.mean(turned.views[0] != env.reset(TASKS[:1], [3]).views[0]) > 0.1


def test_pixels_are_labelled_from_the_same_rays():
  view = View(0, 0, 640, 360, 32, 18)
  env = VoxelEnv(1, [view])
  with pytest.raises(ValueError, match="no game has an episode: call reset first"):
    env.observe_labelled()
  picture = env.reset(TASKS[:1], [3]).views[0]
  (labelled,) = env.observe_labelled()
  np.testing.assert_array_equal(labelled.rgb, picture)
  is_world = labelled.code < CODE_SLOT
  is_sky = labelled.code == CODE_NONE
  assert np.isinf(labelled.depth[is_sky]).all() and (labelled.depth > 0).all()
  is_block = is_world & ~is_sky
  assert is_block.mean() > 0.3 and np.isfinite(labelled.depth[is_block]).all()


def test_a_dict_of_a_batch_is_checked_and_turned_into_degrees():
  down = np.asarray([0, 1])
  raw = batch_from_dict({"jump": down, "camera": [[0, 1], [0.5, 0]]}, 2, camera_unit="share")
  np.testing.assert_array_equal(raw.buttons[:, BUTTON_INDEX["jump"]], down)
  np.testing.assert_array_equal(raw.camera_deg, np.float32([[0, 180], [90, 0]]))
  np.testing.assert_array_equal(batch_from_dict({"camera": [[2, 3]]}, 1).camera_deg, [[2, 3]])
  for bad, message in [
    ({"fly": down}, "action key 'fly'"),
    ({"jump": [0, 1, 1]}, r"jump of shape \(3,\): must be \(2,\)"),
    ({"jump": [0, 2]}, r"jump=\[0, 2\], int64: a button is the integer 0 or 1"),
    ({"camera": [0, 1]}, r"camera of shape \(2,\): must be \(2, 2\)"),
    ({"camera": [[0, 1], [np.nan, 0]]}, "camera nan degrees: must be finite and within"),
    ({"camera": [[0, 1], [0, 181]]}, r"camera 181.0 degrees: .*\+-180; turn over several ticks"),
    ([0] * 24, "action of type list: must be a dict"),
  ]:
    with pytest.raises(ValueError, match=message):
      batch_from_dict(bad, 2)
  with pytest.raises(ValueError, match="camera_unit='radians': must be one of share, degrees"):
    batch_from_dict({}, 2, camera_unit="radians")
