"""What is true of delays in New York in 2013, by hour and weather, by plane, and by month.

Delays are minutes of late departure, negative when early; weather is in the units of team weather.
"""

from typing import Annotated

import pandas as pd
import pandera.pandas as pa

AIRPORTS = ("EWR", "JFK", "LGA")
UNKNOWN = "unknown"


class DelayByWeather(pa.DataFrameModel):
    """One row per airport and hour of one day in which a departure was scheduled.

    The weather is missing where team weather has no observation of that hour, on 15 days of the year.
    """

    origin: str = pa.Field(isin=AIRPORTS)
    time_hour: Annotated[pd.DatetimeTZDtype, "us", "UTC"]
    flights: int = pa.Field(ge=1, le=200)
    departed: int = pa.Field(ge=0, le=200)
    late: int = pa.Field(ge=0, le=200)
    mean_delay: float = pa.Field(ge=-60, le=1440, nullable=True)
    temp: float = pa.Field(ge=-30, le=120, nullable=True)
    humid: float = pa.Field(gt=0, le=100, nullable=True)
    wind_speed: float = pa.Field(ge=0, le=120, nullable=True)
    precip: float = pa.Field(ge=0, le=5, nullable=True)
    visib: float = pa.Field(ge=0, le=10, nullable=True)

    class Config:
        """Nothing is coerced."""

        strict = True
        unique = ["origin", "time_hour"]  # noqa: RUF012 - pandera's configuration

    @pa.dataframe_check
    @classmethod
    def counts_fit(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """At most the scheduled flights departed, and at most those that departed were late."""
        return (frame["late"] <= frame["departed"]) & (frame["departed"] <= frame["flights"])

    @pa.dataframe_check
    @classmethod
    def delay_where_departed(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """An hour has a mean delay exactly if one of its flights departed."""
        return frame["mean_delay"].notna() == (frame["departed"] > 0)


class DelayByPlane(pa.DataFrameModel):
    """One row per manufacturer of one day's planes; ``unknown`` stands for planes that the registry lacks."""

    manufacturer: str = pa.Field(str_length={"min_value": 1}, unique=True)
    flights: int = pa.Field(ge=1)
    departed: int = pa.Field(ge=0)
    mean_delay: float = pa.Field(ge=-60, le=1440, nullable=True)
    mean_seats: float = pa.Field(ge=1, le=600, nullable=True)

    class Config:
        """Nothing is coerced."""

        strict = True

    @pa.dataframe_check
    @classmethod
    def seats_where_known(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Seats are known exactly where the plane is."""
        return frame["mean_seats"].isna() == (frame["manufacturer"] == UNKNOWN)


class MonthlyDelays(pa.DataFrameModel):
    """One row per month and airport, over the days that are published."""

    month: str = pa.Field(str_matches=r"^2013-(0[1-9]|1[0-2])$")
    origin: str = pa.Field(isin=AIRPORTS)
    days: int = pa.Field(ge=1, le=31)
    flights: int = pa.Field(ge=1)
    departed: int = pa.Field(ge=0)
    late: int = pa.Field(ge=0)
    mean_delay: float = pa.Field(ge=-60, le=1440, nullable=True)

    class Config:
        """Nothing is coerced."""

        strict = True
        unique = ["month", "origin"]  # noqa: RUF012 - pandera's configuration

    @pa.dataframe_check
    @classmethod
    def counts_fit(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """At most the scheduled flights departed, and at most those that departed were late."""
        return (frame["late"] <= frame["departed"]) & (frame["departed"] <= frame["flights"])
