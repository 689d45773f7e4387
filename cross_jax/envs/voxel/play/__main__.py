"""A human plays the embedded world: `python -m cross_jax.envs.voxel.play`, then open the address.

On another machine: `ssh -L 8080:127.0.0.1:8080 HOST`, run it there, and open the address here.
With --window it plays in a window of its own (needs pygame: pip install -e '.[play]').
"""

import argparse
import sys
from collections.abc import Callable

from cross_jax.base import SCREEN_HEIGHT, SCREEN_WIDTH
from cross_jax.envs.tasks import DIFFICULTIES, LIMIT_TICKS
from cross_jax.envs.voxel.play.server import PlayServer
from cross_jax.envs.voxel.play.session import Session

MAX_PORT = 65_535


def _size(text: str) -> tuple[int, int]:
  width, x, height = text.partition("x")
  if not (x and width.isdigit() and height.isdigit() and int(width) and int(height)):
    raise argparse.ArgumentTypeError(f"{text!r}: must be like {SCREEN_WIDTH}x{SCREEN_HEIGHT}")
  return int(width), int(height)


def _port(text: str) -> int:
  if not (text.isdecimal() and int(text) <= MAX_PORT):
    raise argparse.ArgumentTypeError(f"{text!r}: must be 0..{MAX_PORT}")
  return int(text)


def _window() -> Callable[[Session, str, int], None]:
  try:
    from cross_jax.envs.voxel.play.window import play
  except ModuleNotFoundError as error:
    raise ImportError("--window needs pygame: pip install -e '.[play]'") from error
  return play


def main(argv: list[str] | None = None) -> int:
  """Command line; `argv` None: that of the process. Returns the exit status."""
  parser = argparse.ArgumentParser(
    prog="python -m cross_jax.envs.voxel.play",
    description=__doc__,
    formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
  parser.add_argument("--port", type=_port, default=8080, help="(8080) 0: any that is free")
  parser.add_argument("--window", action="store_true", help="a window instead of a page")
  parser.add_argument("--task", default="mine_block:oak_log", help="of the window's first episode")
  parser.add_argument("--seed", type=int, default=0, help="of the window's first episode")
  parser.add_argument(
    "--size", type=_size, default=(SCREEN_WIDTH, SCREEN_HEIGHT), metavar="WxH",
    help=f"px of the picture ({SCREEN_WIDTH}x{SCREEN_HEIGHT})",
  )  # fmt: skip
  parser.add_argument(
    "--difficulty", choices=DIFFICULTIES, help="default: the project's own set-up"
  )
  parser.add_argument(
    "--max_ticks", type=int, default=LIMIT_TICKS, help=f"of an episode ({LIMIT_TICKS})"
  )
  parser.add_argument("--record", metavar="FOLDER", help="keep every episode here")
  args = parser.parse_args(argv)
  try:
    session = Session(
      *args.size, max_ticks=args.max_ticks, difficulty=args.difficulty, folder=args.record
    )
    if args.window:
      play = _window()
      play(session, args.task, args.seed)
      return 0
    server = PlayServer(session, args.host, args.port)
  except (ValueError, OSError, ImportError) as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  print(f"open {server.url} in a browser; Ctrl+C ends it", flush=True)
  try:
    server.serve_forever()
  except KeyboardInterrupt:
    print("ended")
  finally:
    server.server_close()
  return 0


if __name__ == "__main__":
  raise SystemExit(main())
