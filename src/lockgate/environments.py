"""The teams' virtual environments: ``teams/<team>/.venv``, built by uv from the team's own lock.

Whoever needs a team's environment asks for it here; one that is missing or older than what it is made from is built
first. A team without a ``pyproject.toml`` has none of its own and runs in lockgate's.
"""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from lockgate.bytecode import compile_bytecode
from lockgate.core.errors import DefinitionError

PROJECT = "pyproject.toml"
LOCK = "uv.lock"
FOLDER = ".venv"
STAMP = f"{FOLDER}/.lockgate"
INSTALLED = "LOCKGATE_ENVIRONMENT_INSTALLED"
"""Set in a team's image: the environment we run in is the team's own."""
Announce = Callable[[str], None]
MAX_NEIGHBOURS = 8
_OURS = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PROJECT", "PYTHONPATH")


class UnusableEnvironment(DefinitionError):
    """A team's environment cannot be built from its files, or lacks what every team needs."""


def silent(team: str) -> None:
    """Announce nothing."""


def team_python(folder: Path) -> str:
    """The interpreter of a team's environment, built or not; ours for a team that has none of its own.

    Args:
        folder: The team's folder.
    """
    own = (folder / PROJECT).is_file() and not os.environ.get(INSTALLED)
    return str(folder / FOLDER / "bin" / "python") if own else sys.executable


def ensure_environment(folder: Path, announce: Announce = silent) -> str:
    """See to it that a team's environment is what its lock says.

    Args:
        folder: The team's folder.
        announce: Told the team's name if the environment must be built, before that begins.

    Returns:
        Its interpreter.

    Raises:
        UnusableEnvironment: If it cannot be built, is not what is locked, or has no lockgate or another Prefect.
    """
    if not is_fresh(folder):
        made_from = _digest(folder)
        _check_locked(folder)
        announce(folder.name)
        _build(folder)
        _check_installed(folder)
        (folder / STAMP).write_text(made_from)
    return team_python(folder)


def is_fresh(folder: Path) -> bool:
    """Whether a team's environment is what its lock says, so that nothing must be built.

    Raises:
        UnusableEnvironment: If it has no lock.
    """
    if not (folder / PROJECT).is_file() or os.environ.get(INSTALLED):
        return True
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == _digest(folder)


def _digest(folder: Path) -> str:
    """Changes with all that an environment is made from: its place, its files, local sources, Python and Prefect."""
    if not (folder / LOCK).is_file():
        raise _unusable(folder, f"{folder} has no {LOCK}.", f"Run: uv lock --project {folder}")
    digest = hashlib.sha256(f"{folder.resolve()} {sys.version} {sys.base_prefix} {version('prefect')}".encode())
    for file in (folder / PROJECT, folder / LOCK, *_local_sources(folder)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _local_sources(folder: Path) -> list[Path]:
    """Project files of the packages that the team takes from a folder, as this repository's teams take lockgate."""
    paths = [source["path"] for source in _sources(folder).values() if isinstance(source, dict) and "path" in source]
    return [file for path in paths if (file := folder / path / PROJECT).is_file()]


def _sources(folder: Path) -> dict[str, Any]:
    sources: dict[str, Any] = _toml(folder / PROJECT).get("tool", {}).get("uv", {}).get("sources", {})
    return sources


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unusable(file.parent, f"{file} is not TOML: {error}.", "Mend it.") from error


def _check_locked(folder: Path) -> None:
    """Check that the lock was made from the dependencies as they are now, which ``uv sync --frozen`` does not."""
    dependencies = _toml(folder / PROJECT).get("project", {}).get("dependencies", [])
    asked = {_requirement(folder, text) for text in dependencies}
    locked = {
        (given["name"], SpecifierSet(given.get("specifier", "")))
        for package in _toml(folder / LOCK).get("package", [])
        if package["source"].keys() & {"virtual", "editable"} and "." in package["source"].values()
        for given in package.get("metadata", {}).get("requires-dist", [])
    }
    if new := sorted(name for name, _ in asked - locked if name not in _sources(folder)):
        raise _unusable(
            folder,
            f"{folder / LOCK} is older than {PROJECT}: {', '.join(new)} changed.",
            f"Run: uv lock --project {folder}",
        )


def _requirement(folder: Path, text: str) -> tuple[str, SpecifierSet]:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise _unusable(folder, f"{folder / PROJECT}: {text!r} is no requirement.", "Write: name>=1.0") from None
    return canonicalize_name(requirement.name), requirement.specifier


def lock(folder: Path) -> None:
    """Lock a team's dependencies, as ``uv lock`` does.

    Args:
        folder: The team's folder.

    Raises:
        UnusableEnvironment: If there is no set of versions that fits.
    """
    done = _uv(folder, "lock")
    if done.returncode != 0:
        raise _unusable(
            folder,
            f"The dependencies of team {folder.name} cannot be locked: {_reason(done.stderr)}.",
            "Is the index there?",
        )


def _build(folder: Path) -> None:
    """Let uv bring the environment to the lock. uv itself sees to it that two at once do not meet."""
    (folder / STAMP).unlink(missing_ok=True)  # until it is whole, it is nothing that was built
    done = _uv(folder, "sync", "--frozen")
    if done.returncode != 0:
        raise _unusable(
            folder,
            f"The environment of team {folder.name} cannot be built: {_reason(done.stderr)}.",
            f"Mend {folder / PROJECT}, then run: uv lock --project {folder}",
        )
    compile_bytecode(folder / FOLDER / "bin" / "python", _neighbours(folder))


def _neighbours(folder: Path) -> list[Path]:
    """Other environments that may have compiled the same files: lockgate's own, and the teams' that were built last."""
    stamps = [stamp for stamp in folder.parent.glob(f"*/{STAMP}") if stamp.parent.parent != folder]
    newest = sorted(stamps, key=lambda stamp: stamp.stat().st_mtime, reverse=True)
    return [Path(sys.prefix), *(stamp.parent for stamp in newest[:MAX_NEIGHBOURS])]


def _uv(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run lockgate's own uv on a team, with the Python that lockgate runs on."""
    import uv  # not in the images of the production stack: they have their environments

    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    return subprocess.run(
        [uv.find_uv_bin(), *arguments, "--no-progress", "--python", sys.executable],
        cwd=folder,
        env={**environment, "UV_COMPILE_BYTECODE": "0", "UV_NO_WRAP": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _reason(output: str) -> str:
    """What went wrong and the last cause of it, of all that uv said."""
    said = [line.strip() for line in output.splitlines() if re.match(r" *(error|cause): ", line)]
    parts = dict.fromkeys(line.partition(": ")[2].rstrip(".") for line in (said[:1] + said[-1:]))
    return ": ".join(parts) or (output.strip().splitlines() or ["uv gave no reason"])[-1]


def _check_installed(folder: Path) -> None:
    """Check for what every team's environment needs: lockgate, and the Prefect that the platform runs on."""
    found = {name: _installed(folder, name) for name in ("lockgate", "prefect")}
    if found["lockgate"] is None:
        raise _unusable(
            folder,
            f"{folder / PROJECT} does not ask for lockgate.",
            f'Add "lockgate" to its dependencies and run: uv lock --project {folder}',
        )
    if found["prefect"] != version("prefect"):
        raise _unusable(
            folder,
            f"Team {folder.name} has Prefect {found['prefect']}, the platform {version('prefect')}.",
            f"Have the platform's lockgate in both, {version('lockgate')}, and run: uv lock --project {folder}",
        )


def _installed(folder: Path, name: str) -> str | None:
    paths = [str(path) for path in (folder / FOLDER / "lib").glob("python*/site-packages")]
    return next((found.version for found in distributions(name=name, path=paths)), None)


def _unusable(folder: Path, message: str, cure: str) -> UnusableEnvironment:
    return UnusableEnvironment(message, cure=cure, team=folder.name)
