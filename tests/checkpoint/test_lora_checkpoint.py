"""Adapters saved alone, and the policy that they and their base make."""

import jax
import numpy as np
import pytest

from cross_jax import lora
from cross_jax.checkpoint import CheckpointManager, convert, load_meta, load_params, save_params
from cross_jax.checkpoint.policy import load_policy, save_policy
from cross_jax.checkpoint.tree import num_bytes
from cross_jax.optim import make_optimizer
from cross_jax.steps import init_state
from cross_jax.tokenizer import load_tokenizer
from tests.checkpoint.small_policy import MODEL, SPEC, random_params

ALPHA = 8.0


@pytest.fixture(scope="module")
def base():
  return random_params()


@pytest.fixture
def adapters(base):
  make = lambda: lora.init_adapters(jax.random.key(0), base, rank=2, pattern="(q_proj|v_proj)")
  rng = np.random.default_rng(1)
  return jax.tree.map(
    lambda a: np.asarray(rng.normal(size=a.shape), np.float32), jax.eval_shape(make)
  )


def bytes_on_disk(folder):
  return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def assert_equal(got, expected):
  assert jax.tree.structure(got) == jax.tree.structure(expected)
  jax.tree.map(np.testing.assert_array_equal, got, expected)


def test_a_checkpoint_holds_the_adapters_and_not_the_base(tmp_path, base, adapters):
  optimizer, _ = make_optimizer(learning_rate=1e-3, warmup_steps=0, total_steps=10)
  state = init_state(adapters, optimizer, jax.random.key(0))
  with CheckpointManager(tmp_path / "run") as manager:
    manager.save(1, state, {"alpha": ALPHA})
    restored = manager.restore(state)
  assert_equal(restored.state.params, adapters)
  # Adapters and two moments, and what Orbax writes of names and shapes.
  assert num_bytes(state) < 3 * num_bytes(adapters) + 100
  assert bytes_on_disk(tmp_path / "run") < num_bytes(state) + 40_000 < num_bytes(base) / 3
  joined = lora.join(base, restored.state.params, alpha=restored.meta["alpha"])
  assert joined["layers"]["q_proj"].keys() == {"kernel", "bias", "lora_a", "lora_b"}


def test_adapters_as_plain_parameters_bring_their_alpha(tmp_path, adapters):
  save_params(tmp_path / "adapters", adapters, meta={"alpha": ALPHA})
  assert_equal(load_params(tmp_path / "adapters"), adapters)
  assert load_meta(tmp_path / "adapters") == {"alpha": ALPHA}


def test_merged_parameters_are_a_policy_that_goes_to_hugging_face(tmp_path, base, adapters):
  merged = lora.merge(base, adapters, alpha=ALPHA)
  save_policy(tmp_path / "policy", merged, SPEC, load_tokenizer())
  params, spec, _ = load_policy(tmp_path / "policy")
  assert_equal(params, merged)
  assert spec.model == MODEL
  convert.orbax_to_hf(tmp_path / "policy", tmp_path / "served")
  convert.hf_to_orbax(tmp_path / "served", tmp_path / "back")
  assert_equal(load_policy(tmp_path / "back")[0], merged)
  kernel = base["layers"]["q_proj"]["kernel"]
  assert np.abs(params["layers"]["q_proj"]["kernel"] - kernel).max() > 0.1
