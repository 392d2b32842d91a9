"""lockgate: a multi-team data platform on Prefect 3 with a gate before every asset.

What a team's code needs is here; ``lockgate.testing`` has what its unit tests need.
"""

from lockgate.core.asset import Asset, Input, Output
from lockgate.core.check import CheckResult
from lockgate.core.errors import (
    DefinitionError,
    LedgerError,
    LockgateError,
    PlatformError,
    StoreError,
    UsageError,
)
from lockgate.core.partitions import Daily, Static
from lockgate.core.schedule import Cron, Every
from lockgate.core.team import Team

__all__ = [
    "Asset",
    "CheckResult",
    "Cron",
    "Daily",
    "DefinitionError",
    "Every",
    "Input",
    "LedgerError",
    "LockgateError",
    "Output",
    "PlatformError",
    "Static",
    "StoreError",
    "Team",
    "UsageError",
]
