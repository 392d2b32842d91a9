"""Schedules as Prefect reads them: what its own parser refuses is told before anything is deployed."""

from typing import Any

from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from pydantic import ValidationError

from lockgate.core.errors import InvalidSchedule


def prefect_schedule(rule: dict[str, Any]) -> CronSchedule | IntervalSchedule:
    """A schedule of a manifest or a Prefect file, ``{"cron", "timezone"}`` or ``{"interval"}``, as Prefect's own.

    Raises:
        InvalidSchedule: If Prefect cannot read it.
    """
    try:
        return CronSchedule(**rule) if "cron" in rule else IntervalSchedule(**rule)
    except ValidationError as error:
        why = " ".join(str(error.errors()[0]["msg"]).split()).rstrip(".")
        raise InvalidSchedule(f"Prefect cannot follow the schedule {rule}: {why}.", cure="Write another one.") from None
