"""Stages from a converted checkpoint on a mesh of eight devices, whole and with adapters."""

import itertools

import jax
import numpy as np
import pytest

from cross_jax import lora
from cross_jax.checkpoint import load_meta, load_params
from cross_jax.checkpoint.hf_chat import read_chat
from cross_jax.checkpoint.policy import load_policy
from cross_jax.conversation import encode_conversation
from cross_jax.metrics import read_metrics
from cross_jax.rollout.prompting import stack_prompts
from experiments import build, sft_stage
from experiments.folder import Folder
from experiments.placement import mesh_sizes
from experiments.validate import check_mesh
from tests.checkpoint import chat_folder
from tests.experiments import converted_run, mtrl_run
from tests.experiments.mtrl_run import KilledError

SFT = dict(num_steps=4, batch_size=8, num_microbatches=2, warmup_steps=1, learning_rate=1e-2,
           log_every=1, save_every=2)  # fmt: skip
GRPO = dict(batch_size=8, num_microbatches=1, learning_rate=1e-2, warmup_steps=0)
SIZES = dict(group_size=4, num_iterations=2, max_targets=24)  # of the stage
ONE = {"data": 1, "fsdp": 1, "tensor": 1}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
  return converted_run.convert_twin(tmp_path_factory.mktemp("converted"))


def run_sft(config, folder, policy):
  rows = converted_run.make_rows(policy)
  trained = sft_stage.run_on_rows(
    "cs2", config, folder, policy, rows, params=None, num_steps=4, learning_rate=1e-2,
    max_targets=24,
  )  # fmt: skip
  return jax.device_get(trained)


def test_sft_on_a_mesh_equals_one_device_and_its_resumed_run(tmp_path, checkpoint, monkeypatch):
  config = converted_run.make_config(checkpoint, sft=SFT)
  policy = build.make_policy(config)
  assert dict(policy.mesh.shape) == {"data": 2, "fsdp": 2, "tensor": 2}
  start = build.make_initial_params(policy, seed=0)
  kernel = start["layers"]["gate_proj"]["kernel"]
  assert kernel.sharding.shard_shape(kernel.shape) == (1, 24, 20)  # of [1, 48, 40]
  whole, broken, alone = (Folder(tmp_path / name) for name in ("whole", "broken", "alone"))
  got = run_sft(config, whole, policy)

  with monkeypatch.context() as patch, pytest.raises(KilledError):
    steps, real = itertools.count(1), sft_stage.RowEpochs.__next__

    def dying(self):
      if next(steps) == 4:  # after the checkpoint of step 2
        raise KilledError
      return real(self)

    patch.setattr(sft_stage.RowEpochs, "__next__", dying)
    run_sft(config, broken, policy)
  resumed = run_sft(config, broken, policy)
  jax.tree.map(np.testing.assert_array_equal, resumed, got)
  assert read_metrics(broken.stage("cs2")) == read_metrics(whole.stage("cs2"))

  config.mesh = ONE
  on_one = build.make_policy(config)
  assert on_one.mesh is None
  expected = run_sft(config, alone, on_one)
  losses = [[m["loss"] for m in read_metrics(f.stage("cs2"))] for f in (whole, alone)]
  np.testing.assert_allclose(*losses, rtol=1e-5)
  moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), expected, jax.device_get(start))
  assert min(jax.tree.leaves(moved)) > 1e-3  # all of it is trained
  # AdamW makes a step of a gradient's rounding where the gradient is nearly none.
  close = jax.tree.map(lambda a, b: np.abs(a - b).mean() < 1e-4, got, expected)
  assert jax.tree.all(close)


def test_grpo_with_adapters_on_a_mesh(tmp_path, checkpoint):
  config = converted_run.make_config(checkpoint, mtrl={**GRPO, "optimizer": "adafactor"})
  config.lora.rank, config.lora.pattern = 2, "(q_proj|v_proj)"
  policy = build.make_policy(config)
  base = load_policy(checkpoint, mesh=policy.mesh)[0]
  folders = [Folder(tmp_path / name) for name in ("whole", "broken")]

  def run(folder, die_at=None):
    play = mtrl_run.make_play(policy, die_at=die_at)
    learner, state = mtrl_run.run_mtrl(config, policy, play, folder, base, **SIZES)
    return learner, state, jax.device_get(learner.finish(state.params, folder, "mtrl"))

  learner, state, merged = run(folders[0])
  with pytest.raises(KilledError):
    run(folders[1], die_at=1)
  resumed = run(folders[1])[2]
  jax.tree.map(np.testing.assert_array_equal, resumed, merged)
  rows = read_metrics(folders[0].stage("mtrl"))
  assert [row["num_updates"] for row in rows] == [1.0, 1.0] and int(state.step) == 2
  assert rows[0]["kl"] == 0.0 < rows[1]["kl"]  # the reference is the base without adapters

  saved = folders[0].stage("mtrl") / "adapters"
  adapters = load_params(saved)
  assert set(adapters["layers"]) == {"q_proj", "v_proj"} and load_meta(saved)["alpha"] == 16.0
  again = lora.merge(load_policy(checkpoint)[0], adapters, alpha=16.0)
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), merged, again)
  before = jax.device_get(base)
  changed = jax.tree.map(lambda a, b: not np.array_equal(a, b), merged, before)
  assert changed["layers"]["q_proj"]["kernel"] and not changed["layers"]["o_proj"]["kernel"]


def test_sampling_on_a_mesh_equals_one_device(checkpoint):
  config = converted_run.make_config(checkpoint)
  seeds, found = np.arange(8), []
  for sizes in (converted_run.MESH, ONE):
    config.mesh = sizes
    policy = build.make_policy(config)
    params = build.make_initial_params(policy, seed=0)
    sampler = build.make_sample(policy, num_samples=1, temperature=1.0, top_p=0.9)
    rows = converted_run.make_rows(policy)
    prompts = stack_prompts(rows, max_prompt_len=48, pad_id=policy.pad_id)
    found.append(jax.device_get(sampler(params)(prompts, seeds)))
  np.testing.assert_array_equal(found[0].ids, found[1].ids)
  np.testing.assert_allclose(found[0].logp, found[1].logp, atol=1e-4)


def test_the_prompt_is_the_checkpoints_own_template(tmp_path, checkpoint):
  config = converted_run.make_config(checkpoint)
  config.prompt.system = "You are a helpful assistant."  # what the template adds by itself
  policy = build.make_policy(config)
  folder = chat_folder.write(tmp_path / "chat")
  chat = read_chat(folder, policy.model, policy.prompter.tokenizer)
  picture = {"type": "image", "image": np.zeros((16, 32, 3), np.uint8)}
  words = {"type": "text", "text": "Mine an oak log."}
  asked = encode_conversation(chat, [{"role": "user", "content": [picture, words]}])
  assert policy.prompter.ids("Mine an oak log.").tolist() == asked.ids.tolist()


@pytest.mark.parametrize(
  "sizes, message",
  [
    ({"data": -1, "fsdp": -1, "tensor": 1}, "one axis may be -1"),
    ({"data": 3, "fsdp": -1, "tensor": 1}, "must divide the 8 devices"),
    ({"data": 16, "fsdp": 1, "tensor": 1}, "need 16 devices"),
    ({"data": 1, "fsdp": 1, "tensor": 4}, "'tensor' 4 does not divide the model's 2 vision_heads"),
  ],
)
def test_a_mesh_that_does_not_fit_is_refused(checkpoint, sizes, message):
  config = converted_run.make_config(checkpoint)
  config.mesh = sizes
  with pytest.raises(ValueError, match=message):
    build.make_policy(config)


def test_rows_that_do_not_divide_are_refused(checkpoint):
  config = converted_run.make_config(checkpoint, sft=SFT)
  mesh = build.make_policy(config).mesh
  check_mesh(config, ("sft", "mtrl"), mesh)
  for section, key, value, message in (
    ("sft", "num_microbatches", 4, r"sft.batch_size / num_microbatches=2 .*multiple of 4"),
    ("sft", "num_microbatches", 3, "sft.batch_size=8: must be a multiple of sft.num_microbatches"),
    ("mtrl", "batch_size", 6, "mtrl.batch_size"),
    ("env", "num_envs", 6, "env.num_envs=6 .*multiple of 4"),
  ):
    changed = config.copy_and_resolve_references()
    changed[section][key] = value
    with pytest.raises(ValueError, match=message):
      check_mesh(changed, ("sft", "mtrl"), mesh)


def test_a_checkpoint_that_is_none_or_of_another_size_is_named(tmp_path, checkpoint):
  config = converted_run.make_config(checkpoint)
  config.model.preset = "7b"
  with pytest.raises(ValueError, match="is no '7b': its model has 1 layers of width 48"):
    build.make_policy(config)
  config.model.checkpoint = str(tmp_path)
  with pytest.raises(FileNotFoundError, match="has no policy.json.*checkpoint.convert --from hf:"):
    build.make_policy(config)


def test_mesh_sizes():
  assert mesh_sizes({"data": -1, "fsdp": 2, "tensor": 2}, 16) == (4, 2, 2)
  assert mesh_sizes(ONE, 8) == (1, 1, 1)
