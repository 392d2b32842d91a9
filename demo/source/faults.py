"""Faults: named ways in which one feed's data, of one day, goes bad. The same fault always does the same."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Fault: TypeAlias = Literal["nulls", "duplicates", "impossible", "missing_column", "truncated", "http_500"]
Row: TypeAlias = dict[str, Any]
FAULTS: tuple[str, ...] = get_args(Fault)
EVERY = 3
"""``nulls`` and ``impossible`` hit every third row."""


@dataclass(frozen=True)
class Weakness:
    """What goes wrong in one feed.

    Attributes:
        nulls: Columns that lose their values.
        impossible: Values that cannot be, by column.
        missing: The column that disappears.
    """

    nulls: tuple[str, ...]
    impossible: Mapping[str, Any]
    missing: str


WEAKNESSES: Mapping[str, Weakness] = {
    "weather": Weakness(("temp", "visib"), {"temp": 999.0, "wind_speed": -10.0}, "precip"),
    "flights": Weakness(("carrier", "sched_dep_time"), {"sched_dep_time": 2575, "distance": -1}, "dep_delay"),
    "planes": Weakness(("tailnum", "seats"), {"seats": 99999, "year": 2150}, "model"),
}


def damage(feed: str, rows: list[Row], fault: str) -> list[Row]:
    """The rows as a source with this fault in its data sends them; ``truncated`` and ``http_500`` leave them whole."""
    weakness = WEAKNESSES[feed]
    if fault == "nulls":
        return _overwrite(rows, dict.fromkeys(weakness.nulls))
    if fault == "impossible":
        return _overwrite(rows, weakness.impossible)
    if fault == "missing_column":
        return [{name: value for name, value in row.items() if name != weakness.missing} for row in rows]
    if fault == "duplicates":
        return rows + rows[::EVERY]
    return rows


def _overwrite(rows: list[Row], values: Mapping[str, Any]) -> list[Row]:
    return [{**row, **values} if number % EVERY == 0 else row for number, row in enumerate(rows)]


class Faults:
    """The faults that are switched on: at most one per feed and day. Safe to use from several threads."""

    def __init__(self) -> None:
        self._on: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def get(self, feed: str, date: str) -> str | None:
        """The fault of a feed's day, None if it is sound. A feed that is served whole has the day ``""``."""
        with self._lock:
            return self._on.get((feed, date))

    def put(self, feed: str, date: str, fault: str) -> None:
        """Switch a fault on, in place of the one that was."""
        with self._lock:
            self._on[feed, date] = fault

    def clear(self, feed: str | None = None, date: str | None = None) -> int:
        """Switch off the faults of a feed and day; None stands for all.

        Returns:
            How many were on.
        """
        with self._lock:
            gone = [key for key in self._on if feed in (None, key[0]) and date in (None, key[1])]
            for key in gone:
                del self._on[key]
            return len(gone)

    def all(self) -> list[dict[str, str]]:
        """Every fault that is on, sorted by feed and day."""
        with self._lock:
            return [{"feed": feed, "date": date, "fault": fault} for (feed, date), fault in sorted(self._on.items())]
