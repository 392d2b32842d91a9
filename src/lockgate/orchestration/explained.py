"""Explanations of what the ledger holds now: the data behind ``lockgate why``."""

from lockgate.core.explain import Explanation, explain, lineage
from lockgate.core.gate import Snapshot
from lockgate.core.spec import AssetSpec
from lockgate.core.sweep import Progress, known_partitions
from lockgate.ledger import Forbidden, Ledger


def explain_one(ledger: Ledger, key: str, partition: str) -> Explanation:
    """Explain one slice of a deployed asset."""
    snapshot = ledger.snapshot(key, partition)
    return _explain(ledger, key, [partition], snapshot)[0]


def explain_all(ledger: Ledger, spec: AssetSpec) -> list[Explanation]:
    """Explain all slices of a deployed asset that it or its inputs ever had."""
    snapshot = ledger.snapshot(spec.key, None)
    return _explain(ledger, spec.key, known_partitions(spec, snapshot), snapshot)


def _explain(ledger: Ledger, key: str, partitions: list[str], snapshot: Snapshot) -> list[Explanation]:
    slices = {where for partition in partitions for where in lineage(key, partition, snapshot)}
    activity, progress = ledger.activity(slices), _progress(ledger)
    return [explain(key, partition, snapshot, activity, progress) for partition in partitions]


def _progress(ledger: Ledger) -> Progress:
    """What the sweep knows; nothing for a team's own login, which then sees all that is open as about to start."""
    try:
        return ledger.progress()
    except Forbidden:
        return Progress()
