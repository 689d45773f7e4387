"""What the rules of a world may be set to: plain numbers, fixed when `step` is compiled."""

from typing import NamedTuple

PEACEFUL, EASY, NORMAL, HARD = range(4)


class Params(NamedTuple):
  difficulty: int = EASY  # of what mobs and hunger do to the player; MineRL: HARD
  is_time_passing: bool = True  # False: the time of day stands still, as in the BASALT tasks
