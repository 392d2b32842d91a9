"""A new team: its folder with an asset, a contract, a check, a test, a README, and a lock of its own."""

import json
import os
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lockgate.core.errors import UsageError
from lockgate.core.keys import check_name
from lockgate.environments import lock
from lockgate.scaffold.asset import add_asset, contract_name
from lockgate.scaffold.templates import write_all
from lockgate.settings import team_folder

FIRST_ASSET = "numbers"


def new_team(root: Path, name: str) -> Path:
    """Write a team's folder and lock its dependencies; nothing outside of the folder is touched.

    Args:
        root: The project.
        name: The team's name.

    Returns:
        The folder.

    Raises:
        InvalidName: If the name is not allowed.
        UsageError: If there is such a folder already.
        UnusableEnvironment: If the dependencies cannot be locked; the folder is gone again then.
    """
    folder = team_folder(root, check_name(name, "team"))
    if folder.exists():
        raise UsageError(f"{folder} is there already.", cure=f"Choose another name, or: lockgate new asset {name} ...")
    requirement, source = _lockgate(folder)
    try:
        values = {"team": name, "requirement": requirement, "source": source, "contract": contract_name(FIRST_ASSET)}
        write_all("team", folder, values)
        add_asset(root, name, FIRST_ASSET)
        lock(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _lockgate(folder: Path) -> tuple[str, str]:
    """How a team asks for the lockgate that runs here: a requirement, and the table of its source, if it has one.

    The installer notes where a package came from that is not from an index (PEP 610).
    """
    installed = distribution("lockgate")
    origin: dict[str, Any] = json.loads(installed.read_text("direct_url.json") or "{}")
    url = origin.get("url", "")
    if "vcs_info" in origin:
        source = f'git = "{url}", rev = "{origin["vcs_info"]["commit_id"]}"'
    elif url.startswith("file:"):
        source = f"path = {json.dumps(_path_from(folder, Path(unquote(urlsplit(url).path))))}"
        source += ", editable = true" if origin.get("dir_info", {}).get("editable") else ""
    else:
        return f"lockgate=={installed.version}", ""
    return "lockgate", f"\n[tool.uv.sources]\nlockgate = {{ {source} }}\n"


def _path_from(folder: Path, target: Path) -> str:
    """Relative where both are in one project, which may be moved; absolute elsewhere."""
    project = folder.parents[1]
    together = project.is_relative_to(target) or target.is_relative_to(project)
    return os.path.relpath(target, folder) if together else str(target)
