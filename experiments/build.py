"""From a config to the arguments of cross_jax; with the stage files, the only reader of configs."""

import ctypes
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from cross_jax import prompt as chat
from cross_jax.base import Batch, View
from cross_jax.models.qwen2_vl import config as model_presets
from cross_jax.models.qwen2_vl.forward import (
  init_params,
  response_and_attention_logp,
  response_logp,
)
from cross_jax.rollout.packing import Row, pack
from cross_jax.rollout.prompting import Prompter, Prompts
from cross_jax.sampling import make_sampler
from cross_jax.screen import TINY_VIEWS
from cross_jax.steps import init_state
from cross_jax.steps.sft import AttentionLogpFn
from cross_jax.tokenizer import load_tokenizer

VIDEO_VIEW = View(0, 0, 640, 360, 320, 180)
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # of glibc's malloc.h


class Policy(NamedTuple):
  """Everything about the policy but its parameters."""

  model: Any  # Qwen2VLConfig
  prompter: Prompter
  max_response_len: int
  pad_id: int
  logp_fn: Callable[..., jax.Array]  # (params, batch, **options of response_logp) -> float32[B, N]
  attention_logp_fn: AttentionLogpFn  # of the decoder's middle layer


def share_compiled(folder: str) -> None:
  """Keeps compiled programs in a folder: a run, resumed too, compiles each once."""
  jax.config.update("jax_compilation_cache_dir", folder)
  jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)


def keep_freed_memory() -> None:
  """Lets glibc's malloc keep what is freed for the next call instead of giving it back.

  A training step on a CPU allocates half a gigabyte of temporaries; given back after each step,
  every page of them is faulted in and cleared again, which took a third of the step's time. Does
  nothing where the C library is another one.
  """
  libc = ctypes.CDLL(None)
  if not hasattr(libc, "gnu_get_libc_version"):
    return
  for option, value in ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_ARENA_MAX, 1)):
    libc.mallopt(option, value)


def make_policy(config: ConfigDict) -> Policy:
  """The model, its tokenizer and prompt format."""
  tokenizer = load_tokenizer()
  match config.model.preset:
    case "tiny":
      model, views = model_presets.tiny(), TINY_VIEWS
    case other:
      raise ValueError(
        f"model.preset={other!r}: experiments in the embedded world have 'tiny'; 2b and 7b need "
        "converted weights and their own tokenizer"
      )
  prompter = Prompter(tokenizer, views, model.patch, model.merge, config.prompt.max_prompt_len)
  return Policy(
    model=model,
    prompter=prompter,
    max_response_len=config.prompt.max_response_len,
    pad_id=chat.pad_id(tokenizer),
    logp_fn=partial(_response_logp, model, prompter.grids),
    attention_logp_fn=partial(_attention_logp, model, prompter.grids),
  )


def _response_logp(model, grids, params, batch: Batch, **options: Any) -> jax.Array:
  return response_logp(params, model, batch, grids, **options)


def _attention_logp(model, grids, params, batch: Batch) -> tuple[jax.Array, jax.Array]:
  return response_and_attention_logp(params, model, batch, grids, layer=model.depth // 2)


def make_initial_state(policy: Policy, optimizer: Any, seed: int, params: Any = None) -> Any:
  """A TrainState: random parameters from the seed, or copies of the given ones."""
  if params is None:
    params = make_initial_params(policy, seed=seed)
  return init_state(params, optimizer, jax.random.fold_in(jax.random.key(seed), 2))


def make_initial_params(policy: Policy, *, seed: int) -> Any:
  """Random parameters."""
  return init_params(jax.random.fold_in(jax.random.key(seed), 1), policy.model)


def make_pack(policy: Policy, *, max_targets: int) -> Callable[[Sequence[Row]], Batch]:
  """Rows to a Batch of one shape, with room for max_targets response tokens a row."""
  return partial(
    pack,
    max_len=policy.prompter.max_prompt_len + max_targets,
    max_targets=max_targets,
    pad_id=policy.pad_id,
  )


def make_sample(
  policy: Policy, *, num_samples: int, temperature: float, top_p: float
) -> Callable[[Any], Callable[[Prompts, np.ndarray], Any]]:
  """params -> (prompts, seeds) -> Sampled, log-probs at `temperature`; compiled once."""
  sampler = make_sampler(
    policy.model,
    policy.prompter.grids,
    max_prompt_len=policy.prompter.max_prompt_len,
    max_new_tokens=policy.max_response_len,
    num_samples=num_samples,
    temperature=temperature,
    top_p=top_p,
    logp_temperature=temperature or 1.0,
    stop_ids=(chat.end_id(policy.prompter.tokenizer),),
  )

  def with_params(params: Any) -> Callable[[Prompts, np.ndarray], Any]:
    def sample(prompts: Prompts, seeds: np.ndarray) -> Any:
      rngs = jax.vmap(jax.random.key)(np.asarray(seeds, np.uint32))
      return sampler(params, prompts.patches, prompts.ids, prompts.lens, prompts.positions, rngs)

    return sample

  return with_params


def make_env(config: ConfigDict, views: Sequence[View]) -> Any:
  """The games of the config.

  Raises:
    ValueError: an unknown env.kind.
  """
  from cross_jax.envs.voxel.env import VoxelEnv

  kind = config.env.kind
  if kind != "voxel":
    raise ValueError(f"env.kind={kind!r}: only 'voxel' is built in")
  return VoxelEnv(config.env.num_envs, tuple(views), max_ticks=config.env.max_ticks)
