"""Team flights: every scheduled departure from New York's airports, and the registry of planes."""

from typing import Any

import pandas as pd
from contracts import AIRPORTS, DAY, Flights, Planes, minutes
from source import fetch

from lockgate import CheckResult, Daily, Team

team = Team("flights", owners=["flights@example.com"], description="Records departures from New York's airports.")

ZONE = "America/New_York"
FLIGHT_TYPES = (
    ("carrier", "str"),
    ("flight", "Int64"),
    ("tailnum", "str"),
    ("origin", "str"),
    ("dest", "str"),
    ("sched_dep_time", "Int64"),
    ("dep_time", "Int64"),
    ("dep_delay", "Int64"),
    ("sched_arr_time", "Int64"),
    ("arr_time", "Int64"),
    ("arr_delay", "Int64"),
    ("air_time", "Int64"),
    ("distance", "Int64"),
)
# `speed` is left out: 3,299 of 3,322 planes have none.
PLANE_TYPES = (
    ("tailnum", "str"),
    ("year", "Int64"),
    ("type", "str"),
    ("manufacturer", "str"),
    ("model", "str"),
    ("engines", "Int64"),
    ("seats", "Int64"),
    ("engine", "str"),
)
FEWEST_FLIGHTS = 100
MOST_CANCELLED = 0.25


def tidy(items: list[dict[str, Any]], types: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    """The source's items as a frame with deliberate types.

    Whole numbers are nullable integers, so that one missing value turns no column into floats. A column that the
    source leaves out stays out, and a missing value stays missing: that is the contract's to judge.

    Args:
        items: JSON objects of the source.
        types: Columns to keep, with their dtypes; ``time_hour``, where there is one, becomes UTC in microseconds.
    """
    frame = pd.DataFrame(items)
    kept = {column: dtype for column, dtype in types if column in frame}
    typed = frame[list(kept)].astype(kept)
    if "time_hour" in frame:
        typed.insert(0, "time_hour", pd.to_datetime(frame["time_hour"], utc=True).dt.as_unit("us"))
    return typed


@team.asset(
    contract=Flights,
    partitions=Daily("2013-01-01", "2013-12-31"),
    shared_with=["delays"],
    retries=2,
    timeout=60,
    description="Scheduled departures from EWR, JFK and LGA, one local day per partition.",
    tags=["source"],
)
def flights(partition: str) -> pd.DataFrame:
    """Fetch one day from the flight records service."""
    return tidy(fetch("/flights", date=partition), FLIGHT_TYPES)


@team.asset(
    contract=Planes,
    shared_with=["delays"],
    retries=2,
    timeout=60,
    description="The registry of planes, as far as it is known.",
    tags=["source"],
)
def planes() -> pd.DataFrame:
    """Fetch the whole registry."""
    return tidy(fetch("/planes"), PLANE_TYPES)


@team.check(flights)
def every_airport_departs(value: pd.DataFrame) -> CheckResult:
    """Each airport has at least 100 flights; the quietest day of 2013 has 171."""
    counts = value.groupby("origin").size().reindex(list(AIRPORTS), fill_value=0)
    short = int((counts < FEWEST_FLIGHTS).sum())
    return CheckResult(
        passed=short == 0,
        failed=short,
        seen=len(AIRPORTS),
        message=f"{short} airports have fewer than {FEWEST_FLIGHTS} flights" if short else "",
    )


@team.check(flights)
def delays_match_times(value: pd.DataFrame) -> CheckResult:
    """A delay is actual minus scheduled time, modulo a day, for departures and for arrivals."""
    wrong = pd.Series(False, index=value.index)
    for name in ("dep", "arr"):
        actual, scheduled = minutes(value[f"{name}_time"]), minutes(value[f"sched_{name}_time"])
        off = (actual - scheduled - value[f"{name}_delay"]) % DAY != 0
        wrong |= off.fillna(False).astype(bool)
    return CheckResult(passed=not wrong.any(), failed=int(wrong.sum()), seen=len(value))


@team.check(flights)
def scheduled_within_its_hour(value: pd.DataFrame, partition: str) -> CheckResult:
    """``time_hour`` is the hour of the scheduled departure, on the partition's local day."""
    local = value["time_hour"].dt.tz_convert(ZONE)
    right = (local.dt.strftime("%Y-%m-%d") == partition) & (local.dt.hour == value["sched_dep_time"] // 100)
    return CheckResult(passed=bool(right.all()), failed=int((~right).sum()), seen=len(value))


@team.check(flights, severity="warn")
def tail_numbers_are_american(value: pd.DataFrame) -> CheckResult:
    """Registrations of the United States begin with N; one plane of 2013, on four flights, does not."""
    known = value["tailnum"].dropna()
    odd = known[~known.str.startswith("N")]
    return CheckResult(passed=odd.empty, failed=len(odd), seen=len(known), example=odd.iloc[0] if len(odd) else None)


@team.check(flights, severity="warn")
def few_cancellations(value: pd.DataFrame) -> CheckResult:
    """At most a quarter is cancelled; the blizzard of 8 and 9 February 2013 cancelled more than half."""
    cancelled, most = int(value["dep_time"].isna().sum()), int(MOST_CANCELLED * len(value))
    return CheckResult(passed=cancelled <= most, failed=cancelled, seen=len(value), tolerated=most)


@team.check(planes, severity="warn")
def years_are_known(value: pd.DataFrame) -> CheckResult:
    """At most 5 in 100 planes have no year of manufacture; the registry has 70 of 3,322."""
    unknown, most = int(value["year"].isna().sum()), int(0.05 * len(value))
    return CheckResult(passed=unknown <= most, failed=unknown, seen=len(value), tolerated=most)
