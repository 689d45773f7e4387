"""Pictures of what the renderer draws: `python -m cross_jax.envs.voxel.render.gallery --out DIR`.

Writes blocks.png and items.png (every texture and icon with its name), and one picture per scene:
the screen at 640x360 beside the two views of the tiny policy, enlarged.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image, ImageDraw

from cross_jax.base import View
from cross_jax.envs import tasks
from cross_jax.envs.voxel import layout, reset
from cross_jax.envs.voxel.render.frame import render_batch
from cross_jax.envs.voxel.render.textures import BLOCK_ATLAS, ICON_ATLAS, TILE_WORDS
from cross_jax.envs.voxel.state import State
from cross_jax.envs.voxel.tables import BLOCKS, ITEMS
from cross_jax.screen import TINY_VIEWS

SCREEN = View(0, 0, 640, 360, 640, 360)
SCENES = (
  ("mine_block:oak_log", 1), ("mine_block:birch_log", 2), ("mine_block:sand", 3),
  ("mine_block:chest", 4), ("mine_block:hay_block", 5), ("kill_entity:sheep", 1),
  ("kill_entity:cow", 2), ("kill_entity:chicken", 3), ("kill_entity:zombie", 4),
  ("kill_entity:villager", 5), ("kill_entity:iron_golem", 6), ("kill_entity:salmon", 7),
  ("kill_entity:slime", 8), ("craft_item:paper", 1), ("craft_item:enchanting_table", 2),
  ("craft_item:cooked_cod", 3),
)  # fmt: skip
_CELL = 96  # px per entry of a sheet
_BACKGROUND = (198, 198, 198)


def _tile(atlas: np.ndarray, tile: int) -> np.ndarray:
  """A tile over the background: uint8[16, 16, 3]."""
  words = atlas[tile * TILE_WORDS : tile * TILE_WORDS + 256].reshape(16, 16)
  rgba = np.stack([words >> s & 255 for s in (0, 8, 16, 24)], -1).astype(np.float64)
  alpha = rgba[..., 3:] > 127  # block tiles keep their crack in the low bits
  return (rgba[..., :3] * alpha + np.asarray(_BACKGROUND) * (1 - alpha)).astype(np.uint8)


def draw_sheet(names: tuple[str, ...], tiles: list[list[np.ndarray]], columns: int) -> Image.Image:
  """A labelled sheet.

  Args:
    names: one label per entry.
    tiles: per entry, its pictures uint8[16, 16, 3] side by side.
    columns: entries per row.
  Returns:
    A picture of 96 x 96 px per entry.
  """
  rows = -(-len(names) // columns)
  sheet = Image.new("RGB", (_CELL * columns, _CELL * rows), _BACKGROUND)
  pen = ImageDraw.Draw(sheet)
  for i, (name, pictures) in enumerate(zip(names, tiles, strict=True)):
    x, y = _CELL * (i % columns), _CELL * (i // columns)
    side = (_CELL - 8) // len(pictures) if len(pictures) > 1 else 64
    for j, picture in enumerate(pictures):
      image = Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST)
      sheet.paste(image, (x + 4 + side * j, y + 4))
    pen.text((x + 4, y + _CELL - 24), name[:15], fill=(0, 0, 0))
    pen.text((x + 4, y + _CELL - 13), name[15:], fill=(0, 0, 0))
  return sheet


def make_states(scenes: tuple[tuple[str, int], ...]) -> State:
  """Fresh games of (task, seed) pairs, with leading axis B."""
  rows = [tasks.setup_row(task, seed) for task, seed in scenes]
  setups = jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(x) for x in leaves]), *rows)
  keys = jnp.stack([jax.random.PRNGKey(seed) for _, seed in scenes])
  return jax.jit(jax.vmap(reset.reset))(setups, keys)


def _show_off(states: State) -> State:
  """Turns some of the things that only happen while playing on: held stacks, flames, cracks."""
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
  sheet = Image.new("RGB", (640, 360 + 288), _BACKGROUND)
  sheet.paste(Image.fromarray(screen), (0, 0))
  sheet.paste(Image.fromarray(wide).resize((336, 192), Image.Resampling.NEAREST), (0, 364))
  sheet.paste(Image.fromarray(centre).resize((288, 288), Image.Resampling.NEAREST), (340, 360))
  return sheet


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
  out = parser.parse_args().out
  out.mkdir(parents=True, exist_ok=True)
  faces = [[_tile(BLOCK_ATLAS, 3 * i + f) for f in range(3)] for i in range(len(BLOCKS.names))]
  draw_sheet(BLOCKS.names, faces, 12).save(out / "blocks.png")
  icons = [[_tile(ICON_ATLAS, i)] for i in range(len(ITEMS.names))]
  draw_sheet(ITEMS.names, icons, 16).save(out / "items.png")
  states = _show_off(make_states(SCENES))
  pictures = [np.asarray(p) for p in render_batch(states, (SCREEN, *TINY_VIEWS))]
  for i, (task, seed) in enumerate(SCENES):
    name = f"{task.replace(':', '_')}_{seed}.png"
    draw_scene(*(p[i] for p in pictures)).save(out / name)
  print(f"{len(SCENES) + 2} pictures in {out}")


if __name__ == "__main__":
  main()
