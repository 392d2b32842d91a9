"""lockgate: a multi-team data platform on Prefect 3 with a gate before every asset.

What a team's code needs is here; ``lockgate.testing`` has what its unit tests need. Each name is imported when it
is first used, so that the command line does not pay for pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from lockgate.reading import load

_HOMES = {
    "asset": ("Asset", "Input", "Output"),
    "check": ("CheckResult",),
    "errors": ("DefinitionError", "LedgerError", "LockgateError", "PlatformError", "StoreError", "UsageError"),
    "partitions": ("Daily", "Static"),
    "schedule": ("Cron", "Every"),
    "team": ("Team",),
}
_MODULES = {name: f"lockgate.core.{module}" for module, names in _HOMES.items() for name in names}
_MODULES["load"] = "lockgate.reading"


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'lockgate' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


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
    "load",
]
