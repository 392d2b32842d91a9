"""The HTTP server around the answers: one thread per connection."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from demo.source.api import Api, Reply
from demo.source.faults import Faults
from demo.source.feeds import Feeds

HOST = "127.0.0.1"


class SourceServer(ThreadingHTTPServer):
    """The source systems on a port.

    Args:
        port: 0 takes a free one; ``server_port`` tells which.
        feeds: The data.
        host: Where it listens: loopback, unless it has a container to itself.
    """

    daemon_threads = True

    def __init__(self, port: int, feeds: Feeds, host: str = HOST) -> None:
        super().__init__((host, port), Handler)
        self.api = Api(feeds, Faults())

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"http://{self.server_address[0]!s}:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Turns requests into calls of the API and its replies into bytes."""

    server: SourceServer
    protocol_version = "HTTP/1.1"
    timeout = 60
    # Head and body leave in one packet; unbuffered, the second would wait 40 ms for the first's acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        """Serve a read."""
        self._serve()

    def do_POST(self) -> None:
        """Serve a write."""
        self._serve()

    def do_DELETE(self) -> None:
        """Serve a removal."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the demonstration's output belongs to the platform."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(self.server.api.answer(self.command, url.path, dict(parse_qsl(url.query)), body))

    def _send(self, reply: Reply) -> None:
        body = json.dumps(reply.body, separators=(",", ":")).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if reply.cut else body)
        self.close_connection = self.close_connection or reply.cut
