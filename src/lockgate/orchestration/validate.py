"""A team as a whole, before anything of it is changed: does it load, fit, and match its Prefect file?"""

import graphlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.core.errors import DefinitionError, LockgateError
from lockgate.core.graph import check_graph
from lockgate.core.spec import AssetSpec
from lockgate.describe import describe_team, specs
from lockgate.orchestration.prefect_file import check_drift, render
from lockgate.settings import team_folder


@dataclass(frozen=True)
class TeamPlan:
    """A team that may be deployed.

    Attributes:
        team: Its name.
        folder: Its folder.
        manifest: What it registers.
        specs: The same, typed.
    """

    team: str
    folder: Path
    manifest: Mapping[str, Any]
    specs: tuple[AssetSpec, ...]


def load_plan(root: Path, team: str) -> TeamPlan:
    """Load a team's code in a process of its own.

    Raises:
        LockgateError: If it cannot be loaded.
    """
    folder = team_folder(root, team)
    manifest = describe_team(folder)
    return TeamPlan(team, folder, manifest, tuple(specs(manifest)))


def load_plans(root: Path, teams: Iterable[str]) -> dict[str, TeamPlan | LockgateError]:
    """Load several teams, two at a time; one that cannot be loaded stands in the result with its error."""

    def load(team: str) -> TeamPlan | LockgateError:
        try:
            return load_plan(root, team)
        except LockgateError as error:
            return error

    names = list(teams)
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(names, pool.map(load, names), strict=True))


def check_plan(plan: TeamPlan, others: Mapping[str, AssetSpec]) -> None:
    """Check a loaded team against the others and against its Prefect file.

    Args:
        plan: The team.
        others: The registered assets of the other teams.

    Raises:
        DefinitionError: On the first thing that does not fit.
    """
    foreign = {key: spec for key, spec in others.items() if spec.team != plan.team}
    try:
        check_graph(plan.specs, foreign)
    except DefinitionError as error:
        raise type(error)(f"{plan.folder / 'assets.py'}: {error.message}", cure=error.cure, asset=error.asset) from None
    check_drift(plan.folder, render(plan.team, plan.specs, foreign))


def producers_first(plans: Mapping[str, TeamPlan]) -> list[str]:
    """The teams in an order in which each comes after those it reads from, as far as there is one."""
    reads = {
        name: {given.key.partition("/")[0] for spec in plan.specs for given in spec.inputs} & plans.keys() - {name}
        for name, plan in plans.items()
    }
    try:
        return list(graphlib.TopologicalSorter(reads).static_order())
    except graphlib.CycleError:
        return sorted(plans)
