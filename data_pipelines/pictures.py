"""Pictures and segmentations of only those games of a batch that need one."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from cross_jax.base import View
from cross_jax.envs.experts import SEGMENT_VIEW
from cross_jax.envs.voxel.render import draw_chosen, render_batch, segment_batch
from cross_jax.envs.voxel.state import State


class Pictures:
  """Draws chosen games, a few at a time; all calls are under way before the first is waited for."""

  def __init__(self, views: tuple[View, ...]):
    self.views = tuple(views)

  def draw(
    self, state: State, to_draw: Sequence[int], to_segment: Sequence[int]
  ) -> tuple[dict[int, tuple[np.ndarray, ...]], dict[int, np.ndarray]]:
    """The pictures and codes of some games.

    Args:
      state: State with a leading axis B.
      to_draw: games whose pictures are wanted.
      to_segment: games whose codes of SEGMENT_VIEW are wanted.
    Returns:
      (game -> one uint8[h, w, 3] per view, game -> int32[90, 160]).
    """
    drawn = draw_chosen(partial(render_batch, views=self.views), state, to_draw)
    segmented = draw_chosen(partial(segment_batch, view=SEGMENT_VIEW), state, to_segment)
    images: dict[int, tuple[np.ndarray, ...]] = {}
    for part, views in drawn:
      views = [np.asarray(view) for view in views]
      images |= {game: tuple(view[i] for view in views) for i, game in enumerate(part)}
    codes: dict[int, np.ndarray] = {}
    for part, rows in segmented:
      codes |= dict(zip(part, np.asarray(rows)))
    return images, codes
