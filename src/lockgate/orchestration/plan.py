"""What a deploy of teams would change: computed from the code, the ledger and Prefect, reading only."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.client.orchestration import PrefectClient

from lockgate.core.changes import Change, compare
from lockgate.core.errors import LockgateError
from lockgate.core.spec import AssetSpec
from lockgate.environments import Announce, silent
from lockgate.ledger import Ledger
from lockgate.orchestration.loads import load_plans
from lockgate.orchestration.pool_template import Pool, read_pool, usable_kind
from lockgate.orchestration.pools import pool_fields
from lockgate.orchestration.prefect_file import FILE
from lockgate.orchestration.prefect_state import (
    NOT_YET,
    Held,
    Wanted,
    held_fields,
    read_file,
    read_held,
    trigger_fields,
    wanted_fields,
)
from lockgate.orchestration.validate import TeamPlan, check_pickles, check_plan, producers_first
from lockgate.settings import PLATFORM, ledger_url


@dataclass(frozen=True)
class TeamChanges:
    """What a deploy of one team changes, and all that is needed to carry it out.

    Attributes:
        plan: The loaded, checked team.
        changes: What differs, in the order pool, assets, deployments, triggers.
        pool: Its work pool as it shall be.
        wanted: Its deployments as they shall be, by full name.
        held: Those that Prefect holds, by full name.
    """

    plan: TeamPlan
    changes: tuple[Change, ...]
    pool: Pool
    wanted: Mapping[str, Wanted]
    held: Mapping[str, Held]

    def to_json(self) -> list[dict[str, Any]]:
        """The changes as JSON-compatible data."""
        return [{**vars(change), "fields": [vars(field) for field in change.fields]} for change in self.changes]


async def plan_teams(
    root: Path, teams: Iterable[str], client: PrefectClient, announce: Announce = silent
) -> dict[str, TeamChanges | LockgateError]:
    """What a deploy of teams would change; a team that is wrong stands with its error.

    Args:
        root: The project.
        teams: Names of the teams.
        client: Of Prefect's API.
        announce: Told the name of each team whose environment must be built first.
    """
    return await plan_loaded(load_plans(root, teams, announce), root, client)


async def plan_loaded(
    loaded: Mapping[str, TeamPlan | LockgateError], root: Path, client: PrefectClient
) -> dict[str, TeamChanges | LockgateError]:
    """The same for teams that are loaded, or could not be. Each is planned on what those it reads from will register.

    Args:
        loaded: The teams.
        root: The project.
        client: Of Prefect's API.
    """
    plans = {team: plan for team, plan in loaded.items() if isinstance(plan, TeamPlan)}
    found: dict[str, TeamChanges | LockgateError] = {
        team: error for team, error in loaded.items() if isinstance(error, LockgateError)
    }
    registry = read_registry(root, PLATFORM)
    for team in producers_first(plans):
        try:
            found[team] = await plan_team(plans[team], root, client, registry)
        except LockgateError as error:
            found[team] = error
            continue
        others = {key: spec for key, spec in registry.items() if spec.team != team}
        registry = others | {spec.key: spec for spec in plans[team].specs}
    return found


async def plan_team(
    plan: TeamPlan,
    root: Path,
    client: PrefectClient,
    registry: Mapping[str, AssetSpec],
    *,
    login: str = PLATFORM,
) -> TeamChanges:
    """Check a loaded team as a whole, and compare it with what is registered and what Prefect holds.

    Args:
        plan: The team.
        root: The project.
        client: Of Prefect's API.
        registry: What is registered, or will be before it.
        login: Whose login asks the ledger for the values it would read.

    Raises:
        DefinitionError: On the first thing of it that does not fit.
    """
    check_plan(plan, registry)
    with Ledger(ledger_url(login, root)) as ledger:
        check_pickles(plan, ledger)
    pool = read_pool(root, plan.team, plan.folder, kind=usable_kind(plan.folder), producers=plan.producers)
    wanted = read_file(plan.folder / FILE)
    held = await read_held(client, {plan.team} | {each.flow for each in wanted.values()})
    before = {key: spec.to_json() for key, spec in registry.items() if spec.team == plan.team}
    after = {spec.key: spec.to_json() for spec in plan.specs}
    changes = (
        *compare("pool", *await pool_fields(client, pool)),
        *compare("asset", before, after),
        *compare_with_prefect(wanted, held),
    )
    return TeamChanges(plan, changes, pool, wanted, held)


def compare_with_prefect(wanted: Mapping[str, Wanted], held: Mapping[str, Held]) -> Iterator[Change]:
    """What differs between the deployments of a file, with their triggers, and those that Prefect holds."""
    yield from compare(
        "deployment",
        {key: held_fields(each) for key, each in held.items()},
        {key: wanted_fields(each) for key, each in wanted.items()},
    )
    ids = {key: held[key].deployment.id if key in held else NOT_YET for key in wanted}
    yield from compare(
        "trigger",
        {name: trigger_fields(found) for each in held.values() for name, found in each.automations.items()},
        {name: trigger_fields(each) for key in wanted for name, each in wanted[key].automations(ids[key]).items()},
    )


def read_registry(root: Path, login: str) -> dict[str, AssetSpec]:
    """All registered assets by key, read with a team's login or the platform's."""
    with Ledger(ledger_url(login, root)) as ledger:
        return ledger.registry()
