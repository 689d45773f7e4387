"""Asks a policy what it would do in a picture.

  python -m cross_jax.act --checkpoint runs/demo/mtrl/policy --image frame.png \\
    --instruction "Mine an oak log." [--space grounding] [--temperature 0.8 --seed 1] [--json]

Prints the response, what it parses to, the raw action of its first tick, and the log-probability
that a response begins in each action space.
"""

import argparse
import json
import sys
from typing import Any

import jax
import numpy as np

from cross_jax import prompt as chat
from cross_jax.actions import parse
from cross_jax.actions.__main__ import describe
from cross_jax.base import BUTTONS, SPACES, ParseFailure, View
from cross_jax.checkpoint.policy import PolicySpec, load_policy
from cross_jax.decoders import route
from cross_jax.rollout.prompting import Prompter, Prompts, responses, stack_prompts
from cross_jax.sampling import FREE, make_sampler, score_spaces
from cross_jax.screen import crop_views, read_screen
from cross_jax.tokenizer import SPACE_PREFIXES

MAX_TICKS = 8  # of a decision, as in the experiments


def act(
  params: Any,
  spec: PolicySpec,
  tokenizer: Any,
  images: tuple[np.ndarray, ...],
  instruction: str,
  *,
  space: str | None = None,
  temperature: float = 0.0,
  seed: int = 0,
  is_gui_open: bool = False,
) -> dict[str, Any]:
  """One decision of a policy.

  Args:
    params, spec, tokenizer: see `load_policy`.
    images: uint8[height, width, 3] per View of the spec.
    instruction: what to do.
    space: one of SPACES: the response begins in it; None leaves the choice to the policy.
    temperature: 0 for the most probable response.
    seed: of the sampling, 0..2**32 - 1.
    is_gui_open: whether the picture shows an open inventory, for the decoder of the first tick.
  Returns:
    {"response": text, "logp": nats of the whole response, "parsed": see cross_jax.actions,
     "first_tick": {"pressed": [buttons], "camera_deg": [pitch, yaw]} or None if it does not parse,
     "space_logp": {space: nats}}.
  Raises:
    ValueError: an unknown space, a seed out of range, a negative temperature, an instruction that
      is too long, a policy without views.
  """
  if not 0 <= seed < 2**32:
    raise ValueError(f"seed {seed}: must be 0..{2**32 - 1}")
  if space is not None and space not in SPACES:
    raise ValueError(f"space {space!r}: must be one of {', '.join(SPACES)}")
  if not spec.views:
    unit = spec.model.patch * spec.model.merge
    raise ValueError(
      "this policy has no views: it was converted from a model that never played. Write into "
      f"policy.json what it is to see of the screen, [[x0, y0, x1, y1, width, height], ...] with "
      f"sides of {unit} px times a whole number"
    )
  prompter = Prompter(
    tokenizer, spec.views, spec.model.patch, spec.model.merge, spec.max_prompt_len, spec.system
  )
  row = prompter.row(prompter.patches(images), prompter.ids(instruction))
  prompts = stack_prompts([row], max_prompt_len=spec.max_prompt_len, pad_id=chat.pad_id(tokenizer))
  sampler = make_sampler(
    spec.model,
    prompter.grids,
    max_prompt_len=spec.max_prompt_len,
    max_new_tokens=spec.max_response_len,
    num_samples=1,
    temperature=temperature,
    stop_ids=(chat.end_id(tokenizer),),
  )
  forced_ids = np.full((1, 1, spec.max_response_len), FREE, np.int32)
  if space is not None:
    prefix = _prefix_ids(tokenizer, space)
    forced_ids[..., : len(prefix)] = prefix
  rngs = jax.vmap(jax.random.key)(np.asarray([seed], np.uint32))
  sampled = sampler(
    params, prompts.patches, prompts.ids, prompts.lens, prompts.positions, rngs, forced_ids
  )
  ((_, logp, text),) = responses(prompter, sampled)[0]
  return {
    "response": text,
    "logp": float(logp.sum()),
    "parsed": describe(text),
    "first_tick": _first_tick(text, images, spec.views, is_gui_open),
    "space_logp": _space_logp(params, spec, tokenizer, prompter, prompts),
  }


def _prefix_ids(tokenizer: Any, space: str) -> list[int]:
  """The tokens that a response in a space begins with, whatever follows.

  Byte-level tokenizers, as Qwen's, put the prefix's last space into the token of the next word.
  """
  prefix = SPACE_PREFIXES[space]
  encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
  ids = encode(prefix)
  return ids if encode(prefix + "move")[: len(ids)] == ids else encode(prefix.rstrip())


def _space_logp(
  params: Any, spec: PolicySpec, tokenizer: Any, prompter: Prompter, prompts: Prompts
) -> dict[str, float]:
  prefixes = [_prefix_ids(tokenizer, space) for space in SPACES]
  lens = np.asarray([len(prefix) for prefix in prefixes], np.int32)
  ids = np.zeros((len(prefixes), lens.max()), np.int32)
  for i, prefix in enumerate(prefixes):
    ids[i, : len(prefix)] = prefix
  logp = score_spaces(
    params,
    spec.model,
    prompter.grids,
    prompts.patches,
    prompts.ids,
    prompts.lens,
    prompts.positions,
    ids,
    lens,
  )
  return {space: float(value) for space, value in zip(SPACES, logp[0])}


def _first_tick(
  text: str, images: tuple[np.ndarray, ...], views: tuple[View, ...], is_gui_open: bool
) -> dict[str, Any] | None:
  response = parse(text)
  routed = response if isinstance(response, ParseFailure) else route(response, MAX_TICKS)
  if isinstance(routed, ParseFailure):
    return None
  action, _ = routed.decode(0, images, views, is_gui_open)
  return {
    "pressed": [name for name, value in zip(BUTTONS, action.buttons) if value],
    "camera_deg": [round(float(degrees), 3) for degrees in action.camera_deg],
  }


def to_text(decision: dict[str, Any]) -> str:
  """A decision of `act` for people."""
  parsed, tick = decision["parsed"], decision["first_tick"]
  lines = ["response:", *(f"  {line}" for line in decision["response"].splitlines())]
  if parsed["ok"]:
    lines.append(f"space: {parsed['space']}")
    lines += [f"  {space}: {json.dumps(content)}" for space, content in parsed["segments"].items()]
  else:
    lines.append(f"does not parse: {parsed['reason']}, characters {parsed['span']}")
  if tick is not None:
    pitch, yaw = tick["camera_deg"]
    pressed = ", ".join(tick["pressed"]) or "nothing"
    lines.append(f"first tick: {pressed} pressed, camera {pitch:+g} pitch {yaw:+g} yaw degrees")
  lines.append("log-probability that a response begins in each space, nats:")
  lines += [f"  {space:<10}{logp:9.3f}" for space, logp in decision["space_logp"].items()]
  return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.act",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--checkpoint", required=True, help="policy folder, as WORKDIR/mtrl/policy")
  parser.add_argument("--image", required=True, help="the game's screen, PNG or JPEG of any size")
  parser.add_argument("--instruction", required=True, help="what to do, in words")
  parser.add_argument("--space", choices=SPACES, help="forces the action space")
  parser.add_argument("--temperature", type=float, default=0.0, help="default 0: the likeliest")
  parser.add_argument("--seed", type=int, default=0, help="of the sampling")
  parser.add_argument("--gui", action="store_true", help="the picture shows an open inventory")
  parser.add_argument("--json", action="store_true", help="one JSON object on one line")
  arguments = parser.parse_args(argv)
  try:
    screen, note = read_screen(arguments.image)
    params, spec, tokenizer = load_policy(arguments.checkpoint)
    decision = act(
      params,
      spec,
      tokenizer,
      crop_views(screen, spec.views),
      arguments.instruction,
      space=arguments.space,
      temperature=arguments.temperature,
      seed=arguments.seed,
      is_gui_open=arguments.gui,
    )
  except (FileNotFoundError, ValueError) as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  if note is not None:
    print(f"note: {note}", file=sys.stderr)
  print(json.dumps(decision) if arguments.json else to_text(decision))
  return 0


if __name__ == "__main__":
  sys.exit(main())
