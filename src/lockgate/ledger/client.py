"""What a login can do in the ledger: each method is one of its functions. What it can read is in ``reads``."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from lockgate.core.check import Verdict
from lockgate.core.gate import Pin, Reason
from lockgate.ledger.decode import pins_to_json
from lockgate.ledger.reads import Reads
from lockgate.ledger.records import Begun, Published, Registered

MAX_REASONS = 20


class Ledger(Reads):
    """An open login. Safe to use from several threads: calls take turns on one connection.

    A connection that dropped between two calls is opened again. One that drops during a call is too, and the call
    repeated if that is harmless; ``begin``, ``record``, ``confirm``, ``rollback``, ``waive`` and ``collect`` raise
    instead.

    Args:
        url: ``postgresql://`` address with the login: a team's, or the platform's.

    Raises:
        LedgerUnavailable: If the database cannot be reached.
    """

    def register(self, manifest: Mapping[str, Any]) -> Registered:
        """Replace the calling team's assets by those of the manifest, all or nothing.

        Raises:
            RegistrationRefused: If an input is unknown, unshared or unfitting, or the graph has a cycle.
            Forbidden: If a key lies outside the team's namespace.
        """
        changed = self._call("register", Jsonb(manifest))
        return Registered(**{name: tuple(sorted(keys)) for name, keys in changed.items()})

    # -- the gate -----------------------------------------------------------------------------------------

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

    def fail(self, attempt: int, token: int, why: str, *, cancelled: bool = False) -> None:
        """Settle an attempt whose code raised, or whose run a person ended; nothing happens if it is settled."""
        self._call("fail", attempt, token, why, cancelled)

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

    def leavings(self) -> dict[int, str]:
        """Where the values that were given up still lie, by version: of this team, or all of them for the platform."""
        rows = self._rows(
            "select id, location from lockgate.versions where collected_at is not null and location is not null"
            " and (lockgate.owns(asset) or lockgate.me() is null)"
        )
        return {row["id"]: row["location"] for row in rows}

    def discarded(self, versions: Sequence[int]) -> None:
        """Note that the store has deleted these of those values."""
        self._call("discarded", list(versions))


def _place(queued: Begun | None) -> tuple[int | None, int | None]:
    """Attempt and token of a run that waits for its turn."""
    return (queued.attempt, queued.token) if queued else (None, None)
