"""What an expert wants to do now: a high-level move that every action space can express."""

from typing import NamedTuple

import numpy as np

from cross_jax.base import BUTTON_INDEX
from cross_jax.envs.experts.snapshot import Snapshot

WAIT = "wait"  # nothing to do on this tick but to press `keys`
MINE = "mine"  # hold `attack` on the block `target` (a cell index), which is in reach
USE = "use"  # press `use` on the block `target` (a cell index), which is in reach
STRIKE = "strike"  # hit the mob `target` (a slot of Mobs), which is in reach
APPROACH = "approach"  # walk towards `aim`
CLICK_LEFT = "click left"  # in a GUI, on the inventory slot `target`
CLICK_RIGHT = "click right"


class Intent(NamedTuple):
  kind: str
  aim: np.ndarray | None = None  # float64[3], m: the point of the world to turn to
  target: int = -1  # cell index, mob slot or inventory slot, by kind; -1 for a mere waypoint
  keys: frozenset[str] = frozenset()  # further buttons held, names of BUTTONS
  may_hit: bool = False  # STRIKE: the weapon is ready, the mob can be hurt, the button is up


IDLE = Intent(WAIT)


def press_once(view: Snapshot, button: str) -> Intent:
  """Presses a button on the tick that finds it up, so that each press is a new one."""
  return IDLE if view.buttons[BUTTON_INDEX[button]] else Intent(WAIT, keys=frozenset((button,)))
