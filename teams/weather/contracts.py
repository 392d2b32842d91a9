"""What is true of the weather at New York's airports, every hour of 2013.

Units are those of the source: degrees Fahrenheit, percent, degrees of the compass, miles per hour, inches, millibars,
miles. The bounds are those of the climate, not of the sample; the shares of missing values are above the worst day's.
"""

from typing import Annotated

import pandas as pd
import pandera.pandas as pa

AIRPORTS = ("EWR", "JFK", "LGA")


class Observations(pa.DataFrameModel):
    """One row per airport and hour of one day."""

    origin: str = pa.Field(isin=AIRPORTS)
    time_hour: Annotated[pd.DatetimeTZDtype, "us", "UTC"]
    temp: float = pa.Field(ge=-30, le=120, nullable=True)
    dewp: float = pa.Field(ge=-50, le=90, nullable=True)
    humid: float = pa.Field(gt=0, le=100, nullable=True)
    wind_dir: float = pa.Field(ge=0, le=360, nullable=True)
    wind_speed: float = pa.Field(ge=0, le=120, nullable=True)
    wind_gust: float = pa.Field(ge=0, le=150, nullable=True)
    precip: float = pa.Field(ge=0, le=5)
    pressure: float = pa.Field(ge=950, le=1060, nullable=True)
    visib: float = pa.Field(ge=0, le=10)

    class Config:
        """Nothing is coerced: ``assets.tidy`` sets the types on purpose."""

        strict = True
        unique = ["origin", "time_hour"]  # noqa: RUF012 - pandera's configuration

    @pa.check("time_hour")
    @classmethod
    def on_the_hour(cls, times: "pd.Series[pd.Timestamp]") -> "pd.Series[bool]":
        """Times are whole hours."""
        return times == times.dt.floor("h")

    @pa.check("temp", "dewp", "humid", "wind_speed", ignore_na=False)
    @classmethod
    def hardly_missing(cls, column: "pd.Series[float]") -> bool:
        """At most 1 of 20 values is missing; the worst day of 2013 has 1 of 64."""
        return bool(column.isna().mean() <= 0.05)

    @pa.check("wind_dir", ignore_na=False)
    @classmethod
    def direction_mostly_there(cls, column: "pd.Series[float]") -> bool:
        """At most 1 of 4 is missing, as in light air; the worst day has 1 of 9."""
        return bool(column.isna().mean() <= 0.25)

    @pa.check("pressure", ignore_na=False)
    @classmethod
    def pressure_sometimes_there(cls, column: "pd.Series[float]") -> bool:
        """At most 3 of 4 are missing; the worst day has 7 of 12."""
        return bool(column.isna().mean() <= 0.75)

    @pa.dataframe_check
    @classmethod
    def dew_point_at_most_temperature(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Air cannot hold more water than it can."""
        return (frame["dewp"] <= frame["temp"]) | frame["dewp"].isna() | frame["temp"].isna()

    @pa.dataframe_check
    @classmethod
    def gusts_above_wind(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """A gust is faster than the wind it is a gust of."""
        return (frame["wind_gust"] >= frame["wind_speed"]) | frame["wind_gust"].isna() | frame["wind_speed"].isna()
