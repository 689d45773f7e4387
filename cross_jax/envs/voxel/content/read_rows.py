"""Reads a table of data/*.json: rows that say only what differs from the table's defaults."""

import json
from importlib import resources
from typing import Any

import numpy as np


class Rows:
  """The rows of data/<name>.json, column by column."""

  def __init__(self, name: str):
    file = resources.files("cross_jax.envs.voxel.content") / "data" / f"{name}.json"
    table = json.loads(file.read_text())
    self._rows, self._defaults = table["rows"], table["defaults"]
    self.names: tuple[str, ...] = tuple(row.get("name", "") for row in self._rows)
    self.index: dict[str, int] = {n: i for i, n in enumerate(self.names)}

  def values(self, key: str) -> list[Any]:
    """What the rows hold under `key`."""
    default = self._defaults.get(key)
    return [row.get(key, default) for row in self._rows]

  def column(self, key: str, dtype: type) -> np.ndarray:
    """The values under `key`, dtype[n, ...]."""
    return np.asarray(self.values(key), dtype)

  def rows_of(self, key: str, index: dict[str, int]) -> np.ndarray:
    """The numbers of names under `key` in another table, int32[n, ...]; None is 0."""
    return np.asarray(_each(self.values(key), lambda n: 0 if n is None else index[n]), np.int32)

  def number_of(self, key: str, names: tuple[str, ...]) -> np.ndarray:
    """The places of names under `key` in a list of names, int32[n, ...]."""
    return np.asarray(_each(self.values(key), names.index), np.int32)

  def colors(self) -> np.ndarray:
    """Colours written as hexadecimal RGB, uint8[n, ..., 3]."""
    return np.asarray(_each(self.values("colors"), lambda c: list(bytes.fromhex(c))), np.uint8)


def _each(values: list[Any], change: Any) -> list[Any]:
  return [_each(v, change) if isinstance(v, list) else change(v) for v in values]
