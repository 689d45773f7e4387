"""Fills the results in README.md and docs/results.md from the runs kept in experiments/results."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cross_jax.checkpoint.disk import write_text
from experiments.palette import DOMAIN_TITLES, STAGE_TITLES
from experiments.run_folder import load_results
from experiments.tables import aligned_rows, evaluated

BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"
NO_RUNS = "No run has been kept yet: `make demo` writes its own to `runs/demo/report.html`."


def find_results(folder: str | Path) -> dict[str, list[dict]]:
  """The results.json of all kept runs, by experiment, each experiment's by seed.

  Args:
    folder: experiments/results; runs lie in it at any depth as results.json or results_<any>.json.
  """
  by_name: dict[str, list[dict]] = {}
  for path in sorted(Path(folder).rglob("results*.json")):
    results = load_results(path)
    by_name.setdefault(results["name"], []).append(results)
  return {name: sorted(by_name[name], key=lambda r: r.get("seed", 0)) for name in sorted(by_name)}


def mean_and_stderr(values: Sequence[float]) -> str:
  """Percent as "61.2", or "61.2 ± 1.3" with the standard error of the mean over seeds."""
  array = 100 * np.asarray(values, np.float64)
  if len(array) == 1:
    return f"{array[0]:.1f}"
  return f"{array.mean():.1f} ± {array.std(ddof=1) / np.sqrt(len(array)):.1f}"


def summary_table(by_name: Mapping[str, Sequence[Mapping]]) -> str:
  """Markdown: a row for each experiment and stage, percent, mean ± standard error over seeds."""
  if not by_name:
    return NO_RUNS
  lines = [
    "| run | seeds | stage | ASR in-domain | FT in-domain | ASR out-of-domain | FT out-of-domain |"
    " tokens per episode | unparsable |",
    "|---|---|---|---|---|---|---|---|---|",
  ]
  for name, runs in by_name.items():
    stages = [s for s in STAGE_TITLES if any(s in run["stages"] for run in runs)]
    for stage in stages:
      kept = [run["stages"][stage] for run in runs if stage in run["stages"]]
      cells = [name, str(len(kept)), STAGE_TITLES[stage]]
      for domain in DOMAIN_TITLES:
        cells += [_percent(kept, domain, "asr"), _percent(kept, domain, "ft")]
      tokens = [k["in_domain"]["tokens_per_episode"] for k in kept if k.get("in_domain")]
      cells += [
        f"{np.mean(tokens):.0f}" if tokens else "",
        _percent(kept, "in_domain", "unparsable_share"),
      ]
      lines.append(f"| {' | '.join(cells)} |")
  lines += ["", "Percent; with several seeds mean ± standard error over seeds of the whole run."]
  return "\n".join(lines)


def _percent(kept: Sequence[Mapping], domain: str, key: str) -> str:
  values = [stages[domain][key] for stages in kept if stages.get(domain)]
  return mean_and_stderr(values) if values else ""


def detailed_tables(by_name: Mapping[str, Sequence[Mapping]]) -> str:
  """Markdown: for each kept run its command, machine, hours and the whole comparison of stages."""
  parts = [summary_table(by_name)]
  for name, runs in by_name.items():
    for run in runs:
      parts.append(_one_run(name, run))
  return "\n\n".join(parts)


def _one_run(name: str, run: Mapping) -> str:
  columns = evaluated(run["stages"])
  titles = [f"{STAGE_TITLES.get(s, s)} {DOMAIN_TITLES[d]}" for s, d in columns]
  lines = [f"### {name}, seed {run.get('seed', 0)}", ""]
  if run.get("command"):
    lines += ["```", run["command"], "```"]
  machine = ", ".join(f"{key} {value}" for key, value in run.get("machine", {}).items())
  hours = sum(run.get("wall_s", {}).values()) / 3600
  lines += [f"{machine or 'Machine not recorded'}; {hours:.2f} h in all.", ""]
  lines += [f"| | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
  for label, cells in aligned_rows([run["stages"][s][d] for s, d in columns]):
    lines.append(f"| {label} | {' | '.join(cells)} |")
  return "\n".join(lines)


def replace_section(text: str, section: str, *, begin: str = BEGIN, end: str = END) -> str:
  """The text with what is between two markers replaced by `section`.

  Args:
    text: of a document.
    section: without the markers.
    begin, end: the markers.
  Raises:
    ValueError: the markers are missing or out of order.
  """
  first, last = text.find(begin), text.find(end)
  if first < 0 or last < first:
    raise ValueError(f"no {begin} ... {end} in the text: put both markers, each on its own line")
  return f"{text[: first + len(begin)]}\n{section}\n{text[last:]}"


def fill_results(root: str | Path) -> list[Path]:
  """Fills README.md and docs/results.md under `root` from experiments/results; returns both."""
  root = Path(root)
  by_name = find_results(root / "experiments" / "results")
  sections = {
    root / "README.md": summary_table(by_name),
    root / "docs" / "results.md": detailed_tables(by_name),
  }
  for path, section in sections.items():
    text = path.read_text(encoding="utf-8")
    write_text(path, replace_section(text, section))
  return list(sections)
