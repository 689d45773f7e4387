"""Single-turn GRPO (STRL): decisions with a known raw action, a reward that no action space is
favoured by, and the data that the policy then writes for itself."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from cross_jax.actions import is_equivalent
from cross_jax.base import ParseFailure, RawAction, View
from cross_jax.losses import group_advantages
from cross_jax.rollout.collect import route_text
from cross_jax.rollout.packing import Row, split_rows
from cross_jax.rollout.returns import has_spread
from cross_jax.stages.loop import GrpoUpdate, LogFn

GUI_TOLERANCE_DEG = 1.2  # 8 px of the cursor, half a slot: more would take the slot beside it


class Question(NamedTuple):
  """One decision whose answer is known."""

  row: Row  # the picture and the prompt; no responses
  images: tuple[np.ndarray, ...]  # uint8[h, w, 3] per View, what a decoder steers by
  is_gui_open: bool
  accepted: tuple[RawAction, ...]  # the raw action of the expert's answer in each space


class Answered(NamedTuple):
  """A question with the responses sampled to it and their rewards."""

  question: Question
  response_ids: tuple[np.ndarray, ...]  # R arrays int32[N_r]
  response_logp: tuple[np.ndarray, ...]  # R arrays float32[N_r], nats
  texts: tuple[str, ...]
  spaces: tuple[str | None, ...]
  rewards: np.ndarray  # float32[R]


# (questions, seed) -> for each question R of (response ids, log-probs, text)
SampleFn = Callable[
  [Sequence[Question], int], Sequence[Sequence[tuple[np.ndarray, np.ndarray, str]]]
]


def reward(
  text: str,
  question: Question,
  views: tuple[View, ...],
  *,
  tolerance_deg: float | None,
  format_penalty: float,
) -> tuple[float, str | None]:
  """1 if the raw action that a response comes to is one the expert would take.

  That is its `Action:` segment where there is one, else what its decoder does if it is given a
  single tick, whatever space it is in: a turn is then whole, and a click comes with the movement to
  its point, while in play both are spread over ticks.

  Args:
    text: the response.
    question: its question.
    views: the screen rectangles of question.images.
    tolerance_deg: camera difference that still counts as equal; None is the official rule (equal
      after rounding to whole degrees). With a GUI open at most GUI_TOLERANCE_DEG.
    format_penalty: what a response that does not parse loses.
  Returns:
    (reward, action space or None if the text does not parse).
  Source: the official STRL reward: 1 iff the buttons are equal and the camera rounds to equal whole
    degrees. Theirs compares with one recorded action, ours with the expert's action in any space,
    since a decoder turns to a point exactly where a recorded mouse move is coarse.
  """
  routed = route_text(text, 1)
  if isinstance(routed, ParseFailure):
    return -format_penalty, None
  action, _ = routed.decode(0, question.images, views, question.is_gui_open)
  if question.is_gui_open and tolerance_deg is not None:
    tolerance_deg = min(tolerance_deg, GUI_TOLERANCE_DEG)
  is_right = any(
    bool(is_equivalent(action, accepted, tolerance_deg=tolerance_deg))
    for accepted in question.accepted
  )
  return float(is_right), routed.space


def answer(
  questions: Sequence[Question],
  sample: SampleFn,
  views: tuple[View, ...],
  *,
  seed: int,
  tolerance_deg: float | None,
  format_penalty: float,
) -> list[Answered]:
  """Samples a group of responses to each question and scores them."""
  answered = []
  for question, group in zip(questions, sample(questions, seed), strict=True):
    scored = [
      reward(text, question, views, tolerance_deg=tolerance_deg, format_penalty=format_penalty)
      for _, _, text in group
    ]
    answered.append(
      Answered(
        question=question,
        response_ids=tuple(ids for ids, _, _ in group),
        response_logp=tuple(logp for _, logp, _ in group),
        texts=tuple(text for _, _, text in group),
        spaces=tuple(space for _, space in scored),
        rewards=np.asarray([value for value, _ in scored], np.float32),
      )
    )
  return answered


def keep_mixed(answered: Sequence[Answered]) -> list[Answered]:
  """The questions whose group is neither all right nor all wrong: rejection sampling."""
  if not answered:
    return []
  is_kept = has_spread(np.stack([a.rewards for a in answered]) > 0)
  return [a for a, kept in zip(answered, is_kept) if kept]


def grpo_rows(answered: Sequence[Answered], *, normalize_by_std: bool = True) -> list[Row]:
  """Training rows: a group shares its picture and prompt, each response has its advantage."""
  if not answered:
    return []
  rewards = np.stack([a.rewards for a in answered])
  advantages = np.asarray(group_advantages(rewards, normalize_by_std=normalize_by_std))
  return [
    a.question.row._replace(
      responses=a.response_ids, old_logp=a.response_logp, advantage=[float(v) for v in advantage]
    )
    for a, advantage in zip(answered, advantages)
  ]


def relabel(answered: Sequence[Answered], *, max_per_question: int) -> list[Row]:
  """D_strl: the right responses, in the space that the policy chose, as SFT rows.

  Args:
    answered: groups.
    max_per_question: distinct right responses kept of a group, in the order sampled.
  """
  rows = []
  for a in answered:
    right: dict[str, np.ndarray] = {}
    for text, ids, value in zip(a.texts, a.response_ids, a.rewards):
      if value > 0 and len(right) < max_per_question:
        right.setdefault(text, ids)
    if right:
      rows.append(a.question.row._replace(responses=tuple(right.values())))
  return rows


def summary(answered: Sequence[Answered]) -> dict[str, float]:
  """Reward, share of unparsable responses and share of each action space, for the log."""
  rewards = np.stack([a.rewards for a in answered])
  spaces = [space for a in answered for space in a.spaces]
  parsed = [space for space in spaces if space is not None]
  metrics = {
    "reward_mean": float(rewards.mean()),
    "accuracy": float((rewards > 0).mean()),
    "mixed_share": float(has_spread(rewards > 0).mean()),
    "unparsable_share": 1.0 - len(parsed) / len(spaces),
  }
  for space in sorted(set(parsed)):
    metrics[f"space_share/{space}"] = parsed.count(space) / len(parsed)
  return metrics


def run(
  state: Any,
  questions: Callable[[int], Sequence[Question]],
  *,
  make_sample: Callable[[Any], SampleFn],
  update: GrpoUpdate,
  max_targets: int,
  views: tuple[View, ...],
  tolerance_deg: float | None,
  format_penalty: float,
  seed: int,
  num_iterations: int,
  start: int = 0,
  log: LogFn,
  save: Callable[[Any, int], None],
) -> Any:
  """Single-turn GRPO: sample groups, score, drop groups without spread, update.

  Args:
    state: TrainState at the start of iteration `start`.
    questions: iteration -> its questions.
    make_sample: params -> SampleFn.
    update: see `loop.GrpoUpdate`.
    max_targets: response tokens of a row; a longer group is split over several.
    views: screen rectangles of the pictures.
    tolerance_deg, format_penalty: see `reward`.
    seed: of the sampling.
    num_iterations, start: iterations start .. num_iterations - 1 are run.
    log: called with (iteration, metrics).
    save: called with (state, iterations done) after each.
  Returns:
    The state after num_iterations.
  """
  for iteration in range(start, num_iterations):
    answered = answer(
      questions(iteration),
      make_sample(state.params),
      views,
      seed=seed + iteration,
      tolerance_deg=tolerance_deg,
      format_penalty=format_penalty,
    )
    metrics = summary(answered)
    rows = split_rows(grpo_rows(keep_mixed(answered)), max_targets=max_targets)
    state, losses = update.apply(state, rows)
    log(iteration + 1, {**metrics, **losses})
    save(state, iteration + 1)
  return state
