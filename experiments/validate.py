"""A config is checked as a whole before anything is written or computed."""

from typing import Any

import jax
from jax.sharding import Mesh
from ml_collections import ConfigDict

from cross_jax.envs.tasks import get
from experiments import placement, sections

STAGES = ("data", "sft", "strl", "mtrl", "report")
MAX_TRAINING_SEEDS = 10_000  # demonstration worlds start there

_SECTIONS = {
  "data": ("tasks", "data"),
  "sft": ("tasks", "data", "sft", "evaluation"),
  "strl": ("tasks", "data", "sft", "strl", "evaluation"),
  "mtrl": ("tasks", "mtrl", "evaluation"),
  "report": (),
}


def validate(config: ConfigDict, stages: tuple[str, ...]) -> None:
  """Checks that a config has every key that its stages read, and tasks that exist.

  Args:
    config: an experiment's.
    stages: those to be run.
  Raises:
    KeyError: a key is missing; names it and its neighbours.
    ValueError: an unknown stage or task, or training worlds that reach into the demonstrations'.
  """
  unknown = [stage for stage in stages if stage not in STAGES]
  if unknown:
    raise ValueError(f"stages {unknown}: must be of {list(STAGES)}")
  for key, value in sections.base("", ()).items():
    _need(config, "", key, value)
  for name in sorted({section for stage in stages for section in _SECTIONS[stage]}):
    if name == "tasks":
      expected: Any = {"in_domain": (), "out_of_domain": ()}
    else:
      expected = getattr(sections, name)()
    _need(config, "", name, expected)
  if "tasks" in config:
    videos = tuple(config.evaluation.video_tasks) if "evaluation" in config else ()
    for task in (*config.tasks.in_domain, *config.tasks.out_of_domain, *videos):
      get(task)
  for name in ("strl", "mtrl"):
    if name in stages:
      _check_rl(name, config[name])
  # STRL trains M_cs2 with the settings of SFT.
  if {"sft", "strl"} & set(stages) and config.sft.save_every % config.sft.log_every:
    raise ValueError(
      f"sft.save_every={config.sft.save_every}: must be a multiple of sft.log_every="
      f"{config.sft.log_every}, or a resumed run would log other means"
    )
  if "mtrl" in stages:
    least, num_seeds = config.mtrl.num_groups, config.mtrl.num_seeds
    if not least <= num_seeds <= MAX_TRAINING_SEEDS:
      raise ValueError(
        f"mtrl.num_seeds={num_seeds}: must be {least}..{MAX_TRAINING_SEEDS}: each group of an "
        "iteration has a world of its own (mtrl.num_groups), and demonstrations and evaluation use "
        "the worlds above"
      )


def check_mesh(config: ConfigDict, stages: tuple[str, ...], mesh: Mesh | None) -> None:
  """Checks that every batch of the stages divides over the mesh and the processes.

  Raises:
    ValueError: names the number; or a stage that runs in one process only.
  """
  if "strl" in stages and jax.process_count() > 1:
    raise ValueError(
      f"the strl stage runs in one process, there are {jax.process_count()}: run it alone with "
      "--stages=strl and config.distributed=False, the others together"
    )
  trained = {"sft": ("sft",), "strl": ("sft", "strl"), "mtrl": ("mtrl",)}
  for name in sorted({name for stage in stages for name in trained.get(stage, ())}):
    section = config[name]
    if section.batch_size % section.num_microbatches:
      raise ValueError(
        f"{name}.batch_size={section.batch_size}: must be a multiple of "
        f"{name}.num_microbatches={section.num_microbatches}"
      )
    rows = section.batch_size // section.num_microbatches
    placement.check_rows(mesh, f"{name}.batch_size / num_microbatches", rows)
  if set(stages) & set(trained):
    placement.check_rows(placement.local_mesh(mesh), "env.num_envs", config.env.num_envs)


def check_param_dtype(config: ConfigDict, stages: tuple[str, ...], dtype: str) -> None:
  """Refuses to train all parameters in a dtype that rounds small updates away.

  Args:
    config, stages: of the run.
    dtype: of the policy's parameters.
  Raises:
    ValueError: names the dtype and the ways out.
  """
  if dtype != "float32" and not config.lora.rank and set(stages) & {"sft", "strl", "mtrl"}:
    raise ValueError(
      f"parameters of {config.model.checkpoint} are {dtype}: to train them all they must be "
      "float32, as an update of less than 1/512 of a parameter is rounded away in bfloat16 "
      "(docs/scaling.md); convert with --dtype float32, or train adapters: --config.lora.rank=16"
    )


def _check_rl(name: str, section: ConfigDict) -> None:
  if not section.temperature > 0:
    raise ValueError(
      f"{name}.temperature={section.temperature}: must be > 0: members of a group that are all the "
      "likeliest response teach nothing"
    )
  if section.group_size < 2:
    raise ValueError(
      f"{name}.group_size={section.group_size}: must be at least 2: a group of one has no spread"
    )
  if section.is_vision_frozen and section.weight_decay:
    raise ValueError(
      f"{name}.weight_decay={section.weight_decay} would shrink the vision tower that "
      f"{name}.is_vision_frozen keeps: set one of them to 0 or False"
    )


def _need(config: Any, path: str, key: str, expected: Any) -> None:
  where = f"{path}{key}"
  if key not in config:
    raise KeyError(
      f"config key {where!r} is missing: there are {sorted(config.keys())}; add it to the "
      "experiment file (experiments/sections.py has every key)"
    )
  if isinstance(expected, dict | ConfigDict):
    for inner, value in expected.items():
      _need(config[key], f"{where}.", inner, value)
