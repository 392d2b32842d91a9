"""Schedules: when an asset runs by itself."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from croniter import croniter

from lockgate.core.errors import InvalidSchedule


@dataclass(frozen=True)
class Cron:
    """Run at the times of a cron line.

    Args:
        line: Five fields, as in ``0 6 * * *``.
        timezone: An IANA name; the line is read in it.

    Raises:
        InvalidSchedule: If either cannot be read.
    """

    line: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if not isinstance(self.line, str) or len(self.line.split()) != 5 or not croniter.is_valid(self.line):
            raise InvalidSchedule(f"{self.line!r} is not a cron line.", cure='Write five fields, such as "0 6 * * *".')
        _zone(self.timezone)


@dataclass(frozen=True)
class Every:
    """Run at a fixed interval.

    Args:
        interval: At least one second.

    Raises:
        InvalidSchedule: If it is shorter.
    """

    interval: datetime.timedelta

    def __post_init__(self) -> None:
        if not isinstance(self.interval, datetime.timedelta) or self.interval.total_seconds() < 1:
            raise InvalidSchedule(
                f"{self.interval!r} is not an interval of at least one second.",
                cure="Write Every(datetime.timedelta(hours=1)).",
            )


Schedule: TypeAlias = Cron | Every


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except Exception as error:
        raise InvalidSchedule(
            f"{name!r} is not a time zone.", cure="Use an IANA name, such as Europe/Berlin."
        ) from error


def zone_of(schedule: Cron) -> ZoneInfo:
    """The time zone a cron line is read in."""
    return _zone(schedule.timezone)


def last_complete_day(schedule: Schedule | None, due: datetime.datetime) -> str:
    """The daily partition a scheduled run is for: the day before it is due, in the schedule's time zone.

    Args:
        schedule: The asset's schedule; None and intervals count in UTC.
        due: When the run was due, with time zone.
    """
    zone = zone_of(schedule) if isinstance(schedule, Cron) else datetime.UTC
    return (due.astimezone(zone).date() - datetime.timedelta(days=1)).isoformat()


def schedule_to_json(schedule: Schedule | None) -> dict[str, Any] | None:
    """The manifest's form: ``{"cron", "timezone"}``, ``{"interval"}`` in seconds, or None."""
    if isinstance(schedule, Cron):
        return {"cron": schedule.line, "timezone": schedule.timezone}
    if isinstance(schedule, Every):
        return {"interval": schedule.interval.total_seconds()}
    return None


def schedule_from_json(data: Mapping[str, Any] | None) -> Schedule | None:
    """The schedule a manifest describes."""
    if not data:
        return None
    if "cron" in data:
        return Cron(data["cron"], data["timezone"])
    return Every(datetime.timedelta(seconds=data["interval"]))
