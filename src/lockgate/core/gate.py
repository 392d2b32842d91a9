"""The gate: may this run of an asset compute, and on which versions? A pure function, its reasons as data.

The ledger hands it one snapshot of the registry and the heads. `decide` never looks at anything else, so every
decision can be repeated, tested and explained.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from lockgate.core.keys import label
from lockgate.core.partitions import UNPARTITIONED, input_partition
from lockgate.core.spec import AssetSpec, InputSpec

Slice: TypeAlias = tuple[str, str]
"""An asset's key and a partition."""

Standing: TypeAlias = Literal["good", "rejected", "blocked"]


@dataclass(frozen=True)
class Pin:
    """A version of an input that a run reads."""

    asset: str
    partition: str
    number: int
    version_id: int


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


@dataclass(frozen=True)
class Snapshot:
    """The registered, active assets and all heads that matter, read at one moment."""

    assets: Mapping[str, AssetSpec]
    heads: Mapping[Slice, Head]

    def head(self, key: str, partition: str) -> Head:
        """The head of a slice; an empty one if nothing was ever settled there."""
        return self.heads.get((key, partition)) or Head(key, partition)

    def partitions(self, key: str) -> list[str]:
        """The partitions of an asset that have a head, sorted."""
        return self._partitions.get(key, [])

    @cached_property
    def _partitions(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, partition in sorted(self.heads):
            found.setdefault(key, []).append(partition)
        return found


ReasonKind: TypeAlias = Literal["rejected", "unshared", "unknown", "unreadable", "missing", "not_fresh"]


@dataclass(frozen=True)
class Reason:
    """Why a run may not compute.

    Attributes:
        kind: ``rejected``: the asset's last judged attempt failed its checks; ``unshared``: its owner does not share
            it with the reader; ``unknown``: it is not registered; ``unreadable``: what is registered of it cannot be
            read by this release; ``missing``: it has no published version; ``not_fresh``: it has nothing new, and the
            reader wants all inputs fresh.
        asset: The asset it is about: for ``rejected`` and ``unreadable`` the ancestor where that stands.
        partition: Its partition.
        checks: For ``rejected``, the failed checks.
        via: The direct input through which it reaches the run.
    """

    kind: ReasonKind
    asset: str
    partition: str
    checks: tuple[str, ...] = ()
    via: str = ""

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


Decision: TypeAlias = Open | Blocked | Waiting | Unchanged


def decide(key: str, partition: str, snapshot: Snapshot, *, force: bool = False) -> Decision:
    """Decide whether a run of an asset may compute.

    Args:
        key: The asset; it must be in the snapshot.
        partition: Its partition.
        snapshot: Registry and heads of the asset and all its ancestors.
        force: Compute even if nothing changed or not all inputs are fresh. It opens no gate that is shut
            by a rejection, a missing share or a missing version.
    """
    asset = snapshot.assets[key]
    if asset.unreadable:
        return Blocked((Reason("unreadable", key, UNPARTITIONED),))
    if shut := [reason for given in asset.inputs for reason in _shut(asset, given, partition, snapshot)]:
        return Blocked(tuple(shut))
    pins: list[Pin] = []
    missing: list[Reason] = []
    for given in asset.inputs:
        found = [pin for where in read_slices(asset, given, partition, snapshot) if (pin := _pin(where, snapshot))]
        pins.extend(found)
        if not found:
            missing.append(_reason("missing", asset, given, partition, snapshot))
    if missing:
        return Waiting(tuple(missing))
    return _decide_on(asset, partition, snapshot, tuple(pins), force)


def _decide_on(asset: AssetSpec, partition: str, snapshot: Snapshot, pins: tuple[Pin, ...], force: bool) -> Decision:
    head = snapshot.head(asset.key, partition)
    if force or not asset.inputs or head.number is None:
        return Open(pins)
    same_code = head.code_version == asset.code_version
    same_inputs = {(pin.asset, pin.partition): pin.number for pin in pins} == dict(head.inputs)
    if same_inputs and same_code and head.judged != "rejected":
        return Unchanged(head.number, pins)
    if asset.wants == "all" and same_code:
        stale = [given for given in asset.inputs if not _fresh(asset, given, partition, head, snapshot)]
        if stale:
            return Waiting(tuple(_reason("not_fresh", asset, given, partition, snapshot) for given in stale))
    return Open(pins)


def standing(key: str, partition: str, snapshot: Snapshot) -> Standing:
    """The standing of a slice: its own rejection first, else that of any ancestor it does not opt out of."""
    if snapshot.head(key, partition).judged == "rejected":
        return "rejected"
    if _unreadable(key, snapshot):
        return "blocked"
    return "blocked" if next(_rejections(key, partition, snapshot, set()), None) else "good"


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
    if given.on_rejected == "last_good":
        return []
    seen: set[Slice] = set()
    return [
        _no_good(head, given, snapshot)
        for where in read_slices(asset, given, partition, snapshot)
        for head in _rejected_at_or_above(*where, snapshot, seen)
    ]


def _no_good(head: Head, given: InputSpec, snapshot: Snapshot) -> Reason:
    if head.judged != "rejected" and _unreadable(head.asset, snapshot):
        return Reason("unreadable", head.asset, UNPARTITIONED, via=given.key)
    return Reason("rejected", head.asset, head.partition, head.failed_checks, via=given.key)


def _unreadable(key: str, snapshot: Snapshot) -> bool:
    """Whether nobody can tell what an asset stands on."""
    asset = snapshot.assets.get(key)
    return asset is not None and bool(asset.unreadable)


def _rejections(key: str, partition: str, snapshot: Snapshot, seen: set[Slice]) -> Iterator[Head]:
    """The heads above a slice that are rejected or cannot be told, each once, following only inputs that block."""
    asset = snapshot.assets.get(key)
    for given in asset.inputs if asset else ():
        if given.on_rejected == "block" and asset:
            for where in read_slices(asset, given, partition, snapshot):
                yield from _rejected_at_or_above(*where, snapshot, seen)


def _rejected_at_or_above(key: str, partition: str, snapshot: Snapshot, seen: set[Slice]) -> Iterator[Head]:
    if (key, partition) in seen:
        return
    seen.add((key, partition))
    head = snapshot.head(key, partition)
    if head.judged == "rejected" or _unreadable(key, snapshot):
        yield head
    yield from _rejections(key, partition, snapshot, seen)


def _pin(where: Slice, snapshot: Snapshot) -> Pin | None:
    head = snapshot.head(*where)
    if head.number is None or head.version_id is None:
        return None
    return Pin(*where, head.number, head.version_id)


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
