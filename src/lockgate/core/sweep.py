"""What the sweep starts: a pure comparison of what is published with what its dependents consumed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lockgate.core.gate import Open, Pin, Slice, Snapshot, decide, read_slices
from lockgate.core.partitions import UNPARTITIONED, Unpartitioned
from lockgate.core.spec import AssetSpec

MAX_FAILURES = 3


@dataclass(frozen=True)
class Tried:
    """What became of the attempts on exactly these inputs by exactly this code.

    Attributes:
        outcomes: Of the settled attempts, in any order.
        declined: Whether a rollback withdrew what was made from them.
    """

    outcomes: tuple[str, ...] = ()
    declined: bool = False

    @property
    def consumed(self) -> bool:
        """Whether there is nothing left to try."""
        judged = {"published", "rejected", "superseded"} & set(self.outcomes)
        return self.declined or bool(judged) or self.given_up

    @property
    def given_up(self) -> bool:
        """Whether they failed so often that only a run by hand tries again."""
        return self.outcomes.count("failed") >= MAX_FAILURES


@dataclass(frozen=True)
class Progress:
    """What the dependents did so far.

    Attributes:
        tried: By slice, pins and code version.
        claimed: Slices that a live claim holds.
    """

    tried: Mapping[tuple[Slice, frozenset[int], str], Tried] = field(default_factory=dict)
    claimed: frozenset[Slice] = frozenset()

    def of(self, where: Slice, decision: Open, code_version: str) -> Tried:
        """What became of the attempts on what a slice would read now."""
        ids = frozenset(pin.version_id for pin in decision.pins)
        return self.tried.get((where, ids, code_version), Tried())


@dataclass(frozen=True)
class Start:
    """A run that should be started.

    Attributes:
        key: The asset.
        partition: Its partition.
        pins: The versions it would read now.
        ordinal: How many attempts on these inputs by this code came before; part of the idempotency key,
            because Prefect keeps such keys for ever.
    """

    key: str
    partition: str
    pins: tuple[Pin, ...]
    ordinal: int


def missing_runs(snapshot: Snapshot, progress: Progress) -> Iterator[Start]:
    """Every dependent whose gate is open on inputs it has not consumed, and that nobody works on.

    An asset without inputs is never started: sources have schedules.
    """
    for spec in snapshot.assets.values():
        for partition in known_partitions(spec, snapshot):
            if start := missing_run(spec, partition, snapshot, progress):
                yield start


def missing_run(spec: AssetSpec, partition: str, snapshot: Snapshot, progress: Progress) -> Start | None:
    """The run of one slice that is missing, if one is."""
    where = (spec.key, partition)
    if not spec.inputs or where in progress.claimed:
        return None
    decision = decide(spec.key, partition, snapshot)
    if not isinstance(decision, Open) or not _starts(spec, where, snapshot):
        return None
    tried = progress.of(where, decision, spec.code_version)
    return None if tried.consumed else Start(*where, decision.pins, len(tried.outcomes))


def known_partitions(spec: AssetSpec, snapshot: Snapshot) -> list[str]:
    """The partitions of an asset that its inputs, or runs of it, give reason to look at, in order."""
    if isinstance(spec.partitions, Unpartitioned):
        return [UNPARTITIONED]
    keys = {given.key for given in spec.inputs} | {spec.key}
    found = {partition for key, partition in snapshot.heads if key in keys}
    return sorted(partition for partition in found if spec.has_partition(partition))


def _starts(spec: AssetSpec, where: Slice, snapshot: Snapshot) -> bool:
    """Whether an input that starts this asset is newer than its current version, or it has none that stands."""
    head = snapshot.head(*where)
    if head.number is None or head.judged == "rejected":
        return True
    return any(
        (found := snapshot.head(*slice_)).number is not None and found.number > head.inputs.get(slice_, 0)
        for given in spec.inputs
        if spec.starts_on(given, snapshot.assets.get(given.key))
        for slice_ in read_slices(spec, given, where[1], snapshot)
    )
