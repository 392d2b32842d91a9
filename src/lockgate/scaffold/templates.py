"""The templates: package data, with ``${name}`` where a name goes."""

from collections.abc import Mapping
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent / "templates"
_SUFFIX = ".tmpl"


def fill(name: str, values: Mapping[str, str]) -> str:
    """The text of a template.

    Args:
        name: Its path under ``templates/``, without the suffix.
        values: What stands for each name in it.
    """
    return Template((FOLDER / f"{name}{_SUFFIX}").read_text(encoding="utf-8")).substitute(values)


def write_all(kind: str, folder: Path, values: Mapping[str, str]) -> None:
    """Write all files of a kind into a folder.

    Args:
        kind: A folder of ``templates/``.
        folder: Where they go; made if it is not there.
        values: What stands for each name in them.
    """
    for template in sorted((FOLDER / kind).rglob(f"*{_SUFFIX}")):
        name = str(template.relative_to(FOLDER).with_suffix(""))
        file = folder / template.relative_to(FOLDER / kind).with_suffix("")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(fill(name, values), encoding="utf-8")
