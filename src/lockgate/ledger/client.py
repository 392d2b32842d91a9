"""One login to the ledger. Each method is one of its functions, or one read."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from lockgate.core.check import Verdict
from lockgate.core.gate import Pin, Reason, Snapshot
from lockgate.core.keys import label
from lockgate.core.spec import AssetSpec, spec_from_json
from lockgate.core.sweep import Progress
from lockgate.ledger.decode import progress_from_json, snapshot_from_json
from lockgate.ledger.errors import LedgerUnavailable, translate
from lockgate.ledger.records import Attempt, Begun, Published, Registered, SliceStatus, Version

CONNECT_TIMEOUT = 10


class Ledger:
    """An open login. Safe to use from several threads: calls take turns on one connection.

    A connection that was dropped between two calls is opened again; every write is safe to repeat or refused.

    Args:
        url: ``postgresql://`` address with the login: a team's, or the platform's.

    Raises:
        LedgerUnavailable: If the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = threading.RLock()
        self._connection = self._connect()

    def __enter__(self) -> Self:
        """Return the open ledger."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # -- the registry -------------------------------------------------------------------------------------

    def register(self, manifest: Mapping[str, Any]) -> Registered:
        """Replace the calling team's assets by those of the manifest, all or nothing.

        Raises:
            RegistrationRefused: If an input is unknown, unshared or unfitting, or the graph has a cycle.
            Forbidden: If a key lies outside the team's namespace.
        """
        changed = self._call("register", Jsonb(manifest))
        return Registered(**{name: tuple(sorted(keys)) for name, keys in changed.items()})

    def registry(self) -> dict[str, AssetSpec]:
        """All deployed assets of all teams by key."""
        rows = self._rows("SELECT key, spec FROM lockgate.assets WHERE active ORDER BY key")
        return {row["key"]: spec_from_json(row["spec"]) for row in rows}

    # -- the gate -----------------------------------------------------------------------------------------

    def snapshot(self, key: str, partition: str) -> Snapshot:
        """Registry and heads of an asset and all its ancestors, read at one moment."""
        return snapshot_from_json(self._call("snapshot", key, partition, asset=key))

    def snapshot_all(self) -> Snapshot:
        """Registry and heads of the whole platform, read at one moment."""
        return snapshot_from_json(self._call("snapshot_all"))

    def progress(self) -> Progress:
        """What dependents did so far; for the platform's login."""
        return progress_from_json(self._call("progress"))

    def begin(
        self,
        key: str,
        partition: str,
        *,
        code_version: str,
        flow_run_id: str,
        pins: Sequence[Pin],
        forced: bool,
        lease_seconds: float,
        queued: Begun | None = None,
    ) -> Begun:
        """Claim the work and begin an attempt on pinned versions; freezes the set of its checks.

        Args:
            key: The asset.
            partition: Its partition.
            code_version: Of the code that will run; must be the deployed one.
            flow_run_id: Prefect's id of the run.
            pins: One version per input slice, as the gate decided.
            forced: Whether the run was forced.
            lease_seconds: How long the claim holds without renewal.
            queued: The earlier answer ``queued`` to this same run, if there was one.

        Raises:
            CodeDiffers: If other code is deployed.
            InputsMoved: If the pins are not the inputs any more; decide again.
            InputsRefused: If a pinned version may not be read.
            LeaseLost: If the place in the queue was lost.
        """
        place = (queued.attempt, queued.token) if queued else (None, None)
        ids = [pin.version_id for pin in pins]
        lease = f"{lease_seconds} seconds"
        answer = self._call(
            "begin_attempt", key, partition, code_version, flow_run_id, ids, forced, lease, *place, asset=key
        )
        return Begun(**answer)

    def record(
        self, key: str, partition: str, *, outcome: str, code_version: str, flow_run_id: str, reasons: Sequence[Reason]
    ) -> int:
        """Record a run that ended at the gate as ``blocked`` or ``waiting``; returns the attempt's id."""
        why = Jsonb({"reasons": [vars(reason) for reason in reasons[:20]]})
        attempt: int = self._call("record", key, partition, outcome, code_version, flow_run_id, why, asset=key)
        return attempt

    def confirm(
        self, key: str, partition: str, *, code_version: str, flow_run_id: str, pins: Sequence[Pin]
    ) -> Published:
        """Confirm the current version as unchanged.

        Raises:
            InputsMoved: If it was not made from these inputs by this code after all.
        """
        ids = [pin.version_id for pin in pins]
        return Published(**self._call("confirm", key, partition, code_version, flow_run_id, ids, asset=key))

    # -- an open attempt ----------------------------------------------------------------------------------

    def renew(self, attempt: int, token: int, lease_seconds: float) -> None:
        """Extend a claim's lease; also revives one that ran out and that nobody took.

        Raises:
            LeaseLost: If it is gone.
        """
        self._call("renew", attempt, token, f"{lease_seconds} seconds")

    def stage(
        self,
        attempt: int,
        token: int,
        *,
        location: str,
        digest: str,
        size: int,
        rows: int | None,
        metadata: Mapping[str, Any],
    ) -> None:
        """Record where the attempt's value lies; once, and only within the asset's namespace."""
        self._call("stage", attempt, token, location, digest, size, rows, Jsonb(dict(metadata)))

    def verdict(self, attempt: int, token: int, verdict: Verdict) -> None:
        """Record the verdict of one of the attempt's frozen checks.

        Raises:
            VerdictRefused: If there is no such check, or it has another verdict already.
        """
        v = verdict
        self._call("verdict", attempt, token, v.name, v.passed, v.rows_failed, v.rows_seen, v.message, v.example)

    def publish(self, attempt: int, token: int) -> Published:
        """Make the staged version current, or settle as superseded. Safe to repeat.

        Raises:
            VerdictRefused: If an ``error`` verdict is missing or failed.
            LeaseLost: If the claim is not held any more.
            StaleHead: If a rollback came in between.
            InputsRefused: If an input was withdrawn or is no longer shared.
            NothingStaged: If there is no value.
        """
        return Published(**self._call("publish", attempt, token))

    def reject(self, attempt: int, token: int) -> Published:
        """Settle an attempt with a failed ``error`` check; the last good version stays current."""
        return Published(**self._call("reject", attempt, token))

    def fail(self, attempt: int, token: int, why: str) -> None:
        """Settle an attempt whose code raised; nothing happens if it is settled."""
        self._call("fail", attempt, token, why)

    # -- operating ----------------------------------------------------------------------------------------

    def rollback(self, key: str, partition: str, *, to_number: int, why: str) -> Published:
        """Make an earlier version current again, under a new number.

        Raises:
            NotRegistered: If there is no such earlier version.
        """
        return Published(**self._call("rollback_to", key, partition, to_number, why, asset=key))

    def collect(self, grace_seconds: float) -> list[str]:
        """Mark staged values that will never be published; returns where they lie. For the platform's login."""
        rows = self._rows("SELECT location FROM lockgate.collect(%s)", f"{grace_seconds} seconds")
        return [row["location"] for row in rows if row["location"]]

    # -- reading ------------------------------------------------------------------------------------------

    def version(self, key: str, partition: str, number: int | None = None) -> Version | None:
        """A published version that this login may read: the current one, or by number."""
        rows = self._rows(
            "SELECT v.id AS version_id, v.number, v.location, v.digest, v.rows, v.metadata, v.published_at"
            " FROM lockgate.versions AS v JOIN lockgate.heads AS h USING (asset, partition)"
            " WHERE v.asset = %s AND v.partition = %s AND v.published_at IS NOT NULL"
            " AND CASE WHEN %s::bigint IS NULL THEN v.id = h.version ELSE v.number = %s END",
            key,
            partition,
            number,
            number,
        )
        return Version(**rows[0]) if rows else None

    def attempts(self, *, flow_run_id: str | None = None, attempt: int | None = None) -> list[Attempt]:
        """Attempts of one flow run, or the one with an id; newest first."""
        rows = self._rows(
            "SELECT a.id AS attempt, a.asset, a.partition, a.outcome, v.number AS version, a.flow_run_id, a.holder,"
            " a.reason, a.started_at, a.finished_at,"
            " (SELECT jsonb_agg(jsonb_build_array(i.asset, i.partition, i.number) ORDER BY i.asset, i.partition)"
            "  FROM lockgate.inputs AS i WHERE i.attempt = a.id) AS inputs"
            " FROM lockgate.attempts AS a"
            " LEFT JOIN lockgate.versions AS v ON v.attempt = a.id AND v.number IS NOT NULL AND v.restores IS NULL"
            " WHERE a.flow_run_id = coalesce(%s, a.flow_run_id) AND a.id = coalesce(%s, a.id) ORDER BY a.id DESC",
            flow_run_id,
            attempt,
        )
        return [_attempt(row) for row in rows]

    def status(self) -> list[SliceStatus]:
        """One row per asset and partition that has a head, and one per asset that has none, by key."""
        rows = self._rows(
            "SELECT s.key AS asset, h.partition, a.outcome, v.number AS version, v.published_at, v.rows,"
            " (SELECT jsonb_agg(to_jsonb(c) - 'attempt' ORDER BY c.name) FROM lockgate.verdicts AS c"
            "  WHERE c.attempt = h.judged_attempt AND c.passed IS NOT NULL) AS checks"
            " FROM lockgate.assets AS s LEFT JOIN lockgate.heads AS h ON h.asset = s.key"
            " LEFT JOIN lockgate.attempts AS a ON a.id = h.settled_attempt"
            " LEFT JOIN lockgate.versions AS v ON v.id = h.version"
            " WHERE s.active ORDER BY s.key, h.partition"
        )
        return [_status(row) for row in rows]

    # -- the connection -----------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Host, port and database, without the password."""
        parts = urlsplit(self._url)
        return f"{parts.netloc.rpartition('@')[2]}{parts.path}"

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        try:
            return psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT, row_factory=dict_row)
        except psycopg.Error as error:
            raise translate(error, self.address) from error

    def _call(self, function: str, *arguments: Any, asset: str | None = None) -> Any:
        marks = ", ".join(["%s"] * len(arguments))
        rows = self._rows(f"SELECT lockgate.{function}({marks}) AS answer", *arguments, asset=asset)
        return rows[0]["answer"]

    def _rows(self, query: str, *arguments: Any, asset: str | None = None) -> list[dict[str, Any]]:
        """Run one statement; once more on a new connection if the old one was dropped."""
        with self._turn:
            try:
                return self._execute(query, arguments, asset)
            except LedgerUnavailable:
                self._connection.close()
                self._connection = self._connect()
                return self._execute(query, arguments, asset)

    def _execute(self, query: str, arguments: Sequence[Any], asset: str | None) -> list[dict[str, Any]]:
        try:
            return self._connection.execute(query, arguments or None).fetchall()
        except psycopg.Error as error:
            raise translate(error, self.address, asset) from error


def _attempt(row: dict[str, Any]) -> Attempt:
    inputs = {label(asset, partition): number for asset, partition, number in row.pop("inputs") or []}
    return Attempt(**row, inputs=inputs)


def _status(row: dict[str, Any]) -> SliceStatus:
    return SliceStatus(**{**row, "checks": tuple(Verdict(**check) for check in row["checks"] or [])})
