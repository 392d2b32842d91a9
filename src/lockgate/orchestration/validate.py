"""A team as a whole, before anything of it is changed: does it load, fit, and match its Prefect file?"""

import graphlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lockgate.core.errors import DefinitionError
from lockgate.core.gate import barrier_of
from lockgate.core.graph import check_graph
from lockgate.core.job import Job, job_from_json
from lockgate.core.keys import check_name, label
from lockgate.core.schedule import schedule_to_json
from lockgate.core.spec import AssetSpec
from lockgate.describe import describe_team, specs
from lockgate.environments import Announce, ensure_environment, silent
from lockgate.ledger import Ledger
from lockgate.orchestration.prefect_file import check_drift, render
from lockgate.orchestration.schedules import prefect_schedule
from lockgate.settings import team_folder


@dataclass(frozen=True)
class TeamPlan:
    """A team that may be deployed.

    Attributes:
        team: Its name.
        folder: Its folder.
        manifest: Its assets and jobs as data; the ledger registers the assets.
        specs: The assets, typed.
        jobs: The jobs, typed.
    """

    team: str
    folder: Path
    manifest: Mapping[str, Any]
    specs: tuple[AssetSpec, ...]
    jobs: tuple[Job, ...] = ()

    @property
    def producers(self) -> set[str]:
        """The other teams it reads from."""
        return {given.key.partition("/")[0] for spec in self.specs for given in spec.inputs} - {self.team}


def load_plan(root: Path, team: str, announce: Announce = silent) -> TeamPlan:
    """Load a team's code in a process of its own, in its own environment, which is built first where it must be.

    Args:
        root: The project.
        team: Its name.
        announce: Told the team's name if its environment must be built.

    Raises:
        LockgateError: If it cannot be loaded.
    """
    folder = team_folder(root, check_name(team, "team"))
    manifest = describe_team(folder, python=ensure_environment(folder, announce))
    plan = TeamPlan(team, folder, manifest, tuple(specs(manifest)), tuple(map(job_from_json, manifest["jobs"])))
    # Its code has made the manifest, and could have made any.
    if foreign := [spec.key for spec in plan.specs if spec.team != team]:
        raise DefinitionError(f"{folder} declares {foreign[0]}, which is not team {team}'s.", team=team)
    return plan


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
    for schedule in (*(spec.schedule for spec in plan.specs), *(job.schedule for job in plan.jobs)):
        if rule := schedule_to_json(schedule):
            prefect_schedule(rule)
    check_drift(plan.folder, render(plan.team, plan.specs, foreign, plan.jobs))


def check_pickles(plan: TeamPlan, ledger: Ledger) -> None:
    """Check that a team takes, and can read, what the teams it reads from have pickled.

    Args:
        plan: The team.
        ledger: With a login that may read those values.

    Raises:
        DefinitionError: On the first current version of an input that it does not take, or cannot read.
    """
    reads = [(spec, given) for spec in plan.specs for given in spec.inputs]
    pickled = {key: (partition, file) for key, partition, file in ledger.pickled(given.key for _, given in reads)}
    for spec, given in reads:
        partition, file = pickled.get(given.key, ("", ""))
        if barred := barrier_of(spec, given, file):
            raise DefinitionError(
                f"{plan.folder / 'assets.py'}: {spec.key} reads {label(given.key, partition)}, which {barred.why}.",
                cure=barred.cure,
                asset=spec.key,
            )


def producers_first(plans: Mapping[str, TeamPlan], loading: AbstractSet[str] = frozenset()) -> list[tuple[str, ...]]:
    """The teams in an order in which each comes after those it reads from; those that read each other come together.

    Args:
        plans: The teams.
        loading: Other teams that are not loaded yet; who reads from them, directly or not, is left out.

    Returns:
        Groups of teams, most of one.
    """
    held = set(loading)
    while more := {team for team, plan in plans.items() if team not in held and plan.producers & held}:
        held |= more
    reads = {team: plan.producers & plans.keys() for team, plan in plans.items() if team not in held}
    above = {team: _reached(team, reads) for team in reads}
    group = {team: tuple(sorted({team, *(one for one in above[team] if team in above[one])})) for team in reads}
    order = {group[team]: {group[one] for one in above[team]} - {group[team]} for team in reads}
    return list(graphlib.TopologicalSorter(order).static_order())


def _reached(team: str, reads: Mapping[str, AbstractSet[str]]) -> set[str]:
    """All teams that one reads from, directly or through others."""
    found, new = set[str](), set(reads[team])
    while new:
        found |= new
        new = {further for one in new for further in reads[one]} - found
    return found
