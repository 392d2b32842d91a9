"""Values that the ledger has given up are deleted from the store by whoever may write to it.

A team's runs delete that team's own, each at its end: in the stack of ``docker/`` nobody else can. Where the platform
reaches the store too, as on one machine, the sweep does not wait for the team's next run.
"""

from contextlib import suppress

from lockgate.core.errors import LockgateError
from lockgate.ledger import Ledger, Operator
from lockgate.settings import has_store, store_url
from lockgate.store import Store, open_store


def discard_values(ledger: Ledger, store: Store) -> int:
    """Delete what was given up of this login's; a deletion that was interrupted is done again.

    Returns:
        How many values.
    """
    leavings = ledger.leavings()
    for version, location in leavings.items():
        store.delete(location)
        ledger.discarded([version])
    return len(leavings)


def discard_own(ledger: Ledger, store: Store) -> None:
    """Delete what was given up of this team's; what fails is left to its next run."""
    with suppress(LockgateError):
        discard_values(ledger, store)


def discard_all(ledger: Operator) -> int:
    """Delete what was given up of all teams, where the platform reaches the store; returns how many values."""
    return discard_values(ledger, open_store(store_url())) if has_store() else 0
