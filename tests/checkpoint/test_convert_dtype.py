"""--dtype: float32 parameters of a bfloat16 checkpoint, and back to the same bits."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cross_jax.checkpoint.policy import load_policy, save_policy
from cross_jax.tokenizer import load_tokenizer
from tests.checkpoint.test_convert import bits, run, save_hf
from tests.models import hf_twin


def test_masters_and_back(tmp_path, capsys):
  source, policy, back = save_hf(tmp_path / "hf", dtype="bfloat16"), tmp_path / "p", tmp_path / "b"
  status, out, _ = run(
    capsys, "--from", f"hf:{source}", "--to", f"orbax:{policy}", "--dtype", "float32", "--verify"
  )
  assert status == 0 and "tensors, float32" in out and "logits within" in out
  params, spec, _ = load_policy(policy)
  assert (spec.model.dtype, spec.model.param_dtype) == ("bfloat16", "float32")
  stored, _ = hf_twin.load(source)
  jax.tree.map(
    lambda got, half: np.testing.assert_array_equal(got, half.astype(jnp.float32)), params, stored
  )
  assert run(
    capsys, "--from", f"orbax:{policy}", "--to", f"hf:{back}", "--dtype", "bfloat16"
  )[0] == 0  # fmt: skip
  assert bits(back) == bits(source)


@pytest.mark.parametrize("is_verified", [False, True])
def test_what_bfloat16_cannot_say_is_rounded(tmp_path, capsys, is_verified):
  source, policy, served = save_hf(tmp_path / "hf"), tmp_path / "policy", tmp_path / "served"
  assert run(capsys, "--from", f"hf:{source}", "--to", f"orbax:{policy}")[0] == 0
  params, spec, _ = load_policy(policy)
  params["norm"]["scale"] = jnp.full_like(
    params["norm"]["scale"], 1 + 2**-9
  )  # the next is 1 + 2**-7
  model = dataclasses.replace(spec.model, dtype="bfloat16")
  save_policy(tmp_path / "tuned", params, spec._replace(model=model), load_tokenizer())
  options = ("--dtype", "bfloat16", *(("--verify",) if is_verified else ()))
  status, out, err = run(
    capsys, "--from", f"orbax:{tmp_path / 'tuned'}", "--to", f"hf:{served}", *options
  )
  assert (status, err) == (0, "") and "tensors, bfloat16" in out
  written, config = hf_twin.load(served)
  assert config.param_dtype == "bfloat16"
  assert np.all(np.asarray(written["norm"]["scale"], np.float32) == 1.0)
