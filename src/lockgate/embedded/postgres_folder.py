"""Where the embedded PostgreSQL keeps its data: in the home, or where its account can reach it."""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from lockgate.core.errors import PlatformError
from lockgate.embedded.account import Account, can_reach
from lockgate.embedded.home import Home

# Open to all and, unlike /tmp, kept over a restart; what is found there is checked before it is used.
_ELSEWHERE = Path("/var/tmp").resolve()  # noqa: S108


def postgres_folder(home: Home, account: Account | None) -> Path:
    """The folder that holds, or will hold, the data of a home's PostgreSQL.

    Args:
        home: The home.
        account: Who runs PostgreSQL; None for the caller.

    Returns:
        ``postgres`` in the home, unless that account cannot pass through the folders above the home (a
        project under ``/root``): then a folder in ``/var/tmp`` that bears a digest of the home's path.
    """
    if account is None or can_reach(home.path.parent, account):
        return home.path / "postgres"
    return _elsewhere(home)


def prepare_folder(home: Home, account: Account | None) -> Path:
    """Create that folder and let the account, and nobody else, pass to it.

    Args:
        home: The home; it exists.
        account: Who runs PostgreSQL; None for the caller.

    Returns:
        The folder. Its owner is the caller; the data folder within is the account's.

    Raises:
        PlatformError: If the folder outside the home is there and was not made by us.
    """
    folder = postgres_folder(home, account)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PlatformError(
            f"The folder {folder} is not lockgate's own (it belongs to uid {status.st_uid}).",
            cure="Look at what it is, and remove it.",
        )
    if account is not None:
        _open_to_group(folder, account)
        if folder.parent == home.path:
            _open_to_group(home.path, account)
    return folder


def remove_folders(home: Home) -> None:
    """Delete the data of a home's PostgreSQL, wherever it was put.

    Args:
        home: The home, its PostgreSQL stopped.
    """
    for folder in (home.path / "postgres", _elsewhere(home)):
        if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
            shutil.rmtree(folder)


def _elsewhere(home: Home) -> Path:
    return _ELSEWHERE / f"lockgate-{hashlib.sha256(str(home.path).encode()).hexdigest()[:16]}"


def _open_to_group(folder: Path, account: Account) -> None:
    os.chown(folder, -1, account.group)
    folder.chmod(0o710)
