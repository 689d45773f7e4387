"""Figures of the report as inline SVG: learning curves, shares of spaces, success by task."""

import io
import re
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cross_jax.base import SPACES
from experiments.palette import SPACE_COLORS, STAGE_COLORS, STAGE_TITLES

# Drawn in stand-in colours that are then replaced, so that a figure follows the page's theme.
INK, GRID = "#010203", "#040506"
_RC = {
  "svg.fonttype": "none",
  "svg.hashsalt": "cross_jax",
  "font.family": "sans-serif",
  "font.size": 9,
  "text.color": INK,
  "axes.edgecolor": GRID,
  "axes.labelcolor": INK,
  "axes.titlesize": 10,
  "axes.titlelocation": "left",
  "axes.spines.top": False,
  "axes.spines.right": False,
  "axes.grid": True,
  "axes.grid.axis": "y",
  "axes.axisbelow": True,
  "grid.color": GRID,
  "grid.linewidth": 0.6,
  "xtick.color": INK,
  "ytick.color": INK,
  "legend.frameon": False,
  "legend.fontsize": 8,
}
# Per stage: the metrics that get a panel, the first candidates first, where the stage logged them.
CURVES = {
  "sft": ("loss", "nll", "attention_nll", "grad_norm"),
  "strl": ("accuracy", "reward_mean", "space_share", "unparsable_share", "kl"),
  "cs2": ("loss", "grad_norm"),
  "mtrl": ("success_rate", "return_mean", "tokens_per_episode", "space_share", "kl"),
}
NOT_CURVES = ("step", "wall_s", "time", "lr", "learning_rate", "num_tokens", "skipped_updates")
MAX_PANELS = 4
WIDTH_IN = 10.8  # of every figure: that of the page at its widest


def learning_curves(stage: str, rows: Sequence[Mapping[str, float]]) -> str | None:
  """Metrics of a stage over its steps, as SVG; None where nothing was logged.

  Args:
    stage: names the metrics that get a panel; those of an unknown stage are taken as they come.
    rows: the stage's metrics.jsonl: {"step": int, name: number, ...} each; keys may come and go.
  """
  panels = choose_panels(stage, rows)
  if not panels:
    return None
  with matplotlib.rc_context(_RC):
    figure = Figure(figsize=(WIDTH_IN, 2.3), layout="constrained")
    all_axes = figure.subplots(1, MAX_PANELS)
    for axes, name in zip(all_axes, panels):
      _draw_panel(axes, name, rows)
    for axes in all_axes[len(panels) :]:
      axes.set_visible(False)
    return _to_svg(figure, f"Learning curves of {STAGE_TITLES.get(stage, stage)}")


def choose_panels(stage: str, rows: Sequence[Mapping[str, float]]) -> list[str]:
  """Names of the metrics to draw; "space_share" stands for all space_share/<space> together."""
  names = dict.fromkeys(
    "space_share" if key.startswith("space_share/") else key
    for row in rows
    for key, value in row.items()
    if isinstance(value, int | float) and key not in NOT_CURVES
  )
  wanted = [name for name in CURVES.get(stage, ()) if name in names]
  return (wanted or list(names))[:MAX_PANELS]


def series(rows: Sequence[Mapping[str, float]], key: str) -> tuple[np.ndarray, np.ndarray]:
  """(steps, values), float64[n] each: the rows that have the key as a finite number."""
  pairs = [
    (row.get("step", i), row[key])
    for i, row in enumerate(rows)
    if isinstance(row.get(key), int | float) and np.isfinite(row[key])
  ]
  array = np.asarray(pairs, np.float64).reshape(-1, 2)
  return array[:, 0], array[:, 1]


def smooth(values: np.ndarray, *, window: int) -> np.ndarray:
  """float64[n]: at each point the mean of the last `window` values (fewer at the start)."""
  total = np.cumsum(np.concatenate([[0.0], values]))
  end = np.arange(1, len(values) + 1)
  start = np.maximum(end - window, 0)
  return (total[end] - total[start]) / (end - start)


def _draw_panel(axes, name: str, rows: Sequence[Mapping[str, float]]) -> None:
  axes.set_title(name.replace("_", " "))
  axes.set_xlabel("step")
  axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
  if name == "space_share":
    keys = {f"space_share/{space}": SPACE_COLORS[space] for space in SPACES}
    axes.set_ylim(0, 1)
  else:
    keys = {name: "#3b82f6"}
  for key, color in keys.items():
    steps, values = series(rows, key)
    if not len(values) or (name == "space_share" and not values.any()):
      continue
    window = max(1, len(values) // 15)
    if window > 1:
      axes.plot(steps, values, color=color, alpha=0.25, linewidth=0.8)
    marker = "o" if len(values) == 1 else None
    label = key.rpartition("/")[2]
    axes.plot(steps, smooth(values, window=window), color=color, label=label, marker=marker)
  if name == "space_share" and axes.has_data():
    axes.legend(loc="best")


def space_shares(by_stage: Mapping[str, Mapping]) -> str | None:
  """Share of each action space per task family, one panel a stage, as SVG; None without stages.

  Args:
    by_stage: stage to summary (its "by_family" is drawn, and "all" over all families).
  """
  if not by_stage:
    return None
  with matplotlib.rc_context(_RC):
    families = sorted({f for summary in by_stage.values() for f in summary["by_family"]})
    labels = [*families, "all"]
    height = 0.9 + 0.34 * len(labels)
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    all_axes = np.atleast_1d(figure.subplots(1, len(by_stage), sharey=True))
    for axes, (stage, summary) in zip(all_axes, by_stage.items()):
      shares = [summary["by_family"].get(f, {}).get("space_share", {}) for f in families]
      _draw_stack(axes, labels, [*shares, summary["space_share"]])
      axes.set_title(STAGE_TITLES.get(stage, stage))
    used = {space for s in by_stage.values() for space, v in s["space_share"].items() if v > 0}
    entries = [
      (handle, space)
      for handle, space in zip(*all_axes[0].get_legend_handles_labels())
      if space in used
    ]
    if entries:
      figure.legend(*zip(*entries), loc="outside lower center", ncols=len(entries))
    return _to_svg(figure, "Share of each action space per task family")


def _draw_stack(axes, labels: Sequence[str], shares: Sequence[Mapping[str, float]]) -> None:
  left = np.zeros(len(labels))
  at = np.arange(len(labels))
  for space, color in SPACE_COLORS.items():
    width = np.asarray([share.get(space, 0.0) for share in shares])
    axes.barh(at, width, left=left, color=color, height=0.7, label=space)
    for y, x, w in zip(at, left, width):
      if w >= 0.12:
        axes.text(x + w / 2, y, f"{100 * w:.0f}", color="#ffffff", ha="center", va="center")
    left += width
  axes.set_yticks(at, [label.replace("_", " ") for label in labels])
  axes.tick_params(axis="y", length=0)
  axes.set_ylim(len(labels) - 0.5, -0.5)
  axes.set_xlim(0, 1)
  axes.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])
  axes.grid(visible=False)


def success_by_task(by_stage: Mapping[str, Mapping]) -> str | None:
  """Success rate of each task, a bar for each stage, as SVG; None without stages.

  Args:
    by_stage: stage to summary (its "by_task" is drawn).
  """
  tasks = sorted({task for summary in by_stage.values() for task in summary["by_task"]})
  if not tasks:
    return None
  with matplotlib.rc_context(_RC):
    figure = Figure(figsize=(WIDTH_IN, 3.4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(by_stage)
    at = np.arange(len(tasks))
    for i, (stage, summary) in enumerate(by_stage.items()):
      rates = [summary["by_task"].get(task, {}).get("asr", np.nan) for task in tasks]
      color = STAGE_COLORS.get(stage, "#a855f7")
      offset = (i - (len(by_stage) - 1) / 2) * width
      axes.bar(at + offset, rates, width, color=color, label=STAGE_TITLES.get(stage, stage))
    labels = [task.replace("_", " ") for task in tasks]
    axes.set_xticks(at, labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.6, len(tasks) - 0.4)
    axes.set_ylim(0, 1)
    axes.set_ylabel("success rate")
    figure.legend(loc="outside upper right", ncols=len(by_stage))
    return _to_svg(figure, "Success rate by task")


def _to_svg(figure: Figure, description: str) -> str:
  """The figure as an <svg> element whose text and grid take the page's colours."""
  buffer = io.StringIO()
  figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
  svg = buffer.getvalue()
  svg = svg[svg.index("<svg") :]
  svg = svg.replace(INK, "currentColor").replace(GRID, "var(--line, #8888)")
  svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
  return svg.replace("<svg ", f'<svg role="img" aria-label="{description}" ', 1)
