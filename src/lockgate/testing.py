"""Unit tests for a team's assets: run them with their checks in memory, no server, no database.

    materialize        run one asset on given inputs
    materialize_chain  run several, each on what those before it published
    check_value        run only the contract and the checks, on a value of your own

Example:
    >>> result = materialize(observations, partition="2013-01-05")
    >>> assert result.outcome == "published", result.verdicts
"""

import graphlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from lockgate.core.asset import Asset
from lockgate.core.calling import asks_for, call
from lockgate.core.check import CONTRACT, Verdict
from lockgate.core.errors import GraphCycle, UsageError
from lockgate.core.isolate import isolated
from lockgate.core.metadata import kept_metadata
from lockgate.core.partitions import UNPARTITIONED, Unpartitioned, is_fan_in


@dataclass(frozen=True)
class Materialized:
    """What came of running one asset in memory.

    Attributes:
        outcome: ``published`` if no ``error`` check failed, else ``rejected``; ``blocked`` in a chain, after one of
            these.
        value: What the function returned, as the contract left it.
        metadata: What it returned beside the value.
        verdicts: Per check, its verdict; the contract's under ``contract``.
    """

    outcome: Literal["published", "rejected", "blocked"]
    value: Any
    metadata: Mapping[str, Any]
    verdicts: Mapping[str, Verdict]

    @property
    def failed(self) -> set[str]:
        """Names of the checks that did not pass, warnings included."""
        return {name for name, verdict in self.verdicts.items() if not verdict.passed}


def materialize(asset: Asset, *, partition: str = "", **inputs: Any) -> Materialized:
    """Run an asset's function on given inputs and check what it returns.

    Args:
        asset: The asset.
        partition: The partition to run, needed if the asset has partitions.
        inputs: One value per input, by parameter name.

    Raises:
        UsageError: If an input is missing or unknown.
        PartitionMismatch: If the asset has no such partition.
        DefinitionError: If it returned nothing and is no effect, or is one and returned something.
    """
    asset.partitions.validate(partition)
    names = {given.param for given in asset.inputs}
    if wrong := sorted(names ^ set(inputs)):
        raise UsageError(
            f"{asset.key} takes the inputs {', '.join(sorted(names)) or 'none'}; {', '.join(wrong)} do not match.",
            cure="Give each input once, by its parameter's name.",
            asset=asset.key,
        )
    known = {**inputs, "partition": partition}
    asked = asks_for(asset.fn)
    returned = call(asset.fn, **{name: value for name, value in known.items() if name in asked})
    output = asset.output_of(returned)
    metadata = kept_metadata(output.metadata, asset.key)
    return check_value(asset, output.value, partition=partition, metadata=metadata, **inputs)


def check_value(
    asset: Asset, value: Any, *, partition: str = "", metadata: Mapping[str, Any] | None = None, **inputs: Any
) -> Materialized:
    """Run only an asset's contract and checks, on a value of your own: feed it a bad one.

    Args:
        asset: The asset.
        value: The value its function might have returned.
        partition: The partition it would be for.
        metadata: Passed on to the result.
        inputs: What the asset's checks ask for, by parameter name.

    Raises:
        UnsupportedValue: If nothing rejects the value, and it cannot be stored.
    """
    from lockgate.store import UnsupportedValue, encode  # pyarrow takes long to import, and not every test needs it

    applied = asset.contract.apply(value) if asset.contract else None
    made = applied.value if applied else value
    unsupported = None
    try:
        judged = encode(made).decoded()
    except UnsupportedValue as error:
        judged, unsupported = made, error
    known = {**inputs, "partition": partition}
    verdicts: dict[str, Verdict] = {}
    if asset.contract and applied:
        verdicts[CONTRACT] = asset.contract.run(replace(applied, value=judged))
    for check in asset.checks:
        verdicts[check.name] = check.judge(judged, known)
    rejected = any(verdict.blocks for verdict in verdicts.values())
    if unsupported and not rejected:
        raise unsupported
    return Materialized("rejected" if rejected else "published", made, metadata or {}, verdicts)


def materialize_chain(
    assets: Iterable[Asset], *, partition: str = "", inputs: Mapping[str, Any] | None = None
) -> dict[str, Materialized]:
    """Run several assets of a team, each on what those before it published; the gate holds as in a real run.

    Args:
        assets: The assets, in any order.
        partition: The partition of those that have partitions.
        inputs: What they read beside each other, by key: ``{"weather/observations": frame}``. An unpartitioned asset
            reads a partitioned one as a dict from partition to value, here as everywhere.

    Returns:
        Per key what came of it, in the order they ran. Who reads a rejected or blocked one is ``blocked``: its
        function is not called, it has no value and no verdicts.

    Raises:
        UsageError: If an input is missing, or one is given that nobody reads.
        PartitionMismatch: If an asset has no such partition.
        GraphCycle: If the assets read each other in a circle.
    """
    chain = {asset.key: asset for asset in assets}
    given = inputs or {}
    _check_given(chain, given)
    results: dict[str, Materialized] = {}
    for key in _producers_first(chain):
        asset, slice_ = chain[key], partition if _is_partitioned(chain[key]) else UNPARTITIONED
        if any(results[read.key].outcome != "published" for read in asset.inputs if read.key in results):
            results[key] = Materialized("blocked", None, {}, {})
            continue
        values = {
            read.param: _made(chain[read.key], asset, results[read.key].value, partition)
            if read.key in results
            else given[read.key]
            for read in asset.inputs
        }
        results[key] = materialize(asset, partition=slice_, **values)
    return results


def _check_given(chain: Mapping[str, Asset], given: Mapping[str, Any]) -> None:
    outside = {read.key for asset in chain.values() for read in asset.inputs} - chain.keys()
    if wrong := sorted(outside ^ given.keys()):
        raise UsageError(
            f"The chain reads {', '.join(sorted(outside)) or 'nothing'}; {', '.join(wrong)} do not match.",
            cure="Give each asset that is read and is not in the chain once, by its key.",
        )


def _producers_first(chain: Mapping[str, Asset]) -> list[str]:
    reads = {key: {read.key for read in asset.inputs} & chain.keys() for key, asset in chain.items()}
    try:
        return list(graphlib.TopologicalSorter(reads).static_order())
    except graphlib.CycleError as error:
        raise GraphCycle(f"The assets depend on themselves: {' -> '.join(error.args[1])}.") from None


def _is_partitioned(asset: Asset) -> bool:
    return not isinstance(asset.partitions, Unpartitioned)


def _made(source: Asset, reader: Asset, value: Any, partition: str) -> Any:
    """A private copy of what the chain made, as its reader receives it."""
    private = isolated(value)
    return {partition: private} if is_fan_in(reader.partitions, source.partitions) else private
