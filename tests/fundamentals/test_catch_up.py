"""After a downtime of Prefect's server, what it never scheduled is made up for, as each asset says, and once."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from lockgate.core.gate import Slice
from lockgate.orchestration.catch_up import MADE_UP as MADE_UP_FOR
from lockgate.orchestration.catch_up import make_up
from lockgate.orchestration.notes import BROKE, Note
from tests.fundamentals.teams import deploy, write_team
from tests.running import BROKEN, Live

YEARLY = """
    @team.asset(schedule="0 6 1 1 *")
    def latest():
        return 1

    @team.asset(schedule="0 6 1 1 *", catch_up="all", partitions=DAYS)
    def every():
        return 1

    @team.asset(schedule="0 6 1 1 *", catch_up="none")
    def nothing():
        return 1

    @team.asset()
    def unscheduled():
        return 1

    team.job("yearly", assets=[latest], schedule="0 7 1 1 *")
"""
MADE_UP: list[Slice] = [
    ("delta/@yearly", ""),
    ("delta/every", "2021-12-31"),
    ("delta/every", "2022-12-31"),
    ("delta/every", "2023-12-31"),
    ("delta/latest", ""),
]


def looked_at(live: Live) -> list[Note]:
    """What is found after a downtime from 2021 to 2024."""

    async def run() -> list[Note]:
        async with PrefectClient(live.api_url) as client:
            with live.ledger() as ledger:
                registry = {key: spec for key, spec in ledger.registry().items() if spec.team == BROKEN}
            return await make_up(client, registry, datetime(2021, 6, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))

    return asyncio.run(run())


def made_up(live: Live) -> list[Slice]:
    """The slices that are made up for then."""
    notes = looked_at(live)
    assert {note.what for note in notes} <= {MADE_UP_FOR}
    return sorted((note.asset, note.partition) for note in notes)


def test_what_was_never_scheduled_is_made_up_for_as_each_asset_says(live: Live) -> None:
    """The latest run by default, all, or none; a job's latest. A second look makes none of them again."""
    write_team(live, YEARLY)
    assert deploy(live, BROKEN) == {BROKEN: ""}

    assert made_up(live) == MADE_UP
    made_up(live)

    runs = {where: [run for run in live.runs_of(*where) if "catch-up" in run.tags] for where in MADE_UP}
    assert [len(found) for found in runs.values()] == [1] * len(MADE_UP)
    due = {where: [run.expected_start_time for run in found] for where, found in runs.items()}
    assert due["delta/every", "2022-12-31"] == [datetime(2023, 1, 1, 6, tzinfo=UTC)]
    assert due["delta/@yearly", ""] == [datetime(2024, 1, 1, 7, tzinfo=UTC)]


@pytest.mark.parametrize("line", ["0 0 30 2 *", "0 0 31 2,4 *"])
def test_a_schedule_that_never_comes_ends_nobody_elses_catch_up(live: Live, line: str) -> None:
    """Somebody has set it in Prefect, which takes it; definition and deploy would not."""
    write_team(live, YEARLY)
    assert deploy(live, BROKEN) == {BROKEN: ""}
    deployment = live.client.read_deployment_by_name("delta/latest")
    place = f"{live.api_url}/deployments/{deployment.id}/schedules/{deployment.schedules[0].id}"
    httpx.patch(place, json={"schedule": {"cron": line, "timezone": "UTC"}}, timeout=30).raise_for_status()
    try:
        found = {(note.asset, note.what) for note in looked_at(live)}
    finally:
        assert deploy(live, BROKEN) == {BROKEN: ""}
    assert ("delta/latest", f"{BROKE}: InvalidSchedule") in found
    assert {asset for asset, what in found if what == MADE_UP_FOR} == {"delta/every", "delta/@yearly"}
