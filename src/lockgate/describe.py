"""Describing a team from outside: its code is loaded in a process of its own, and only the manifest comes back."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lockgate.core.errors import DefinitionError, UsageError
from lockgate.core.spec import AssetSpec, spec_from_json

IMPORT_TIMEOUT = 60.0
MARK = "lockgate-answer:"


def specs(manifest: Mapping[str, Any]) -> list[AssetSpec]:
    """The typed specs of a manifest."""
    return [spec_from_json(asset) for asset in manifest["assets"]]


def describe_team(folder: Path, *, python: str = sys.executable, timeout: float = IMPORT_TIMEOUT) -> dict[str, Any]:
    """A team's manifest, its code loaded in a process of its own.

    Args:
        folder: The team's folder.
        python: Interpreter of the team's environment.
        timeout: Seconds to wait for it.

    Raises:
        UsageError: If there is no such folder.
        DefinitionError: If its code cannot be loaded, or takes longer than ``timeout``.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", cure="Give the name of a team in teams/.", team=folder.name)
    found: dict[str, Any] = ask_team("lockgate.loading", folder, python=python, timeout=timeout)
    return found


def ask_team(
    module: str, folder: Path, *, python: str, timeout: float, environment: Mapping[str, str] | None = None
) -> Any:
    """What a module of ours finds out about a team in a process of the team's: JSON that it prints after ``MARK``.

    Args:
        module: Called with the folder as its argument.
        folder: The team's folder.
        python: Interpreter of the team's environment.
        timeout: Seconds to wait for it.
        environment: Of the process; ours if None.

    Raises:
        DefinitionError: If the team's code cannot be loaded, or the time runs out.
    """
    command = [python, "-m", module, str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, cwd=folder, env=environment
        )
    except subprocess.TimeoutExpired:
        raise DefinitionError(
            f"{folder}/assets.py was still importing after {timeout:g} s.",
            cure="Move the work out of the module into the assets' functions.",
            team=folder.name,
        ) from None
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            return json.loads(line.removeprefix(MARK))
    last = (done.stderr.strip().splitlines() or [f"the process ended with status {done.returncode}"])[-1]
    raise DefinitionError(last, team=folder.name)
