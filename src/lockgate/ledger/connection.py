"""One connection to the ledger that several threads share and that survives a restart of the database."""

import select
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import ConnStatus
from psycopg.rows import dict_row

from lockgate.ledger.errors import LedgerUnavailable, translate

# In seconds, the last in milliseconds: a database whose machine vanished must not hold a run for ever.
LIMITS: dict[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def address_of(url: str) -> str:
    """Host, port and database of an address, without the password."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


class Connection:
    """A login to the ledger. Threads take turns.

    Args:
        url: ``postgresql://`` address with the login.

    Raises:
        LedgerUnavailable: If the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = threading.Lock()
        self._open = self._connect()

    @property
    def address(self) -> str:
        """Host, port and database, without the password."""
        return address_of(self._url)

    def close(self) -> None:
        """Close it."""
        self._open.close()

    def rows(self, query: str, arguments: Sequence[Any], *, repeatable: bool) -> list[dict[str, Any]]:
        """Run one statement, which is one transaction.

        Args:
            query: With ``%s`` for each argument.
            arguments: Their values.
            repeatable: Whether doing it twice is as doing it once, so that it may be sent again
                if the connection drops before the answer.

        Raises:
            LedgerError: What the database refused, by its SQLSTATE.
            LedgerUnavailable: If the database cannot be reached.
        """
        with self._turn:
            if self._dropped():
                self._reconnect()
            try:
                return self._execute(query, arguments)
            except LedgerUnavailable:
                self._reconnect()
                if not repeatable:
                    raise
                return self._execute(query, arguments)

    def _execute(self, query: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
        try:
            return self._open.execute(query, arguments or None).fetchall()
        except psycopg.Error as error:
            raise translate(error, self.address, reached=not self._open.closed) from error

    def _dropped(self) -> bool:
        """Whether the server closed the connection while nobody used it: then it has something to say unasked."""
        if self._open.closed:
            return True
        # Not select(), which fails in a process with more than 1,024 open files.
        poll = select.poll()
        poll.register(self._open.fileno(), select.POLLIN)
        # Its last words come before the end of the connection.
        while self._open.pgconn.status == ConnStatus.OK and poll.poll(0):
            try:
                self._open.pgconn.consume_input()
            except psycopg.OperationalError:
                return True
        return self._open.pgconn.status != ConnStatus.OK

    def _reconnect(self) -> None:
        self._open.close()
        self._open = self._connect()

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        try:
            return psycopg.connect(make_conninfo(self._url, **LIMITS), autocommit=True, row_factory=dict_row)
        except psycopg.Error as error:
            raise translate(error, self.address, reached=False) from error
