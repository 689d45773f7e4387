"""Hand-built states for the tests of the experts."""

import numpy as np

from cross_jax.base import BUTTON_INDEX, RawAction
from cross_jax.envs.experts import Snapshot
from cross_jax.envs.tasks.setup import STAT_CRAFT_ITEM, STAT_KILL_ENTITY, STAT_MINE_BLOCK
from cross_jax.envs.voxel.content.tables import BLOCKS, ITEMS, MOBS
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.state import MAX_DROPS, MAX_MOBS, SIZE_X, SIZE_Y, SIZE_Z

FLOOR = 8  # y of the top solid cell
LOG = BLOCKS.index["oak_log"]
SKY = np.zeros((90, 160), np.int32)  # a segmentation without anything


def make_view(**changes) -> Snapshot:
  """A flat world of grass; the player at (16.5, 9, 16.5) looks level to +z."""
  blocks = np.zeros((SIZE_Y, SIZE_Z, SIZE_X), np.uint16)
  blocks[: FLOOR + 1] = BLOCKS.index["grass_block"]
  view = Snapshot(
    blocks=blocks,
    pos=np.asarray([16.5, FLOOR + 1.0, 16.5]),
    vel=np.zeros(3),
    yaw_deg=0.0,
    pitch_deg=0.0,
    is_on_ground=True,
    fall_m=0.0,
    hotbar=0,
    attack_ticks=100,
    mob_kind=np.zeros(MAX_MOBS, np.int32),
    mob_pos=np.zeros((MAX_MOBS, 3)),
    mob_health=np.zeros(MAX_MOBS),
    mob_hurt_ticks=np.zeros(MAX_MOBS, np.int32),
    drop_item=np.zeros(MAX_DROPS, np.int32),
    slot_item=np.zeros(layout.NUM_SLOTS, np.int32),
    slot_count=np.zeros(layout.NUM_SLOTS, np.int32),
    gui=layout.GUI_NONE,
    is_book_open=False,
    cursor_px=np.asarray(layout.CURSOR_HOME),
    burn_ticks=0,
    buttons=np.zeros(23, np.int8),
    goal_stat=STAT_MINE_BLOCK,
    goal_index=LOG,
  )
  return view._replace(**changes)


def with_block(view: Snapshot, cell, name="oak_log") -> Snapshot:
  blocks = view.blocks.copy()
  blocks[cell[1], cell[2], cell[0]] = BLOCKS.index[name]
  return view._replace(blocks=blocks)


def with_mob(view: Snapshot, pos, name="sheep", **changes) -> Snapshot:
  kind, where, health = view.mob_kind.copy(), view.mob_pos.copy(), view.mob_health.copy()
  kind[0], where[0], health[0] = MOBS.index[name], pos, MOBS.max_health[MOBS.index[name]]
  changes = {"goal_stat": STAT_KILL_ENTITY, "goal_index": MOBS.index[name], **changes}
  return view._replace(mob_kind=kind, mob_pos=where, mob_health=health, **changes)


def with_items(gui: int, goal: str, slots: dict[int, tuple[str, int]], **changes) -> Snapshot:
  item, count = np.zeros((2, layout.NUM_SLOTS), np.int32)
  for slot, (name, number) in slots.items():
    item[slot], count[slot] = ITEMS.index[name], number
  return make_view(
    slot_item=item,
    slot_count=count,
    gui=gui,
    goal_stat=STAT_CRAFT_ITEM,
    goal_index=ITEMS.index[goal],
    **changes,
  )


def pressed(action: RawAction) -> set[str]:
  return {name for name, i in BUTTON_INDEX.items() if action.buttons[i]}


def move_px(action: RawAction) -> tuple[int, int]:
  dy, dx = np.rint(np.asarray(action.camera_deg) / 0.15).astype(int)
  return int(dx), int(dy)
