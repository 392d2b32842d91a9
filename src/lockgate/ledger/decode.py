"""Between the JSON of the ledger's functions and the core's types."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from lockgate.core.check import Verdict
from lockgate.core.explain import Activity
from lockgate.core.gate import Head, Pin, Rejection, Slice, Snapshot
from lockgate.core.spec import known_spec
from lockgate.core.sweep import Progress, Tried
from lockgate.ledger.records import Attempt, SliceStatus


def snapshot_from_json(data: Mapping[str, Any]) -> Snapshot:
    """What ``snapshot`` returns."""
    heads = [_head(entry) for entry in data["heads"]]
    return Snapshot(
        assets={spec.key: spec for spec in map(known_spec, data["assets"])},
        heads={(head.asset, head.partition): head for head in heads},
    )


def _head(data: Mapping[str, Any]) -> Head:
    typed = {
        "inputs": _numbers(data["inputs"]),
        "failed_checks": tuple(data["failed_checks"]),
        "rejection": _rejection(data["rejection"]),
    }
    return Head(**{**data, **typed})


def _rejection(data: Mapping[str, Any] | None) -> Rejection | None:
    return None if data is None else Rejection(**{**data, "inputs": _numbers(data["inputs"])})


def _numbers(inputs: Iterable[tuple[str, str, int]]) -> dict[Slice, int]:
    return {(asset, partition): number for asset, partition, number in inputs}


def heads_from_rows(rows: Iterable[Mapping[str, Any]]) -> dict[Slice, Head]:
    """Heads as one row per head and input, or one for a head without inputs."""
    inputs: dict[Slice, dict[Slice, int]] = {}
    heads: dict[Slice, Head] = {}
    for row in rows:
        where = (row["asset"], row["partition"])
        pinned = inputs.setdefault(where, {})
        if row["input"] is not None:
            pinned[row["input"], row["input_partition"]] = row["input_number"]
        if where not in heads:
            heads[where] = Head(
                *where,
                judged=row["judged"],
                number=row["number"],
                version_id=row["version_id"],
                code_version=row["code_version"],
                inputs=pinned,
                failed_checks=tuple(row["failed_checks"]),
                confirmed=row["confirmed"],
                pinned_at=row["pinned_at"] or 0,
                file=row["file"],
                rejection=_rejection(row["rejection"]),
            )
    return heads


def progress_from_json(data: Mapping[str, Any]) -> Progress:
    """What ``progress`` returns."""
    tried = {
        ((entry["asset"], entry["partition"]), frozenset(entry["pins"]), entry["code_version"]): Tried(
            tuple(entry["outcomes"]), entry["declined"], entry["idle"]
        )
        for entry in data["tried"]
    }
    return Progress(tried, frozenset((asset, partition) for asset, partition in data["claimed"]))


def pins_to_json(pins: Sequence[Pin]) -> Jsonb:
    """Pins as ``begin`` and ``confirm`` take them."""
    return Jsonb([{"asset": pin.asset, "partition": pin.partition, "version_id": pin.version_id} for pin in pins])


def attempt_from_json(data: Mapping[str, Any]) -> Attempt:
    """One entry of what ``history`` returns."""
    times = {name: data[name] and datetime.datetime.fromisoformat(data[name]) for name in ("started_at", "finished_at")}
    return Attempt(**{**data, **times})


def activity_from_row(row: Mapping[str, Any]) -> Activity:
    """One row of the activity query, without the slice it is about."""
    return Activity(**{**row, "waived": tuple(row["waived"])})


def status_from_row(row: Mapping[str, Any]) -> SliceStatus:
    """One row of ``status``."""
    return SliceStatus(**{**row, "checks": tuple(Verdict(**check) for check in row["checks"] or ())})
