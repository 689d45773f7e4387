"""The state of one game: a flat pytree of arrays, without a batch axis (vmap adds it).

Coordinates are Minecraft's: x east, y up, z south, metres; yaw 0 looks to +z, 90 to -x; pitch + is
down. A cell (x, y, z) is stored at index (y * SIZE_Z + z) * SIZE_X + x.
"""

from typing import NamedTuple

import jax

SIZE_X, SIZE_Y, SIZE_Z = 32, 24, 32  # cells
NUM_CELLS = SIZE_X * SIZE_Y * SIZE_Z
MAX_MOBS = 8
MAX_DROPS = 8
MAX_PROJECTILES = 8
NO_CELL = -1
MAX_EDITS = 10  # cells that may change in one tick
MAX_STORES = 4  # blocks of a world that keep items (furnaces, chests, ...) at once
EYE_HEIGHT = 1.62  # m above the feet
PLAYER_WIDTH, PLAYER_HEIGHT = 0.6, 1.8  # m


class Player(NamedTuple):
  pos: jax.Array  # float32[3], m, centre of the feet
  vel: jax.Array  # float32[3], m per tick
  yaw_deg: jax.Array  # float32[], unbounded
  pitch_deg: jax.Array  # float32[], -90..90
  is_on_ground: jax.Array  # bool[]
  fall_m: jax.Array  # float32[], metres fallen so far
  health: jax.Array  # float32[], 0..20
  food: jax.Array  # float32[], 0..20
  hurt_ticks: jax.Array  # int32[], ticks of invulnerability left
  last_damage: jax.Array  # float32[], health points of the last hurt: only more counts till then
  attack_ticks: jax.Array  # int32[], ticks since the hand last swung or changed (cool-down)
  swing_ticks: jax.Array  # int32[], ticks since the hand last swung, for the picture
  miss_ticks: jax.Array  # int32[], ticks that a held `attack` still does nothing after a miss
  mine_cell: jax.Array  # int32[], cell being broken, or -1
  mine_progress: jax.Array  # float32[], 0..1
  mine_delay: jax.Array  # int32[], ticks of held `attack` until mining goes on after a break
  use_delay: jax.Array  # int32[], ticks until `use` works again while held
  jump_delay: jax.Array  # int32[], ticks until `jump` works again while held
  hotbar: jax.Array  # int32[], selected hotbar slot 0..8
  held_item: jax.Array  # int32[], row of ITEMS that was in hand on the last tick
  saturation: jax.Array  # float32[], 0..food, spent before food
  exhaustion: jax.Array  # float32[], 4 of it cost one point of saturation or food
  food_ticks: jax.Array  # int32[], ticks towards the next regeneration or starvation
  eat_ticks: jax.Array  # int32[], ticks that `use` has been held on food
  air_ticks: jax.Array  # int32[], of breath left, 300 with the head in the air
  fire_ticks: jax.Array  # int32[], ticks left to burn
  is_sprinting: jax.Array  # bool[]


class Mobs(NamedTuple):
  kind: jax.Array  # int32[MAX_MOBS], row of the mob table, 0 = none
  pos: jax.Array  # float32[MAX_MOBS, 3], m, centre of the feet
  vel: jax.Array  # float32[MAX_MOBS, 3], m per tick
  yaw_deg: jax.Array  # float32[MAX_MOBS]
  health: jax.Array  # float32[MAX_MOBS]
  hurt_ticks: jax.Array  # int32[MAX_MOBS], ticks of invulnerability (and red flash) left
  last_damage: jax.Array  # float32[MAX_MOBS], health points of the last hit, see Player
  think_ticks: jax.Array  # int32[MAX_MOBS], ticks until the next choice of heading
  fire_ticks: jax.Array  # int32[MAX_MOBS], ticks left to burn
  timer_ticks: jax.Array  # int32[MAX_MOBS], a creeper's fuse, an archer's pause
  detour_ticks: jax.Array  # int32[MAX_MOBS], ticks left of a way around, below 0 on the other side


class Drops(NamedTuple):
  item: jax.Array  # int32[MAX_DROPS], row of the item table, 0 = none
  count: jax.Array  # int32[MAX_DROPS]
  pos: jax.Array  # float32[MAX_DROPS, 3], m
  age: jax.Array  # int32[MAX_DROPS], ticks
  vel: jax.Array  # float32[MAX_DROPS, 3], m per tick


class Projectiles(NamedTuple):
  """What mobs shot or threw and is in the air."""

  kind: jax.Array  # int32[MAX_PROJECTILES], projectiles.SHOT_*, 0 = none
  pos: jax.Array  # float32[MAX_PROJECTILES, 3], m
  vel: jax.Array  # float32[MAX_PROJECTILES, 3], m per tick
  damage: jax.Array  # float32[MAX_PROJECTILES], health points
  age: jax.Array  # int32[MAX_PROJECTILES], ticks


class Aim(NamedTuple):
  """What the crosshair met this tick: a block or, nearer, a mob."""

  cell: jax.Array  # int32[], index of the first block on the gaze, or -1
  front: jax.Array  # int32[], index of the cell on this side of it, or -1
  mob: jax.Array  # int32[], slot of the mob before that block, or -1


class Edits(NamedTuple):
  """Cells that change at the end of the tick; afterwards those of the last tick."""

  cell: jax.Array  # int32[MAX_EDITS], index of a cell, or -1
  block: jax.Array  # int32[MAX_EDITS], row of BLOCKS that it becomes


class Slots(NamedTuple):
  item: jax.Array  # int32[NUM_SLOTS], row of the item table, 0 = empty; see layout.py
  count: jax.Array  # int32[NUM_SLOTS], 0 iff empty


class Gui(NamedTuple):
  kind: jax.Array  # int32[], layout.GUI_*
  cursor_px: jax.Array  # float32[2], (x, y) on the 640x360 screen
  burn_ticks: jax.Array  # int32[], ticks of fuel left in the open furnace
  burn_total: jax.Array  # int32[], ticks that the present fuel gave
  cook_ticks: jax.Array  # int32[], ticks the present input has cooked
  cell: jax.Array  # int32[], index of the block whose GUI is open, or -1
  choice: jax.Array  # int32[], what is chosen of a stonecutter's products, or -1
  is_book_open: jax.Array  # bool[], the recipe book; stays as it is when the GUI closes
  book_page: jax.Array  # int32[]
  book_entries: jax.Array  # int32[20], what the page shows (see recipe_book.py), -1 = nothing
  book_seen: jax.Array  # uint32[], hash of the slots that book_entries were made for


class Stores(NamedTuple):
  """Blocks that keep items and fire while their GUI is closed (else they are in slots and gui)."""

  kind: jax.Array  # int32[MAX_STORES], layout.GUI_* of the block, 0 = free
  cell: jax.Array  # int32[MAX_STORES], index of its cell
  item: jax.Array  # int32[MAX_STORES, 27], of the slots from layout.BLOCK on
  count: jax.Array  # int32[MAX_STORES, 27]
  burn_ticks: jax.Array  # int32[MAX_STORES], as in Gui
  burn_total: jax.Array  # int32[MAX_STORES]
  cook_ticks: jax.Array  # int32[MAX_STORES]


class Stats(NamedTuple):
  """Cumulative counts, MineRL's stat dicts."""

  mine_block: jax.Array  # int32[num_blocks]
  kill_entity: jax.Array  # int32[num_mobs]
  craft_item: jax.Array  # int32[num_items]; smelted items count here, as in MineRL
  pickup: jax.Array  # int32[num_items]
  use_item: jax.Array  # int32[num_items]
  interact: jax.Array  # int32[num_blocks], blocks whose GUI was opened


class Events(NamedTuple):
  """What this tick adds to Stats: one entry for each of its fields, in their order."""

  index: jax.Array  # int32[len(Stats)], which count
  amount: jax.Array  # int32[len(Stats)], 0 = none


class Goal(NamedTuple):
  stat: jax.Array  # int32[], tasks.setup.STAT_*: which counts of Stats
  index: jax.Array  # int32[], the entry of those counts that must rise
  is_reached: jax.Array  # bool[], has risen; stays True, so that the reward comes once


class State(NamedTuple):
  blocks: jax.Array  # uint16[NUM_CELLS], row of the block table, 0 = air
  boxes: jax.Array  # int32[NUM_CELLS], the renderer's acceleration structure (render/boxes.py)
  light: jax.Array  # uint8[NUM_CELLS], 16 * level of sky light + level of block light (light.py)
  player: Player
  mobs: Mobs
  drops: Drops
  projectiles: Projectiles
  aim: Aim
  edits: Edits
  slots: Slots
  gui: Gui
  stores: Stores
  stats: Stats
  events: Events
  goal: Goal
  prev_buttons: jax.Array  # int8[23], last tick's, for edge-triggered keys
  is_night: jax.Array  # bool[], monsters neither burn nor rest
  time_of_day: jax.Array  # int32[], ticks 0..23999: 0 sunrise, 6000 noon, 18000 midnight
  sky: jax.Array  # int32[], biomes.OVERWORLD, NETHER or END; only the first has days and nights
  spawn_pos: jax.Array  # float32[3], m, where a player who died comes back
  tick: jax.Array  # int32[]
  num_clipped: jax.Array  # int32[], action values out of range that were clipped
  rng: jax.Array  # uint32[2] legacy PRNG key (jax.random.PRNGKey), so the state is plain arrays
  draws: jax.Array | tuple[()] = ()  # float32[32], while a tick runs: its chance (rules/chance.py)
