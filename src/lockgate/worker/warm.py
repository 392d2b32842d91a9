"""The worker type ``warm-process``: Prefect's process worker, whose runs come from a fork server and start at once."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any, Self

import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.workers.process import (
    ProcessJobConfiguration,
    ProcessWorker,
    ProcessWorkerResult,
)

from lockgate.worker import client
from lockgate.worker.servers import ForkServers, socket_path

SCHEDULED = "prefect.flow-run.Scheduled"
RECONNECT_SECONDS = 5


class WarmJobConfiguration(ProcessJobConfiguration):
    """A run's configuration; its command is the fork server's client unless the pool names another."""

    def prepare_for_flow_run(self, *args: Any, **kwargs: Any) -> None:
        """See the base class."""
        if self.command is None:
            folder = Path(self.working_dir or Path.cwd())
            self.command = f"{sys.executable} -S -E {client.__file__} {socket_path(folder)}"
        super().prepare_for_flow_run(*args, **kwargs)


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
        self._one_fetch = asyncio.Lock()
        await super().__aenter__()
        # A worker started in its team's folder has the fork server ready before the first run.
        ready = self._servers.ensure(Path.cwd())
        self._listeners = [asyncio.create_task(work) for work in (self._listen(), self._fetch(), ready)]
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        """Stop listening, and let the fork servers end with their last runs."""
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
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
        return await super().run(flow_run, configuration, task_status)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Fetch and start what is scheduled, one fetch at a time: polls and events both call it.

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
                    async for event in events:
                        if self._concerns_us(event.related):
                            self._scheduled.set()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _concerns_us(self, related: Any) -> bool:
        pools = [resource.name for resource in related if resource.role == "work-pool"]
        return not pools or self._work_pool_name in pools

    async def _fetch(self) -> None:
        """Fetch at once when a run was scheduled; many at a time are fetched together."""
        while True:
            await self._scheduled.wait()
            self._scheduled.clear()
            with contextlib.suppress(Exception):
                await self.get_and_submit_flow_runs()
