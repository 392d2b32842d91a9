"""Teams that read each other, though their assets form no cycle: none of them could be registered as a whole first.

Each team registers for itself, with its own login, and the ledger takes nothing whose inputs it does not have. So they
are judged as one set, and then registered in rounds: each team what stands already, until nothing is lacking.
"""

from collections.abc import Sequence
from pathlib import Path

from lockgate.core.errors import LockgateError
from lockgate.core.graph import registrable
from lockgate.ledger import Ledger
from lockgate.orchestration.plan import others_of, read_registry, specs_of
from lockgate.orchestration.validate import TeamPlan, check_pickles, check_plan
from lockgate.settings import ledger_url


def register_together(plans: Sequence[TeamPlan], root: Path) -> None:
    """Register teams that read each other, so that each can be deployed by itself afterwards.

    Where one of them is wrong nothing is registered: the deploy of each then says what keeps it.

    Args:
        plans: The teams.
        root: The project.
    """
    try:
        _judge(plans, root)
        lacking = list(plans)
        # A round without a new asset is the last one, so there are no more than there are assets.
        for _ in range(sum(len(plan.specs) for plan in plans)):
            lacking = [plan for plan in lacking if _register_what_stands(plan, root)]
    except LockgateError:
        return


def _judge(plans: Sequence[TeamPlan], root: Path) -> None:
    for plan in plans:
        check_plan(plan, read_registry(root, plan.team) | specs_of(plans))
        with Ledger(ledger_url(plan.team, root)) as ledger:
            check_pickles(plan, ledger)


def _register_what_stands(plan: TeamPlan, root: Path) -> bool:
    """Register those of a team's assets whose inputs are registered; the others stay as they are.

    Returns:
        Whether some may stand in the next round.
    """
    registry = read_registry(root, plan.team)
    before = {key: spec.to_json() for key, spec in registry.items() if spec.team == plan.team}
    stands = registrable(plan.specs, others_of(plan.team, registry))
    after = before | {key: spec.to_json() for key, spec in stands.items()}
    if after != before:
        with Ledger(ledger_url(plan.team, root)) as ledger:
            ledger.register({**plan.manifest, "assets": list(after.values())})
    return len(stands) < len(plan.specs)
