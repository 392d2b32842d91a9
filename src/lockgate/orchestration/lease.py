"""Keeping a claim alive while its run works."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lockgate.core.errors import LedgerError
from lockgate.ledger import Ledger

LEASE_SECONDS = 30
RENEWAL_SECONDS = LEASE_SECONDS / 6


def _cancelled(ledger: Ledger, attempt: int) -> bool:
    with suppress(LedgerError):
        return [found.outcome for found in ledger.attempts(attempt=attempt)] == ["cancelled"]
    return False


@contextmanager
def kept(ledger: Ledger, attempt: int, token: int) -> Iterator[None]:
    """Renew an attempt's lease from a thread until the block ends.

    A renewal that fails is only a warning to try again: if the lease is lost for good, ``publish`` refuses. One that
    is refused because a person ended the run, ends this process.
    """
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEWAL_SECONDS):
            try:
                ledger.renew(attempt, token, LEASE_SECONDS)
            except LedgerError:
                if _cancelled(ledger, attempt):
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    thread = threading.Thread(target=renew, name="lockgate-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
