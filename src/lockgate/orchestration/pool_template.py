"""Work pools as data: ``work_pools/<kind>.yaml`` holds the base job template; one pool per team is made from it.

A text of a template may name ``${team}``, ``${folder}`` and any environment variable; a list item that names
``${producer}`` stands once for each team whose assets this one reads.
"""

import os
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lockgate.core.errors import UsageError

DEFAULT_KIND = "warm-process"
DOCKER = "docker"
STACK = "LOCKGATE_STACK"


@dataclass(frozen=True)
class Pool:
    """A work pool as it should be.

    Attributes:
        name: The team's name, or ``platform``.
        type: Prefect's worker type.
        concurrency_limit: How many runs at a time.
        base_job_template: Prefect's, with everything filled in.
    """

    name: str
    type: str
    concurrency_limit: int
    base_job_template: dict[str, Any]


def chosen_kind(folder: Path) -> str:
    """The kind of pool a team chose: ``pool`` under ``[tool.lockgate]`` in its pyproject.toml, else warm-process.

    Raises:
        UsageError: If the file cannot be read or the choice is no text.
    """
    file = folder / "pyproject.toml"
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not TOML: {error}.", cure="Mend it.", team=folder.name) from None
    kind = content.get("tool", {}).get("lockgate", {}).get("pool", DEFAULT_KIND)
    if not isinstance(kind, str):
        raise UsageError(f"{file}: pool of [tool.lockgate] is no text.", cure='Write: pool = "docker"')
    return kind


def usable_kind(folder: Path) -> str:
    """The kind a team chose; where there are no images, outside the stack of ``docker/``, warm-process for docker."""
    kind = chosen_kind(folder)
    return DEFAULT_KIND if kind == DOCKER and STACK not in os.environ else kind


def read_template(root: Path, kind: str) -> dict[str, Any]:
    """A kind of work pool as its file has it: ``type``, ``concurrency_limit`` and ``base_job_template``.

    Raises:
        UsageError: If there is no such file or it is not of that form.
    """
    file = root / "work_pools" / f"{kind}.yaml"
    try:
        template = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no {file}.", cure="Choose a file of work_pools/.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{file} is not YAML: {' '.join(str(error).split())}.", cure="Mend it.") from error
    wanted = {"type", "concurrency_limit", "base_job_template"}
    if not isinstance(template, dict) or not wanted <= template.keys():
        raise UsageError(f"{file} lacks one of {', '.join(sorted(wanted))}.", cure="Add it.")
    _check_types(file, template)
    return template


def _check_types(file: Path, template: dict[str, Any]) -> None:
    limit = template["concurrency_limit"]
    if type(limit) is not int or limit < 1:
        raise UsageError(f"{file}: concurrency_limit is {limit!r}, which is no number above 0.", cure="Mend it.")
    if not isinstance(template["type"], str):
        raise UsageError(f"{file}: type is no text.", cure="Name a type of worker: warm-process, process, docker.")
    job = template["base_job_template"]
    if not isinstance(job, dict) or not {"job_configuration", "variables"} <= job.keys():
        raise UsageError(
            f"{file}: base_job_template lacks job_configuration or variables.", cure="Begin with another kind's."
        )


def read_pool(root: Path, name: str, folder: Path, *, kind: str = DEFAULT_KIND, producers: Iterable[str] = ()) -> Pool:
    """A pool made from its kind's template.

    Args:
        root: The project.
        name: The pool's name: the team's, or ``platform``.
        folder: Working directory of its runs: the team's folder, so that they import that team's code alone.
        kind: The file in ``work_pools/``.
        producers: The teams whose assets this one reads.

    Raises:
        UsageError: If there is no such file, it is not of that form, or it names what is not set.
    """
    template = read_template(root, kind)
    values = {**os.environ, "team": name, "folder": str(folder)}
    try:
        job = _filled(template["base_job_template"], values, sorted(producers))
    except KeyError as error:
        raise UsageError(
            f"work_pools/{kind}.yaml names {error}, which is not set.", cure="Set that environment variable."
        ) from None
    return Pool(name, template["type"], int(template["concurrency_limit"]), job)


def _filled(tree: Any, values: Mapping[str, str], producers: list[str]) -> Any:
    if isinstance(tree, dict):
        return {name: _filled(value, values, producers) for name, value in tree.items()}
    if isinstance(tree, list):
        return [filled for item in tree for filled in _filled_item(item, values, producers)]
    return string.Template(tree).substitute(values) if isinstance(tree, str) else tree


def _filled_item(item: Any, values: Mapping[str, str], producers: list[str]) -> list[Any]:
    if isinstance(item, str) and "${producer}" in item:
        return [_filled(item, {**values, "producer": producer}, producers) for producer in producers]
    return [_filled(item, values, producers)]
