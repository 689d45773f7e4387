"""Tasks as data: the catalogue, the instructions, and the set-up of an episode."""

from cross_jax.envs.tasks.catalogue import (
  FAMILIES,
  IN_DOMAIN,
  LIMIT_TICKS,
  Ingredient,
  Task,
  find_recipe,
  get,
  list_tasks,
  official_names,
)
from cross_jax.envs.tasks.difficulty import DIFFICULTIES, check_difficulty
from cross_jax.envs.tasks.episode import check_seed, setup_row
from cross_jax.envs.tasks.instructions import instruction, instructions, readable_name
from cross_jax.envs.tasks.setup import TaskSetup

__all__ = [
  "DIFFICULTIES",
  "FAMILIES",
  "IN_DOMAIN",
  "LIMIT_TICKS",
  "Ingredient",
  "Task",
  "TaskSetup",
  "check_difficulty",
  "check_seed",
  "find_recipe",
  "get",
  "instruction",
  "instructions",
  "list_tasks",
  "official_names",
  "readable_name",
  "setup_row",
]
