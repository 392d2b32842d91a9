"""Where every asset and partition stands, and what blocks it: the data behind ``lockgate status``."""

from typing import Any

from lockgate.core.gate import Blocked, Snapshot, decide
from lockgate.ledger import Ledger, SliceStatus


def status_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """One object per asset and partition that has a head, and one with partition None per asset that has none.

    Keys: ``key, team, partition, outcome, version, published_at, rows, checks, blocked_by``. ``outcome`` is the
    latest settled attempt's, ``version`` the current published one; ``checks`` lists
    ``{name, severity, passed, waived}`` of the last attempt that judged; ``blocked_by`` lists
    ``{asset, partition, check, team}``, the asset's own failed checks left out.
    """
    snapshot = ledger.snapshot_all()
    return [_row(found, snapshot) for found in ledger.status()]


def _row(found: SliceStatus, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "key": found.asset,
        "team": found.asset.partition("/")[0],
        "partition": found.partition,
        "outcome": found.outcome,
        "version": found.version,
        "published_at": found.published_at.isoformat() if found.published_at else None,
        "rows": found.rows,
        "checks": [
            {"name": c.name, "severity": c.severity, "passed": c.passed, "waived": c.waived} for c in found.checks
        ],
        "blocked_by": [] if found.partition is None else _blocked_by(found.asset, found.partition, snapshot),
    }


def _blocked_by(key: str, partition: str, snapshot: Snapshot) -> list[dict[str, Any]]:
    decision = decide(key, partition, snapshot, force=True)
    if not isinstance(decision, Blocked):
        return []
    return [
        {"asset": reason.asset, "partition": reason.partition, "check": check, "team": reason.team}
        for reason in decision.reasons
        for check in reason.checks or (None,)
    ]
