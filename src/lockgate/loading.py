"""Loading a team's folder into this process: for its own runs, and for ``describe``, which does it elsewhere.

``python -m lockgate.loading FOLDER FD`` answers with the team's manifest, or prints one sentence on what is wrong.
"""

import importlib
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lockgate.core.asset import Asset
from lockgate.core.digest import code_version
from lockgate.core.errors import DefinitionError, LockgateError, UsageError
from lockgate.core.spec import AssetSpec
from lockgate.core.team import Team
from lockgate.describe import answer
from lockgate.source import import_as_written, outside_modules, read_code

MODULE = "assets"

# What was imported of which folder; a process imports no folder twice.
_code: dict[Path, dict[str, str]] = {}


def load_team(folder: Path) -> Team:
    """Import a team's ``assets.py`` into this process, with its folder first on the path.

    Args:
        folder: The team's folder; its name is the team's name.

    Raises:
        UsageError: If there is no such folder or no ``assets.py`` in it.
        DefinitionError: If importing it fails, or if it does not declare exactly one team of the folder's name.
    """
    folder = folder.resolve()
    if not (folder / f"{MODULE}.py").is_file():
        raise UsageError(f"{folder} is no team: it has no {MODULE}.py.", cure="Give the path of a team's folder.")
    if folder in _code:
        return _only_team(sys.modules[MODULE].__dict__, folder)
    files, modules = read_code(folder), dict(sys.modules)
    team = _only_team(_imported(folder).__dict__, folder)
    if changed := sorted(dict(files.items() ^ read_code(folder).items())):
        raise DefinitionError(
            f"{folder / changed[0]} changed while the team was imported.",
            cure="Try again. A file that the code itself writes belongs elsewhere.",
            team=folder.name,
        )
    _code[folder] = {**files, **outside_modules(modules, folder)}
    return team


def _imported(folder: Path) -> ModuleType:
    import_as_written(folder)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(MODULE)
    except LockgateError as error:
        raise _located(error, folder) from error
    except SyntaxError as error:
        raise DefinitionError(
            f"{error.filename or folder / f'{MODULE}.py'}:{error.lineno or 1}: {error.msg}.",
            cure="Mend the syntax.",
            team=folder.name,
        ) from error
    except Exception as error:
        raise DefinitionError(
            f"{folder / MODULE}.py cannot be imported: {type(error).__name__}: {error}.", team=folder.name
        ) from error


def _located(error: LockgateError, folder: Path) -> LockgateError:
    """The same error, with the line of the team's code in front where it names no asset yet."""
    if error.asset is not None:
        return error
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == folder]
    place = f"{lines[-1].filename}:{lines[-1].lineno}: " if lines else ""
    return type(error)(f"{place}{error.message}", cure=error.cure, team=folder.name)


def _only_team(names: Mapping[str, Any], folder: Path) -> Team:
    teams = {id(value): value for value in names.values() if isinstance(value, Team)}
    if len(teams) != 1:
        raise DefinitionError(
            f"{folder / MODULE}.py declares {len(teams)} teams.",
            cure=f'Declare one: team = Team("{folder.name}").',
        )
    team: Team = next(iter(teams.values()))
    if team.name != folder.name:
        raise DefinitionError(
            f'{folder / MODULE}.py declares Team("{team.name}"), but its folder is {folder.name}.',
            cure="Give both the same name.",
        )
    return team


def spec_of(asset: Asset, folder: Path) -> AssetSpec:
    """What is registered of a loaded asset: with the version of the code as it was when it was imported."""
    folder = folder.resolve()
    file = asset.file.resolve()
    declared_in = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else ""
    return asset.spec(code_version(asset, _code[folder], declared_in))


def manifest(team: Team, folder: Path) -> dict[str, Any]:
    """What a team deploys: its name, the specs of its assets, and its jobs, as JSON-compatible data."""
    return {
        "team": team.name,
        "assets": [spec_of(asset, folder).to_json() for asset in team.assets.values()],
        "jobs": [job.to_json() for job in team.jobs.values()],
    }


def main() -> int:
    """Answer with the manifest of the folder named on the command line."""
    folder = Path(sys.argv[1])
    try:
        found = manifest(load_team(folder), folder)
    except LockgateError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    answer(sys.argv[2], found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
