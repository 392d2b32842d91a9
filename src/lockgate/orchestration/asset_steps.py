"""One asset and partition in Prefect: each of its six steps a task that the UI shows, its end a named state.

A deployment of one asset and a job of several run their assets through here, so that both do exactly the same.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from prefect import Task
from prefect.assets import add_asset_metadata
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.tasks import MaterializingTask, exponential_backoff

from lockgate.core.check import CONTRACT, Verdict
from lockgate.core.errors import LockgateError
from lockgate.core.gate import Blocked, Unchanged, Waiting
from lockgate.core.keys import event_resource
from lockgate.ledger import Begun, Published
from lockgate.orchestration.asset_run import AssetRun
from lockgate.orchestration.lease import kept
from lockgate.orchestration.prefect_file import BY_ASSET, BY_JOB
from lockgate.orchestration.threads import in_thread


class CheckFailed(Exception):
    """Raised in the task of a failed ``error`` check; its message holds no data."""


@dataclass(frozen=True)
class AssetSteps:
    """The steps of one run as tasks of the current flow run.

    Args:
        run: What the steps do.
        prefix: Stands before each task's name, to tell the assets of one flow run apart.
        starts_own_team: Whether what it publishes starts the dependents in its own team; they are in the same
            flow run otherwise.
    """

    run: AssetRun
    prefix: str = ""
    starts_own_team: bool = True

    async def settle(self) -> State[Any]:
        """Take the run from its gate to its end.

        Returns:
            The state it ends in: ``Completed``, or one named ``Blocked``, ``Waiting``, ``Unchanged``, ``Duplicate``,
            ``Rejected`` or ``Superseded``.

        Raises:
            Exception: Whatever the team's function raised, or lockgate around it; the attempt is settled as failed.
        """
        passed = await self._step("gate", self.run.gate)
        match passed:
            case Blocked(reasons):
                return Failed(name="Blocked", message="; ".join(map(str, reasons)))
            case Waiting(reasons):
                return Cancelled(name="Waiting", message="; ".join(map(str, reasons)))
            case Unchanged(number):
                await self._announce("confirm", self.run.confirm)
                return Completed(name="Unchanged", message=f"version {number} has the same inputs and code")
            case Begun(outcome="duplicate", holder=holder):
                return Completed(name="Duplicate", message=f"the same work is done by flow run {holder}")
        with kept(self.run.ledger, self.run.attempt.attempt, self.run.attempt.token):
            return await self._work()

    async def _work(self) -> State[Any]:
        """Everything between the gate and the end; whatever is raised settles the attempt as failed."""
        try:
            await self._step("compute", self.run.compute, **self._limits())
            await self._stage_and_check()
            return await (self._reject() if self.run.rejected else self._publish())
        except BaseException as error:
            why = told(error)
            await in_thread(lambda: self.run.fail(why))
            raise

    def _limits(self) -> dict[str, Any]:
        asset = self.run.asset
        return {
            "retries": asset.retries,
            "retry_delay_seconds": exponential_backoff(1) if asset.retries else None,
            "timeout_seconds": asset.timeout,
        }

    async def _stage_and_check(self) -> None:
        """Stage the value while the checks run on copies of it."""
        run = self.run
        steps = [self._step("stage", run.stage)]
        if run.asset.contract:
            steps.append(self._check(CONTRACT, run.check_contract))
        steps += [self._check(check.name, partial(run.check, check)) for check in run.asset.checks]
        outcomes = await asyncio.gather(*steps, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, CheckFailed):
                raise outcome

    async def _step(self, name: str, work: Callable[[], Any], **options: Any) -> Any:
        """One step as a task; its blocking work runs on a thread, so that the flow's loop stays free."""

        async def step() -> Any:
            return await in_thread(work)

        return await self._task(step, name, **options)

    async def _check(self, name: str, judge: Callable[[], Verdict]) -> None:
        """Run one check in a task of its own, which fails if the check is an ``error`` and fails."""

        async def check() -> State[Any] | None:
            verdict = await in_thread(judge)
            if verdict.blocks:
                raise CheckFailed(verdict.summary)
            name = "Waived" if verdict.waived else "Warned"
            return None if verdict.passed else Completed(name=name, message=verdict.summary)

        await self._task(check, f"check {name}")

    async def _task(self, work: Callable[[], Any], name: str, **options: Any) -> Any:
        return await Task(work, name=self.prefix + name, cache_policy=NO_CACHE, persist_result=False, **options)()

    async def _reject(self) -> State[Any]:
        await self._step("reject", self.run.reject)
        return Failed(name="Rejected", message="; ".join(verdict.summary for verdict in self.run.rejected))

    async def _publish(self) -> State[Any]:
        published = await self._announce("publish", self.run.publish)
        if published.outcome == "superseded":
            return Completed(name="Superseded", message=f"version {published.number} was made from newer inputs")
        return Completed(message=f"version {published.number} is published")

    async def _announce(self, name: str, commit: Callable[[], Published]) -> Published:
        """Commit in a task that materialises the asset: once it completes, Prefect tells the dependents.

        A superseded attempt ends its task as cancelled, the one kind of end for which Prefect emits nothing.
        """
        resource = event_resource(self.run.spec.key)
        committed: list[Published] = []

        async def announce() -> State[Any] | None:
            published = await in_thread(commit)
            committed.append(published)
            if published.outcome == "superseded":
                return Cancelled(name="Superseded")
            add_asset_metadata(resource, {"partition": self.run.partition, "version": published.number})
            return None

        task = MaterializingTask(
            announce,
            assets=[resource],
            materialized_by=BY_ASSET if self.starts_own_team else BY_JOB,
            name=self.prefix + name,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        state: Any = await task(return_state=True)  # type: ignore[misc]
        if not committed:
            await state.aresult()
        if committed[0].outcome != "superseded":
            await in_thread(lambda: self.run.announced(committed[0]))
        return committed[0]


def told(error: BaseException) -> str:
    """What the ledger keeps of an exception: lockgate's own in full, a team's only by its kind."""
    return str(error) if isinstance(error, LockgateError) else type(error).__name__
