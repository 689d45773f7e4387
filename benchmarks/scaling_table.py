"""The tables of docs/scaling.md from the result of benchmarks/scaling.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.results_markdown import replace_section

BEGIN, END = "<!-- scaling:begin -->", "<!-- scaling:end -->"
_STEP = {"preset": "7b", "remat": "full", "param_dtype": "float32", "logit_chunk": 64}
_GATHERED, _SUMMED = ("all-gather",), ("all-reduce", "reduce-scatter")


def fill(text: str, result: Mapping[str, Any], tpu: Mapping[str, Any]) -> str:
  """A document with the tables of two results between its markers.

  Args:
    text: the document.
    result: of the CPU's compiler, all programs.
    tpu: of the TPU's compiler, some of them.
  Raises:
    ValueError: the markers are missing or out of order.
  """
  return replace_section(text, tables(result, tpu), begin=BEGIN, end=END)


def tables(result: Mapping[str, Any], tpu: Mapping[str, Any]) -> str:
  """Markdown: the steps on all meshes, the choices beside them, and what made the numbers."""
  programs = result["programs"]
  steps = [p for p in programs if _is(p, **_STEP)]
  policies = [p for p in programs if _is(p, stage="sft", param_dtype="float32")]
  places = {(p["preset"], tuple(p["mesh"])) for p in policies if p["remat"] == "none"}
  policies = [p for p in policies if (p["preset"], tuple(p["mesh"])) in places]
  chunks = [p for p in programs if _is(p, **{**_STEP, "logit_chunk": p["logit_chunk"]})]
  places = {(p["stage"], tuple(p["mesh"])) for p in chunks if p["logit_chunk"] != 64}
  chunks = [p for p in chunks if (p["stage"], tuple(p["mesh"])) in places]
  parts = [
    "7b, per device and step:",
    _step_table(steps),
    "The same with bfloat16 parameters and moments:",
    _step_table([p for p in programs if p["param_dtype"] == "bfloat16"]),
    "Policies of rematerialisation, SFT, per device and step:",
    _policy_table(policies),
    "Response tokens of a row whose logits exist at a time, 7b, per device and step:",
    _chunk_table(chunks),
    _made_by(result),
    "By the compiler of a TPU v5p (95 GB), 7b, per device:",
    _memory_table(tpu["programs"], programs),
    _made_by(tpu),
  ]
  return "\n\n".join(part for part in parts if part)


def _is(program: Mapping[str, Any], **values: Any) -> bool:
  return all(program[name] == value for name, value in values.items())


def _step_table(programs: Sequence[Mapping[str, Any]]) -> str:
  header = (
    "step", "devices", "data x fsdp x tensor", "tokens", "arguments GB", "temporaries GB",
    "peak GB", "scores GB", "TFLOP", "needed TFLOP", "read, written GB", "FLOP/byte",
    "gathered GB", "summed GB", "other GB",
  )  # fmt: skip
  rows = []
  for p in programs:
    moved = p["moved_bytes"]
    other = sum(moved.values()) - _sum(moved, _GATHERED) - _sum(moved, _SUMMED)
    rows.append([
      p["stage"].upper(), p["devices"], " x ".join(map(str, p["mesh"])), p["tokens_per_device"],
      _giga(p["argument_bytes"]), _giga(p["temp_bytes"]), _giga(p["peak_bytes"]),
      _giga(p["score_bytes"]), *_work(p), _giga(_sum(moved, _GATHERED)),
      _giga(_sum(moved, _SUMMED)), _giga(other),
    ])  # fmt: skip
  return _markdown(header, rows)


def _policy_table(programs: Sequence[Mapping[str, Any]]) -> str:
  header = (
    "model", "devices", "policy", "arguments GB", "temporaries GB", "peak GB", "TFLOP",
    "needed TFLOP", "read, written GB", "FLOP/byte",
  )  # fmt: skip
  rows = [
    [
      p["preset"], p["devices"], p["remat"], _giga(p["argument_bytes"]), _giga(p["temp_bytes"]),
      _giga(p["peak_bytes"]), *_work(p),
    ]
    for p in sorted(programs, key=lambda p: (p["preset"], p["temp_bytes"]))
  ]  # fmt: skip
  return _markdown(header, rows)


def _memory_table(
  programs: Sequence[Mapping[str, Any]], of_cpu: Sequence[Mapping[str, Any]]
) -> str:
  header = (
    "step", "devices", "data x fsdp x tensor", "policy", "logit_chunk", "arguments GB",
    "temporaries GB", "peak GB", "of the CPU's GB",
  )  # fmt: skip
  same = ("stage", "preset", "mesh", "remat", "param_dtype", "logit_chunk")
  rows = []
  for p in programs:
    (other,) = (q for q in of_cpu if _is(q, **{name: p[name] for name in same}))
    rows.append([
      p["stage"].upper(), p["devices"], " x ".join(map(str, p["mesh"])), p["remat"],
      p["logit_chunk"], _giga(p["argument_bytes"]), _giga(p["temp_bytes"]),
      _giga(p["peak_bytes"]), _giga(other["peak_bytes"]),
    ])  # fmt: skip
  return _markdown(header, rows)


def _chunk_table(programs: Sequence[Mapping[str, Any]]) -> str:
  header = (
    "step", "devices", "logit_chunk", "temporaries GB", "peak GB", "gathered GB", "summed GB",
  )  # fmt: skip
  rows = [
    [
      p["stage"].upper(), p["devices"], p["logit_chunk"], _giga(p["temp_bytes"]),
      _giga(p["peak_bytes"]), _giga(_sum(p["moved_bytes"], _GATHERED)),
      _giga(_sum(p["moved_bytes"], _SUMMED)),
    ]
    for p in sorted(programs, key=lambda p: p["logit_chunk"])
  ]  # fmt: skip
  return _markdown(header, rows)


def _made_by(result: Mapping[str, Any]) -> str:
  machine = result["machine"]
  versions = ", ".join(f"{name} {machine['versions'][name]}" for name in ("jax", "jaxlib", "flax"))
  seconds = sum(program["compile_s"] for program in result["programs"])
  return (
    f"Made by `{result['command']}`: compiler for {result['platform']}, {versions}, "
    f"{seconds / 60:.0f} min of compilation on {machine['cores']} shared cores of "
    f"{machine['processor']}."
  )


def _work(program: Mapping[str, Any]) -> list[str]:
  if "flops" not in program:
    return ["", f"{program['needed_flops'] / 1e12:.0f}", "", ""]
  return [
    f"{program['flops'] / 1e12:.0f}",
    f"{program['needed_flops'] / 1e12:.0f}",
    f"{program['accessed_bytes'] / 1e9:.0f}",
    f"{program['flops_per_byte']:.0f}",
  ]


def _sum(moved: Mapping[str, int], kinds: Sequence[str]) -> int:
  return sum(moved.get(kind, 0) for kind in kinds)


def _giga(num_bytes: float) -> str:
  return f"{num_bytes / 1e9:.1f}"


def _markdown(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
  if not rows:
    return ""
  lines = [header, ["---"] * len(header), *rows]
  return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
