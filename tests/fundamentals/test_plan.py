"""A plan says what a deploy does, and a deploy does what its plan says."""

import asyncio
import json
from threading import Thread
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.events import AutomationCore

from lockgate.core.errors import LockgateError
from lockgate.orchestration.deploy import Result, deploy_teams
from lockgate.orchestration.plan import plan_teams
from tests.fundamentals.teams import deploy, deployed, write_team
from tests.fundamentals.test_deploy import COPIES, ONE_ASSET, prefect_deploy
from tests.running import BROKEN, DEADLINE, Live, until

TRIGGER = "alpha/catalogue -> delta/copy"


def plan(live: Live, *teams: str) -> dict[str, Result]:
    """``lockgate plan`` without the start of its process."""

    async def run() -> dict[str, Result]:
        async with PrefectClient(live.api_url) as client:
            return await plan_teams(live.root, teams, client)

    return asyncio.run(run())


def changes(live: Live) -> dict[tuple[str, str], dict[str, Any]]:
    """What a deploy of the team would do: per action and thing, the fields before and after."""
    planned = plan(live, BROKEN)[BROKEN]
    assert not isinstance(planned, LockgateError), planned
    return {
        (change.action, f"{change.part} {change.name}"): {
            field.name: (field.before, field.after) for field in change.fields
        }
        for change in planned.changes
    }


@pytest.fixture
def copies(live: Live) -> None:
    """Team delta is deployed, with two assets."""
    write_team(live, COPIES)
    assert deploy(live, BROKEN) == {BROKEN: ""}


def test_a_plan_names_what_is_created_changed_and_removed_and_changes_nothing(live: Live, copies: None) -> None:
    """Deployments, triggers, schedules, registry and shares, with the fields."""
    before = deployed(live)
    write_team(live, COPIES.replace("0 6 1 1", "0 7 1 1").replace('["alpha"]', "[]").replace("daily_copy", "days"))

    found = changes(live)

    assert {action: what for action, what in found if action != "changed"} == {
        "created": "deployment delta/days",
        "removed": "deployment delta/daily_copy",
    }
    assert found["changed", "deployment delta/copy"] == {
        "schedules": (
            [{"cron": "0 6 1 1 *", "timezone": "UTC"}],
            [{"cron": "0 7 1 1 *", "timezone": "UTC"}],
        )
    }
    assert found["changed", "asset delta/copy"]["shared_with"] == (["alpha"], [])
    assert deployed(live) == before


def test_the_command_shows_the_plan_and_tells_scripts_whether_there_is_something_to_do(live: Live) -> None:
    """Exit code 10 with --exit-code; 0 once it is deployed; 1 where a team is wrong."""
    write_team(live, ONE_ASSET)
    deploy(live, BROKEN)
    write_team(live, COPIES)
    begun = [live.begin("plan", BROKEN, "--exit-code"), live.begin("plan", BROKEN, "--json")]
    (text, _), (data, _) = (process.communicate(timeout=DEADLINE) for process in begun)
    assert [process.returncode for process in begun] == [10, 0]
    assert "+ deployment delta/copy" in text
    assert "- asset delta/alone" in text
    assert {"part": "trigger", "name": TRIGGER, "action": "created"}.items() <= next(
        change for change in json.loads(data)[BROKEN]["changes"] if change["part"] == "trigger"
    ).items()

    done = live.command("deploy", BROKEN)
    assert "1 asset removed, 3 assets created" in done.out
    done = live.command("plan", BROKEN, "--exit-code")
    assert (done.code, done.out) == (0, "delta: up to date\n")


def test_a_deploy_leaves_nothing_to_do_whoever_did_it(live: Live, copies: None) -> None:
    """Plain ``prefect deploy`` and ``lockgate deploy`` lead to the same, as ``plan`` sees it."""
    assert changes(live) == {}
    write_team(live, ONE_ASSET)
    assert prefect_deploy(live).code == 0
    assert changes(live) == {}


def test_what_nobody_changed_is_not_touched(live: Live, copies: None) -> None:
    """A deploy writes what differs; a schedule's runs, an operator's pause and all ids stay."""
    deployment = live.client.read_deployment_by_name("delta/daily_copy")
    live.client.pause_deployment(deployment.id)
    write_team(live, COPIES.replace("0 6 1 1", "0 8 1 1"))
    assert deploy(live, BROKEN) == {BROKEN: ""}
    after = live.client.read_deployment_by_name("delta/daily_copy")
    assert (after.updated, after.paused) == (
        live.client.read_deployment(deployment.id).updated, True,
    )  # fmt: skip
    live.client.resume_deployment(deployment.id)


def test_a_team_that_is_wrong_is_planned_as_an_error_beside_the_others(live: Live, copies: None) -> None:
    """Each team stands for itself; the second is planned on what the first will have registered."""
    write_team(live, "raise RuntimeError('not today')", generated=False)
    found = plan(live, BROKEN, "gamma")
    assert "RuntimeError: not today" in str(found[BROKEN])
    assert not isinstance(found["gamma"], LockgateError)
    assert found["gamma"].changes == ()


class FailingClient(PrefectClient):
    """A client whose connection breaks when the first automation is to be made."""

    async def create_automation(self, automation: AutomationCore) -> UUID:
        raise httpx.ConnectError("connection reset by peer")


def test_a_deploy_that_breaks_halfway_says_so_and_the_next_one_finishes(live: Live) -> None:
    """Registered first, removed last: in between nothing runs that the ledger does not know."""
    write_team(live, ONE_ASSET)
    deploy(live, BROKEN)
    write_team(live, COPIES)
    results: dict[str, Result] = {}

    async def run() -> bool:
        async with FailingClient(live.api_url) as client:
            return await deploy_teams(live.root, [BROKEN], client, results.__setitem__)

    # given that Prefect's API fails in the middle
    assert asyncio.run(run()) is False
    assert str(results[BROKEN]) == (
        "Team delta is registered, but Prefect's API failed while it was deployed: connection reset by peer."
        " The next deploy makes up for what is missing; see: lockgate doctor"
    )
    halfway = deployed(live)
    assert set(halfway["registered"]) == {"delta/copy", "delta/daily_copy", "delta/by_region"}
    assert halfway["automations"] == {}

    # when the same is deployed again, then nothing is missing
    assert ("created", f"trigger {TRIGGER}") in changes(live)
    assert deploy(live, BROKEN) == {BROKEN: ""}
    assert changes(live) == {}
    assert {"delta/copy", "delta/daily_copy"} <= deployed(live)["deployments"].keys()
    assert "delta/alone" not in deployed(live)["deployments"]


def test_no_event_is_lost_while_lockgate_deploys(live: Live, copies: None) -> None:
    """Automations are changed in place: what is published during a deploy starts its dependents."""

    def started() -> int:
        return len(live.runs_of("delta/copy", by="AUTOMATION"))

    before = started()
    for hour in (7, 8):
        write_team(live, COPIES.replace("0 6 1 1", f"0 {hour} 1 1").replace('"made"', f'"made at {hour}"'))
        deploying = Thread(target=deploy, args=(live, BROKEN))
        deploying.start()
        assert live.run("alpha/catalogue").outcome == "published"
        deploying.join()
    until(lambda: started() == before + 2, "both publishes have started delta/copy")


@pytest.mark.slow
def test_the_sweep_makes_good_what_fell_into_the_gap_of_plain_prefect_deploy(live: Live, day: str) -> None:
    """``prefect deploy`` deletes automations and makes new ones: what is published between is heard by nobody."""
    # given the gap, held open: the automation is deleted, the new one is not there yet
    (gone,) = (found for found in live.automations() if found["name"] == "alpha/pulse -> beta/echo")
    live.client.request("DELETE", f"/automations/{gone['id']}")
    assert live.run("alpha/pulse", day).outcome == "published"

    # when the deploy has finished and the sweep comes by
    done = prefect_deploy(live, "beta")
    assert done.code == 0, done.err + done.out
    assert live.sweep().state.is_completed()

    # then the dependent was started by the sweep, and by it alone
    (run,) = live.runs_of("beta/echo", day)
    assert "sweep" in run.tags
    assert live.ended(str(run.id)).outcome == "published"

    # and what is published from now on is heard again
    later = live.new_day()
    live.run("alpha/pulse", later)
    assert live.started_by_event("beta/echo", later).outcome == "published"
