"""The screen of some tasks' first ticks beside the two views of the tiny policy, enlarged."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from cross_jax.envs import tasks
from cross_jax.envs.gallery.sheets import BACKGROUND
from cross_jax.envs.gallery.shots import SCREEN, fresh_game
from cross_jax.envs.voxel.gui import layout
from cross_jax.envs.voxel.render.frame import render_batch
from cross_jax.envs.voxel.state import State
from cross_jax.screen import TINY_VIEWS

SCENES = (
  ("mine_block:oak_log", 1), ("mine_block:birch_log", 2), ("mine_block:sand", 3),
  ("mine_block:chest", 4), ("mine_block:hay_block", 5), ("kill_entity:sheep", 1),
  ("kill_entity:cow", 2), ("kill_entity:chicken", 3), ("kill_entity:zombie", 4),
  ("kill_entity:villager", 5), ("kill_entity:iron_golem", 6), ("kill_entity:salmon", 7),
  ("kill_entity:slime", 8), ("craft_item:paper", 1), ("craft_item:enchanting_table", 2),
  ("craft_item:cooked_cod", 3),
)  # fmt: skip


def _show_off(states: State) -> State:
  """Turns some of the things that only happen while playing on: held stacks, flames, arrows."""
  is_gui = states.gui.kind > 0
  held = states.slots.item.max(axis=1)
  item = states.slots.item.at[:, layout.HELD].set(jnp.where(is_gui, held, 0))
  count = states.slots.count.at[:, layout.HELD].set(jnp.where(is_gui, 12, 0))
  ones = jnp.ones_like(states.gui.kind)
  gui = states.gui._replace(
    cursor_px=states.gui.cursor_px + jnp.asarray([[37.0, -29.0]]),
    burn_ticks=140 * ones,
    burn_total=200 * ones,
    cook_ticks=110 * ones,
  )
  return states._replace(slots=states.slots._replace(item=item, count=count), gui=gui)


def draw_scene(screen: np.ndarray, wide: np.ndarray, centre: np.ndarray) -> Image.Image:
  """The screen above its two policy views, enlarged."""
  sheet = Image.new("RGB", (640, 360 + 288), BACKGROUND)
  sheet.paste(Image.fromarray(screen), (0, 0))
  sheet.paste(Image.fromarray(wide).resize((336, 192), Image.Resampling.NEAREST), (0, 364))
  sheet.paste(Image.fromarray(centre).resize((288, 288), Image.Resampling.NEAREST), (340, 360))
  return sheet


def save(out: Path) -> int:
  """Writes one picture per scene."""
  games = [fresh_game(tasks.setup_row(task, seed)) for task, seed in SCENES]
  states = _show_off(jax.tree.map(lambda *leaves: jnp.stack(leaves), *games))
  pictures = [np.asarray(p) for p in render_batch(states, (SCREEN, *TINY_VIEWS))]
  for i, (task, seed) in enumerate(SCENES):
    name = f"{task.replace(':', '_')}_{seed}.png"
    draw_scene(*(p[i] for p in pictures)).save(out / name)
  return len(SCENES)
