"""Writing the teams' Prefect files, and their parts of the production stack, from their code."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lockgate.core.errors import LockgateError
from lockgate.core.spec import AssetSpec
from lockgate.environments import Announce, silent
from lockgate.orchestration import compose_file
from lockgate.orchestration.loads import load_plans
from lockgate.orchestration.prefect_file import FILE, render
from lockgate.orchestration.validate import TeamPlan
from lockgate.settings import all_teams


def generate_files(root: Path, teams: Iterable[str], announce: Announce = silent) -> dict[str, str | LockgateError]:
    """Write the Prefect files of some teams.

    The teams they read from are loaded too, to tell how partitions meet; one that cannot be loaded is only missed.

    Args:
        root: The project.
        teams: Names of the teams.
        announce: Told the name of each team whose environment must be built first.

    Returns:
        Per team ``written`` or ``unchanged``, or why it cannot be loaded.
    """
    chosen = list(teams)
    plans = load_plans(root, chosen, announce)
    read = {team for plan in plans.values() if isinstance(plan, TeamPlan) for team in plan.producers}
    plans |= load_plans(root, read & set(all_teams(root)) - plans.keys(), announce)
    known = {spec.key: spec for plan in plans.values() if isinstance(plan, TeamPlan) for spec in plan.specs}
    results: dict[str, str | LockgateError] = {}
    for team in chosen:
        plan = plans[team]
        results[team] = _write_files(root, plan, known) if isinstance(plan, TeamPlan) else plan
    return results


def _write_files(root: Path, plan: TeamPlan, known: Mapping[str, AssetSpec]) -> str:
    """The Prefect file and, in a project with a production stack, the team's part of that."""
    written = {_write(plan.folder / FILE, render(plan.team, plan.specs, known, plan.jobs))}
    if (root / compose_file.BASE).is_file():
        written.add(_write(plan.folder / compose_file.FILE, compose_file.of_team(plan, root, known)))
    return max(written, key=("unchanged", "written").index)


def _write(file: Path, text: str) -> str:
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return "unchanged"
    file.write_text(text, encoding="utf-8")
    return "written"
