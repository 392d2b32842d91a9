"""Describing a team from outside: its code is loaded in a process of its own, and only the manifest comes back."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from lockgate.core.errors import DefinitionError, UsageError
from lockgate.core.spec import AssetSpec, spec_from_json

# Of the process's own processor time: what a slow or busy machine does beside it does not count.
COMPUTING_SECONDS = 60.0
# Of wall time, for a process that waits: for a lock, a download, a connection that nobody answers.
WAITING_SECONDS = 600.0
_LOOK_SECONDS = 0.2


def specs(manifest: Mapping[str, Any]) -> list[AssetSpec]:
    """The typed specs of a manifest."""
    return [spec_from_json(asset) for asset in manifest["assets"]]


def describe_team(folder: Path, *, python: str = sys.executable) -> dict[str, Any]:
    """A team's manifest, its code loaded in a process of its own.

    Args:
        folder: The team's folder.
        python: Interpreter of the team's environment.

    Raises:
        UsageError: If there is no such folder.
        DefinitionError: If its code cannot be loaded, computes for more than 60 s of processor time or waits for more
            than ten minutes.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", cure="Give the name of a team in teams/.", team=folder.name)
    found: dict[str, Any] = ask_team("lockgate.loading", folder, python=python)
    return found


def ask_team(module: str, folder: Path, *, python: str, environment: Mapping[str, str] | None = None) -> Any:
    """What a module of ours finds out about a team in a process of the team's.

    It answers in a file that is open for nothing else: its standard output is the team's code's to print to.

    Args:
        module: Called with the folder and the number of the answer's descriptor; calls ``answer`` with both known.
        folder: The team's folder.
        python: Interpreter of the team's environment.
        environment: Of the process; ours if None.

    Raises:
        DefinitionError: If the team's code cannot be loaded, or takes longer than it may.
    """
    # Files, not pipes: none is ever full, and what a team's import leaves running keeps none open for us.
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            [python, "-m", module, str(folder), str(told.fileno())],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[told.fileno()],
            cwd=folder,
            env=environment,
        ) as process:
            try:
                _wait(process, folder)
            except BaseException:
                _kill(process.pid)
                raise
        if found := _text(told):
            return json.loads(found)
        last = (_text(errors).strip().splitlines() or [f"the process ended with status {process.returncode}"])[-1]
    raise DefinitionError(last, team=folder.name)


def answer(descriptor: str, found: Any) -> None:
    """Say what was found out, in a process that ``ask_team`` started.

    Args:
        descriptor: The last argument that the process was started with.
        found: JSON-compatible data.
    """
    with os.fdopen(int(descriptor), "w", encoding="utf-8") as told:
        json.dump(found, told)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Wait until the process ends, unless it takes longer than it may."""
    began = time.monotonic()
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_LOOK_SECONDS)
            return
        computed, waited = _processor_seconds(process.pid), time.monotonic() - began
        if computed > COMPUTING_SECONDS:
            raise DefinitionError(
                f"{folder}/assets.py was still importing after {computed:.0f} s of computing.",
                cure="Move the work out of the module into the assets' functions.",
                team=folder.name,
            )
        if waited > WAITING_SECONDS:
            raise DefinitionError(
                f"{folder}/assets.py was still importing after {waited:.0f} s, of which it computed {computed:.0f} s:"
                " it waits for something.",
                cure="Move what it waits for (a connection, a download, a lock) into the assets' functions.",
                team=folder.name,
            )


def _kill(pid: int) -> None:
    """End a process with all that it started. It stays in our group, so that Ctrl-C reaches it as well."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def _processor_seconds(pid: int) -> float:
    """What a process and its children that ended have computed; 0 if it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
