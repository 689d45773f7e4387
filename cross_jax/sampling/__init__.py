"""Sampling: filters, the jitted loop, the engine, and scores of the action spaces."""

from cross_jax.sampling.engine import Engine, Progress
from cross_jax.sampling.loop import FREE, Sampled, make_sampler
from cross_jax.sampling.request import Finished, Request
from cross_jax.sampling.score import score_spaces
from cross_jax.sampling.slots import Room

__all__ = [
  "FREE",
  "Engine",
  "Finished",
  "Progress",
  "Request",
  "Room",
  "Sampled",
  "make_sampler",
  "score_spaces",
]
