"""How each block is put into a world: small templates of cells around a foot on the ground."""

import numpy as np

from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.content.tables import BLOCKS

(
  NOTHING, CLUSTER, PATCH, TREE, LEAFY_TREE, COLUMN, PLANT, SINGLE, ROW, LAYER, WEB, PAIR_UP,
  PAIR_ALONG, WALL, POD, FARM, CROPS, SAND_COLUMN, SAND_PLANT, FLOAT, SUNKEN, KELP, KELP_STEM,
) = range(23)  # fmt: skip
NUM_KINDS = 23
IS_RIGID = np.isin(
  np.arange(NUM_KINDS), (TREE, LEAFY_TREE, PAIR_UP, PAIR_ALONG, WALL, POD, FARM, CROPS)
)  # its cells are level with the foot; the others follow the ground, column by column
IS_IN_POND = np.isin(np.arange(NUM_KINDS), (FLOAT, SUNKEN, KELP, KELP_STEM))
IS_ON_FLOOR = np.isin(np.arange(NUM_KINDS), (SUNKEN, KELP, KELP_STEM))  # of the pond
IS_HUNG = np.isin(np.arange(NUM_KINDS), (WALL, POD))  # on the +z side of its own cell
OFFSETS = np.stack(
  np.meshgrid(np.arange(-2, 3), np.arange(0, 8), np.arange(-2, 3), indexing="ij"), axis=-1
).reshape(-1, 3)  # (x, y, z) cells of a template; y 0 is the ground
DRAW_STEPS = (1 / 3, 1 / 2, 2 / 3)  # a feature's draw above so many of them picks its variant
KEEP, OWN, PARTNER = range(3)  # what becomes of a cell: as it is, the block, its partner

_GROUND = (
  "dirt", "grass_block", "sand", "gravel", "clay", "coarse_dirt", "podzol", "mycelium", "red_sand",
  "soul_sand",
)  # fmt: skip
_FIRST_PLANTS = ("dandelion", "poppy", "cornflower", "azure_bluet", "grass", "torch")
_BY_NAME = {
  "air": NOTHING, "sugar_cane": COLUMN, "bamboo": COLUMN, "glass_pane": CLUSTER, "chest": CLUSTER,
  "composter": CLUSTER, "mushroom_stem": TREE, "crimson_stem": TREE, "warped_stem": TREE,
  "red_mushroom_block": LEAFY_TREE, "brown_mushroom_block": LEAFY_TREE, "cactus": SAND_COLUMN,
  "dead_bush": SAND_PLANT, "farmland": FARM, "wheat": CROPS, "carrots": CROPS, "potatoes": CROPS,
  "beetroots": CROPS, "lily_pad": FLOAT, "sea_pickle": SUNKEN, "kelp": KELP,
  "kelp_plant": KELP_STEM, "cocoa": POD, "ladder": WALL, "vine": WALL, "wall_torch": WALL,
  "cobweb": WEB, "snow": LAYER, "rail": ROW, "iron_bars": ROW,
}  # fmt: skip
_BY_END = {
  "_log": TREE, "_leaves": LEAFY_TREE, "_carpet": LAYER, "_fence": ROW, "_pane": ROW,
}  # fmt: skip
_PAIRS = {  # by the offset to the other half; the halves themselves are never asked for
  (0, 1, 0): PAIR_UP, (0, 0, -1): PAIR_ALONG, (0, -1, 0): NOTHING, (0, 0, 1): NOTHING,
}  # fmt: skip
_PARTNERS = {
  "mushroom_stem": "red_mushroom_block", "red_mushroom_block": "mushroom_stem",
  "brown_mushroom_block": "mushroom_stem", "crimson_stem": "nether_wart_block",
  "warped_stem": "warped_wart_block", "wheat": "farmland", "carrots": "farmland",
  "potatoes": "farmland", "beetroots": "farmland", "cactus": "sand", "dead_bush": "sand",
  "kelp": "kelp_plant", "kelp_plant": "kelp", "cocoa": "jungle_log", "ladder": "oak_planks",
  "vine": "mossy_cobblestone", "wall_torch": "cobblestone", "farmland": "water",
}  # fmt: skip


def _kind(row: int, name: str) -> int:
  """How a block stands: by its name, else by its halves and its shape."""
  if name in _BY_NAME:
    return _BY_NAME[name]
  if name in _GROUND:
    return PATCH
  by_end = (kind for end, kind in _BY_END.items() if name.endswith(end))
  if (kind := next(by_end, None)) is not None:
    return kind
  if BLOCKS.half_row[row] > 0:
    return _PAIRS[tuple(int(v) for v in BLOCKS.half[row])]
  if BLOCKS.shape[row] == tables.SHAPE_PLANT or name in _FIRST_PLANTS:
    return PLANT
  return CLUSTER if BLOCKS.shape[row] == tables.SHAPE_CUBE else SINGLE


def _partner(row: int, name: str) -> int:
  """The leaves of a log, the log of leaves (oak for woods without), the other half, the ground."""
  if name in _PARTNERS:
    return BLOCKS.index[_PARTNERS[name]]
  if BLOCKS.half_row[row] > 0:
    return int(BLOCKS.half_row[row])
  for end, swapped in {"_log": "_leaves", "_leaves": "_log"}.items():
    if name.endswith(end):
      partner = name.removesuffix(end) + swapped
      return BLOCKS.index.get(partner, BLOCKS.index["oak" + swapped])
  return 0


def _cells(kind: int, variant: int) -> tuple[np.ndarray, np.ndarray]:
  """(own bool[T], partner bool[T]): which cells OFFSETS a variant 0..3 of a kind fills."""
  x, y, z = OFFSETS.T
  near, none = x * x + z * z, np.zeros(len(OFFSETS), bool)
  mid, front = (x == 0) & (z == 0), (x == 0) & (z == 1)
  at = lambda low, high: (y >= low) & (y <= high)
  if kind in (TREE, LEAFY_TREE, POD):
    foot = front if kind == POD else mid
    around = x * x + (z - 1) ** 2 if kind == POD else near
    tall = 3 if kind == LEAFY_TREE else 4 + (variant >= 2)
    trunk = foot & at(1, tall)
    crown = (at(tall - 1, tall) & (around <= 5)) | ((y == tall + 1) & (around <= 1))
    crown &= ~trunk
    return {TREE: (trunk, crown), LEAFY_TREE: (crown, trunk), POD: (mid & at(2, 2), trunk)}[kind]
  beside = (x == 1) & (z == 0)
  cluster = (
    (mid & at(1, 1)) | (beside & at(1, 1) & (variant >= 1)) | (mid & at(2, 2) & (variant > 2))
  )
  plant = (y == 1) & (mid | ((x == 1) & (z == 1)) | ((x == -1) & (z == 0)))
  square = near <= 2
  cells = {
    NOTHING: (none, none),
    CLUSTER: (cluster, none),
    PATCH: ((y == 0) & square, none),
    COLUMN: ((mid & at(1, 3)) | (beside & at(1, 2)), none),
    PLANT: (plant, none),
    SINGLE: (mid & (y == 1), none),
    ROW: ((abs(x) <= 1) & (z == 0) & (y == 1), none),
    LAYER: (square & (y == 1), none),
    WEB: (mid & at(1, 2), none),
    PAIR_UP: (mid & (y == 1), mid & (y == 2)),
    PAIR_ALONG: (mid & (y == 1), (x == 0) & (z == -1) & (y == 1)),
    WALL: (mid & at(2, 2 + (variant > 1)), front & at(1, 3)),
    FARM: ((y == 0) & square & ~mid, (y == 0) & mid),
    CROPS: ((y == 1) & square, (y == 0) & square),
    SAND_COLUMN: (mid & at(1, 2 + (variant > 1)), (y == 0) & square),
    SAND_PLANT: (plant, (y == 0) & square),
    FLOAT: (plant, none),
    SUNKEN: (plant, none),
    KELP: (mid & (y == 2), mid & (y == 1)),
    KELP_STEM: (mid & (y == 1), mid & (y == 2)),
  }
  return cells[kind]


def _templates() -> np.ndarray:
  """int8[NUM_KINDS, 4, T], KEEP, OWN or PARTNER for each cell OFFSETS of each variant."""
  out = np.zeros((NUM_KINDS, 4, len(OFFSETS)), np.int8)
  for kind in range(NUM_KINDS):
    for variant in range(4):
      own, partner = _cells(kind, variant)
      out[kind, variant] = np.where(own, OWN, np.where(partner, PARTNER, KEEP))
  return out


KIND = np.asarray([_kind(i, n) for i, n in enumerate(BLOCKS.names)], np.int32)  # per row of BLOCKS
PARTNER_ROW = np.asarray([_partner(i, n) for i, n in enumerate(BLOCKS.names)], np.int32)
FIRST_PARTNER_ROW = np.where(  # of the worlds staged first: these two woods had oak's leaves
  np.isin(BLOCKS.names, ("acacia_log", "dark_oak_log")), BLOCKS.index["oak_leaves"], PARTNER_ROW
).astype(np.int32)
TEMPLATES = _templates()
