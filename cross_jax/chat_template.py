"""Renders the Jinja chat template of a checkpoint, as transformers does, without transformers."""

import functools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

Message = Mapping[str, Any]  # {"role", "content": text or [{"type": "text", "text"} or an image]}


def render(
  template: str,
  messages: Sequence[Message],
  *,
  add_generation_prompt: bool = True,
  variables: Mapping[str, Any] | None = None,
) -> str:
  """The text of a conversation.

  Args:
    template: Jinja; it comes with a checkpoint and is not trusted: it runs in Jinja's sandbox and
      sees plain values only, of anything else (a picture) the name of its type.
    messages: oldest first; a key whose value is None is as none at all.
    add_generation_prompt: end where the assistant's next response begins.
    variables: more that the template may read: special tokens (`bos_token`), options of its own.
  Returns:
    Text, with one placeholder per picture as the template writes it.
  Raises:
    ValueError: the template is no Jinja, fails on the messages, or refuses them (it may call
      raise_exception).
  Source: Hugging Face transformers, utils/chat_template_utils.py.

  >>> render("{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}",
  ...        [{"role": "user", "content": "Hi."}])
  '[user] Hi.'
  """
  names = {
    "tools": None,
    "documents": None,
    **(variables or {}),
    "messages": [{k: v for k, v in turn.items() if v is not None} for turn in messages],
    "add_generation_prompt": add_generation_prompt,
  }
  try:
    return _compiled(template).render({name: _plain(value) for name, value in names.items()})
  except (jinja2.TemplateError, TypeError, ArithmeticError, LookupError) as error:
    line = getattr(error, "lineno", None)
    where = "" if line is None else f", line {line}"
    raise ValueError(
      f"chat template{where}: {type(error).__name__}: {error}; give messages as the model's "
      "template wants them, or correct the template in the checkpoint's folder"
    ) from error


class _Generation(Extension):
  """{% generation %}...{% endgeneration %} marks what the assistant says: its content as it is."""

  tags = {"generation"}

  def parse(self, parser):
    line = next(parser.stream).lineno
    body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
    return jinja2.nodes.Scope(body, lineno=line)


@functools.lru_cache(maxsize=16)
def _compiled(template: str) -> jinja2.Template:
  environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
  )
  environment.filters["tojson"] = _to_json  # Jinja's own escapes HTML
  environment.globals["raise_exception"] = _raise
  environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
  return environment.from_string(template)


def _to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
  return json.dumps(
    value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
  )


def _raise(message: str):
  raise jinja2.TemplateError(message)


def _plain(value: Any) -> Any:
  if value is None or type(value) in (str, int, float, bool):
    return value
  if isinstance(value, Mapping):
    return {str(key): _plain(item) for key, item in value.items()}
  if isinstance(value, list | tuple):
    return [_plain(item) for item in value]
  return f"<{type(value).__name__}>"
