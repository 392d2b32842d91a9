"""HTTP connections, against a real server on loopback: what is sent again, how fast, and with whose credentials."""

import base64
import logging
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from lockgate.connections import HttpConnection
from lockgate.core.errors import UsageError

Answer = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def text(body: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body.encode())

    return answer


def cut(request: BaseHTTPRequestHandler) -> None:
    """An answer that breaks off in the middle of its body."""
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    request.wfile.write(b"half")
    request.close_connection = True


class System:
    """An HTTP server that gives the answers laid up for it, then ``ok``."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        system = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                system.seen.append((self.command, self.path, dict(self.headers)))
                (system.answers.pop(0) if system.answers else text("ok"))(self)

            do_GET = do_POST = _answer

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    system = System()
    thread = Thread(target=system.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("SOURCE_URL", f"http://{system.address}/api")
    monkeypatch.setattr("lockgate.connections.http_connection.BACKOFF", 0.0)
    yield system
    system.server.shutdown()
    system.server.server_close()
    thread.join()


def test_paths_start_at_the_address(system: System) -> None:
    with HttpConnection("source").client() as client:
        assert client.get("/feed", params={"page": "2"}).text == "ok"
    assert [(method, path) for method, path, _ in system.seen] == [("GET", "/api/feed?page=2")]


@pytest.mark.parametrize("failure", [status(429), status(500), status(502), status(503), status(504), cut])
def test_what_may_be_over_in_a_moment_is_asked_again(system: System, failure: Answer) -> None:
    system.answers = [failure, failure]
    with HttpConnection("source", retries=2).client() as client:
        assert client.get("/").text == "ok"
    assert len(system.seen) == 3


def test_the_last_failure_is_raised(system: System) -> None:
    with HttpConnection("source", retries=1).client() as client:
        system.answers = [status(503), status(500)]
        with pytest.raises(httpx.HTTPStatusError, match="500"):
            client.get("/")
        system.answers = [cut, cut]
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/")


def test_a_refusal_and_a_post_are_not_sent_again(system: System) -> None:
    with HttpConnection("source").client() as client:
        system.answers = [status(404)]
        with pytest.raises(httpx.HTTPStatusError, match="404"):
            client.get("/")
        system.answers = [status(503)]
        with pytest.raises(httpx.HTTPStatusError, match="503"):
            client.post("/")
    assert len(system.seen) == 2


def test_the_pause_is_the_one_the_system_asks_for(system: System) -> None:
    system.answers = [status(429, Retry_After="1")]
    started = time.monotonic()
    with HttpConnection("source").client() as client:
        client.get("/")
    assert time.monotonic() - started >= 1


def test_no_more_requests_than_allowed_are_sent_in_a_second(system: System) -> None:
    started = time.monotonic()
    with HttpConnection("source", per_second=5).client() as client:
        for _ in range(11):
            client.get("/")
    assert time.monotonic() - started >= 2


def test_a_system_that_says_nothing_is_given_up_after_the_timeout(system: System) -> None:
    system.answers = [lambda _: time.sleep(0.5)]
    with HttpConnection("source", timeout=0.1, retries=0).client() as client, pytest.raises(httpx.TimeoutException):
        client.get("/")


def test_credentials_reach_the_system_and_nobody_else(
    system: System, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SOURCE_URL", f"http://user:pa%24s@{system.address}")
    system.answers = [status(500), text("ok"), status(403)]
    connection = HttpConnection("source", retries=1)
    with connection.client() as client:
        client.get("/")
        with pytest.raises(httpx.HTTPStatusError) as refused:
            client.get("/")
        basic = base64.b64encode(b"user:pa$s").decode()
        assert {headers["Authorization"] for _, _, headers in system.seen} == {f"Basic {basic}"}
        printed = [repr(connection), repr(client), str(refused.value), repr(refused.value.request), caplog.text]
        assert "pa$s" not in str(printed)
        assert "pa%24s" not in str(printed)


def test_a_token_goes_into_the_header(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_TOKEN", "t0ken")
    with HttpConnection("source").client() as client:
        client.get("/")
    assert system.seen[0][2]["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("address", ["ftp://host", "http:///path", "source.example", "http://[::1", "http://h:port"])
def test_an_address_that_is_none_is_refused_without_being_quoted(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("SOURCE_URL", address)
    with pytest.raises(UsageError, match="Connection source cannot be used: its address") as refused:
        HttpConnection("source").client()
    assert address not in str(refused.value)
