"""Team forecast: predicts delays from the weather. The only team that needs scikit-learn."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from contracts import DelayModel, HeldOut
from sklearn.ensemble import RandomForestRegressor

from lockgate import CheckResult, Output, Team

team = Team("forecast", owners=["forecast@example.com"], description="Predicts late departures.")

ZONE = "America/New_York"
AIRPORTS = ("EWR", "JFK", "LGA")
FEATURES = ("temp", "humid", "wind_speed", "precip", "visib", "hour", *AIRPORTS)
ONE_IN = 5
# Fewer held-out days than three say more about those days than about the model.
DAYS_TO_HOLD_OUT_DAYS = 15
FEWEST_ROWS = 20
MOST_MINUTES = 45.0


def features(hours: pd.DataFrame) -> pd.DataFrame:
    """The model's columns for rows of ``delays/delay_by_weather``; missing weather stays missing."""
    local = hours["time_hour"].dt.tz_convert(ZONE)
    airports = {airport: hours["origin"] == airport for airport in AIRPORTS}
    return hours.assign(hour=local.dt.hour, **airports)[list(FEATURES)].astype("float64")


def hold_out(days: "pd.Series[str]") -> tuple[HeldOut, npt.NDArray[np.bool_]]:
    """Which rows the error is measured on: every fifth day, or every fifth row while there are fewer than 15 days.

    Args:
        days: The day of each row, sorted.

    Returns:
        ``days`` or ``rows``, and per row whether it is held out.
    """
    codes, distinct = pd.factorize(days)
    if len(distinct) >= DAYS_TO_HOLD_OUT_DAYS:
        return "days", codes % ONE_IN == ONE_IN - 1
    return "rows", np.arange(len(days)) % ONE_IN == ONE_IN - 1


@team.asset(
    inputs={"days": "delays/delay_by_weather"},
    timeout=120,
    description="A random forest that predicts an hour's mean delay, trained on all days published so far.",
    tags=["model"],
)
def delay_model(days: dict[str, pd.DataFrame]) -> Output:
    """Fit on four fifths, measure the error on the rest; the same days give the same model.

    Raises:
        ValueError: If fewer than 20 hours with departures are published; one day has about 55.
    """
    every = pd.concat([frame.assign(day=day) for day, frame in sorted(days.items())], ignore_index=True)
    known = every[every["departed"] > 0]
    if len(known) < FEWEST_ROWS:
        raise ValueError(f"{len(known)} hours with departures are too few to fit a model; it needs {FEWEST_ROWS}.")
    kind, out = hold_out(known["day"])
    columns, delay, weight = features(known), known["mean_delay"].to_numpy(), known["departed"].to_numpy()
    estimator = RandomForestRegressor(n_estimators=60, min_samples_leaf=10, max_features=0.5, random_state=0)
    estimator.fit(columns[~out], delay[~out], sample_weight=weight[~out])
    mean = float(np.average(delay[~out], weights=weight[~out]))
    model: DelayModel = {
        "estimator": estimator,
        "features": list(FEATURES),
        "days": sorted(days),
        "held_out": kind,
        "held_out_rows": int(out.sum()),
        "error_minutes": _error(estimator.predict(columns[out]), delay[out], weight[out]),
        "mean_error_minutes": _error(np.full(out.sum(), mean), delay[out], weight[out]),
    }
    return Output(model, metadata={name: model[name] for name in ("held_out", "error_minutes", "mean_error_minutes")})


def _error(predicted: npt.NDArray[np.float64], true: npt.NDArray[np.float64], weight: npt.NDArray[np.int64]) -> float:
    return float(np.average(np.abs(predicted - true), weights=weight))


@team.check(delay_model)
def error_is_bounded(value: DelayModel) -> CheckResult:
    """The error is a number of at most 45 minutes; the worst single day of 2013 gives less."""
    error = value["error_minutes"]
    return CheckResult(
        passed=math.isfinite(error) and error <= MOST_MINUTES,
        seen=value["held_out_rows"],
        message=f"mean absolute error {error:.1f} minutes, at most {MOST_MINUTES:g} allowed",
    )


@team.check(delay_model)
def made_from_every_day(value: DelayModel, days: dict[str, pd.DataFrame]) -> CheckResult:
    """The model names exactly the days it was given."""
    differ = len(set(value["days"]) ^ set(days))
    return CheckResult(passed=differ == 0, failed=differ, seen=len(days))


@team.check(delay_model, severity="warn")
def beats_the_mean(value: DelayModel) -> CheckResult:
    """Its error is below that of always predicting the mean; with few days it may not be."""
    return CheckResult(
        passed=value["error_minutes"] < value["mean_error_minutes"],
        seen=value["held_out_rows"],
        message=f"error {value['error_minutes']:.1f} minutes, of the mean {value['mean_error_minutes']:.1f}",
    )
