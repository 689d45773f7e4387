"""Converts between Hugging Face Qwen2-VL checkpoints and policy folders (Orbax).

  python -m cross_jax.checkpoint.convert --from hf:Qwen2-VL-2B-Instruct --to orbax:runs/base/policy
  python -m cross_jax.checkpoint.convert --from orbax:runs/base/policy --to hf:served

hf:DIR is a folder with config.json, tokenizer.json and model.safetensors, or shards with
model.safetensors.index.json, in bfloat16 or float32. orbax:DIR is a policy folder as a stage leaves
it. The target appears under its name only when it is complete, and every tensor keeps its bits,
unless --dtype asks for others.
"""

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
from rich.console import Console
from rich.progress import Progress

from cross_jax.checkpoint import hf_config, hf_files, hf_folder, hf_verify
from cross_jax.checkpoint.disk import new_folder, read_json
from cross_jax.checkpoint.hf_names import tensors_of
from cross_jax.checkpoint.hf_preprocessor import read_limits
from cross_jax.checkpoint.policy import (
  SPEC,
  PolicySpec,
  load_policy,
  open_policy,
  read_spec,
  read_tokenizer,
  spec_text,
  write_policy,
)
from cross_jax.models.qwen2_vl.config import Qwen2VLConfig

FILES = "hf"  # in a converted policy: what its Hugging Face folder had beside the weights
# What policy.json of a policy that was no policy before says: no views, these lengths.
MAX_PROMPT_LEN, MAX_RESPONSE_LEN = 2048, 64  # tokens
MAX_SHARD_BYTES = 5 * 10**9

OnTensors = Callable[[int], Callable[[], None]]  # number of tensors -> to be called after each


def _silent(_num_tensors: int) -> Callable[[], None]:
  return lambda: None


def hf_to_orbax(
  source: Path,
  target: Path,
  *,
  dtype: str | None = None,
  is_verified: bool = False,
  on_tensors: OnTensors = _silent,
) -> str:
  """Makes a policy folder of a Hugging Face checkpoint.

  Args:
    source: folder of the checkpoint.
    target: the policy folder; must not exist.
    dtype: of the parameters, one of hf_files.DTYPES' values; None for that of the checkpoint.
      Activations keep the checkpoint's: float32 parameters of a bfloat16 checkpoint are what a
      bfloat16 model is trained with (docs/scaling.md).
    is_verified: compare logits with transformers before the folder appears.
    on_tensors: for a progress bar.
  Returns:
    One line on what was done.
  Raises:
    FileExistsError: the target exists.
    FileNotFoundError: a file of the source is missing.
    ValueError: the source is damaged or of another model, or verification failed.
    ImportError: verification without transformers.
    OSError: no room, or the file system refused.
  """
  source, target = source.absolute(), target.absolute()
  _check_start(target, is_verified)
  where = source / hf_folder.CONFIG
  hf_config.check_family(read_json(where), where)
  checkpoint = hf_files.Checkpoint(source)
  config = hf_folder.read_config(source, checkpoint)
  with contextlib.suppress(FileNotFoundError):  # a checkpoint without pictures' file is one
    read_limits(source, config)
  if not (source / hf_folder.TOKENIZER).is_file():
    raise FileNotFoundError(
      f"{source / hf_folder.TOKENIZER} is missing: save the tokenizer there with transformers"
    )
  tokenizer = read_tokenizer(source / hf_folder.TOKENIZER, config)
  spec = _with_dtype(_spec_of(source, config), dtype)
  num_tensors = len(tensors_of(config))
  params = hf_folder.read_params(checkpoint, spec.model, on_tensors(num_tensors))
  with new_folder(target) as partial:
    write_policy(partial, params, spec, tokenizer)
    (partial / FILES).mkdir()
    for name in (hf_folder.CONFIG, *hf_folder.CARRIED):
      if (source / name).is_file():
        (partial / FILES / name).write_bytes((source / name).read_bytes())
    verified = ""
    if is_verified:
      verified = "; " + hf_verify.compare(load_policy(partial), source)
  return f"{num_tensors} tensors, {spec.model.param_dtype} -> {target}{verified}"


def orbax_to_hf(
  source: Path,
  target: Path,
  *,
  dtype: str | None = None,
  is_verified: bool = False,
  max_shard_bytes: int = MAX_SHARD_BYTES,
  on_tensors: OnTensors = _silent,
) -> str:
  """Makes a Hugging Face checkpoint of a policy folder.

  Args:
    source: the policy folder.
    target: folder of the checkpoint; must not exist.
    dtype: of the tensors, one of hf_files.DTYPES' values; None for that of the policy. bfloat16
      rounds float32 parameters to the nearest.
    is_verified: compare logits with transformers before the folder appears.
    max_shard_bytes: of a weights file.
    on_tensors: for a progress bar.
  Returns:
    One line on what was done.
  Raises:
    As `hf_to_orbax`.
  """
  source, target = source.absolute(), target.absolute()
  _check_start(target, is_verified)
  with open_policy(source) as (read_leaf, spec, tokenizer), new_folder(target) as partial:
    spec = _with_dtype(spec, dtype)
    num_tensors = len(tensors_of(spec.model))
    hf_folder.write_checkpoint(
      partial,
      read_leaf,
      spec.model,
      tokenizer,
      carried=source / FILES if (source / FILES).is_dir() else None,
      max_shard_bytes=max_shard_bytes,
      on_tensor=on_tensors(num_tensors),
    )
    (partial / SPEC).write_text(spec_text(spec), encoding="utf-8")  # for the way back
    verified = ""
    if is_verified:
      params = load_policy(source)[0]
      params = jax.tree.map(lambda leaf: leaf.astype(spec.model.param_dtype), params)
      verified = "; " + hf_verify.compare((params, spec, tokenizer), partial)
  return f"{num_tensors} tensors, {spec.model.param_dtype} -> {target}{verified}"


def _check_start(target: Path, is_verified: bool) -> None:
  if target.exists():
    raise FileExistsError(f"{target} exists: give another directory, or delete it first")
  if is_verified:
    hf_verify.import_transformers()


def _spec_of(source: Path, config: Qwen2VLConfig) -> PolicySpec:
  """The spec of a policy that went to Hugging Face before, else one without views."""
  if not (source / SPEC).is_file():
    provenance = {"experiment": "converted", "from": source.name}
    return PolicySpec(config, (), MAX_PROMPT_LEN, MAX_RESPONSE_LEN, provenance)
  spec = read_spec(source / SPEC)
  if not hf_config.is_same_model(spec.model, config):
    raise ValueError(
      f"{source / SPEC} describes another model than {source / hf_folder.CONFIG}: remove it to "
      "convert the weights alone"
    )
  if spec.model.param_dtype == config.param_dtype:
    return spec
  return spec._replace(model=config)


def _with_dtype(spec: PolicySpec, dtype: str | None) -> PolicySpec:
  """The spec with parameters of a dtype."""
  if dtype is None:
    return spec
  return spec._replace(model=dataclasses.replace(spec.model, param_dtype=dtype))


@contextlib.contextmanager
def _progress_bar(title: str) -> Iterator[OnTensors]:
  console = Console(stderr=True)
  with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:

    def on_tensors(num_tensors: int) -> Callable[[], None]:
      task = bar.add_task(title, total=num_tensors)
      return lambda: bar.advance(task)

    yield on_tensors


def _place(text: str) -> tuple[str, Path]:
  kind, colon, directory = text.partition(":")
  if kind not in ("hf", "orbax") or not colon or not directory:
    raise argparse.ArgumentTypeError(f"{text!r} is neither hf:DIR nor orbax:DIR")
  return kind, Path(directory)


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.checkpoint.convert",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument(
    "--from", dest="source", required=True, type=_place, metavar="KIND:DIR", help="hf: or orbax:"
  )
  parser.add_argument(
    "--to", dest="target", required=True, type=_place, metavar="KIND:DIR",
    help="the other kind; the folder must not exist",
  )  # fmt: skip
  parser.add_argument(
    "--dtype", choices=tuple(hf_files.DTYPES.values()),
    help="of the parameters, if not as they are: float32 to train a bfloat16 model, bfloat16 to "
    "serve what was trained in float32",
  )  # fmt: skip
  parser.add_argument(
    "--verify", action="store_true",
    help="compare logits with transformers (pip install '.[hf]') before the folder "
    "appears; needs memory for two float32 copies",
  )  # fmt: skip
  parser.add_argument(
    "--max-shard-gb", type=float, default=MAX_SHARD_BYTES / 1e9, metavar="GB",
    help="of a weights file of hf:, 1e9 bytes; default 5",
  )  # fmt: skip
  arguments = parser.parse_args(argv)
  (kind, source), (target_kind, target) = arguments.source, arguments.target
  if kind == target_kind:
    parser.error(f"--from and --to are both {kind}: one must be hf:DIR, the other orbax:DIR")
  if arguments.max_shard_gb <= 0:
    parser.error(f"--max-shard-gb {arguments.max_shard_gb}: must be above 0")
  jax.config.update("jax_platforms", "cpu")  # an accelerator has nothing to do here
  convert = hf_to_orbax
  options = {"dtype": arguments.dtype}
  if kind == "orbax":
    convert, options["max_shard_bytes"] = orbax_to_hf, int(arguments.max_shard_gb * 1e9)
  try:
    with _progress_bar(f"{source.name} -> {target.name}") as on_tensors:
      done = convert(source, target, is_verified=arguments.verify, on_tensors=on_tensors, **options)
  except (OSError, ValueError, ImportError) as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  print(done)
  return 0


if __name__ == "__main__":
  sys.exit(main())
