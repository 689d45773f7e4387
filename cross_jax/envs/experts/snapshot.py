"""The true state of one game as NumPy arrays: all that an expert sees."""

from typing import NamedTuple

import numpy as np

from cross_jax.envs.voxel.state import SIZE_X, SIZE_Y, SIZE_Z, State


class Snapshot(NamedTuple):
  """One game; units and axes as in state.py."""

  blocks: np.ndarray  # uint16[SIZE_Y, SIZE_Z, SIZE_X]
  pos: np.ndarray  # float64[3], m
  vel: np.ndarray  # float64[3], m per tick
  yaw_deg: float
  pitch_deg: float
  is_on_ground: bool
  fall_m: float
  hotbar: int
  attack_ticks: int
  mob_kind: np.ndarray  # int32[MAX_MOBS]
  mob_pos: np.ndarray  # float64[MAX_MOBS, 3], m
  mob_health: np.ndarray  # float64[MAX_MOBS]
  mob_hurt_ticks: np.ndarray  # int32[MAX_MOBS]
  drop_item: np.ndarray  # int32[MAX_DROPS]
  slot_item: np.ndarray  # int32[NUM_SLOTS]
  slot_count: np.ndarray  # int32[NUM_SLOTS]
  gui: int  # layout.GUI_*
  is_book_open: bool  # the recipe book, which moves the slots
  cursor_px: np.ndarray  # float64[2]
  burn_ticks: int
  buttons: np.ndarray  # int8[23], last tick's
  goal_stat: int  # tasks.setup.STAT_*
  goal_index: int


def snapshots(state: State, games: np.ndarray | None = None) -> list[Snapshot]:
  """Snapshots of a batch of games.

  Args:
    state: State with a leading axis B.
    games: int[N], which games; all if None.
  Returns:
    One Snapshot per game asked for.
  """
  player, mobs, gui = state.player, state.mobs, state.gui
  blocks = np.asarray(state.blocks)
  columns = [
    player.pos, player.vel, player.yaw_deg, player.pitch_deg, player.is_on_ground, player.fall_m,
    player.hotbar, player.attack_ticks, mobs.kind, mobs.pos, mobs.health,
    mobs.hurt_ticks, state.drops.item, state.slots.item, state.slots.count, gui.kind,
    gui.is_book_open, gui.cursor_px, gui.burn_ticks, state.prev_buttons, state.goal.stat,
    state.goal.index,
  ]  # fmt: skip
  columns = [np.asarray(column) for column in columns]
  games = np.arange(len(blocks)) if games is None else games
  return [_snapshot(blocks[b], [column[b] for column in columns]) for b in games]


def _snapshot(blocks: np.ndarray, values: list[np.ndarray]) -> Snapshot:
  as_python = [
    value.item()
    if value.ndim == 0
    else (value.astype(np.float64) if value.dtype == np.float32 else value)
    for value in values
  ]
  return Snapshot(blocks.reshape(SIZE_Y, SIZE_Z, SIZE_X), *as_python)
