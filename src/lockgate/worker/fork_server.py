"""The fork server of one team: imports Prefect, lockgate and the team's code once, then forks a process per run.

``python -m lockgate.worker.fork_server SOCKET`` in the team's folder. It says ``ready`` on its standard output, or
``cold: why`` if it may not fork, and ends when its standard input is closed and its last child is gone.

One thread, one loop. A child is a process of its own: environment, working directory, standard streams and process
group; it leaves the loop, runs Prefect's engine as ``python -m prefect.engine`` would, and ends as Python ends.
"""

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.core.errors import LockgateError
from lockgate.loading import load_team

WARM_MODULES = ("prefect.engine", "prefect.flow_engine", "prefect.task_engine", "prefect.events", "lockgate.flows",
                "lockgate.jobs", "pyarrow.parquet")  # fmt: skip


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
    """

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
        connection, _ = self._listener.accept()
        try:
            job = _receive(connection)
        except (OSError, ValueError, struct.error):
            connection.close()
            return None
        pid = os.fork()
        if pid == 0:
            self._become_child()
            return job
        os.setpgid(pid, pid)
        for stream in job.streams:
            os.close(stream)
        self._clients[pid] = connection
        self._selector.register(connection, selectors.EVENT_READ)
        _tell(connection, pid)
        return None

    def _become_child(self) -> None:
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
            connection = self._clients.pop(pid, None)
            if connection is not None:
                self._selector.unregister(connection)
                _tell(connection, os.waitstatus_to_exitcode(status))
                connection.close()

    def _client_gone(self, connection: socket.socket) -> None:
        """The client was killed: end what it stood for. The child is reaped as any other."""
        pid = next(pid for pid, known in self._clients.items() if known is connection)
        self._clients[pid] = None
        self._selector.unregister(connection)
        connection.close()
        os.killpg(pid, signal.SIGKILL)

    def _end_accepting(self) -> None:
        self._selector.unregister(0)
        self._selector.unregister(self._listener)
        self._listener.close()
        self._accepting = False


def _receive(connection: socket.socket) -> Job:
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    body = b""
    (size,) = struct.unpack("!I", head)
    while len(body) < size:
        more = connection.recv(size - len(body))
        if not more:
            raise ValueError("the client went away")
        body += more
    request = json.loads(body)
    return Job(connection, request["env"], request["cwd"], list(streams))


def _tell(connection: socket.socket, number: int) -> None:
    try:
        connection.sendall(f"{number}\n".encode())
    except OSError:
        return


def warm_up(folder: Path) -> str | None:
    """Import all that a run needs; returns why forking is not safe, if it is not."""
    for name in WARM_MODULES:
        importlib.import_module(name)
    try:
        if (folder / "assets.py").is_file():
            load_team(folder)
    except LockgateError as error:
        return str(error)
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    if others:
        target = getattr(others[0], "_target", None)
        module = getattr(target, "__module__", None) or type(others[0]).__module__
        return f"importing the code in {folder} starts a thread ({others[0].name} of module {module})"
    gc.collect()
    gc.freeze()
    return None


def run(job: Job) -> None:
    """Run the engine in a child; ends the process."""
    status: list[int] = []
    # Registered first, so it runs last: if the server is gone, the client still learns how we ended.
    atexit.register(_tell_last, job.connection, status)
    for target, stream in enumerate(job.streams):
        os.dup2(stream, target)
        os.close(stream)
    os.environ.clear()
    os.environ.update(job.environment)
    os.chdir(job.folder)
    sys.argv = ["prefect.engine"]
    _forget_the_parent()
    sys.modules.pop("prefect.engine", None)  # it is run as the main module; everything it imports stays
    try:
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        status.append(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
        raise
    status.append(0)


def _tell_last(connection: socket.socket, status: list[int]) -> None:
    if status:
        _tell(connection, status[0])


def _forget_the_parent() -> None:
    """What a fresh process would have of its own: random numbers, and Prefect's settings from its environment."""
    from prefect.context import refresh_global_settings_context

    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    refresh_global_settings_context()


def main() -> None:
    """Warm up, say so, and serve."""
    unsafe = warm_up(Path.cwd())
    if unsafe:
        print(f"cold: {unsafe}", flush=True)  # noqa: T201
        return
    server = ForkServer(Path(sys.argv[1]))
    print("ready", flush=True)  # noqa: T201
    job = server.serve()
    if job is not None:
        run(job)


if __name__ == "__main__":
    main()
