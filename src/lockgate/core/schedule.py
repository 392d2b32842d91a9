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
_DAY = datetime.timedelta(days=1)


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


def time_of(schedule: Schedule | None, due: datetime.datetime) -> datetime.datetime:
    """When a run that Prefect has scheduled may begin: an hour later than ``due`` if its time does not exist that day.

    Where clocks jump from 00:00 to 01:00, Prefect starts the run of 00:00 at 23:00 of the day before, some of its
    releases at 01:00. It is meant for 01:00.

    Args:
        schedule: The asset's schedule; what Prefect makes of None and of intervals stands.
        due: When Prefect scheduled it, with time zone.

    Returns:
        ``due``, or the later time, in UTC.
    """
    if not isinstance(schedule, Cron):
        return due
    local = local_time(due, zone_of(schedule))
    return max(local.astimezone(datetime.UTC), on_clock(_meant(schedule, local), zone_of(schedule)))


def _meant(schedule: Cron, local: datetime.datetime) -> datetime.datetime:
    """The time of the cron line behind a due time: another one if the clocks jumped over it."""
    wall = local.replace(tzinfo=None)
    if _names(schedule, wall):
        return wall
    universal = local.astimezone(datetime.UTC)
    for beside in (_DAY, -_DAY):
        # As the clock of the next day would show it, or that of the day before.
        offset = (universal + beside).astimezone(local.tzinfo).utcoffset() or datetime.timedelta()
        meant = universal.replace(tzinfo=None) + offset
        if on_clock(meant, zone_of(schedule)).astimezone(local.tzinfo).replace(tzinfo=None) != meant and _names(
            schedule, meant
        ):
            return meant
    return wall


def local_time(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """A moment as the standard library has it: Prefect's own kind of datetime moves what is set in a gap.

    Args:
        moment: With time zone.
        zone: To show it in.
    """
    return datetime.datetime.fromtimestamp(moment.timestamp(), zone)


def on_clock(wall: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """The moment a clock shows a time: the first of two, and as much after a gap as the time is within it.

    Args:
        wall: Without time zone.
        zone: Of the clock.

    Returns:
        In UTC: times of one zone compare by their wall clock, and those of a doubled hour equal no other.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(datetime.UTC)


def _names(schedule: Cron, wall: datetime.datetime) -> bool:
    return wall == wall.replace(second=0, microsecond=0) and bool(croniter.match(schedule.line, wall))


def last_complete_day(schedule: Schedule | None, due: datetime.datetime) -> str:
    """The daily partition a scheduled run is for: the last day that is over at its time, in the schedule's time zone.

    Whatever the clocks do, a run once a day is for each day that there is, once. See ``time_of`` for when it may begin.

    Args:
        schedule: The asset's schedule; None and intervals count in UTC.
        due: When the run was due, with time zone.
    """
    zone = zone_of(schedule) if isinstance(schedule, Cron) else datetime.UTC
    local = local_time(due, zone)
    today = (_meant(schedule, local) if isinstance(schedule, Cron) else local).date()
    midnight = datetime.datetime.combine(today, datetime.time(), zone).astimezone(datetime.UTC)
    return (midnight - datetime.timedelta(seconds=1)).astimezone(zone).date().isoformat()


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
