"""Runs an experiment file: all its stages, each resumed where it was left.

python experiments/main.py --config experiments/configs/demo.py --workdir runs/demo
python experiments/main.py --config experiments/configs/mtrl.py:size=tiny --workdir W
"""

import sys

from absl import app, flags, logging
from ml_collections import config_flags

_CONFIG = config_flags.DEFINE_config_file(
  "config", None, "experiment file, with its argument after a colon: FILE.py[:size=tiny]"
)
_WORKDIR = flags.DEFINE_string("workdir", None, "folder of the run; a run found there goes on")
_STAGES = flags.DEFINE_list("stages", [], "only these stages of the config (default: all)")
flags.mark_flags_as_required(["config", "workdir"])


def main(argv: list[str]) -> None:
  if len(argv) > 1:
    raise app.UsageError(f"arguments not understood: {argv[1:]}")
  from experiments.pipeline import run  # after --help: importing JAX takes seconds

  if not flags.FLAGS["verbosity"].present:  # on the command line; absl sets INFO without it
    logging.set_verbosity(logging.WARNING)  # Orbax and TFDS tell every file they touch
  command = " ".join(["python", *sys.argv])
  try:
    run(_CONFIG.value, _WORKDIR.value, stages=tuple(_STAGES.value), command=command)
  except KeyboardInterrupt:
    print(
      f"\ninterrupted; what is done is in {_WORKDIR.value}: the same command goes on from there",
      file=sys.stderr,
    )
    sys.exit(130)
  except (ValueError, KeyError, OSError) as error:
    logging.debug("raised here", exc_info=True)  # shown with --verbosity=1
    message = error.args[0] if isinstance(error, KeyError) else error
    print(f"\n{type(error).__name__}: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
  app.run(main)
