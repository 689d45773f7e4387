"""Policy folders: what is saved comes back; whatever is missing or damaged is named."""

import dataclasses
import json
import shutil
from collections import namedtuple

import jax
import numpy as np
import pytest

from cross_jax import sharding
from cross_jax.checkpoint import disk
from cross_jax.checkpoint.policy import load_policy, save_policy
from cross_jax.tokenizer import load_tokenizer
from tests.checkpoint.small_policy import MODEL, SPEC, random_params


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
  directory = tmp_path_factory.mktemp("policy") / "policy"
  save_policy(directory, random_params(), SPEC, load_tokenizer())
  return directory


@pytest.fixture
def copy(saved, tmp_path):
  return shutil.copytree(saved, tmp_path / "policy")


def test_what_is_saved_comes_back(saved):
  params, spec, tokenizer = load_policy(saved)
  assert spec == SPEC
  assert type(spec.views[0]) is type(SPEC.views[0])
  jax.tree.map(np.testing.assert_array_equal, params, random_params())
  text = "Grounding: Mine <|point_start|>(512,433)<|point_end|>"
  assert tokenizer.encode(text).ids == load_tokenizer().encode(text).ids


def test_a_policy_of_a_mesh_is_read_anywhere(saved, tmp_path):
  mesh = sharding.make_mesh(2, 2, 1)
  params, spec, tokenizer = load_policy(saved, mesh=mesh)
  kernel = params["layers"]["gate_proj"]["kernel"]
  assert kernel.sharding.shard_shape(kernel.shape) == (1, 16, 48)  # of [1, 32, 48]
  jax.tree.map(np.testing.assert_array_equal, params, random_params())
  save_policy(tmp_path / "policy", params, spec, tokenizer)
  # Also where those devices are not: left to itself, Orbax restores onto the mesh of the save.
  again = load_policy(tmp_path / "policy")[0]
  jax.tree.map(np.testing.assert_array_equal, again, random_params())
  assert {len(leaf.devices()) for leaf in jax.tree.leaves(again)} == {1}
  with pytest.raises(ValueError, match="'tensor' 4 does not divide the model's 2 heads"):
    load_policy(saved, mesh=sharding.make_mesh(1, 1, 4))


def test_an_existing_folder_is_left_alone(copy):
  before = (copy / "policy.json").read_bytes()
  with pytest.raises(FileExistsError, match="give another directory"):
    save_policy(copy, random_params(seed=1), SPEC._replace(max_prompt_len=1), load_tokenizer())
  assert (copy / "policy.json").read_bytes() == before


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
  usage = namedtuple("usage", "total used free")
  monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10, 10))
  with pytest.raises(OSError, match=r"needed up to \d+ bytes, free 10 bytes"):
    save_policy(tmp_path / "policy", random_params(), SPEC, load_tokenizer())
  assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_saving_leaves_nothing_behind(tmp_path):
  class Interrupted:
    def to_str(self, pretty):
      raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    save_policy(tmp_path / "policy", random_params(), SPEC, Interrupted())
  assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["policy.json", "tokenizer.json", "params"])
def test_a_missing_part_is_named(copy, name):
  path = copy / name
  shutil.rmtree(path) if path.is_dir() else path.unlink()
  with pytest.raises(FileNotFoundError, match=rf"policy/{name} is missing: give a policy folder"):
    load_policy(copy)


def test_a_missing_folder_is_named(tmp_path):
  with pytest.raises(FileNotFoundError, match="nowhere"):
    load_policy(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"model": {"widht": 3}, "views": []}'])
def test_a_damaged_description_is_named(copy, content):
  (copy / "policy.json").write_text(content)
  with pytest.raises(ValueError, match=r"policy/policy.json does not describe a policy"):
    load_policy(copy)


def test_a_description_that_no_model_can_have_is_named(copy):
  described = json.loads((copy / "policy.json").read_text())
  described["model"]["kv_heads"] = 5
  (copy / "policy.json").write_text(json.dumps(described))
  with pytest.raises(ValueError, match=r"policy/policy.json .*kv_heads 5"):
    load_policy(copy)


def test_parameters_of_another_shape_are_named(saved, tmp_path):
  other = SPEC._replace(model=dataclasses.replace(MODEL, mlp_width=56))
  save_policy(tmp_path / "policy", random_params(), other, load_tokenizer())
  with pytest.raises(ValueError, match=r"48(.|\n)*56|56(.|\n)*48"):
    load_policy(tmp_path / "policy")


def test_a_damaged_tokenizer_is_named(copy):
  (copy / "tokenizer.json").write_text('{"model": ')
  with pytest.raises(ValueError, match=r"tokenizer.json is not a tokenizer"):
    load_policy(copy)


def test_a_tokenizer_too_large_for_the_model_is_named(tmp_path):
  small = dataclasses.replace(MODEL, vocab_size=100)
  spec = SPEC._replace(model=small)
  save_policy(tmp_path / "policy", random_params(small), spec, load_tokenizer())
  with pytest.raises(ValueError, match=r"tokens, the model beside it only 100: copy the tokenizer"):
    load_policy(tmp_path / "policy")
