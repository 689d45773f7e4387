"""The stages of an experiment in order; each is skipped if done, and goes on where it was left."""

import dataclasses
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from cross_jax.checkpoint.disk import is_first_process, meet, write_json
from cross_jax.checkpoint.policy import PolicySpec, load_policy, save_policy
from data_pipelines.demonstrations import generate
from experiments import evaluation, mtrl_stage, sft_stage, strl_stage
from experiments.build import Policy, keep_freed_memory, make_policy, share_compiled
from experiments.folder import Folder, claim, read_json
from experiments.placement import start_processes
from experiments.progress import CONSOLE
from experiments.report import write_report
from experiments.tables import comparison_table, stage_table
from experiments.validate import STAGES, check_mesh, check_param_dtype, validate

# stage -> folder of the policy that it ends with
TRAINED = {"sft": "sft", "strl": "cs2", "mtrl": "mtrl"}


def run(
  config: ConfigDict, workdir: str, *, stages: tuple[str, ...] = (), command: str = ""
) -> None:
  """Runs the stages of a config in a folder.

  Args:
    config: an experiment's.
    workdir: its folder; a run of the same config found there goes on.
    stages: a subset of config.stages; empty for all.
    command: what was typed, for the record.
  Raises:
    KeyError, ValueError: the config, the folder or a stage cannot be used; the message says why.
  """
  if "stages" not in config:
    raise KeyError(f"config key 'stages' is missing: a tuple of {list(STAGES)}")
  chosen = stages or tuple(config.stages)
  validate(config, chosen)
  start_processes(config)
  policy = make_policy(config)
  check_mesh(config, chosen, policy.mesh)
  check_param_dtype(config, chosen, policy.model.param_dtype)
  folder = Folder(Path(workdir))
  claim(folder, config)
  share_compiled(str(folder.root / ".compiled"))
  keep_freed_memory()
  CONSOLE.quiet = not is_first_process()
  if is_first_process():
    _note(folder, config, command)
  for stage in STAGES:
    if stage not in chosen:
      continue
    start = time.monotonic()
    meet(f"before {stage}")
    if stage == "report":
      if is_first_process():
        CONSOLE.print(f"report: {write_report(folder.root)}")
    elif stage == "data":
      _data_dir(config, folder, policy)
    else:
      _train_and_evaluate(stage, config, folder, policy)
    if is_first_process():
      _add_wall_time(folder, stage, time.monotonic() - start)


def _data_dir(config: ConfigDict, folder: Folder, policy: Policy) -> str:
  """The demonstrations' folder: the config's, or this run's, made where it is not complete."""
  if config.data.dir:
    return config.data.dir
  directory = str(folder.root / "data")
  if is_first_process():
    generate(
      directory,
      tasks=tuple(config.tasks.in_domain),
      episodes_per_task=config.data.episodes_per_task,
      views=policy.prompter.views,
      seed=config.seed,
      max_ticks_per_decision=config.env.max_ticks_per_decision,
      perturb_share=config.data.perturb_share,
      num_envs=config.data.num_envs,
    )
  meet("demonstrations")
  return directory


def _train_and_evaluate(stage: str, config: ConfigDict, folder: Folder, policy: Policy) -> None:
  params = _trained(stage, config, folder, policy)
  if not is_first_process():  # evaluation is the first's; the others wait before the next stage
    return
  path = folder.stage(TRAINED[stage]) / "evaluation.json"
  results = read_json(path)
  if results is None:
    results = evaluation.run(config, policy, params, title=f"evaluate {stage}")
    write_json(path, results)
  evaluation.record_videos(config, folder, policy, params, stage)
  CONSOLE.print(stage_table(stage, results))
  everything = read_json(folder.results)
  everything["stages"][stage] = results
  write_json(folder.results, everything)
  if len(everything["stages"]) > 1:
    CONSOLE.print(comparison_table(everything["stages"]))


def _trained(stage: str, config: ConfigDict, folder: Folder, policy: Policy) -> Any:
  """The parameters that a stage ends with: read, or trained."""
  path = folder.policy(TRAINED[stage])
  if path.exists():
    return load_policy(path, mesh=policy.mesh)[0]
  train: Callable[[], Any] = {
    "sft": lambda: sft_stage.run_cold_start(
      config, folder, policy, _data_dir(config, folder, policy)
    ),
    "strl": lambda: strl_stage.run(
      config,
      folder,
      policy,
      _data_dir(config, folder, policy),
      _start(config, folder, policy, "sft"),
    ),
    "mtrl": lambda: mtrl_stage.run(config, folder, policy, _start(config, folder, policy, "strl")),
  }[stage]
  params = train()
  spec = PolicySpec(
    model=policy.model,
    views=policy.prompter.views,
    max_prompt_len=policy.prompter.max_prompt_len,
    max_response_len=policy.max_response_len,
    provenance={"experiment": config.name, "stage": stage, "seed": config.seed},
    system=policy.prompter.system,
  )
  save_policy(path, params, spec, policy.prompter.tokenizer)
  return params


def _start(config: ConfigDict, folder: Folder, policy: Policy, stage: str) -> Any:
  """The parameters that a stage starts from: the stage before it here, or the config's `init`."""
  path = folder.policy(TRAINED[stage])
  if not path.exists() and config.init:
    path = Path(config.init)
  if not path.exists():
    raise FileNotFoundError(
      f"{path} is missing: run the {stage!r} stage first, or give a policy folder with "
      "--config.init"
    )
  params, spec, tokenizer = load_policy(path, mesh=policy.mesh)
  model = dataclasses.replace(spec.model, remat=policy.model.remat)  # how it is run, not what it is
  if (model, spec.views or policy.prompter.views) != (policy.model, policy.prompter.views):
    raise ValueError(
      f"{path} is a policy of another model or other views: {spec.model} {spec.views}; this "
      f"config's are {policy.model} {policy.prompter.views}"
    )
  if spec.views and spec.system != policy.prompter.system:  # without views it never played
    raise ValueError(
      f"{path} was trained with the system prompt {spec.system!r}; this config's is "
      f"{policy.prompter.system!r}: set --config.prompt.system"
    )
  if tokenizer.to_str() != policy.prompter.tokenizer.to_str():
    raise ValueError(f"{path} has another tokenizer than this version's: train it anew")
  return params


def _note(folder: Folder, config: ConfigDict, command: str) -> None:
  """Starts results.json, or leaves it."""
  if read_json(folder.results) is not None:
    return
  write_json(
    folder.results,
    {
      "name": config.name,
      "seed": config.seed,
      "command": command,
      "machine": {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "devices": [str(device) for device in jax.devices()],
        "python": platform.python_version(),
        "jax": jax.__version__,
      },
      "wall_s": {},
      "config": read_json(folder.root / "config.json"),
      "stages": {},
    },
  )


def _processor() -> str:
  path = Path("/proc/cpuinfo")
  lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
  names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
  return names[0] if names else platform.processor()


def _add_wall_time(folder: Folder, stage: str, wall_s: float) -> None:
  """Adds up the time of a stage over the runs that it took."""
  results = read_json(folder.results)
  results["wall_s"][stage] = round(results["wall_s"].get(stage, 0.0) + wall_s, 1)
  write_json(folder.results, results)
