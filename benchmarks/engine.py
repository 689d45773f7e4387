"""The engine against the fixed sampler, and prefix reuse against none: decisions per second.

  python -m benchmarks.engine --quick

Random weights of the preset `tiny`. Stream: as many requests as --requests, whose responses have
different lengths; the fixed sampler takes them in batches of as many rows as the engine has slots.
Episodes: as many as slots, each prompt holds the turns before it; without reuse every prompt is
prefilled whole. Both sides run alternately after one run that compiles; one JSON line.
"""

import argparse
import json
import time
from collections.abc import Callable

import jax
import numpy as np

from benchmarks import machine, sides
from cross_jax import prompt as chat
from cross_jax.models.qwen2_vl.config import tiny
from cross_jax.models.qwen2_vl.forward import init_params
from cross_jax.models.qwen2_vl.patches import grids_of
from cross_jax.models.qwen2_vl.rope import mrope_positions, num_image_tokens
from cross_jax.sampling import FREE, Engine, Request, Room, make_sampler
from cross_jax.screen import TINY_VIEWS
from cross_jax.tokenizer import load_tokenizer

CONFIG = tiny()
GRIDS = grids_of([(view.height, view.width) for view in TINY_VIEWS], CONFIG.patch, CONFIG.merge)
IMAGE_TOKENS = tuple(num_image_tokens(grid, CONFIG.merge) for grid in GRIDS)
SLOTS, PROMPT, NEW = 8, 96, 32  # tokens of a prompt and of a response, at most
MEAN_LENGTH = 10  # of a response, before it is cut at NEW
STOP = CONFIG.vocab_size - 1
DECISIONS, EPISODE_NEW = 5, 8  # of an episode; tokens of each response


def random_patches(rng: np.random.Generator) -> np.ndarray:
  """uint8[P, patch_dim], the pictures of one decision."""
  num = sum(height * width for height, width in GRIDS)
  return rng.integers(0, 256, (num, CONFIG.patch_dim)).astype(np.uint8)


def stream_requests(rng: np.random.Generator, num: int) -> list[Request]:
  """Requests whose responses end after a geometric number of tokens."""
  ids = chat.build_prompt(load_tokenizer(), IMAGE_TOKENS, "Mine an oak log.")
  lengths = np.minimum(rng.geometric(1 / MEAN_LENGTH, num), NEW)
  return [
    Request(ids, random_patches(rng), GRIDS, i, max_new_tokens=int(length), stop_ids=(STOP,))
    for i, length in enumerate(lengths)
  ]


def fixed_side(params, requests: list[Request]) -> Callable[[], int]:
  """Runs the requests in batches; a response is cut by a stop id forced in its last place."""
  sampler = make_sampler(
    CONFIG, GRIDS, max_prompt_len=PROMPT, max_new_tokens=NEW, num_samples=1, temperature=1.0,
    stop_ids=(STOP,),
  )  # fmt: skip
  ids = np.zeros((SLOTS, PROMPT), np.int32)
  positions = np.zeros((3, SLOTS, PROMPT), np.int32)
  image_token_id = CONFIG.image_token_id

  def run() -> int:
    num_tokens = 0
    for first in range(0, len(requests), SLOTS):
      batch = requests[first : first + SLOTS]
      forced = np.full((SLOTS, 1, NEW), FREE, np.int32)
      for b, request in enumerate(batch):
        ids[b, : len(request.prompt_ids)] = request.prompt_ids
        positions[:, b, : len(request.prompt_ids)] = mrope_positions(
          request.prompt_ids, GRIDS, merge=CONFIG.merge, image_token_id=image_token_id
        )
        forced[b, 0, request.max_new_tokens - 1] = STOP
      lens = np.asarray([len(request.prompt_ids) for request in batch], np.int32)
      seeds = np.asarray([request.seed for request in batch], np.uint32)
      patches = np.stack([request.patches for request in batch])
      rngs = jax.vmap(jax.random.key)(seeds)
      sampled = sampler(params, patches, ids, lens, positions, rngs, forced)
      num_tokens += int(np.asarray(sampled.mask).sum())
    return num_tokens

  return run


def engine_side(params, requests: list[Request], num_inserts: int) -> Callable[[], int]:
  """Runs the requests through an engine."""
  room = Room(SLOTS, PROMPT + NEW, NEW, (PROMPT,), num_inserts=num_inserts)
  engine = Engine(params, CONFIG, room, temperature=1.0)
  return lambda: sum(len(done.ids) for done in engine.run(requests))


def episodes_side(params, is_reusing: bool, num_episodes: int) -> Callable[[], tuple[int, int]]:
  """Plays episodes whose prompts hold the turns before; (prompt tokens, of them prefilled)."""
  tokenizer = load_tokenizer()
  buckets = tuple(128 * n for n in range(1, DECISIONS + 1))
  room = Room(num_episodes, max(buckets) + EPISODE_NEW, EPISODE_NEW, buckets)
  engine = Engine(params, CONFIG, room, temperature=1.0)
  count = iter(range(10**9))

  def named(request: Request) -> Request:
    # Without reuse no two pictures are the same; with it, this decision's are new.
    num_known = len(request.image_ids or ()) if is_reusing else 0
    names = tuple(next(count) for _ in request.grids[num_known:])
    return request._replace(image_ids=(request.image_ids or ())[:num_known] + names)

  def run() -> tuple[int, int]:
    rng = np.random.default_rng(0)
    ids = chat.build_prompt(tokenizer, IMAGE_TOKENS, "Mine an oak log.")
    for seed in range(num_episodes):
      request = Request(ids, random_patches(rng), GRIDS, seed, EPISODE_NEW, tag=1)
      engine.submit(named(request))
    num_tokens = num_computed = 0
    for done in engine.run():
      request = done.request
      num_tokens += len(request.prompt_ids)
      num_computed += len(request.prompt_ids) - done.num_reused
      if request.tag < DECISIONS:
        ids = chat.continue_prompt(
          tokenizer, request.prompt_ids, done.ids, IMAGE_TOKENS, "Mine an oak log."
        )
        patches = np.concatenate([request.patches, random_patches(rng)])
        grids = request.grids + GRIDS
        following = request._replace(
          prompt_ids=ids, patches=patches, grids=grids, tag=request.tag + 1
        )
        engine.submit(named(following))
    return num_tokens, num_computed

  return run


def alternate(ours: Callable, peer: Callable, repetitions: int, num_decisions: int):
  """Decisions per second of both, and the ratio of each pair of neighbouring runs."""
  results = ours(), peer()
  rates, ratios = ([], []), []
  for _ in range(repetitions):
    for side, found in zip((ours, peer), rates):
      start = time.perf_counter()
      side()
      found.append(num_decisions / (time.perf_counter() - start))
    ratios.append(rates[0][-1] / rates[1][-1])
  measured = {"ours": rates[0], "peer": rates[1], "ratio": ratios}
  return results, {name: sides.summary(values) for name, values in measured.items()}


def main() -> None:
  """Runs the command line."""
  parser = argparse.ArgumentParser(
    prog="python -m benchmarks.engine",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--quick", action="store_true", help="fewer requests, without episodes")
  parser.add_argument("--requests", type=int, default=96, help="of a stream; default 96")
  parser.add_argument("--repetitions", type=int, default=7, help="default 7")
  options = parser.parse_args()
  rng = np.random.default_rng(0)
  params = jax.jit(init_params, static_argnums=1)(jax.random.key(0), CONFIG)
  mixed = stream_requests(rng, 32 if options.quick else options.requests)
  equal = [request._replace(max_new_tokens=MEAN_LENGTH) for request in mixed]
  report = {
    "machine": machine.machine(), "device": jax.devices()[0].device_kind,
    "preset": "tiny", "slots": SLOTS,
    "requests": len(mixed), "mean_length": float(np.mean([r.max_new_tokens for r in mixed])),
    "repetitions": options.repetitions, "load_average": machine.load_average(),
  }  # fmt: skip
  for name, requests, num_inserts in (
    ("stream", mixed, 1), ("stream_4_inserts", mixed, 4), ("stream_equal_lengths", equal, 1)
  )[: 1 if options.quick else 3]:  # fmt: skip
    ours, peer = engine_side(params, requests, num_inserts), fixed_side(params, requests)
    tokens, measured = alternate(ours, peer, options.repetitions, len(requests))
    if tokens[0] != tokens[1]:
      raise RuntimeError(f"{tokens} tokens of the two sides: not the same work")
    report[name] = {**measured, "tokens": tokens[0]}
  if not options.quick:
    ours, peer = (episodes_side(params, is_reusing, 4) for is_reusing in (True, False))
    tokens, measured = alternate(ours, peer, options.repetitions, 4 * DECISIONS)
    names = "prompt_tokens", "prefilled_ours", "prefilled_peer"
    report["episodes"] = {**measured, **dict(zip(names, (*tokens[0], tokens[1][1])))}
  headline = {name: report["stream"][name]["median"] for name in ("ours", "peer", "ratio")}
  print(json.dumps({"benchmark": "engine", "unit": "decisions/s", **headline, **report}))


if __name__ == "__main__":
  main()
