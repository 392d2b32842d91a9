"""`lockgate init` and `lockgate new`."""

from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.common import checked_name
from lockgate.cli.output import building, console, errors
from lockgate.core.errors import LockgateError
from lockgate.scaffold.asset import add_asset
from lockgate.scaffold.project import new_project
from lockgate.scaffold.team import FIRST_ASSET, new_team
from lockgate.settings import project_root

new = typer.Typer(help="Make a team, or an asset in a team.", no_args_is_help=True)
app.add_typer(new, name="new")


@app.command()
def init() -> None:
    """Make the empty folder you are in a lockgate project, with the platform's own files and a first team.

    Example: [bold]mkdir platform && cd platform && lockgate init[/bold]
    """
    root = Path.cwd()
    errors.print("Making the project and locking its first team's dependencies ...")
    folder = new_project(root)
    _generate(root, folder.name)
    _say("Made:", [path for path in sorted(root.iterdir()) if not path.name.startswith(".")], root)
    _next(f"lockgate test {folder.name}", "lockgate up --detach", f"lockgate run {folder.name}/{FIRST_ASSET} --wait")


@new.command()
def team(name: Annotated[str, typer.Argument(help="Lower case letters, digits and underscores.")]) -> None:
    """Make a working team: asset, contract, check, test, README, environment. Only its own folder is touched.

    Example: [bold]lockgate new team harbour[/bold]
    """
    root = project_root()
    name = checked_name(name, "team")
    errors.print(f"Making team {name} and locking its dependencies ...")
    folder = new_team(root, name)
    _generate(root, name)
    _say("Made:", [folder], root)
    _next(f"lockgate test {name}", "lockgate up --detach", f"lockgate run {name}/{FIRST_ASSET} --wait")


@new.command()
def asset(
    team: Annotated[str, typer.Argument(help="The team.")],
    name: Annotated[str, typer.Argument(help="Lower case letters, digits and underscores.")],
) -> None:
    """Add an asset with contract, check and test to a team's files.

    Example: [bold]lockgate new asset harbour arrivals[/bold]
    """
    root = project_root()
    changed = add_asset(root, checked_name(team, "team"), checked_name(name, "asset"))
    _generate(root, team)
    _say("Changed:", changed, root)
    _next(f"lockgate test {team}", f"lockgate deploy {team}", f"lockgate run {team}/{name} --wait")


def _generate(root: Path, team: str) -> None:
    """Write the team's Prefect file."""
    from lockgate.orchestration.generate import generate_files

    result = generate_files(root, [team], building)[team]
    if isinstance(result, LockgateError):
        raise result


def _say(what: str, paths: list[Path], root: Path) -> None:
    console.print(what)
    for path in paths:
        console.print(f"  {path.relative_to(root)}{'/' if path.is_dir() else ''}", markup=False)


def _next(*commands: str) -> None:
    console.print("Next:")
    for command in commands:
        console.print(f"  {command}", markup=False)
