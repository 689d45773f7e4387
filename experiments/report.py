"""The report of a run: one self-contained page. Also fills in the results of README and docs.

python -m experiments.report --workdir runs/demo
python -m experiments.report --readme
"""

import argparse
import sys
from pathlib import Path

from cross_jax.checkpoint.disk import write_text
from experiments import page
from experiments.results_markdown import fill_results
from experiments.run_folder import read_run

ROOT = Path(__file__).resolve().parent.parent
MAX_VIDEO_BYTES = 10_000_000  # of all films in a page; base64 makes them a third larger


def write_report(workdir: str | Path, *, max_video_bytes: int = MAX_VIDEO_BYTES) -> Path:
  """Writes <workdir>/report.html from what the run has left there so far.

  Args:
    workdir: the folder of a run, finished or not.
    max_video_bytes: films beyond this are named in the page, not shown.
  Returns:
    The page's path; it is replaced in one step.
  Raises:
    FileNotFoundError, ValueError: see experiments.run_folder.read_run.
  """
  html = page.build(read_run(workdir), max_video_bytes=max_video_bytes)
  path = Path(workdir) / "report.html"
  write_text(path, html)
  return path


def main(argv: list[str] | None = None) -> int:
  """Runs the command line; returns the exit status."""
  parser = argparse.ArgumentParser(prog="python -m experiments.report", description=__doc__)
  parser.add_argument("--workdir", help="folder of a run: writes its report.html")
  parser.add_argument(
    "--readme",
    action="store_true",
    help="fills the results of README.md and docs/results.md from experiments/results",
  )
  arguments = parser.parse_args(argv)
  if not arguments.workdir and not arguments.readme:
    parser.error("give --workdir DIR, --readme, or both")
  try:
    if arguments.workdir:
      print(write_report(arguments.workdir))
    if arguments.readme:
      for path in fill_results(ROOT):
        print(path)
  except (OSError, ValueError) as error:
    print(f"error: {error}", file=sys.stderr)
    return 1
  return 0


if __name__ == "__main__":
  sys.exit(main())
