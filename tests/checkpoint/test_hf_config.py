"""config.json: both layouts, and what of another model is refused by name."""

import copy
from pathlib import Path

import pytest
import transformers

from cross_jax.checkpoint import hf_config
from cross_jax.models.qwen2_vl.config import preset

WHERE = Path("folder/config.json")
# The numbers of Qwen/Qwen2-VL-2B-Instruct, in the two layouts.
FLAT = {
  "architectures": ["Qwen2VLForConditionalGeneration"],
  "eos_token_id": 151645,
  "image_token_id": 151655,
  "hidden_act": "silu",
  "hidden_size": 1536,
  "intermediate_size": 8960,
  "model_type": "qwen2_vl",
  "num_attention_heads": 12,
  "num_hidden_layers": 28,
  "num_key_value_heads": 2,
  "rms_norm_eps": 1e-06,
  "rope_theta": 1000000.0,
  "tie_word_embeddings": True,
  "torch_dtype": "bfloat16",
  "use_sliding_window": False,
  "vision_config": {
    "depth": 32,
    "embed_dim": 1280,
    "mlp_ratio": 4,
    "num_heads": 16,
    "in_chans": 3,
    "hidden_size": 1536,
    "patch_size": 14,
    "spatial_merge_size": 2,
    "spatial_patch_size": 14,
    "temporal_patch_size": 2,
  },
  "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]},
  "vocab_size": 151936,
}
_ROPE = ("rope_theta", "rope_scaling")
_TOP = ("architectures", "image_token_id", "model_type", "tie_word_embeddings", "vision_config")
NESTED = {
  **{key: FLAT[key] for key in _TOP},
  "dtype": "bfloat16",
  "text_config": {
    **{key: value for key, value in FLAT.items() if key not in (*_TOP, *_ROPE)},
    "model_type": "qwen2_vl_text",
    "rope_parameters": {
      "mrope_section": [16, 24, 24],
      "rope_theta": 1000000.0,
      "rope_type": "default",
    },
  },
}  # fmt: skip


@pytest.mark.parametrize("described", [FLAT, NESTED], ids=["flat", "nested"])
def test_the_preset_is_the_checkpoints(described):
  assert hf_config.from_hf(described, dtype="bfloat16", where=WHERE) == preset("2b")


CHANGES = {
  ("model_type",): ("qwen2_5_vl", "model_type 'qwen2_5_vl', only 'qwen2_vl' can be converted"),
  ("hidden_act",): ("gelu", "hidden_act 'gelu', this model has only 'silu'"),
  ("use_sliding_window",): (True, "use_sliding_window True"),
  ("vision_config", "hidden_act"): ("silu", "vision_config.hidden_act 'silu'"),
  ("vision_config", "in_chans"): (1, "1 channels"),
  ("vision_config", "hidden_size"): (99, "vision_config.hidden_size 99, hidden_size 1536"),
  ("vision_config", "mlp_ratio"): (3.5, "vision_config.mlp_ratio 3.5"),
  ("rope_scaling", "mrope_section"): ([16, 24, 23], r"mrope_section \(16, 24, 23\) with head_dim"),
  ("rope_scaling", "type"): ("yarn", "rotary positions .*yarn"),
  ("num_key_value_heads",): (5, "heads 12 with kv_heads 5"),
  ("num_hidden_layers",): ("many", "num_hidden_layers 'many', must be a whole number"),
  ("num_attention_heads",): (0, "division|modulo"),
  ("intermediate_size",): (-1, "mlp_width -1: must be a whole number of at least 1"),
  ("vision_config", "patch_size"): (0, "patch 0: must be a whole number"),
  ("tie_word_embeddings",): ("no", "tie_word_embeddings 'no'"),
}  # fmt: skip


@pytest.mark.parametrize("where", CHANGES, ids="/".join)
def test_a_setting_of_another_model_is_named(where, layout=FLAT):
  value, message = CHANGES[where]
  described = copy.deepcopy(layout)
  node = described
  for key in where[:-1]:
    node = node[key]
  node[where[-1]] = value
  with pytest.raises(ValueError, match=f"^folder/config.json: .*{message}"):
    hf_config.from_hf(described, dtype="float32", where=WHERE)


@pytest.mark.parametrize("key", ["hidden_size", "rms_norm_eps", "rope_theta"])
def test_a_missing_number_is_named(key):
  described = {name: value for name, value in FLAT.items() if name != key}
  with pytest.raises(ValueError, match=f"lacks {key}"):
    hf_config.from_hf(described, dtype="float32", where=WHERE)


def test_four_sections_are_refused():
  described = {**FLAT, "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 12, 12]}}
  with pytest.raises(ValueError, match="must be three numbers"):
    hf_config.from_hf(described, dtype="float32", where=WHERE)


def test_vision_numbers_that_are_left_out_are_the_defaults_of_transformers():
  # As transformers 4.45 and later save a fine-tuned model: what equals its defaults is not written.
  short = {**FLAT, "vision_config": {"in_chans": 3, "hidden_size": 1536, "model_type": "qwen2_vl"}}
  theirs = transformers.Qwen2VLConfig.from_dict(copy.deepcopy(short)).vision_config.to_dict()
  named = {key: theirs[key] for key in FLAT["vision_config"] if key in theirs}
  assert {"depth", "embed_dim", "num_heads", "patch_size"} <= set(named)
  full = {**FLAT, "vision_config": named}
  got, expected = (hf_config.from_hf(d, dtype="bfloat16", where=WHERE) for d in (short, full))
  assert got == expected == preset("2b")
