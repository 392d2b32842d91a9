"""Schedules as Prefect reads them: what its own parser refuses is told before anything is deployed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lockgate.core.errors import InvalidSchedule

if TYPE_CHECKING:  # a command that plans nothing does not pay for Prefect
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

# Every interval counts from here, a Monday's midnight in UTC, so that no deploy moves its times.
ANCHOR = "2001-01-01T00:00:00+00:00"


def anchored(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule of a manifest as a Prefect file has it: an interval counts from `ANCHOR`, whoever deploys it, when."""
    return {**rule, "anchor_date": ANCHOR} if "interval" in rule else dict(rule)


def prefect_schedule(rule: Mapping[str, Any]) -> "CronSchedule | IntervalSchedule":
    """A schedule of a manifest or a Prefect file, ``{"cron", "timezone"}`` or ``{"interval"}``, as Prefect's own.

    An interval of a file that names no anchor counts from `ANCHOR`.

    Raises:
        InvalidSchedule: If Prefect cannot read it.
    """
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
    from pydantic import ValidationError

    try:
        return CronSchedule(**rule) if "cron" in rule else IntervalSchedule(**{**anchored(rule), **rule})
    except ValidationError as error:
        why = " ".join(str(error.errors()[0]["msg"]).split()).rstrip(".")
        raise InvalidSchedule(f"Prefect cannot follow the schedule {rule}: {why}.", cure="Write another one.") from None
