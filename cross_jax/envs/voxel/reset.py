"""A fresh game of a task."""

import jax
import jax.numpy as jnp

from cross_jax.base import NUM_BUTTONS
from cross_jax.envs.tasks.setup import TaskSetup
from cross_jax.envs.voxel.content import tables
from cross_jax.envs.voxel.gui import gui, layout, stores
from cross_jax.envs.voxel.params import MIDNIGHT, NOON
from cross_jax.envs.voxel.render.boxes import build_boxes
from cross_jax.envs.voxel.rules.edits import NO_CELL, no_edits
from cross_jax.envs.voxel.rules.events import no_events
from cross_jax.envs.voxel.rules.player import fresh_player
from cross_jax.envs.voxel.state import (
  MAX_DROPS,
  MAX_PROJECTILES,
  Aim,
  Drops,
  Goal,
  Projectiles,
  Slots,
  State,
  Stats,
)
from cross_jax.envs.voxel.world.biomes import BIOMES
from cross_jax.envs.voxel.world.light import flood_light
from cross_jax.envs.voxel.world.worldgen import generate


def reset(setup: TaskSetup, rng: jax.Array) -> State:
  """A fresh game of a task.

  Args:
    setup: the task's row (tasks.setup), arrays without a batch axis.
    rng: uint32[2], decides the world and all chance in it.
  Returns:
    State.
  """
  world_rng, game_rng = jax.random.split(rng)
  blocks, spawn, animals = generate(setup, world_rng)
  zero = jnp.zeros((), jnp.int32)
  num_blocks, num_mobs, num_items = (
    len(table.names) for table in (tables.BLOCKS, tables.MOBS, tables.ITEMS)
  )
  slots = Slots(jnp.asarray(setup.item, jnp.int32), jnp.asarray(setup.count, jnp.int32))
  player = fresh_player(spawn.pos, spawn.yaw_deg, spawn.pitch_deg)
  state = State(
    blocks=blocks,
    boxes=build_boxes(blocks),
    light=flood_light(blocks),
    player=player._replace(held_item=slots.item[layout.HOTBAR + player.hotbar]),
    mobs=animals,
    drops=Drops(
      _counts(MAX_DROPS),
      _counts(MAX_DROPS),
      jnp.zeros((MAX_DROPS, 3)),
      _counts(MAX_DROPS),
      jnp.zeros((MAX_DROPS, 3)),
    ),
    projectiles=Projectiles(
      _counts(MAX_PROJECTILES),
      jnp.zeros((MAX_PROJECTILES, 3)),
      jnp.zeros((MAX_PROJECTILES, 3)),
      jnp.zeros((MAX_PROJECTILES,)),
      _counts(MAX_PROJECTILES),
    ),
    aim=Aim(*(jnp.full((), NO_CELL, jnp.int32) for _ in Aim._fields)),
    edits=no_edits(),
    slots=slots,
    gui=stores.fresh_gui(),
    stores=stores.fresh_stores(),
    stats=Stats(
      mine_block=_counts(num_blocks),
      kill_entity=_counts(num_mobs),
      craft_item=_counts(num_items),
      pickup=_counts(num_items),
      use_item=_counts(num_items),
      interact=_counts(num_blocks),
    ),
    events=no_events(),
    goal=Goal(
      jnp.asarray(setup.goal_stat, jnp.int32),
      jnp.asarray(setup.goal_index, jnp.int32),
      jnp.zeros((), bool),
    ),
    prev_buttons=jnp.zeros((NUM_BUTTONS,), jnp.int8),
    is_night=jnp.asarray(setup.is_night, bool),
    time_of_day=jnp.where(setup.is_night, MIDNIGHT, NOON).astype(jnp.int32),
    sky=jnp.asarray(BIOMES.sky)[setup.biome],
    spawn_pos=spawn.pos,
    tick=zero,
    num_clipped=zero,
    rng=game_rng,
  )
  return gui.open_at_start(state, setup.gui)


def _counts(n: int) -> jax.Array:
  return jnp.zeros((n,), jnp.int32)
