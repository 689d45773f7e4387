"""The 2b and 7b training steps as compiled programs: of shapes and shardings, without an array."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, NamedTuple
from unittest import mock

import jax
import jax.numpy as jnp

from benchmarks import flops
from cross_jax import optim, sharding
from cross_jax.base import Batch
from cross_jax.models.qwen2_vl import attention
from cross_jax.models.qwen2_vl import config as configs
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.forward import init_params, response_logp
from cross_jax.steps import init_state, make_grpo_step, make_sft_step

GRID = (26, 46)  # patches of a 640x360 screen as Hugging Face's processor sizes it: 644x364 px
PROMPT_LEN, RESPONSE_LEN = 704, 64  # tokens; 299 of the prompt are the picture's
NUM_RESPONSES = {"sft": 1, "grpo": 8}  # to the prompt of a row
ROWS = {"sft": 4, "grpo": 2}  # per device and step
# Attention as accelerators have it. That of CPUs joins rows and heads in one axis, which a mesh's
# 'tensor' cannot split; the library's writes scores too, but splits them.
KERNELS = {"cpu": "library", "tpu": "splash"}
# What a slice of a TPU v5p is called whose first devices make the mesh.
TOPOLOGIES = {1: "v5p:2x2x1", 8: "v5p:2x2x2", 64: "v5p:4x4x4", 256: "v5p:4x8x8"}


class Program(NamedTuple):
  """One compiled step: what it is called, and how large."""

  stage: str  # "sft" or "grpo"
  preset: str  # "2b" or "7b"
  mesh: tuple[int, int, int]  # (data, fsdp, tensor)
  remat: str = configs.REMAT
  param_dtype: str = "float32"  # of parameters, and so of AdamW's moments
  logit_chunk: int = configs.LOGIT_CHUNK  # response tokens of a row whose logits exist at a time

  @property
  def num_devices(self) -> int:
    return math.prod(self.mesh)

  @property
  def num_rows(self) -> int:
    """Of the global batch: as many per device on every mesh."""
    return ROWS[self.stage] * self.num_devices

  @property
  def num_targets(self) -> int:
    """Response tokens of a row."""
    return NUM_RESPONSES[self.stage] * RESPONSE_LEN

  @property
  def num_tokens(self) -> int:
    """Tokens of a row: a prompt and the responses to it."""
    return PROMPT_LEN + self.num_targets

  def config(self, **changes: Any) -> Qwen2VLConfig:
    """The preset's, with float32 masters or not, and other `changes`."""
    options = {name: getattr(self, name) for name in ("remat", "param_dtype", "logit_chunk")}
    return dataclasses.replace(configs.preset(self.preset), **options, **changes)


def devices_for(platform: str, num_devices: int) -> Sequence[jax.Device]:
  """What a program is compiled for: this process's CPU devices, or those of a TPU that is not here.

  Args:
    platform: "cpu" or "tpu"; the latter needs the package libtpu, and no TPU.
    num_devices: of the mesh, one of TOPOLOGIES.
  Raises:
    ImportError: there is no libtpu.
  """
  if platform == "cpu":
    return jax.devices("cpu")
  from jax.experimental import topologies

  try:
    topology = topologies.get_topology_desc(TOPOLOGIES[num_devices], platform="tpu")
  except (RuntimeError, FileNotFoundError) as error:
    raise ImportError(
      f"no compiler for TPUs ({error}): pip install the libtpu that `pip install 'jax[tpu]'` "
      "takes, or give --platform cpu"
    ) from error
  return topology.devices


def batch_shapes(program: Program, config: Qwen2VLConfig) -> Batch:
  """The global batch as shapes."""
  rows, targets = program.num_rows, (program.num_rows, program.num_targets)
  tokens = jax.ShapeDtypeStruct((rows, program.num_tokens), jnp.int32)
  patches = (rows, math.prod(GRID), config.patch_dim)
  of_targets = lambda dtype: jax.ShapeDtypeStruct(targets, dtype)
  return Batch(
    patches=jax.ShapeDtypeStruct(patches, jnp.uint8),
    token_ids=tokens,
    segment_ids=tokens,
    positions=jax.ShapeDtypeStruct((3, *tokens.shape), jnp.int32),
    target_ids=of_targets(jnp.int32),
    target_from=of_targets(jnp.int32),
    target_mask=of_targets(jnp.bool_),
    old_logp=of_targets(jnp.float32),
    advantage=of_targets(jnp.float32),
    attend_to=of_targets(jnp.int32),
  )


def state_shapes(config: Qwen2VLConfig, optimizer: Any) -> Any:
  """The TrainState as shapes."""
  make = lambda rng: init_state(init_params(rng, config), optimizer, rng)
  return jax.eval_shape(make, jax.random.key(0))


def compile_step(program: Program, config: Qwen2VLConfig, platform: str) -> jax.stages.Compiled:
  """Compiles a step for a mesh of devices that need not exist.

  Args:
    program: what to compile.
    config: of the model: program.config(), or one of fewer layers.
    platform: "cpu" or "tpu".
  """
  devices = devices_for(platform, program.num_devices)
  mesh = sharding.make_mesh(*program.mesh, devices=devices)
  optimizer, _ = optim.make_optimizer(learning_rate=1e-5, warmup_steps=100, total_steps=1000)
  state, batch = state_shapes(config, optimizer), batch_shapes(program, config)
  rows = (
    sharding.tree_shardings(state, mesh, sharding.qwen2_vl_rules(config, mesh)),
    sharding.batch_shardings(mesh),
  )
  logp_fn = lambda params, batch: response_logp(params, config, batch, (GRID,))
  if program.stage == "sft":
    step, arguments = make_sft_step(logp_fn, optimizer, shardings=rows), (state, batch)
  else:
    rows = (*rows, sharding.row_sharding(mesh))
    step, arguments = (
      make_grpo_step(logp_fn, optimizer, shardings=rows),
      (
        state,
        batch,
        batch.old_logp,
      ),
    )
  # The model picks its attention by the platform of this process, which is not the program's.
  with mock.patch.object(attention, "platform_kernel", lambda: KERNELS[platform]):
    traced = step.trace(*arguments)
  return traced.lower(lowering_platforms=(platform,)).compile()


def needed_flops(program: Program, config: Qwen2VLConfig) -> int:
  """Floating-point operations per device of the model: nothing counted that is computed twice."""
  row = flops.training_flops(config, GRID, PROMPT_LEN, program.num_targets)
  return row * program.num_rows // program.num_devices


def score_bytes(program: Program, config: Qwen2VLConfig) -> int:
  """Bytes per device of the largest layer's attention scores, float32 [rows, heads, T, T].

  A CPU's program holds a few arrays of this size; fused kernels hold none.
  """
  rows = program.num_rows / (program.mesh[0] * program.mesh[1])
  of_decoder = config.heads * program.num_tokens**2
  of_vision = config.vision_heads * math.prod(GRID) ** 2
  return int(4 * rows * max(of_decoder, of_vision) / program.mesh[2])


def kept_bytes(program: Program, config: Qwen2VLConfig) -> int:
  """Bytes per device of what `full` keeps for the backward pass: the inputs of all layers."""
  rows = program.num_rows / (program.mesh[0] * program.mesh[1])
  of_decoder = config.depth * program.num_tokens * config.width
  of_vision = config.vision_depth * math.prod(GRID) * config.vision_width
  return int(rows * (of_decoder + of_vision) * jnp.dtype(config.dtype).itemsize)
