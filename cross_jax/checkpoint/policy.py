"""A policy as a folder: parameters, what they mean, and the tokenizer; what a stage ends with."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh
from tokenizers import Tokenizer

from cross_jax import sharding
from cross_jax.base import View
from cross_jax.checkpoint.disk import is_first_process, new_folder
from cross_jax.checkpoint.params import leaf_reader, load_params, save_params
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig
from cross_jax.models.qwen2_vl.forward import init_params

PARAMS, SPEC, TOKENIZER = "params", "policy.json", "tokenizer.json"


class PolicySpec(NamedTuple):
  """Everything about a policy but its parameters and tokenizer."""

  model: Qwen2VLConfig
  views: tuple[View, ...]  # the pictures of a prompt
  max_prompt_len: int  # tokens
  max_response_len: int  # tokens
  provenance: dict[str, Any]  # experiment, stage, seed: for people
  system: str = ""  # system prompt; no such turn if empty


def save_policy(
  directory: str | os.PathLike[str], params: Any, spec: PolicySpec, tokenizer: Tokenizer
) -> None:
  """Writes a policy folder; it appears under its name only when it is complete.

  Args:
    directory: of the policy; must not exist.
    params: pytree of arrays.
    spec: of the policy.
    tokenizer: of the policy.
  Raises:
    FileExistsError: the directory exists.
    OSError: no room, or the file system refused; names directory, needed and free bytes.
  """
  with new_folder(Path(directory).absolute()) as partial:
    write_policy(partial, params, spec, tokenizer)


def write_policy(folder: Path, params: Any, spec: PolicySpec, tokenizer: Tokenizer) -> None:
  """Writes the parts of a policy into a folder that is there; see `save_policy`."""
  save_params(folder / PARAMS, params)
  if is_first_process():
    (folder / SPEC).write_text(spec_text(spec), encoding="utf-8")
    (folder / TOKENIZER).write_text(tokenizer.to_str(pretty=True), encoding="utf-8")


def spec_text(spec: PolicySpec) -> str:
  """The content of policy.json."""
  return json.dumps({**spec._asdict(), "model": dataclasses.asdict(spec.model)}, indent=1) + "\n"


def load_policy(
  directory: str | os.PathLike[str], *, mesh: Mesh | None = None
) -> tuple[Any, PolicySpec, Tokenizer]:
  """Reads a policy folder.

  Args:
    directory: written by save_policy.
    mesh: of sharding.make_mesh: each device reads its own part of the parameters; None for all on
      the default device.
  Returns:
    (params, spec, tokenizer).
  Raises:
    FileNotFoundError: the folder or one of its files is missing.
    ValueError: a file is damaged, the parameters are of another model than policy.json says, or the
      mesh does not divide the model's heads; raised before any parameter is read.
  """
  directory = Path(directory).absolute()
  spec, template = _read_shapes(directory)
  if mesh is not None:
    placed = sharding.tree_shardings(template, mesh, sharding.qwen2_vl_rules(spec.model, mesh))
    template = jax.tree.map(
      lambda leaf, s: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=s), template, placed
    )
  params = load_params(directory / PARAMS, template)
  return params, spec, read_tokenizer(directory / TOKENIZER, spec.model)


@contextlib.contextmanager
def open_policy(
  directory: str | os.PathLike[str],
) -> Iterator[tuple[Callable[[str], np.ndarray], PolicySpec, Tokenizer]]:
  """Opens a policy folder to read its parameters one by one.

  Args:
    directory: written by save_policy.
  Yields:
    (path of a parameter, its keys joined by "/" -> the parameter; spec; tokenizer).
  Raises:
    As `load_policy`.
  """
  directory = Path(directory).absolute()
  spec, template = _read_shapes(directory)
  tokenizer = read_tokenizer(directory / TOKENIZER, spec.model)
  with leaf_reader(directory / PARAMS, template) as read_leaf:
    yield read_leaf, spec, tokenizer


def _read_shapes(directory: Path) -> tuple[PolicySpec, Any]:
  """A policy's spec and the shapes of its parameters, once all its files are there."""
  for name in (SPEC, TOKENIZER, PARAMS):
    if not (directory / name).exists():
      raise FileNotFoundError(
        f"{directory / name} is missing: give a policy folder, as a finished stage leaves in "
        "WORKDIR/STAGE/policy"
      )
  spec = read_spec(directory / SPEC)
  return spec, jax.eval_shape(lambda: init_params(jax.random.key(0), spec.model))


def read_tokenizer(path: Path, model: Qwen2VLConfig) -> Tokenizer:
  """Reads a tokenizer.json.

  Args:
    path: the file.
    model: that it belongs to.
  Raises:
    ValueError: the file is damaged, or has more tokens than the model.
  """
  try:
    tokenizer = Tokenizer.from_file(str(path))
  except Exception as error:  # noqa: BLE001  (the library raises nothing more specific)
    raise ValueError(
      f"{path} is not a tokenizer ({error}); copy it from another policy of the same preset"
    ) from error
  if tokenizer.get_vocab_size() > model.vocab_size:
    raise ValueError(
      f"{path} has {tokenizer.get_vocab_size()} tokens, the model beside it only "
      f"{model.vocab_size}: copy the tokenizer of the same preset"
    )
  return tokenizer


def read_spec(path: Path) -> PolicySpec:
  """Reads a policy.json; ValueError if it is damaged or describes no possible model."""
  try:
    read = json.loads(path.read_text(encoding="utf-8"))
    model = {
      key: tuple(value) if isinstance(value, list) else value
      for key, value in read["model"].items()
    }
    return PolicySpec(
      **{
        **read,
        "model": Qwen2VLConfig(**model),
        "views": tuple(View(*view) for view in read["views"]),
      }
    )
  except (ValueError, KeyError, TypeError, AttributeError) as error:
    raise ValueError(
      f"{path} does not describe a policy ({type(error).__name__}: {error}); restore it from "
      "another policy of the same preset"
    ) from error
