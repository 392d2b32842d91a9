"""Missed schedules: which runs that were due in the past are still to be made."""

import datetime
import itertools
from collections.abc import Iterator

from croniter import croniter

from lockgate.core.schedule import Cron, Schedule, local_time, on_clock, time_of, zone_of
from lockgate.core.spec import CatchUp

LATE = datetime.timedelta(minutes=15)
MAX_MISSED = 100


def next_due(schedule: Schedule, due: datetime.datetime) -> datetime.datetime:
    """When a schedule is due after one of its times: as ``time_of`` has it, each time of the clock once.

    Args:
        schedule: The schedule.
        due: With time zone; for an interval, one of its times.
    """
    if not isinstance(schedule, Cron):
        return due + schedule.interval
    zone = zone_of(schedule)
    walls = croniter(schedule.line, local_time(due, zone).replace(tzinfo=None))
    while True:  # in the hour that comes twice, the times of its first coming are over
        following = on_clock(walls.get_next(datetime.datetime), zone)
        if following > due.astimezone(datetime.UTC):
            return following


def skipped(catch_up: CatchUp, schedule: Schedule, due: datetime.datetime, now: datetime.datetime) -> str | None:
    """Why a scheduled run that begins only now is not to be made; None if it is.

    Args:
        catch_up: What the asset says.
        schedule: Its schedule.
        due: When the run was due, with time zone.
        now: With time zone.
    """
    if catch_up == "all":
        return None
    following = next_due(schedule, time_of(schedule, due))
    if following <= now:
        return f"due at {due:%Y-%m-%d %H:%M}, it was overtaken by the run due at {following:%Y-%m-%d %H:%M}"
    if catch_up == "none" and now - due > LATE:
        return f"due at {due:%Y-%m-%d %H:%M}, it was missed"
    return None


def missed(
    catch_up: CatchUp, schedule: Schedule, after: datetime.datetime, now: datetime.datetime, anchor: datetime.datetime
) -> list[datetime.datetime]:
    """The times since ``after`` at which a schedule was due and that are to be made up for, oldest first.

    Args:
        catch_up: What the asset says: the ``latest`` of them, ``all`` (the newest hundred), or ``none``.
        schedule: Its schedule.
        after: The last moment at which runs were scheduled, with time zone.
        now: With time zone.
        anchor: One time of an interval schedule, with time zone.
    """
    if catch_up == "none":
        return []
    due = list(itertools.takewhile(lambda time: time <= now, _times(schedule, after, anchor)))
    return due[-1:] if catch_up == "latest" else due[-MAX_MISSED:]


def _times(schedule: Schedule, after: datetime.datetime, anchor: datetime.datetime) -> Iterator[datetime.datetime]:
    if isinstance(schedule, Cron):
        time = next_due(schedule, after)
    else:
        time = anchor + ((after - anchor) // schedule.interval + 1) * schedule.interval
    while True:
        yield time
        time = next_due(schedule, time)
