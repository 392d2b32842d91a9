"""Values that the ledger has given up are deleted from the store by whoever may write to it.

A team's runs delete that team's own, each at its end: in the stack of ``docker/`` nobody else can. Where the platform
reaches the store too, as on one machine, the sweep does not wait for the team's next run.
"""

from contextlib import suppress
from dataclasses import dataclass

from lockgate.core.errors import LockgateError
from lockgate.ledger import Ledger, Operator
from lockgate.settings import has_store, store_url
from lockgate.store import Store, open_store


@dataclass(frozen=True)
class Discarded:
    """What became of the values that were given up.

    Attributes:
        deleted: How many are gone.
        left: The versions whose value the store did not delete; the next round tries them again.
    """

    deleted: int = 0
    left: tuple[int, ...] = ()


def discard_values(ledger: Ledger, store: Store) -> Discarded:
    """Delete what was given up of this login's; a deletion that was interrupted is done again.

    A value that cannot be deleted keeps no other from it.
    """
    leavings, left = ledger.leavings(), list[int]()
    for version, location in leavings.items():
        try:
            store.delete(location)
            ledger.discarded([version])
        except LockgateError:
            left.append(version)
    return Discarded(len(leavings) - len(left), tuple(left))


def discard_own(ledger: Ledger, store: Store) -> None:
    """Delete what was given up of this team's; what fails is left to its next run."""
    with suppress(LockgateError):
        discard_values(ledger, store)


def discard_all(ledger: Operator) -> Discarded:
    """Delete what was given up of all teams, where the platform reaches the store."""
    return discard_values(ledger, open_store(store_url())) if has_store() else Discarded()
