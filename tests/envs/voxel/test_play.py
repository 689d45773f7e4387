"""A scripted player over the same socket as the page; recordings replay to the bit."""

import contextlib
import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from cross_jax.base import BUTTONS, DEG_PER_PX, TICKS_PER_S, RawAction
from cross_jax.envs.experts.play import act
from cross_jax.envs.experts.snapshot import snapshots
from cross_jax.envs.voxel.env import VoxelEnv
from cross_jax.envs.voxel.play import __main__ as command
from cross_jax.envs.voxel.play.server import STATUS_HEADER, PlayServer
from cross_jax.envs.voxel.play.session import Session
from cross_jax.envs.voxel.recording import SUCCESS, TIME, digest, read_recording, replay

TASK, SEED, MAX_TICKS = "craft_item:arrow", 5, 40
WIDTH, HEIGHT = 32, 18


class Client:
  """What the page does, without a browser."""

  def __init__(self, port):
    self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

  def ask(self, method, path, message=None):
    body = None if message is None else json.dumps(message)
    self.connection.request(method, path, body)
    answer = self.connection.getresponse()
    return answer, answer.read()

  def play(self, path, message):
    """(status, picture)"""
    answer, body = self.ask("POST", path, message)
    assert answer.status == 200, body
    return json.loads(answer.headers[STATUS_HEADER]), np.asarray(Image.open(io.BytesIO(body)))

  def error(self, path, message, status=400):
    answer, body = self.ask("POST", path, message)
    assert answer.status == status
    return json.loads(body)["error"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
  return tmp_path_factory.mktemp("recordings")


@pytest.fixture(scope="module")
def client(folder):
  session = Session(WIDTH, HEIGHT, max_ticks=MAX_TICKS, folder=folder)
  server = PlayServer(session)
  thread = threading.Thread(target=server.serve_forever)
  thread.start()
  client = Client(server.server_address[1])
  yield client
  client.connection.close()
  server.shutdown()
  thread.join()
  server.server_close()


@pytest.fixture(scope="module")
def expert_ticks():
  """The expert's episode as the page would send it."""
  env, ticks = VoxelEnv(1), []
  env.reset([TASK], [SEED])
  is_over = False
  while not is_over:
    raw = act(snapshots(env.get_state())[0])
    keys = [name for name, down in zip(BUTTONS, raw.buttons) if down]
    pitch, yaw = raw.camera_deg.astype(float) / DEG_PER_PX
    ticks.append({"keys": keys, "mouse": [round(yaw), round(pitch)]})
    is_over = env.step(RawAction(raw.buttons[None], raw.camera_deg[None])).terminated[0]
  return ticks, digest(env.get_state())


def test_an_episode_through_the_socket_replays_to_the_bit(client, folder, expert_ticks):
  ticks, end = expert_ticks
  status, picture = client.play("/start", {"task": TASK, "seed": SEED})
  assert status["instruction"] and status["is_gui_open"] and status["tick"] == 0
  assert picture.shape == (HEIGHT, WIDTH, 3) and picture.std() > 5
  for tick in ticks:
    assert status["outcome"] is None
    status, picture = client.play("/tick", tick)
  assert status["outcome"] == SUCCESS and status["tick"] == len(ticks)
  again, _ = client.play("/tick", ticks[0])
  assert again == status  # nothing happens after the end

  recording = read_recording(status["recording"])
  assert (recording.task, recording.seed, recording.outcome) == (TASK, SEED, SUCCESS)
  assert recording.end == end and len(recording.actions.buttons) == len(ticks)
  env = VoxelEnv(1)
  steps = [step for _, step in replay(recording, env)]  # checks both digests
  assert steps[-1].terminated[0] and digest(env.get_state()) == end


def test_a_new_start_ends_the_last_episode_and_time_runs_out(client):
  first, _ = client.play("/start", {"task": TASK, "seed": 1})
  client.play("/tick", {"keys": ["attack"], "mouse": [7, -2]})
  second, _ = client.play("/start", {"task": TASK, "seed": 1})
  assert first["recording"] != second["recording"]
  stopped = read_recording(first["recording"])
  assert stopped.outcome == "stopped"
  np.testing.assert_array_equal(
    stopped.actions.camera_deg, np.float32([[-2 * DEG_PER_PX, 7 * DEG_PER_PX]])
  )
  for _ in range(MAX_TICKS):
    status, _ = client.play("/tick", {"keys": [], "mouse": [1e9, 0]})  # cut to 180 degrees
  assert status["outcome"] == TIME
  assert read_recording(second["recording"]).actions.camera_deg.max() == 180


def test_only_the_episode_that_is_named_is_stopped(client):
  nothing = {"keys": [], "mouse": [0, 0]}
  first, _ = client.play("/start", {"task": TASK, "seed": 1})
  second, _ = client.play("/start", {"task": TASK, "seed": 1})
  assert first["episode"] != second["episode"]
  assert "no 'episode' in the message" in client.error("/stop", {})
  for episode in (first["episode"], None):
    assert client.ask("POST", "/stop", {"episode": episode})[0].status == 200
    status, _ = client.play("/tick", nothing)
    assert status["outcome"] is None and status["episode"] == second["episode"]
  client.ask("POST", "/stop", {"episode": second["episode"]})
  assert client.play("/tick", nothing)[0]["outcome"] == "stopped"
  assert read_recording(second["recording"]).outcome == "stopped"


def test_the_page_the_tasks_and_bad_requests(client):
  answer, page = client.ask("GET", "/")
  assert answer.status == 200 and b"requestPointerLock" in page and b"createImageBitmap" in page
  _, tasks = client.ask("GET", "/tasks")
  assert TASK in json.loads(tasks)["craft_item"]
  assert client.ask("GET", "/etc")[0].status == 404
  assert "did you mean" in client.error("/start", {"task": "craft_item:arow", "seed": 0})
  assert "seed -1: must be 0..4294967295" in client.error("/start", {"task": TASK, "seed": -1})
  status, _ = client.play("/start", {"task": TASK, "seed": 0})
  assert "seed -1" in client.error("/start", {"task": TASK, "seed": -1})
  assert "seed 0.5: must be an integer" in client.error("/start", {"task": TASK, "seed": 0.5})
  assert "seed inf" in client.error("/start", {"task": TASK, "seed": float("inf")})
  assert "no 'seed' in the message" in client.error("/start", {"task": TASK})
  assert client.play("/tick", {"keys": [], "mouse": [0, 0]})[0]["outcome"] is None  # it goes on
  assert "key 'fly': must be one of" in client.error("/tick", {"keys": ["fly"], "mouse": [0, 0]})
  assert "must be two numbers" in client.error("/tick", {"keys": [], "mouse": [0]})
  assert "must be two numbers" in client.error("/tick", {"keys": [], "mouse": [10**400, 0]})
  assert "finite" in client.error("/tick", {"keys": [], "mouse": [0, float("nan")]})
  assert "at most 4096" in client.error("/tick", {"keys": ["jump"] * 1000, "mouse": [0, 0]})
  for length in ("-1", "many"):
    client.connection.request("POST", "/tick", headers={"Content-Length": length})
    answer = client.connection.getresponse()
    assert answer.status == 400 and f"{length} bytes" in json.loads(answer.read())["error"]
  client.connection.request("POST", "/tick", "[" * 4000)
  answer = client.connection.getresponse()
  assert answer.status == 400 and answer.read()


def test_a_recording_that_cannot_be_written_is_told(client, folder):
  gone = folder.with_name("gone")
  folder.rename(gone)
  try:
    assert str(folder) in client.error("/start", {"task": TASK, "seed": 0}, status=500)
  finally:
    gone.rename(folder)
  assert client.play("/start", {"task": TASK, "seed": 0})[0]["tick"] == 0


@pytest.mark.parametrize(
  "arguments, message",
  [
    (("--window",), r"--window needs pygame: pip install -e '.\[play\]'"),
    (("--port", "99999"), "'99999': must be 0..65535"),
    (("--difficulty", "easy"), "invalid choice: 'easy'"),
    (("--size", "640"), "'640': must be like 640x360"),
    (("--record", __file__), "File exists"),
  ],
)
def test_bad_arguments_end_with_one_line(monkeypatch, capsys, arguments, message):
  monkeypatch.setitem(sys.modules, "pygame", None)
  monkeypatch.delitem(sys.modules, "cross_jax.envs.voxel.play.window", raising=False)
  with contextlib.suppress(SystemExit):
    assert command.main([*arguments]) == 1
  assert re.search(message, capsys.readouterr().err.splitlines()[-1])


def test_a_killed_server_loses_at_most_a_second(tmp_path):
  command = [sys.executable, "-m", "cross_jax.envs.voxel.play", "--port", "0", "--record"]
  environ = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(_cache_dir())}
  size = ["--size", f"{WIDTH}x{HEIGHT}"]
  process = subprocess.Popen(
    [*command, str(tmp_path), *size], stdout=subprocess.PIPE, text=True, env=environ
  )
  try:
    client = Client(int(re.search(r":(\d+)/", process.stdout.readline())[1]))
    status, _ = client.play("/start", {"task": "mine_block:oak_log", "seed": 3})
    num_ticks = 25
    for _ in range(num_ticks):
      client.play("/tick", {"keys": ["forward", "jump"], "mouse": [11, 3]})
    client.connection.close()
  finally:
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
  with open(status["recording"], "a", encoding="ascii") as file:
    file.write("[4,0.1")  # a line that the kill cut off
  recording = read_recording(status["recording"])
  assert recording.outcome is None and recording.end is None
  assert num_ticks - TICKS_PER_S <= len(recording.actions.buttons) <= num_ticks
  assert len([0 for _ in replay(recording, VoxelEnv(1))]) == len(recording.actions.buttons)


def _cache_dir():
  import jax

  return jax.config.jax_compilation_cache_dir


def test_a_recording_that_can_not_be_written_on_ends_the_episode_and_stays_readable(tmp_path):
  session = Session(WIDTH, HEIGHT, folder=tmp_path)
  session.start("mine_block:oak_log", True)  # a seed that is a bool is recorded as a number
  session.tick(["forward"], (0, 0))

  def full(action):
    raise OSError("No space left on device")

  session._recorder.add = full
  with pytest.raises(OSError, match="No space"):
    session.tick(["forward"], (0, 0))
  status, _ = session.tick(["forward"], (0, 0))
  assert status["outcome"] == "stopped"
  (file,) = tmp_path.glob("*.jsonl")
  recording = read_recording(file)
  assert recording.seed == 1 and len(recording.actions.buttons) == 1 and recording.outcome is None
