"""Folders with a chat template, and transformers' processor on them."""

import json

import transformers
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.processing_qwen2_vl import Qwen2VLProcessor

from cross_jax.tokenizer import load_tokenizer
from tests.models import hf_twin

# What Qwen2-VL's own template does, in our words: a system turn where none is given, pictures with
# or without a number, a text or parts as the content.
TEMPLATE = """\
{%- macro picture(number) %}
  {%- if add_vision_id %}Picture {{ number }}: {% endif %}
<|vision_start|><|image_pad|><|vision_end|>
{%- endmacro %}
{%- set seen = namespace(pictures=0) %}
{%- for turn in messages %}
  {%- if loop.first and turn.role != 'system' %}
    {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
  {%- endif %}
  {{- '<|im_start|>' + turn['role'] + '\\n' }}
  {%- if turn.content is string %}
    {{- turn.content }}
  {%- else %}
    {%- for part in turn.content %}
      {%- if part['type'] == 'image' or 'image' in part or 'image_url' in part %}
        {%- set seen.pictures = seen.pictures + 1 %}
        {{- picture(seen.pictures) }}
      {%- elif 'text' in part %}
        {{- part.text }}
      {%- endif %}
    {%- endfor %}
  {%- endif %}
  {{- eos_token + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
  {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
PATCHES = {"patch_size": 4, "merge_size": 2, "temporal_patch_size": 2}
LIMITS = {"min_pixels": 256, "max_pixels": 2048}
CONFIG = hf_twin.CONFIG
TOKENS = {
  "tokenizer_class": "PreTrainedTokenizerFast",
  "bos_token": None,
  "eos_token": {"__type": "AddedToken", "content": "<|im_end|>"},
  "pad_token": "<|endoftext|>",
}


def write(folder, template=TEMPLATE, preprocessor=None, tokens=None):
  """A checkpoint's files beside the weights, the template as chat_template.jinja if not None."""
  folder.mkdir(exist_ok=True)
  kind = {"image_processor_type": "Qwen2VLImageProcessor"}
  files = {
    "tokenizer_config.json": {**TOKENS, **(tokens or {})},
    "preprocessor_config.json": {**kind, **PATCHES, **(preprocessor or LIMITS)},
  }
  for name, content in files.items():
    (folder / name).write_text(json.dumps(content), encoding="utf-8")
  (folder / "tokenizer.json").write_text(load_tokenizer().to_str(), encoding="utf-8")
  if template is not None:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
  return folder


class Processor(Qwen2VLProcessor):
  """transformers' processor without videos, which would want torchvision."""

  def __init__(self, image_processor, tokenizer):
    self.image_processor, self.tokenizer = image_processor, tokenizer
    self.image_token, self.video_token = "<|image_pad|>", "<|video_pad|>"
    self.image_token_id = tokenizer.convert_tokens_to_ids(self.image_token)
    self.video_token_id = None
    self.chat_template = tokenizer.chat_template


def processor(folder):
  return Processor(
    Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True),
    transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True),
  )
