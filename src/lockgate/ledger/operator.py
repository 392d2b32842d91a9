"""The platform's login: what sweep, repair and retention ask of the ledger."""

from collections.abc import Sequence

from lockgate.core.gate import Snapshot
from lockgate.ledger.client import Ledger
from lockgate.ledger.decode import heads_from_rows
from lockgate.ledger.records import Expendable, Silent, Unannounced, UnderWay

_HEADS = """
    select heads.asset, heads.partition, heads.judged, heads.number, heads.current as version_id, heads.failed_checks,
        heads.confirmed, maker.code_version, maker.pinned_at,
        coalesce(substring(versions.location from '[^/]*$'), '') as file, rejected.rejection,
        inputs.asset as input, inputs.partition as input_partition, inputs.number as input_number
    from lockgate.heads
    left join lockgate.versions on versions.id = heads.current
    left join lockgate.attempts as maker on maker.id = versions.attempt
    left join lockgate.inputs on inputs.attempt = maker.id
    left join lateral (
        select lockgate.rejection_of(heads) as rejection where heads.judged = 'rejected' offset 0
    ) as rejected on true
"""


class Operator(Ledger):
    """The ledger as the platform sees it. It settles what is dead and gives up what is old; it never publishes."""

    def snapshot_all(self) -> Snapshot:
        """Registry and heads of the whole platform, in two queries however large it is.

        What is deployed between the two makes a decision at most premature, and the run's own gate decides again.
        """
        heads = heads_from_rows(self._rows(_HEADS))
        registry = self.registry()
        return Snapshot(registry, {where: head for where, head in heads.items() if where[0] in registry})

    def expired(self, grace_seconds: float) -> list[Silent]:
        """Attempts under way whose lease ran out at least so long ago, oldest first."""
        return [Silent(**row) for row in self._rows("select * from lockgate.expired(%s)", float(grace_seconds))]

    def expire(self, attempt: int) -> bool:
        """Settle an attempt as failed if its lease is still out; says whether it was settled."""
        settled: bool = self._call("expire", attempt)
        return settled

    def under_way(self) -> list[UnderWay]:
        """The attempts under way, oldest first."""
        return [UnderWay(**row) for row in self._rows("select * from lockgate.under_way()")]

    def cancel(self, attempt: int, why: str) -> bool:
        """Settle an attempt whose run a person ended; says whether it was under way."""
        settled: bool = self._call("cancel", attempt, why)
        return settled

    def heard_of(self, flow_run_ids: Sequence[str], seconds: float) -> set[str]:
        """Those of these runs that hold a claim, or that began or settled an attempt in the last so many seconds."""
        rows = self._rows(
            "select distinct flow_run_id from lockgate.attempts where flow_run_id = any (%s) and (outcome is null"
            " or settled_at > clock_timestamp() - make_interval(secs => %s))",
            *(list(flow_run_ids), float(seconds)),
        )
        return {row["flow_run_id"] for row in rows}

    def end_overlong(self, seconds: float) -> list[str]:
        """End the transactions that teams have had open for so long; returns the roles whose they were."""
        rows = self._rows("select role from lockgate.end_overlong(%s) as role", float(seconds))
        return sorted({row["role"] for row in rows})

    def unannounced(self, grace_seconds: float, limit: int) -> list[Unannounced]:
        """Current versions published at least so long ago whose event was never sent, oldest first."""
        rows = self._rows(
            "select versions.id as version_id, versions.asset, versions.partition, versions.number"
            " from lockgate.versions join lockgate.heads on heads.current = versions.id"
            " where announced_at is null and versions.number is not null"
            " and published_at < clock_timestamp() - make_interval(secs => %s) order by versions.id limit %s",
            *(float(grace_seconds), limit),
        )
        return [Unannounced(**row) for row in rows]

    def expendable(self, grace_seconds: float) -> list[Expendable]:
        """Published versions beyond what their asset keeps, replaced at least so long ago, that nothing needs."""
        rows = self._rows("select * from lockgate.expendable_versions(%s)", float(grace_seconds))
        return [Expendable(**row) for row in rows]

    def retire(self, grace_seconds: float) -> int:
        """Give up the expendable versions: from now on they cannot be read; returns how many."""
        retired: int = self._call("retire_versions", float(grace_seconds))
        return retired

    def expendable_attempts(self, age_seconds: float) -> int:
        """How many settled attempts of that age led to nothing that still counts."""
        rows = self._rows("select count(*) from lockgate.expendable_attempts(%s)", float(age_seconds))
        found: int = rows[0]["count"]
        return found

    def retire_attempts(self, age_seconds: float) -> int:
        """Delete those attempts with their verdicts and pins; returns how many."""
        deleted: int = self._call("retire_attempts", float(age_seconds))
        return deleted
