"""The presets have the parameters, by name, shape and number, of transformers' models."""

import dataclasses

import numpy as np
import pytest
import torch
import transformers

from cross_jax.checkpoint.hf_config import to_hf
from cross_jax.checkpoint.hf_names import common_key, tensors_of
from cross_jax.models.qwen2_vl.config import preset
from cross_jax.tokenizer import load_tokenizer

# Of the released models, as transformers counts them (tied embeddings once).
RELEASED = {"2b": 2_208_985_600, "7b": 8_291_375_616}


@pytest.mark.parametrize("name", ["tiny", "2b", "7b", "tiny untied"])
def test_parameters_are_those_of_transformers(name):
  config = preset(name.split()[0])
  if name == "tiny untied":
    config = dataclasses.replace(config, is_tied=False)
  described = to_hf(config, load_tokenizer())
  with torch.device("meta"):
    model = transformers.Qwen2VLForConditionalGeneration(
      transformers.Qwen2VLConfig.from_dict(described)
    )
  expected = {common_key(key): tuple(p.shape) for key, p in model.named_parameters()}
  got = {tensor.key: tensor.shape for tensor in tensors_of(config)}
  assert got == expected
  count = sum(int(np.prod(shape, dtype=np.int64)) for shape in got.values())
  assert count == sum(parameter.numel() for parameter in model.parameters())
  assert count == RELEASED.get(name, count)
