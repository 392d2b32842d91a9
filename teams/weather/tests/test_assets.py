"""What team weather promises of its asset, shown on a day made up here: no server needed."""

from typing import Any

import pandas as pd
import pytest
from assets import observations, strike_out_erratum, tidy
from contracts import AIRPORTS

from lockgate.testing import Materialized, check_value

DAY = "2013-01-05"


def a_day(start: str = f"{DAY}T05:00:00Z", hours: int = 24) -> list[dict[str, Any]]:
    """A sound day as the source sends it: mild, dry and calm."""
    measured = {"temp": 41.0, "dewp": 20, "humid": 42.5, "wind_dir": 310, "wind_speed": 4.6, "wind_gust": None}
    times = pd.date_range(start, periods=hours, freq="h").strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        {"origin": origin, "time_hour": time, "year": 2013, **measured, "precip": 0, "pressure": 1024.0, "visib": 10}
        for time in times
        for origin in AIRPORTS
    ]


def judged(items: list[dict[str, Any]], partition: str = DAY) -> Materialized:
    return check_value(observations, tidy(items), partition=partition)


def test_a_sound_day_passes_every_check() -> None:
    result = judged(a_day())
    assert result.outcome == "published"
    assert result.failed == set()


def test_types_are_deliberate() -> None:
    """Whole numbers in JSON become floats, times are UTC in microseconds, and nothing else is kept."""
    frame = tidy(a_day())
    assert str(frame["time_hour"].dtype) == "datetime64[us, UTC]"
    assert {str(dtype) for dtype in frame.drop(columns=["origin", "time_hour"]).dtypes} == {"float64"}
    assert "year" not in frame


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("temp", 999.0),
        ("humid", 0),
        ("wind_speed", -1),
        ("wind_speed", 1048.36),
        ("precip", None),
        ("visib", 11),
        ("dewp", 60.0),
        ("wind_gust", 1.0),
        ("origin", "BOS"),
        ("time_hour", f"{DAY}T05:30:00Z"),
    ],
)
def test_one_impossible_value_rejects_the_day(column: str, value: object) -> None:
    items = a_day()
    items[7][column] = value
    result = judged(items)
    assert result.outcome == "rejected"
    assert result.verdicts["contract"].rows_failed == 1


@pytest.mark.parametrize(("column", "tolerated"), [("temp", 3), ("wind_dir", 18), ("pressure", 54), ("wind_gust", 72)])
def test_some_values_may_be_missing_but_not_most(column: str, tolerated: int) -> None:
    items = a_day()
    for item in items[:tolerated]:
        item[column] = None
    assert judged(items).outcome == "published"
    for item in items[: tolerated + 1]:
        item[column] = None
    assert judged(items).outcome == ("published" if tolerated == len(items) else "rejected")


def test_a_missing_column_is_rejected_and_does_not_crash() -> None:
    items = [{name: value for name, value in item.items() if name != "precip"} for item in a_day()]
    assert judged(items).failed == {"contract"}


def test_no_rows_are_rejected() -> None:
    assert "contract" in judged([]).failed


def test_a_repeated_hour_is_rejected() -> None:
    items = a_day()
    assert judged([*items, items[0]]).failed == {"contract", "hours_unique_per_airport"}


def test_a_silent_airport_is_rejected() -> None:
    result = judged([item for item in a_day() if item["origin"] != "LGA"])
    assert result.failed == {"every_airport_reports", "no_hour_missing"}


def test_another_day_is_rejected() -> None:
    assert judged(a_day(), partition="2013-01-06").failed == {"belongs_to_the_day"}


def test_a_missing_hour_is_only_a_warning() -> None:
    result = judged(a_day()[3:])
    assert result.outcome == "published"
    assert result.failed == {"no_hour_missing"}


def test_the_hour_that_the_clocks_repeat_is_two_hours() -> None:
    assert judged(a_day("2013-11-03T04:00:00Z", hours=25), partition="2013-11-03").failed == set()


def test_the_known_broken_reading_is_struck_out_and_nothing_else() -> None:
    items = a_day("2013-02-12T05:00:00Z")
    for item in items[9:11]:
        item["wind_speed"] = 1048.36058
    frame = tidy(items)
    assert strike_out_erratum(frame) == 1
    assert frame["wind_speed"].isna().sum() == 1
    result = check_value(observations, frame, partition="2013-02-12")
    assert result.verdicts["contract"].rows_failed == 1
