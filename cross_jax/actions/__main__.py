"""Reads JSONL `{"text": ...}` from standard input, writes what each text means, one object a line.

A text that parses:
  {"ok": true, "space": "raw|motion|grounding|language|latent", "pressed": [MineRL buttons] or null,
   "camera_deg": [pitch, yaw] or null, "segments": {"<space>": ...}}
`space` is that of the highest-level segment; `pressed` and `camera_deg` are null where the response
has no Action segment. Anything else, a line that is not such JSON included:
  {"ok": false, "reason": ..., "span": [start, end)}, in characters of the text (or of the line).
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from cross_jax.actions.grammar import SPACE_OF, fail
from cross_jax.actions.response import format_segment, parse
from cross_jax.base import (
  BUTTONS,
  ActionSegment,
  GroundingSegment,
  LatentSegment,
  MotionSegment,
  ParseFailure,
  Segment,
  SkillSegment,
)


def describe(text: str) -> dict[str, Any]:
  """What a response means, as the JSON object of one output line."""
  response = parse(text)
  if isinstance(response, ParseFailure):
    return _failure(response)
  pressed = camera_deg = None
  segments = {}
  for segment in response.segments:
    header = format_segment(segment).partition(": ")[0]
    segments[SPACE_OF[header]] = _content(segment)
    if isinstance(segment, ActionSegment):
      pressed = [name for name, value in zip(BUTTONS, segment.action.buttons) if value]
      # Whole pixels of 0.15 degrees: two decimals are exact, float32's digits beyond are noise.
      camera_deg = [round(float(degrees), 2) for degrees in segment.action.camera_deg]
  return {
    "ok": True,
    "space": response.space,
    "pressed": pressed,
    "camera_deg": camera_deg,
    "segments": segments,
  }


def _content(segment: Segment) -> Any:
  match segment:
    case SkillSegment(phrase):
      return phrase
    case GroundingSegment(verb, name, point):
      return {"verb": verb, "object": name, "point": None if point is None else list(point)}
    case MotionSegment(phrases):
      return list(phrases)
    case LatentSegment(code):
      return code
    case ActionSegment():
      return format_segment(segment).partition(": ")[2]


def _failure(failure: ParseFailure) -> dict[str, Any]:
  return {"ok": False, "reason": failure.reason, "span": list(failure.span)}


def answer_line(line: bytes) -> dict[str, Any]:
  """The output object of one input line."""
  line = line.rstrip(b"\r\n")
  try:
    row = json.loads(line.decode("utf-8"))
  except (ValueError, RecursionError) as error:
    reason = f"not a JSON line: {error or type(error).__name__}"
    return _failure(fail(reason, 0, len(line.decode("utf-8", "replace"))))
  if not isinstance(row, dict) or not isinstance(row.get("text"), str):
    reason = 'expected an object with a string "text": {"text": "Action: no_op"}'
    return _failure(fail(reason, 0, len(line.decode("utf-8"))))
  return describe(row["text"])


def answer_lines(lines: Iterable[bytes]) -> Iterator[str]:
  """One line of JSON per input line, as they come."""
  for line in lines:
    yield json.dumps(answer_line(line))


def main() -> int:
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.actions",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.parse_args()
  try:
    for line in answer_lines(sys.stdin.buffer):
      print(line, flush=True)
  except BrokenPipeError:  # the reader has gone, as in `| head`
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
  except KeyboardInterrupt:
    return 130
  return 0


if __name__ == "__main__":
  sys.exit(main())
