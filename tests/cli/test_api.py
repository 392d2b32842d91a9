"""Whatever Prefect's API answers is one sentence, and a server from elsewhere is not taken for the project's own."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lockgate.cli.common import prefect_client
from lockgate.core.errors import PlatformError, UsageError
from lockgate.embedded.home import Home
from lockgate.embedded.supervisor import Supervisor
from lockgate.settings import ENDPOINTS, api_url

_SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


@contextmanager
def _answering(status: int) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()
    server.server_close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "teams").mkdir()
    (tmp_path / "prefect.yaml").touch()
    for name in ("PREFECT_API_URL", "LOCKGATE_API_URL", "LOCKGATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = Home(tmp_path / ".lockgate")
    home.create()
    yield tmp_path
    Supervisor(home).stop("server")


def _ask(root: Path) -> None:
    async def ask() -> None:
        async with prefect_client(root):
            pass

    asyncio.run(ask())


def _serve(root: Path, url: str) -> None:
    home = Home(root / ".lockgate")
    home.update(lambda state: state.update({ENDPOINTS: {"api": url}}))
    Supervisor(home).start("server", _SLEEP, environment={"PATH": os.environ["PATH"]}, facts={"url": url})


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 500, 501])
def test_each_status_is_one_sentence(project: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with _answering(status) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        with pytest.raises(PlatformError, match="does not accept our" if status == 401 else f"answered {status}"):
            _ask(project)


def test_up_is_advised_only_where_the_own_server_is_down(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = "http://127.0.0.1:1/api"
    home = Home(project / ".lockgate")
    home.update(lambda state: state.update({ENDPOINTS: {"api": dead}}))
    with pytest.raises(PlatformError, match=r"does not answer\. Start it: lockgate up"):
        _ask(project)
    _serve(project, dead)
    with pytest.raises(PlatformError, match=r"does not answer\. See: lockgate doctor"):
        _ask(project)
    Supervisor(home).stop("server")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:2/api")
    with pytest.raises(PlatformError, match="Start it where it runs, or correct PREFECT_API_URL"):
        _ask(project)


def test_an_address_from_elsewhere_is_refused_while_the_own_server_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = "http://127.0.0.1:4711/api", "http://prefect.example/api"
    monkeypatch.setenv("PREFECT_API_URL", other)
    assert api_url(project) == other
    _serve(project, own)
    with pytest.raises(UsageError, match=r"prefect\.example.*own server runs at .*4711.* Unset it"):
        api_url(project)
    monkeypatch.setenv("LOCKGATE_API_URL", f"{other}/")
    assert api_url(project) == other
    monkeypatch.delenv("LOCKGATE_API_URL")
    for same in (own, f"{own}/", "http://localhost:4711/api"):
        monkeypatch.setenv("PREFECT_API_URL", same)
        assert api_url(project) == same
