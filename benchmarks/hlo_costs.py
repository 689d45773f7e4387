"""What a compiled program costs a device: products, memory traffic, bytes to other devices.

XLA's own cost_analysis counts the body of a loop once, however often it runs, and the layers of a
large policy are a loop. Here every instruction counts as often as it runs.
"""

import math
import re
from collections import defaultdict

from benchmarks.hlo import Instruction, Program

COLLECTIVES = ("all-gather", "all-reduce", "reduce-scatter", "all-to-all", "collective-permute")
# No work: names for what is there already, or the work of what they run.
_FREE = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast", "while", "call"}
_FREE |= {"conditional", "after-all", "partition-id"}
_VIEWS = {"convert", "bitcast", "copy", "reshape"}
_SLICES = {"dynamic-slice", "slice", "gather"}
_UPDATES = {"dynamic-update-slice": 1, "scatter": 2}  # in place; which operand is written


def product_flops(program: Program) -> int:
  """Floating-point operations of all matrix products; a multiplication and its addition are two."""
  total = 0
  for times, computation, instruction in program.run():
    if instruction.opcode == "dot":
      lhs = computation[instruction.operands[0]].results[0].shape
      contracted = _dimensions(instruction, "lhs_contracting_dims")
      elements = math.prod(instruction.results[0].shape)
      total += 2 * times * elements * math.prod(lhs[axis] for axis in contracted)
  return total


def accessed_bytes(program: Program, *, is_gpu: bool = False) -> int:
  """Bytes that all operations read and write; inside a fusion nothing is written.

  Of an array of which only a slice is read, or written in place, the slice counts.

  Args:
    program: the program.
    is_gpu: a fusion reads of an array no more than one element for each of its results and of its
      uses, unless it reduces: a slice inside a fusion is all that a GPU's kernel works out.
  """
  return round(
    sum(
      times * _accessed(program, computation, instruction, is_gpu)
      for times, computation, instruction in _outside_fusions(program)
    )
  )


def _outside_fusions(program: Program):
  """As `program.run`, without what runs inside another operation."""
  fused = {
    name
    for _, _, instruction in program.run()
    if instruction.opcode not in ("while", "call", "conditional")
    for name in instruction.called
  }
  for name, computation in program.computations.items():
    if program.times[name] and name not in fused:
      for instruction in computation.values():
        yield program.times[name], computation, instruction


def num_kernels(program: Program) -> int:
  """Operations that an accelerator starts one by one: all but those inside fusions."""
  total = 0.0
  for times, _, instruction in _outside_fusions(program):
    total += times * (instruction.opcode not in _FREE)
  return round(total)


def moved_bytes(program: Program) -> dict[str, int]:
  """Bytes that one device sends to others, per kind of collective.

  As a ring does it, in a group of n devices: an all-gather to b bytes sends (n - 1) / n b, a
  reduce-scatter from b bytes the same, an all-reduce twice that, an all-to-all (n - 1) / n b, a
  permutation b.
  """
  moved: dict[str, float] = defaultdict(float)
  for times, _, instruction in program.run():
    kind = instruction.opcode.removesuffix("-start")
    if kind in COLLECTIVES:
      moved[kind] += times * _sent(kind, instruction)
  return {kind: round(moved[kind]) for kind in COLLECTIVES if moved[kind]}


def _accessed(program: Program, computation, instruction: Instruction, is_gpu: bool) -> int:
  if instruction.opcode in _FREE:
    return 0
  if instruction.opcode in _SLICES:
    return 2 * instruction.num_bytes
  sizes = [computation[name].num_bytes for name in instruction.operands]
  if instruction.opcode == "dynamic-update-slice":
    return 2 * sizes[1]
  if instruction.opcode == "scatter":
    return sizes[1] + 2 * sizes[2]
  if instruction.opcode != "fusion":
    return instruction.num_bytes + sum(sizes)
  content = program.computations[instruction.called[0]]
  return _accessed_by_fusion(content, instruction, sizes, is_gpu)


def _accessed_by_fusion(content, instruction: Instruction, sizes: list[int], is_gpu: bool) -> int:
  parameters = [i for i in content.values() if i.opcode == "parameter"]
  parameters.sort(key=lambda i: int(re.match(r"\((\d+)\)", i.attributes)[1]))
  is_reducing = any(i.opcode in ("reduce", "reduce-window") for i in content.values())
  most = max(math.prod(array.shape) for array in instruction.results)
  total = 0
  for parameter, size in zip(parameters, sizes, strict=True):
    # A CPU widens bfloat16 around what it does with it; an accelerator does not.
    names = {parameter.name}
    for user in content.values():
      if user.opcode in _VIEWS and names & set(user.operands):
        names.add(user.name)
    share, num_uses = 0.0, 0
    for user in content.values():
      if user.opcode in _VIEWS or not names & set(user.operands):
        continue
      num_uses += 1
      is_first = user.operands[0] in names
      if user.opcode in _SLICES and is_first:
        share += user.num_elements / parameter.num_elements
      elif user.opcode not in _UPDATES or not is_first:
        share = 1.0
    if is_gpu and not is_reducing:
      share = min(share, num_uses * most / max(1, parameter.num_elements))
    total += round(min(share, 1.0) * size)
  written = 1.0
  for update in content.values():
    if update.opcode in _UPDATES and update.num_elements == instruction.num_elements:
      part = content[update.operands[_UPDATES[update.opcode]]].num_elements / update.num_elements
      written = min(1.0, part * (2 if update.opcode == "scatter" else 1))  # read, then written
  return total + round(written * instruction.num_bytes)


def _sent(kind: str, instruction: Instruction) -> float:
  if kind == "collective-permute":
    return instruction.results[-1].num_bytes
  group = _group_size(instruction.attributes)
  # An operation in two halves shows what goes in and what comes out.
  is_start = instruction.opcode.endswith("-start")
  sizes = [array.num_bytes for array in instruction.results]
  size = max(sizes) if is_start else sum(sizes)
  share = (group - 1) / group
  match kind:
    case "all-reduce":
      return 2 * share * size
    case "reduce-scatter":
      return share * size * (1 if is_start else group)
  return share * size


def _group_size(attributes: str) -> int:
  """Devices of a group: 2 of {{0,1},{2,3}}, of [2,2]<=[4], of mesh['a'=2,'b'=2] {'b'}."""
  listed = re.search(r"replica_groups=\{\{([\d,]+)\}", attributes)
  if listed:
    return len(listed[1].split(","))
  counted = re.search(r"replica_groups=\[\d+,(\d+)\]", attributes)
  if counted:
    return int(counted[1])
  named = re.search(r"replica_groups=mesh\[([^\]]*)\].*?\{('[^}]*)\}", attributes)
  if named:
    sizes = {axis: int(size) for axis, size in re.findall(r"('\w+')=(\d+)", named[1])}
    return math.prod(sizes[axis] for axis in re.findall(r"'\w+'", named[2]))
  raise ValueError(f"no groups of devices in {attributes[:200]}")


def _dimensions(instruction: Instruction, name: str) -> list[int]:
  found = re.search(rf"{name}=\{{([\d,]*)\}}", instruction.attributes)
  return [int(axis) for axis in found[1].split(",")] if found and found[1] else []
