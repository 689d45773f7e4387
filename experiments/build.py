"""From a config to the arguments of cross_jax; with the stage files, the only reader of configs."""

import ctypes
import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from ml_collections import ConfigDict

from cross_jax import prompt as chat
from cross_jax import sharding
from cross_jax.base import ROW_AXES, Batch, View
from cross_jax.checkpoint.hf_config import is_same_model
from cross_jax.checkpoint.policy import SPEC, TOKENIZER, load_policy, read_spec, read_tokenizer
from cross_jax.models.qwen2_vl import config as model_presets
from cross_jax.models.qwen2_vl.forward import (
  init_params,
  response_and_attention_logp,
  response_logp,
)
from cross_jax.rollout.packing import Row, pack
from cross_jax.rollout.prompting import Prompter, Prompts
from cross_jax.sampling import make_sampler
from cross_jax.screen import TINY_VIEWS, WHOLE_SCREEN_VIEWS
from cross_jax.steps.sft import AttentionLogpFn
from cross_jax.tokenizer import load_tokenizer
from experiments import placement

VIDEO_VIEW = View(0, 0, 640, 360, 320, 180)
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8  # of glibc's malloc.h


class Lora(NamedTuple):
  """Adapters that are trained in place of the policy; see cross_jax.lora."""

  rank: int
  alpha: float
  pattern: str


class Policy(NamedTuple):
  """Everything about the policy but its parameters."""

  model: Any  # Qwen2VLConfig
  prompter: Prompter
  max_response_len: int
  pad_id: int
  logp_fn: Callable[..., jax.Array]  # (params, batch, **options of response_logp) -> float32[B, N]
  attention_logp_fn: AttentionLogpFn  # of the decoder's middle layer
  checkpoint: Path | None = None  # policy folder of the initial parameters; None: they are random
  mesh: Mesh | None = None  # where it is trained and sampled; None: on one device
  lora: Lora | None = None  # None: all parameters are trained


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
  """The model, its tokenizer and prompt format, and where it computes.

  Raises:
    FileNotFoundError: config.model.checkpoint is no policy folder.
    ValueError: a preset without weights, or of another model than the checkpoint; views of no such
      size; a mesh that does not fit the devices or the model's heads.
  """
  folder, name = config.model.checkpoint, config.model.preset
  checkpoint = Path(folder) if folder else None
  model, tokenizer, views = _random(name) if checkpoint is None else _converted(checkpoint, name)
  if config.model.remat:
    model = dataclasses.replace(model, remat=config.model.remat)
  mesh = placement.make_mesh(config)
  if mesh is not None:
    sharding.qwen2_vl_rules(model, mesh)  # refuses heads that it does not divide
  prompter = Prompter(
    tokenizer, views, model.patch, model.merge, config.prompt.max_prompt_len, config.prompt.system
  )
  return Policy(
    model=model,
    prompter=prompter,
    max_response_len=config.prompt.max_response_len,
    pad_id=chat.pad_id(tokenizer),
    logp_fn=partial(_response_logp, model, prompter.grids),
    attention_logp_fn=partial(_attention_logp, model, prompter.grids),
    checkpoint=checkpoint,
    mesh=mesh,
    lora=Lora(config.lora.rank, config.lora.alpha, config.lora.pattern)
    if config.lora.rank
    else None,
  )


def _random(name: str) -> tuple[Any, Any, tuple[View, ...]]:
  """(model, tokenizer, views) of a policy that starts from random parameters."""
  if name != "tiny":
    raise ValueError(
      f"model.preset={name!r}: experiments in the embedded world have 'tiny'; 2b and 7b need "
      "converted weights and their own tokenizer: --config.model.checkpoint=POLICY, made by "
      "python -m cross_jax.checkpoint.convert"
    )
  return model_presets.tiny(), load_tokenizer(), TINY_VIEWS


def _converted(folder: Path, name: str) -> tuple[Any, Any, tuple[View, ...]]:
  """(model, tokenizer, views) of a policy folder, which is of the preset if one is named."""
  if not (folder / SPEC).is_file():
    raise FileNotFoundError(
      f"model.checkpoint={folder} has no {SPEC}: give a policy folder, made of a Hugging Face one "
      f"by python -m cross_jax.checkpoint.convert --from hf:DIR --to orbax:{folder}"
    )
  spec = read_spec(folder / SPEC)
  if name and not is_same_model(model_presets.preset(name), spec.model):
    raise ValueError(
      f"{folder} is no {name!r}: its model has {spec.model.depth} layers of width "
      f"{spec.model.width}; give its size, or --config.model.preset= for any"
    )
  unit, usual = spec.model.patch * spec.model.merge, (TINY_VIEWS, WHOLE_SCREEN_VIEWS)
  fits = lambda views: all(not side % unit for view in views for side in (view.width, view.height))
  views = spec.views or next((views for views in usual if fits(views)), ())
  if not views or not fits(views):
    raise ValueError(
      f"{folder / SPEC} has views {spec.views}: write into it what the policy is to see of the "
      f"screen, [[x0, y0, x1, y1, width, height], ...] with sides of {unit} px times a whole number"
    )
  return spec.model, read_tokenizer(folder / TOKENIZER, spec.model), views


def _response_logp(model, grids, params, batch: Batch, **options: Any) -> jax.Array:
  return response_logp(params, model, batch, grids, **options)


def _attention_logp(model, grids, params, batch: Batch) -> tuple[jax.Array, jax.Array]:
  return response_and_attention_logp(params, model, batch, grids, layer=model.depth // 2)


def make_initial_params(policy: Policy, *, seed: int) -> Any:
  """The checkpoint's parameters, or random ones; on the mesh if there is one."""
  if policy.checkpoint is not None:
    return load_policy(policy.checkpoint, mesh=policy.mesh)[0]
  start = partial(init_params, jax.random.fold_in(jax.random.key(seed), 1), policy.model)
  if policy.mesh is None:
    return start()
  rules = sharding.qwen2_vl_rules(policy.model, policy.mesh)
  placed = sharding.tree_shardings(jax.eval_shape(start), policy.mesh, rules)
  return jax.jit(start, out_shardings=placed)()  # each device makes its own part


def make_pack(policy: Policy, *, max_targets: int) -> Callable[[Sequence[Row]], Batch]:
  """Rows to a Batch of one shape, with room for max_targets response tokens a row; on the mesh."""
  to_batch = partial(
    pack,
    max_len=policy.prompter.max_prompt_len + max_targets,
    max_targets=max_targets,
    pad_id=policy.pad_id,
  )
  if policy.mesh is None:
    return to_batch
  return lambda rows: sharding.put_batch(to_batch(rows), policy.mesh)


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

  mesh = placement.local_mesh(policy.mesh)

  def with_params(params: Any) -> Callable[[Prompts, np.ndarray], Any]:
    params = placement.local_part(params, policy.mesh)

    def sample(prompts: Prompts, seeds: np.ndarray) -> Any:
      rngs = jax.vmap(jax.random.key)(np.asarray(seeds, np.uint32))
      inputs = (prompts.patches, prompts.ids, prompts.lens, prompts.positions, rngs)
      if mesh is None:
        return sampler(params, *inputs)
      with jax.set_mesh(mesh):
        return sampler(params, *jax.device_put(inputs, _prompt_shardings(mesh)))

    return sample

  return with_params


def _prompt_shardings(mesh: Mesh) -> tuple[NamedSharding, ...]:
  """Of patches, ids, lens, positions and keys: the prompts spread over the devices."""
  rows = sharding.row_sharding(mesh)
  return rows, rows, rows, NamedSharding(mesh, P(None, ROW_AXES)), rows


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
