"""One login to the ledger. Each method is one of its functions, or one read."""

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from psycopg.types.json import Jsonb

from lockgate.core.check import Verdict
from lockgate.core.explain import Activity
from lockgate.core.gate import Pin, Reason, Slice, Snapshot
from lockgate.core.spec import AssetSpec, spec_from_json
from lockgate.core.sweep import Progress
from lockgate.ledger import queries
from lockgate.ledger.connection import Connection
from lockgate.ledger.decode import (
    attempt_from_json,
    pins_to_json,
    progress_from_json,
    snapshot_from_json,
    status_from_row,
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
    Waiver,
)

MAX_REASONS = 20


class Ledger:
    """An open login. Safe to use from several threads: calls take turns on one connection.

    A connection that dropped between two calls is opened again. One that drops during a call is too, and the call
    repeated if that is harmless; ``begin``, ``record``, ``confirm``, ``rollback``, ``waive`` and ``collect`` raise
    instead.

    Args:
        url: ``postgresql://`` address with the login: a team's, or the platform's.

    Raises:
        LedgerUnavailable: If the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._connection = Connection(url)

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
        rows = self._rows("select key, spec from lockgate.assets where active order by key")
        return {row["key"]: spec_from_json(row["spec"]) for row in rows}

    # -- the gate -----------------------------------------------------------------------------------------

    def snapshot(self, key: str, partition: str | None) -> Snapshot:
        """Registry and heads of an asset and all its ancestors, read at one moment; None for all partitions."""
        return snapshot_from_json(self._call("snapshot", key, partition))

    def snapshot_all(self) -> Snapshot:
        """Registry and heads of the whole platform, read at one moment."""
        return snapshot_from_json(self._call("snapshot", None, None))

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
            InputsMoved: If a partition was published or an input withdrawn meanwhile; decide again.
            InputsRefused: If the pins are not the asset's inputs, or one may not be read.
            LeaseLost: If the place in the queue was lost.
            NotRegistered: If the asset is not deployed or has no such partition.
            Forbidden: If it is another team's.
        """
        work = (key, partition, code_version, flow_run_id, pins_to_json(pins), forced, float(lease_seconds))
        return Begun(**self._once("begin", *work, *_place(queued)))

    def record(
        self,
        key: str,
        partition: str,
        *,
        outcome: str,
        code_version: str,
        flow_run_id: str,
        reasons: Sequence[Reason],
        queued: Begun | None = None,
    ) -> int:
        """Record a run that ended at the gate.

        Args:
            key: The asset.
            partition: Its partition.
            outcome: ``blocked``, ``waiting`` or ``failed``.
            code_version: Of the code that would have run.
            flow_run_id: Prefect's id of the run.
            reasons: Why; the first twenty are kept.
            queued: The answer ``queued`` to this same run's ``begin``, if there was one: its attempt ends here.

        Returns:
            The attempt's id.

        Raises:
            InvalidRequest: If the outcome is another one.
        """
        why = Jsonb({"reasons": [dataclasses.asdict(reason) for reason in reasons[:MAX_REASONS]]})
        work = (key, partition, outcome, code_version, flow_run_id, why)
        attempt: int = self._once("record", *work, *_place(queued))
        return attempt

    def confirm(
        self,
        key: str,
        partition: str,
        *,
        code_version: str,
        flow_run_id: str,
        pins: Sequence[Pin],
        queued: Begun | None = None,
    ) -> Published:
        """Confirm the current version as unchanged; never that of a source, nor of what stands rejected.

        Args: as of ``record``.

        Raises:
            InputsMoved: If it was not made from these inputs by this code after all.
        """
        work = (key, partition, code_version, flow_run_id, pins_to_json(pins))
        return Published(**self._once("confirm", *work, *_place(queued)))

    # -- an open attempt ----------------------------------------------------------------------------------

    def renew(self, attempt: int, token: int, lease_seconds: float) -> None:
        """Extend a claim's lease; also revives one that ran out and that nobody took.

        Raises:
            LeaseLost: If it is gone.
        """
        self._call("renew", attempt, token, float(lease_seconds))

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
        """Record where the attempt's value lies. Said again it is harmless.

        Args:
            attempt: The attempt's id.
            token: Its fencing token.
            location: ``<asset>/<partition or _>/<attempt>``, or below it.
            digest: Of the stored bytes.
            size: In bytes.
            rows: Of a frame, None for other values.
            metadata: Small facts kept with the version.

        Raises:
            NothingStaged: If another value is staged.
            LedgerError: If the location is not the attempt's own.
        """
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
        """Settle an attempt with a failed ``error`` check; the last good version stays current. Safe to repeat.

        An attempt on older inputs than those judged last ends ``superseded`` instead.

        Raises:
            VerdictRefused: If a verdict is missing, or none failed.
            LeaseLost: If the claim is not held any more.
            StaleHead: If a rollback came in between.
        """
        return Published(**self._call("reject", attempt, token))

    def fail(self, attempt: int, token: int, why: str) -> None:
        """Settle an attempt whose code raised; nothing happens if it is settled."""
        self._call("fail", attempt, token, why)

    # -- operating ----------------------------------------------------------------------------------------

    def rollback(self, key: str, partition: str, *, to_number: int, why: str) -> Published:
        """Make a published version current again, under a new number; those after it are withdrawn.

        To the current version's own number, it clears a rejection. Attempts under way can no longer be published.

        Args:
            key: The asset.
            partition: Its partition.
            to_number: The version to restore.
            why: The reason, for the record.

        Raises:
            NotRegistered: If there is no such version.
            InvalidRequest: If no reason is given.
        """
        return Published(**self._once("rollback", key, partition, to_number, why))

    def waive(self, key: str, partition: str, *, check: str, until: datetime.datetime, why: str) -> int:
        """Let one failing check of one of this team's partitions pass until a time; returns the waiver's id.

        Args:
            key: The asset.
            partition: Its partition.
            check: Name of an ``error`` check.
            until: With time zone, at most 30 days from now.
            why: The reason, for the record.

        Raises:
            InvalidRequest: If there is no such check, the time is past or too far, or no reason is given.
            NotRegistered: If the asset is not deployed or has no such partition.
        """
        waiver: int = self._once("waive", key, partition, check, until, why)
        return waiver

    def waivers(self, key: str, partition: str, *, live: bool = False) -> list[Waiver]:
        """The waivers of a partition that this login may see, oldest first; only those that still hold if ``live``."""
        rows = self._rows(
            "select id as waiver, name as check, until, why, granted_by, granted_at from lockgate.waivers"
            " where asset = %s and partition = %s and (not %s or until > clock_timestamp()) order by id",
            *(key, partition, live),
        )
        return [Waiver(**row) for row in rows]

    def announced(self, version_id: int) -> None:
        """Note that the event of a published version was sent."""
        self._call("announced", version_id)

    def collect(self, grace_seconds: float) -> list[str]:
        """Give up staged values that will never be published, and attempts without a sign of life.

        Args:
            grace_seconds: How old they must be.

        Returns:
            Where the values lie; each is named once.

        Raises:
            Forbidden: If this is not the platform's login.
        """
        query = "select location from lockgate.collect(%s) where location is not null"
        rows = self._connection.rows(query, [float(grace_seconds)], repeatable=False)
        return [row["location"] for row in rows]

    # -- reading ------------------------------------------------------------------------------------------

    def version(self, key: str, partition: str, number: int | None = None) -> Version | None:
        """A published version that this login may read: the current one, or by number."""
        rows = self._rows(
            "select id as version_id, number, location, digest, rows, metadata, published_at, collected_at"
            " from lockgate.versions as version where asset = %s and partition = %s and number = coalesce(%s, ("
            "  select number from lockgate.heads where asset = version.asset and partition = version.partition))",
            *(key, partition, number),
        )
        return Version(**rows[0]) if rows else None

    def attempts(
        self,
        *,
        flow_run_id: str | None = None,
        attempt: int | None = None,
        key: str | None = None,
        partition: str | None = None,
        limit: int = 100,
    ) -> list[Attempt]:
        """Attempts, newest first; other teams' without their reason.

        Args:
            flow_run_id: Only those of this flow run.
            attempt: Only the one with this id.
            key: Only those of this asset.
            partition: Only those of this partition.
            limit: At most so many.
        """
        return [
            attempt_from_json(entry) for entry in self._call("history", attempt, flow_run_id, key, partition, limit)
        ]

    def verdicts(self, attempt: int) -> tuple[Verdict, ...]:
        """The verdicts of an attempt that this login may see, by name; missing ones are left out."""
        rows = self._rows(
            "select name, severity, passed, rows_failed, rows_seen, message, example, waiver is not null as waived"
            " from lockgate.verdicts"
            " where attempt = %s and passed is not null order by name",
            attempt,
        )
        return tuple(Verdict(**row) for row in rows)

    def judged_attempt(self, key: str, partition: str | None = None) -> int | None:
        """The attempt that judged a slice last, or any slice of the asset."""
        rows = self._rows(queries.JUDGED, key, partition)
        return rows[0]["judged_by"] if rows else None

    def activity(self, slices: Iterable[Slice]) -> dict[Slice, Activity]:
        """What was done last on each of some slices; an error only where this login may see it."""
        pairs = sorted(set(slices))
        rows = self._rows(queries.ACTIVITY, [asset for asset, _ in pairs], [partition for _, partition in pairs])
        return {(row.pop("asset"), row.pop("partition")): Activity(**row) for row in rows}

    def versions(self, key: str, partition: str | None = None, *, limit: int = 10) -> list[PublishedVersion]:
        """The published versions of an asset that this login may read, latest first."""
        return [PublishedVersion(**row) for row in self._rows(queries.VERSIONS, key, partition, limit)]

    def staged(self, attempt: int) -> Staged | None:
        """Where the value of an attempt lies, if this login may see it and it was not collected."""
        rows = self._rows(queries.STAGED, attempt)
        return Staged(**rows[0]) if rows else None

    def status(self) -> list[SliceStatus]:
        """One row per asset and partition that has a head, and one per asset that has none, by key."""
        return [status_from_row(row) for row in self._rows(queries.STATUS)]

    def revision(self) -> str:
        """The release of its schema."""
        return str(self._rows("select version_num from lockgate.alembic_version")[0]["version_num"])

    def now(self) -> datetime.datetime:
        """Its clock, with time zone."""
        found: datetime.datetime = self._rows("select clock_timestamp() as now")[0]["now"]
        return found

    # -- the connection -----------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Host, port and database, without the password."""
        return self._connection.address

    def _call(self, function: str, *arguments: Any) -> Any:
        """Call a function that may be called again if its answer is lost."""
        return self._rows(_call_of(function, arguments), *arguments)[0]["answer"]

    def _once(self, function: str, *arguments: Any) -> Any:
        """Call a function that would do something else if it were called again."""
        return self._connection.rows(_call_of(function, arguments), arguments, repeatable=False)[0]["answer"]

    def _rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return self._connection.rows(query, arguments, repeatable=True)


def _place(queued: Begun | None) -> tuple[int | None, int | None]:
    """Attempt and token of a run that waits for its turn."""
    return (queued.attempt, queued.token) if queued else (None, None)


def _call_of(function: str, arguments: Sequence[Any]) -> str:
    return f"select lockgate.{function}({', '.join(['%s'] * len(arguments))}) as answer"
