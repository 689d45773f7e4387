"""Every biome by day, and one place at four times of the day."""

from pathlib import Path

import numpy as np

from cross_jax.envs.gallery import sheets, shots
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.world.biomes import ANY, BIOMES

TIMES = {"sunrise": 0, "noon": 6_000, "dusk": 12_500, "midnight": 18_000}  # ticks
COLUMNS = 3
_PITCH_DEG = 8.0
_PLACES = {  # seed, and degrees to the right of the first gaze
  "plains": (7, 180), "sands": (1, 100), "forest": (7, 180), "birch_forest": (7, 260),
  "flower_forest": (3, 180), "taiga": (7, 100), "savanna": (7, 100), "desert": (7, 260),
  "badlands": (1, 180), "jungle": (7, 100), "swamp": (3, 0), "snowy": (1, 260),
  "mountains": (1, 180), "ocean": (1, 0), "mushroom_fields": (3, 180), "nether_wastes": (7, 180),
  "the_end": (1, 260),
}  # fmt: skip
_WET = ("ocean", "swamp")  # shown from their shore


def biome_game(name: str, seed: int, turn_deg: float) -> State:
  """The first tick in a world of a biome, without a task."""
  setup = shots.plain_setup(seed)._replace(
    biome=np.int32(BIOMES.index[name]), needs_water=np.bool_(name in _WET)
  )
  state = shots.fresh_game(setup)
  yaw = np.float32(state.player.yaw_deg + turn_deg)
  player = state.player._replace(yaw_deg=yaw, pitch_deg=np.float32(_PITCH_DEG))
  return state._replace(player=player)


def save(out: Path) -> int:
  """Writes two contact sheets of the biomes and a strip of the times of day."""
  names = [name for i, name in enumerate(BIOMES.names) if i != ANY]
  games = [biome_game(name, *_PLACES.get(name, (1, 0.0))) for name in names]
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
