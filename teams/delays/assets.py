"""Team delays: how late departures are, by weather, by plane and by month. It reads two other teams' assets."""

import pandas as pd
from contracts import UNKNOWN, DelayByPlane, DelayByWeather, MonthlyDelays

from lockgate import CheckResult, Daily, Team

team = Team("delays", owners=["delays@example.com"], description="Explains late departures.")

YEAR = Daily("2013-01-01", "2013-12-31")
LATE_MINUTES = 15
WEATHER_COLUMNS = ("temp", "humid", "wind_speed", "precip", "visib")
MOST_WITHOUT_WEATHER = 0.25
MOST_UNKNOWN_PLANES = 0.20


def departures(flights: pd.DataFrame) -> pd.DataFrame:
    """Per flight: whether it departed (0, 1), whether it was 15 minutes late (0, 1), and its delay, 0 if cancelled."""
    delay = flights["dep_delay"]
    return flights.assign(
        departed=delay.notna().astype("int64"),
        late=(delay >= LATE_MINUTES).fillna(False).astype("int64"),
        delay=delay.fillna(0).astype("int64"),
    )


def mean_delay(frame: pd.DataFrame) -> "pd.Series[float]":
    """``delay`` in minutes over ``departed`` flights, missing where none departed."""
    return (frame["delay"] / frame["departed"].where(frame["departed"] > 0)).astype("float64")


@team.asset(
    contract=DelayByWeather,
    partitions=YEAR,
    inputs={"observations": "weather/observations", "flights": "flights/flights"},
    shared_with=["forecast"],
    timeout=60,
    description="Departures and their delay by airport and hour, beside the weather of that hour.",
)
def delay_by_weather(observations: pd.DataFrame, flights: pd.DataFrame) -> pd.DataFrame:
    """Count flights by airport and scheduled hour, and add the weather where it was observed."""
    hours = departures(flights).groupby(["origin", "time_hour"], as_index=False)
    counted = hours.agg(
        flights=("departed", "size"), departed=("departed", "sum"), late=("late", "sum"), delay=("delay", "sum")
    )
    counted["mean_delay"] = mean_delay(counted)
    weather = observations[["origin", "time_hour", *WEATHER_COLUMNS]]
    return counted.drop(columns="delay").merge(weather, on=["origin", "time_hour"], how="left", validate="1:1")


@team.check(delay_by_weather)
def no_flight_lost(value: pd.DataFrame, flights: pd.DataFrame) -> CheckResult:
    """Every scheduled flight is counted once."""
    lost = abs(len(flights) - int(value["flights"].sum()))
    return CheckResult(passed=lost == 0, failed=lost, seen=len(flights))


@team.check(delay_by_weather)
def weather_mostly_known(value: pd.DataFrame) -> CheckResult:
    """At most a quarter of the flights has no weather; the worst day of 2013 has 16 in 100."""
    return _without_weather(value, MOST_WITHOUT_WEATHER)


@team.check(delay_by_weather, severity="warn")
def weather_always_known(value: pd.DataFrame) -> CheckResult:
    """Every flight has the weather of its hour."""
    return _without_weather(value, 0)


def _without_weather(value: pd.DataFrame, most: float) -> CheckResult:
    total = int(value["flights"].sum())
    without = int(value.loc[value["precip"].isna(), "flights"].sum())
    may_lack = int(most * total)
    return CheckResult(
        passed=without <= may_lack,
        failed=without,
        seen=total,
        tolerated=may_lack,
        message=f"{without} flights have no weather",
    )


@team.asset(
    contract=DelayByPlane,
    partitions=YEAR,
    inputs={"flights": "flights/flights", "planes": "flights/planes"},
    timeout=60,
    description="Departures and their delay by the plane's manufacturer.",
)
def delay_by_plane(flights: pd.DataFrame, planes: pd.DataFrame) -> pd.DataFrame:
    """Look each flight's plane up in the registry, and count by manufacturer."""
    known = departures(flights).merge(
        planes[["tailnum", "manufacturer", "seats"]], on="tailnum", how="left", validate="m:1"
    )
    known["manufacturer"] = known["manufacturer"].fillna(UNKNOWN)
    counted = known.groupby("manufacturer", as_index=False).agg(
        flights=("departed", "size"),
        departed=("departed", "sum"),
        delay=("delay", "sum"),
        mean_seats=("seats", "mean"),
    )
    counted["mean_delay"] = mean_delay(counted)
    counted["mean_seats"] = counted["mean_seats"].astype("float64")
    return counted[["manufacturer", "flights", "departed", "mean_delay", "mean_seats"]]


@team.check(delay_by_plane)
def every_plane_counted(value: pd.DataFrame, flights: pd.DataFrame) -> CheckResult:
    """Every scheduled flight is counted once, whether its plane is known or not."""
    lost = abs(len(flights) - int(value["flights"].sum()))
    return CheckResult(passed=lost == 0, failed=lost, seen=len(flights))


@team.check(delay_by_plane, severity="warn")
def tail_numbers_are_known(value: pd.DataFrame, flights: pd.DataFrame, planes: pd.DataFrame) -> CheckResult:
    """At most 20 in 100 tail numbers are absent from the registry; in 2013 it is 10 to 18 a day."""
    named = flights["tailnum"].dropna()
    unknown = int((~named.isin(planes["tailnum"])).sum())
    most = int(MOST_UNKNOWN_PLANES * len(named))
    return CheckResult(
        passed=unknown <= most,
        failed=unknown,
        seen=len(named),
        tolerated=most,
        message=f"{unknown} flights by planes that the registry lacks",
    )


@team.asset(
    contract=MonthlyDelays,
    inputs={"days": delay_by_weather},
    timeout=120,
    description="Delays by month and airport, over all days published so far.",
)
def monthly_delays(days: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Add up the days of each month."""
    every = pd.concat([frame.assign(day=day) for day, frame in sorted(days.items())], ignore_index=True)
    every["month"] = every["day"].str.slice(0, 7)
    every["delay"] = (every["mean_delay"] * every["departed"]).fillna(0)
    counted = every.groupby(["month", "origin"], as_index=False).agg(
        days=("day", "nunique"),
        flights=("flights", "sum"),
        departed=("departed", "sum"),
        late=("late", "sum"),
        delay=("delay", "sum"),
    )
    counted["mean_delay"] = mean_delay(counted)
    return counted.drop(columns="delay")


@team.check(monthly_delays)
def every_day_counted(value: pd.DataFrame, days: dict[str, pd.DataFrame]) -> CheckResult:
    """The months hold the flights of all days."""
    total = sum(int(frame["flights"].sum()) for frame in days.values())
    lost = abs(total - int(value["flights"].sum()))
    return CheckResult(passed=lost == 0, failed=lost, seen=total)


@team.check(monthly_delays, severity="warn")
def months_have_every_airport(value: pd.DataFrame) -> bool:
    """Each month has a row for each of the three airports."""
    return bool((value.groupby("month")["origin"].nunique() == 3).all())
