"""The unprivileged account PostgreSQL runs under when lockgate is run by root, and what it can reach.

PostgreSQL refuses to run as root, and root is who one is in most containers.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

# What "nobody" is on nearly every system, for those (minimal images) whose user database lacks it.
_NOBODY = 65534


@dataclass(frozen=True)
class Account:
    """A user and its group, by number.

    Args:
        user: Numeric user id.
        group: Numeric group id.
    """

    user: int
    group: int

    @property
    def ids(self) -> tuple[int, int]:
        """User and group, as the process functions take them."""
        return self.user, self.group


def unprivileged() -> Account | None:
    """The account to run PostgreSQL under.

    Returns:
        None if we are not root and run it ourselves; else "nobody".
    """
    if os.getuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
        return Account(entry.pw_uid, entry.pw_gid)
    except KeyError:
        return Account(_NOBODY, _NOBODY)


def can_reach(folder: Path, account: Account) -> bool:
    """Whether an account may pass through a folder and all folders above it.

    Args:
        folder: Absolute path of an existing folder.
        account: The account.

    Returns:
        False if one of them does not let it pass, or does not exist.
    """
    try:
        return all(_lets_pass(part.stat(), account) for part in (folder, *folder.parents))
    except OSError:
        return False


def _lets_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.user:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.group:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
