"""The report: complete, partial and damaged runs; self-contained; numbers as in results.json."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from cross_jax.rollout.statistics import summarise
from experiments import plots, report
from experiments.page import duration, share_bar
from experiments.run_folder import read_metrics, read_run
from tests.experiments.example_run import SEED, TASKS, results, trajectory, write_run

VOID = {"meta", "br", "img", "path", "use", "rect", "link"}


class Checker(HTMLParser):
  """Collects the addresses in a page and checks that its elements are nested properly."""

  def __init__(self):
    super().__init__()
    self.open, self.addresses, self.text = [], [], []

  def handle_starttag(self, tag, attributes):
    self.addresses += [v for k, v in attributes if k in ("src", "href", "xlink:href", "poster")]
    if tag not in VOID:
      self.open.append(tag)

  def handle_startendtag(self, tag, attributes):
    self.addresses += [v for k, v in attributes if k in ("src", "href", "xlink:href", "poster")]

  def handle_endtag(self, tag):
    if tag not in VOID:
      assert self.open.pop() == tag

  def handle_data(self, data):
    self.text.append(data)


def check(html: str) -> Checker:
  checker = Checker()
  checker.feed(html)
  assert checker.open == []
  return checker


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
  return write_run(tmp_path_factory.mktemp("runs") / "demo")


@pytest.fixture(scope="module")
def page(workdir):
  return report.write_report(workdir).read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(page):
  addresses = check(page).addresses
  assert addresses and all(re.match(r"#|data:video/mp4;base64,", a) for a in addresses)
  assert not re.search(r"@import|url\((?!#)", page)


def test_the_page_says_what_the_results_say(page):
  text = " ".join(check(page).text)
  for value in ("25.0 %", "41.7 %", "58.3 %", "+33.3 points over SFT", "6 min 00 s in all"):
    assert value in text  # 3, 5 and 7 of 12 episodes; 360 s
  assert "python experiments/main.py --config <demo>" in text  # escaped in the source
  assert "cpu_cores" in text and '"learning_rate": 0.001' in text
  for title in ("Results", "Learning curves", "Which space, where", "Success by task", "Rollouts"):
    assert f"<h2>{title}</h2>" in page
  assert page.count("<svg ") == 3 + 2 + 2  # curves by stage; shares and tasks by domain


def test_films_are_inside_the_page(page, workdir):
  films = re.findall(r'src="data:video/mp4;base64,([^"]+)"', page)
  names = [f"{s}_mine_block-oak_log_{SEED}.mp4" for s in ("sft", "strl", "mtrl")]
  assert [base64.b64decode(film) for film in films] == [
    (workdir / "videos" / name).read_bytes() for name in names
  ]


def test_films_that_do_not_fit_are_named(workdir):
  size = min(path.stat().st_size for path in (workdir / "videos").iterdir())
  html = report.write_report(workdir, max_video_bytes=size).read_text(encoding="utf-8")
  assert html.count("<video") == 1 and html.count("Too large for this page: videos/") == 2


def test_a_run_that_has_just_begun(tmp_path):
  html = report.write_report(tmp_path).read_text(encoding="utf-8")
  check(html)
  assert "This run is not complete" in html and "no results.json yet" in html
  assert "<h2>" not in html


def test_a_run_after_its_first_stage(tmp_path):
  workdir = write_run(tmp_path / "run", stages=("sft",))
  html = report.write_report(workdir).read_text(encoding="utf-8")
  check(html)
  assert "STRL has not been evaluated yet." in html and "MTRL has no metrics yet" in html
  assert "SFT has not been evaluated" not in html and "points over" not in html
  content = results(("sft",))
  content["config"]["stages"] = ["data", "sft"]
  (workdir / "results.json").write_text(json.dumps(content))
  assert read_run(workdir).notices == []


def test_damaged_metrics_are_told_and_repeated_steps_are_the_last(tmp_path):
  path = tmp_path / "sft" / "metrics.jsonl"
  path.parent.mkdir()
  rows = [{"step": 10, "loss": 3.0}, {"step": 20, "loss": 9.0}, {"step": 20, "loss": 2.0}]
  path.write_text("\n".join(map(json.dumps, rows)) + '\n{"step": 30, "lo')
  notices = []
  assert read_metrics(path, notices) == [rows[0], rows[2]]
  assert notices == ["sft/metrics.jsonl: line 4 of 4 is no JSON object."]


def test_command_line(workdir, tmp_path, capsys):
  assert report.main(["--workdir", str(workdir)]) == 0
  assert capsys.readouterr().out.strip() == str(workdir / "report.html")
  assert report.main(["--workdir", str(tmp_path / "none")]) == 1
  assert "error: no folder" in capsys.readouterr().err
  (tmp_path / "results.json").write_text("{")
  assert report.main(["--workdir", str(tmp_path)]) == 1
  assert "not JSON" in capsys.readouterr().err
  assert not (tmp_path / "report.html").exists()
  with pytest.raises(SystemExit):
    report.main([])


def test_videos_are_recognised_by_name(workdir):
  videos = read_run(workdir).videos
  assert {v.stage for v in videos} == {"sft", "strl", "mtrl"}
  assert {(v.task, v.seed) for v in videos} == {(TASKS[0], SEED)}


def test_smooth_is_a_trailing_mean():
  values = np.asarray([1.0, 2.0, 6.0, 3.0])
  np.testing.assert_allclose(plots.smooth(values, window=2), [1.0, 1.5, 4.0, 4.5])
  np.testing.assert_allclose(plots.smooth(values, window=1), values)


def test_panels_follow_what_was_logged():
  rows = [{"step": 1, "loss": 1.0, "lr": 0.1}, {"step": 2, "odd": 3, "space_share/raw": 1.0}]
  assert plots.choose_panels("sft", rows) == ["loss"]
  assert plots.choose_panels("other", rows) == ["loss", "odd", "space_share"]
  assert plots.learning_curves("sft", []) is None
  assert plots.space_shares({}) is None and plots.success_by_task({}) is None
  steps, values = plots.series([*rows, {"step": 3, "loss": float("nan")}], "loss")
  assert (steps.tolist(), values.tolist()) == ([1.0], [1.0])


def test_figures_take_the_colours_of_the_page():
  stages = results()["stages"]
  svg = plots.space_shares({"sft": stages["sft"]["in_domain"]})
  assert "currentColor" in svg and plots.INK not in svg and plots.GRID not in svg
  assert svg == plots.space_shares({"sft": stages["sft"]["in_domain"]})  # byte for byte


def test_a_policy_that_never_parses_has_figures_too():
  lost = summarise([trajectory(TASKS[0], SEED, (None, None), is_success=False)])
  assert "<svg" in plots.space_shares({"sft": lost}) and "<svg" in plots.success_by_task(
    {"x": lost}
  )


def test_small_parts():
  assert [duration(s) for s in (12.4, 200, 3900)] == ["12 s", "3 min 20 s", "1 h 05 min"]
  assert share_bar({"raw": 0.25, "latent": 0.0}).count("<i ") == 1
