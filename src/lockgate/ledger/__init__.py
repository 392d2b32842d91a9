"""The ledger: the database of assets, attempts, verdicts, versions, heads and claims, and the last word on them.

``Ledger`` is one login to it, ``admin`` sets it up. Imports the core alone; SQL lives in ``migrations/sql``.
"""

from lockgate.ledger.admin import DATABASE
from lockgate.ledger.client import Ledger
from lockgate.ledger.errors import (
    AttemptSettled,
    CodeDiffers,
    Forbidden,
    InputsMoved,
    InputsRefused,
    InvalidRequest,
    LeaseLost,
    LedgerUnavailable,
    NothingStaged,
    NotRegistered,
    RegistrationRefused,
    StaleHead,
    VerdictRefused,
)
from lockgate.ledger.records import (
    Attempt,
    Begun,
    Published,
    PublishedVersion,
    Registered,
    SliceStatus,
    Staged,
    Version,
)

__all__ = [
    "DATABASE",
    "Attempt",
    "AttemptSettled",
    "Begun",
    "CodeDiffers",
    "Forbidden",
    "InputsMoved",
    "InputsRefused",
    "InvalidRequest",
    "LeaseLost",
    "Ledger",
    "LedgerUnavailable",
    "NotRegistered",
    "NothingStaged",
    "Published",
    "PublishedVersion",
    "Registered",
    "RegistrationRefused",
    "SliceStatus",
    "StaleHead",
    "Staged",
    "Version",
    "VerdictRefused",
]
