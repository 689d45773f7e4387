"""The sections of a config with their usual numbers; an experiment file puts them together.

Each function returns a new ConfigDict; a keyword replaces a number, and an unknown one is an error.
"""

from typing import Any

from ml_collections import ConfigDict


def _section(values: dict[str, Any], changes: dict[str, Any]) -> ConfigDict:
  unknown = sorted(set(changes) - set(values))
  if unknown:
    raise ValueError(f"unknown settings {unknown}: this section has {sorted(values)}")
  return ConfigDict({**values, **changes})


def size_of(arg: str | None) -> str:
  """The preset in a config's argument: "tiny" of "size=tiny" or of nothing.

  Raises:
    ValueError: another form of argument.
  """
  if not arg:
    return "tiny"
  key, _, value = arg.partition("=")
  if key != "size" or not value:
    raise ValueError(f"config argument {arg!r}: must be size=PRESET, as in mtrl.py:size=tiny")
  return value


def base(name: str, stages: tuple[str, ...], *, size: str = "tiny", init: str = "") -> ConfigDict:
  """What every experiment has: name, seed, stages, model, prompt and environment."""
  return ConfigDict(
    {
      "name": name,
      "seed": 0,
      "stages": stages,
      "init": init,  # policy folder to start from where the stage before is not part of the run
      # checkpoint: a policy folder to start from, as the conversion makes it of a Hugging Face one;
      # remat: of REMAT_POLICIES, "" for the model's own
      "model": {"preset": size, "checkpoint": "", "remat": ""},
      # lengths in tokens; system: the system prompt, "" for no such turn
      "prompt": {"max_prompt_len": 100, "max_response_len": 40, "system": ""},
      "mesh": {"data": 1, "fsdp": 1, "tensor": 1},  # devices along each axis, -1: the rest
      "distributed": False,  # several processes, see experiments/placement.py
      # adapters of this rank beside frozen parameters in all stages; rank 0: none, all are trained
      "lora": {"rank": 0, "alpha": 16.0, "pattern": "^layers/"},
      "env": {
        "kind": "voxel",
        "num_envs": 32,
        "max_ticks": 600,
        "max_ticks_per_decision": 8,
        "max_decisions": 100,
      },
    }
  )


def data(**changes: Any) -> ConfigDict:
  """Demonstrations; `dir` is a data set made before, "" makes one in the run's folder."""
  values = {"dir": "", "episodes_per_task": 40, "num_envs": 32, "perturb_share": 0.1}
  return _section(values, changes)


def sft(**changes: Any) -> ConfigDict:
  """Cold start: one response of each space to a picture (responses_per_row), the forms in turn."""
  values = {
    "num_steps": 400,
    "batch_size": 16,
    "responses_per_row": 3,
    "max_targets": 80,  # response tokens of a row
    "attention_weight": 0.0,  # against a token: of a Grounding point's attention to where it is
    "optimizer": "muon",  # or "adamw", "adafactor"
    "mu_dtype": "",  # of the first moment: "float32", "bfloat16", or "" for the parameters' own
    "learning_rate": 2e-3,
    "warmup_steps": 20,
    "end_lr_ratio": 0.1,
    "weight_decay": 0.05,
    "max_grad_norm": 1.0,
    "num_microbatches": 1,  # of a batch, one after the other: less memory, the same update
    "is_in_place": False,  # the update takes less memory, and is rounded otherwise
    "log_every": 10,
    "save_every": 100,
  }
  return _section(values, changes)


def _grpo() -> dict[str, Any]:
  return {
    "optimizer": "adamw",  # as of sft
    "mu_dtype": "",
    "learning_rate": 1e-4,
    "warmup_steps": 5,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "clip_low": 0.2,
    "clip_high": 0.28,
    "kl_coef": 0.01,
    "temperature": 1.0,
    "is_vision_frozen": True,
    "batch_size": 32,
    "num_microbatches": 1,  # as of sft
    "is_in_place": False,
    "group_size": 8,
  }


def strl(**changes: Any) -> ConfigDict:
  """Single-turn GRPO and M_cs2; cs2_base says what M_cs2 starts from: random, sft or strl."""
  values = {
    **_grpo(),
    "num_questions": 512,  # the pool that the warm-up filters and D_strl is sampled on
    "num_iterations": 10,
    "questions_per_iteration": 64,
    "max_targets": 128,  # response tokens of a row; a longer group is split over several
    "tolerance_deg": 2.0,
    "format_penalty": 0.1,
    "relabel_per_question": 1,
    "cs2_base": "sft",
    "cs2_steps": 100,
    "cs2_learning_rate": 3e-4,
  }
  return _section(values, changes)


def mtrl(**changes: Any) -> ConfigDict:
  """Multi-turn GRPO."""
  values = {
    **_grpo(),
    "kl_coef": 0.05,
    "temperature": 0.8,  # as evaluated; at 1.0 a small policy hardly ever wins
    "batch_size": 64,
    "num_iterations": 20,
    "num_groups": 12,
    "max_per_episode": 8,  # decisions of an episode that are trained on
    "max_rows": 640,  # decisions of an iteration that are trained on
    "token_penalty": 0.2,
    # A hundred decisions of Grounding are 1,300: the penalty must not outweigh success.
    "budget_tokens": 4000,
    "invalid_penalty": 1.0,  # of an episode in which nothing parses
    "unparsable_penalty": 0.0,  # of the advantage of a response that does not parse
    "num_seeds": 10_000,
  }
  return _section(values, changes)


def evaluation(**changes: Any) -> ConfigDict:
  """Worlds from seed 2,000,000 on, sampled as the official evaluation does (T 0.8, top_p 0.99)."""
  values = {
    "num_seeds_in": 4,
    "num_seeds_out": 2,
    "temperature": 0.8,
    "top_p": 0.99,
    "base_seed": 0,
    "video_tasks": ("mine_block:oak_log", "kill_entity:cow", "craft_item:emerald"),
  }
  return _section(values, changes)
