"""STRL: rejection-sampling warm-up, single-turn GRPO, D_strl, M_cs2."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from cross_jax.base import ParseFailure
from cross_jax.checkpoint.disk import write_json
from cross_jax.rollout.collect import route_text
from cross_jax.rollout.packing import Row, split_rows
from cross_jax.rollout.prompting import responses, stack_prompts
from cross_jax.stages import strl
from data_pipelines.iterator import make_iterator
from experiments.build import Policy, make_sample
from experiments.folder import Folder, read_json
from experiments.progress import progress
from experiments.rl_stage import training
from experiments.sft_stage import run_on_rows, shuffled_batch

ALL_FORMS = 5
WARM_UP, RELABEL = 1, 2  # streams of sampling seeds beside the iterations'


def run(config: ConfigDict, folder: Folder, policy: Policy, data_dir: str, params: Any) -> Any:
  """From M_mix to M_cs2; returns M_cs2's parameters."""
  stage = config.strl
  pool = load_questions(config, policy, data_dir, stage.num_questions)
  sampler = make_sample(
    policy, num_samples=stage.group_size, temperature=stage.temperature, top_p=1.0
  )

  def make_sample_fn(params: Any) -> strl.SampleFn:
    return _sample_fn(policy, sampler(params), batch_size=stage.batch_size)

  kept = _warm_up(config, folder, policy, pool, make_sample_fn(params))
  strl_params = _train(config, folder, policy, params, kept, make_sample_fn)
  rows = _relabel(config, policy, pool, make_sample_fn(strl_params))
  base = _cs2_base(stage.cs2_base, params, strl_params)
  del params, strl_params  # M_cs2 is trained without the one that it does not start from
  return run_on_rows(
    "cs2",
    config,
    folder,
    policy,
    rows,
    params=base,
    num_steps=stage.cs2_steps,
    learning_rate=stage.cs2_learning_rate,
    max_targets=stage.max_targets,
  )


def _train(
  config: ConfigDict,
  folder: Folder,
  policy: Policy,
  params: Any,
  questions: Sequence[strl.Question],
  make_sample_fn: Callable[[Any], strl.SampleFn],
) -> Any:
  """Single-turn GRPO; the trained parameters alone outlive it, not the optimiser's moments."""
  stage = config.strl
  with training(
    "strl",
    config,
    folder,
    policy,
    params,
    max_targets=stage.max_targets,
    note=lambda metrics: f"accuracy {metrics['accuracy']:.3f}",
  ) as under_way:
    state = strl.run(
      under_way.state,
      lambda iteration: _turn(questions, stage.questions_per_iteration, iteration, config.seed),
      make_sample=lambda trained: make_sample_fn(under_way.learner.params(trained)),
      update=under_way.update,
      max_targets=stage.max_targets,
      views=policy.prompter.views,
      tolerance_deg=stage.tolerance_deg,
      format_penalty=stage.format_penalty,
      seed=config.seed * 1000,
      num_iterations=stage.num_iterations,
      start=under_way.start,
      log=under_way.log,
      save=under_way.save,
    )
  return under_way.learner.finish(state.params, folder, "strl")


def _cs2_base(name: str, sft_params: Any, strl_params: Any) -> Any:
  match name:
    case "random":
      return None
    case "sft":
      return sft_params
    case "strl":
      return strl_params
  raise ValueError(f"strl.cs2_base={name!r}: must be 'random', 'sft' or 'strl'")


def load_questions(
  config: ConfigDict, policy: Policy, data_dir: str, num_questions: int
) -> list[strl.Question]:
  """Decisions of the demonstrations with the raw actions that the expert takes in each space."""
  source = make_iterator(data_dir, batch_size=32, seed=config.seed + 1, responses_per_row=ALL_FORMS)
  questions: list[strl.Question] = []
  with progress("questions", num_questions) as advance:
    while len(questions) < num_questions:  # the iterator has no end
      loaded = next(source)
      questions += [_question(policy, loaded, b) for b in range(len(loaded["instruction"]))]
      advance(len(loaded["instruction"]))
  return questions[:num_questions]


def _question(policy: Policy, loaded: dict[str, Any], b: int) -> strl.Question:
  images = tuple(view[b] for view in loaded["views"])
  is_gui_open = bool(loaded["is_gui_open"][b])
  accepted = []
  for text in loaded["responses"][b]:
    routed = route_text(text, 1)
    if isinstance(routed, ParseFailure):
      raise ValueError(f"demonstration {text!r} does not parse ({routed.reason}); make it again")
    accepted.append(routed.decode(0, images, policy.prompter.views, is_gui_open)[0])
  row = policy.prompter.row(
    policy.prompter.patches(images),
    policy.prompter.ids(loaded["instruction"][b], loaded["previous"][b]),
  )
  return strl.Question(row, images, is_gui_open, tuple(accepted))


def _sample_fn(policy: Policy, sample: Any, *, batch_size: int) -> strl.SampleFn:
  """Groups for any number of questions, in batches of one shape."""

  def sample_all(questions: Sequence[strl.Question], seed: int) -> list:
    found = []
    for i in range(0, len(questions), batch_size):
      chunk = [q.row for q in questions[i : i + batch_size]]
      padded = chunk + [chunk[0]] * (batch_size - len(chunk))
      prompts = stack_prompts(
        padded, max_prompt_len=policy.prompter.max_prompt_len, pad_id=policy.pad_id
      )
      seeds = np.random.SeedSequence((seed, i)).generate_state(batch_size)
      found += responses(policy.prompter, sample(prompts, seeds & 0x7FFFFFFF))[: len(chunk)]
    return found

  return sample_all


def _score(config: ConfigDict, policy: Policy, questions, sample, *, seed: int, title: str):
  """strl.answer in chunks, with a progress bar."""
  stage, chunk = config.strl, config.strl.batch_size
  answered = []
  with progress(title, len(questions)) as advance:
    for i in range(0, len(questions), chunk):
      answered += strl.answer(
        questions[i : i + chunk],
        sample,
        policy.prompter.views,
        seed=seed + i,
        tolerance_deg=stage.tolerance_deg,
        format_penalty=stage.format_penalty,
      )
      advance(min(chunk, len(questions) - i))
  return answered


def _warm_up(config, folder: Folder, policy: Policy, pool, sample) -> list[strl.Question]:
  """Keeps the questions whose group is neither all right nor all wrong under M_mix."""
  path = folder.stage("strl") / "warm_up.json"
  saved = read_json(path)
  if saved is None:
    seed = config.seed * 1000 + WARM_UP * 1_000_000
    answered = _score(config, policy, pool, sample, seed=seed, title="STRL warm-up")
    mixed = {id(a.question) for a in strl.keep_mixed(answered)}
    saved = {
      "kept": [i for i, question in enumerate(pool) if id(question) in mixed],
      **strl.summary(answered),
    }
    write_json(path, saved)
  if len(saved["kept"]) < config.strl.batch_size:
    raise ValueError(
      f"the warm-up kept {len(saved['kept'])} of {len(pool)} questions, fewer than "
      f"batch_size={config.strl.batch_size}: raise strl.num_questions or sft.num_steps"
    )
  return [pool[i] for i in saved["kept"]]


def _turn(
  questions: Sequence[strl.Question], count: int, iteration: int, seed: int
) -> list[strl.Question]:
  """The questions of one iteration, all of them where they are fewer than `count`."""
  size = min(count, len(questions))
  return shuffled_batch(questions, batch_size=size, step=iteration, seed=seed)


def _relabel(config: ConfigDict, policy: Policy, pool, sample) -> list[Row]:
  """D_strl: what the STRL policy gets right, in the space it chose, where it is not always right.

  Questions that it always gets right ("keep mining") would crowd out those that teach it to aim.
  """
  seed = config.seed * 1000 + RELABEL * 1_000_000
  answered = _score(config, policy, pool, sample, seed=seed, title="D_strl")
  rows = strl.relabel(strl.keep_mixed(answered), max_per_question=config.strl.relabel_per_question)
  return split_rows(rows, max_targets=config.strl.max_targets)
