"""Schedules: when an asset runs by itself."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadDateError, croniter

from lockgate.core.errors import InvalidSchedule

LONGEST = datetime.timedelta(days=3660)
# croniter draws a time for these at each reading, anew in each process.
_RANDOM = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)
# Every day of the year has been all days of the week within the 28 years from here.
_FIRST = datetime.datetime(2001, 1, 1)


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
        if _RANDOM.search(self.line):
            raise InvalidSchedule(
                f"{self.line!r} asks for random times (R or H), which Prefect does not run.", cure="Write the times."
            )
        _zone(self.timezone)
        if not _fires(self.line):
            raise InvalidSchedule(f"{self.line!r} never comes.", cure="Choose a day that there is: 0 0 28 2 *.")


@dataclass(frozen=True)
class Every:
    """Run at a fixed interval.

    Args:
        interval: At least one second, at most ten years.

    Raises:
        InvalidSchedule: If it is shorter or longer.
    """

    interval: datetime.timedelta

    def __post_init__(self) -> None:
        if not isinstance(self.interval, datetime.timedelta) or self.interval.total_seconds() < 1:
            raise InvalidSchedule(
                f"{self.interval!r} is not an interval of at least one second.",
                cure="Write Every(datetime.timedelta(hours=1)).",
            )
        if self.interval > LONGEST:
            raise InvalidSchedule(f"{self.interval!r} is longer than ten years.", cure="Start it by hand.")


Schedule: TypeAlias = Cron | Every


def _fires(line: str) -> bool:
    try:
        croniter(line, _FIRST, max_years_between_matches=30).get_next(datetime.datetime)
    except CroniterBadDateError:
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    """The zones that are the same everywhere: those of these files are whatever a machine is set to."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def _zone(name: str) -> ZoneInfo:
    if not isinstance(name, str) or name not in _zones():
        raise InvalidSchedule(f"{name!r} is not a time zone.", cure="Use an IANA name, such as Europe/Berlin.")
    return ZoneInfo(name)


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
