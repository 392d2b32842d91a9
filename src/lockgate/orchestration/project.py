"""All teams of a project together, without a platform: does each load, fit the others, and match its Prefect file?"""

from pathlib import Path

from lockgate.core.errors import LockgateError
from lockgate.orchestration.loads import load_plans
from lockgate.orchestration.validate import TeamPlan, check_plan
from lockgate.settings import all_teams


def check_project(root: Path) -> dict[str, str]:
    """Check the teams of a project as a deploy of all of them would; for a test in the project's ``tests/``.

    Args:
        root: The project.

    Returns:
        Per team that is wrong, one sentence on what is; empty if all is well.
    """
    loaded = load_plans(root, all_teams(root))
    plans = {team: plan for team, plan in loaded.items() if isinstance(plan, TeamPlan)}
    known = {spec.key: spec for plan in plans.values() for spec in plan.specs}
    wrong = {team: str(error) for team, error in loaded.items() if isinstance(error, LockgateError)}
    for team, plan in plans.items():
        try:
            check_plan(plan, known)
        except LockgateError as error:
            wrong[team] = str(error)
    return wrong
