"""A converted policy of a few thousand parameters, and the config of released weights for it."""

import dataclasses
import json

import numpy as np

from cross_jax.base import View
from cross_jax.checkpoint import convert
from cross_jax.models.qwen2_vl.rope import num_image_tokens
from experiments.configs import crossagent_7b
from tests.experiments import mtrl_run
from tests.models import hf_twin

MODEL = dataclasses.replace(hf_twin.CONFIG, depth=1, vision_depth=1, heads=4, kv_heads=2)
VIEWS = (View(0, 0, 640, 360, 32, 16),)  # 8 image tokens of 8 px
SYSTEM = "Play."
MESH = {"data": 2, "fsdp": -1, "tensor": 2}  # of 8 devices
TEXTS = (*mtrl_run.TEXTS, "Motion: attack / mine", "Action: no_op")


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
