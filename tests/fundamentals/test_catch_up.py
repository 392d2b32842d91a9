"""After a downtime of Prefect's server, what it never scheduled is made up for, as each asset says, and once."""

import asyncio
from datetime import UTC, datetime

from prefect.client.orchestration import PrefectClient

from lockgate.core.gate import Slice
from lockgate.orchestration.catch_up import make_up
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


def made_up(live: Live) -> list[Slice]:
    """After a downtime from 2021 to 2024."""

    async def run() -> list[Slice]:
        async with PrefectClient(live.api_url) as client:
            with live.ledger() as ledger:
                registry = {key: spec for key, spec in ledger.registry().items() if spec.team == BROKEN}
            return await make_up(client, registry, datetime(2021, 6, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))

    return sorted(asyncio.run(run()))


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
