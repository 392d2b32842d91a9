"""Where a run can be killed: before and after each statement to the ledger and each write to the store.

Tests put this into the processes they start; nothing of it is in lockgate.
"""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import obstore

from lockgate.ledger.connection import Connection

_FUNCTION = re.compile(r"lockgate\.(\w+)")
WRITE = "write to the store"

T = TypeVar("T")


class Points:
    """The points one process passes.

    Args:
        told: A file that gets a line per point, the last one where it was killed.
        fatal: The point where it gets the signal: its name, or how many come before it; None for none.
        signal: What it then gets: ``SIGKILL``, or ``SIGSTOP`` for a process that sleeps until it is woken.
    """

    def __init__(self, told: Path, fatal: int | str | None, signal: signal.Signals) -> None:
        self._told = told
        self._fatal = fatal
        self._signal = signal
        self._passed = 0

    def install(self) -> None:
        """From now on, this process passes them."""
        execute, put = Connection._execute, obstore.put

        def execute_between(connection: Connection, query: str, arguments: Any) -> Any:
            named = _FUNCTION.search(query)
            return self._between(named[1] if named else query, lambda: execute(connection, query, arguments))

        def put_between(*arguments: Any, **options: Any) -> Any:
            return self._between(WRITE, lambda: put(*arguments, **options))

        Connection._execute = execute_between  # type: ignore[method-assign]
        obstore.put = put_between

    def _between(self, what: str, work: Callable[[], T]) -> T:
        self._pass(f"before {what}")
        result = work()
        self._pass(f"after {what}")
        return result

    def _pass(self, point: str) -> None:
        with self._told.open("a") as told:
            told.write(f"{point}\n")
        if self._fatal in (self._passed, point):
            os.kill(os.getpid(), self._signal)
        self._passed += 1
