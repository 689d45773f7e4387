"""A converted policy of a few thousand parameters, and the config of released weights for it."""

import dataclasses
import json

import numpy as np

from cross_jax.base import Decision, Trajectory, View
from cross_jax.checkpoint import convert
from cross_jax.models.qwen2_vl.rope import num_image_tokens
from cross_jax.stages import mtrl
from experiments.configs import crossagent_7b
from tests.models import hf_twin

MODEL = dataclasses.replace(hf_twin.CONFIG, depth=1, vision_depth=1, heads=4, kv_heads=2)
VIEWS = (View(0, 0, 640, 360, 32, 16),)  # 8 image tokens of 8 px
SYSTEM = "Play."
MESH = {"data": 2, "fsdp": -1, "tensor": 2}  # of 8 devices
TEXTS = ("Action: press(w)", "Motion: move forward", "Motion: attack / mine", "Action: no_op")


def convert_twin(folder):
  """A policy folder made of transformers' model with random weights, with views of the game."""
  hf_twin.save(hf_twin.random_model(MODEL), folder / "hf")
  policy = folder / "policy"
  assert convert.main(["--from", f"hf:{folder / 'hf'}", "--to", f"orbax:{policy}"]) == 0
  spec = json.loads((policy / "policy.json").read_text())
  (policy / "policy.json").write_text(json.dumps({**spec, "views": [list(VIEWS[0])]}))
  return policy


def make_config(policy_folder, **sections):
  """configs/crossagent_7b.py at this size; sections={"sft": {...}} replace numbers."""
  config = crossagent_7b.get_config()
  config.model.preset = ""
  config.model.checkpoint = str(policy_folder)
  config.prompt = {"max_prompt_len": 48, "max_response_len": 24, "system": SYSTEM}
  config.mesh = MESH
  for name, changes in sections.items():
    config[name].update(changes)
  return config


def make_rows(policy):
  """Rows of random pictures, one response each."""
  rng, prompter = np.random.default_rng(0), policy.prompter
  assert prompter.image_tokens == (num_image_tokens((4, 8), 2),)
  rows = []
  for text in TEXTS * 2:
    images = [rng.integers(0, 256, (v.height, v.width, 3), dtype=np.uint8) for v in prompter.views]
    row = prompter.row(prompter.patches(images), prompter.ids("Mine an oak log."))
    rows.append(row._replace(responses=[prompter.encode(text)]))
  return rows


def make_play(policy, *, die_at=None, error=RuntimeError):
  """Episodes of one decision whose pictures, samples and outcome depend on the seeds alone."""
  prompter = policy.prompter

  def play(params, episodes, seed):
    if seed == die_at:
      raise error
    played = []
    for episode in episodes:
      rng = np.random.default_rng((seed, episode.seed, episode.member))
      views = tuple(
        rng.integers(0, 256, (v.height, v.width, 3), dtype=np.uint8) for v in prompter.views
      )
      ids = prompter.encode(TEXTS[episode.member % 2])
      logp = -rng.random(len(ids)).astype(np.float32)
      prompt = prompter.ids("Mine an oak log.")
      decision = Decision(views, prompt, ids, logp, "", "motion", num_ticks=1)
      won = bool(episode.member % 2)
      played.append(Trajectory(episode.task, episode.seed, (decision,), won, 1, len(ids), 0, None))
    return played

  return play


def run_mtrl(config, policy, play, training, folder, params):
  """Two iterations of multi-turn GRPO on the episodes of `play`; returns (learner, state)."""
  with training(
    "mtrl", config, folder, policy, params, max_targets=24, note=lambda metrics: ""
  ) as under_way:
    state = mtrl.run(
      under_way.state,
      tasks=("mine_block:oak_log",),
      play=play,
      make_row=lambda d: policy.prompter.row(policy.prompter.patches(d.views), d.prompt_ids),
      update=under_way.update,
      num_groups=2,
      group_size=4,
      token_penalty=0.1,
      budget_tokens=100,
      invalid_penalty=0.1,
      unparsable_penalty=3.0,
      max_per_episode=4,
      max_rows=16,
      num_seeds=100,
      seed=0,
      num_iterations=2,
      start=under_way.start,
      log=under_way.log,
      save=under_way.save,
    )
  return under_way.learner, state
