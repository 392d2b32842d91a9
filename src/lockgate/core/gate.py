"""The gate: may this run of an asset compute, and on which versions? A pure function, its reasons as data.

The ledger hands it one snapshot of the registry and the heads. `decide` never looks at anything else, so every
decision can be repeated, tested and explained.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from lockgate.core.formats import Barrier, barrier
from lockgate.core.keys import label
from lockgate.core.partitions import UNPARTITIONED, input_partition
from lockgate.core.spec import AssetSpec, InputSpec

Slice: TypeAlias = tuple[str, str]
"""An asset's key and a partition."""

Standing: TypeAlias = Literal["good", "rejected", "blocked"]


@dataclass(frozen=True)
class Pin:
    """A version of an input that a run reads; ``trusted`` if it may be another team's pickle."""

    asset: str
    partition: str
    number: int
    version_id: int
    trusted: bool = False


@dataclass(frozen=True)
class Rejection:
    """What the last judged attempt of a slice was made from, where it was rejected.

    Attributes:
        code_version: The code that made it.
        inputs: Per slice it was made from, the number it pinned.
        waived: Whether its owner lets all the checks pass that it failed.
    """

    code_version: str
    inputs: Mapping[Slice, int] = field(default_factory=dict)
    waived: bool = False


@dataclass(frozen=True)
class Head:
    """Where an asset and partition is now.

    Attributes:
        asset: Key.
        partition: Partition, ``""`` if unpartitioned.
        judged: Outcome of the last attempt that judged; a rollback counts as ``published``.
        number: Number of the current published version, None if there is none.
        version_id: The ledger's id of that version.
        code_version: The code that made it.
        inputs: Per slice it was made from, the number it pinned.
        failed_checks: The ``error`` checks that the last judged attempt failed.
        confirmed: Ledger tick of the last publish, rollback or confirmation as unchanged.
        pinned_at: Ledger tick at which the current version's attempt took its pins.
        file: Name of the current version's file in the store, which tells its format; "" if it has none.
        rejection: What was rejected, if it stands rejected.
    """

    asset: str
    partition: str
    judged: Literal["published", "rejected"] | None = None
    number: int | None = None
    version_id: int | None = None
    code_version: str | None = None
    inputs: Mapping[Slice, int] = field(default_factory=dict)
    failed_checks: tuple[str, ...] = ()
    confirmed: int = 0
    pinned_at: int = 0
    file: str = ""
    rejection: Rejection | None = None


@dataclass(frozen=True)
class Snapshot:
    """The registered, active assets and all heads that matter, read at one moment."""

    assets: Mapping[str, AssetSpec]
    heads: Mapping[Slice, Head]

    def head(self, key: str, partition: str) -> Head:
        """The head of a slice; an empty one if nothing was ever settled there."""
        return self.heads.get((key, partition)) or Head(key, partition)

    def partitions(self, key: str) -> list[str]:
        """The partitions of an asset that have a head, sorted; not those that it has no longer."""
        return self._partitions.get(key, [])

    def has(self, where: Slice) -> bool:
        """Whether an asset, as it is registered, has that partition; True of one of which nobody can tell."""
        asset = self.assets.get(where[0])
        return asset is None or bool(asset.unreadable) or asset.has_partition(where[1])

    @cached_property
    def _partitions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, partition in sorted(filter(self.has, self.heads)):
            found.setdefault(key, []).append(partition)
        return found


ReasonKind: TypeAlias = Literal["rejected", "unshared", "unknown", "unreadable", "pickled", "missing", "not_fresh"]


@dataclass(frozen=True)
class Reason:
    """Why a run may not compute.

    Attributes:
        kind: ``rejected``: the asset's last judged attempt failed its checks; ``unshared``: its owner does not share
            it with the reader; ``unknown``: it is not registered; ``unreadable``: what is registered of it cannot be
            read by this release; ``pickled``: its current version is a pickle that the reader does not trust or cannot
            read; ``missing``: it has no published version; ``not_fresh``: it has nothing new, and the reader wants all
            inputs fresh.
        asset: The asset it is about: for ``rejected`` and ``unreadable`` the ancestor where that stands.
        partition: Its partition.
        checks: For ``rejected``, the failed checks.
        via: The direct input through which it reaches the run.
        why: For ``pickled``, what keeps the reader from it, and the cure.
    """

    kind: ReasonKind
    asset: str
    partition: str
    checks: tuple[str, ...] = ()
    via: str = ""
    why: str = ""

    @property
    def team(self) -> str:
        """Who can mend it."""
        return self.asset.partition("/")[0]

    def __str__(self) -> str:
        where = label(self.asset, self.partition)
        match self.kind:
            case "rejected":
                return f"{where} stands rejected by {', '.join(self.checks) or 'its checks'}; team {self.team} owns it"
            case "unshared":
                return f"{where} is not shared with this team; team {self.team} can add it to shared_with"
            case "unknown":
                return f"{where} is not deployed; team {self.team} can deploy it"
            case "unreadable":
                return f"{where} was registered by another release of lockgate; team {self.team} can deploy it anew"
            case "pickled":
                return f"{where} {self.why}"
            case "missing":
                return f"{where} has no published version yet"
            case "not_fresh":
                return f"{where} has nothing new since this asset's last version"


@dataclass(frozen=True)
class Open:
    """Compute, on exactly these versions."""

    pins: tuple[Pin, ...]


@dataclass(frozen=True)
class Blocked:
    """An input does not stand good, or may not be read."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Waiting:
    """An input has no version yet, or is not renewed yet."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Unchanged:
    """The current version was made from the same inputs by the same code."""

    number: int
    pins: tuple[Pin, ...]


@dataclass(frozen=True)
class AlreadyRejected:
    """What the same code made from the same inputs failed these checks."""

    checks: tuple[str, ...]
    pins: tuple[Pin, ...]

    def __str__(self) -> str:
        return f"already rejected by {', '.join(self.checks) or 'its checks'} on these inputs and this code"


Decision: TypeAlias = Open | Blocked | Waiting | Unchanged | AlreadyRejected


def decide(key: str, partition: str, snapshot: Snapshot, *, force: bool = False) -> Decision:
    """Decide whether a run of an asset may compute.

    Args:
        key: The asset; it must be in the snapshot.
        partition: Its partition.
        snapshot: Registry and heads of the asset and all its ancestors.
        force: Compute even if nothing changed or not all inputs are fresh. It opens no gate that is shut
            by a rejection of an input, a missing share or a missing version.
    """
    asset = snapshot.assets[key]
    if asset.unreadable:
        return Blocked((Reason("unreadable", key, UNPARTITIONED),))
    if shut := [reason for given in asset.inputs for reason in _shut(asset, given, partition, snapshot)]:
        return Blocked(tuple(shut))
    pins: list[Pin] = []
    missing: list[Reason] = []
    for given in asset.inputs:
        slices = read_slices(asset, given, partition, snapshot)
        found = [pin for where in slices if (pin := _pin(where, given, snapshot))]
        pins.extend(found)
        if not found:
            missing.append(_reason("missing", asset, given, partition, snapshot))
    if missing:
        return Waiting(tuple(missing))
    return _decide_on(asset, partition, snapshot, tuple(pins), force)


def _decide_on(asset: AssetSpec, partition: str, snapshot: Snapshot, pins: tuple[Pin, ...], force: bool) -> Decision:
    head = snapshot.head(asset.key, partition)
    if force or not asset.inputs:
        return Open(pins)
    numbers = {(pin.asset, pin.partition): pin.number for pin in pins}
    lost = head.rejection
    if lost and not lost.waived and lost.code_version == asset.code_version and dict(lost.inputs) == numbers:
        return AlreadyRejected(head.failed_checks, pins)
    if head.number is None:
        return Open(pins)
    same_code = head.code_version == asset.code_version
    same_inputs = numbers == dict(head.inputs)
    if same_inputs and same_code and head.judged != "rejected":
        return Unchanged(head.number, pins)
    if asset.wants == "all" and same_code:
        stale = [given for given in asset.inputs if not _fresh(asset, given, partition, head, snapshot)]
        if stale:
            return Waiting(tuple(_reason("not_fresh", asset, given, partition, snapshot) for given in stale))
    return Open(pins)


def standing(key: str, partition: str, snapshot: Snapshot) -> Standing:
    """The standing of a slice: its own rejection first, else that of any slice it stands on, directly or not."""
    if snapshot.head(key, partition).judged == "rejected":
        return "rejected"
    if _unreadable(key, snapshot):
        return "blocked"
    above = stands_on(key, partition, snapshot)
    return "blocked" if next(_no_good(above, snapshot), None) else "good"


def stands_on(key: str, partition: str, snapshot: Snapshot) -> list[Slice]:
    """The slices whose rejection is one of this slice as well, unless it opted out of it by ``last_good``.

    Those it reads as it is registered, and those its current version was made from: an input that was dropped stays
    in what was published, until the asset is run without it.
    """
    asset = snapshot.assets.get(key)
    inputs = asset.inputs if asset else ()
    lenient = {given.key for given in inputs if given.on_rejected == "last_good"}
    read = [
        where
        for given in inputs
        if asset and given.key not in lenient
        for where in read_slices(asset, given, partition, snapshot)
    ]
    made_from = snapshot.head(key, partition).inputs
    return read + [where for where in made_from if where[0] not in lenient and snapshot.has(where)]


def read_slices(asset: AssetSpec, given: InputSpec, partition: str, snapshot: Snapshot) -> list[Slice]:
    """The slices of one input that partition ``partition`` of ``asset`` reads, whether published or not."""
    source = snapshot.assets.get(given.key)
    if source is None:
        return [(given.key, partition)]
    if asset.fans_in(source):
        return [(given.key, found) for found in snapshot.partitions(given.key)]
    return [(given.key, input_partition(source.partitions, partition))]


def _shut(asset: AssetSpec, given: InputSpec, partition: str, snapshot: Snapshot) -> Iterable[Reason]:
    source = snapshot.assets.get(given.key)
    if source is None:
        return [Reason("unknown", given.key, UNPARTITIONED, via=given.key)]
    if source.unreadable:
        return [Reason("unreadable", given.key, UNPARTITIONED, via=given.key)]
    if not source.readable_by(asset.team):
        return [Reason("unshared", given.key, UNPARTITIONED, via=given.key)]
    slices = read_slices(asset, given, partition, snapshot)
    if pickled := list(_pickled(asset, given, slices, snapshot)):
        return pickled
    if given.on_rejected == "last_good":
        return []
    return [_reason_of(head, given, snapshot) for head in _no_good(slices, snapshot)]


def _reason_of(head: Head, given: InputSpec, snapshot: Snapshot) -> Reason:
    if head.judged != "rejected" and _unreadable(head.asset, snapshot):
        return Reason("unreadable", head.asset, UNPARTITIONED, via=given.key)
    return Reason("rejected", head.asset, head.partition, head.failed_checks, via=given.key)


def _unreadable(key: str, snapshot: Snapshot) -> bool:
    """Whether nobody can tell what an asset stands on."""
    asset = snapshot.assets.get(key)
    return asset is not None and bool(asset.unreadable)


def _pickled(asset: AssetSpec, given: InputSpec, slices: Iterable[Slice], snapshot: Snapshot) -> Iterator[Reason]:
    """What another team pickled and this one does not take, or cannot."""
    for where in slices:
        if barred := barrier_of(asset, given, snapshot.head(*where).file):
            yield Reason("pickled", *where, via=given.key, why=f"{barred.why}. {barred.cure}".rstrip("."))


def barrier_of(asset: AssetSpec, given: InputSpec, file: str) -> Barrier | None:
    """What keeps an asset from reading an input whose value lies in a file of that name, None if nothing does."""
    owner = given.key.partition("/")[0]
    if owner == asset.team:
        return None
    return barrier(file, owner, trusted=given.trust == "pickle", word=f'Input("{given.key}", trust="pickle")')


def _no_good(slices: Iterable[Slice], snapshot: Snapshot) -> Iterator[Head]:
    """Of slices and all that they stand on, however deep, the heads that are rejected or that nobody can read."""
    pending, seen = list(slices)[::-1], set[Slice]()
    while pending:
        where = pending.pop()
        if where in seen:
            continue
        seen.add(where)
        head = snapshot.head(*where)
        if head.judged == "rejected" or _unreadable(where[0], snapshot):
            yield head
        pending += stands_on(*where, snapshot)[::-1]


def _pin(where: Slice, given: InputSpec, snapshot: Snapshot) -> Pin | None:
    head = snapshot.head(*where)
    if head.number is None or head.version_id is None:
        return None
    return Pin(*where, head.number, head.version_id, given.trust == "pickle")


def _fresh(asset: AssetSpec, given: InputSpec, partition: str, own: Head, snapshot: Snapshot) -> bool:
    """Whether an input has a newer version than this asset last used, or was confirmed since."""
    for where in read_slices(asset, given, partition, snapshot):
        head = snapshot.head(*where)
        if head.number is not None and (head.number > own.inputs.get(where, 0) or head.confirmed > own.pinned_at):
            return True
    return False


def _reason(kind: ReasonKind, asset: AssetSpec, given: InputSpec, partition: str, snapshot: Snapshot) -> Reason:
    source = snapshot.assets[given.key]
    where = UNPARTITIONED if asset.fans_in(source) else input_partition(source.partitions, partition)
    return Reason(kind, given.key, where, via=given.key)
