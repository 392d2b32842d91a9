"""A worker's fork servers: one per team folder, replaced when the folder's code changes or the server dies."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prefect.settings import get_current_settings

from lockgate.source import stamps
from lockgate.worker.fork_server import READY

RUNTIME = "LOCKGATE_WORKER_RUNTIME"
START_SECONDS = 120
LONGEST_FOLDER = 60


def socket_path(folder: Path) -> Path:
    """Where the fork server of a folder listens, for this worker and its runs."""
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return Path(os.environ[RUNTIME]) / f"{digest}.sock"


def fingerprint(folder: Path) -> str:
    """Changes when any of the folder's code does, or what is installed in our environment."""
    digest = hashlib.sha256()
    for packages in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        digest.update(f"{Path(packages).stat().st_mtime_ns}\n".encode())
    digest.update(repr(stamps(folder)).encode())
    return digest.hexdigest()


def _short_folder() -> str:
    """A temporary folder for sockets, whose paths may be at most 107 bytes long: the worker's lies in a project."""
    own = tempfile.gettempdir()
    return own if len(os.fsencode(own)) <= LONGEST_FOLDER or not Path("/tmp").is_dir() else "/tmp"  # noqa: S108


@dataclass
class _Server:
    fingerprint: str
    process: subprocess.Popen[bytes]
    ready: bool


class ForkServers:
    """Starts, replaces and ends fork servers.

    Args:
        warn: Told in one sentence why a folder's runs start cold.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._servers: dict[Path, _Server] = {}
        self._turn = asyncio.Lock()
        self._runtime = tempfile.mkdtemp(prefix="lockgate-", dir=_short_folder())
        os.environ[RUNTIME] = self._runtime

    async def ensure(self, folder: Path) -> None:
        """See to it that a fork server with the folder's present code listens, if its code may be forked.

        A replaced server takes no more runs and ends with its last one; runs under way are untouched.
        """
        async with self._turn:
            known = self._servers.get(folder)
            now = fingerprint(folder)
            if known and known.fingerprint == now and (not known.ready or known.process.poll() is None):
                return
            if known:
                _end(known)
                socket_path(folder).unlink(missing_ok=True)
            self._servers[folder] = await asyncio.to_thread(self._start, folder, now)

    def _start(self, folder: Path, now: str) -> _Server:
        told, telling = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-m", "lockgate.worker.fork_server", str(socket_path(folder)), str(telling)],
            cwd=folder,
            env=fork_server_environment(os.environ),
            stdin=subprocess.PIPE,
            pass_fds=[telling],
        )
        os.close(telling)
        with os.fdopen(told, encoding="utf-8", errors="replace") as answers:
            answer = answers.read()
        if answer != READY:
            why = answer.removeprefix("cold: ") or f"its fork server ended with status {process.wait(START_SECONDS)}"
            self._warn(f"Runs in {folder} start cold: {why}")
        return _Server(now, process, answer == READY)

    def close(self) -> None:
        """Let every server end once its last run has."""
        for server in self._servers.values():
            _end(server)
        shutil.rmtree(self._runtime, ignore_errors=True)


def fork_server_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment of a fork server: with Prefect's settings as runs get them, so that no child reads them anew.

    Args:
        ours: The worker's environment.
    """
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    # pyarrow brings an allocator that it does not use, whose thread would be alive at every fork.
    return {**ours, **settings, "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def _end(server: _Server) -> None:
    """Tell it to end with its last run; a thread waits for that, so no zombie stays.

    A standard input that closes without a word says that we were killed: then it tidies up for us.
    """
    with contextlib.suppress(OSError):
        if server.process.stdin:
            server.process.stdin.write(b"end")
            server.process.stdin.close()
    threading.Thread(target=server.process.wait, name="lockgate-reaper", daemon=True).start()
