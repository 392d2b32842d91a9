"""The named processes of one home: start, find, list, stop, wait."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lockgate.core.errors import PlatformError
from lockgate.embedded.ending import end, end_all, marked
from lockgate.embedded.home import PURGE, DamagedFile, Home
from lockgate.embedded.process import ProcessRecord, alive, spawn

_QUOTED_LINES = 8


class Supervisor:
    """Starts processes under names and remembers them in the home's state file.

    It does not watch them: a process that dies stays dead until somebody starts it again.

    Args:
        home: The home; created if it is not there.
    """

    def __init__(self, home: Home) -> None:
        self.home = home

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path | None = None,
        facts: Mapping[str, str | int] | None = None,
        account: tuple[int, int] | None = None,
    ) -> ProcessRecord:
        """Start a named process, unless one of that name runs already: then that one is returned.

        Args:
            name: Unique in this home, as "worker/weather"; its log is ``logs/worker-weather.log``.
            command: Program and arguments, without secrets.
            environment: All that it gets.
            folder: Working directory; the home if None.
            facts: Kept with it in the state file.
            account: Numeric user and group to run under, when the caller is root.

        Returns:
            Its record.

        Raises:
            PlatformError: If the program cannot be executed, or the state file is damaged.
        """
        running = self.running(name)
        if running:
            return running
        self.home.create()
        record = spawn(
            name,
            command,
            environment=environment,
            log=self.log(name),
            mark=self._mark(name),
            folder=folder or self.home.path,
            facts=facts or {},
            account=account,
        )
        self.remember(record)
        return record

    def log(self, name: str) -> Path:
        """The log file of a named process.

        Args:
            name: As given to `start`.

        Returns:
            Its path, whether or not it exists.
        """
        return self.home.logs / f"{name.replace('/', '-')}.log"

    def remember(self, record: ProcessRecord) -> None:
        """Write a record to the state file in place of the earlier one of that name.

        Args:
            record: Of a process that belongs to this home.
        """

        def change(state: dict[str, Any]) -> None:
            state.setdefault("processes", {})[record.name] = asdict(record)
            if "port" in record.facts:
                state.setdefault("ports", {})[record.name] = record.facts["port"]

        self.home.update(change)

    def last_port(self, name: str) -> int | None:
        """The port a named process had at its last start, to give it the same again.

        Args:
            name: As given to `start`.

        Returns:
            None if it never had one.
        """
        ports = self.home.state().get("ports")
        port = ports.get(name) if isinstance(ports, dict) else None
        return port if isinstance(port, int) else None

    def records(self) -> dict[str, ProcessRecord]:
        """All that was started here and not stopped since, alive or not.

        Returns:
            Records by name, in the order of their first start.

        Raises:
            DamagedFile: If the state file is damaged.
        """
        try:
            entries = self.home.state().get("processes", {})
            return {name: ProcessRecord(**entry) for name, entry in entries.items()}
        except (TypeError, AttributeError) as error:
            raise DamagedFile(
                f"The file {self.home.path / 'state.json'} is damaged: it describes no processes.",
                cure=PURGE,
            ) from error

    def running(self, name: str) -> ProcessRecord | None:
        """The record of a named process if it is alive.

        Args:
            name: As given to `start`.

        Returns:
            None if it never ran or has ended.
        """
        record = self.records().get(name)
        return record if record and alive(record) else None

    def stop(self, name: str, timeout: float = 10.0, first: int = signal.SIGTERM) -> bool:
        """End a named process with all that it started, and forget it.

        Args:
            name: As given to `start`.
            timeout: Seconds to end in order before it is killed.
            first: The signal that asks it to end.

        Returns:
            Whether it was alive.

        Raises:
            PlatformError: If it cannot be ended.
        """
        record = self.records().get(name)
        if record is None:
            return False
        was_alive = alive(record)
        end(record, self._mark(name), timeout, first)

        def forget(state: dict[str, Any]) -> None:
            state.get("processes", {}).pop(name, None)

        self.home.update(forget)
        return was_alive

    def end_unrecorded(self, timeout: float = 10.0) -> None:
        """End every process that bears the mark of this home, recorded or not.

        Args:
            timeout: Seconds given to end in order.
        """
        end_all(marked(f"{self.home.path}:"), timeout)

    def wait_until(self, condition: Callable[[], bool], seconds: float, what: str, record: ProcessRecord) -> None:
        """Wait for a started process to be of use.

        Args:
            condition: Asked every 20 ms until it is true.
            seconds: How long to wait at most.
            what: What is waited for, as "PostgreSQL to accept connections".
            record: The process; if it ends meanwhile, waiting ends too.

        Raises:
            PlatformError: If it ended or took too long, with the last lines of its log.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if not alive(record):
                raise PlatformError(f"The process {record.name} ended at its start.{self.quote(record)}")
            if time.monotonic() > deadline:
                raise PlatformError(f"Waited {seconds:g} s in vain for {what}.{self.quote(record)}")
            time.sleep(0.02)

    def quote(self, record: ProcessRecord) -> str:
        """The end of what a process wrote, for a message.

        Args:
            record: The process.

        Returns:
            " The last lines of <log>: ..." or, if it wrote nothing, that it did not.
        """
        try:
            written = Path(record.log).read_bytes()[record.log_start :]
        except OSError:
            written = b""
        text = written[-16_000:].decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()][-_QUOTED_LINES:]
        if not lines:
            return f" It wrote nothing to {record.log}."
        return f" The last lines of {record.log}:\n  " + "\n  ".join(lines)

    def _mark(self, name: str) -> str:
        return f"{self.home.path}:{name}"
