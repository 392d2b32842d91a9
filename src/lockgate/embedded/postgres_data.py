"""The data folder of a PostgreSQL server: making it, knowing its version, seeing who works in it."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lockgate.core.errors import PlatformError
from lockgate.embedded.account import Account
from lockgate.embedded.home import PURGE
from lockgate.embedded.postgres_binaries import ENVIRONMENT, Binaries


@dataclass(frozen=True)
class PidFile:
    """What a server writes about itself into ``postmaster.pid``, left behind if it is killed.

    Args:
        pid: Of the server.
        port: On which it listens.
        ready: Whether it accepts connections.
    """

    pid: int
    port: int
    ready: bool

    @classmethod
    def read(cls, data: Path) -> "PidFile | None":
        """Read it.

        Args:
            data: The data folder.

        Returns:
            None if there is none, or the server has not yet written its port.
        """
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        if len(lines) < 4 or not lines[0].isdecimal() or not lines[3].isdecimal():
            return None
        return cls(int(lines[0]), int(lines[3]), len(lines) > 7 and lines[7].strip() == "ready")


def initialise(
    data: Path, binaries: Binaries, *, user: str, password: str, account: Account | None, durable: bool
) -> None:
    """Make a data folder whose server asks everybody for a password.

    Args:
        data: The folder, which does not exist yet; its parent does.
        binaries: PostgreSQL's programs.
        user: Name of the superuser.
        password: Its password.
        account: Who runs PostgreSQL; None for the caller.
        durable: False if the new files need not be forced to disk.

    Raises:
        PlatformError: If initdb fails, with what it said.
    """
    # Made aside and renamed: data that a killed initdb left unfinished is never started on.
    draft = data.with_name("data.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as password_file:
        password_file.write(password)
        password_file.flush()
        if account:
            os.chown(draft, *account.ids)
            os.chown(password_file.name, *account.ids)
        done = subprocess.run(
            [
                *(binaries.folder / "initdb", "-D", draft, "-U", user, f"--pwfile={password_file.name}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"),
                *([] if durable else ["--no-sync"]),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            env=ENVIRONMENT,
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
        )
    if done.returncode:
        raise PlatformError(f"PostgreSQL could not be initialised in {data}: {done.stderr.strip()[-500:]}")
    draft.rename(data)


def check_version(data: Path, binaries: Binaries) -> None:
    """Make sure that the programs can read the data.

    Args:
        data: The data folder.
        binaries: PostgreSQL's programs.

    Raises:
        PlatformError: If the data is of another major version, or no PostgreSQL data.
    """
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise PlatformError(f"The folder {data} holds no PostgreSQL data.", cure=PURGE) from error
    if found != str(binaries.major):
        raise PlatformError(
            f"The data in {data} is of PostgreSQL {found}, but this machine has {binaries.major}.",
            cure=f"Install PostgreSQL {found}, or begin anew: {PURGE}",
        )
