"""The game as a page: HTTP on this machine, one request a tick, so that it works through ssh -L.

GET  /        the page
GET  /tasks   JSON {family: [task, ...]}
POST /start   JSON {"task": name, "seed": integer}
POST /tick    JSON {"keys": [button, ...], "mouse": [x px, y px]}
POST /stop    JSON {"episode": its id in the status}; ends it, and no other

start and tick answer with a picture (JPEG) and the game's status as JSON in the header Game-Status.
The tick happens when it is asked for: a slow line slows the game down, and never drops a tick.
"""

import io
import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any

import numpy as np
from PIL import Image

from cross_jax.envs.tasks import FAMILIES, list_tasks
from cross_jax.envs.voxel.play.session import Session

QUALITY = 90  # of the JPEG
MAX_BODY = 4096  # bytes of a request
STATUS_HEADER = "Game-Status"


class PlayServer(ThreadingHTTPServer):
  """Serves one session; `serve_forever` runs it."""

  daemon_threads = True

  def __init__(self, session: Session, host: str = "127.0.0.1", port: int = 0):
    """Binds.

    Args:
      session: the game.
      host: other than this machine's own address, anyone on the network can play.
      port: 0: any that is free, see `url`.
    """
    self.session = session
    super().__init__((host, port), _Handler)

  @property
  def url(self) -> str:
    return f"http://{self.server_address[0]}:{self.server_address[1]}/"

  def server_close(self) -> None:
    """Lets the port go and ends the episode under way."""
    super().server_close()
    self.session.stop()

  def handle_error(self, request: Any, client_address: Any) -> None:
    """A browser that went away is no error."""
    if not isinstance(sys.exception(), ConnectionError):
      super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
  server: PlayServer
  protocol_version = "HTTP/1.1"  # one connection for all ticks
  disable_nagle_algorithm = True  # else a tick can wait 40 ms for its picture

  def do_GET(self) -> None:  # noqa: N802 (http.server's name)
    if self.path == "/":
      page = resources.files("cross_jax.envs.voxel.play") / "page.html"
      self._send(HTTPStatus.OK, "text/html; charset=utf-8", page.read_bytes())
    elif self.path == "/tasks":
      self._send_json({family: list_tasks(family) for family in FAMILIES})
    else:
      self._send_json({"error": f"no page {self.path}"}, HTTPStatus.NOT_FOUND)

  def do_POST(self) -> None:  # noqa: N802 (http.server's name)
    length = self.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY:
      self.close_connection = True  # the body stays unread
      return self._send_json(
        {"error": f"{length} bytes: at most {MAX_BODY}"}, HTTPStatus.BAD_REQUEST
      )
    try:
      self._answer(json.loads(self.rfile.read(int(length)) or b"{}"))
    except KeyError as error:
      self._send_json({"error": f"no {error} in the message"}, HTTPStatus.BAD_REQUEST)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
      self._send_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
    except OSError as error:  # of the recording; one of the connection can't be answered
      if isinstance(error, ConnectionError):
        raise
      self._send_json({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)

  def _answer(self, message: dict[str, Any]) -> None:
    session = self.server.session
    match self.path:
      case "/start":
        self._send_picture(*session.start(str(message["task"]), message["seed"]))
      case "/tick":
        self._send_picture(*session.tick(message["keys"], message["mouse"]))
      case "/stop":
        session.stop(str(message["episode"]))
        self._send_json({})
      case _:
        self._send_json({"error": f"no page {self.path}"}, HTTPStatus.NOT_FOUND)

  def _send_picture(self, status: dict[str, Any], image: np.ndarray) -> None:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    headers = {STATUS_HEADER: json.dumps(status)}
    self._send(HTTPStatus.OK, "image/jpeg", buffer.getvalue(), headers)

  def _send_json(self, value: Any, code: HTTPStatus = HTTPStatus.OK) -> None:
    self._send(code, "application/json", json.dumps(value).encode())

  def _send(
    self, code: HTTPStatus, kind: str, body: bytes, headers: dict[str, str] | None = None
  ) -> None:
    self.send_response(code)
    for name, value in {
      "Content-Type": kind,
      "Cache-Control": "no-store",
      **(headers or {}),
    }.items():
      self.send_header(name, value)
    self.send_header("Content-Length", str(len(body)))
    if self.close_connection:
      self.send_header("Connection", "close")
    self.end_headers()
    self.wfile.write(body)

  def log_message(self, *_: Any) -> None:
    """Twenty lines a second would help nobody."""
