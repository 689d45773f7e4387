"""Plays random actions in all families of tasks and looks for states that must not be.

`python -m cross_jax.envs.voxel.soak --ticks 1000000`: prints what was looked at and how often it
was broken; the last line is JSON; exit code 1 if anything was broken. Ticks are counted per game.
"""

import argparse
import functools
import json
import sys
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.progress import Progress

from cross_jax.base import BUTTON_INDEX, NUM_BUTTONS, RawAction
from cross_jax.envs.tasks import FAMILIES, list_tasks, setup_row
from cross_jax.envs.voxel.invariants import CHECKS, broken, is_sound_change
from cross_jax.envs.voxel.reset import reset
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.step import step_batch

CHUNK = 50  # ticks of one compiled loop
EPISODE = 600  # ticks before all games start anew
NAMES = (*CHECKS, "a GUI keeps the number of each item")
_OFTEN = {"forward": 0.6, "attack": 0.5, "use": 0.25, "jump": 0.3, "sprint": 0.3, "sneak": 0.15}
_SELDOM = {"inventory": 0.02, "ESC": 0.02, "drop": 0.03, "swapHands": 0.02, "pickItem": 0.02}
_HOLD_TICKS = 8  # for which a button is held or left


class Report(NamedTuple):
  num_ticks: int
  num_broken: dict[str, int]  # by name of the check
  first: str  # what was broken first, or ""


def _chances() -> np.ndarray:
  """float32[NUM_BUTTONS], how often each button is down."""
  chances = np.full(NUM_BUTTONS, 0.05, np.float32)
  for name, chance in (_OFTEN | _SELDOM).items():
    chances[BUTTON_INDEX[name]] = chance
  return chances


def _act(rng: jax.Array, tick: jax.Array, num_games: int) -> RawAction:
  """Random buttons, held for some ticks each, and turns, some of them wild."""
  held_rng = jax.random.fold_in(rng, tick // _HOLD_TICKS)
  turn_rng, wild_rng = jax.random.split(jax.random.fold_in(rng, tick))
  is_down = jax.random.uniform(held_rng, (num_games, NUM_BUTTONS)) < jnp.asarray(_chances())[None]
  turn = jax.random.normal(turn_rng, (num_games, 2)) * 8
  is_wild = jax.random.uniform(wild_rng, (num_games, 1)) < 0.01
  turn = jnp.where(is_wild, turn * 1000, turn)
  return RawAction(is_down.astype(jnp.int8), turn)


@jax.jit
def _play(states: State, rng: jax.Array, start: jax.Array) -> tuple[State, jax.Array]:
  """CHUNK ticks: (states, bool[CHUNK, B, len(NAMES)] what was broken after each)."""
  num_games = states.tick.shape[0]

  def tick(states, i):
    action = _act(rng, start + i, num_games)
    after, _, _ = step_batch(states, action, jnp.ones((num_games,), bool))
    bad = jax.vmap(broken)(after)
    is_lost = ~jax.vmap(is_sound_change)(states, after)
    return after, jnp.concatenate([bad, is_lost[:, None]], axis=1)

  return jax.lax.scan(tick, states, jnp.arange(CHUNK))


_reset = jax.jit(lambda setup: reset(setup, jax.random.PRNGKey(setup.seed)))


@functools.partial(jax.jit, donate_argnums=0)
def _put(states: State, i: jax.Array, game: State) -> State:
  return jax.tree.map(lambda rows, row: rows.at[i].set(row), states, game)


def _start(names: list[str], seed: int, states: State | None) -> State:
  """Fresh games of the tasks."""
  for i, name in enumerate(names):
    game = _reset(setup_row(name, seed))
    if states is None:
      states = jax.tree.map(lambda a: jnp.repeat(a[None], len(names), axis=0), game)
    states = _put(states, np.int32(i), game)
  return states


def soak(num_ticks: int, num_games: int, seed: int = 0, progress: Progress | None = None) -> Report:
  """Plays at least `num_ticks` ticks, `num_games` games at a time, each EPISODE on other tasks.

  The tasks go through the catalogue family by family, so that every batch has all of them.
  """
  rng = np.random.default_rng(seed)
  names_of = [list_tasks(family) for family in FAMILIES]
  bar = progress.add_task("ticks", total=num_ticks) if progress else None
  totals, first, done, states, episode = np.zeros(len(NAMES), np.int64), "", 0, None, 0
  while done < num_ticks:
    names = [str(rng.choice(names_of[game % len(FAMILIES)])) for game in range(num_games)]
    states = _start(names, int(rng.integers(2**31)), states)
    key = jax.random.PRNGKey(int(rng.integers(2**31)))
    for start in range(0, EPISODE, CHUNK):
      states, bad = _play(states, key, np.int32(start))
      bad = np.asarray(bad)
      totals += bad.sum((0, 1))
      if bad.any() and not first:
        tick, game, check = np.argwhere(bad)[0]
        first = f"{NAMES[check]}: episode {episode}, {names[game]}, tick {start + tick}"
      done += CHUNK * num_games
      if progress:
        progress.update(bar, completed=done)
      if done >= num_ticks:
        break
    episode += 1
  return Report(done, dict(zip(NAMES, totals.tolist())), first)


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit code."""
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.envs.voxel.soak", description=__doc__.split("\n")[0]
  )
  parser.add_argument("--ticks", type=int, default=1_000_000, help="of all games together")
  parser.add_argument("--games", type=int, default=64, help="at a time")
  parser.add_argument("--seed", type=int, default=0)
  args = parser.parse_args(argv)
  if args.ticks < 1 or args.games < 1:
    parser.error(f"--ticks {args.ticks}, --games {args.games}: must be at least 1")
  if args.seed < 0:
    parser.error(f"--seed {args.seed}: must be at least 0")
  with Progress(console=Console(stderr=True)) as progress:
    report = soak(args.ticks, args.games, args.seed, progress)
  for name, number in report.num_broken.items():
    print(f"{name}: {'holds' if number == 0 else f'broken {number} times'}")
  if report.first:
    print(f"first: {report.first}")
  num_broken = sum(report.num_broken.values())
  print(json.dumps({"num_ticks": report.num_ticks, "num_broken": num_broken} | report.num_broken))
  return 1 if num_broken else 0


if __name__ == "__main__":
  sys.exit(main())
