"""The worker type ``warm-process``: Prefect's process worker, whose runs come from a fork server and start at once.

In a folder that has code of its own, a team's or the platform's, a run takes nothing from Prefect's API but which of
the folder's flows it is, and with which parameters: not its command, folder and environment from the pool's template or
from job variables, not its entrypoint and pull steps from the deployment. All of those whoever reaches the API can
change.
"""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast

import anyio.abc
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.flows import Flow, load_flow_from_flow_run
from prefect.workers import process
from prefect.workers.process import (
    ProcessJobConfiguration,
    ProcessWorker,
    ProcessWorkerResult,
)

from lockgate.entrypoints import VARIABLE, has_own_code, own_entrypoint
from lockgate.settings import DEPLOYMENT
from lockgate.worker import client
from lockgate.worker.servers import ForkServers, socket_path

SCHEDULED = "prefect.flow-run.Scheduled"
RECONNECT_SECONDS = 5
# A run that was due at once and that so long afterwards is found by a poll: its event has not reached us.
OVERDUE_SECONDS = 5


async def _flow_with_hooks(flow_run: FlowRun) -> Flow[..., Any]:
    """The flow whose hooks Prefect runs in the worker's own process when a run crashes or is cancelled.

    It would load what the API names, pull steps first. The flows of a folder with code of its own have no hooks.
    """
    if has_own_code(Path.cwd()):
        return Flow(lambda: None, name="without-hooks")
    return await load_flow_from_flow_run(flow_run)


# Prefect's process worker takes no other loader, and this one concerns stock workers in a team's folder too.
vars(process)["load_flow_from_flow_run"] = _flow_with_hooks


class WarmJobConfiguration(ProcessJobConfiguration):
    """A run's configuration; its command is the fork server's client unless the pool of other code names another."""

    @classmethod
    async def from_template_and_values(
        cls, base_job_template: dict[str, Any], values: dict[str, Any], client: PrefectClient | None = None
    ) -> Self:
        """See the base class; of the worker's own code neither template nor values count."""
        if has_own_code(Path.cwd()):
            return cls(working_dir=Path.cwd())
        made = await super().from_template_and_values(base_job_template, values, client=client)
        return cast(Self, made)

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """See the base class."""
        if self.command is None:
            folder = Path(self.working_dir or Path.cwd())
            self.command = f"{sys.executable} -S -E {client.__file__} {socket_path(folder)}"
        name = deployment.name if deployment is not None else ""
        if deployment is not None:
            self.env[DEPLOYMENT] = name
        if entrypoint := own_entrypoint(Path.cwd(), name):
            self.env[VARIABLE] = entrypoint
        super().prepare_for_flow_run(flow_run, deployment, *args, **kwargs)


class WarmProcessWorker(ProcessWorker):
    """Runs flows as processes forked from one that has Prefect and the team's code imported."""

    type = "warm-process"
    job_configuration = WarmJobConfiguration
    _description = "Execute flow runs as processes forked from one with the team's code already imported."
    _display_name = "Warm process"

    async def __aenter__(self) -> Self:
        """Start listening for scheduled runs."""
        self._servers = ForkServers(warn=self._logger.warning)
        self._scheduled = asyncio.Event()
        self._heard = datetime.now(UTC)
        self._one_fetch = asyncio.Lock()
        await super().__aenter__()
        # A worker started in its team's folder has the fork server ready before the first run.
        ready = self._servers.ensure(Path.cwd())
        self._listener = asyncio.create_task(self._listen())
        self._helpers = [asyncio.create_task(work) for work in (self._fetch_when_told(), ready)]
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        """Stop listening, and let the fork servers end with their last runs."""
        helpers = [self._listener, *self._helpers]
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        try:
            await super().__aexit__(*exc_info)
        finally:
            self._servers.close()

    async def run(
        self,
        flow_run: FlowRun,
        configuration: ProcessJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> ProcessWorkerResult:
        """See to it that the fork server is there, then run as any process worker."""
        await self._servers.ensure(Path(configuration.working_dir or Path.cwd()))
        try:
            return await super().run(flow_run, configuration, task_status)
        finally:
            self._scheduled.set()  # a place is free: no run that waits for one shall wait for the next poll

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Poll: start what no event told of. If there was such a run, the subscription is deaf: open a new one."""
        known = set(self._submitting_flow_run_ids)
        started = await self._fetch()
        if any(self._unheard(run) for run in started if run.id not in known):
            self._logger.warning("No event told of a scheduled run; subscribing to events anew.")
            self._listener.cancel()
            self._listener = asyncio.create_task(self._listen())
        return started

    async def _fetch(self) -> list[FlowRun]:
        """Fetch and start what is scheduled, one fetch at a time.

        An answer can be older than the start of a run it names, because our runs start faster than an answer
        travels. Prefect then finds the run's slot taken, and gives up the whole worker. Ours fetches again.
        """
        async with self._one_fetch:
            try:
                return await super().get_and_submit_flow_runs()
            except RuntimeError as error:
                if "borrower is already holding" not in str(error):
                    raise
                self._scheduled.set()
                return []

    async def _listen(self) -> None:
        """Note every scheduled run; where events are not to be had, polling finds the runs."""
        scheduled = EventFilter(event=EventNameFilter(name=[SCHEDULED]))
        while True:
            with contextlib.suppress(Exception):
                async with get_events_subscriber(filter=scheduled) as events:
                    self._scheduled.set()  # what was scheduled while nobody listened
                    async for event in events:
                        self._heard = max(self._heard, event.occurred)
                        if self._concerns_us(event.related):
                            self._scheduled.set()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _concerns_us(self, related: Any) -> bool:
        pools = [resource.name for resource in related if resource.role == "work-pool"]
        return not pools or self._work_pool_name in pools

    async def _fetch_when_told(self) -> None:
        """Fetch at once when a run was scheduled; many at a time are fetched together."""
        while True:
            await self._scheduled.wait()
            self._scheduled.clear()
            with contextlib.suppress(Exception):
                await self._fetch()

    def _unheard(self, run: FlowRun) -> bool:
        """Whether the run has been due since a while and no event, of it or of later ones, has reached us."""
        created, due = run.created, run.expected_start_time
        if created is None or due is None or created <= self._heard:
            return False
        return datetime.now(UTC) - max(created, due) > timedelta(seconds=OVERDUE_SECONDS)
