"""`lockgate generate` and `lockgate deploy`."""

import asyncio
from collections.abc import Callable
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.common import chosen_teams, prefect_client
from lockgate.cli.output import building, console, errors, print_json
from lockgate.core.errors import LockgateError
from lockgate.ledger import Registered
from lockgate.orchestration.generate import generate_files
from lockgate.settings import project_root, team_folder

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
def deploy(teams: Teams = None, json: Json = False) -> None:
    """Validate teams as a whole, then register and deploy them; a team that is wrong changes nothing.

    Example: [bold]lockgate deploy weather flights[/bold]
    """
    root = project_root()
    results: dict[str, Registered | LockgateError] = {}
    complete = asyncio.run(_deploy(chosen_teams(root, teams), results.__setitem__ if json else _print))
    if json:
        print_json({team: _json(result) for team, result in results.items()})
    raise typer.Exit(0 if complete else 1)


async def _deploy(teams: list[str], report: Callable[[str, Registered | LockgateError], None]) -> bool:
    from lockgate.orchestration.deploy import deploy_teams
    from lockgate.orchestration.pools import ensure_pool, read_template

    root = project_root()
    template = read_template(root)
    async with prefect_client(root) as client:
        for team in teams:
            await ensure_pool(client, team, template, team_folder(root, team))
        return await deploy_teams(root, teams, client, report, building)


def _json(result: Registered | LockgateError) -> dict[str, object]:
    return {"error": str(result)} if isinstance(result, LockgateError) else vars(result)


def _print(team: str, result: Registered | LockgateError) -> None:
    if isinstance(result, LockgateError):
        errors.print(f"[red]✗[/red] {team}: {result}")
        return
    changes = [f"{len(keys)} {what}" for what, keys in vars(result).items() if keys]
    console.print(f"[green]✓[/green] {team}: {', '.join(changes) or 'no assets'}")
