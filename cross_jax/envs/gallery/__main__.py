"""The pictures of docs/environments.md: `python -m cross_jax.envs.gallery --out docs/media`.

content: pages of all blocks and item icons; families: an episode of each family, won by the
expert; guis: every GUI; biomes: every biome, and a day in one; mobs: every mob; scenes: the screen
beside the two views of the tiny policy (not in the documentation).
"""

import argparse
from pathlib import Path

from cross_jax.envs.gallery import biomes, content, families, guis, mobs, scenes

_SAVE = {
  "content": content.save,
  "families": families.save,
  "guis": guis.save,
  "biomes": biomes.save,
  "mobs": mobs.save,
  "scenes": scenes.save,
}


def main() -> None:
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.envs.gallery",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--out", type=Path, required=True, help="gets a folder for each topic")
  parser.add_argument(
    "--what", nargs="+", choices=_SAVE, default=list(_SAVE)[:-1], help="default: all but scenes"
  )
  args = parser.parse_args()
  for kind in args.what:
    folder = args.out / kind
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{kind}: {_SAVE[kind](folder)} pictures in {folder}", flush=True)


if __name__ == "__main__":
  main()
