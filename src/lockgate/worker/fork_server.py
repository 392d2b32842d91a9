"""The fork server of one team: imports Prefect, lockgate and the team's code once, then forks a process per run.

``python -m lockgate.worker.fork_server SOCKET FD`` in the team's folder. It says ``ready`` on the descriptor FD, or
``cold: why`` if it may not fork, and ends when its standard input is closed and its last child is gone. What the team's
code prints when it is imported is the worker's output, as what its runs print.

One thread, one loop. A child is a process of its own: environment, working directory, standard streams and process
group; it leaves the loop, runs Prefect's engine as ``python -m prefect.engine`` would, and ends as Python ends.
"""

import atexit
import contextlib
import os
import random
import runpy
import selectors
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.worker.warm_up import warm_up

READY = "ready"


@dataclass(frozen=True)
class Job:
    """What a child was asked to run."""

    connection: socket.socket
    environment: dict[str, str]
    folder: str
    streams: list[int]


class ForkServer:
    """Accepts jobs on a socket and forks a child for each.

    Args:
        path: Where to listen; taken over from an earlier server in one step.

    Attributes:
        abandoned: Whether the worker was killed: it ended without telling this server to.
    """

    abandoned = False

    def __init__(self, path: Path) -> None:
        self._selector = selectors.DefaultSelector()
        self._clients: dict[int, socket.socket | None] = {}  # by child; None once the client is gone
        self._accepting = True
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        self._listener.bind(str(draft))
        self._listener.listen(64)
        draft.rename(path)
        self._wakeup, wakeup_write = os.pipe()
        os.set_blocking(wakeup_write, False)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> Job | None:
        """Serve until told to end; in a forked child, return its job instead."""
        for source in (self._listener, self._wakeup, 0):
            self._selector.register(source, selectors.EVENT_READ)
        while self._accepting or self._clients:
            for key, _ in self._selector.select():
                job = self._handle(key.fileobj)
                if job is not None:
                    return job
        return None

    def _handle(self, source: Any) -> Job | None:
        if source is self._listener:
            return self._accept()
        if source == self._wakeup:
            os.read(self._wakeup, 4096)
            self._reap()
        elif source == 0:
            self._end_accepting()
        else:
            self._client_gone(source)
        return None

    def _accept(self) -> Job | None:
        """Fork a child for the next client. One that is not served sees its connection end, and starts cold."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return None
        try:
            job = _receive(connection)
            pid = os.fork()
        except (OSError, ValueError):
            connection.close()
            return None
        if pid == 0:
            self._become_child()
            return job
        for stream in job.streams:
            os.close(stream)
        self._clients[pid] = connection
        self._selector.register(connection, selectors.EVENT_READ)
        return None

    def _become_child(self) -> None:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        self._listener.close()
        for connection in self._clients.values():
            if connection is not None:
                connection.close()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            # What the run left running ends with it, however it ended.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            connection = self._clients.pop(pid, None)
            if connection is not None:
                self._selector.unregister(connection)
                _tell(connection, "ended", os.waitstatus_to_exitcode(status))
                connection.close()

    def _client_gone(self, connection: socket.socket) -> None:
        """The client was killed: end what it stood for. The child is reaped as any other."""
        pid = next((pid for pid, known in self._clients.items() if known is connection), None)
        if pid is None:  # reaped in this same round
            return
        self._clients[pid] = None
        self._selector.unregister(connection)
        connection.close()
        with contextlib.suppress(ProcessLookupError):  # not yet at the head of a group of its own
            os.killpg(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)

    def _end_accepting(self) -> None:
        self.abandoned = not os.read(0, 1)
        self._selector.unregister(0)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._accepting = False


def _receive(connection: socket.socket) -> Job:
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    body = b""
    if not head:
        raise ValueError("the client went away")
    size = int.from_bytes(head, "big")
    while len(body) < size:
        more = connection.recv(size - len(body))
        if not more:
            raise ValueError("the client went away")
        body += more
    folder, *variables = body.split(b"\0")
    environment = dict(os.fsdecode(variable).split("=", 1) for variable in variables)
    return Job(connection, environment, os.fsdecode(folder), list(streams))


def _tell(connection: socket.socket, what: str, number: int) -> bool:
    try:
        connection.sendall(f"{what} {number}\n".encode())
    except OSError:
        return False
    return True


def run(job: Job, settings: Mapping[str, str]) -> None:
    """Run the engine in a child; ends the process.

    Args:
        job: What to run.
        settings: Prefect's settings that the server was started with.
    """
    # Said by the child, not by the server: whoever runs is known to the client, even if the server dies now.
    if not _tell(job.connection, "forked", os.getpid()):
        os._exit(1)
    status: list[int] = []
    atexit.register(_end, job.connection, status)
    for target, stream in enumerate(job.streams):
        os.dup2(stream, target)
        os.close(stream)
    os.environ.clear()
    os.environ.update(job.environment)
    os.chdir(job.folder)
    sys.argv = ["prefect.engine"]
    _forget_the_parent(settings)
    sys.modules.pop("prefect.engine", None)  # it is run as the main module; everything it imports stays
    try:
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        status.append(ended.code & 0xFF if isinstance(ended.code, int) else int(ended.code is not None))
        raise
    except KeyboardInterrupt:  # upon which Python ends itself by the signal
        raise
    except BaseException:
        status.append(1)
        raise
    status.append(0)


def _end(connection: socket.socket, status: list[int]) -> None:
    """End a child after all else that Python does at an exit; the client learns how even if the server is gone.

    Python would now take its objects apart one by one, and so copy every page that we share with the server.
    """
    if not status:
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    _tell(connection, "ending", status[0])
    os._exit(status[0])


def _forget_the_parent(settings: Mapping[str, str]) -> None:
    """What a fresh process would have of its own: random numbers, time zone, settings from its environment."""
    from prefect.context import refresh_global_settings_context

    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    time.tzset()
    if prefect_settings(os.environ) != settings:
        refresh_global_settings_context()


def prefect_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that Prefect reads its settings from, without those that it hands to its own processes."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("PREFECT_") and not name.startswith("PREFECT__")
    }


def main() -> None:
    """Warm up, say so, and serve."""
    settings = prefect_settings(os.environ)
    place, told = Path(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(told, False)  # what the team's import starts shall not hold it open
    with os.fdopen(told, "w", encoding="utf-8") as worker:
        unsafe = warm_up(Path.cwd())
        if unsafe:
            worker.write(f"cold: {unsafe}")
            return
        server = ForkServer(place)
        worker.write(READY)
    job = server.serve()
    if job is not None:
        run(job, settings)
    elif server.abandoned:
        shutil.rmtree(place.parent, ignore_errors=True)


if __name__ == "__main__":
    main()
