"""What team flights promises of its assets, shown on data made up here: no server needed."""

from typing import Any

import pytest
from assets import FLIGHT_TYPES, PLANE_TYPES, flights, planes, tidy
from contracts import AIRPORTS

from lockgate.testing import Materialized, check_value

DAY = "2013-01-05"
CANCELLED = {"dep_time": None, "dep_delay": None, "arr_time": None, "arr_delay": None, "air_time": None}


def a_day(per_airport: int = 120) -> list[dict[str, Any]]:
    """A sound day as the source sends it: every flight leaves at 9:15 local time, two minutes late."""
    flight = {
        "time_hour": f"{DAY}T14:00:00Z", "carrier": "UA", "tailnum": "N14228", "dest": "IAH", "year": 2013,
        "sched_dep_time": 915, "dep_time": 917, "dep_delay": 2,
        "sched_arr_time": 1159, "arr_time": 1203, "arr_delay": 4, "air_time": 180, "distance": 1400,
    }  # fmt: skip
    return [{**flight, "origin": origin, "flight": number + 1} for origin in AIRPORTS for number in range(per_airport)]


def judged(items: list[dict[str, Any]], partition: str = DAY) -> Materialized:
    return check_value(flights, tidy(items, FLIGHT_TYPES), partition=partition)


def changed(**values: object) -> list[dict[str, Any]]:
    """A sound day with one flight changed."""
    items = a_day()
    items[7].update(values)
    return items


def test_a_sound_day_passes_every_check() -> None:
    result = judged(a_day())
    assert result.outcome == "published"
    assert result.failed == set()


def test_types_are_deliberate() -> None:
    """A cancelled flight turns no column of whole numbers into floats."""
    frame = tidy(changed(**CANCELLED, tailnum=None), FLIGHT_TYPES)
    assert str(frame["time_hour"].dtype) == "datetime64[us, UTC]"
    assert str(frame["dep_time"].dtype) == "Int64"
    assert str(frame["tailnum"].dtype) == "str"
    assert "year" not in frame


@pytest.mark.parametrize(
    "values",
    [
        {**CANCELLED, "tailnum": None},
        {"arr_delay": None, "air_time": None},
        {"arr_time": None, "arr_delay": None, "air_time": None},
        {"dep_time": 14, "dep_delay": 14 * 60 + 59, "arr_time": 300, "arr_delay": 15 * 60 + 1},
        {"sched_dep_time": 959, "dep_time": 2400, "dep_delay": 841},
    ],
    ids=["cancelled", "diverted", "never arrived", "left after midnight", "left at midnight"],
)
def test_what_happens_to_real_flights_is_allowed(values: dict[str, Any]) -> None:
    assert judged(changed(**values)).failed == set()


@pytest.mark.parametrize(
    "values",
    [
        {"carrier": None},
        {"dep_time": None},
        {"dep_delay": None},
        {"tailnum": None},
        {"air_time": 5},
        {"air_time": 100},
        {"distance": -1},
        {"sched_dep_time": 975, "dep_time": 977},
        {"dest": "Houston"},
        {"origin": "BOS"},
        {"dep_time": 0},
        {**CANCELLED, "arr_time": 1203},
    ],
)
def test_one_impossible_flight_rejects_the_day(values: dict[str, Any]) -> None:
    result = judged(changed(**values))
    assert result.outcome == "rejected"
    assert result.verdicts["contract"].rows_failed == 1


def test_a_flight_sent_twice_is_rejected() -> None:
    items = a_day()
    assert judged([*items, items[0]]).failed == {"contract"}


def test_a_missing_column_is_rejected_and_does_not_crash() -> None:
    items = [{name: value for name, value in item.items() if name != "dep_delay"} for item in a_day()]
    assert "contract" in judged(items).failed


def test_an_airport_without_flights_is_rejected() -> None:
    assert judged([item for item in a_day() if item["origin"] != "JFK"]).failed == {"every_airport_departs"}


def test_a_delay_that_its_times_contradict_is_rejected() -> None:
    assert judged(changed(dep_delay=62)).failed == {"delays_match_times"}


def test_another_hour_or_day_is_rejected() -> None:
    assert judged(changed(time_hour=f"{DAY}T15:00:00Z")).failed == {"scheduled_within_its_hour"}
    assert judged(a_day(), partition="2013-01-06").failed == {"scheduled_within_its_hour"}


def test_a_foreign_plane_and_a_blizzard_are_only_warnings() -> None:
    result = judged(changed(tailnum="D942DN"))
    assert result.outcome == "published"
    assert result.failed == {"tail_numbers_are_american"}
    result = judged([{**item, **CANCELLED} if number % 3 == 0 else item for number, item in enumerate(a_day())])
    assert result.outcome == "published"
    assert result.failed == {"few_cancellations"}


def registry(**values: object) -> Materialized:
    """The verdicts on a registry of 40 planes, one of them changed."""
    plane = {"type": "Fixed wing multi engine", "manufacturer": "BOEING", "model": "737-824", "year": 1999}
    rest = {"engines": 2, "seats": 149, "speed": None, "engine": "Turbo-fan"}
    items = [{"tailnum": f"N{10000 + number}", **plane, **rest} for number in range(40)]
    items[7].update(values)
    return check_value(planes, tidy(items, PLANE_TYPES))


def test_a_plane_of_unknown_age_is_allowed() -> None:
    assert registry(year=None).failed == set()


@pytest.mark.parametrize("values", [{"tailnum": "N10001"}, {"seats": 0}, {"year": 2150}, {"model": None}])
def test_one_impossible_plane_rejects_the_registry(values: dict[str, Any]) -> None:
    assert registry(**values).failed == {"contract"}
