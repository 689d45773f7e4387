"""How a Hugging Face checkpoint's folder says that conversations are to be written."""

import os
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from cross_jax.checkpoint.disk import read_json
from cross_jax.checkpoint.hf_preprocessor import PROCESSOR, read_limits
from cross_jax.conversation import Chat
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig

CHAT_TEMPLATE, OLD_CHAT_TEMPLATE = "chat_template.jinja", "chat_template.json"
TOKENIZER_CONFIG, _SPECIAL_TOKENS = "tokenizer_config.json", "special_tokens_map.json"
_KEY = "chat_template"
_VARIABLES = (  # special tokens that a template may write by name
  "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
)  # fmt: skip


def read_chat(folder: str | os.PathLike[str], config: Qwen2VLConfig, tokenizer: Tokenizer) -> Chat:
  """A checkpoint's chat template, special tokens and limits of pictures.

  Args:
    folder: of the checkpoint; of a converted policy its `hf`.
    config: of the model.
    tokenizer: of the model.
  Returns:
    What `conversation.encode_conversation` needs.
  Raises:
    FileNotFoundError: the folder has no chat template, or nothing on its pictures.
    ValueError: a file is damaged, or its pictures are not those of this model.
  Source: the order of the files is that of Hugging Face transformers' processor.
  """
  folder = Path(folder)
  template = _template(folder)
  if template is None:
    raise FileNotFoundError(
      f"{folder} has no chat template ({CHAT_TEMPLATE}, {OLD_CHAT_TEMPLATE} or {_KEY} in "
      f"{TOKENIZER_CONFIG}): give the folder of an instruction-tuned checkpoint; a policy trained "
      "here has the prompts of cross_jax.prompt"
    )
  return Chat(template, _special_tokens(folder), tokenizer, config, *read_limits(folder, config))


def _template(folder: Path) -> str | None:
  found: list[tuple[Path, Any]] = [
    (folder / name, _read(folder / name).get(_KEY)) for name in (PROCESSOR, OLD_CHAT_TEMPLATE)
  ]
  if (folder / CHAT_TEMPLATE).is_file():
    found.append((folder / CHAT_TEMPLATE, (folder / CHAT_TEMPLATE).read_text(encoding="utf-8")))
  found.append((folder / TOKENIZER_CONFIG, _read(folder / TOKENIZER_CONFIG).get(_KEY)))
  for path, template in found:
    if isinstance(template, list):  # several by name
      named = {entry.get("name"): entry.get("template") for entry in template}
      template = named.get("default")
    if isinstance(template, str):
      return template
    if template is not None:
      raise ValueError(f"{path}: {_KEY} is no text; fetch the file again")
  return None


def _special_tokens(folder: Path) -> dict[str, str]:
  described = {**_read(folder / _SPECIAL_TOKENS), **_read(folder / TOKENIZER_CONFIG)}
  tokens = {name: described.get(name) for name in _VARIABLES}
  tokens = {
    name: token.get("content") if isinstance(token, dict) else token
    for name, token in tokens.items()
  }
  return {name: token for name, token in tokens.items() if isinstance(token, str)}


def _read(path: Path) -> dict[str, Any]:
  return read_json(path) if path.is_file() else {}
