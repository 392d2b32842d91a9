"""Why a slice stands as it does: its inputs walked up to the cause, as data. The gate and the sweep decide."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from lockgate.core.gate import (
    AlreadyRejected,
    Blocked,
    Decision,
    Open,
    ReasonKind,
    Slice,
    Snapshot,
    Unchanged,
    Waiting,
    decide,
    read_slices,
    standing,
    stands_on,
)
from lockgate.core.keys import label
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.core.sweep import Progress, Start, missing_run

State: TypeAlias = Literal[
    "current", "due", "outdated", "declined", "never_run", "failed", "cancelled", "rejected", "blocked", "waiting",
    "unshared", "pickled", "unknown", "unreadable", "no_partition",
]  # fmt: skip
"""What holds of a slice.

current       good, and made from what is current above it
due           its inputs are there and not consumed: an event or the sweep starts it
outdated      newer inputs or code than its version's, which do not start it by themselves
declined      as outdated, and a rollback withdrew what they made
never_run     nothing was published yet, and nothing starts it by itself
failed        its code raised, and no attempt since judged
cancelled     a person ended its last run, and no input or code is newer
rejected      its last judged attempt failed its checks
blocked       an input does not stand good, or may not be read
waiting       an input has no version yet, or nothing new
unshared      its owner does not share it with the asset below
pickled       its current version is a pickle that the asset below does not trust, or cannot read
unknown       nobody has deployed it
unreadable    what is registered of it cannot be read by this release
no_partition  it has no slice of this name
"""


@dataclass(frozen=True)
class Activity:
    """What was done on a slice, beside what its head says.

    Attributes:
        judged_at: When its last judged attempt settled.
        published_at: When its current version became so.
        outcome: Of its latest settled attempt that was no duplicate.
        finished_at: When that settled.
        why: For a failed or cancelled one, what the ledger keeps of the cause; "" where this login may not see it.
        running_since: When the attempt under way began.
        waived: The checks that failed its last judged attempt, and that its owner waived.
    """

    judged_at: datetime.datetime | None = None
    published_at: datetime.datetime | None = None
    outcome: str | None = None
    finished_at: datetime.datetime | None = None
    why: str = ""
    running_since: datetime.datetime | None = None
    waived: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Where a slice is, and which inputs are the cause.

    Attributes:
        asset: Key.
        partition: Partition; None for an input of which all partitions are meant.
        state: What holds of it.
        role: What it means to the asset below, as the gate says; None at the root.
        version: Number of its current published version.
        checks: The ``error`` checks it failed, if rejected.
        waived: The checks that failed and that its owner waived.
        newer: What its current version was not made from: ``weather/days [2013-01-05] v2``, ``code``.
        since: Since when it is so, where the ledger knows.
        running_since: When the attempt under way began.
        starts: Whether the next round of the sweep starts it, as far as the ledger knows.
        why: For ``failed`` and ``cancelled``, what the ledger keeps of the cause; for ``pickled``, what keeps the
            reader, and the cure; for ``unreadable``, why.
        owners: Whom to ask: people or addresses of the asset, else its team.
        reader: For ``unshared``, the team that may not read it.
        causes: The inputs that make it so.
    """

    asset: str
    partition: str | None
    state: State
    role: ReasonKind | None = None
    version: int | None = None
    checks: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    since: datetime.datetime | None = None
    running_since: datetime.datetime | None = None
    starts: bool = False
    why: str = ""
    owners: tuple[str, ...] = ()
    reader: str = ""
    causes: tuple["Explanation", ...] = ()


def lineage(key: str, partition: str, snapshot: Snapshot) -> set[Slice]:
    """A slice and every slice above it that it reads, published or not."""
    found: set[Slice] = set()
    todo = [(key, partition)]
    while todo:
        where = todo.pop()
        if where not in found:
            found.add(where)
            asset = snapshot.assets.get(where[0])
            for given in asset.inputs if asset else ():
                todo += read_slices(asset, given, where[1], snapshot) if asset else []
            todo += stands_on(*where, snapshot)
    return {where for where in found if where[0] in snapshot.assets}


def explain(
    key: str, partition: str, snapshot: Snapshot, activity: Mapping[Slice, Activity], progress: Progress
) -> Explanation:
    """Explain where a slice is, down to the inputs that make it so.

    Args:
        key: The asset; it must be in the snapshot.
        partition: Its partition.
        snapshot: Registry and heads of the asset and all its ancestors.
        activity: By slice; those of ``lineage`` are looked at.
        progress: What the sweep knows of the attempts so far.
    """
    return _Walk(snapshot, activity, progress).at((key, partition))


@dataclass(frozen=True)
class _Walk:
    snapshot: Snapshot
    activity: Mapping[Slice, Activity]
    progress: Progress
    seen: set[Slice] = field(default_factory=set)

    def at(self, where: Slice, role: ReasonKind | None = None) -> Explanation:
        """One slice; the causes of one met before are not told again."""
        asset = self.snapshot.assets[where[0]]
        if asset.unreadable:
            return Explanation(*where, "unreadable", role, why=asset.unreadable, owners=owners_of(asset))
        head = self.snapshot.head(*where)
        if head.number is None and head.judged is None and not asset.has_partition(where[1]):
            return Explanation(*where, "no_partition", role, owners=owners_of(asset))
        decision = decide(*where, self.snapshot)
        start = missing_run(asset, where[1], self.snapshot, self.progress)
        state = self._state(asset, where, decision, start)
        known = where in self.seen
        self.seen.add(where)
        done = self.activity.get(where, Activity())
        return Explanation(
            *where,
            state=state,
            role=role,
            version=head.number,
            checks=head.failed_checks if state == "rejected" else (),
            waived=done.waived,
            newer=tuple(self._newer(asset, where, decision)) if state in ("due", "outdated", "declined") else (),
            since=_since(state, done),
            running_since=done.running_since,
            starts=start is not None and start.wait <= 0,
            why=done.why if state in ("failed", "cancelled") else "",
            owners=owners_of(asset),
            causes=() if known else (*self._causes(asset, where[1], decision), *self._dropped(asset, where)),
        )

    def _state(self, asset: AssetSpec, where: Slice, decision: Decision, start: Start | None) -> State:
        head = self.snapshot.head(*where)
        if head.judged == "rejected":
            return "rejected"
        match decision:
            case AlreadyRejected():
                return "rejected"
            case Blocked():
                return "blocked"
            case Waiting():
                return "waiting"
            case Unchanged():
                return "current"
        tried = self.progress.of(where, decision, asset.code_version)
        done = self.activity.get(where, Activity()).outcome
        if done == "failed" or tried.given_up or (start and start.wait > 0):
            return "failed"
        if start:
            return "due"
        if done == "cancelled":
            return "cancelled"
        if head.number is None:
            return "never_run"
        if not asset.inputs:
            return "current"
        return "declined" if tried.declined else "outdated"

    def _newer(self, asset: AssetSpec, where: Slice, decision: Decision) -> Iterator[str]:
        head = self.snapshot.head(*where)
        if head.number is None or not isinstance(decision, Open):
            return
        if head.code_version != asset.code_version:
            yield "code"
        for pin in decision.pins:
            if pin.number != head.inputs.get((pin.asset, pin.partition)):
                yield f"{label(pin.asset, pin.partition)} v{pin.number}"

    def _causes(self, asset: AssetSpec, partition: str, decision: Decision) -> Iterator[Explanation]:
        if not isinstance(decision, Blocked | Waiting):
            return
        kinds = {reason.via: reason.kind for reason in decision.reasons}
        for reason in decision.reasons:
            if reason.kind == "pickled":
                owners = owners_of(self.snapshot.assets[reason.asset])
                yield Explanation(reason.asset, reason.partition, "pickled", "pickled", why=reason.why, owners=owners)
        for given in asset.inputs:
            if (kind := kinds.get(given.key)) and kind != "pickled":
                yield from self._cause(asset, given, partition, kind)

    def _dropped(self, asset: AssetSpec, where: Slice) -> Iterator[Explanation]:
        """The inputs that it reads no more, that its current version was made from, and that do not stand good."""
        read = {given.key for given in asset.inputs}
        for other in sorted(self.snapshot.head(*where).inputs):
            if other[0] not in read and self.snapshot.has(other) and standing(*other, self.snapshot) != "good":
                yield self.at(other, "rejected") if other[0] in self.snapshot.assets else self._gone(other)

    def _gone(self, where: Slice) -> Explanation:
        """An asset that is no longer deployed."""
        checks = self.snapshot.head(*where).failed_checks
        return Explanation(*where, "rejected", "rejected", checks=checks, owners=(where[0].partition("/")[0],))

    def _cause(self, asset: AssetSpec, given: InputSpec, partition: str, kind: ReasonKind) -> Iterator[Explanation]:
        source = self.snapshot.assets.get(given.key)
        if source is None:
            yield Explanation(given.key, None, "unknown", kind, owners=(given.key.partition("/")[0],))
            return
        if source.unreadable:
            yield self.at((given.key, partition), kind)
            return
        if kind == "unshared":
            yield Explanation(given.key, None, "unshared", kind, owners=owners_of(source), reader=asset.team)
            return
        slices = read_slices(asset, given, partition, self.snapshot)
        if kind in ("rejected", "unreadable"):
            slices = [where for where in slices if standing(*where, self.snapshot) != "good"]
        told = [self.at(where, kind) for where in slices]
        if asset.fans_in(source) and kind == "not_fresh":
            told = [each for each in told if each.state != "current"]
        if not told:
            everything = Explanation(given.key, None, "never_run", kind, owners=owners_of(source))
            yield replace(everything, state="current") if slices else everything
        yield from told


def owners_of(asset: AssetSpec) -> tuple[str, ...]:
    """Whom to ask about an asset: its owners, else its team."""
    return asset.owners or (asset.team,)


def _since(state: State, done: Activity) -> datetime.datetime | None:
    match state:
        case "rejected":
            return done.judged_at
        case "current" | "due" | "outdated" | "declined":
            return done.published_at
        case _:
            return done.finished_at if done.outcome == state else None
