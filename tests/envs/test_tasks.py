"""The catalogue, and that every task it offers can be won from its own set-up."""

import math

import numpy as np
import pytest

from cross_jax.envs import tasks
from cross_jax.envs.tasks.setup import STAT_CRAFT_ITEM, STAT_KILL_ENTITY, STAT_MINE_BLOCK
from cross_jax.envs.voxel import layout
from cross_jax.envs.voxel.tables import AQUATIC, BLOCKS, ITEMS, MOBS, RECIPES

ALL = tasks.list_tasks()
SEEDS = (0, 1, 10_000, 1_000_003)
FURNACE_TICKS = 200


def _names(text, prefix):
  return {f"{prefix}:{name}" for name in text.split()}


def test_in_domain_is_the_official_list():
  assert set(tasks.IN_DOMAIN) == (
    _names(
      "crafting_table sugar_cane hay_block oak_log grass_block sand dirt oak_leaves birch_log"
      " chest",
      "mine_block",
    )
    | _names(
      "honeycomb_block sea_lantern netherite_scrap cooked_salmon paper enchanting_table"
      " cooked_cod emerald arrow shulker_box",
      "craft_item",
    )
    | _names("salmon parrot sheep zombie cod chicken iron_golem slime villager cow", "kill_entity")
  )


def test_sizes_of_the_catalogue():
  assert len(tasks.official_names()) == 813  # 823 entries, 10 repeat a name
  assert len(tasks.IN_DOMAIN) == 30
  least = {"mine_block": 25, "kill_entity": 12, "craft_item": 25, "smelt_item": 10}
  for family, number in least.items():
    assert len(tasks.list_tasks(family, is_in_domain=False)) >= number
  assert tasks.list_tasks("interact") == ()


def test_fields_of_one_task_per_family():
  task = tasks.get("mine_block:oak_log")
  assert (task.goal_stat, BLOCKS.names[task.goal_index]) == (STAT_MINE_BLOCK, "oak_log")
  assert [ITEMS.names[t] for t in task.tools] == ["iron_axe"] and task.gui == layout.GUI_NONE
  task = tasks.get("kill_entity:zombie")
  assert (task.goal_stat, MOBS.names[task.goal_index]) == (STAT_KILL_ENTITY, "zombie")
  assert task.is_night and not task.needs_water and task.limit_ticks == 600
  task = tasks.get("craft_item:enchanting_table")
  assert [(ITEMS.names[i.item], i.min_count) for i in task.ingredients] == [
    ("book", 1), ("obsidian", 4), ("diamond", 2)
  ]  # fmt: skip
  assert task.gui == layout.GUI_CRAFTING_TABLE and task.goal_stat == STAT_CRAFT_ITEM
  task = tasks.get("craft_item:cooked_cod")
  assert task.family == "smelt_item" and task.gui == layout.GUI_FURNACE
  assert [(ITEMS.names[i.item], i.min_count) for i in task.ingredients] == [("cod", 1), ("coal", 4)]
  assert 0 in tasks.get("mine_block:dirt").tools  # 'air' is the bare hand, and may be drawn


@pytest.mark.parametrize(
  "name, message",
  [
    ("mine_block:oak_lgo", "did you mean 'mine_block:oak_log'"),
    ("", "unknown task ''"),
    ("craft_item:beacon", "the world's rules don't cover it yet"),
    ("craft_item:oak_planks", "the world's rules don't cover it yet"),
    ("custom:interact_with_anvil", "its family isn't in the voxel world"),
  ],
)
def test_errors_name_the_reason_and_the_way_out(name, message):
  with pytest.raises(ValueError, match=message) as error:
    tasks.get(name)
  assert "list_tasks()" in str(error.value) or "did you mean" in str(error.value)


def test_bad_arguments():
  with pytest.raises(ValueError, match="unknown family 'mine'"):
    tasks.list_tasks("mine")
  with pytest.raises(ValueError, match="seed -1: must be 0"):
    tasks.setup_row("mine_block:oak_log", -1)
  with pytest.raises(ValueError, match="seed 4294967296"):
    tasks.setup_row("mine_block:oak_log", 2**32)


def test_setup_is_a_function_of_task_and_seed():
  for name in ("craft_item:arrow", "mine_block:dirt", "kill_entity:cow"):
    first, again = tasks.setup_row(name, 7), tasks.setup_row(name, 7)
    assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert len({int(tasks.setup_row(name, seed).seed) for seed in range(50)}) == 50
  slots = {tuple(np.flatnonzero(tasks.setup_row("craft_item:arrow", s).count)) for s in range(20)}
  assert len(slots) > 15  # random slots


@pytest.mark.parametrize("name", ALL)
def test_setup_has_the_declared_types_and_sound_stacks(name):
  dtypes = [np.int32] * 5 + [np.bool_] * 2 + [np.int32] * 4 + [np.uint32]
  for seed in SEEDS:
    setup = tasks.setup_row(name, seed)
    assert [np.asarray(field).dtype for field in setup] == dtypes
    assert setup.item.shape == setup.count.shape == (layout.NUM_SLOTS,)
    assert np.array_equal(setup.item == 0, setup.count == 0)
    assert np.all(setup.count <= ITEMS.stack_size[setup.item])
    assert not setup.item[layout.FEET :].any()


@pytest.mark.parametrize("name", tasks.list_tasks("mine_block"))
def test_mining_tasks_can_be_done_in_time(name):
  task = tasks.get(name)
  hardness = float(BLOCKS.hardness[task.goal_index])
  assert hardness >= 0
  for tool in task.tools:
    is_kind = ITEMS.tool[tool] == BLOCKS.tool[task.goal_index] != 0
    tier = BLOCKS.min_tier[task.goal_index]
    harvests = tier == 0 or (is_kind and ITEMS.tier[tool] >= tier)
    speed = float(ITEMS.speed[tool]) if is_kind else 1.0
    assert math.ceil(hardness * (30 if harvests else 100) / speed) <= 400, ITEMS.names[tool]
  setup = tasks.setup_row(name, 5)
  assert setup.target_block == setup.goal_index and setup.mob_kind == 0
  assert setup.item[layout.HOTBAR] in task.tools and np.count_nonzero(setup.item[1:]) == 0
  assert len(set(setup.distractor_block)) == 4 and setup.goal_index not in setup.distractor_block


@pytest.mark.parametrize("name", tasks.list_tasks("kill_entity"))
def test_killing_tasks_can_be_done_in_time(name):
  task = tasks.get(name)
  for tool in task.tools:
    hits = math.ceil(MOBS.max_health[task.goal_index] / ITEMS.attack_damage[tool])
    assert hits * ITEMS.attack_ticks[tool] <= 300
  setup = tasks.setup_row(name, 5)
  assert setup.mob_kind == setup.goal_index and 1 <= setup.num_mobs <= 2
  assert setup.needs_water == (MOBS.behavior[task.goal_index] == AQUATIC)


@pytest.mark.parametrize("name", tasks.list_tasks("craft_item"))
def test_crafting_tasks_have_what_their_recipe_needs(name):
  task = tasks.get(name)
  cells = RECIPES.grid[task.recipe]
  assert RECIPES.out_item[task.recipe] == task.goal_index
  if task.gui == layout.GUI_INVENTORY:
    assert not cells[[2, 5, 6, 7, 8]].any()
  else:
    assert task.gui == layout.GUI_CRAFTING_TABLE
  for seed in SEEDS:
    setup = tasks.setup_row(name, seed)
    have = np.bincount(setup.item, setup.count, minlength=len(ITEMS.names))
    need = np.bincount(cells, minlength=len(ITEMS.names))
    assert np.all(have[1:] >= need[1:])
    assert have[task.goal_index] == 0  # the goal isn't there from the start
    assert np.count_nonzero(setup.item) <= len(task.ingredients) + 2
    assert setup.gui == task.gui


@pytest.mark.parametrize("name", tasks.list_tasks("smelt_item"))
def test_smelting_tasks_have_input_and_fuel_for_one(name):
  task = tasks.get(name)
  setup = tasks.setup_row(name, 3)
  have = np.bincount(setup.item, setup.count, minlength=len(ITEMS.names))
  assert ITEMS.smelts_to[task.ingredients[0].item] == task.goal_index
  assert have[task.ingredients[0].item] >= 1
  assert have[ITEMS.index["coal"]] >= 4 and ITEMS.fuel_ticks[ITEMS.index["coal"]] >= FURNACE_TICKS
  assert setup.gui == layout.GUI_FURNACE


@pytest.mark.parametrize("name", ALL)
def test_at_least_three_phrasings_that_name_the_goal(name):
  texts = tasks.instructions(name)
  assert len(set(texts)) >= 3
  readable = tasks.readable_name(tasks.get(name).goal_name)
  for text in texts:
    assert readable in text and "_" not in text and "{" not in text and "  " not in text
    assert text[0].isupper() and text.endswith(".")


def test_instructions_follow_the_seed():
  chosen = [tasks.instruction("mine_block:oak_log", seed) for seed in range(60)]
  assert chosen == [tasks.instruction("mine_block:oak_log", seed) for seed in range(60)]
  assert set(chosen) == {
    "Mine an oak log.",
    "Find and break an oak log.",
    "Break one oak log block.",
    "Walk to an oak log and mine it.",
  }
