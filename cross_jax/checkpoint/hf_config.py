"""config.json of a Hugging Face Qwen2-VL checkpoint, both layouts, to and from Qwen2VLConfig."""

import dataclasses
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from cross_jax.models.qwen2_vl.config import LOGIT_CHUNK, REMAT, Qwen2VLConfig

MODEL_TYPE = "qwen2_vl"
# Settings that our model has no other value of: {name: (values that mean the same, default)}.
_FIXED_TEXT = {
  "hidden_act": (("silu",), "silu"),
  "use_sliding_window": ((False,), False),
  "attention_bias": ((True,), True),
}
_FIXED_VISION = {"hidden_act": (("quick_gelu",), "quick_gelu")}
# What transformers takes where vision_config is silent: from 4.45 on fine-tuned models are saved
# without the numbers that are its defaults. Source: Qwen2VLVisionConfig.
_VISION_DEFAULTS = {
  "depth": 32,
  "embed_dim": 1280,
  "mlp_ratio": 4,
  "num_heads": 16,
  "patch_size": 14,
  "spatial_merge_size": 2,
  "temporal_patch_size": 2,
}
_ROPE_TYPES = ("mrope", "default")
_VISION_THETA = 10_000.0
_IMAGE_TOKEN_ID = 151_655  # of every Qwen2-VL checkpoint, where config.json does not say
_SPECIAL_IDS = {  # key of config.json -> token
  "bos_token_id": "<|endoftext|>",
  "eos_token_id": "<|im_end|>",
  "pad_token_id": "<|endoftext|>",
  "vision_start_token_id": "<|vision_start|>",
  "vision_end_token_id": "<|vision_end|>",
  "vision_token_id": "<|vision_pad|>",
  "video_token_id": "<|video_pad|>",
}


def check_family(described: dict[str, Any], where: Path) -> None:
  """Raises ValueError, with the model_type, if a config.json is not of Qwen2-VL."""
  family = described.get("model_type")
  if family != MODEL_TYPE:
    raise ValueError(
      f"{where}: model_type {family!r}, only {MODEL_TYPE!r} can be converted; give the folder of a "
      "Qwen2-VL model (Qwen2.5-VL and Qwen3-VL have other layers)"
    )


def from_hf(described: dict[str, Any], *, dtype: str, where: Path) -> Qwen2VLConfig:
  """The config that a config.json describes.

  Args:
    described: its content; the decoder's numbers at the top (Qwen2-VL's own checkpoints) or in
      `text_config` (transformers 5).
    dtype: of the stored tensors, `bfloat16` or `float32`: that of parameters and activations.
    where: the file, for errors.
  Returns:
    The config; layers are scanned and rematerialised and logits chunked, as in the presets 2b, 7b.
  Raises:
    ValueError: of another model family, a number is missing, or a setting that our model lacks;
      names the value.
  """
  check_family(described, where)
  nested, vision = described.get("text_config") or {}, described.get("vision_config")
  if not isinstance(nested, dict) or not isinstance(vision, dict):
    raise ValueError(f"{where}: no object vision_config; give the config.json of a Qwen2-VL model")
  vision = {**_VISION_DEFAULTS, **vision}
  text = {**nested, **{key: value for key, value in described.items() if key not in nested}}
  for part, settings, fixed in (("", text, _FIXED_TEXT), ("vision_config.", vision, _FIXED_VISION)):
    for name, (allowed, default) in fixed.items():
      if settings.get(name, default) not in allowed:
        raise ValueError(
          f"{where}: {part}{name} {settings[name]!r}, this model has only {allowed[0]!r}"
        )
  rope = text.get("rope_parameters") or text.get("rope_scaling") or {}
  rope = rope if isinstance(rope, dict) else {"type": rope}
  rope_type = rope.get("rope_type", rope.get("type"))
  if rope_type not in _ROPE_TYPES or "mrope_section" not in rope:
    raise ValueError(
      f"{where}: rotary positions {rope}, this model has only type 'mrope' with an mrope_section"
    )
  is_tied = described.get("tie_word_embeddings") or nested.get("tie_word_embeddings") or False
  if not isinstance(is_tied, bool):
    raise ValueError(f"{where}: tie_word_embeddings {is_tied!r}, must be true or false")
  vision_theta = (vision.get("rope_parameters") or {}).get("rope_theta", _VISION_THETA)
  if vision_theta != _VISION_THETA:
    raise ValueError(
      f"{where}: vision_config rope_theta {vision_theta}, this model has only {_VISION_THETA}"
    )
  channels = vision.get("in_channels", vision.get("in_chans", 3))
  try:
    config = Qwen2VLConfig(
      patch=_whole(vision, "patch_size", "vision_config."),
      merge=_whole(vision, "spatial_merge_size", "vision_config."),
      temporal_patch=_whole(vision, "temporal_patch_size", "vision_config."),
      vision_width=_whole(vision, "embed_dim", "vision_config."),
      vision_depth=_whole(vision, "depth", "vision_config."),
      vision_heads=_whole(vision, "num_heads", "vision_config."),
      vision_mlp_ratio=_whole(vision, "mlp_ratio", "vision_config."),
      width=_whole(text, "hidden_size"),
      depth=_whole(text, "num_hidden_layers"),
      heads=_whole(text, "num_attention_heads"),
      kv_heads=_whole(text, "num_key_value_heads"),
      head_dim=_whole(text, "hidden_size") // _whole(text, "num_attention_heads"),
      mlp_width=_whole(text, "intermediate_size"),
      vocab_size=_whole(text, "vocab_size"),
      rope_theta=float(rope["rope_theta"] if "rope_theta" in rope else text["rope_theta"]),
      mrope_section=tuple(rope["mrope_section"]),
      rms_norm_eps=float(text["rms_norm_eps"]),
      is_tied=is_tied,
      image_token_id=_whole({"image_token_id": _IMAGE_TOKEN_ID, **described}, "image_token_id"),
      dtype=dtype,
      param_dtype=dtype,
      is_scanned=True,
      logit_chunk=LOGIT_CHUNK,
      remat=REMAT,
    )
  except KeyError as error:
    raise ValueError(f"{where} lacks {error.args[0]}: take the file of the checkpoint") from error
  except (ValueError, TypeError, ZeroDivisionError) as error:
    raise ValueError(f"{where}: {error}") from error
  merger_width = vision.get("hidden_size", config.width)
  if channels != 3 or merger_width != config.width or config.width % config.heads:
    raise ValueError(
      f"{where}: {channels} channels, vision_config.hidden_size {merger_width}, hidden_size "
      f"{config.width}, {config.heads} heads: must be 3 channels, equal sizes, a multiple of heads"
    )
  return config


def _whole(settings: dict[str, Any], name: str, prefix: str = "") -> int:
  """A setting as an int (a JSON number may be written 4.0); ValueError if it is no whole number."""
  value = settings[name]
  if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
    raise ValueError(f"{prefix}{name} {value!r}, must be a whole number")
  return int(value)


def is_same_model(one: Qwen2VLConfig, other: Qwen2VLConfig) -> bool:
  """Whether two configs differ at most in dtypes and in how they are run."""
  run = {
    "dtype": "float32",
    "param_dtype": "float32",
    "is_scanned": False,
    "logit_chunk": 0,
    "remat": "none",
  }
  return dataclasses.replace(one, **run) == dataclasses.replace(other, **run)


def to_hf(config: Qwen2VLConfig, tokenizer: Tokenizer) -> dict[str, Any]:
  """The config.json of a model, in the layout of Qwen2-VL's own checkpoints.

  Args:
    config: of the model.
    tokenizer: of the model; special tokens that it lacks are left out.
  Returns:
    What to write.
  Raises:
    ValueError: Hugging Face's model cannot have these numbers.
  """
  if config.heads * config.head_dim != config.width:
    raise ValueError(
      f"{config.heads} heads of {config.head_dim} in a width of {config.width}: Hugging Face's "
      f"Qwen2-VL has heads of width / heads = {config.width / config.heads:g} only"
    )
  ids = {key: tokenizer.token_to_id(token) for key, token in _SPECIAL_IDS.items()}
  return {
    "architectures": ["Qwen2VLForConditionalGeneration"],
    "model_type": MODEL_TYPE,
    "hidden_size": config.width,
    "num_hidden_layers": config.depth,
    "num_attention_heads": config.heads,
    "num_key_value_heads": config.kv_heads,
    "intermediate_size": config.mlp_width,
    "vocab_size": config.vocab_size,
    "hidden_act": "silu",
    "rms_norm_eps": config.rms_norm_eps,
    "rope_theta": config.rope_theta,
    "rope_scaling": {"type": "mrope", "mrope_section": list(config.mrope_section)},
    "max_position_embeddings": 32_768,
    "use_sliding_window": False,
    "attention_dropout": 0.0,
    "tie_word_embeddings": config.is_tied,
    "torch_dtype": config.param_dtype,
    "image_token_id": config.image_token_id,
    **{key: value for key, value in ids.items() if value is not None},
    "vision_config": {
      "model_type": MODEL_TYPE,
      "depth": config.vision_depth,
      "embed_dim": config.vision_width,
      "num_heads": config.vision_heads,
      "mlp_ratio": config.vision_mlp_ratio,
      "hidden_act": "quick_gelu",
      "hidden_size": config.width,
      "in_channels": 3,
      "in_chans": 3,
      "patch_size": config.patch,
      "spatial_patch_size": config.patch,
      "spatial_merge_size": config.merge,
      "temporal_patch_size": config.temporal_patch,
    },
  }
