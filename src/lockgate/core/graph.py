"""What must hold between assets: inputs exist, are shared, fit by partition, and form no cycle."""

import graphlib
from collections.abc import Iterable, Mapping

from lockgate.core.errors import DefinitionError, GraphCycle, NotShared, PartitionMismatch, UnknownInput
from lockgate.core.partitions import fit
from lockgate.core.spec import AssetSpec, InputSpec


def check_graph(team: Iterable[AssetSpec], others: Mapping[str, AssetSpec]) -> None:
    """Check one team's assets against everybody else's.

    Args:
        team: All assets of the team, as they are about to be deployed.
        others: The registered assets of the other teams by key.

    Raises:
        UnknownInput: If an input names no asset.
        NotShared: If an input's owner does not share it with this team.
        PartitionMismatch: If an asset's and its input's partitions do not fit.
        GraphCycle: If an asset depends on itself through any number of others.
    """
    own = {spec.key: spec for spec in team}
    known = {**own, **others}
    for spec in own.values():
        for given in spec.inputs:
            _check_input(spec, given, known)
    _check_cycles(known)


def registrable(team: Iterable[AssetSpec], others: Mapping[str, AssetSpec]) -> dict[str, AssetSpec]:
    """Those of a team's assets whose inputs, direct or not, are there, shared and fitting, by key.

    Args:
        team: All assets of the team, as they are about to be deployed.
        others: The registered assets of the other teams by key.
    """
    own = {spec.key: spec for spec in team}
    while lacking := [key for key, spec in own.items() if not _can_be_registered(spec, {**own, **others})]:
        own = {key: spec for key, spec in own.items() if key not in lacking}
    return own


def _can_be_registered(spec: AssetSpec, known: Mapping[str, AssetSpec]) -> bool:
    try:
        for given in spec.inputs:
            _check_input(spec, given, known)
    except DefinitionError:
        return False
    return True


def _check_input(spec: AssetSpec, given: InputSpec, known: Mapping[str, AssetSpec]) -> None:
    source = known.get(given.key)
    if source is None:
        raise UnknownInput(
            f"{spec.key} reads {given.key}, which is not registered.",
            cure=f"Mend the key, or let its owner run: lockgate deploy {given.key.partition('/')[0]}",
            asset=spec.key,
        )
    if source.unreadable:
        raise UnknownInput(
            f"{spec.key} reads {given.key}: {source.unreadable}",
            cure=f"Let its owner run: lockgate deploy {source.team}",
            asset=spec.key,
        )
    if not source.readable_by(spec.team):
        raise NotShared(
            f"{spec.key} reads {given.key}, which team {source.team} does not share with {spec.team}.",
            cure=f'Let team {source.team} add "{spec.team}" to shared_with of {source.name} and deploy.',
            asset=spec.key,
        )
    if not fit(spec.partitions, source.partitions):
        raise PartitionMismatch(
            f"{spec.key} is partitioned otherwise than its input {given.key}.",
            cure="Give both the same partitions, or make one of them unpartitioned.",
            asset=spec.key,
        )


def _check_cycles(known: Mapping[str, AssetSpec]) -> None:
    reads = {key: [given.key for given in spec.inputs] for key, spec in known.items()}
    try:
        graphlib.TopologicalSorter(reads).prepare()
    except graphlib.CycleError as error:
        cycle = error.args[1][::-1]
        raise GraphCycle(
            f"assets depend on themselves: {' -> '.join(cycle)}.", cure="Remove one of these inputs.", asset=cycle[0]
        ) from None
