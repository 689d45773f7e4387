"""The catalogue: every official row is staged, and its set-up holds what it takes to win."""

import json
import math
from collections import Counter
from importlib import resources

import numpy as np
import pytest
import task_summary

from cross_jax.envs import tasks
from cross_jax.envs.tasks.adjustments import BESIDE, NIGHT, can_harvest
from cross_jax.envs.tasks.official import ALIASES
from cross_jax.envs.tasks.setup import (
  STAT_CRAFT_ITEM,
  STAT_INTERACT,
  STAT_KILL_ENTITY,
  STAT_MINE_BLOCK,
)
from cross_jax.envs.voxel.content.tables import AQUATIC, BLOCKS, ITEMS, MOBS, RECIPES
from cross_jax.envs.voxel.gui import layout

ALL = tasks.list_tasks()
SEEDS = (0, 10_000)
FURNACE_TICKS = 200
SHADOWED = (
  "coal gold_nugget lime_dye dried_kelp iron_nugget redstone diamond gold_ingot lapis_lazuli"
  " iron_ingot"
).split()


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


def test_all_823_rows_are_staged():
  assert len(ALL) == len(set(ALL)) == 823 and len(tasks.official_names()) == 813
  sizes = {
    "mine_block": 153,
    "kill_entity": 61,
    "craft_item": 551,
    "smelt_item": 45,
    "interact": 13,
  }
  assert {family: len(tasks.list_tasks(family)) for family in tasks.FAMILIES} == sizes
  assert set(ALL) - set(tasks.official_names()) == {f"smelt_item:{name}" for name in SHADOWED}
  file = resources.files("cross_jax.envs.tasks") / "data" / "official_tasks.jsonl"
  rows = [json.loads(line) for line in file.read_text().splitlines()]
  for name, row in zip(ALL, rows, strict=True):
    task = tasks.get(name)
    assert task.family == row["family"] and task.limit_ticks == 600
    assert task.name == name and task.is_in_domain == row["rl_train"]
    stacks = [(ITEMS.names[i.item], i.min_count) for i in task.ingredients]
    least = {">=": 0, ">": 1}
    official = [
      (i["type"], int(i["quantity"].strip(">=")) + least[i["quantity"].rstrip("0123456789")])
      for i in row.get("init_inventory", ())
    ]
    assert stacks == official
    tools = ["air" if tool == 0 else ITEMS.names[tool] for tool in task.tools]
    assert tools == [tool for tool in row.get("tool", ()) if tool]


@pytest.mark.parametrize("name", SHADOWED)
def test_a_name_in_two_families_crafts_and_its_other_row_can_be_had(name):
  craft, smelt = tasks.get(f"craft_item:{name}"), tasks.get(f"smelt_item:{name}")
  assert (craft.family, smelt.family) == ("craft_item", "smelt_item")
  assert craft.goal_index == smelt.goal_index == ITEMS.index[name]
  assert smelt.gui == layout.GUI_FURNACE and craft.gui != layout.GUI_FURNACE
  assert tasks.get(f"craft_item:{name}", "smelt_item") == smelt
  assert tasks.setup_row(f"smelt_item:{name}", 3).gui == layout.GUI_FURNACE


def test_other_smelting_tasks_have_both_names():
  assert tasks.get("smelt_item:cooked_cod") == tasks.get("craft_item:cooked_cod", "smelt_item")
  assert tasks.get("smelt_item:cooked_cod").name == "craft_item:cooked_cod"
  one, other = (tasks.setup_row(f"{f}:cooked_cod", 3) for f in ("smelt_item", "craft_item"))
  assert all(np.array_equal(a, b) for a, b in zip(one, other))
  assert tasks.instruction("smelt_item:cooked_cod", 1) == tasks.instruction(
    "craft_item:cooked_cod", 1
  )


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
  task = tasks.get("custom:interact_with_brewingstand")
  assert (task.goal_stat, BLOCKS.names[task.goal_index]) == (STAT_INTERACT, "brewing_stand")
  assert 0 in tasks.get("mine_block:dirt").tools  # 'air' is the bare hand, and may be drawn


@pytest.mark.parametrize(
  "name, message",
  [
    ("mine_block:oak_lgo", "did you mean 'mine_block:oak_log'"),
    ("", "unknown task ''"),
    ("smelt_item:oak_log", "unknown task 'smelt_item:oak_log'"),
  ],
)
def test_errors_name_the_way_out(name, message):
  with pytest.raises(ValueError, match=message) as error:
    tasks.get(name)
  assert "list_tasks()" in str(error.value) or "did you mean" in str(error.value)


def test_bad_arguments():
  with pytest.raises(ValueError, match="unknown family 'mine'"):
    tasks.list_tasks("mine")
  with pytest.raises(ValueError, match="unknown family 'mine'"):
    tasks.get("mine_block:oak_log", "mine")
  with pytest.raises(ValueError, match="belongs to mine_block, not to interact"):
    tasks.get("mine_block:oak_log", "interact")
  with pytest.raises(ValueError, match="seed -1: must be 0"):
    tasks.setup_row("mine_block:oak_log", -1)
  with pytest.raises(ValueError, match="seed 4294967296"):
    tasks.setup_row("mine_block:oak_log", 2**32)
  with pytest.raises(ValueError, match="task 5: must be a name"):
    tasks.get(5)
  with pytest.raises(ValueError, match="seed 1.0: must be an integer"):
    tasks.setup_row("mine_block:oak_log", 1.0)
  assert tasks.check_seed(np.uint32(7)) == 7
  with pytest.raises(ValueError, match="unknown difficulty 'easy': one of zero, normal, hard"):
    tasks.setup_row("mine_block:oak_log", 1, "easy")


def test_setup_is_a_function_of_task_seed_and_difficulty():
  for name in ("craft_item:arrow", "mine_block:dirt", "kill_entity:cow"):
    for level in (None, *tasks.DIFFICULTIES):
      first, again = tasks.setup_row(name, 7, level), tasks.setup_row(name, 7, level)
      assert all(np.array_equal(a, b) for a, b in zip(first, again))
    assert len({int(tasks.setup_row(name, seed).seed) for seed in range(50)}) == 50
  slots = {tuple(np.flatnonzero(tasks.setup_row("craft_item:arrow", s).count)) for s in range(20)}
  assert len(slots) > 15  # random slots


def test_setups_have_the_declared_types_and_sound_stacks():
  dtypes = [np.int32] * 5 + [np.bool_] * 2 + [np.int32] * 6 + [np.uint32]
  for name in ALL:
    for seed in SEEDS:
      setup = tasks.setup_row(name, seed)
      assert [np.asarray(field).dtype for field in setup] == dtypes, name
      assert setup.item.shape == setup.count.shape == (layout.NUM_SLOTS,)
      assert np.array_equal(setup.item == 0, setup.count == 0), name
      assert np.all(setup.count <= ITEMS.stack_size[setup.item]), name
      assert not setup.item[layout.FEET :].any() and not setup.distractor_mob.any()
      assert setup.biome in tasks.get(name).biomes


def test_mining_tasks_can_be_done_in_time():
  for name in tasks.list_tasks("mine_block"):
    task, setup = tasks.get(name), tasks.setup_row(name, 5)
    goal = task.goal_index
    assert setup.target_block == setup.goal_index == goal and setup.mob_kind == 0
    assert setup.item[layout.HOTBAR] in task.tools and np.count_nonzero(setup.item[2:]) == 0
    assert len(set(setup.distractor_block)) == 4 and goal not in setup.distractor_block
    tools = [int(i) for i in setup.item[:2] if can_harvest(goal, int(i))]
    is_kind = [ITEMS.tool[i] == BLOCKS.tool[goal] != 0 for i in tools]
    speed = max(float(ITEMS.speed[i]) if fits else 1.0 for i, fits in zip(tools, is_kind))
    assert 0 <= math.ceil(float(BLOCKS.hardness[goal]) * 30 / speed) <= 400, name


def test_a_tool_that_harvests_lies_beside_one_that_does_not():
  setup = tasks.setup_row("mine_block:bricks", 3)  # officially an iron axe alone
  assert [ITEMS.names[i] for i in setup.item[:2]] == ["iron_axe", "iron_pickaxe"]
  assert tasks.get("mine_block:bricks").note and not tasks.get("mine_block:oak_log").note
  hands = [tasks.setup_row("mine_block:snow", seed).item[:2] for seed in range(20)]
  names = {tuple(ITEMS.names[i] for i in pair) for pair in hands}
  assert names == {("stone_shovel", "air"), ("air", "iron_shovel")}


def test_killing_tasks_have_their_mob():
  for name in tasks.list_tasks("kill_entity"):
    task, setup = tasks.get(name), tasks.setup_row(name, 5)
    assert setup.mob_kind == setup.goal_index and 1 <= setup.num_mobs <= 2
    assert setup.item[layout.HOTBAR] in task.tools
    if MOBS.behavior[task.goal_index] == AQUATIC:
      assert setup.needs_water, name


def test_crafting_tasks_have_what_their_recipe_needs():
  for name in tasks.list_tasks("craft_item"):
    task = tasks.get(name)
    assert task.recipe >= 0, name
    cells = RECIPES.grid[task.recipe]
    assert RECIPES.out_item[task.recipe] == task.goal_index
    if task.gui == layout.GUI_INVENTORY:
      assert not cells[[2, 5, 6, 7, 8]].any()
    else:
      assert task.gui == layout.GUI_CRAFTING_TABLE
    for level in (None, "hard"):
      setup = tasks.setup_row(name, 10_000, level)
      have = np.bincount(setup.item, setup.count, minlength=len(ITEMS.names))
      need = np.bincount(cells, minlength=len(ITEMS.names))
      assert np.all(have[1:] >= need[1:]), name
      assert setup.gui == task.gui
    setup = tasks.setup_row(name, 10_000)
    assert not (setup.item == task.goal_index).any() or name == "craft_item:oak_planks"
    assert np.count_nonzero(setup.item) <= len(task.ingredients) + len(task.beside) + 2


def test_smelting_tasks_have_input_and_fuel_for_one():
  for name in tasks.list_tasks("smelt_item"):
    task, setup = tasks.get(name), tasks.setup_row(name, 3)
    have = np.bincount(setup.item, setup.count, minlength=len(ITEMS.names))
    assert ITEMS.smelts_to[task.ingredients[0].item] == task.goal_index, name
    assert have[task.ingredients[0].item] >= 1 and have[ITEMS.index["coal"]] >= 4
    assert ITEMS.fuel_ticks[ITEMS.index["coal"]] >= FURNACE_TICKS
    assert setup.gui == layout.GUI_FURNACE


def test_interact_tasks_have_their_block_and_what_it_takes():
  for name in tasks.list_tasks("interact"):
    task, setup = tasks.get(name), tasks.setup_row(name, 3)
    assert setup.target_block == task.goal_index > 0 and setup.gui == layout.GUI_NONE
    assert BLOCKS.gui[task.goal_index] > 0 or "campfire" in name
  food = ITEMS.names[tasks.setup_row("custom:interact_with_campfire", 3).item[0]]
  assert food == "porkchop"


def test_every_adjustment_is_noted_and_belongs_to_a_task():
  assert set(BESIDE) <= set(ALL)
  goals = {name.split(":")[-1].removeprefix("interact_with_") for name in ALL}
  assert set(ALIASES) <= goals
  for name in ALL:
    task = tasks.get(name)
    official = name.split(":")[-1].removeprefix("interact_with_").split(" ")[-1]
    is_changed = bool(task.beside) or official != task.goal_name or name in NIGHT
    is_changed |= not all(
      task.family != "mine_block" or can_harvest(task.goal_index, tool) for tool in task.tools
    )
    assert bool(task.note) == is_changed, name


def _stacks(setup):
  return int(np.count_nonzero(setup.item[: layout.FEET]))


def _pieces(setup):
  return int(np.count_nonzero(setup.item[layout.FEET : layout.OFFHAND + 1]))


def test_difficulty_zero_has_only_what_the_official_row_lists():
  for seed in range(30):
    setup = tasks.setup_row("craft_item:arrow", seed, "zero")
    assert _stacks(setup) == 3 and _pieces(setup) == 0 and setup.item[0] == 0
    assert _stacks(tasks.setup_row("custom:interact_with_anvil", seed, "zero")) == 0
  kills = [tasks.setup_row("kill_entity:cow", seed, "zero") for seed in range(60)]
  assert all(_stacks(setup) == 1 and setup.num_mobs == 1 for setup in kills)
  assert {_pieces(setup) for setup in kills} == set(range(6))  # armour and offhand even at zero
  counts = [tasks.setup_row("craft_item:arrow", seed, "zero").count.max() for seed in range(40)]
  assert max(counts) > 32  # up to full stacks


def test_normal_and_hard_add_stacks_mobs_and_bare_hands():
  rows = {
    level: [tasks.setup_row("kill_entity:cow", seed, level) for seed in range(80)]
    for level in ("normal", "hard")
  }
  assert {_stacks(s) for s in rows["normal"]} <= set(range(37))
  assert min(_stacks(s) for s in rows["hard"]) >= 16
  assert any(
    not np.isin(s.item[:9], tasks.get("kill_entity:cow").tools).any() for s in rows["hard"]
  )
  assert {int(np.count_nonzero(s.distractor_mob)) for s in rows["normal"]} == {0, 1, 2}
  assert {int(np.count_nonzero(s.distractor_mob)) for s in rows["hard"]} == {1, 2, 3}
  for setup in rows["hard"]:
    assert tasks.get("kill_entity:cow").goal_index not in setup.distractor_mob
  axe = ITEMS.index["iron_axe"]
  tool_slots = Counter(
    int(np.flatnonzero(s.item[:9] == axe)[0])
    for s in (tasks.setup_row("mine_block:green_bed", i, "hard") for i in range(60))
    if (s.item[:9] == axe).any()
  )
  assert len(tool_slots) == 9  # any hotbar slot
  for level in tasks.DIFFICULTIES:  # the world is the same
    setup = tasks.setup_row("mine_block:dirt", 4, level)
    assert setup.seed == tasks.setup_row("mine_block:dirt", 4).seed


def test_at_least_three_phrasings_that_name_the_goal():
  for name in ALL:
    texts = tasks.instructions(name)
    assert len(set(texts)) >= 3
    readable = tasks.readable_name(tasks.get(name).goal_name)
    for text in texts:
      assert readable in text and "_" not in text and "{" not in text and "  " not in text
      assert text[0].isupper() and text.endswith(".")


@pytest.mark.parametrize(
  "name, text",
  [
    ("mine_block:carrots", "Look for some carrots and break them."),
    ("mine_block:kelp", "Look for some kelp and break it."),
    ("mine_block:oak_door", "Look for an oak door and break it."),
    ("mine_block:sand_stone", "Mine some sandstone."),
    ("kill_entity:elder_guardian", "Kill an elder guardian."),
    ("craft_item:grindstone", "Craft a grindstone."),
    ("craft_item:iron_bars", "Craft some iron bars."),
    ("craft_item:glistering_melon_slice", "Craft a glistering melon slice."),
    ("smelt_item:lapis_lazuli", "Smelt some lapis lazuli in the furnace."),
    ("custom:interact_with_smithing_table", "Interact with the smithing table."),
  ],
)
def test_articles_and_plurals(name, text):
  assert text in tasks.instructions(name)


def test_instructions_follow_the_seed():
  chosen = [tasks.instruction("mine_block:oak_log", seed) for seed in range(60)]
  assert chosen == [tasks.instruction("mine_block:oak_log", seed) for seed in range(60)]
  assert set(chosen) == {
    "Mine an oak log.",
    "Find and break an oak log.",
    "Break one oak log block.",
    "Walk to an oak log and mine it.",
  }


def test_the_tasks_staged_first_start_as_they_did():
  golden = json.loads(task_summary.GOLDEN.read_text())
  assert len(golden) == 2 * 177
  for key, expected in golden.items():
    name, seed = key.rsplit(" ", 1)
    actual = task_summary.summarise(name, int(seed))
    for field in expected:
      _assert_close(actual[field], expected[field], f"{key}: {field}")


def _assert_close(actual, expected, where):
  if isinstance(expected, list):
    assert len(actual) == len(expected), where
    for one, other in zip(actual, expected):
      _assert_close(one, other, where)
  elif isinstance(expected, float):
    assert abs(actual - expected) < 0.02, where  # rounded to 0.01
  else:
    assert actual == expected, where
