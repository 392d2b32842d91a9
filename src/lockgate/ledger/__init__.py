"""The ledger: the database of assets, attempts, verdicts, versions, heads and claims, and the last word on them.

``Ledger`` is one login to it, ``Operator`` the platform's, ``admin`` sets it up; that brings Alembic along, so no run
imports it. Imports the core alone; SQL lives in ``migrations/sql``.
"""

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
from lockgate.ledger.operator import Operator
from lockgate.ledger.records import (
    Attempt,
    Begun,
    Expendable,
    Published,
    PublishedVersion,
    Registered,
    Silent,
    SliceStatus,
    Staged,
    Unannounced,
    UnderWay,
    Version,
    Waiver,
)

__all__ = [
    "Attempt",
    "AttemptSettled",
    "Begun",
    "CodeDiffers",
    "Expendable",
    "Forbidden",
    "InputsMoved",
    "InputsRefused",
    "InvalidRequest",
    "LeaseLost",
    "Ledger",
    "LedgerUnavailable",
    "NotRegistered",
    "NothingStaged",
    "Operator",
    "Published",
    "PublishedVersion",
    "Registered",
    "RegistrationRefused",
    "Silent",
    "SliceStatus",
    "StaleHead",
    "Staged",
    "Unannounced",
    "UnderWay",
    "Version",
    "VerdictRefused",
    "Waiver",
]
