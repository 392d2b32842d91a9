"""What a deploy of teams would change: computed from the code, the ledger and Prefect, reading only."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.events import AutomationCore

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
    Held,
    Wanted,
    automations_of,
    held_fields,
    read_file,
    read_held,
    trigger_fields,
    wanted_fields,
)
from lockgate.orchestration.refused import unplanned
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
        held: What Prefect holds of them.
    """

    plan: TeamPlan
    changes: tuple[Change, ...]
    pool: Pool
    wanted: Mapping[str, Wanted]
    held: Held

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
    for group in producers_first(plans):
        together = registry | specs_of(plans[team] for team in group)
        for team in group:
            found[team] = await _planned(plans[team], root, client, registry | others_of(team, together))
        for team in group:
            if not isinstance(found[team], LockgateError):
                registry = others_of(team, registry) | specs_of([plans[team]])
    return found


async def _planned(
    plan: TeamPlan, root: Path, client: PrefectClient, registry: Mapping[str, AssetSpec]
) -> TeamChanges | LockgateError:
    try:
        return await plan_team(plan, root, client, registry)
    except LockgateError as error:
        return error
    except httpx.TransportError:
        raise  # it ails them all, and the command says so once
    except Exception as error:  # noqa: BLE001 - whatever one team breaks on, the others are planned
        return unplanned(plan.team, error)


def specs_of(plans: Iterable[TeamPlan]) -> dict[str, AssetSpec]:
    """All assets of some teams, by key."""
    return {spec.key: spec for plan in plans for spec in plan.specs}


def others_of(team: str, registry: Mapping[str, AssetSpec]) -> dict[str, AssetSpec]:
    """What a registry has of the other teams."""
    return {key: spec for key, spec in registry.items() if spec.team != team}


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
    held = await read_held(client, {plan.team, *(each.flow for each in wanted.values())})
    before = {key: spec.to_json() for key, spec in registry.items() if spec.team == plan.team}
    after = {spec.key: spec.to_json() for spec in plan.specs}
    changes = (
        *compare("pool", *await pool_fields(client, pool)),
        *compare("asset", before, after),
        *compare_with_prefect(wanted, held),
    )
    return TeamChanges(plan, changes, pool, wanted, held)


def compare_with_prefect(wanted: Mapping[str, Wanted], held: Held) -> Iterator[Change]:
    """What differs between the deployments of a file, with their triggers, and those that Prefect holds."""
    yield from compare(
        "deployment",
        {key: held_fields(each) for key, each in held.deployments.items()},
        {key: wanted_fields(each) for key, each in wanted.items()},
    )
    after = automations_of(wanted, held.ids(wanted))
    before: dict[str, AutomationCore] = {f"{each.name} ({each.id})": each for each in held.surplus(after.values())}
    yield from compare(
        "trigger",
        {name: trigger_fields(each) for name, each in {**before, **held.current()}.items()},
        {name: trigger_fields(each) for name, each in after.items()},
    )


def read_registry(root: Path, login: str) -> dict[str, AssetSpec]:
    """All registered assets by key, read with a team's login or the platform's."""
    with Ledger(ledger_url(login, root)) as ledger:
        return ledger.registry()
