"""What is true of the flights that left New York in 2013, and of the planes that flew them.

Times of day are local HHMM numbers, delays and air time are minutes, distances miles. The bounds allow for worse than
the year had; the rules between columns hold for each of its 336,776 flights without exception.
"""

from typing import Annotated

import pandas as pd
import pandera.pandas as pa

AIRPORTS = ("EWR", "JFK", "LGA")
DAY = 24 * 60


def minutes(hhmm: "pd.Series[int]") -> "pd.Series[int]":
    """Minutes since midnight of HHMM numbers: 1754 is 17 h 54 min."""
    return hhmm // 100 * 60 + hhmm % 100


class Flights(pa.DataFrameModel):
    """One row per scheduled departure of one day; a cancelled flight has neither departure nor arrival."""

    time_hour: Annotated[pd.DatetimeTZDtype, "us", "UTC"]
    carrier: str = pa.Field(str_matches=r"^[0-9A-Z]{2}$")
    flight: pd.Int64Dtype = pa.Field(ge=1, le=9999)
    tailnum: str = pa.Field(str_matches=r"^[A-Z][0-9A-Z]{4,5}$", nullable=True)
    origin: str = pa.Field(isin=AIRPORTS)
    dest: str = pa.Field(str_matches=r"^[A-Z]{3}$")
    sched_dep_time: pd.Int64Dtype
    dep_time: pd.Int64Dtype = pa.Field(nullable=True)
    dep_delay: pd.Int64Dtype = pa.Field(ge=-60, le=DAY, nullable=True)
    sched_arr_time: pd.Int64Dtype
    arr_time: pd.Int64Dtype = pa.Field(nullable=True)
    arr_delay: pd.Int64Dtype = pa.Field(ge=-120, le=DAY, nullable=True)
    air_time: pd.Int64Dtype = pa.Field(ge=10, le=900, nullable=True)
    distance: pd.Int64Dtype = pa.Field(ge=10, le=6000)

    class Config:
        """Nothing is coerced: ``assets.tidy`` sets the types on purpose."""

        strict = True
        unique = ["carrier", "flight", "origin", "time_hour"]  # noqa: RUF012 - pandera's configuration

    @pa.check("sched_dep_time", "dep_time", "sched_arr_time", "arr_time")
    @classmethod
    def time_of_day(cls, column: "pd.Series[int]") -> "pd.Series[bool]":
        """HHMM, from 1 to 2400: midnight is 2400, never 0."""
        return (column >= 1) & (column <= 2400) & (column % 100 < 60)

    @pa.dataframe_check
    @classmethod
    def missing_together(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Departure time and delay are missing together, and so are arrival delay and air time."""
        departure = frame["dep_time"].isna() == frame["dep_delay"].isna()
        return departure & (frame["arr_delay"].isna() == frame["air_time"].isna())

    @pa.dataframe_check
    @classmethod
    def cancelled_never_arrives(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """What has not departed has not arrived, and what has no arrival time has no arrival delay."""
        arrived = frame["dep_time"].notna() | frame["arr_time"].isna()
        return arrived & (frame["arr_time"].notna() | frame["arr_delay"].isna())

    @pa.dataframe_check
    @classmethod
    def departed_has_tailnum(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Only a cancelled flight may lack its plane."""
        return frame["tailnum"].notna() | frame["dep_time"].isna()

    @pa.dataframe_check
    @classmethod
    def plausible_speed(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Ground speed lies between 50 and 800 miles per hour; the year has 77 to 703."""
        speed = frame["distance"] / frame["air_time"] * 60
        return speed.between(50, 800) | speed.isna()


class Planes(pa.DataFrameModel):
    """One row per registered plane. The registry is not complete: one flight in seven flies a plane it lacks."""

    tailnum: str = pa.Field(str_matches=r"^N[0-9A-Z]{4,5}$", unique=True)
    year: pd.Int64Dtype = pa.Field(ge=1940, le=2013, nullable=True)
    type: str = pa.Field(isin=("Fixed wing multi engine", "Fixed wing single engine", "Rotorcraft"))
    manufacturer: str = pa.Field(str_length={"min_value": 1})
    model: str = pa.Field(str_length={"min_value": 1})
    engines: pd.Int64Dtype = pa.Field(ge=1, le=4)
    seats: pd.Int64Dtype = pa.Field(ge=1, le=600)
    engine: str = pa.Field(str_length={"min_value": 1})

    class Config:
        """Nothing is coerced: ``assets.tidy`` sets the types on purpose."""

        strict = True
