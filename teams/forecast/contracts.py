"""What team forecast publishes: a model, as a plain dict, so that whoever has scikit-learn can load it."""

from typing import Literal, TypeAlias, TypedDict

from sklearn.ensemble import RandomForestRegressor

HeldOut: TypeAlias = Literal["days", "rows"]


class DelayModel(TypedDict):
    """A fitted estimator and what is known of it.

    Attributes:
        estimator: Predicts the mean delay in minutes of an airport's departures in one hour.
        features: Its columns, in order: weather, the local hour, and one column per airport that is 1 or 0.
        days: The days it was made from, held-out ones included.
        held_out: What its error was measured on: whole ``days``, or single ``rows`` while there are few days.
        held_out_rows: How many rows that were.
        error_minutes: Mean absolute error on them, each hour weighted by its departures.
        mean_error_minutes: The same error of always predicting the mean.
    """

    estimator: RandomForestRegressor
    features: list[str]
    days: list[str]
    held_out: HeldOut
    held_out_rows: int
    error_minutes: float
    mean_error_minutes: float
