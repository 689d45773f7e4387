"""A response as text: its segments, one a line, and back."""

from collections.abc import Sequence

from cross_jax.actions.grammar import LEVELS, MAX_CHARS, SPACE_OF, fail, shorten
from cross_jax.actions.grounding import format_grounding, parse_grounding
from cross_jax.actions.language import format_skill, parse_skill
from cross_jax.actions.latent import format_latent, parse_latent
from cross_jax.actions.motion import join_phrases, parse_motion
from cross_jax.actions.raw import format_action, parse_raw
from cross_jax.base import (
  ActionSegment,
  GroundingSegment,
  LatentSegment,
  MotionSegment,
  ParseFailure,
  Response,
  Segment,
  SkillSegment,
)

_PARSERS = {
  "Skill": parse_skill,
  "Grounding": parse_grounding,
  "Motion": parse_motion,
  "Latent": parse_latent,
  "Action": parse_raw,
}


def parse(text: str) -> Response | ParseFailure:
  """The segments of a response, or why and where it is none. Total: it never raises.

  Args:
    text: a response without its end token, exactly as docs/action_grammar.md writes it: nothing
      is stripped, no letter case is changed.
  Returns:
    Response, or ParseFailure with a span in characters of `text`.

  >>> parse("Motion: jump").space
  'motion'
  >>> parse("Action: press(W)")
  ParseFailure(reason="unknown key 'W'", span=(14, 15))
  """
  if not text:
    return fail("empty text", 0, 0)
  if len(text) > MAX_CHARS:
    return fail(f"{len(text)} characters: at most {MAX_CHARS}", MAX_CHARS, len(text))
  segments, headers = [], []
  for header, body, start, body_at in _lines(text):
    end = body_at + len(body)
    if header not in SPACE_OF:
      line = text[start:end]
      return fail(f"expected one of {', '.join(LEVELS)} and ': ', got {shorten(line)}", start, end)
    if header in headers:
      return fail(f"{header} segment twice", start, end)
    if headers and LEVELS.index(header) < LEVELS.index(headers[-1]):
      return fail(f"{header} after {headers[-1]}: the order is {', '.join(LEVELS)}", start, end)
    segment = _PARSERS[header](body, body_at)
    if isinstance(segment, ParseFailure):
      return segment
    headers.append(header)
    segments.append(segment)
  return Response(tuple(segments), SPACE_OF[headers[0]])


def _lines(text: str):
  """Yields (header or None, body, start of the line, start of the body) of each line.

  The official training rows write the break before `Action: ` as `\\n, ` or ` \\n, `.
  """
  start = 0
  lines = text.split("\n")
  for i, line in enumerate(lines):
    at, next_start = start, start + len(line) + 1
    if i > 0 and line.startswith(", Action: "):
      line, at = line[2:], at + 2
    if i + 1 < len(lines) and lines[i + 1].startswith(", Action: "):
      line = line.removesuffix(" ")
    header, colon, body = line.partition(": ")
    yield (header, body, at, at + len(header) + 2) if colon else (None, line, at, at)
    start = next_start


def outline(text: str) -> str:
  """The headers of a response's segments: which form of which action space it is.

  Args:
    text: a response without its end token.
  Returns:
    `Header: ` of each segment, one a line; "" if the text does not parse.

  >>> outline("Motion: jump\\nAction: press(space)")
  'Motion: \\nAction: '
  """
  if isinstance(parse(text), ParseFailure):
    return ""
  return "\n".join(f"{header}: " for header, *_ in _lines(text))


def format_segment(segment: Segment) -> str:
  """One segment as a line of text.

  Args:
    segment: any segment that parse can give.
  Returns:
    `Header: body`.
  Raises:
    ValueError: the text would not parse.
    TypeError: not a segment.
  """
  match segment:
    case SkillSegment(phrase):
      return format_skill(phrase)
    case GroundingSegment(verb, name, point):
      return format_grounding(verb, name, point)
    case MotionSegment(phrases):
      body = join_phrases(phrases) if phrases else ""
      parsed = parse_motion(body, 0)
      if isinstance(parsed, ParseFailure):
        raise ValueError(f"motion phrases {phrases!r}: {parsed.reason}")
      return f"Motion: {body}"
    case LatentSegment(code):
      return format_latent(code)
    case ActionSegment(action):
      return format_action(action)
  raise TypeError(f"{segment!r}: not a segment")


def format_response(segments: Sequence[Segment | str]) -> str:
  """The text of a response.

  Args:
    segments: highest level first; segments, or lines from format_action and its like.
  Returns:
    The lines joined by newlines.
  Raises:
    ValueError: the text would not parse (a segment twice, another order, none at all).
  """
  text = "\n".join(s if isinstance(s, str) else format_segment(s) for s in segments)
  parsed = parse(text)
  if isinstance(parsed, ParseFailure):
    raise ValueError(f"response {shorten(text, 200)}: {parsed.reason}")
  return text
