"""Films: what is written can be read back, and only whole films are ever seen."""

import resource
import signal

import numpy as np
import pytest
from PIL import Image

from cross_jax.rollout.collect import Episode
from experiments import moving_picture, video
from experiments.frames import FRAME_SIZE, PICTURE_SIZE, TOP_HEIGHT, draw_frame, readable
from experiments.palette import space_color
from experiments.video import Mp4Writer, Recorder, read_mp4, write_mp4, write_webp
from tests.experiments.example_run import trajectory

TASK, SEED = "mine_block:oak_log", 1_000_000
CAPTION = {"instruction": "Mine an oak log.", "text": "Motion: jump", "space": "motion"}


def colour_of(frame, color) -> int:
  """Pixels of a "#rrggbb" colour in a frame."""
  return int((frame == np.frombuffer(bytes.fromhex(color[1:]), np.uint8)).all(-1).sum())


def test_the_picture_is_between_the_strips():
  image = np.random.default_rng(0).integers(0, 256, (180, 320, 3), np.uint8)
  frame = draw_frame(image, num_ticks=30, **CAPTION)
  assert frame.shape == (FRAME_SIZE[1], FRAME_SIZE[0], 3) == (448, 640, 3)
  shown = frame[TOP_HEIGHT : TOP_HEIGHT + PICTURE_SIZE[1]]
  np.testing.assert_array_equal(shown, image.repeat(2, 0).repeat(2, 1))  # twice its size
  assert frame[:TOP_HEIGHT].std() > 0 and frame[TOP_HEIGHT + PICTURE_SIZE[1] :].std() > 0


def test_badge_has_the_colour_of_the_space_and_captions_change_the_strips():
  image = np.zeros((90, 160, 3), np.uint8)
  motion = draw_frame(image, num_ticks=0, **CAPTION)
  assert colour_of(motion, space_color("motion")) > 300
  lost = draw_frame(image, num_ticks=0, **{**CAPTION, "space": None})
  assert colour_of(lost, space_color("motion")) == 0 and colour_of(lost, space_color(None)) > 300
  other = draw_frame(image, num_ticks=0, **{**CAPTION, "instruction": "Kill a cow."})
  assert (other[:TOP_HEIGHT] != motion[:TOP_HEIGHT]).any()
  np.testing.assert_array_equal(other[TOP_HEIGHT:], motion[TOP_HEIGHT:])
  solved = draw_frame(image, num_ticks=0, outcome=True, **CAPTION)
  assert colour_of(solved, "#22a06b") > 300 and colour_of(motion, "#22a06b") == 0


def test_long_texts_stay_inside_the_frame():
  image = np.zeros((90, 160, 3), np.uint8)
  text = "Motion: " + "move forward, " * 40 + "\nAction: press(w)\nAction: third line"
  frame = draw_frame(image, instruction="word " * 200, text=text, space="motion", num_ticks=599)
  margin = frame[:, -8:].reshape(-1, 3)
  strips = np.concatenate([margin[: 8 * TOP_HEIGHT], margin[-8 * 54 :]])
  assert (strips == strips[0]).all()  # nothing is drawn up to the right edge


def test_readable_has_no_special_tokens():
  text = (
    "Grounding: Mine <|object_ref_start|>oak log<|object_ref_end|>"
    "<|point_start|>(512,433)<|point_end|>"
  )
  assert readable(text) == 'Grounding: Mine "oak log" (512,433)'


def test_a_frame_of_another_type_is_an_error():
  with pytest.raises(ValueError, match=r"float64\[4, 4, 3\]: a frame is uint8"):
    draw_frame(np.zeros((4, 4, 3)), num_ticks=0, **CAPTION)


def test_mp4_comes_back_in_order_at_game_speed(tmp_path):
  import av

  levels = [20, 90, 160, 230]
  frames = [np.full((48, 64, 3), level, np.uint8) for level in levels]
  path = write_mp4(tmp_path / "films" / "a.mp4", frames)
  means = [frame.mean() for frame in read_mp4(path)]
  np.testing.assert_allclose(means, levels, atol=4)  # lossy
  with av.open(str(path)) as container:
    stream = container.streams.video[0]
    assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
    assert stream.average_rate == 20
  assert [p.name for p in path.parent.iterdir()] == ["a.mp4"]


def test_a_film_that_fails_leaves_nothing(tmp_path):
  def frames():
    yield np.zeros((48, 64, 3), np.uint8)
    raise KeyboardInterrupt

  with pytest.raises(KeyboardInterrupt):
    write_mp4(tmp_path / "a.mp4", frames())
  with pytest.raises(ValueError, match="at least one frame"):
    write_mp4(tmp_path / "a.mp4", [])
  with pytest.raises(ValueError, match="frame 63x48.*even sides"):
    write_mp4(tmp_path / "a.mp4", [np.zeros((48, 63, 3), np.uint8)])
  with pytest.raises(ValueError, match="32x48 in a video of 64x48"):
    write_mp4(tmp_path / "a.mp4", [np.zeros((48, w, 3), np.uint8) for w in (64, 32)])
  assert list(tmp_path.iterdir()) == []


def test_a_film_that_can_not_be_finished_leaves_nothing(tmp_path, monkeypatch):
  old = write_mp4(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)])
  before = old.read_bytes()

  def full(*_):
    raise OSError("No space left on device")

  monkeypatch.setattr(video.os, "replace", full)
  with pytest.raises(OSError, match="No space"):
    write_mp4(old, [np.full((48, 64, 3), 255, np.uint8)])
  with pytest.raises(OSError, match="No space"):
    write_webp(tmp_path / "a.webp", [np.zeros((48, 64, 3), np.uint8)])
  assert old.read_bytes() == before and list(tmp_path.iterdir()) == [old]


def test_a_film_on_a_full_disk_leaves_nothing(tmp_path):
  rng = np.random.default_rng(0)
  frames = [rng.integers(0, 256, (480, 640, 3), np.uint8) for _ in range(8)]
  limits = resource.getrlimit(resource.RLIMIT_FSIZE)
  ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
  resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
  try:
    with pytest.raises(OSError, match="too large"):
      write_mp4(tmp_path / "a.mp4", frames)
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, ignored)
  assert list(tmp_path.iterdir()) == []


def test_an_old_film_stays_until_the_new_one_is_whole(tmp_path):
  path = write_mp4(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)])
  before = path.read_bytes()
  writer = Mp4Writer(path)
  writer.add(np.full((48, 64, 3), 255, np.uint8))
  assert path.read_bytes() == before
  writer.close()
  assert path.read_bytes() != before


def test_webp_moves_and_obeys_its_limit(tmp_path):
  rng = np.random.default_rng(0)
  frames = [rng.integers(0, 256, (45, 80, 3), np.uint8) for _ in range(6)]
  path = write_webp(tmp_path / "a.webp", frames, fps=20, width=160, max_bytes=60_000)
  assert path.stat().st_size <= 60_000
  with Image.open(path) as image:
    assert (image.n_frames, image.size, image.info["loop"]) == (6, (160, 90), 0)
  with pytest.raises(ValueError, match=r"b.webp: \d+ bytes .* over max_bytes=100; give fewer"):
    write_webp(tmp_path / "b.webp", frames, max_bytes=100)
  with pytest.raises(ValueError, match="at least one frame"):
    write_webp(tmp_path / "b.webp", [])
  assert [p.name for p in tmp_path.iterdir()] == ["a.webp"]


def test_recorder_films_the_chosen_episode_only(tmp_path):
  recorder = Recorder(tmp_path, "mtrl", {(TASK, SEED)}, lambda task, seed: f"{task} {seed}")
  views = (np.zeros((8, 8, 3), np.uint8), np.full((90, 160, 3), 200, np.uint8))
  film = lambda episode, tick: recorder.on_frame(views, episode, "Motion: jump", "motion", tick)
  for tick in range(1, 4):
    film(Episode(TASK, SEED), tick)
    film(Episode(TASK, SEED, member=1), tick)
    film(Episode(TASK, SEED + 1), tick)
  recorder.on_finish(trajectory(TASK, SEED + 1, ("raw",), is_success=True))
  assert not list(tmp_path.glob("*.mp4"))
  recorder.on_finish(trajectory(TASK, SEED, ("raw",), is_success=True))
  assert recorder.close() == [tmp_path / "mtrl_mine_block-oak_log_1000000.mp4"]
  assert [p.name for p in tmp_path.iterdir()] == ["mtrl_mine_block-oak_log_1000000.mp4"]
  frames = read_mp4(recorder.paths[0])
  assert len(frames) == 3 + 20  # its ticks, then a second of the outcome
  picture = frames[0][TOP_HEIGHT + 60 : TOP_HEIGHT + 300]  # the last View, not the first
  np.testing.assert_allclose(picture.mean(), 200, atol=4)


def test_recorder_drops_what_did_not_end(tmp_path):
  recorder = Recorder(tmp_path, "sft", {(TASK, SEED)}, lambda *_: "")
  image = np.zeros((90, 160, 3), np.uint8)
  recorder.on_frame((image,), Episode(TASK, SEED), "?", None, 1)
  assert recorder.close() == []
  assert list(tmp_path.iterdir()) == []


def test_moving_picture_joins_the_ends_of_films():
  films = [[np.full((2, 2, 3), 10 * f + i, np.uint8) for i in range(5)] for f in range(2)]
  joined = moving_picture.join(films, max_ticks=3, every=2, hold_frames=1)
  assert [frame[0, 0, 0] for frame in joined] == [2, 4, 4, 12, 14, 14]


def test_moving_picture_refuses_what_is_no_episode(tmp_path, capsys):
  assert moving_picture.main(["--expert", "mine_block:oak_log"]) == 1
  assert "must be TASK:SEED" in capsys.readouterr().err
  assert moving_picture.main(["--videos", str(tmp_path / "none.mp4")]) == 1
  assert "none.mp4" in capsys.readouterr().err


def test_moving_picture_of_films(tmp_path, capsys):
  film = write_mp4(tmp_path / "a.mp4", [np.full((48, 64, 3), i * 60, np.uint8) for i in range(4)])
  out = tmp_path / "a.webp"
  arguments = ["--videos", str(film), "--out", str(out), "--fps", "2", "--width", "64"]
  assert moving_picture.main(arguments) == 0
  with Image.open(out) as picture:
    assert picture.n_frames >= 4
