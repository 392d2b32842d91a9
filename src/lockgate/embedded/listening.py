"""Starting a service that listens on a port, and again on another one if somebody was faster."""

import time
from collections.abc import Callable

from lockgate.core.errors import PlatformError
from lockgate.embedded.ports import choose_port
from lockgate.embedded.process import ProcessRecord
from lockgate.embedded.supervisor import Supervisor

_SECONDS = 15.0


def start_listening(
    supervisor: Supervisor,
    name: str,
    start: Callable[[int], ProcessRecord],
    wait: Callable[[ProcessRecord], None],
    passing: tuple[str, ...],
) -> ProcessRecord:
    """Start a service on the port it had last, or a free one, until it is ready.

    Args:
        supervisor: Knows the last port and the log.
        name: The process's name.
        start: Starts the process on the given port.
        wait: Waits until it is ready; raises PlatformError if it ends before.
        passing: What the service writes when it ends for a reason that passes, as a port lost to another.

    Returns:
        The record of the ready process.

    Raises:
        PlatformError: If it ends for another reason, or keeps failing for 15 seconds.
    """
    deadline = time.monotonic() + _SECONDS
    while True:
        record = start(choose_port(supervisor.last_port(name)))
        try:
            wait(record)
            return record
        except PlatformError:
            said = supervisor.quote(record)
            if time.monotonic() > deadline or not any(reason in said for reason in passing):
                raise
        time.sleep(0.1)
