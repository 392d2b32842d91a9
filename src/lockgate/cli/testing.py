"""`lockgate test`."""

import subprocess
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.common import chosen_teams
from lockgate.cli.output import building, console, errors
from lockgate.core.errors import LockgateError
from lockgate.environments import ensure_environment
from lockgate.settings import project_root, team_folder


@app.command(name="test")
def run_tests(
    teams: Annotated[list[str] | None, typer.Argument(metavar="[TEAM]...", help="Teams; all if none is named.")] = None,
) -> None:
    """Run each team's tests in the team's own environment, which is built first where it must be.

    Example: [bold]lockgate test weather[/bold]
    """
    root = project_root()
    passed = [_test(team_folder(root, team)) for team in chosen_teams(root, teams)]
    raise typer.Exit(0 if all(passed) else 1)


def _test(folder: Path) -> bool:
    if not (folder / "tests").is_dir():
        console.print(f"{folder.name}: has no tests")
        return True
    try:
        python = ensure_environment(folder, building)
    except LockgateError as error:
        errors.print(f"[red]✗[/red] {folder.name}: ", end="")
        errors.print(str(error), markup=False)
        return False
    console.print(f"{folder.name}:")
    return subprocess.run([python, "-m", "pytest", "-q", "--no-header"], cwd=folder, check=False).returncode == 0
