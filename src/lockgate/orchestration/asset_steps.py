"""One asset and partition in Prefect: each of its six steps a task that the UI shows, its end a named state.

A deployment of one asset and a job of several run their assets through here, so that both do exactly the same.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from prefect import Task
from prefect.assets import add_asset_metadata
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed
from prefect.tasks import MaterializingTask, exponential_backoff

from lockgate.core.calling import Ended, kind
from lockgate.core.check import CONTRACT, Verdict
from lockgate.core.errors import LockgateError
from lockgate.core.gate import AlreadyRejected, Blocked, Unchanged, Waiting
from lockgate.core.keys import event_resource
from lockgate.ledger import Begun, Published
from lockgate.orchestration.asset_run import AssetRun
from lockgate.orchestration.cancelled import why_ended
from lockgate.orchestration.lease import kept
from lockgate.orchestration.prefect_file import BY_ASSET, BY_JOB
from lockgate.orchestration.threads import in_thread

# Where nobody said how long a step may take: every one ends, and with it the lease that is renewed meanwhile.
COMPUTE_SECONDS = 86_400.0
CHECK_SECONDS = 3_600.0
STAGE_SECONDS = 3_600.0


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
            case AlreadyRejected():
                return Failed(name="Rejected", message=f"{passed}; to judge them again, run it with --force")
            case Begun(outcome="duplicate", holder=holder):
                return Completed(name="Duplicate", message=f"the same work is done by flow run {holder}")
        with kept(self.run.ledger, self.run.attempt.attempt, self.run.attempt.token):
            return await self._work()

    async def _work(self) -> State[Any]:
        """Everything between the gate and the end; whatever is raised settles the attempt.

        As failed, or as cancelled if a person ended the run: then nothing starts it again by itself.
        """
        try:
            await self._compute()
            await self._stage_and_check()
            return await (self._reject() if self.run.rejected else self._publish())
        except BaseException as error:
            raised, ended = told(error), await why_ended(self.run.flow_run_id)
            await in_thread(lambda: self.run.fail(ended or raised, cancelled=ended is not None))
            raise

    async def _compute(self) -> None:
        """Call the team's function; each retry by itself, and what comes after its limit is dropped."""
        asset = self.run.asset

        async def compute() -> None:
            self.run.accept(await in_thread(self.run.compute))

        await self._task(
            compute,
            "compute",
            retries=asset.retries,
            retry_delay_seconds=exponential_backoff(1) if asset.retries else None,
            timeout_seconds=asset.timeout or COMPUTE_SECONDS,
        )

    async def _stage_and_check(self) -> None:
        """Stage the value while the checks run; one that a check rejects need not have been staged."""
        await asyncio.wait_for(in_thread(self.run.encode), STAGE_SECONDS)
        stage = self._step("stage", self.run.stage, timeout_seconds=STAGE_SECONDS)
        staged, checked = await asyncio.gather(_raised(stage), _raised(self._checks()))
        if error := checked or (None if self.run.rejected else staged):
            raise error

    async def _checks(self) -> None:
        """Run the checks one after the other, so that one private copy of the value exists at a time."""
        asset = self.run.asset
        usual = asset.timeout or CHECK_SECONDS
        if asset.contract:
            await self._check(CONTRACT, self.run.judge_contract, usual)
        for check in asset.checks:
            await self._check(check.name, partial(self.run.judge, check), check.timeout or usual)

    async def _step(self, name: str, work: Callable[[], Any], **options: Any) -> Any:
        """One step as a task; its blocking work runs on a thread, so that the flow's loop stays free."""

        async def step() -> Any:
            return await in_thread(work)

        return await self._task(step, name, **options)

    async def _check(self, name: str, judge: Callable[[], Verdict], seconds: float) -> None:
        """Run one check in a task of its own, which fails if the check is an ``error`` and fails."""

        async def check() -> State[Any] | None:
            verdict = await self._verdict(name, judge, seconds)
            if verdict.blocks:
                raise CheckFailed(verdict.summary)
            state = "Waived" if verdict.waived else "Warned"
            return None if verdict.passed else Completed(name=state, message=verdict.summary)

        with suppress(CheckFailed):
            await self._task(check, f"check {name}")

    async def _verdict(self, name: str, judge: Callable[[], Verdict], seconds: float) -> Verdict:
        """The recorded verdict of a check; one that has come to none within its limit has failed, and is not heard."""
        try:
            verdict = await asyncio.wait_for(in_thread(judge), seconds)
        except TimeoutError:
            severity = next(spec.severity for spec in self.run.spec.checks if spec.name == name)
            verdict = Verdict(name, severity, passed=False, message=f"took longer than {seconds:g} s")
        return await in_thread(lambda: self.run.record(verdict))

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


async def _raised(step: Coroutine[Any, Any, Any]) -> Exception | None:
    """What a step raised, once it is over."""
    try:
        await step
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised when the other step is over as well
        return error
    return None


def told(error: BaseException) -> str:
    """What the ledger keeps of an exception: lockgate's own in full, a team's only by its kind."""
    return str(error) if isinstance(error, LockgateError | Ended) else kind(error)
