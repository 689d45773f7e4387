"""Conversion between Hugging Face folders and policy folders: same bits, and clear refusals."""

import dataclasses
import doctest
import json
import shutil

import jax
import numpy as np
import pytest
import safetensors.numpy
import torch

from cross_jax.checkpoint import convert, hf_config, hf_names
from cross_jax.checkpoint.hf_names import common_key
from cross_jax.checkpoint.policy import load_policy, save_policy
from cross_jax.models.qwen2_vl.config import LOGIT_CHUNK, REMAT
from cross_jax.tokenizer import load_tokenizer
from tests.checkpoint.small_policy import MODEL, SPEC, random_params
from tests.models import hf_twin


def save_hf(directory, *, is_tied=True, dtype="float32", shard="5GB"):
  config = dataclasses.replace(hf_twin.CONFIG, is_tied=is_tied)
  model = hf_twin.random_model(config).to(getattr(torch, dtype))
  hf_twin.save(model, directory, max_shard_size=shard)
  return directory


@pytest.fixture(scope="module")
def made(tmp_path_factory):
  """A whole float32 checkpoint in one file, tied."""
  return save_hf(tmp_path_factory.mktemp("made") / "hf")


@pytest.fixture
def source(made, tmp_path):
  return shutil.copytree(made, tmp_path / "source")


def bits(directory):
  """{usual name: (dtype, shape, bytes)} of a folder, read by the safetensors library."""
  found = {}
  for path in directory.glob("*.safetensors"):
    for key, values in safetensors.numpy.load_file(path).items():
      found[common_key(key)] = (str(values.dtype), values.shape, values.tobytes())
  return found


def run(capsys, *arguments):
  status = convert.main([str(argument) for argument in arguments])
  out, err = capsys.readouterr()
  return status, out, err


def refused(capsys, source, target):
  """The one-line error of a conversion that must leave nothing behind."""
  before = sorted(target.parent.iterdir())
  status, out, err = run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{target}")
  assert (status, out) == (1, "") and err.startswith("error: ") and err.count("\n") == 1
  assert sorted(target.parent.iterdir()) == before
  return err


@pytest.mark.parametrize(
  "is_tied, dtype, shard",
  [(True, "float32", "5GB"), (False, "bfloat16", "5GB"), (True, "bfloat16", "60KB")],
)
def test_there_and_back_keeps_every_bit(tmp_path, capsys, is_tied, dtype, shard):
  source = save_hf(tmp_path / "hf", is_tied=is_tied, dtype=dtype, shard=shard)
  is_sharded = shard != "5GB"
  assert (source / "model.safetensors.index.json").exists() == is_sharded
  policy, back = tmp_path / "runs" / "policy", tmp_path / "back"
  status, out, err = run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{policy}")
  assert (status, err) == (0, "") and f"tensors, {dtype}" in out
  options = ("--max-shard-gb", 60e3 / 1e9) if is_sharded else ()
  assert run(capsys, "--from", f"orbax:{policy}", "--to", f"hf:{back}", *options)[0] == 0
  assert bits(back) == bits(source)
  assert ("lm_head.weight" in bits(back)) == (not is_tied)
  assert (back / "model.safetensors.index.json").exists() == is_sharded
  for name in ("config.json", "generation_config.json", "tokenizer.json"):
    assert json.loads((back / name).read_text()) == json.loads((source / name).read_text())
  # transformers reads what we write, and says nothing of missing or unknown keys.
  model, info = hf_twin.load_in_transformers(back)
  assert not any(info.values()), info
  assert next(model.parameters()).dtype == getattr(torch, dtype)


def test_a_converted_policy_loads(source, tmp_path, capsys):
  run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{tmp_path / 'policy'}")
  params, spec, tokenizer = load_policy(tmp_path / "policy")
  expected, config = hf_twin.load(source)
  jax.tree.map(np.testing.assert_array_equal, params, expected)
  assert (
    spec.model
    == config
    == dataclasses.replace(hf_twin.CONFIG, is_scanned=True, logit_chunk=LOGIT_CHUNK, remat=REMAT)
  )
  assert spec.views == ()
  assert tokenizer.encode("Action: no_op").ids == load_tokenizer().encode("Action: no_op").ids


def test_a_game_policy_goes_to_hugging_face_and_back(tmp_path, capsys):
  first, hf, second = (tmp_path / name for name in ("first", "hf", "second"))
  save_policy(first, random_params(), SPEC, load_tokenizer())
  assert run(capsys, "--from", f"orbax:{first}", "--to", f"hf:{hf}")[0] == 0
  assert run(capsys, "--from", f"hf:{hf}", "--to", f"orbax:{second}")[0] == 0
  params, spec, _ = load_policy(second)
  jax.tree.map(np.testing.assert_array_equal, params, random_params())
  assert spec == SPEC
  (hf / "policy.json").write_text(
    (hf / "policy.json").read_text().replace('"rope_theta": 10000.0', '"rope_theta": 5.0')
  )
  assert "describes another model" in refused(capsys, hf, tmp_path / "third")


def test_a_policy_without_views_comes_back_as_it_was(tmp_path, capsys):
  first, hf, second = (tmp_path / name for name in ("first", "hf", "second"))
  model = dataclasses.replace(SPEC.model, dtype="bfloat16")
  spec = SPEC._replace(model=model, views=(), max_prompt_len=777, system="Play well.")
  save_policy(first, random_params(), spec, load_tokenizer())
  assert run(capsys, "--from", f"orbax:{first}", "--to", f"hf:{hf}")[0] == 0
  assert run(capsys, "--from", f"hf:{hf}", "--to", f"orbax:{second}")[0] == 0
  assert load_policy(second)[1] == spec


@pytest.mark.parametrize("direction", ["in", "out"])
def test_verify_says_how_far(source, tmp_path, capsys, direction):
  policy = tmp_path / "policy"
  first = ("--from", f"hf:{source}", "--to", f"orbax:{policy}")
  if direction == "in":
    status, out, err = run(capsys, *first, "--verify")
  else:
    run(capsys, *first)
    status, out, err = run(
      capsys, "--from", f"orbax:{policy}", "--to", f"hf:{tmp_path / 'back'}", "--verify"
    )
  assert status == 0, err
  assert "logits within" in out


def test_verify_refuses_other_logits(source, tmp_path, capsys, monkeypatch):
  right = convert.hf_folder.to_leaf

  def swapped(tensor, values):
    return right(tensor, -values if tensor.key.endswith("layers.1.mlp.up_proj.weight") else values)

  monkeypatch.setattr(convert.hf_folder, "to_leaf", swapped)
  status, _, err = run(
    capsys, "--from", f"hf:{source}", "--to", f"orbax:{tmp_path / 'policy'}", "--verify"
  )
  assert status == 1 and "logits differ from transformers' by up to" in err
  assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_verify_without_transformers_is_a_clear_error(source, tmp_path, capsys, monkeypatch):
  monkeypatch.setitem(convert.sys.modules, "transformers", None)
  status, _, err = run(
    capsys, "--from", f"hf:{source}", "--to", f"orbax:{tmp_path / 'policy'}", "--verify"
  )
  assert status == 1 and "pip install '.[hf]' in a checkout, or convert without --verify" in err
  assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def edit_tensors(directory, change):
  """Rewrites model.safetensors after `change` of its dict."""
  tensors = safetensors.numpy.load_file(directory / "model.safetensors")
  change(tensors)
  safetensors.numpy.save_file(tensors, directory / "model.safetensors", {"format": "pt"})


BLOCK = "visual.blocks.1.attn.proj.bias"
TENSOR_EDITS = {
  "missing": (lambda t: t.pop(BLOCK), [f"{BLOCK} is missing"]),
  "unknown": (
    lambda t: t.update({"model.layers.2.mlp.up_proj.weight": np.zeros((2, 2), np.float32)}),
    ["model.layers.2.mlp.up_proj.weight is unknown"],
  ),
  "shape": (
    lambda t: t.update({BLOCK: np.zeros(17, np.float32)}),
    [f"{BLOCK} is [17], config.json says [16]"],
  ),
  "dtype": (lambda t: t.update({BLOCK: np.zeros(16, np.float16)}), [BLOCK, "F16", "F32"]),
  "head": (
    lambda t: t.update({"lm_head.weight": np.zeros((960, 48), np.float32)}),
    ["lm_head.weight differs from model.embed_tokens.weight"],
  ),
  "twice": (
    lambda t: t.update({"model.visual.blocks.1.attn.proj.bias": np.zeros(16, np.float32)}),
    ["model.visual.blocks.1.attn.proj.bias", "has it too", BLOCK],
  ),
}


@pytest.mark.parametrize("name", TENSOR_EDITS)
def test_tensors_that_do_not_fit_are_named(source, tmp_path, capsys, name):
  change, words = TENSOR_EDITS[name]
  edit_tensors(source, change)
  err = refused(capsys, source, tmp_path / "policy")
  assert all(word in err for word in words), err


def test_a_tied_projection_that_is_stored_too_is_dropped(source, tmp_path, capsys):
  embedding = "model.embed_tokens.weight"
  edit_tensors(source, lambda t: t.update({"lm_head.weight": t[embedding].copy()}))
  assert run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{tmp_path / 'policy'}")[0] == 0
  assert "head" not in load_policy(tmp_path / "policy")[0]


def test_names_inside_transformers_are_understood(source, tmp_path, capsys):
  def rename(tensors):
    for key in list(tensors):
      inner = key.replace("model.", "model.language_model.", 1)
      inner = key.replace("visual.", "model.visual.", 1) if key.startswith("visual.") else inner
      tensors[inner] = tensors.pop(key)

  expected = bits(source)
  edit_tensors(source, rename)
  assert run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{tmp_path / 'policy'}")[0] == 0
  run(capsys, "--from", f"orbax:{tmp_path / 'policy'}", "--to", f"hf:{tmp_path / 'back'}")
  assert bits(tmp_path / "back") == expected


@pytest.mark.parametrize("share", [0.0, 0.01, 0.6, 0.9999])
def test_truncated_weights_are_named(source, tmp_path, capsys, share):
  path = source / "model.safetensors"
  size = path.stat().st_size
  with path.open("r+b") as file:
    file.truncate(int(size * share))
  err = refused(capsys, source, tmp_path / "policy")
  assert f"model.safetensors is {int(size * share)} bytes" in err and "truncated" in err


def test_weights_that_are_no_safetensors_are_named(source, tmp_path, capsys):
  (source / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0[1, 2, 3" + b"x" * 99)
  assert "has no readable header" in refused(capsys, source, tmp_path / "policy")
  (source / "model.safetensors").unlink()
  assert "has neither model.safetensors nor" in refused(capsys, source, tmp_path / "policy")


def edit_json(path, **changes):
  path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_config_of_another_family_is_named(source, tmp_path, capsys):
  edit_json(source / "config.json", model_type="qwen2_5_vl")
  (source / "model.safetensors").unlink()  # it is not asked for
  err = refused(capsys, source, tmp_path / "policy")
  assert "config.json: model_type 'qwen2_5_vl', only 'qwen2_vl' can be converted" in err


def test_pictures_of_another_model_are_named(source, tmp_path, capsys):
  (source / "preprocessor_config.json").write_text('{"patch_size": 14}')
  err = refused(capsys, source, tmp_path / "policy")
  assert "preprocessor_config.json: patch_size 14, this model's pictures have 4" in err


def test_shards_and_index_that_differ_are_named(tmp_path, capsys):
  source = save_hf(tmp_path / "hf", shard="60KB")
  index = source / "model.safetensors.index.json"
  described = json.loads(index.read_text())
  first, last = (sorted(set(described["weight_map"].values()))[i] for i in (0, -1))
  key = next(key for key, shard in described["weight_map"].items() if shard == first)
  described["weight_map"][key] = last
  index.write_text(json.dumps(described))
  assert key in refused(capsys, source, tmp_path / "policy")
  (source / last).unlink()
  assert f"{last} is missing" in refused(capsys, source, tmp_path / "policy")
  described["weight_map"][key] = "../hf/" + last
  index.write_text(json.dumps(described))
  assert "shards must be files beside it" in refused(capsys, source, tmp_path / "policy")


def test_an_existing_target_and_wrong_arguments(source, tmp_path, capsys):
  (tmp_path / "policy").mkdir()
  err = refused(capsys, source, tmp_path / "policy")
  assert "policy exists: give another directory" in err
  for arguments, message in (
    (("--from", "hf:a", "--to", "hf:b"), "--from and --to are both hf"),
    (("--from", "torch:a", "--to", "hf:b"), "'torch:a' is neither hf:DIR nor orbax:DIR"),
    (("--from", "orbax:a", "--to", "hf:b", "--max-shard-gb", "0"), "must be above 0"),
  ):
    with pytest.raises(SystemExit):
      run(capsys, *arguments)
    assert message in capsys.readouterr().err


def test_a_failing_write_leaves_nothing(source, tmp_path, capsys, monkeypatch):
  policy = tmp_path / "policy"
  run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{policy}")

  def fail(*_):
    raise OSError(28, "No space left on device")

  monkeypatch.setattr(convert.hf_folder, "from_leaf", fail)
  status, _, err = run(capsys, "--from", f"orbax:{policy}", "--to", f"hf:{tmp_path / 'back'}")
  assert status == 1 and "No space left on device" in err
  assert sorted(path.name for path in tmp_path.iterdir()) == ["policy", "source"]


def test_docstring_examples():
  assert doctest.testmod(hf_names).failed == 0


def test_half_precision_is_refused_on_the_way_out(tmp_path, capsys):
  half = dataclasses.replace(MODEL, param_dtype="float16")
  params = jax.tree.map(lambda leaf: leaf.astype(np.float16), random_params())
  save_policy(tmp_path / "policy", params, SPEC._replace(model=half), load_tokenizer())
  status, _, err = run(
    capsys, "--from", f"orbax:{tmp_path / 'policy'}", "--to", f"hf:{tmp_path / 'hf'}"
  )
  assert status == 1 and "parameters are float16, only bfloat16 and float32" in err
  assert sorted(path.name for path in tmp_path.iterdir()) == ["policy"]


def test_a_model_that_hugging_face_cannot_have():
  odd = dataclasses.replace(MODEL, head_dim=24, mrope_section=(4, 4, 4))
  with pytest.raises(ValueError, match="2 heads of 24 in a width of 32"):
    hf_config.to_hf(odd, load_tokenizer())
