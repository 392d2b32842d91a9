"""A new asset in an existing team: code, contract and check are added to its files, and a test beside them."""

import keyword
import re
from pathlib import Path

from lockgate.core.errors import UsageError
from lockgate.core.keys import check_name, make_key
from lockgate.scaffold.imports import with_import
from lockgate.scaffold.templates import fill
from lockgate.settings import team_folder

_IMPORTS = {
    "assets": ("import pandas as pd", "from contracts import {contract}", "from lockgate import CheckResult"),
    "contracts": ("import pandera.pandas as pa",),
}


def add_asset(root: Path, team: str, name: str) -> list[Path]:
    """Add an asset to a team's files.

    Args:
        root: The project.
        team: The team.
        name: The asset's name.

    Returns:
        The files that were changed or made.

    Raises:
        InvalidName: If a name is not allowed.
        UsageError: If there is no such team, its files cannot be read, or something has the name already.
    """
    folder = team_folder(root, check_name(team, "team"))
    values = {"team": team, "asset": check_name(name, "asset"), "contract": contract_name(name)}
    values["key"] = make_key(team, name)
    if keyword.iskeyword(name):
        raise UsageError(f"{name} is a word of Python's own.", cure="Choose another name.", team=team)
    test = folder / "tests" / f"test_{name}.py"
    texts = {folder / f"{part}.py": _extended(folder / f"{part}.py", part, values) for part in _IMPORTS}
    if test.exists():
        raise UsageError(f"{test} is there already.", cure="Choose another name.", team=team)
    texts[test] = fill("asset/test.py", values)
    test.parent.mkdir(exist_ok=True)
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")
    return list(texts)


def contract_name(asset: str) -> str:
    """The name of an asset's contract: ``DelayByPlane`` of ``delay_by_plane``."""
    return "".join(part.capitalize() for part in asset.split("_"))


def _extended(file: Path, part: str, values: dict[str, str]) -> str:
    """A file's text with the asset's part added at its end, and the imports that part needs."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", cure="Give the name of a team that has it."
        ) from error
    if part == "assets" and not re.search(r"^team\b", text, re.MULTILINE):
        raise UsageError(f"{file} has no team.", cure=f'Write: team = Team("{values["team"]}")', team=values["team"])
    taken = values["asset"] if part == "assets" else values["contract"]
    if re.search(rf"^(def|class) {taken}\b|^{taken}\b", text, re.MULTILINE):
        raise UsageError(f"{file} has the name {taken} already.", cure="Choose another name.", team=values["team"])
    try:
        for statement in _IMPORTS[part]:
            text = with_import(text, statement.format(**values))
    except SyntaxError as error:
        raise UsageError(
            f"{file}:{error.lineno}: {error.msg}.", cure="Mend the syntax.", team=values["team"]
        ) from error
    return f"{text.rstrip()}\n\n\n{fill(f'asset/{part}.py', values)}"
