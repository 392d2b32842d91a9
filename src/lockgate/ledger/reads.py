"""What a login can read of the ledger. Nothing here changes anything."""

import datetime
from collections.abc import Iterable

from lockgate.core.check import Verdict
from lockgate.core.explain import Activity
from lockgate.core.gate import Slice, Snapshot
from lockgate.core.spec import AssetSpec, known_spec
from lockgate.core.sweep import Progress
from lockgate.ledger import queries
from lockgate.ledger.decode import (
    activity_from_row,
    attempt_from_json,
    progress_from_json,
    snapshot_from_json,
    status_from_row,
)
from lockgate.ledger.login import Login
from lockgate.ledger.records import Attempt, PublishedVersion, SliceStatus, Staged, Version, Waiver


class Reads(Login):
    """The reads of an open login."""

    def registry(self) -> dict[str, AssetSpec]:
        """All deployed assets of all teams by key, those that this release cannot read too."""
        rows = self._rows("select key, spec from lockgate.assets where active order by key")
        return {row["key"]: known_spec(row["spec"]) for row in rows}

    def snapshot(self, key: str, partition: str | None) -> Snapshot:
        """Registry and heads of an asset and all its ancestors, read at one moment; None for all partitions."""
        return snapshot_from_json(self._call("snapshot", key, partition))

    def snapshot_all(self) -> Snapshot:
        """Registry and heads of the whole platform, read at one moment."""
        return snapshot_from_json(self._call("snapshot", None, None))

    def progress(self) -> Progress:
        """What dependents did so far; for the platform's login."""
        return progress_from_json(self._call("progress"))

    def waivers(self, key: str, partition: str, *, live: bool = False) -> list[Waiver]:
        """The waivers of a partition that this login may see, oldest first; only those that still hold if ``live``."""
        rows = self._rows(
            "select id as waiver, name as check, until, why, granted_by, granted_at from lockgate.waivers"
            " where asset = %s and partition = %s and (not %s or until > clock_timestamp()) order by id",
            *(key, partition, live),
        )
        return [Waiver(**row) for row in rows]

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
        return {(row.pop("asset"), row.pop("partition")): activity_from_row(row) for row in rows}

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

    def team(self) -> str | None:
        """The team of this login; None for the platform's."""
        found: str | None = self._rows("select lockgate.me() as team")[0]["team"]
        return found

    def pickled(self, keys: Iterable[str]) -> list[tuple[str, str, str]]:
        """Of these assets, the current versions that this login may read and that are pickles: key, partition, file."""
        rows = self._rows(queries.PICKLED, sorted(set(keys)))
        return [(row["asset"], row["partition"], row["file"]) for row in rows]

    def revision(self) -> str:
        """The release of its schema."""
        return str(self._rows("select version_num from lockgate.alembic_version")[0]["version_num"])

    def now(self) -> datetime.datetime:
        """Its clock, with time zone."""
        found: datetime.datetime = self._rows("select clock_timestamp() as now")[0]["now"]
        return found
