"""What the ledger returns."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lockgate.core.check import Verdict


@dataclass(frozen=True)
class Registered:
    """What a registration changed: asset keys."""

    created: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


@dataclass(frozen=True)
class Begun:
    """Answer to the beginning of an attempt.

    Attributes:
        outcome: ``begun``; ``queued`` behind a running attempt; or ``duplicate`` of one that holds the same work.
        attempt: The attempt's id.
        token: Fencing token of its claim.
        holder: Flow run id of the attempt in front of it, for ``queued`` and ``duplicate``.
    """

    outcome: Literal["begun", "queued", "duplicate"]
    attempt: int
    token: int
    holder: str | None


@dataclass(frozen=True)
class Published:
    """What became of an attempt that was judged or confirmed.

    Attributes:
        outcome: ``published``, ``superseded``, ``rejected`` or ``unchanged``.
        number: The version's number; of the version in its place if superseded; None if rejected.
        version_id: The ledger's id of that version.
    """

    outcome: Literal["published", "superseded", "rejected", "unchanged"]
    number: int | None
    version_id: int | None


@dataclass(frozen=True)
class Version:
    """A published version.

    Attributes:
        version_id: The ledger's id.
        number: Its number within asset and partition.
        location: Where the store keeps it; None for an effect.
        digest: SHA-256 of the stored bytes.
        rows: Rows of a frame, None for other values.
        metadata: What the asset's function returned beside the value.
        published_at: When it became current, with time zone.
        collected_at: When retention gave up its value, with time zone; None while it is kept.
    """

    version_id: int
    number: int
    location: str | None
    digest: str | None
    rows: int | None
    metadata: Mapping[str, Any]
    published_at: datetime.datetime
    collected_at: datetime.datetime | None = None


@dataclass(frozen=True)
class Waiver:
    """A failing check that its owner lets pass for one partition and a bounded time.

    Attributes:
        waiver: The ledger's id.
        check: Name of the check.
        until: When it ends, with time zone.
        why: The reason that was given.
        granted_by: The database role that granted it.
        granted_at: When, with time zone.
    """

    waiver: int
    check: str
    until: datetime.datetime
    why: str
    granted_by: str
    granted_at: datetime.datetime


@dataclass(frozen=True)
class UnderWay:
    """An attempt under way.

    Attributes:
        attempt: Its id.
        asset: The asset's key.
        partition: The partition.
        flow_run_id: Prefect's id of its run.
        began_at: When it began, with time zone.
    """

    attempt: int
    asset: str
    partition: str
    flow_run_id: str
    began_at: datetime.datetime


@dataclass(frozen=True)
class Silent:
    """An attempt under way whose lease ran out.

    Attributes:
        attempt: Its id.
        asset: The asset's key.
        partition: The partition.
        flow_run_id: Prefect's id of its run.
    """

    attempt: int
    asset: str
    partition: str
    flow_run_id: str


@dataclass(frozen=True)
class Unannounced:
    """A current version whose event was never sent."""

    version_id: int
    asset: str
    partition: str
    number: int


@dataclass(frozen=True)
class Expendable:
    """A published version that retention may give up.

    Attributes:
        version: The ledger's id.
        asset: The asset's key.
        partition: The partition.
        number: Its number.
        size: In bytes.
        location: Where the store keeps it; None for an effect.
    """

    version: int
    asset: str
    partition: str
    number: int
    size: int
    location: str | None


@dataclass(frozen=True)
class PublishedVersion:
    """One entry of an asset's versions.

    Attributes:
        partition: Its partition.
        number: Its number within that.
        rows: Of a frame, None for other values.
        published_at: When it became current, with time zone.
        withdrawn_at: When a rollback withdrew it, or None.
        restores: Of a rollback: the number whose value it restores.
        why: Of a rollback: its reason.
    """

    partition: str
    number: int
    rows: int | None
    published_at: datetime.datetime
    withdrawn_at: datetime.datetime | None
    restores: int | None
    why: str | None


@dataclass(frozen=True)
class Staged:
    """The value of an attempt, published or not.

    Attributes:
        location: Where the store keeps it.
        size: In bytes.
        rows: Of a frame, None for other values.
    """

    location: str
    size: int
    rows: int | None


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes:
        attempt: Its id.
        asset: The asset's key.
        partition: The partition.
        outcome: Its outcome, None while it is under way.
        version: Number of the version it published, or None.
        inputs: Per ``key`` or ``key [partition]``, the number it read.
        flow_run_id: Prefect's id of its run.
        holder: Of a duplicate: the attempt that did the work.
        reason: Why it ended so, as data.
        started_at: With time zone.
        finished_at: With time zone, None while it is under way.
    """

    attempt: int
    asset: str
    partition: str
    outcome: str | None
    version: int | None
    inputs: Mapping[str, int]
    flow_run_id: str
    holder: int | None
    reason: Mapping[str, Any]
    started_at: datetime.datetime
    finished_at: datetime.datetime | None


@dataclass(frozen=True)
class SliceStatus:
    """Where one slice is, for ``status``.

    Attributes:
        asset: The asset's key.
        partition: The partition; None for an asset that has no head.
        outcome: Of the latest settled attempt that was no duplicate.
        version: Number of the current published version.
        published_at: When that became current.
        rows: Its rows, None if it is no frame.
        checks: Verdicts of the last attempt that judged.
    """

    asset: str
    partition: str | None
    outcome: str | None
    version: int | None
    published_at: datetime.datetime | None
    rows: int | None
    checks: tuple[Verdict, ...]
