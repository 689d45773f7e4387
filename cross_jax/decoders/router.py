"""The router: which decoder runs a response, and for how long."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cross_jax.base import (
  ActionSegment,
  GroundingSegment,
  MotionSegment,
  ParseFailure,
  RawAction,
  Response,
  View,
)
from cross_jax.decoders.grounding import GroundingDecoder
from cross_jax.decoders.motion import MotionDecoder

# (tick, images of one game, views, is_gui_open) -> (raw action, whether it is the last)
DecodeFn = Callable[[int, Sequence[np.ndarray], Sequence[View], bool], tuple[RawAction, bool]]


class Routed(NamedTuple):
  """A response on its way to the game."""

  space: str  # the highest-level segment's, one of base.SPACES
  num_ticks: int  # the most ticks it takes; decode may end it earlier
  needs_images: Callable[[], bool]  # whether the ticks to come look at the pictures
  decode: DecodeFn  # to be called with ticks 0, 1, ... in order; may keep state of its decision


def route(response: Response, k: int = 8) -> Routed | ParseFailure:
  """Picks the decoder of a response.

  An Action segment is executed as it is, for one tick. Without one, the highest-level segment's
  decoder runs for up to k ticks.

  Args:
    response: from actions.parse.
    k: the most ticks of one decision.
  Returns:
    Routed; or a ParseFailure, with an empty span, if the highest-level segment has no decoder
    (Language and Latent need a trained one): to be counted as an invalid response.
  Raises:
    ValueError: k < 1.
  """
  if k < 1:
    raise ValueError(f"k {k}: a decision takes at least 1 tick")
  top, bottom = response.segments[0], response.segments[-1]
  match bottom if isinstance(bottom, ActionSegment) else top:
    case ActionSegment(action):
      return Routed(response.space, 1, _never, lambda *_: (action, True))
    case MotionSegment() as segment:
      motion = MotionDecoder(segment, k)
      return Routed(response.space, motion.num_ticks, _never, motion.decode)
    case GroundingSegment() as segment:
      grounding = GroundingDecoder(segment, k)
      return Routed(response.space, grounding.num_ticks, grounding.needs_images, grounding.decode)
  reason = f"{type(top).__name__} of space {response.space} without Action: it has no decoder"
  return ParseFailure(reason, (0, 0))


def _never() -> bool:
  return False
