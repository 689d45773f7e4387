"""What the rules of a world may be set to: plain numbers, fixed when `step` is compiled."""

from typing import NamedTuple

DAY_TICKS = 24_000
NOON, MIDNIGHT = 6_000, 18_000  # of State.time_of_day
PEACEFUL, EASY, NORMAL, HARD = range(4)


class Params(NamedTuple):
  difficulty: int = EASY  # of what mobs and hunger do to the player; MineRL: HARD
  is_time_passing: bool = True  # False: the time of day stands still, as in the BASALT tasks
