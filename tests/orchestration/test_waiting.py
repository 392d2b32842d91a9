"""What waits: for a run that no worker takes, and says why, once; a run that Prefect starts before its time."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Scheduled

from lockgate.core.schedule import Cron
from lockgate.embedded.home import Home
from lockgate.embedded.services import purge_services, start_services
from lockgate.orchestration import catch_up, start
from lockgate.orchestration.start import _final_state

SANTIAGO = ZoneInfo("America/Santiago")
# The next of its changes that is to come.
GAP = next(
    day
    for day in (datetime.date.today() + datetime.timedelta(days=number) for number in range(2, 400))
    if datetime.datetime.combine(day, datetime.time(1), SANTIAGO).utcoffset()
    > datetime.datetime.combine(day - datetime.timedelta(days=1), datetime.time(1), SANTIAGO).utcoffset()
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = Home(tmp_path_factory.mktemp("project") / ".lockgate")
    yield start_services(home).api_url
    purge_services(home)


@asynccontextmanager
async def _client(api: str) -> AsyncIterator[PrefectClient]:
    with temporary_settings({PREFECT_API_URL: api}):
        async with get_client() as client:
            yield client


@pytest.mark.parametrize(
    ("pool", "why"),
    [
        ("empty", "No worker takes it: none of empty is alive. Start it: lockgate up"),
        ("paused", "No worker takes it: the pool paused is paused. Run: prefect work-pool resume paused"),
        ("busy", "It waits: the worker of busy has as many runs as it may"),
    ],
)
def test_why_a_run_waits(api: str, monkeypatch: pytest.MonkeyPatch, pool: str, why: str) -> None:
    monkeypatch.setattr(start, "UNTAKEN_SECONDS", 0.0)
    told: list[str] = []

    async def wait() -> None:
        async with _client(api) as client:
            await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
            if pool == "paused":
                await client.update_work_pool(pool, WorkPoolUpdate(is_paused=True))
            if pool == "busy":
                await client.send_worker_heartbeat(pool, "one", heartbeat_interval_seconds=30)
            flow = await client.create_flow_from_name(pool)
            deployment = await client.create_deployment(flow, "daily", work_pool_name=pool)
            run = await client.create_flow_run_from_deployment(deployment, state=Scheduled())
            waiting = asyncio.create_task(_final_state(client, str(run.id), told.append))
            while not told:
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            await client.set_flow_run_state(run.id, Cancelled(), force=True)
            assert (await waiting).is_cancelled()

    asyncio.run(asyncio.wait_for(wait(), 120))
    assert len(told) == 1
    assert told[0].startswith(why)


def test_a_run_that_comes_before_its_time_gives_way_to_one_at_its_time(
    api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The midnight that Santiago will not have: Prefect makes it 23:00, and the day is over at 01:00."""
    early = datetime.datetime.fromisoformat(f"{GAP - datetime.timedelta(days=1)}T23:00-04:00")

    async def meet() -> None:
        async with _client(api) as client:
            flow = await client.create_flow_from_name("santiago")
            deployment = await client.create_deployment(flow, "daily", parameters={"partition": ""})
            run = await client.create_flow_run_from_deployment(
                deployment, state=Scheduled(scheduled_time=early), parameters={"partition": "", "force": False}
            )
            context = SimpleNamespace(flow=None, flow_run=run.model_copy(update={"auto_scheduled": True}))
            monkeypatch.setattr(catch_up.FlowRunContext, "get", lambda: context)
            for _ in range(2):  # started again after a crash, it makes no second one
                state = await catch_up.at_another_time("latest", Cron("0 0 * * *", "America/Santiago"))
                assert state
                assert state.name == "Skipped"
            others = [each for each in await client.read_flow_runs() if each.id != run.id and each.flow_id == flow]
            assert [each.expected_start_time for each in others] == [early + datetime.timedelta(hours=1)]
            assert others[0].parameters == {"partition": "", "force": False}

    asyncio.run(asyncio.wait_for(meet(), 120))
