"""`lockgate up` and `lockgate down`."""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.output import building, console, errors, print_json, progress, warn
from lockgate.cli.working import working
from lockgate.embedded.home import Home
from lockgate.embedded.services import purge_services, stop_services
from lockgate.embedded.supervisor import Supervisor
from lockgate.settings import home_of, project_root


@app.command(name="up")
def up_command(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when all is ready.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Start the platform: database, broker, Prefect server, ledger, pools, deployments, workers.

    Safe to repeat: what runs is left alone. LOCKGATE_DATABASE_URL, LOCKGATE_BROKER_URL and PREFECT_API_URL,
    where set, are used instead of the embedded services. LOCKGATE_PORT fixes the port of Prefect's UI. What dies is
    started again until `lockgate down`.

    Example: [bold]lockgate up --detach[/bold]
    """
    from lockgate.platform.up import up
    from lockgate.platform.watch import NAME

    root = project_root()
    errors.print("Starting the platform:")
    with working("starting"):
        platform = asyncio.run(up(root, progress, building))
    for team, error in platform.broken.items():
        errors.print(f"[red]✗[/red] {team} is not deployed: {error}")
    if json:
        print_json({"api_url": platform.api_url, "ui_url": platform.ui_url, "home": str(platform.home.path),
                    "broken": {team: str(error) for team, error in platform.broken.items()}})  # fmt: skip
    else:
        console.print(f"Prefect's UI: {platform.ui_url}")
        console.print(f"For Prefect's own commands: export PREFECT_API_URL={platform.api_url}")
    if Supervisor(platform.home).running(NAME):
        errors.print("It runs on by itself. To end it: lockgate down")
    elif detach:
        watch = [sys.executable, "-m", "lockgate.platform.watch"]
        Supervisor(platform.home).start(NAME, watch, environment=dict(os.environ), folder=root)
    else:
        _watch_until_the_end(root, platform.home)
    raise typer.Exit(1 if platform.broken else 0)


def _watch_until_the_end(root: Path, home: Home) -> None:
    from lockgate.platform.watch import PERIOD_SECONDS, Watch

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    errors.print("Ctrl-C ends it.")
    watch = Watch(root, home, warn)
    while not ended.wait(PERIOD_SECONDS):
        for name in watch.look():
            errors.print(f"[yellow]![/yellow] {name} had died: started again")
    errors.print("Stopping:")
    with working("stopping"):
        stop_services(home, progress)


@app.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Delete all local data too.")] = False,
) -> None:
    """End all that `up` started, and only that; also after a crash.

    Example: [bold]lockgate down[/bold]
    """
    home = home_of(project_root())
    if purge:
        with working("stopping"):
            purge_services(home)
        errors.print(f"Stopped and deleted {home.path}.", markup=False)
        return
    with working("stopping"):
        stop_services(home, progress)
