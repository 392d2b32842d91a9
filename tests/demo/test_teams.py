"""The four teams on the real data: a few days always, every day of 2013 in the slow tests."""

from collections import Counter

import pandas as pd
import pytest

from lockgate.orchestration.project import check_project

from .conftest import ROOT, Materialize, Ran

YEAR = [day.strftime("%Y-%m-%d") for day in pd.date_range("2013-01-01", "2013-12-31")]
WITH_WEATHER = YEAR[:-1]
# The clocks change, a blizzard, a reading of 1,048 mph, the most missing hours.
HARD_DAYS = ["2013-02-08", "2013-02-12", "2013-03-10", "2013-11-03", "2013-12-30"]


def outcomes(ran: Ran) -> Counter[str]:
    return Counter(result["outcome"] for result in ran.values())


def warned(ran: Ran) -> Counter[str]:
    return Counter(name for result in ran.values() for name in result["failed"])


def test_hard_days_go_through_all_four_teams(materialize: Materialize) -> None:
    """Each asset publishes, on inputs that went through Parquet, in a process of its own team."""
    for key in ("weather/observations", "flights/flights"):
        assert set(outcomes(materialize(key, *HARD_DAYS))) == {"published"}
    assert set(outcomes(materialize("flights/planes"))) == {"published"}
    for key in ("delays/delay_by_weather", "delays/delay_by_plane"):
        assert set(outcomes(materialize(key, *HARD_DAYS))) == {"published"}
    assert materialize("delays/monthly_delays")[""]["outcome"] == "published"
    model = materialize("forecast/delay_model")[""]
    assert model["outcome"] == "published"
    assert model["metadata"]["held_out"] == "rows"


def test_the_teams_fit_together() -> None:
    """Each loads in its own environment, reads what is shared with it, and has the Prefect file its code says."""
    assert check_project(ROOT) == {}


def test_the_known_broken_reading_is_recorded(materialize: Materialize) -> None:
    ran = materialize("weather/observations", "2013-02-12", "2013-02-13")
    assert [ran[day]["metadata"]["struck_out"] for day in ran] == [1, 0]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_day_of_the_year_goes_through_all_four_teams(materialize: Materialize) -> None:
    """What the contracts state is true of all of 2013, and what the warnings warn of is rare."""
    weather = materialize("weather/observations", *WITH_WEATHER)
    assert outcomes(weather) == {"published": 364}
    assert warned(weather) == {"no_hour_missing": 24}
    flights = materialize("flights/flights", *YEAR)
    assert outcomes(flights) == {"published": 365}
    assert warned(flights) == {"few_cancellations": 2, "tail_numbers_are_american": 4}
    assert outcomes(materialize("flights/planes")) == {"published": 1}
    by_weather = materialize("delays/delay_by_weather", *WITH_WEATHER)
    assert outcomes(by_weather) == {"published": 364}
    assert warned(by_weather) == {"weather_always_known": 15}
    by_plane = materialize("delays/delay_by_plane", *YEAR)
    assert outcomes(by_plane) == {"published": 365}
    assert warned(by_plane) == {}
    assert materialize("delays/monthly_delays")[""]["failed"] == []
    model = materialize("forecast/delay_model")[""]
    assert model["failed"] == []
    assert model["metadata"]["held_out"] == "days"
    assert model["metadata"]["error_minutes"] < 12
