"""`lockgate generate`, `lockgate plan` and `lockgate deploy`."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.cli.app import app
from lockgate.cli.common import chosen_teams, prefect_client
from lockgate.cli.output import building, console, errors, harmless, print_json
from lockgate.cli.plan import print_deployed, print_plan
from lockgate.core.changes import Change
from lockgate.core.errors import LockgateError
from lockgate.orchestration.generate import generate_files
from lockgate.settings import PLATFORM, project_root

if TYPE_CHECKING:
    from lockgate.orchestration.deploy import Result

SOMETHING_TO_DO = 10
Teams = Annotated[list[str] | None, typer.Argument(metavar="[TEAM]...", help="Teams; all if none is named.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def generate(teams: Teams = None, json: Json = False) -> None:
    """Write teams/TEAM/prefect.yaml from the team's code.

    Example: [bold]lockgate generate weather[/bold]
    """
    root = project_root()
    written = generate_files(root, chosen_teams(root, teams), building)
    if json:
        print_json({team: str(result) for team, result in written.items()})
    else:
        for team, result in written.items():
            (errors if isinstance(result, LockgateError) else console).print(f"{team}: {result}", markup=False)
    if any(isinstance(result, LockgateError) for result in written.values()):
        raise typer.Exit(1)


@app.command()
def plan(
    teams: Teams = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 10 if there is something to do.")] = False,
    json: Json = False,
) -> None:
    """Show what a deploy would change; nothing is changed. `deploy` carries out exactly this.

    Example: [bold]lockgate plan weather --exit-code[/bold]
    """
    results = asyncio.run(_plan(chosen_teams(project_root(), teams)))
    if json:
        print_json({team: _json(result) for team, result in results.items()})
    else:
        for team, result in results.items():
            print_plan(team, result)
    if any(isinstance(result, LockgateError) for result in results.values()):
        raise typer.Exit(1)
    raise typer.Exit(SOMETHING_TO_DO if exit_code and any(map(_changes, results.values())) else 0)


@app.command()
def deploy(teams: Teams = None, json: Json = False) -> None:
    """Validate teams as a whole, then register and deploy them; a team that is wrong changes nothing.

    `lockgate deploy platform` deploys the platform's own flows.

    Example: [bold]lockgate deploy weather flights[/bold]
    """
    root = project_root()
    if teams == [PLATFORM]:
        asyncio.run(_deploy_platform(root))
        return
    results: dict[str, Result] = {}
    complete = asyncio.run(
        _deploy(chosen_teams(root, teams), results.__setitem__ if json else harmless(print_deployed))
    )
    if json:
        print_json({team: _json(result) for team, result in results.items()})
    raise typer.Exit(0 if complete else 1)


async def _plan(teams: list[str]) -> "dict[str, Result]":
    root = project_root()
    async with prefect_client(root) as client:
        from lockgate.orchestration.plan import plan_teams

        return await plan_teams(root, teams, client, building)


async def _deploy_platform(root: Path) -> None:
    async with prefect_client(root) as client:
        from lockgate.orchestration.deploy import deploy_platform

        await deploy_platform(root, client)


async def _deploy(teams: list[str], report: "Callable[[str, Result], None]") -> bool:
    root = project_root()
    async with prefect_client(root) as client:
        from lockgate.orchestration.deploy import deploy_teams

        return await deploy_teams(root, teams, client, report, building)


def _changes(result: "Result") -> Sequence[Change]:
    return () if isinstance(result, LockgateError) else result.changes


def _json(result: "Result") -> dict[str, Any]:
    return {"error": str(result)} if isinstance(result, LockgateError) else {"changes": result.to_json()}
