"""Rounds of the sweep exclude each other."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo

from lockgate.ledger.connection import LIMITS, address_of
from lockgate.ledger.errors import translate


@contextmanager
def only_round(url: str, seconds: float) -> Iterator[bool]:
    """Keep all other rounds of the sweep off while the block runs.

    What holds them off is a transaction on a connection of its own: however this process ends, its connection ends
    with it, and with that the lock; and no pooler between the two can keep it for somebody else.

    Args:
        url: ``postgresql://`` address with the platform's login.
        seconds: After so long the database ends the connection of a process that stands still.

    Yields:
        Whether no other round is under way.

    Raises:
        LedgerError: If the database cannot be reached, or refuses it.
    """
    reached = False
    try:
        connection = psycopg.connect(make_conninfo(url, **LIMITS, application_name="lockgate round"))
        reached = True
        connection.execute(
            "select set_config('idle_in_transaction_session_timeout', %s, true)", [f"{1000 * seconds:.0f}"]
        )
        (alone,) = connection.execute("select lockgate.only_round()").fetchone() or (False,)
    except psycopg.Error as error:
        raise translate(error, address_of(url), reached=reached) from error
    try:
        yield alone
    finally:
        connection.close()
