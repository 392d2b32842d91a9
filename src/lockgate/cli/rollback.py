"""`lockgate rollback` and `lockgate waive`: what an owner decides, with a reason, for the record."""

import asyncio
import datetime
import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lockgate.cli.app import app
from lockgate.cli.common import check_partition, prefect_client, registered
from lockgate.cli.output import console, print_json
from lockgate.core.errors import PlatformError, UsageError
from lockgate.core.keys import label
from lockgate.ledger import Ledger, Published
from lockgate.settings import PLATFORM, ledger_url, project_root

Key = Annotated[str, typer.Argument(metavar="KEY", help="The asset: team/asset.")]
Partition = Annotated[str, typer.Option("--partition", "-p", help="The slice.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def rollback(
    key: Key,
    partition: Partition = "",
    to: Annotated[int | None, typer.Option("--to", min=1, help="The version; the one before if left out.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, for the record.")] = "",
    json: Json = False,
) -> None:
    """Make an earlier published version current again, as a new version; its dependents run on it.

    Versions in between are withdrawn. A standing rejection is cleared; attempts under way cannot publish any more.

    Example: [bold]lockgate rollback weather/observations -p 2013-01-05 --why "wrong unit"[/bold]
    """
    root = project_root()
    with _owner(root, key, partition) as ledger:
        target = to or _before(ledger, key, partition)
        restored = ledger.rollback(key, partition, to_number=target, why=_signed(why or f"back to version {target}"))
        announced = asyncio.run(_announce(root, ledger, key, partition, restored))
    where = label(key, partition)
    if json:
        print_json({"asset": key, "partition": partition, "version": restored.number, "restores": target})
        return
    console.print(f"{where}: version {restored.number} is current, with the data of version {target}.", markup=False)
    if not announced:
        console.print("Prefect's API does not answer: the sweep will start its dependents.")


@app.command()
def waive(
    key: Key,
    check: Annotated[str, typer.Option("--check", help="The failing check.")],
    until: Annotated[str, typer.Option("--until", help="When it ends: 2013-01-05 or 2013-01-05T18:00, UTC.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for the record.")],
    partition: Partition = "",
    json: Json = False,
) -> None:
    """Let one failing check pass, for one partition, until a time at most 30 days away. Recorded for ever.

    What stands rejected stays so until it runs again.

    Example: [bold]lockgate waive weather/observations -p 2013-01-05 --check complete --until 2013-01-06 --why "station
    is down"[/bold]
    """
    end = _time(until)
    with _owner(project_root(), key, partition) as ledger:
        ledger.waive(key, partition, check=check, until=end, why=_signed(why))
    if json:
        print_json({"asset": key, "partition": partition, "check": check, "until": end})
        return
    where = label(key, partition)
    console.print(f"{where}: check {check} is waived until {end:%Y-%m-%d %H:%M} UTC. Run it again.", markup=False)


@contextmanager
def _owner(root: Path, key: str, partition: str) -> Iterator[Ledger]:
    """The ledger with the login of the team that owns the asset."""
    with Ledger(ledger_url(PLATFORM, root)) as reader:
        check_partition(registered(reader.registry(), key), partition)
    with Ledger(ledger_url(key.partition("/")[0], root)) as ledger:
        yield ledger


def _before(ledger: Ledger, key: str, partition: str) -> int:
    """The number of the last good version before the current one."""
    current = ledger.version(key, partition)
    earlier = [
        version.number
        for version in ledger.versions(key, partition, limit=1000)
        if version.withdrawn_at is None and current and version.number < current.number
    ]
    if not earlier:
        raise UsageError(
            f"{label(key, partition)} has no version before the current one.",
            cure=f"See: lockgate history {key}",
            asset=key,
        )
    return max(earlier)


async def _announce(root: Path, ledger: Ledger, key: str, partition: str, restored: Published) -> bool:
    from lockgate.orchestration.announce import announce

    if restored.number is None or restored.version_id is None:
        return False
    try:
        async with prefect_client(root):
            await announce(ledger, key, partition, restored.number, restored.version_id)
    except PlatformError:
        return False
    return True


def _signed(why: str) -> str:
    """The reason with the name of who gave it, as the operating system has it."""
    try:
        return f"{why} ({getpass.getuser()})" if why.strip() else why
    except (KeyError, OSError):
        return why  # a container's user need not have a name; the ledger records the login anyway


def _time(text: str) -> datetime.datetime:
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--until {text!r} is not a time.", cure="Write 2013-01-05 or 2013-01-05T18:00.") from None
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)
