"""A run that is killed and started again equals the run that was not; and bad input is refused."""

import dataclasses
import gc
import itertools

import jax
import numpy as np
import pytest

from cross_jax.checkpoint.policy import PolicySpec, save_policy
from cross_jax.metrics import read_metrics
from cross_jax.stages.evaluate import EVALUATION_SEED
from data_pipelines.demonstrations import FIRST_SEED, LAST_SEED
from experiments import build, pipeline, sections, sft_stage, strl_stage
from experiments.configs import crossagent_voxel, demo, mtrl, sft, strl
from experiments.folder import Folder, claim
from experiments.validate import MAX_TRAINING_SEEDS, check_param_dtype, validate

TEXTS = ("Action: press(w)", "Motion: move forward", "Motion: attack / mine", "Action: no_op")


@pytest.fixture(scope="module")
def config():
  config = demo.get_config()
  config.sft = sections.sft(
    batch_size=2, num_steps=6, warmup_steps=2, log_every=1, save_every=2, mu_dtype="bfloat16"
  )
  return config


@pytest.fixture(scope="module")
def policy(config):
  return build.make_policy(config)


@pytest.fixture(scope="module")
def rows(policy):
  rng = np.random.default_rng(0)
  prompter = policy.prompter
  found = []
  for text in TEXTS:
    images = [rng.integers(0, 256, (v.height, v.width, 3), dtype=np.uint8) for v in prompter.views]
    row = prompter.row(prompter.patches(images), prompter.ids("Mine an oak log."))
    found.append(row._replace(responses=[prompter.encode(text)]))
  return found


class KilledError(Exception):
  pass


def _run(config, folder, policy, rows, monkeypatch=None, die_at=None):
  if die_at is not None:
    steps = itertools.count(1)
    real = sft_stage.RowEpochs.__next__

    def dying(self):
      if next(steps) == die_at:
        raise KilledError
      return real(self)

    monkeypatch.setattr(sft_stage.RowEpochs, "__next__", dying)
  return sft_stage.run_on_rows(
    "cs2",
    config,
    folder,
    policy,
    rows,
    params=None,
    num_steps=config.sft.num_steps,
    learning_rate=1e-3,
    max_targets=40,
  )


def test_killed_and_resumed_equals_uninterrupted(tmp_path, config, policy, rows, monkeypatch):
  held, train = [], sft_stage.train

  def measured(*args, **kwargs):
    gc.collect()
    held.append(sum(array.nbytes for array in jax.live_arrays()))
    return train(*args, **kwargs)

  monkeypatch.setattr(sft_stage, "train", measured)
  whole = Folder(tmp_path / "whole")
  expected = jax.device_get(_run(config, whole, policy, rows))
  broken = Folder(tmp_path / "broken")
  with monkeypatch.context() as patch, pytest.raises(KilledError):
    _run(config, broken, policy, rows, patch, die_at=6)  # after the checkpoint of step 4
  assert len(read_metrics(broken.stage("cs2"))) == 5
  resumed = jax.device_get(_run(config, broken, policy, rows))
  jax.tree.map(np.testing.assert_array_equal, resumed, expected)
  # The metrics of the step that was done twice are there once, and equal.
  assert read_metrics(broken.stage("cs2")) == read_metrics(whole.stage("cs2"))
  fresh, _, again = held
  assert abs(again - fresh) < 0.01 * fresh  # no second state beside the one that was read


def test_a_folder_belongs_to_one_config(tmp_path, config):
  folder = Folder(tmp_path)
  claim(folder, config)
  claim(folder, config)
  other = config.copy_and_resolve_references()
  other.sft.num_steps = 7
  with pytest.raises(ValueError, match="sft.num_steps: 6 there, 7 now.*--workdir"):
    claim(folder, other)
  elsewhere = config.copy_and_resolve_references()
  elsewhere.stages, elsewhere.distributed, elsewhere.mesh.fsdp = ("strl",), True, -1
  claim(folder, elsewhere)  # the same run, on other devices


@pytest.mark.parametrize(
  "path", ["prompt.max_prompt_len", "mtrl.kl_coef", "strl", "env.num_envs", "tasks.in_domain"]
)
def test_a_missing_key_is_named_before_anything_is_written(config, tmp_path, path):
  broken = config.copy_and_resolve_references().unlock()
  *parents, key = path.split(".")
  section = broken
  for parent in parents:
    section = section[parent]
  del section[key]
  with pytest.raises(KeyError, match=f"'{path}' is missing"):
    pipeline.run(broken, str(tmp_path / "run"))
  assert not (tmp_path / "run").exists()


def test_an_unknown_task_is_named_before_anything_is_written(config, tmp_path):
  broken = config.copy_and_resolve_references()
  broken.tasks.out_of_domain = ("mine_block:oak_lag",)
  with pytest.raises(ValueError, match="oak_lag.*oak_log"):
    pipeline.run(broken, str(tmp_path / "run"))
  assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
  "section, values, message",
  [
    ("mtrl", {"temperature": 0.0}, "mtrl.temperature=0.0: must be > 0"),
    ("strl", {"group_size": 1}, "strl.group_size=1: must be at least 2"),
    ("mtrl", {"is_vision_frozen": True, "weight_decay": 0.1}, "would shrink the vision tower"),
    ("sft", {"log_every": 10, "save_every": 25}, "sft.save_every=25: must be a multiple"),
  ],
)
def test_settings_that_cannot_train_as_meant_are_refused(config, section, values, message):
  broken = config.copy_and_resolve_references()
  broken[section].update(values)
  with pytest.raises(ValueError, match=message):
    validate(broken, (section,))
  if section == "sft":  # M_cs2 is trained with these settings too
    with pytest.raises(ValueError, match=message):
      validate(broken, ("strl",))


def test_bfloat16_parameters_are_not_trained_whole(config, policy, tmp_path, monkeypatch):
  half = policy._replace(model=dataclasses.replace(policy.model, param_dtype="bfloat16"))
  monkeypatch.setattr(pipeline, "make_policy", lambda config: half)
  with pytest.raises(ValueError, match="are bfloat16.*--dtype float32.*lora.rank"):
    pipeline.run(config, str(tmp_path / "run"), stages=("mtrl",))
  assert not (tmp_path / "run").exists()
  check_param_dtype(config, ("data", "report"), "bfloat16")
  adapted = config.copy_and_resolve_references()
  adapted.lora.rank = 4
  check_param_dtype(adapted, ("mtrl",), "bfloat16")


def test_an_iteration_of_strl_asks_no_question_twice():
  for count in (3, 7, 9):  # of 7; taken in turn, the third of 3 would straddle two shuffles
    asked = [strl_stage._turn(range(7), count, i, 0) for i in range(8)]
    assert all(len(set(turn)) == len(turn) == min(count, 7) for turn in asked)
    assert set(sum(asked, [])) == set(range(7))
    assert asked[0] != asked[-1]


def test_a_policy_of_another_system_prompt_is_refused(config, policy, tmp_path):
  spec = PolicySpec(
    model=policy.model,
    views=policy.prompter.views,
    max_prompt_len=policy.prompter.max_prompt_len,
    max_response_len=policy.max_response_len,
    provenance={},
    system="Play well.",
  )
  params = build.make_initial_params(policy, seed=0)
  save_policy(tmp_path / "policy", params, spec, policy.prompter.tokenizer)
  config = config.copy_and_resolve_references()
  config.init = str(tmp_path / "policy")
  with pytest.raises(ValueError, match="system prompt 'Play well.'; this config's is ''"):
    pipeline._start(config, Folder(tmp_path / "run"), policy, "sft")


def test_training_worlds_stay_below_the_demonstrations(config):
  broken = config.copy_and_resolve_references()
  broken.mtrl.num_seeds = 10_001
  with pytest.raises(ValueError, match="mtrl.num_seeds=10001"):
    validate(broken, ("mtrl",))
  broken.mtrl.num_seeds = broken.mtrl.num_groups - 1
  with pytest.raises(ValueError, match="each group of an iteration has a world of its own"):
    validate(broken, ("mtrl",))
  assert FIRST_SEED >= MAX_TRAINING_SEEDS and EVALUATION_SEED > LAST_SEED


def test_an_unknown_stage_is_named(config):
  with pytest.raises(ValueError, match="sftt"):
    validate(config, ("sftt",))


def test_an_unknown_preset_is_named(config):
  broken = config.copy_and_resolve_references()
  broken.model.preset = "70b"
  with pytest.raises(ValueError, match="'70b'"):
    build.make_policy(broken)


def test_an_unknown_setting_is_refused():
  with pytest.raises(ValueError, match="num_step'.*num_steps"):
    sections.sft(num_step=5)


@pytest.mark.parametrize("module", [sft, strl, mtrl, crossagent_voxel])
def test_experiment_files_take_a_size(module):
  assert module.get_config("size=2b").model.preset == "2b"
  with pytest.raises(ValueError, match="size=PRESET"):
    module.get_config("tiny")


def test_a_prompt_that_is_too_long_is_refused(policy):
  with pytest.raises(ValueError, match="over max_prompt_len=100"):
    policy.prompter.ids("mine an oak log " * 40)
