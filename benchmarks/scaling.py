"""Memory, work and traffic per device of the 7b training steps, for meshes of 1 to 256 devices.

  python -m benchmarks.scaling --quick
  python -m benchmarks.scaling --write-docs

The steps are compiled ahead of time from shapes alone; nothing runs, and no accelerator is needed.
The compiler is the CPU's, for as many CPU devices as the largest mesh has, or with --platform tpu
that of a TPU v5p (`pip install 'jax[tpu]'`; no TPU needed either). A CPU's program is larger than
an accelerator's in three ways, which docs/scaling.md explains: it multiplies bfloat16 as float32,
it writes attention scores to memory, and it sums gradients whole before it keeps its part.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import hlo, hlo_costs, machine, scaling_table
from benchmarks.step_programs import (
  TOPOLOGIES,
  Program,
  compile_step,
  kept_bytes,
  needed_flops,
  score_bytes,
)

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "scaling.json"
TPU_RESULTS = RESULTS.with_name("scaling_tpu.json")
DOCS = ROOT / "docs" / "scaling.md"
NUM_HOST_DEVICES = 256
# (data, fsdp, tensor). 8 devices share a host: 'fsdp' gathers kernels within it, 'data' only sums
# gradients between hosts; 'tensor' of 4 divides the 28 query and the 4 key/value heads of 7b.
MESHES = ((1, 1, 1), (1, 8, 1), (8, 8, 1), (1, 16, 4), (32, 8, 1), (8, 8, 4))
QUICK_DEPTH = 2


def programs(*, is_quick: bool, num_devices: int | None = None) -> list[Program]:
  """What is compiled: both 7b steps on all meshes, the policies of rematerialisation, and more.

  Args:
    is_quick: a few of them.
    num_devices: of the mesh; None for all.
  """
  found = _all_programs(is_quick)
  return [p for p in found if num_devices in (None, p.num_devices)]


def _all_programs(is_quick: bool) -> list[Program]:
  if is_quick:
    some = [Program("sft", "7b", (1, 1, 1)), Program("grpo", "7b", (1, 8, 1))]
    return [*some, *(Program("sft", "7b", (1, 8, 1), remat) for remat in ("full", "none"))]
  found = [Program(stage, "7b", mesh) for mesh in MESHES for stage in ("sft", "grpo")]
  for preset, mesh in (("7b", (1, 8, 1)), ("2b", (1, 1, 1))):
    found += [
      Program("sft", preset, mesh, remat)
      for remat in ("full", "dots", "none")
      if Program("sft", preset, mesh, remat) not in found
    ]
  found += [Program("grpo", "7b", (1, 8, 1), logit_chunk=chunk) for chunk in (256, 512)]
  return [*found, Program("sft", "7b", (1, 1, 1), param_dtype="bfloat16")]


def measure(program: Program, platform: str, **changes: Any) -> dict[str, Any]:
  """Compiles a program and reads its costs.

  Args:
    program: what to compile.
    platform: "cpu" or "tpu".
    changes: of the model's config, as depth.
  Returns:
    What identifies the program, and per device: bytes of memory, floating-point operations, bytes
    read and written, and bytes sent to others, all for one step.
  """
  config = program.config(**changes)
  start = time.perf_counter()
  compiled = compile_step(program, config, platform)
  compile_s = time.perf_counter() - start
  memory, counted = compiled.memory_analysis(), compiled.cost_analysis()
  # The state is donated: what comes out lies where it came in.
  outputs = memory.output_size_in_bytes - memory.alias_size_in_bytes
  peak = memory.argument_size_in_bytes + memory.temp_size_in_bytes + outputs
  measured = {
    **program._asdict(),
    "mesh": list(program.mesh),  # as a result that was kept has it
    "platform": platform,
    "devices": program.num_devices,
    "depth": config.depth,
    "vision_depth": config.vision_depth,
    "rows_per_device": program.num_rows // program.num_devices,
    "tokens_per_device": program.num_rows * program.num_tokens // program.num_devices,
    "argument_bytes": memory.argument_size_in_bytes,
    "output_bytes": memory.output_size_in_bytes,
    "alias_bytes": memory.alias_size_in_bytes,
    "temp_bytes": memory.temp_size_in_bytes,
    "peak_bytes": peak,
    "score_bytes": score_bytes(program, config),
    "kept_bytes": kept_bytes(program, config),
    "needed_flops": needed_flops(program, config),
    "flops_loops_once": round(counted["flops"]),
    "accessed_bytes_loops_once": round(counted["bytes accessed"]),
    "compile_s": round(compile_s, 1),
  }
  if platform == "cpu":  # a TPU's text has products and loops of its own kinds
    text = hlo.parse(compiled.as_text())
    measured["moved_bytes"] = hlo_costs.moved_bytes(text)
    measured["flops"] = hlo_costs.product_flops(text)
    measured["accessed_bytes"] = hlo_costs.accessed_bytes(text)
    measured["flops_per_byte"] = round(measured["flops"] / measured["accessed_bytes"], 1)
  return measured


def measure_all(
  chosen: Iterable[Program],
  platform: str,
  console: Console,
  on_entry: Callable[[dict[str, Any]], None] = lambda entry: None,
  **changes: Any,
) -> list[dict[str, Any]]:
  """`measure` of programs, one after another, with a bar; on_entry is called after each.

  A TPU's compiler refuses what its memory does not hold: such a program is named and left out.
  """
  chosen, entries = list(chosen), []
  columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
  with Progress(*columns, console=console, transient=True) as bar:
    task = bar.add_task("", total=len(chosen))
    for program in chosen:
      bar.update(task, description=f"{program.preset} {program.stage} {program.mesh}")
      bar.advance(task)
      try:
        entries.append(measure(program, platform, **changes))
      except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
          raise
        console.print(f"{program} does not fit: {str(error).splitlines()[0]}", highlight=False)
        continue
      on_entry(entries[-1])
      console.print(_line(entries[-1]), highlight=False)
  return entries


def _command(arguments: argparse.Namespace) -> str:
  """What makes the same result; where it is kept does not matter."""
  words = ["python -m benchmarks.scaling", *(["--quick"] if arguments.quick else [])]
  words += [f"--platform {arguments.platform}"] if arguments.platform != "cpu" else []
  words += [f"--devices {arguments.devices}"] if arguments.devices else []
  return " ".join(words)


def _identity(entry: Mapping[str, Any]) -> tuple[Any, ...]:
  values = (entry[field] for field in Program._fields)
  return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def _measured_before(path: Path, platform: str) -> list[dict[str, Any]]:
  if not path.is_file():
    return []
  entries = json.loads(path.read_text(encoding="utf-8"))["programs"]
  return [entry for entry in entries if entry["platform"] == platform]


def _line(entry: dict[str, Any]) -> str:
  name = f"{entry['preset']} {entry['stage']} {entry['mesh']} {entry['remat']}"
  sent = sum(entry.get("moved_bytes", {}).values()) / 1e9
  sent = f"sent {sent:.1f} GB, " if sent else ""
  return (
    f"{name}: peak {entry['peak_bytes'] / 1e9:.1f} GB, temporaries {entry['temp_bytes'] / 1e9:.1f} "
    f"GB, {sent}compiled in {entry['compile_s']:.0f} s"
  )


def main(argv: Sequence[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  parser = argparse.ArgumentParser(
    prog="python -m benchmarks.scaling",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument(
    "--quick", action="store_true",
    help=f"meshes of 1 and 8 devices, {QUICK_DEPTH} layers: under 2 minutes, keeps nothing",
  )  # fmt: skip
  parser.add_argument("--platform", choices=("cpu", "tpu"), default="cpu", help="whose compiler")
  parser.add_argument(
    "--devices", type=int, choices=sorted(TOPOLOGIES), help="only meshes of so many; default all"
  )
  parser.add_argument(
    "--out", type=Path, default=None, metavar="FILE",
    help=f"where the result goes; default {RESULTS.relative_to(ROOT)} for the whole run of the "
    "CPU's compiler, else none",
  )  # fmt: skip
  parser.add_argument(
    "--resume", action="store_true",
    help="go on with the result that is there: what is in it is not compiled again",
  )  # fmt: skip
  parser.add_argument(
    "--write-docs", action="store_true", help="fill the tables of docs/scaling.md from the result"
  )
  arguments = parser.parse_args(argv)
  is_whole = not arguments.quick and arguments.platform == "cpu" and arguments.devices is None
  if arguments.write_docs and not is_whole:
    parser.error("--write-docs needs the whole run: no --quick, --devices or --platform tpu")
  flag = f"--xla_force_host_platform_device_count={NUM_HOST_DEVICES}"
  os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()
  jax.config.update("jax_platforms", "cpu")  # the compiler's target is given to it
  changes = {"depth": QUICK_DEPTH, "vision_depth": QUICK_DEPTH} if arguments.quick else {}
  out = arguments.out or (RESULTS if is_whole else None)
  result = {
    "benchmark": "scaling",
    "command": _command(arguments),
    "is_quick": arguments.quick,
    "platform": arguments.platform,
    "machine": machine.machine(),
    "programs": _measured_before(out, arguments.platform) if arguments.resume and out else [],
  }

  def keep(entry: dict[str, Any]) -> None:
    result["programs"].append(entry)
    if out:
      out.parent.mkdir(parents=True, exist_ok=True)
      out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

  known = {_identity(entry) for entry in result["programs"]}
  chosen = programs(is_quick=arguments.quick, num_devices=arguments.devices)
  missing = [p for p in chosen if _identity(p._asdict()) not in known]
  try:
    measure_all(missing, arguments.platform, Console(stderr=True), keep, **changes)
  except ImportError as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  if arguments.write_docs:
    text = DOCS.read_text(encoding="utf-8")
    tpu = json.loads(TPU_RESULTS.read_text(encoding="utf-8"))
    DOCS.write_text(scaling_table.fill(text, result, tpu), encoding="utf-8")
  print(json.dumps(result))
  return 0


if __name__ == "__main__":
  sys.exit(main())
