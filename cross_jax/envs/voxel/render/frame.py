"""Frames of a batch of games: trace, shade, overlay.

Game by game so that each stays in cache, or all games together (batch_layout.py).
"""

import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.base import View
from cross_jax.envs.voxel.batch_layout import in_groups, is_together
from cross_jax.envs.voxel.content.tables import BLOCKS
from cross_jax.envs.voxel.render import overlay
from cross_jax.envs.voxel.render.hits import FAR, Hits, Rays, hit_block, make_rays
from cross_jax.envs.voxel.render.mobs import (
  CHUNK,
  SLOT_SHIFT,
  Things,
  boxes_of,
  chunk_angles,
  hit_things,
)
from cross_jax.envs.voxel.render.native import draw_native
from cross_jax.envs.voxel.render.once import Once, once_of
from cross_jax.envs.voxel.render.rays import (
  FOCAL_PX,
  camera_axes,
  camera_rays,
  check_view,
  eye,
  px_per_sample,
)
from cross_jax.envs.voxel.render.renderers import is_native
from cross_jax.envs.voxel.render.shade import shade
from cross_jax.envs.voxel.render.together import hit_things_together, trace_together
from cross_jax.envs.voxel.render.trace import padded, trace
from cross_jax.envs.voxel.state import MAX_DROPS, MAX_MOBS, SIZE_X, SIZE_Y, SIZE_Z, State

CODE_NONE, CODE_BLOCK, CODE_MOB = 0, 1000, 2000
CODE_DROP = CODE_MOB + MAX_MOBS
CODE_SHOT = CODE_DROP + MAX_DROPS

MAX_RUNS = 4  # each is compiled, so more cost compile time
MIN_RUN = 4  # games
MAX_RAYS = 2**24  # of all games drawn together: bounds the memory that a picture takes
_VISIBLE_BITS = 0xC0  # of a box byte: set in blocks and in water


class _Plan(NamedTuple):
  """The rays of some views in one row, padded to whole chunks with rays through the centre."""

  camera: np.ndarray  # float32[3, N]
  pixel_angle: np.ndarray  # float32[N], radians
  bounds: np.ndarray  # float32[N / CHUNK, 2, 2]


@functools.lru_cache(maxsize=16)
def _plan(views: tuple[View, ...]) -> _Plan:
  cameras = [camera_rays(view) for view in views]
  num = sum(c.shape[1] for c in cameras)
  num_pad = padded(num, CHUNK) - num
  ahead = np.repeat(np.asarray([[0], [0], [1]], np.float32), num_pad, axis=1)
  camera = np.concatenate([*cameras, ahead], axis=1)
  angles = [np.full(v.width * v.height, max(px_per_sample(v)) / FOCAL_PX) for v in views]
  angle = np.concatenate([*angles, np.full(num_pad, 1 / FOCAL_PX)]).astype(np.float32)
  return _Plan(camera, angle, chunk_angles(camera))


def _checked_plan(views: tuple[View, ...]) -> _Plan:
  for view in views:
    check_view(view)
  return _plan(tuple(views))


def _begin(state: State, plan: _Plan) -> tuple[jax.Array, Rays, jax.Array]:
  """The camera's axes, the rays of a plan and the height below which all blocks are."""
  player = state.player
  axes = camera_axes(player.yaw_deg, player.pitch_deg)
  rays = make_rays(eye(player), axes, plan.camera)
  return axes, rays, _top(state.boxes)


def _top(boxes: jax.Array) -> jax.Array:
  """The height of the highest block or water, m, float32[]."""
  rows = boxes.reshape(SIZE_Y, SIZE_Z, SIZE_X)
  # over the middle axis, which XLA vectorises: over the last it would take one cell at a time
  seen = jax.lax.reduce(rows, np.int32(0), jax.lax.bitwise_or, (1,)) & _VISIBLE_BITS
  height = jnp.arange(1, SIZE_Y + 1)[:, None]
  return jnp.max(jnp.where(seen != 0, height, 0)).astype(jnp.float32)


def _look(state: State, plan: _Plan) -> tuple[Rays, Hits, Things]:
  """What every ray of a plan meets in one game."""
  axes, rays, top = _begin(state, plan)
  hits = trace(state.boxes, rays, top)
  things = hit_things(state, rays, axes, plan.bounds)
  return rays, hits, things


def _look_together(states: State, plan: _Plan) -> tuple[Rays, Hits, Things]:
  """`_look` of a batch of games."""
  axes, rays, top = jax.vmap(lambda state: _begin(state, plan))(states)
  hits = trace_together(states.boxes, rays, top)
  things = hit_things_together(jax.vmap(boxes_of)(states), rays, axes, plan.bounds)
  return rays, hits, things


def _map_games(paint: Callable[..., Any], states: State, plan: _Plan) -> Any:
  """`paint(game, *_look(state, plan))` of every game, in the layout of the platform."""
  if not len(states.boxes):  # what one game gives, without it: nothing of it is computed
    one = jax.tree.map(lambda x: jnp.zeros((1, *x.shape[1:]), x.dtype), states)
    return jax.tree.map(lambda x: x[:0], _map_games(paint, one, plan))
  games = states, jax.vmap(once_of)(states)
  if is_together():
    draw = lambda games: jax.vmap(paint)(games, *_look_together(games[0], plan))
    return in_groups(draw, games, max(1, MAX_RAYS // plan.camera.shape[1]))
  return _one_by_one(lambda game: paint(game, *_look(game[0], plan)), games)


def _one_by_one(draw: Callable[[Any], Any], games: Any) -> Any:
  """Maps over games one by one, so that each stays in cache, in independent runs of games.

  The loops of the runs share nothing, so that the runtime may give each a core of its own.
  """
  num_games = jax.tree.leaves(games)[0].shape[0]
  num_runs = max(1, min(MAX_RUNS, _num_cores(), num_games // MIN_RUN))
  bounds = [num_games * i // num_runs for i in range(num_runs + 1)]
  take = functools.partial(jax.lax.dynamic_index_in_dim, keepdims=False)
  pick = lambda i: draw(jax.tree.map(lambda x: take(x, i), games))
  runs = [
    jax.lax.map(pick, jnp.arange(start, stop, dtype=jnp.uint32))  # unsigned: never from the end
    for start, stop in zip(bounds[:-1], bounds[1:], strict=True)
  ]
  return runs[0] if num_runs == 1 else jax.tree.map(lambda *x: jnp.concatenate(x), *runs)


def _num_cores() -> int:
  """Cores that this process may use, where the system tells."""
  if hasattr(os, "sched_getaffinity"):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def _cut_views(rays: jax.Array, views: tuple[View, ...]) -> list[jax.Array]:
  """The pictures of views, [height, width], from one value a ray of their plan."""
  ends = np.cumsum([view.width * view.height for view in views])
  return [
    rays[end - v.width * v.height : end].reshape(v.height, v.width)
    for v, end in zip(views, ends, strict=True)
  ]


def _is_wet(hits: Hits) -> jax.Array:
  """Where water is seen from outside before a block."""
  return (hits.water_t > 0) & (hits.water_t < hits.t)


def _codes(hits: Hits, things: Things) -> jax.Array:
  """int32[N], what the rays meet in the world; see segment_batch."""
  block = hit_block(hits)
  code = jnp.where(block > 0, CODE_BLOCK + block, CODE_NONE)
  code = jnp.where(_is_wet(hits), CODE_BLOCK + BLOCKS.index["water"], code)
  return jnp.where(things.t < hits.t, CODE_MOB + (things.look >> SLOT_SHIFT), code)


def _depth(hits: Hits, things: Things) -> jax.Array:
  """float32[N], m from the eye along the rays to what `_codes` names, inf for the sky."""
  block = jnp.where(_is_wet(hits), hits.water_t, hits.t)
  depth = jnp.where(things.t < hits.t, things.t, block)
  return jnp.where(depth >= FAR, jnp.inf, depth)


def _to_rgb(words: jax.Array) -> jax.Array:
  # by one shift each and not by stacking three pictures, which takes eight times as long
  shifts = jnp.arange(0, 24, 8, dtype=jnp.int32)
  return (words[..., None] >> shifts.reshape((1,) * words.ndim + (3,))).astype(jnp.uint8)


class Labelled(NamedTuple):
  """Pictures with what they show."""

  rgb: jax.Array  # uint8[B, height, width, 3], as render_batch
  code: jax.Array  # int32[B, height, width], as segment_batch
  depth: jax.Array  # float32[B, height, width], m from the eye along the ray, inf for the sky


@functools.partial(jax.jit, static_argnames="views")
def render_batch(states: State, views: tuple[View, ...]) -> tuple[jax.Array, ...]:
  """The pictures of a batch of games, drawn by the renderer that renderers.py's context names.

  Args:
    states: State with a leading axis B on every leaf; `boxes` and `light` must fit `blocks`
      (boxes.py, light.py).
    views: what to draw, each a rectangle of the 640x360 screen; static.
  Returns:
    One uint8[B, height, width, 3] RGB per view. No channel is above 250, except that the cursor of
    an open GUI is pure white.
  Raises:
    ValueError: a view is not a rectangle of the screen, or an unknown renderer.
    RuntimeError: the native renderer can't be built.
  """
  views = tuple(views)
  if is_native():
    return draw_native(states, views)
  plan = _checked_plan(views)

  def paint(game: tuple[State, Once], rays: Rays, hits: Hits, things: Things) -> tuple:
    images = _cut_views(shade(hits, things, rays, plan.pixel_angle, game), views)
    return tuple(overlay.draw(image, game, view) for image, view in zip(images, views))

  words = _map_games(paint, states, plan)
  return tuple(_to_rgb(w) for w in words)


@functools.partial(jax.jit, static_argnames="views")
def render_labelled(states: State, views: tuple[View, ...]) -> tuple[Labelled, ...]:
  """The pictures of a batch of games, with segmentation and depth from the same rays.

  Args:
    states: as in render_batch.
    views: as in render_batch.
  Returns:
    One Labelled per view. The depth is that of the world, also behind the HUD and a GUI, and of the
    surface where the code is water.
  Raises:
    ValueError: a view is not a rectangle of the screen.
  """
  views, plan = tuple(views), _checked_plan(views)

  def paint(game: tuple[State, Once], rays: Rays, hits: Hits, things: Things) -> tuple:
    colours = shade(hits, things, rays, plan.pixel_angle, game)
    parts = colours, _codes(hits, things), _depth(hits, things)
    return tuple(
      Labelled(overlay.draw(image, game, view), overlay.codes(code, game[0], view), depth)
      for view, image, code, depth in zip(views, *(_cut_views(part, views) for part in parts))
    )

  drawn = _map_games(paint, states, plan)
  return tuple(part._replace(rgb=_to_rgb(part.rgb)) for part in drawn)


@functools.partial(jax.jit, static_argnames="view")
def segment_batch(states: State, view: View) -> jax.Array:
  """What every pixel of a view shows.

  Args:
    states: State with a leading axis B.
    view: a rectangle of the 640x360 screen; static.
  Returns:
    int32[B, height, width]: CODE_NONE sky, CODE_BLOCK + block row, CODE_MOB + mob slot,
    CODE_DROP + drop slot, CODE_SHOT + projectile slot, CODE_SLOT + inventory slot (open GUIs, empty
    slots included), CODE_GUI all else of an open GUI and the HUD (cursor, held stack and hand are
    ignored). Water hides blocks unless the eye is in it, but not mobs, drops and projectiles.
  Raises:
    ValueError: the view is not a rectangle of the screen.
  """
  plan = _checked_plan((view,))

  def paint(game: tuple[State, Once], _: Rays, hits: Hits, things: Things) -> jax.Array:
    (code,) = _cut_views(_codes(hits, things), (view,))
    return overlay.codes(code, game[0], view)

  return _map_games(paint, states, plan)
