"""`lockgate show`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from lockgate.cli.app import app
from lockgate.cli.common import registered
from lockgate.cli.output import console, print_json
from lockgate.core.explain import owners_of
from lockgate.core.explain_text import moment
from lockgate.core.schedule import schedule_to_json
from lockgate.core.spec import AssetSpec, ColumnSpec, InputSpec
from lockgate.ledger import Ledger, PublishedVersion
from lockgate.settings import PLATFORM, ledger_url, project_root


@app.command()
def show(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The asset: team/asset.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what is deployed of an asset: owner, contract, checks, inputs, dependents, schedule, versions.

    Example: [bold]lockgate show delays/delay_by_weather[/bold]
    """
    with Ledger(ledger_url(PLATFORM, project_root())) as ledger:
        registry = ledger.registry()
        spec = registered(registry, key)
        versions = ledger.versions(key)
    if json:
        print_json(_data(spec, dependents(key, registry), versions))
    else:
        console.print(_table(spec, dependents(key, registry), versions), soft_wrap=False)


def dependents(key: str, registry: Mapping[str, AssetSpec]) -> list[str]:
    """Keys of the assets that read one, sorted."""
    return sorted(spec.key for spec in registry.values() if key in {given.key for given in spec.inputs})


def _data(spec: AssetSpec, dependents: list[str], versions: list[PublishedVersion]) -> dict[str, Any]:
    return {
        **spec.to_json(),
        "team": spec.team,
        "owners": list(owners_of(spec)),
        "dependents": dependents,
        "versions": [vars(version) for version in versions],
    }


def _table(spec: AssetSpec, dependents: list[str], versions: list[PublishedVersion]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, lines in _facts(spec, dependents, versions):
        for number, line in enumerate(lines):
            table.add_row("" if number else name, escape(line))
    return table


def _facts(
    spec: AssetSpec, dependents: list[str], versions: list[PublishedVersion]
) -> Iterable[tuple[str, Iterable[str]]]:
    yield spec.key, [spec.description or "-"]
    yield "owner", [f"team {spec.team}: {', '.join(owners_of(spec))}"]
    yield "partitions", [_mapping(spec.partitions.to_json())]
    yield "schedule", [_mapping(schedule_to_json(spec.schedule) or {})]
    if spec.contract:
        yield f"contract {spec.contract.name}", [*map(_column, spec.contract.columns), *spec.contract.rules]
    yield "checks", [f"{check.name} ({check.severity})" for check in spec.checks] or ["-"]
    yield "inputs", [_input(given) for given in spec.inputs] or ["-"]
    yield "shared with", [", ".join(spec.shared_with) or "-"]
    yield "dependents", dependents or ["-"]
    yield "versions", [_version(version) for version in versions] or ["-"]
    if spec.effect:
        yield "effect", ["it writes elsewhere; delivered at least once"]


def _mapping(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None) or "-"


def _column(column: ColumnSpec) -> str:
    marks = ["nullable"] * column.nullable + ["unique"] * column.unique
    return " ".join([f"{column.name}:", column.dtype, *marks, *column.rules])


def _input(given: InputSpec) -> str:
    marks = [] if given.on_rejected == "block" else ["read at its last good version while rejected"]
    if given.triggers is False:
        marks.append("does not start it")
    if given.trust == "pickle":
        marks.append("trusted: also read where it is a pickle")
    return f"{given.key} as {given.param}" + (f" ({', '.join(marks)})" if marks else "")


def _version(version: PublishedVersion) -> str:
    name = f"[{version.partition}] v{version.number}" if version.partition else f"v{version.number}"
    rows = "" if version.rows is None else f", {version.rows} rows"
    restored = "" if version.restores is None else f", restores v{version.restores}: {version.why}"
    withdrawn = ", withdrawn" if version.withdrawn_at else ""
    return f"{name}, {moment(version.published_at)}{rows}{restored}{withdrawn}"
