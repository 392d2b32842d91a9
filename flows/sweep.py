"""The platform's own flow: repairs what events lost. Deployed by the root prefect.yaml, run every 45 seconds."""

import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled

from lockgate.core.schedule import Every
from lockgate.orchestration.catch_up import at_another_time
from lockgate.orchestration.sweep import sweep_once

PERIOD = Every(datetime.timedelta(seconds=45))


@flow(name="platform", flow_run_name="sweep", log_prints=True, timeout_seconds=240)
async def sweep() -> State[Any] | int:
    """Start what is missing, end what is dead, announce what was forgotten; returns how many things it found."""
    if late := await at_another_time("latest", PERIOD):
        return late
    notes = await sweep_once()
    if notes is None:
        return Cancelled(name="Skipped", message="another round is under way")
    for note in notes:
        print(f"{note.asset} [{note.partition}]: {note.what}")  # noqa: T201
    return len(notes)
