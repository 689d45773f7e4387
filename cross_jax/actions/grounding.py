"""Grounding: a verb, the name of an object and a point on the screen."""

import re

from cross_jax.actions.grammar import (
  GROUNDING_NO_OP,
  MAX_NAME_CHARS,
  MAX_POINT,
  OBJECT_END,
  OBJECT_START,
  POINT_END,
  POINT_START,
  VERBS,
  fail,
  shorten,
)
from cross_jax.base import GroundingSegment, ParseFailure

_NAME = re.compile(r"[a-z][a-z0-9_]*(?: [a-z0-9_]+)*")
_POINT = re.compile(r"\((0|[1-9][0-9]*),(0|[1-9][0-9]*)\)")


def parse_grounding(body: str, at: int) -> GroundingSegment | ParseFailure:
  """The verb, object and point of a Grounding segment.

  Args:
    body: what follows `Grounding: `.
    at: offset of the body in the response, for the span of a failure.
  Returns:
    GroundingSegment, or ParseFailure.
  """
  if body == GROUNDING_NO_OP:
    return GroundingSegment(GROUNDING_NO_OP, None, None)
  verb = next((verb for verb in VERBS if body.startswith(f"{verb} ")), None)
  if verb is None:
    word = body.partition("<")[0].rstrip(" ")
    if word in VERBS:
      return fail(f"expected {word!r}, a space and a point", at, at + len(body))
    if word == GROUNDING_NO_OP:
      return fail(f"{word} takes no object and no point", at, at + len(body))
    return fail(f"unknown verb {shorten(word)}", at, at + len(word))
  name, i = None, len(verb) + 1
  if body.startswith(OBJECT_START, i):
    i += len(OBJECT_START)
    end = body.find(OBJECT_END, i)
    if end < 0:
      return fail(f"missing {OBJECT_END}", at + i, at + len(body))
    name = body[i:end]
    if len(name) > MAX_NAME_CHARS or _NAME.fullmatch(name) is None:
      reason = (
        f"object name {shorten(name)}: lower-case words of at most {MAX_NAME_CHARS} characters"
      )
      return fail(reason, at + i, at + end)
    i = end + len(OBJECT_END)
  if not body.startswith(POINT_START, i):
    return fail(f"expected {POINT_START}, got {shorten(body[i:])}", at + i, at + len(body))
  i += len(POINT_START)
  end = body.find(POINT_END, i)
  if end < 0:
    return fail(f"missing {POINT_END}", at + i, at + len(body))
  match = _POINT.fullmatch(body, i, end)
  if match is None:
    return fail(f"point {shorten(body[i:end])} is not '(x,y)' of integers", at + i, at + end)
  if any(len(number) > 4 or int(number) > MAX_POINT for number in match.groups()):
    return fail(f"point {shorten(body[i:end])} is outside 0..{MAX_POINT}", at + i, at + end)
  i = end + len(POINT_END)
  if i < len(body):
    return fail(f"trailing text {shorten(body[i:])}", at + i, at + len(body))
  x, y = match.groups()
  return GroundingSegment(verb, name, (int(x), int(y)))


def find_point(text: str) -> tuple[int, int] | None:
  """Where a response writes its Grounding point: (start, end) of its `x,y`, None without one.

  Args:
    text: a response that parses.

  >>> text = format_grounding("Mine", point=(512, 433))
  >>> text[slice(*find_point(text))]
  '512,433'
  """
  before, mark, _ = text.partition(POINT_START)
  match = _POINT.match(text, len(before) + len(mark))
  return None if match is None else (match.start(1), match.end(2))


def format_grounding(
  verb: str, name: str | None = None, point: tuple[int, int] | None = None
) -> str:
  """The Grounding segment of a verb, an object and a point.

  Args:
    verb: one of grammar.VERBS, or `no-op`, which has neither object nor point.
    name: the object, e.g. `oak log`, or None.
    point: (x, y), integers 0..1000 of the screen's width and height.
  Returns:
    `Grounding: ...`, one line.
  Raises:
    ValueError: the text would not parse.

  >>> format_grounding("right click", point=(512, 433))
  'Grounding: right click <|point_start|>(512,433)<|point_end|>'
  """
  body = verb
  if verb != GROUNDING_NO_OP or name is not None or point is not None:
    body += " " + ("" if name is None else f"{OBJECT_START}{name}{OBJECT_END}")
    body += "" if point is None else f"{POINT_START}({int(point[0])},{int(point[1])}){POINT_END}"
  parsed = parse_grounding(body, 0)
  if isinstance(parsed, ParseFailure):
    raise ValueError(f"grounding {verb!r}, {name!r}, {point!r}: {parsed.reason}")
  return f"Grounding: {body}"
