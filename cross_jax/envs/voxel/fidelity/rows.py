"""A row of the table of fidelity: a rule of Minecraft 1.16, its measurement, its number."""

from collections.abc import Callable
from typing import NamedTuple

WIKI = "minecraft.wiki"  # the public documentation of the game
TICKS_PER_S = 20


class Row(NamedTuple):
  rule: str
  unit: str
  published: float
  source: str
  measure: Callable[[], float]  # runs the world with actions
  tolerance: float = 1e-3
  chosen: str = ""  # why this world differs, where it does so on purpose


class Measured(NamedTuple):
  row: Row
  value: float  # nan if measuring it failed
  error: str = ""  # why it did

  @property
  def difference(self) -> float:
    """Measured less published."""
    return self.value - self.row.published

  @property
  def verdict(self) -> str:
    """'ok', 'chosen' (differs on purpose) or 'off'."""
    if abs(self.difference) <= self.row.tolerance + 1e-9:
      return "ok"
    return "chosen" if self.row.chosen and not self.error else "off"
