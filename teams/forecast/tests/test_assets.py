"""What team forecast promises of its model, shown on days made up here: no server needed."""

import numpy as np
import pandas as pd
import pytest
from assets import AIRPORTS, FEATURES, delay_model, features

from lockgate.store import open_store
from lockgate.testing import check_value, materialize


def a_day(day: str, *, seed: int = 0) -> pd.DataFrame:
    """A day as ``delays/delay_by_weather`` has it, on which delays grow by two minutes an hour."""
    noise = np.random.default_rng(seed)
    times = pd.date_range(f"{day}T10:00:00Z", periods=18, freq="h").as_unit("us")
    frame = pd.DataFrame([(origin, time) for origin in AIRPORTS for time in times], columns=["origin", "time_hour"])
    hours = frame.groupby("origin").cumcount().to_numpy()
    weather = {"temp": 41.0, "humid": 60.0, "wind_speed": 5.0, "precip": 0.0, "visib": 10.0}
    return frame.assign(
        flights=20, departed=19, late=3, mean_delay=2.0 * hours + noise.normal(size=len(frame)), **weather
    )


def some_days(number: int) -> dict[str, pd.DataFrame]:
    dates = pd.date_range("2013-01-01", periods=number).strftime("%Y-%m-%d")
    return {day: a_day(day, seed=seed) for seed, day in enumerate(dates)}


@pytest.mark.parametrize(("number", "held_out", "rows"), [(1, "rows", 10), (14, "rows", 151), (15, "days", 3 * 54)])
def test_the_error_is_measured_on_what_was_held_out(number: int, held_out: str, rows: int) -> None:
    """Whole days once there are fifteen, single hours before."""
    result = materialize(delay_model, days=some_days(number))
    assert result.outcome == "published"
    assert all(verdict.passed for verdict in result.verdicts.values())
    assert (result.value["held_out"], result.value["held_out_rows"]) == (held_out, rows)
    assert result.metadata["error_minutes"] < result.metadata["mean_error_minutes"]


def test_the_same_days_give_the_same_model() -> None:
    days = some_days(3)
    first = materialize(delay_model, days=days).value
    second = materialize(delay_model, days=dict(reversed(days.items()))).value
    rows = features(days["2013-01-02"])
    assert first["error_minutes"] == second["error_minutes"]
    assert (first["estimator"].predict(rows) == second["estimator"].predict(rows)).all()


def test_hours_without_weather_or_departures_do_no_harm() -> None:
    day = a_day("2013-01-01")
    day.loc[:5, ["temp", "precip"]] = None
    day.loc[6, ["departed", "mean_delay"]] = [0, None]
    result = materialize(delay_model, days={"2013-01-01": day})
    assert result.outcome == "published"
    assert np.isfinite(result.value["estimator"].predict(features(day))).all()


def test_too_few_hours_raise_and_say_so() -> None:
    with pytest.raises(ValueError, match="19 hours with departures are too few"):
        materialize(delay_model, days={"2013-01-01": a_day("2013-01-01")[:19]})


def test_features_are_the_local_hour_and_the_airport() -> None:
    row = features(a_day("2013-01-01")).iloc[0]
    assert list(row.index) == list(FEATURES)
    assert (row["hour"], row["EWR"], row["JFK"], row["LGA"]) == (5, 1, 0, 0)


def test_the_model_loads_where_this_team_s_code_is_not() -> None:
    """A plain dict of scikit-learn's own objects names no module of this team: who trusts it can read it."""
    value = materialize(delay_model, days=some_days(1)).value
    stored = open_store("memory://").write("forecast/delay_model/_/1", value)
    assert stored.location.endswith("/data.pickle")


@pytest.mark.parametrize("error", [45.1, float("nan"), float("inf")])
def test_a_model_that_errs_too_much_is_rejected(error: float) -> None:
    days = some_days(1)
    bad = {**materialize(delay_model, days=days).value, "error_minutes": error}
    result = check_value(delay_model, bad, days=days)
    assert result.outcome == "rejected"
    assert not result.verdicts["error_is_bounded"].passed


def test_a_model_that_left_out_a_day_is_rejected() -> None:
    days = some_days(2)
    value = materialize(delay_model, days={"2013-01-01": days["2013-01-01"]}).value
    assert not check_value(delay_model, value, days=days).verdicts["made_from_every_day"].passed


def test_a_model_worse_than_the_mean_is_only_a_warning() -> None:
    days = some_days(1)
    value = {**materialize(delay_model, days=days).value, "error_minutes": 30.0}
    result = check_value(delay_model, value, days=days)
    assert result.outcome == "published"
    assert not result.verdicts["beats_the_mean"].passed
