"""What team delays promises of its assets, shown on frames as the other teams publish them: no server needed."""

import pandas as pd
import pytest
from assets import delay_by_plane, delay_by_weather, monthly_delays

from lockgate.testing import Materialized, check_value, materialize

DAY = "2013-01-05"
NINE, TEN = f"{DAY}T14:00:00Z", f"{DAY}T15:00:00Z"


def flights(*rows: tuple[str, str, int | None, str | None]) -> pd.DataFrame:
    """Flights as ``flights/flights`` has them: origin, hour, delay in minutes (None if cancelled), tail number."""
    frame = pd.DataFrame(rows, columns=["origin", "time_hour", "dep_delay", "tailnum"])
    frame["time_hour"] = pd.to_datetime(frame["time_hour"], utc=True).dt.as_unit("us")
    return frame.astype({"dep_delay": "Int64", "tailnum": "str"})


def weather(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Weather as ``weather/observations`` has it: origin, hour, temperature."""
    frame = pd.DataFrame(rows, columns=["origin", "time_hour", "temp"])
    frame["time_hour"] = pd.to_datetime(frame["time_hour"], utc=True).dt.as_unit("us")
    return frame.assign(humid=60.0, wind_speed=5.0, precip=0.0, visib=10.0, wind_dir=310.0)


def by_weather(flown: pd.DataFrame, observed: pd.DataFrame) -> Materialized:
    return materialize(delay_by_weather, partition=DAY, flights=flown, observations=observed)


def test_flights_meet_the_weather_of_their_hour() -> None:
    flown = flights(("EWR", NINE, -2, "N1"), ("EWR", NINE, 20, "N2"), ("EWR", NINE, None, None), ("JFK", TEN, 5, "N3"))
    result = by_weather(flown, weather(("EWR", NINE, 41.0), ("JFK", NINE, 99.0), ("JFK", TEN, 39.0)))
    assert result.outcome == "published"
    assert result.failed == set()
    columns = ["origin", "flights", "departed", "late", "mean_delay", "temp"]
    assert result.value[columns].values.tolist() == [["EWR", 3, 2, 1, 9.0, 41.0], ["JFK", 1, 1, 0, 5.0, 39.0]]


def test_an_hour_of_cancelled_flights_has_no_delay() -> None:
    result = by_weather(flights(("EWR", NINE, None, None)), weather(("EWR", NINE, 41.0)))
    assert result.outcome == "published"
    assert result.value["mean_delay"].isna().all()


def test_a_little_missing_weather_is_a_warning_and_much_is_rejected() -> None:
    flown = flights(*[("EWR", NINE, 0, "N1")] * 9, ("EWR", TEN, 0, "N2"))
    result = by_weather(flown, weather(("EWR", NINE, 41.0)))
    assert result.outcome == "published"
    assert result.failed == {"weather_always_known"}
    result = by_weather(flown, weather(("EWR", TEN, 41.0)))
    assert result.outcome == "rejected"
    assert result.failed == {"weather_always_known", "weather_mostly_known"}


def test_a_lost_flight_is_rejected() -> None:
    """The check compares with the flights that were pinned, not with what the function says."""
    flown = flights(("EWR", NINE, 0, "N1"), ("JFK", NINE, 0, "N2"))
    observed = weather(("EWR", NINE, 41.0), ("JFK", NINE, 41.0))
    value = by_weather(flown, observed).value
    result = check_value(delay_by_weather, value[:1], partition=DAY, flights=flown, observations=observed)
    assert result.failed == {"no_flight_lost"}


@pytest.mark.parametrize(("column", "value"), [("late", 2), ("departed", 3), ("mean_delay", None), ("precip", -1.0)])
def test_one_impossible_hour_is_rejected(column: str, value: float | None) -> None:
    flown, observed = flights(("EWR", NINE, 0, "N1")), weather(("EWR", NINE, 41.0))
    bad = by_weather(flown, observed).value.assign(**{column: value})
    bad["mean_delay"] = bad["mean_delay"].astype("float64")
    result = check_value(delay_by_weather, bad, partition=DAY, flights=flown, observations=observed)
    assert result.failed == {"contract"}


PLANES = pd.DataFrame({"tailnum": ["N1", "N2"], "manufacturer": ["BOEING", "AIRBUS"], "seats": [150, 100]})


def test_planes_that_the_registry_lacks_are_counted_as_unknown() -> None:
    known = [("EWR", NINE, 10, "N1")] * 8
    flown = flights(*known, ("EWR", NINE, 4, "N2"), ("EWR", NINE, 0, "N9"), ("EWR", NINE, None, None))
    result = materialize(delay_by_plane, partition=DAY, flights=flown, planes=PLANES)
    assert result.outcome == "published"
    assert result.failed == set()
    counted = result.value.set_index("manufacturer")
    assert counted["flights"].to_dict() == {"AIRBUS": 1, "BOEING": 8, "unknown": 2}
    assert counted["mean_seats"].dropna().to_dict() == {"AIRBUS": 100, "BOEING": 150}


def test_many_unknown_tail_numbers_are_a_warning() -> None:
    result = materialize(delay_by_plane, partition=DAY, flights=flights(("EWR", NINE, 0, "N9")), planes=PLANES)
    assert result.outcome == "published"
    assert result.failed == {"tail_numbers_are_known"}


def test_days_add_up_to_months() -> None:
    """A month's delay weighs each hour by its departures."""
    day = by_weather(
        flights(("EWR", NINE, 20, "N1"), ("EWR", TEN, 2, "N1"), ("EWR", TEN, 2, "N2"), ("EWR", TEN, None, None)),
        weather(("EWR", NINE, 41.0), ("EWR", TEN, 41.0)),
    ).value
    result = materialize(monthly_delays, days={"2013-02-01": day, "2013-01-31": day, "2013-01-30": day})
    assert result.outcome == "published"
    assert result.failed == {"months_have_every_airport"}
    assert result.value.values.tolist() == [["2013-01", "EWR", 2, 8, 6, 2, 8.0], ["2013-02", "EWR", 1, 4, 3, 1, 8.0]]


def test_a_forgotten_day_is_rejected() -> None:
    day = by_weather(flights(("EWR", NINE, 20, "N1")), weather(("EWR", NINE, 41.0))).value
    value = materialize(monthly_delays, days={"2013-01-01": day}).value
    result = check_value(monthly_delays, value, days={"2013-01-01": day, "2013-01-02": day})
    assert "every_day_counted" in result.failed
