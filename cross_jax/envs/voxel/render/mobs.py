"""Mobs, dropped items and shots: rays against the boxes of bodies.py, only where they can be seen.

Rays come in chunks; a thing is tested against the chunks that its bounding sphere may touch, by the
angles of the sphere and of the chunk seen from the eye, so a far mob costs a fraction of a frame.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cross_jax.envs.voxel.render.bodies import (
  BODIES,
  DROP_SIZE,
  FIRST_DROP_TILE,
  SHOT_HALF,
  SHOT_TILE,
)
from cross_jax.envs.voxel.render.body_plans import MAX_PARTS
from cross_jax.envs.voxel.render.hits import FAR, MIN_STEP, Rays
from cross_jax.envs.voxel.render.pick import index_of, pick
from cross_jax.envs.voxel.state import MAX_DROPS, MAX_MOBS, MAX_PROJECTILES, State

NUM_THINGS = MAX_MOBS + MAX_DROPS + MAX_PROJECTILES
CHUNK = 256  # rays
LIGHT_STEP = 0.15  # brightness lost per side class: top 0, front and back 1, left and right 2
SPIN_DEG = 9.0  # degrees per tick that a dropped item turns

WORD = 32  # a word of pick.py holds the pairs of a chunk

if NUM_THINGS > WORD:
  raise ValueError(f"{NUM_THINGS} mobs, drops and shots: at most {WORD} fit a word of pick.py")

# Fields of Things.look: a texel of SKINS (18 bits), the side class, red flash, the thing's number.
SIDE_SHIFT, FLASH_SHIFT, SLOT_SHIFT = 18, 20, 21


class Boxes(NamedTuple):
  """The boxes of every mob, drop and shot of a game."""

  pos: jax.Array  # float32[NUM_THINGS, 3], m, the feet
  sin: jax.Array  # float32[NUM_THINGS], of the yaw
  cos: jax.Array  # float32[NUM_THINGS]
  centre: jax.Array  # float32[NUM_THINGS, MAX_PARTS, 3], m
  half: jax.Array  # float32[NUM_THINGS, MAX_PARTS, 3], m
  tile: jax.Array  # int32[NUM_THINGS, MAX_PARTS]
  middle: jax.Array  # float32[NUM_THINGS], m above the feet
  radius: jax.Array  # float32[NUM_THINGS], m, 0 = absent
  is_hurt: jax.Array  # bool[NUM_THINGS]


class Things(NamedTuple):
  """What rays hit among mobs, drops and shots."""

  t: jax.Array  # float32[N], m, FAR if nothing
  look: jax.Array  # int32[N]


def _lone(centre_y: jax.Array, half: jax.Array, tile: jax.Array) -> dict[str, jax.Array]:
  """Fields of Boxes of n things of one part: its middle above the feet, half size (3) and tile."""
  up = jnp.asarray([0.0, 1.0, 0.0])[None, None]
  is_first = (jnp.arange(MAX_PARTS) == 0)[None, :, None]
  shape = (half.shape[0], MAX_PARTS, 3)
  return {
    "centre": jnp.broadcast_to(centre_y[:, None, None] * up, shape),
    "half": jnp.where(is_first, half[:, None], -1.0),
    "tile": jnp.broadcast_to(tile[:, None], shape[:2]),
    "middle": centre_y,
  }


def turns_of(state: State) -> tuple[jax.Array, jax.Array]:
  """Sine and cosine of the yaw of every mob, drop and shot of a game: float32[NUM_THINGS] each."""
  drops, shots = state.drops, state.projectiles
  heading = -jnp.arctan2(shots.vel[:, 0], shots.vel[:, 2])
  spin = jnp.radians(SPIN_DEG * (drops.age % 40).astype(jnp.float32))
  yaw = jnp.concatenate([jnp.radians(state.mobs.yaw_deg), spin, heading])
  return jnp.sin(yaw), jnp.cos(yaw)


def boxes_of(state: State) -> Boxes:
  """The boxes of the mobs, drops and shots of one game."""
  mobs, drops, shots = state.mobs, state.drops, state.projectiles
  size = jnp.full((MAX_DROPS,), DROP_SIZE / 2, jnp.float32)
  items = _lone(size, jnp.broadcast_to(size[:, None], (MAX_DROPS, 3)), FIRST_DROP_TILE + drops.item)
  half = jnp.asarray(SHOT_HALF)[shots.kind]
  flying = _lone(jnp.zeros((MAX_PROJECTILES,)), half, jnp.asarray(SHOT_TILE)[shots.kind])
  bodies = {
    name: jnp.asarray(getattr(BODIES, name))[mobs.kind]
    for name in ("centre", "half", "tile", "middle")
  }
  parts = {name: jnp.concatenate([bodies[name], items[name], flying[name]]) for name in bodies}
  sin, cos = turns_of(state)
  radius = [
    jnp.where(mobs.kind > 0, jnp.asarray(BODIES.radius)[mobs.kind], 0.0),
    jnp.where(drops.item > 0, DROP_SIZE, 0.0),
    jnp.where(shots.kind > 0, jnp.sqrt(jnp.sum(half * half, axis=1)), 0.0),
  ]
  return Boxes(
    pos=jnp.concatenate([mobs.pos, drops.pos, shots.pos]),
    sin=sin,
    cos=cos,
    radius=jnp.concatenate(radius),
    is_hurt=jnp.pad(mobs.hurt_ticks > 0, (0, MAX_DROPS + MAX_PROJECTILES)),
    **parts,
  )


def chunk_angles(camera: np.ndarray) -> np.ndarray:
  """Bounds of the angles (right, down) of each chunk of camera rays.

  Args:
    camera: float32[3, N], N a multiple of CHUNK.
  Returns:
    float32[N / CHUNK, 2 axes, 2 (low, high)], radians.
  """
  angles = np.arctan2(camera[:2], camera[2]).reshape(2, -1, CHUNK)
  return np.stack([angles.min(-1), angles.max(-1)], -1).transpose(1, 0, 2).astype(np.float32)


def pairs_of(boxes: Boxes, origin: jax.Array, axes: jax.Array, bounds: np.ndarray) -> jax.Array:
  """Which chunk may see which thing: bool[num_chunks * WORD], WORD a chunk."""
  centre = (
    boxes.pos + boxes.middle[:, None] * jnp.asarray([0, 1, 0], jnp.float32)[None] - origin[None]
  )
  seen = jnp.sum(centre[:, None] * axes[None], axis=-1)  # [NUM_THINGS, 3]: right, down, forward
  side, ahead = seen[:, :2], seen[:, 2:]
  angle = jnp.arctan2(side, ahead)
  reach = jnp.hypot(side, ahead)
  radius = boxes.radius[:, None]
  spread = jnp.where(
    reach <= radius, 2 * np.pi, jnp.arcsin(jnp.minimum(radius / jnp.maximum(reach, 1e-6), 1.0))
  )
  low, high = angle - spread, angle + spread
  is_near = (low[None] <= bounds[:, None, :, 1]) & (high[None] >= bounds[:, None, :, 0])
  pairs = jnp.all(is_near, axis=-1) & (boxes.radius > 0)[None]
  return jnp.pad(pairs, ((0, 0), (0, WORD - NUM_THINGS))).reshape(-1)


def hit_thing(boxes: Boxes, thing: jax.Array, rays: Rays, best: Things) -> Things:
  """Updates the nearest hits of some rays with the boxes of one thing.

  Args:
    boxes: those of this thing alone, without the axis NUM_THINGS.
    thing: int32[], its number.
    rays: Rays.
    best: Things of these rays, so far.
  """
  pos, sin, cos = boxes.pos, boxes.sin, boxes.cos
  o = rays.origin - pos
  # The mob's axes: left (cos, 0, sin), up, forward (-sin, 0, cos).
  origin = (cos * o[0] + sin * o[2], o[1], cos * o[2] - sin * o[0])
  d = (cos * rays.x + sin * rays.z, rays.y, cos * rays.z - sin * rays.x)
  d = tuple(jnp.where(jnp.abs(c) < 1e-6, 1e-6, c) for c in d)
  inverse = tuple(1.0 / c for c in d)
  stamp = (thing << SLOT_SHIFT) | (boxes.is_hurt.astype(jnp.int32) << FLASH_SHIFT)
  t_best, look = best
  for part in range(MAX_PARTS):
    c, half = boxes.centre[part], boxes.half[part]
    near, far = [], []
    for i in range(3):
      middle = (c[i] - origin[i]) * inverse[i]
      extent = jnp.abs(inverse[i]) * half[i]
      near.append(middle - extent)
      far.append(middle + extent)
    t = jnp.maximum(jnp.maximum(near[0], near[1]), near[2])
    is_hit = (t < jnp.minimum(jnp.minimum(far[0], far[1]), far[2])) & (t > MIN_STEP) & (t < t_best)
    is_hit = is_hit & (half[0] > 0)
    # Texture coordinates in 0..1 of each axis, then of the face that was hit.
    x, y, z = (
      (origin[i] + d[i] * t - c[i]) * (0.5 / jnp.maximum(half[i], 1e-6)) + 0.5 for i in range(3)
    )
    on_x, on_y = near[0] >= t, near[1] >= t
    u = jnp.where(on_x, z, x)
    v = jnp.where(on_y, z, 1.0 - y)
    u, v = (jnp.clip(8.0 * a, 0.0, 7.0).astype(jnp.int32) for a in (u, v))
    is_front = ~on_x & ~on_y & (d[2] < 0) & (thing < MAX_MOBS)
    tile = boxes.tile[part] + is_front.astype(jnp.int32)
    side = jnp.where(on_y, 0, jnp.where(on_x, 2, 1))
    new = stamp | (side << SIDE_SHIFT) | (tile * 64 + v * 8 + u)
    t_best, look = jnp.where(is_hit, t, t_best), jnp.where(is_hit, new, look)
  return Things(t_best, look)


def hit_things(state: State, rays: Rays, axes: jax.Array, bounds: np.ndarray) -> Things:
  """The nearest mob, drop or shot on every ray.

  Args:
    state: the game.
    rays: Rays of N directions, N a multiple of CHUNK.
    axes: float32[3, 3], rays.camera_axes.
    bounds: float32[N / CHUNK, 2, 2], chunk_angles of the camera rays.
  Returns:
    Things.
  """
  num = rays.x.shape[0]
  none = Things(jnp.full((num,), FAR, jnp.float32), jnp.zeros((num,), jnp.int32))
  kinds = jnp.concatenate([state.mobs.kind, state.drops.item, state.projectiles.kind])
  search = lambda: _search(boxes_of(state), rays, axes, bounds, none)
  return jax.lax.cond(jnp.any(kinds > 0), search, lambda: none)


def _search(boxes: Boxes, rays: Rays, axes: jax.Array, bounds: np.ndarray, none: Things) -> Things:
  picked = pick(pairs_of(boxes, rays.origin, axes, bounds))
  pair_of = lambda i: index_of(picked, i[None])[0]

  def body(i, carry):
    best, pair = carry  # the pair is carried since the loop over rays would look it up at each
    chunk, thing = pair // WORD, pair % WORD
    start = chunk * CHUNK
    cut = lambda a: jax.lax.dynamic_slice(a, (start,), (CHUNK,))  # noqa: E731
    some = Rays(rays.origin, cut(rays.x), cut(rays.y), cut(rays.z))
    one = jax.tree.map(lambda a: a[thing], boxes)
    new = hit_thing(one, thing, some, jax.tree.map(cut, best))
    put = lambda a, b: jax.lax.dynamic_update_slice(a, b, (start,))  # noqa: E731
    return jax.tree.map(put, best, new), pair_of(i + 1)

  return jax.lax.fori_loop(0, picked.total, body, (none, pair_of(jnp.int32(0))))[0]
