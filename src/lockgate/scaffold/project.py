"""A new project around an installed lockgate: the platform's own files, and a first team."""

import shutil
from pathlib import Path

from lockgate.core.errors import UsageError
from lockgate.scaffold.team import new_team
from lockgate.scaffold.templates import FOLDER, write_all

FIRST_TEAM = "example"
PLATFORM_FILES = ("flows", "work_pools", "prefect.yaml")


def new_project(root: Path) -> Path:
    """Make a folder a lockgate project; files whose names begin with a dot may be there already.

    Args:
        root: The folder.

    Returns:
        The folder of the first team.

    Raises:
        UsageError: If the folder holds anything.
        UnusableEnvironment: If the first team's dependencies cannot be locked; the rest is there then.
    """
    found = sorted(entry.name for entry in root.iterdir() if not entry.name.startswith("."))
    if found:
        raise UsageError(f"{root} is not empty: it holds {found[0]}.", cure="Run lockgate init in an empty folder.")
    for name in PLATFORM_FILES:
        _copy(_platform_files() / name, root / name)
    (root / "teams").mkdir()
    write_all("project", root, {"team": FIRST_TEAM})
    return new_team(root, FIRST_TEAM)


def _platform_files() -> Path:
    """Where the platform's own files are: in the installed package, else at the root of lockgate's repository."""
    packaged = FOLDER / "platform"
    return packaged if packaged.is_dir() else Path(__file__).parents[3]


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
