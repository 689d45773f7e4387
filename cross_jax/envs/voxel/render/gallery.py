"""Pictures of what the renderer draws: `python -m cross_jax.envs.voxel.render.gallery --out DIR`.

`content`: pages of all blocks (from a corner) and of all item icons, with their names. `scenes`:
one picture per scene, the screen at 640x360 beside the two views of the tiny policy, enlarged.
`guis`: a page with every GUI.
"""

import argparse
import textwrap
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image, ImageDraw

from cross_jax.base import View
from cross_jax.envs import tasks
from cross_jax.envs.voxel import layout, reset
from cross_jax.envs.voxel.render import gui_gallery, isometric
from cross_jax.envs.voxel.render.frame import render_batch
from cross_jax.envs.voxel.render.textures import block_tiles, icon_tiles
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
KINDS = ("content", "scenes", "guis")
BLOCK_SIDE, ICON_SIDE = 48, 32  # px
PER_PAGE, COLUMNS = 200, 20
_CELL_WIDTH, _LINE_HEIGHT, _LINE_CHARACTERS, _MAX_LINES = 76, 10, 12, 3
_BACKGROUND = (198, 198, 198)
_PALETTE = 256  # colours of a page, so that its file stays small


def draw_page(names: tuple[str, ...], pictures: np.ndarray) -> Image.Image:
  """Pictures with their names below.

  Args:
    names: one per picture.
    pictures: uint8[n, side, side, 4].
  Returns:
    A page of COLUMNS pictures a row.
  """
  side = pictures.shape[1]
  height = side + _MAX_LINES * _LINE_HEIGHT + 6
  rows = -(-len(names) // COLUMNS)
  page = Image.new("RGB", (_CELL_WIDTH * COLUMNS, height * rows), _BACKGROUND)
  pen = ImageDraw.Draw(page)
  for i, (name, picture) in enumerate(zip(names, pictures, strict=True)):
    x, y = _CELL_WIDTH * (i % COLUMNS), height * (i // COLUMNS)
    image = Image.fromarray(picture)
    page.paste(image.convert("RGB"), (x + (_CELL_WIDTH - side) // 2, y + 2), image.split()[3])
    words = name.replace("_", " ")
    for j, line in enumerate(textwrap.wrap(words, _LINE_CHARACTERS)[:_MAX_LINES]):
      pen.text((x + 2, y + side + 2 + _LINE_HEIGHT * j), line, fill=(0, 0, 0))
  return page.quantize(_PALETTE, dither=Image.Dither.NONE)


def save_pages(out: Path, kind: str, names: tuple[str, ...], pictures: np.ndarray) -> int:
  """Writes <kind>_1.png, ... with PER_PAGE pictures each and returns how many pages."""
  starts = range(0, len(names), PER_PAGE)
  for page, start in enumerate(starts, start=1):
    those = slice(start, start + PER_PAGE)
    draw_page(names[those], pictures[those]).save(out / f"{kind}_{page}.png", optimize=True)
  return len(starts)


def save_content(out: Path) -> int:
  """Writes the pages of all visible blocks and of all items."""
  rows = np.flatnonzero(BLOCKS.is_visible)
  names = tuple(BLOCKS.names[row] for row in rows)
  num = save_pages(out, "blocks", names, isometric.draw_boxes(block_tiles(), rows, BLOCK_SIDE))
  scale = ICON_SIDE // icon_tiles().shape[1]
  icons = icon_tiles()[1:].repeat(scale, axis=1).repeat(scale, axis=2)
  return num + save_pages(out, "items", ITEMS.names[1:], icons)


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


def save_scenes(out: Path) -> int:
  """Writes one picture per scene."""
  states = _show_off(make_states(SCENES))
  pictures = [np.asarray(p) for p in render_batch(states, (SCREEN, *TINY_VIEWS))]
  for i, (task, seed) in enumerate(SCENES):
    name = f"{task.replace(':', '_')}_{seed}.png"
    draw_scene(*(p[i] for p in pictures)).save(out / name)
  return len(SCENES)


def _save_guis(out: Path) -> int:
  world = jax.tree.map(lambda x: x[0], make_states((("mine_block:oak_log", 1),)))
  return gui_gallery.save_guis(out, world)


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
  parser.add_argument("--what", nargs="+", choices=KINDS, default=KINDS)
  args = parser.parse_args()
  args.out.mkdir(parents=True, exist_ok=True)
  save = {"content": save_content, "scenes": save_scenes, "guis": _save_guis}
  print(f"{sum(save[kind](args.out) for kind in args.what)} pictures in {args.out}")


if __name__ == "__main__":
  main()
