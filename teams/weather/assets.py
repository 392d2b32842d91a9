"""Team weather: hourly observations at New York's three airports."""

from typing import Any

import pandas as pd
from contracts import AIRPORTS, Observations
from source import fetch

from lockgate import CheckResult, Daily, Output, Team

team = Team("weather", owners=["weather@example.com"], description="Observes the weather at New York's airports.")

ZONE = "America/New_York"
COLUMNS = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
# A broken anemometer: the one reading of 2013 that cannot be, 1,048 mph, known and struck out by name.
# Any other impossible value is the contract's to reject.
ERRATUM = ("EWR", "2013-02-12T08:00:00Z", "wind_speed")
FEWEST_HOURS = 18


def tidy(items: list[dict[str, Any]]) -> pd.DataFrame:
    """The source's items as a frame with deliberate types.

    A column that the source leaves out stays out, and a missing value stays missing: that is the contract's to judge.

    Args:
        items: JSON objects of the source.

    Returns:
        ``origin`` (str), ``time_hour`` (UTC, microseconds, start of the hour) and the measurements as float64.
    """
    frame = pd.DataFrame(items)
    kept = [column for column in ("origin", "time_hour", *COLUMNS) if column in frame]
    frame = frame[kept].astype({column: "float64" for column in COLUMNS if column in frame})
    if "origin" in frame:
        frame["origin"] = frame["origin"].astype("str")
    if "time_hour" in frame:
        frame["time_hour"] = pd.to_datetime(frame["time_hour"], utc=True).dt.as_unit("us")
    return frame


def strike_out_erratum(frame: pd.DataFrame) -> int:
    """Make the one known wrong reading missing, in place.

    Returns:
        How many values were struck out: 0 or 1.
    """
    origin, time, column = ERRATUM
    if not {"origin", "time_hour", column} <= set(frame):
        return 0
    wrong = (frame["origin"] == origin) & (frame["time_hour"] == pd.Timestamp(time)) & (frame[column] > 1000)
    frame.loc[wrong, column] = None
    return int(wrong.sum())


@team.asset(
    contract=Observations,
    # The source has nothing for the last day of the year.
    partitions=Daily("2013-01-01", "2013-12-30"),
    shared_with=["delays"],
    retries=2,
    timeout=60,
    description="Hourly weather at EWR, JFK and LGA, one local day per partition.",
    tags=["source"],
)
def observations(partition: str) -> Output:
    """Fetch one day from the weather service."""
    frame = tidy(fetch("/weather", date=partition))
    return Output(frame, metadata={"struck_out": strike_out_erratum(frame)})


@team.check(observations)
def every_airport_reports(value: pd.DataFrame) -> CheckResult:
    """Each airport has at least 18 hours; the worst day of 2013 has 19."""
    hours = value.groupby("origin").size().reindex(list(AIRPORTS), fill_value=0)
    short = hours[hours < FEWEST_HOURS]
    return CheckResult(
        passed=short.empty,
        failed=len(short),
        seen=len(AIRPORTS),
        message=f"{len(short)} airports report fewer than {FEWEST_HOURS} hours" if len(short) else "",
    )


@team.check(observations)
def hours_unique_per_airport(value: pd.DataFrame) -> CheckResult:
    """No airport reports an hour twice. The hour that the clocks repeat in November is two hours, in UTC."""
    repeated = value.duplicated(["origin", "time_hour"])
    return CheckResult(passed=not repeated.any(), failed=int(repeated.sum()), seen=len(value))


@team.check(observations)
def belongs_to_the_day(value: pd.DataFrame, partition: str) -> CheckResult:
    """Every hour lies within the partition's local day."""
    elsewhere = value["time_hour"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d") != partition
    return CheckResult(passed=not elsewhere.any(), failed=int(elsewhere.sum()), seen=len(value))


@team.check(observations, severity="warn")
def no_hour_missing(value: pd.DataFrame, partition: str) -> CheckResult:
    """Each airport has every hour of the local day: 24, and 23 or 25 when the clocks change."""
    start = pd.Timestamp(partition, tz=ZONE)
    expected = len(AIRPORTS) * len(pd.date_range(start, start + pd.DateOffset(days=1), freq="h", inclusive="left"))
    missing = max(0, expected - len(value))
    return CheckResult(passed=missing == 0, failed=missing, seen=expected, message=f"{missing} hours are missing")
