"""A run once a day is for each local day that there is, once, whatever the clocks do; Prefect says when it is due."""

import datetime
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest
from prefect.server.schemas.schedules import CronSchedule
from prefect.types._datetime import create_datetime_instance

from lockgate.core.catch_up import next_due
from lockgate.core.schedule import Cron, last_complete_day, time_of

DAY = datetime.timedelta(days=1)
FIRST = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)
LAST = datetime.datetime(2028, 1, 1, tzinfo=datetime.UTC)


@cache
def _changes() -> list[tuple[str, datetime.datetime]]:
    """Each change of a clock in three years, in UTC, of one zone of those that change alike; and a zone without any."""
    days = [FIRST + number * DAY for number in range((LAST - FIRST).days)]
    changes: dict[tuple[object, ...], tuple[str, datetime.datetime]] = {}
    for name in sorted(available_timezones() - {"localtime", "posixrules", "Factory"}):
        zone = ZoneInfo(name)
        offsets = [day.astimezone(zone).utcoffset() for day in days]
        for day, (before, after) in zip(days, pairwise(offsets), strict=False):
            if before != after:
                moments = [day + datetime.timedelta(hours=hour) for hour in range(25)]
                moment = next(each for each in moments if each.astimezone(zone).utcoffset() == after)
                changes.setdefault((before, after, moment), (name, moment))
    return [("Asia/Kolkata", FIRST), *changes.values()]


def _due(schedule: Cron, first: datetime.datetime, last: datetime.datetime) -> list[datetime.datetime]:
    """When Prefect says."""
    theirs = CronSchedule(cron=schedule.line, timezone=schedule.timezone)
    asked = theirs._get_dates_generator(100, create_datetime_instance(first))
    return list(takewhile(lambda due: due < last, asked))


def test_the_clocks_of_the_world_change_as_often_as_we_think() -> None:
    assert {"America/Santiago", "Africa/Cairo", "Asia/Beirut"} <= {name for name, _ in _changes()}


@pytest.mark.parametrize("line", ["0 0 * * *", "30 0 * * *", "15 2 * * *", "59 23 * * *"])
def test_each_day_of_each_zone_is_made_once_and_never_before_it_is_over(line: str) -> None:
    for name, change in _changes():
        schedule, zone = Cron(line, name), ZoneInfo(name)
        due = _due(schedule, change - 2 * DAY, change + 3 * DAY)
        days = [datetime.date.fromisoformat(last_complete_day(schedule, each)) for each in due]
        assert days == [days[0] + number * DAY for number in range(len(days))], (name, change)
        assert len(days) >= 4
        for day, each in zip(days, due, strict=True):
            begins = time_of(schedule, each)
            assert each <= begins <= each + datetime.timedelta(hours=2), (name, each)
            assert begins.astimezone(zone).date() > day, (name, each)


@pytest.mark.parametrize("line", ["0 0 * * *", "30 0 * * *", "15 2 * * *", "30 */2 * * *"])
def test_what_is_made_up_for_is_what_prefect_would_have_scheduled(line: str) -> None:
    for name, change in _changes():
        schedule, begin, end = Cron(line, name), change - DAY, change + 2 * DAY
        theirs = {time_of(schedule, each) for each in _due(schedule, begin - DAY, end)}
        ours = set(takewhile(lambda time: time < end, _times(schedule, begin)))  # noqa: B023 - used up here
        assert ours == {each for each in theirs if begin < each < end}, (name, change)


def _times(schedule: Cron, after: datetime.datetime) -> Iterator[datetime.datetime]:
    while True:
        after = next_due(schedule, after)
        yield after


@pytest.mark.parametrize(
    ("zone", "line", "due", "begins", "day"),
    [
        ("America/Santiago", "0 0 * * *", "2026-09-05T23:00-04:00", "2026-09-06T01:00-03:00", "2026-09-05"),
        ("America/Santiago", "30 0 * * *", "2026-09-05T23:30-04:00", "2026-09-06T01:30-03:00", "2026-09-05"),
        ("Africa/Cairo", "0 0 * * *", "2026-04-23T23:00+02:00", "2026-04-24T01:00+03:00", "2026-04-23"),
        ("Asia/Beirut", "0 0 * * *", "2026-03-28T23:00+02:00", "2026-03-29T01:00+03:00", "2026-03-28"),
        ("Europe/Berlin", "30 2 * * *", "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00", "2026-03-28"),
        ("America/Santiago", "0 23 * * *", "2026-09-05T23:00-04:00", "2026-09-05T23:00-04:00", "2026-09-04"),
        ("America/Santiago", "0 0 * * *", "2026-09-05T23:00:07-04:00", "2026-09-05T23:00:07-04:00", "2026-09-04"),
        ("America/Santiago", "0 0 * * *", "2026-09-06T01:00-03:00", "2026-09-06T01:00-03:00", "2026-09-05"),
        ("America/Nuuk", "59 23 * * *", "2026-03-28T22:59-02:00", "2026-03-29T00:59-01:00", "2026-03-27"),
        ("America/Nuuk", "59 23 * * *", "2026-03-29T00:59-01:00", "2026-03-29T00:59-01:00", "2026-03-27"),
        ("Pacific/Apia", "0 0 * * *", "2011-12-31T00:00+14:00", "2011-12-31T00:00+14:00", "2011-12-29"),
    ],
    ids=[
        "midnight",
        "half past",
        "Cairo",
        "Beirut",
        "by day",
        "meant so",
        "by hand",
        "moved on",
        "before midnight",
        "and on",
        "a day there is not",
    ],
)
def test_a_time_that_does_not_exist(zone: str, line: str, due: str, begins: str, day: str) -> None:
    schedule, when = Cron(line, zone), datetime.datetime.fromisoformat(due)
    assert time_of(schedule, when) == datetime.datetime.fromisoformat(begins)
    assert last_complete_day(schedule, when) == day


def test_the_hour_that_comes_twice_is_made_once() -> None:
    schedule = Cron("30 2 * * *", "Europe/Berlin")
    first = next_due(schedule, datetime.datetime(2026, 10, 24, 12, tzinfo=datetime.UTC))
    assert first == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    assert next_due(schedule, first) == datetime.datetime(2026, 10, 26, 1, 30, tzinfo=datetime.UTC)
