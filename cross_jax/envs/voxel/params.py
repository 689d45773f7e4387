"""What the rules of a world may be set to: plain numbers, fixed when `step` is compiled."""

from typing import NamedTuple

PEACEFUL, EASY, NORMAL, HARD = range(4)
DAY_TICKS = 24_000
NOON, MIDNIGHT = 6_000, 18_000  # of State.time_of_day


class Params(NamedTuple):
  difficulty: int = EASY  # of what mobs do to the player (not the tasks' zero, normal, hard)
  day_ticks: int = DAY_TICKS  # length of a day; 0: time stands still
