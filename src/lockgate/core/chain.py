"""Chains: the slices of several assets of one team, in the order in which one flow run can make them.

What a slice needs is still decided at its own gate, from the ledger. The order only sees to it that the gate is not
asked before the inputs that the same run makes are settled.
"""

import graphlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lockgate.core.errors import GraphCycle, PartitionMismatch
from lockgate.core.gate import Slice
from lockgate.core.partitions import UNPARTITIONED, Daily, Static, input_partition
from lockgate.core.spec import AssetSpec


@dataclass(frozen=True)
class Link:
    """One slice of a chain.

    Attributes:
        spec: The asset.
        partition: Its partition.
        after: The slices of the same chain that it reads.
    """

    spec: AssetSpec
    partition: str
    after: tuple[Slice, ...]

    @property
    def slice(self) -> Slice:
        """Key and partition."""
        return self.spec.key, self.partition


def make_chain(specs: Iterable[AssetSpec], partition: str, *, day: str | None = None) -> tuple[Link, ...]:
    """The slices to run, each after those it reads.

    Args:
        specs: The chosen assets, of one team.
        partition: The partition of every partitioned one; if "", a static asset runs all of its partitions,
            a daily one ``day``.
        day: The day a schedule is for.

    Raises:
        PartitionMismatch: If an asset has no such partition, or a daily one is given no day.
        GraphCycle: If the assets depend on each other in a circle.
    """
    chosen = {spec.key: spec for spec in specs}
    slices = {spec.key: [(spec.key, name) for name in _partitions(spec, partition, day)] for spec in chosen.values()}
    links = {
        where: Link(spec, where[1], tuple(_read(spec, where[1], chosen, slices)))
        for spec in chosen.values()
        for where in slices[spec.key]
    }
    try:
        ordered = list(graphlib.TopologicalSorter({where: link.after for where, link in links.items()}).static_order())
    except graphlib.CycleError as error:
        cycle = " -> ".join(dict.fromkeys(key for key, _ in error.args[1]))
        raise GraphCycle(f"assets depend on themselves: {cycle}.", cure="Remove one of these inputs.") from None
    return tuple(links[where] for where in ordered)


def _partitions(spec: AssetSpec, partition: str, day: str | None) -> Sequence[str]:
    match spec.partitions:
        case Static(names=names) if partition == UNPARTITIONED:
            return names
        case Daily() if partition == UNPARTITIONED and day is None:
            raise PartitionMismatch(f"{spec.key} runs by day.", cure="Say which: --partition 2013-01-05.")
        case Daily() | Static():
            wanted = partition or day or ""
        case _:
            return (UNPARTITIONED,)
    try:
        spec.partitions.validate(wanted)
    except PartitionMismatch as error:
        raise PartitionMismatch(f"{spec.key}: {error.message}", cure=error.cure, asset=spec.key) from None
    return (wanted,)


def _read(
    spec: AssetSpec, partition: str, chosen: Mapping[str, AssetSpec], slices: Mapping[str, list[Slice]]
) -> Iterable[Slice]:
    for given in spec.inputs:
        source = chosen.get(given.key)
        if source is None:
            continue
        if spec.fans_in(source):
            yield from slices[given.key]
        elif (where := (given.key, input_partition(source.partitions, partition))) in slices[given.key]:
            yield where


def starts_elsewhere(key: str, chosen: Iterable[str], team: Iterable[AssetSpec]) -> bool:
    """Whether a new version of an asset should start runs within its own team, beside a chain that made it.

    Args:
        key: The asset.
        chosen: Keys of the chain's assets.
        team: All assets of the team.
    """
    covered = set(chosen)
    return any(given.key == key for spec in team if spec.key not in covered for given in spec.inputs)
