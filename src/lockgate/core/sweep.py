"""What the sweep starts: a pure comparison of what is published with what its dependents consumed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, groupby, zip_longest

from lockgate.core.gate import Open, Pin, Slice, Snapshot, decide, read_slices
from lockgate.core.partitions import UNPARTITIONED, Daily, Static, Unpartitioned
from lockgate.core.spec import AssetSpec

MAX_FAILURES = 3
BACKOFF_SECONDS = 120.0


@dataclass(frozen=True)
class Tried:
    """What became of the attempts on exactly these inputs by exactly this code.

    Attributes:
        outcomes: Of the settled attempts, in any order.
        declined: Whether a rollback withdrew what was made from them.
        idle: Seconds since the last of them was settled.
    """

    outcomes: tuple[str, ...] = ()
    declined: bool = False
    idle: float = float("inf")

    @property
    def failures(self) -> int:
        """How many of them failed."""
        return self.outcomes.count("failed")

    @property
    def judged(self) -> bool:
        """Whether one of them came to an end that counts for these inputs."""
        return self.declined or bool({"published", "rejected", "superseded", "cancelled"} & set(self.outcomes))

    @property
    def given_up(self) -> bool:
        """Whether it failed so often that only new inputs, new code or a person starts it again."""
        return not self.judged and self.failures >= MAX_FAILURES

    @property
    def consumed(self) -> bool:
        """Whether there is nothing left to try."""
        return self.judged or self.given_up

    @property
    def wait(self) -> float:
        """Seconds until the next try: none before the first retry, then each time twice as long as before."""
        pause = 0.0 if self.failures < 2 else BACKOFF_SECONDS * 2 ** (self.failures - 2)
        return max(0.0, pause - self.idle)


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
        wait: Seconds until it is due; more than none only after it failed repeatedly.
    """

    key: str
    partition: str
    pins: tuple[Pin, ...]
    ordinal: int
    wait: float = 0.0

    @property
    def team(self) -> str:
        """Whose it is."""
        return self.key.partition("/")[0]

    @property
    def age(self) -> int:
        """The ledger's id of its newest input: the smaller, the longer it has been due."""
        return max(pin.version_id for pin in self.pins)


def missing_runs(snapshot: Snapshot, progress: Progress) -> Iterator[Start]:
    """Every dependent whose gate is open on inputs it has not consumed, and that nobody works on.

    An asset that no input starts is never started: sources have schedules.
    """
    for spec in (spec for spec in snapshot.assets.values() if spec.inputs):
        for partition in known_partitions(spec, snapshot):
            if start := missing_run(spec, partition, snapshot, progress):
                yield start


def in_turn(starts: Iterable[Start]) -> list[Start]:
    """The same starts in a fair order: teams take turns, and of each what has been due longest comes first."""
    ordered = sorted(starts, key=lambda start: (start.team, start.age, start.key, start.partition))
    queues = [list(queue) for _, queue in groupby(ordered, key=lambda start: start.team)]
    return [start for start in chain.from_iterable(zip_longest(*queues)) if start is not None]


def given_up(snapshot: Snapshot, progress: Progress) -> list[Slice]:
    """The slices that failed too often on their present inputs and code, sorted."""
    return sorted(
        where
        for (where, _, code), tried in progress.tried.items()
        if tried.given_up and (spec := snapshot.assets.get(where[0])) and spec.code_version == code
    )


def missing_run(spec: AssetSpec, partition: str, snapshot: Snapshot, progress: Progress) -> Start | None:
    """The run of one slice that is missing, if one is."""
    where = (spec.key, partition)
    if where in progress.claimed or not _known(spec, partition, snapshot) or not _starts(spec, where, snapshot):
        return None
    decision = decide(spec.key, partition, snapshot)
    if not isinstance(decision, Open):
        return None
    tried = progress.of(where, decision, spec.code_version)
    return None if tried.consumed else Start(*where, decision.pins, len(tried.outcomes), tried.wait)


def known_partitions(spec: AssetSpec, snapshot: Snapshot) -> list[str]:
    """The partitions of an asset to look at, in order: of a daily one, those that its inputs or runs of it name."""
    match spec.partitions:
        case Unpartitioned():
            return [UNPARTITIONED]
        case Static(names=names):
            return sorted(names)
    found = {partition for key in _named_by(spec) for partition in snapshot.partitions(key)}
    return sorted(partition for partition in found if spec.has_partition(partition))


def _known(spec: AssetSpec, partition: str, snapshot: Snapshot) -> bool:
    """Whether it is one of ``known_partitions``."""
    if not spec.has_partition(partition):
        return False
    if not isinstance(spec.partitions, Daily):
        return True
    named = ((key, partition) for key in _named_by(spec))
    return any(where in snapshot.heads and snapshot.has(where) for where in named)


def _named_by(spec: AssetSpec) -> set[str]:
    return {given.key for given in spec.inputs} | {spec.key}


def _starts(spec: AssetSpec, where: Slice, snapshot: Snapshot) -> bool:
    """Whether an input that starts this asset is newer than what was judged last, or nothing was judged yet.

    What no input starts is left to schedules, backfills and people.
    """
    starting = [given for given in spec.inputs if spec.starts_on(given, snapshot.assets.get(given.key))]
    head = snapshot.head(*where)
    lost = head.rejection
    if starting and (lost.code_version != spec.code_version if lost else head.number is None):
        return True
    seen = lost.inputs if lost else head.inputs
    return any(
        (found := snapshot.heads.get(slice_)) is not None
        and found.number is not None
        and found.number > seen.get(slice_, 0)
        for given in starting
        for slice_ in read_slices(spec, given, where[1], snapshot)
    )
