"""The same random weights and the same rows in our Qwen2-VL and in transformers'."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from cross_jax.checkpoint import hf_files, hf_folder
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig, qwen2_vl_2b
from cross_jax.models.qwen2_vl.forward import init_params
from cross_jax.models.qwen2_vl.preprocess import image_patches, pixel_values
from cross_jax.models.qwen2_vl.rope import Grid, mrope_positions, num_image_tokens
from cross_jax.rollout.packing import Row
from cross_jax.sharding import path_name
from cross_jax.tokenizer import load_tokenizer

VISION_START, VISION_END, IMAGE, PAD = 3, 4, 5, 0  # ids of our tokenizer
FIRST_PLAIN = 10  # ids from here are text
_SHARD_BYTES = 2**40  # one file
_NOISE = 0.02  # of the weights, so that no bias is zero and no scale is one


def small(vocab_size: int = 151_936) -> Qwen2VLConfig:
  """Qwen2-VL-2B's vocabulary and layers at a third of its width, four of them: 105 million."""
  return dataclasses.replace(
    qwen2_vl_2b(),
    vision_width=320,
    vision_depth=3,
    vision_heads=4,
    width=512,
    depth=4,
    heads=4,
    kv_heads=2,
    mlp_width=2944,
    vocab_size=vocab_size,
    image_token_id=IMAGE,
    dtype="float32",
    param_dtype="float32",
    is_scanned=False,
  )


def quick() -> Qwen2VLConfig:
  """A few million parameters, for a run of seconds."""
  return dataclasses.replace(
    small(vocab_size=16_384),
    vision_width=160,
    vision_depth=2,
    vision_heads=2,
    width=256,
    depth=3,
    heads=2,
    kv_heads=1,
    mlp_width=1472,
  )


@dataclasses.dataclass(frozen=True)
class Work:
  """What both sides do; sent to their processes."""

  checkpoint: str  # Hugging Face folder of the weights
  config: Qwen2VLConfig
  num_prompts: int
  num_text: int  # text tokens of a prompt
  num_responses: int  # per prompt
  response_len: int  # tokens
  image_size: tuple[int, int] = (360, 640)  # px, (height, width)
  device: str = "cpu"  # or "gpu"
  seed: int = 0


def described(work: Work) -> dict[str, Any]:
  """The numbers of a piece of work, for the result."""
  rows, (prompt_len, image_tokens) = work.num_prompts, lengths(work)
  return {
    "device": work.device,
    "prompts": rows,
    "responses_per_prompt": work.num_responses,
    "response_tokens": work.response_len,
    "prompt_tokens": prompt_len,
    "prompt_text_tokens": work.num_text,
    "prompt_image_tokens": image_tokens,
    "image_px": list(work.image_size),
    "parameters": num_parameters(work.config),
    "model": dataclasses.asdict(work.config),
  }


def num_parameters(config: Qwen2VLConfig) -> int:
  shapes = jax.eval_shape(lambda: init_params(jax.random.key(0), config))
  return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def write_weights(directory: Path, config: Qwen2VLConfig, seed: int = 0) -> None:
  """Writes a checkpoint with random weights, none of them trivial."""

  @jax.jit
  def draw(rng):
    params = init_params(rng, config)
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(rng, len(leaves))
    noisy = [p + _NOISE * jax.random.normal(k, p.shape, p.dtype) for p, k in zip(leaves, keys)]
    return jax.tree.unflatten(tree, [n if p.ndim < 3 else p for n, p in zip(noisy, leaves)])

  directory.mkdir(parents=True)
  params = draw(jax.random.key(seed))
  leaves = {path_name(path): np.asarray(leaf) for path, leaf in jax.tree.leaves_with_path(params)}
  hf_folder.write_checkpoint(
    directory, leaves.__getitem__, config, load_tokenizer(), max_shard_bytes=_SHARD_BYTES
  )


def grids(work: Work) -> tuple[Grid, ...]:
  """The grid, in patches, of a prompt's only picture."""
  picture = Image.new("RGB", work.image_size[::-1])
  return (image_patches(picture, work.config)[1],)


def lengths(work: Work) -> tuple[int, int]:
  """(tokens of a prompt, image tokens among them)."""
  image_tokens = num_image_tokens(grids(work)[0], work.config.merge)
  return work.num_text + image_tokens + 2, image_tokens


def rows(work: Work) -> list[Row]:
  """Random prompts, each with a picture between its text, and random responses to them."""
  rng, config = np.random.default_rng(work.seed), work.config
  text = lambda n: rng.integers(FIRST_PLAIN, config.vocab_size, n).astype(np.int32)
  made = []
  for _ in range(work.num_prompts):
    pixels = rng.integers(0, 256, (*work.image_size, 3)).astype(np.uint8)
    patches, grid = image_patches(Image.fromarray(pixels), config)
    image = [VISION_START, *[IMAGE] * num_image_tokens(grid, config.merge), VISION_END]
    before = text(work.num_text // 2)
    ids = np.concatenate([before, image, text(work.num_text - len(before))]).astype(np.int32)
    positions = mrope_positions(ids, (grid,), merge=config.merge, image_token_id=IMAGE)
    responses = [text(work.response_len) for _ in range(work.num_responses)]
    made.append(Row(patches, ids, positions, responses))
  return made


def our_params(work: Work) -> Any:
  """The weights in our layout, on the default device."""
  params = hf_folder.read_params(hf_files.Checkpoint(Path(work.checkpoint)), work.config)
  return jax.tree.map(jnp.copy, jax.device_put(params, jax.devices()[0]))


def peer_model(work: Work) -> Any:
  """The weights in transformers' model, on the peer's device, in memory of its own."""
  import torch
  import transformers

  from benchmarks import machine

  torch.set_num_threads(machine.num_cores())
  transformers.utils.logging.disable_progress_bar()
  model = transformers.Qwen2VLForConditionalGeneration.from_pretrained(
    work.checkpoint, dtype=getattr(torch, work.config.dtype), attn_implementation="sdpa",
    local_files_only=True,
  )  # fmt: skip
  with torch.no_grad():
    for parameter in model.parameters():  # what was read may be a view of the file
      parameter.data = parameter.data.clone()
  return model.to(peer_device(work))


def peer_device(work: Work) -> str:
  return "cuda" if work.device == "gpu" else "cpu"


def peer_inputs(work: Work, prompts: list[Row], responses: np.ndarray | None = None) -> Any:
  """What transformers' model takes, one row per response.

  Args:
    work: of the rows.
    prompts: one per row.
    responses: int32[B, N], after the prompts; None for the prompts alone.
  """
  import torch

  ids = np.stack([row.prompt_ids for row in prompts])
  if responses is not None:
    ids = np.concatenate([ids, responses], axis=1)
  patches = np.concatenate([row.patches for row in prompts])
  tensors = {
    "input_ids": torch.tensor(ids, dtype=torch.long),
    "attention_mask": torch.ones(ids.shape, dtype=torch.long),
    "mm_token_type_ids": torch.tensor(ids == IMAGE, dtype=torch.int),
    "pixel_values": torch.from_numpy(pixel_values(patches, work.config)),
    "image_grid_thw": torch.tensor([(1, *grids(work)[0])] * len(prompts)),
  }
  return {name: tensor.to(peer_device(work)) for name, tensor in tensors.items()}
