"""Unit tests for a team's assets: run one asset with its checks in memory, no server, no database.

Example:
    >>> result = materialize(observations, partition="2013-01-05")
    >>> assert result.outcome == "published", result.verdicts
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lockgate.core.asset import Asset, Output
from lockgate.core.check import CONTRACT, Verdict
from lockgate.core.errors import UsageError
from lockgate.core.isolate import isolated


@dataclass(frozen=True)
class Materialized:
    """What came of running one asset in memory.

    Attributes:
        outcome: ``published`` if no ``error`` check failed, else ``rejected``.
        value: What the function returned, as the contract left it.
        metadata: What it returned beside the value.
        verdicts: Per check, its verdict; the contract's under ``contract``.
    """

    outcome: Literal["published", "rejected"]
    value: Any
    metadata: Mapping[str, Any]
    verdicts: Mapping[str, Verdict]


def materialize(asset: Asset, *, partition: str = "", **inputs: Any) -> Materialized:
    """Run an asset's function on given inputs and check what it returns.

    Args:
        asset: The asset.
        partition: The partition to run, needed if the asset has partitions.
        inputs: One value per input, by parameter name.

    Raises:
        UsageError: If an input is missing or unknown.
        PartitionMismatch: If the asset has no such partition.
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
    asked = set(inspect.signature(asset.fn).parameters)
    returned = asset.fn(**{name: value for name, value in known.items() if name in asked})
    output = returned if isinstance(returned, Output) else Output(returned)
    return check_value(asset, output.value, partition=partition, metadata=output.metadata, **inputs)


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
    """
    applied = asset.contract.apply(value) if asset.contract else value
    known = {**inputs, "partition": partition}
    verdicts = {CONTRACT: asset.contract.run(applied)} if asset.contract else {}
    for check in asset.checks:
        verdicts[check.name] = check.run(isolated(applied), known)
    rejected = any(verdict.blocks for verdict in verdicts.values())
    return Materialized("rejected" if rejected else "published", applied, metadata or {}, verdicts)
