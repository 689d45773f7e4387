"""Whole episodes of the experts: raw actions only, many games at a time, without pictures."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cross_jax.base import RawAction, no_op
from cross_jax.envs.experts.plan import plan
from cross_jax.envs.experts.raw import intent_to_raw
from cross_jax.envs.experts.snapshot import Snapshot, snapshots
from cross_jax.envs.voxel.env import VoxelEnv

DEMONSTRATION_SEED = 10_000  # demonstration worlds start here, evaluation worlds at 2_000_000


class Outcome(NamedTuple):
  task: str
  seed: int
  is_success: bool
  num_ticks: int
  end: str  # 'won', 'died' or 'out of time'


def act(view: Snapshot) -> RawAction:
  """The expert's raw action in a state."""
  return intent_to_raw(plan(view), view)


def play(
  episodes: Sequence[tuple[str, int]],
  *,
  num_envs: int = 64,
  act_fn: Callable[[Snapshot], RawAction] = act,
  difficulty: str | None = None,
) -> Iterator[Outcome]:
  """Plays episodes (task, seed) to their end, num_envs at a time.

  Args:
    episodes: what to play.
    num_envs: games of a batch, B.
    act_fn: a policy on true states.
    difficulty: of the set-ups, see tasks.setup_row.
  Yields:
    One Outcome an episode, in the order given.
  """
  env = VoxelEnv(num_envs, difficulty=difficulty)
  queue = deque(enumerate(episodes))
  playing: dict[int, int] = {}  # slot -> index of its episode
  outcomes: dict[int, Outcome] = {}
  num_given = 0
  while queue or playing:
    free = [slot for slot in range(num_envs) if slot not in playing][: len(queue)]
    if free:
      playing |= {slot: queue.popleft()[0] for slot in free}
      env.reset(*zip(*(episodes[playing[slot]] for slot in free)), free)
    slots = sorted(playing)
    action, active = no_op((num_envs,)), np.zeros(num_envs, bool)
    active[slots] = True
    for slot, view in zip(slots, snapshots(env.get_state(), np.asarray(slots))):
      raw = act_fn(view)
      action.buttons[slot], action.camera_deg[slot] = raw.buttons, raw.camera_deg
    step = env.step(action, active=active, render=False)
    for slot in slots:
      if step.terminated[slot] or step.truncated[slot]:
        index = playing.pop(slot)
        is_success = bool(step.reward[slot] > 0)
        end = "won" if is_success else "died" if step.terminated[slot] else "out of time"
        ticks = int(step.info["tick"][slot])
        outcomes[index] = Outcome(*episodes[index], is_success, ticks, end)
    while num_given in outcomes:
      yield outcomes.pop(num_given)
      num_given += 1
