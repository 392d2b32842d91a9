"""From the JSON of the ledger's read functions to the core's types."""

from collections.abc import Mapping
from typing import Any

from lockgate.core.gate import Head, Snapshot
from lockgate.core.spec import spec_from_json
from lockgate.core.sweep import Progress, Tried


def snapshot_from_json(data: Mapping[str, Any]) -> Snapshot:
    """The snapshot that ``snapshot`` and ``snapshot_all`` return."""
    heads = [_head(entry) for entry in data["heads"]]
    return Snapshot(
        assets={spec["key"]: spec_from_json(spec) for spec in data["assets"]},
        heads={(head.asset, head.partition): head for head in heads},
    )


def _head(data: Mapping[str, Any]) -> Head:
    inputs = {(asset, partition): number for asset, partition, number in data["inputs"]}
    return Head(**{**data, "inputs": inputs, "failed_checks": tuple(data["failed_checks"])})


def progress_from_json(data: Mapping[str, Any]) -> Progress:
    """What ``progress`` returns."""
    tried = {
        ((entry["asset"], entry["partition"]), frozenset(entry["pins"]), entry["code_version"]): Tried(
            tuple(entry["outcomes"]), entry["declined"]
        )
        for entry in data["tried"]
    }
    return Progress(tried, frozenset((asset, partition) for asset, partition in data["claimed"]))
