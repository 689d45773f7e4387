"""The cold start with supervised attention, on batches from memory."""

import numpy as np

from cross_jax.metrics import read_metrics
from experiments import build, sections, sft_stage
from experiments.configs import demo
from experiments.folder import Folder

POINT = "<|object_ref_start|>oak log<|object_ref_end|><|point_start|>(431,520)<|point_end|>"
RESPONSES = [f"Grounding: Mine {POINT}", "Motion: attack / mine"]


class Repeated:
  """The same batch for ever, in the form of data_pipelines.iterator."""

  def __init__(self, views):
    rng = np.random.default_rng(0)
    self._batch = {
      "views": tuple(rng.integers(0, 256, (2, v.height, v.width, 3), np.uint8) for v in views),
      "instruction": ["Mine an oak log.", "Chop an oak log."],
      "previous": ["", "Motion: "],
      "responses": [RESPONSES, RESPONSES],
      "choice_weights": [[1.0, 1.0], [0.2, 1.8]],
    }

  def __iter__(self):
    return self

  def __next__(self):
    return self._batch

  def get_state(self):
    return {}


def test_attention_goes_to_the_point(tmp_path, monkeypatch):
  config = demo.get_config()
  config.sft = sections.sft(
    num_steps=8,
    batch_size=2,
    warmup_steps=1,
    optimizer="adamw",
    attention_weight=1.0,
    log_every=1,
    save_every=8,
  )
  policy = build.make_policy(config)
  monkeypatch.setattr(
    sft_stage, "make_iterator", lambda *args, **options: Repeated(policy.prompter.views)
  )
  folder = Folder(tmp_path)
  sft_stage.run_cold_start(config, folder, policy, "")
  attention_nll = [row["attention_nll"] for row in read_metrics(folder.stage("sft"))]
  # Uniform over a prompt of some 80 tokens is 4.4 nats; the place is learnt from its label alone.
  assert len(attention_nll) == 8 and 3.0 < attention_nll[0] < 6.0
  assert attention_nll[-1] < attention_nll[0] - 1.0
