"""Plays expert episodes in a batch of games through the real decoders and records their frames."""

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from cross_jax.actions import format_action, parse
from cross_jax.base import BUTTON_INDEX, DEG_PER_PX, RawAction, no_op
from cross_jax.decoders import Routed, route
from cross_jax.envs.experts import (
  FORMS,
  SEGMENT_VIEW,
  SPACE_OF_FORM,
  Snapshot,
  intent_to_raw,
  label,
  plan,
  snapshots,
)
from cross_jax.envs.tasks import get, instruction
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.gui.layout import GUI_NONE
from data_pipelines.pictures import Pictures
from data_pipelines.storage import encode_png, text_key

SPACES = tuple(sorted(set(SPACE_OF_FORM.values())))
ONE_SPACE_SHARE = 0.5  # of the episodes keep to one space, the others mix all forms
MAX_PERTURBED_TICKS = 4
MAX_PERTURBATIONS = 3  # of an episode: each costs the progress on a block that is being broken
PERTURB_CLICK_SHARE = 0.25  # of the perturbed decisions in a GUI click somewhere
NO_CODES = np.zeros((SEGMENT_VIEW.height, SEGMENT_VIEW.width), np.int32)
_WALK_KEYS = ("forward", "back", "left", "right", "jump")


class Recorded(NamedTuple):
  """One episode and its rows (see storage.row_features)."""

  task: str
  seed: int
  space: str  # the one space that executed it, or "mixed"
  is_success: bool
  num_ticks: int
  num_decisions: int
  rows: list[dict[str, Any]]


class Game:
  """An episode under way in one slot of the environment."""

  def __init__(self, index: int, task: str, seed: int, base_seed: int):
    self.index, self.task, self.seed = index, task, seed
    self.instruction, self.family = instruction(task, seed), get(task).family
    self.rng = np.random.default_rng((base_seed, zlib.crc32(task.encode()), seed))
    is_mixed = self.rng.random() >= ONE_SPACE_SHARE
    self.space = "mixed" if is_mixed else SPACES[self.rng.integers(len(SPACES))]
    self.forms = [f for f in FORMS if is_mixed or SPACE_OF_FORM[f] == self.space]
    self.rows: list[dict[str, Any]] = []
    self.num_ticks = self.num_decisions = self.num_perturbed = 0
    self.form = ""  # of the decision under way
    self.needs_images = False
    self.routed: Routed | None = None  # what the decision executes
    self.num_left = self.decision_tick = 0
    self.last_raw, self.num_repeats = "", 0

  def is_worth_a_row(self, raw_text: str) -> bool:
    """Of a run of equal raw labels the 1st, 2nd, 4th, 8th, ...: long waits would fill the data."""
    self.num_repeats = self.num_repeats + 1 if raw_text == self.last_raw else 1
    self.last_raw = raw_text
    return self.num_repeats & (self.num_repeats - 1) == 0

  def begin(self) -> None:
    """Draws the form of the next decision; a decoder of `grounding` looks at its first picture."""
    self.form = self.forms[self.rng.integers(len(self.forms))]
    self.needs_images = self.form == "grounding"

  def choose(self, texts: dict[str, str], view: Snapshot, k: int, perturb_share: float) -> None:
    """Sets what the decision executes: the label of its form, or now and then something random."""
    is_random = self.rng.random() < perturb_share and self.num_perturbed < MAX_PERTURBATIONS
    if is_random:
      self.num_perturbed += 1
      self.routed = _perturbation(self.rng, view)
    else:
      self.routed = route(parse(texts[self.form]), k)
    self.num_left, self.decision_tick = self.routed.num_ticks, 0
    self.num_decisions += 1

  def tick(self, images: tuple[np.ndarray, ...], views, is_gui_open: bool) -> RawAction:
    """The raw action of the decision's next tick."""
    raw, is_done = self.routed.decode(self.decision_tick, images, views, is_gui_open)
    self.decision_tick += 1
    self.num_left = 0 if is_done else self.num_left - 1
    self.needs_images = self.routed.needs_images()
    return raw

  def finish(self, is_success: bool) -> Recorded:
    return Recorded(
      self.task,
      self.seed,
      self.space,
      is_success,
      self.num_ticks,
      self.num_decisions,
      self.rows if is_success else [],
    )


def record_episodes(
  env: VoxelEnv,
  pictures: Pictures,
  episodes: Sequence[tuple[str, int]],
  *,
  base_seed: int,
  max_ticks_per_decision: int,
  perturb_share: float,
) -> Iterator[tuple[int, Recorded]]:
  """Plays every episode once; yields (its index, its record) as they end.

  At each decision a form is drawn, the actual decoder of its text runs for its ticks, and the frame
  is kept with the labels of all forms. In a share of the decisions a random action is executed
  instead, which is never a label: the frames after it show how to recover. An episode's record
  depends on (base_seed, task, seed) alone, not on what runs beside it.

  Args:
    env: games without views.
    pictures: draws them, with the views of the rows.
    episodes: (task, seed) pairs.
    base_seed: of the forms and perturbations.
    max_ticks_per_decision: k.
    perturb_share: 0..1, of the decisions, at most MAX_PERTURBATIONS in an episode.
  """
  queue = deque(Game(i, task, seed, base_seed) for i, (task, seed) in enumerate(episodes))
  games: list[Game | None] = [None] * env.num_envs
  while True:
    _refill(env, games, queue)
    running = {slot: game for slot, game in enumerate(games) if game is not None}
    if not running:
      return
    action, active = no_op((env.num_envs,)), np.zeros(env.num_envs, bool)
    for slot, raw in _decide(env, pictures, running, max_ticks_per_decision, perturb_share):
      action.buttons[slot], action.camera_deg[slot] = raw.buttons, raw.camera_deg
      active[slot] = True
    step = env.step(action, active=active, render=False)
    for slot, game in running.items():
      game.num_ticks += 1
      if step.terminated[slot] or step.truncated[slot]:
        games[slot] = None
        yield game.index, game.finish(bool(step.reward[slot] > 0))


def _refill(env: VoxelEnv, games: list[Game | None], queue: deque[Game]) -> None:
  """Starts queued episodes in the free slots."""
  started = [slot for slot, game in enumerate(games) if game is None][: len(queue)]
  if started:
    for slot in started:
      games[slot] = queue.popleft()
    env.reset([games[i].task for i in started], [games[i].seed for i in started], started)


def _decide(
  env: VoxelEnv,
  pictures: Pictures,
  running: dict[int, Game],
  max_ticks: int,
  perturb_share: float,
) -> Iterator[tuple[int, RawAction]]:
  """The next tick of every game: plans, labels and records where the last decision is over."""
  state = env.get_state()
  waiting = [slot for slot, game in running.items() if game.num_left == 0]
  views = dict(zip(waiting, snapshots(state, np.asarray(waiting, np.int32))))
  intents = {slot: plan(view) for slot, view in views.items()}
  is_kept = {}
  for slot in waiting:
    game = running[slot]
    game.begin()
    is_kept[slot] = game.is_worth_a_row(format_action(intent_to_raw(intents[slot], views[slot])))
  to_draw = [slot for slot, game in running.items() if game.needs_images or is_kept.get(slot)]
  to_segment = [
    slot for slot in waiting if is_kept[slot] or SPACE_OF_FORM[running[slot].form] == "grounding"
  ]
  images, codes = pictures.draw(state, to_draw, to_segment)
  is_gui_open = np.asarray(state.gui.kind) != GUI_NONE
  for slot, game in running.items():
    if slot in views:
      texts = label(intents[slot], views[slot], codes.get(slot, NO_CODES))
      if is_kept[slot]:
        game.rows.append(make_row(game, texts, images[slot], bool(is_gui_open[slot])))
      game.choose(texts, views[slot], max_ticks, perturb_share)
    yield slot, game.tick(images.get(slot, ()), pictures.views, bool(is_gui_open[slot]))


def make_row(game: Game, texts: dict[str, str], images, is_gui_open: bool) -> dict[str, Any]:
  """The row of a game's present tick; see storage.row_features."""
  row = {
    "task": game.task,
    "family": game.family,
    "seed": game.seed,
    "decision": game.num_decisions,
    "tick": game.num_ticks,
    "instruction": game.instruction,
    "is_gui_open": is_gui_open,
  }
  row |= {text_key(form): text for form, text in texts.items()}
  return row | {f"view_{i}": encode_png(image) for i, image in enumerate(images)}


def _perturbation(rng: np.random.Generator, view: Snapshot) -> Routed:
  """A random action: a turn and a key, or a cursor move and perhaps a click."""
  first, rest = no_op(), no_op()
  if view.gui:
    first.camera_deg[:] = rng.integers(-60, 61, 2) * DEG_PER_PX
    if rng.random() < PERTURB_CLICK_SHARE:
      first.buttons[BUTTON_INDEX["attack" if rng.random() < 0.5 else "use"]] = 1
    actions = [first, rest]
  else:
    first.camera_deg[:] = rng.normal(0.0, (8.0, 25.0)).astype(np.float32)
    for action in (first, rest):
      action.buttons[BUTTON_INDEX[_WALK_KEYS[rng.integers(len(_WALK_KEYS))]]] = 1
    actions = [first] + [rest] * int(rng.integers(MAX_PERTURBED_TICKS))
  return Routed(
    space="raw",
    num_ticks=len(actions),
    needs_images=lambda: False,
    decode=lambda tick, *_: (actions[tick], tick + 1 >= len(actions)),
  )
