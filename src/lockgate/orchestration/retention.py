"""Retention: what is old and needed by nobody is given up, in the ledger first, then in the store.

What the ledger has given up cannot be read any more, so a store that fails in between loses nothing: the next round
deletes what this one left.
"""

from dataclasses import dataclass

from lockgate.ledger import Expendable, Operator
from lockgate.orchestration.discard import discard_all
from lockgate.orchestration.sweep import COLLECT_GRACE_SECONDS

GRACE_SECONDS = 3600.0
ATTEMPT_SECONDS = 90 * 24 * 3600.0


@dataclass(frozen=True)
class Retired:
    """What retention gives up.

    Attributes:
        versions: Published versions beyond what their asset keeps.
        attempts: How many records of attempts older than 90 days that led to nothing.
        deleted: How many values were deleted from the store; 0 in a dry run.
    """

    versions: tuple[Expendable, ...]
    attempts: int
    deleted: int = 0

    @property
    def size(self) -> int:
        """Bytes of the versions' values."""
        return sum(version.size for version in self.versions)


def dry_run(ledger: Operator) -> Retired:
    """What a round would give up now; nothing is changed."""
    return Retired(tuple(ledger.expendable(GRACE_SECONDS)), ledger.expendable_attempts(ATTEMPT_SECONDS))


def apply(ledger: Operator) -> Retired:
    """Give it up: versions, staged values that will never be published, and old attempts."""
    versions = tuple(ledger.expendable(GRACE_SECONDS))
    ledger.retire(GRACE_SECONDS)
    ledger.collect(COLLECT_GRACE_SECONDS)
    deleted = discard_all(ledger).deleted
    return Retired(versions, ledger.retire_attempts(ATTEMPT_SECONDS), deleted)
