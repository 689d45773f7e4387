"""Every biome by day, and one place at four times of the day."""

from pathlib import Path

import numpy as np

from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel.biomes import ANY, BIOMES
from cross_jax.envs.voxel.state import State

TIMES = {"sunrise": 0, "noon": 6_000, "dusk": 12_500, "midnight": 18_000}  # ticks
COLUMNS = 3
_SEEDS: dict[str, int] = {}
_PITCH_DEG = 8.0


def biome_game(name: str, seed: int) -> State:
  """The first tick in a world of a biome, without a task."""
  setup = shots.plain_setup(seed)._replace(biome=np.int32(BIOMES.index[name]))
  state = shots.fresh_game(setup)
  return state._replace(player=state.player._replace(pitch_deg=np.float32(_PITCH_DEG)))


def save(out: Path) -> int:
  """Writes two contact sheets of the biomes and a strip of the times of day."""
  names = [name for i, name in enumerate(BIOMES.names) if i != ANY]
  games = [biome_game(name, _SEEDS.get(name, 1)) for name in names]
  place = games[names.index("forest")]
  games += [place._replace(time_of_day=np.int32(time)) for time in TIMES.values()]
  pictures = list(shots.half(shots.draw(games)))
  middle = -(-len(names) // 2 // COLUMNS) * COLUMNS
  for i, those in enumerate((slice(0, middle), slice(middle, len(names))), start=1):
    titles = [name.replace("_", " ") for name in names[those]]
    sheet = sheets.contact_sheet(titles, pictures[those], COLUMNS)
    sheets.save_sheet(sheet, out / f"biomes_{i}.webp")
  times = sheets.contact_sheet(list(TIMES), pictures[len(names) :], len(TIMES))
  sheets.save_sheet(times, out / "day.webp")
  return 3
