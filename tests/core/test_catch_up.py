"""After a downtime, each asset's schedule is made up for as it says, and never more than that."""

import datetime
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.core.catch_up import LATE, MAX_MISSED, missed, next_due, skipped
from lockgate.core.schedule import Cron, Every, Schedule, last_complete_day
from lockgate.core.spec import CatchUp

MORNING = Cron("0 6 * * *")
HOURLY = Every(datetime.timedelta(hours=1))
ANCHOR = datetime.datetime(2013, 1, 1, 0, 30, tzinfo=datetime.UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2013, 1, day, hour, minute, tzinfo=datetime.UTC)


def test_of_five_late_runs_only_the_last_is_made_by_default() -> None:
    late = [at(day, 6) for day in range(1, 6)]
    made = [due for due in late if skipped("latest", MORNING, due, at(5, 8)) is None]
    assert made == [at(5, 6)]


def test_all_are_made_if_the_asset_says_so_each_for_its_own_day() -> None:
    late = [at(day, 6) for day in range(2, 5)]
    assert [skipped("all", MORNING, due, at(5, 8)) for due in late] == [None] * 3
    assert [last_complete_day(MORNING, due) for due in late] == ["2013-01-01", "2013-01-02", "2013-01-03"]


def test_none_is_made_if_it_was_missed_but_a_short_wait_is_no_miss() -> None:
    assert skipped("none", MORNING, at(5, 6), at(5, 6, 5)) is None
    assert "was missed" in (skipped("none", MORNING, at(5, 6), at(5, 8)) or "")


def test_a_skipped_run_says_which_one_overtook_it() -> None:
    assert skipped("latest", MORNING, at(1, 6), at(2, 7)) == (
        "due at 2013-01-01 06:00, it was overtaken by the run due at 2013-01-02 06:00"
    )


@pytest.mark.parametrize(("catch_up", "hours"), [("none", []), ("latest", [4]), ("all", [1, 2, 3, 4])])
def test_what_was_never_scheduled_is_made_up_for_as_the_asset_says(catch_up: CatchUp, hours: list[int]) -> None:
    due = missed(catch_up, HOURLY, at(1, 1, 0), at(1, 5, 0), ANCHOR)
    assert due == [at(1, hour, 30) for hour in hours]


def test_a_cron_line_is_read_in_its_zone_across_the_change_of_the_clock() -> None:
    """In Berlin the clock went forward on 2013-03-31 at two."""
    schedule = Cron("0 6 * * *", "Europe/Berlin")
    after = datetime.datetime(2013, 3, 30, 12, tzinfo=datetime.UTC)
    due = missed("all", schedule, after, after + datetime.timedelta(days=2), after)
    assert [time.astimezone(datetime.UTC).hour for time in due] == [4, 4]


SCHEDULES = st.one_of(
    st.sampled_from(["0 6 * * *", "*/15 * * * *", "0 0 1 * *", "30 2 * * 1"]).map(Cron),
    st.integers(60, 100_000).map(lambda seconds: Every(datetime.timedelta(seconds=seconds))),
)
TIMES = st.datetimes(datetime.datetime(2013, 1, 1), datetime.datetime(2014, 1, 1), timezones=st.just(datetime.UTC)).map(
    lambda time: time.replace(microsecond=0)
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(SCHEDULES, TIMES, st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=3)))
def test_what_is_made_up_for_was_due_in_the_gap_and_would_not_be_skipped(
    schedule: Schedule, after: datetime.datetime, gap: datetime.timedelta
) -> None:
    now = after + gap
    due = {catch_up: missed(catch_up, schedule, after, now, ANCHOR) for catch_up in get_args(CatchUp)}
    assert due["none"] == []
    assert due["latest"] == due["all"][-1:]
    assert len(due["all"]) <= MAX_MISSED
    assert all(after < time <= now for time in due["all"])
    assert all(next_due(schedule, earlier) == later for earlier, later in pairwise(due["all"]))
    assert all(skipped("latest", schedule, time, now) is None for time in due["latest"])
    assert all(skipped("latest", schedule, time, now) is not None for time in due["all"][:-1])
    assert all(skipped("all", schedule, time, now) is None for time in due["all"])
    assert all(skipped("none", schedule, time, time + LATE) is None for time in due["latest"]
               if next_due(schedule, time) > time + LATE)  # fmt: skip
