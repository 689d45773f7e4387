"""The text of a compiled program as instructions, and how often each of them runs."""

import math
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_ITEM_BYTES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "s16": 2, "u16": 2, "s32": 4}
_ITEM_BYTES |= {"u32": 4, "f32": 4, "s64": 8, "u64": 8, "f64": 8, "token": 0}
_START = re.compile(r"^(ENTRY )?%?([\w.-]+) .*\{$")
_NAMED = re.compile(r"^\s+(?:ROOT )?%?([\w.-]+) = ")
_CALLED = re.compile(r"(?:body|condition|calls|to_apply|branch_computations)=(\{[^}]*\}|%?[\w.-]+)")
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"')
_ARRAY = re.compile(r"(\w+)\[([\d,]*)\]")


class Array(NamedTuple):
  """The type of an array."""

  dtype: str
  shape: tuple[int, ...]

  @property
  def num_bytes(self) -> int:
    return _ITEM_BYTES[self.dtype] * math.prod(self.shape)


class Instruction(NamedTuple):
  """One line of a program."""

  name: str
  opcode: str
  results: tuple[Array, ...]  # several if it makes a tuple
  operands: tuple[str, ...]  # names
  attributes: str  # from the operands on

  @property
  def num_bytes(self) -> int:
    """Of all results."""
    return sum(array.num_bytes for array in self.results)

  @property
  def num_elements(self) -> int:
    """Of all results."""
    return sum(math.prod(array.shape) for array in self.results)

  @property
  def called(self) -> list[str]:
    """Computations that it runs: a loop's body, a fusion's content."""
    found = _CALLED.findall(self.attributes)
    return [name for group in found for name in re.findall(r"[\w.-]+", group)]


class Program(NamedTuple):
  """A compiled program."""

  computations: dict[str, dict[str, Instruction]]  # name -> name -> instruction, in order
  times: dict[str, float]  # how often a computation runs in one run of the program

  def run(self) -> Iterator[tuple[float, dict[str, Instruction], Instruction]]:
    """(times, the computation it is in, instruction) of all that run."""
    for name, instructions in self.computations.items():
      if self.times[name]:
        for instruction in instructions.values():
          yield self.times[name], instructions, instruction


def parse(
  text: str,
  *,
  is_once: bool = False,
  rounds_of: Callable[[Instruction], float] | None = None,
) -> Program:
  """Reads a program.

  Args:
    text: `jax.stages.Compiled.as_text()`.
    is_once: count the body of every loop once, as XLA's cost_analysis does.
    rounds_of: the rounds of a loop that does not say how many they are.
  Raises:
    ValueError: a loop whose number of rounds neither the program nor rounds_of says.
  """
  computations: dict[str, dict[str, Instruction]] = {}
  name = entry = ""
  for line in text.splitlines():
    start = _START.match(line)
    if start:
      name, entry = start[2], start[2] if start[1] else entry
      computations[name] = {}
    elif name and _NAMED.match(line):
      instruction = _instruction(line)
      computations[name][instruction.name] = instruction
  times = dict.fromkeys(computations, 0)
  _count(computations, entry, 1, times, (lambda _: 1) if is_once else _rounds(rounds_of))
  return Program(computations, times)


def known_rounds(loop: Instruction) -> int | None:
  """How often a loop runs, if it says so."""
  trips = _TRIPS.search(loop.attributes)
  return None if trips is None else int(trips[1])


def _rounds(rounds_of: Callable[[Instruction], float] | None) -> Callable[[Instruction], float]:
  """How often a loop runs: as it says itself, else as rounds_of says."""

  def rounds(loop: Instruction) -> float:
    known = known_rounds(loop)
    if known is None and rounds_of is None:
      raise ValueError(f"loop {loop.name} does not say how often it runs")
    return rounds_of(loop) if known is None else known

  return rounds


def _count(computations, name: str, count: float, times: dict[str, float], rounds) -> None:
  times[name] += count
  for instruction in computations[name].values():
    often = rounds(instruction) if instruction.opcode == "while" else 1
    for callee in instruction.called:
      _count(computations, callee, count * often, times, rounds)


def _instruction(line: str) -> Instruction:
  """Of `  ROOT %name = type opcode(%operand, ...), attributes`."""
  name = _NAMED.match(line)
  rest = line[name.end() :]
  end = _closing(rest) if rest.startswith("(") else rest.index(" ")
  results, rest = rest[:end], rest[end:].lstrip()
  opcode, rest = rest[: rest.index("(")], rest[rest.index("(") :]
  end = _closing(rest)
  return Instruction(
    name[1],
    opcode,
    tuple(
      Array(dtype, tuple(map(int, dims.split(","))) if dims else ())
      for dtype, dims in _ARRAY.findall(results)
      if dtype in _ITEM_BYTES
    ),
    tuple(re.findall(r"%([\w.-]+)", rest[:end])),
    rest,
  )


def _closing(text: str) -> int:
  """Where the parenthesis that opens a text ends."""
  depth = 0
  for i, character in enumerate(text):
    depth += (character == "(") - (character == ")")
    if depth == 0:
      return i + 1
  raise ValueError(f"no end of {text[:80]!r}")
