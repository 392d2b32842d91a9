"""What Prefect's own pages and API show: lockgate adds no pages, so these must tell the story."""

import json

from prefect.client.schemas.objects import StateType

from lockgate.core.keys import slug
from tests.fundamentals.conftest import BadDay
from tests.running import Live


def test_every_step_of_a_run_is_a_task_under_its_own_name(live: Live, bad_day: BadDay) -> None:
    """Gate, compute, stage, one task per check, publish."""
    tasks = live.tasks(bad_day.good)
    assert set(tasks.values()) == {"Completed"}
    first, second, *_, last = tasks
    assert [first, second, last] == ["gate", "compute", "publish"]
    assert set(list(tasks)[2:-1]) == {
        "stage",
        "check contract",
        "check below_the_limit",
        "check at_least_two_rows",
    }


def test_a_run_is_named_after_its_asset_and_partition(bad_day: BadDay) -> None:
    """The list of runs can be read without opening one; the flow is the team."""
    assert bad_day.good.flow_run.name == f"readings [{bad_day.day}]"
    assert bad_day.report.flow_run.name == f"report [{bad_day.day}]"


def test_a_deployments_full_name_is_the_assets_key(live: Live) -> None:
    """The flow is named after the team, the deployment after the asset; a job's name begins with a mark."""
    names = {found["name"] for found in live.deployments("alpha")}
    with live.ledger() as ledger:
        registered = {key for key in ledger.registry() if key.startswith("alpha/")}
    assert {f"alpha/{name}" for name in names} == registered | {"alpha/@all", "alpha/@clumsy"}


def test_outcomes_show_as_named_states_of_the_right_type(live: Live, bad_day: BadDay, day: str) -> None:
    """Red for what went wrong, grey for what is not there yet, green for what needs nothing."""
    live.run("alpha/left", day)
    waiting = live.started_by_event("gamma/joined", day)
    later = live.new_day()
    live.run("alpha/pulse", later)
    live.started_by_event("beta/echo", later)
    unchanged = live.run("beta/echo", later)

    shown = {run.state.name: run.state.type for run in (bad_day.rejected, bad_day.summary, waiting, unchanged)}
    assert shown == {
        "Rejected": StateType.FAILED,
        "Blocked": StateType.FAILED,
        "Waiting": StateType.CANCELLED,
        "Unchanged": StateType.COMPLETED,
    }
    assert waiting.message == f"alpha/right [{day}] has no published version yet"
    assert bad_day.good.state.type == StateType.COMPLETED
    assert bad_day.good.message == "version 1 is published"
    assert bad_day.rejected.message == "below_the_limit (1 of 2 rows): above the limit"


def test_one_table_per_attempt_shows_its_checks(live: Live, bad_day: BadDay) -> None:
    """The same table under the same key for each attempt on a partition, so that Prefect keeps its history."""
    (good,), (bad,) = live.artifacts(bad_day.good), live.artifacts(bad_day.rejected)
    assert good["type"] == bad["type"] == "table"
    assert good["key"] == bad["key"] == f"checks-{slug(f'alpha/readings [{bad_day.day}]')}"
    shown = {row["check"]: (row["severity"], row["passed"], row["rows failed"]) for row in json.loads(bad["data"])}
    assert shown == {
        "contract": ("error", "yes", "0 of 2"),
        "below_the_limit": ("error", "NO", "1 of 2"),
        "at_least_two_rows": ("warn", "yes", ""),
    }


def test_dependents_are_started_by_automations_one_per_input(live: Live, bad_day: BadDay) -> None:
    """Prefect's own automations hand over from team to team, and are visible as such."""
    names = {automation["name"] for automation in live.automations()}
    assert {"alpha/readings -> beta/summary", "alpha/left -> gamma/joined", "alpha/right -> gamma/joined"} <= names
    (run,) = live.runs_of("gamma/report", bad_day.day, by="AUTOMATION")
    assert run.created_by is not None
    assert run.created_by.display_value == "beta/summary -> gamma/report"


def test_a_publish_is_announced_after_its_commit_with_partition_and_version(live: Live, bad_day: BadDay) -> None:
    """The event is Prefect's own for a materialised asset, and says which version is there now."""
    told = live.announced("alpha/readings", bad_day.day, count=1)
    assert [event["payload"] for event in told] == [{"partition": bad_day.day, "version": 1}]
    committed = bad_day.good.attempts[0].finished_at
    assert committed is not None
    assert committed.isoformat() < told[0]["occurred"].replace("Z", "+00:00")
