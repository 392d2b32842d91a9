"""Whether a coercion kept every value: compared cell by cell, exactly."""

import re
from datetime import date, datetime
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from lockgate.core.contract.failure import Marks

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_PRINTED = (bool, int, float, Decimal, date)


def lost(before: "pd.Series[Any]", after: "pd.Series[Any]") -> Marks:
    """Which cells are not the same after a coercion as before it.

    A number is the same if it is equal, whatever its type: 1.9 is not 1, 300 not 44, 0.1 not its nearest float32.
    A text is the same as the number, bool or ISO 8601 time that is written just so ("1", "-0.50", "True",
    "2013-01-05"), but not as one that is written otherwise ("01", "1_000", " 1", "01/05/2013"). A number, bool or time
    is the same as its text. A moment is the same in another zone or resolution; a naive one also as the same wall time
    in a zone. A missing cell is the same as any missing cell.

    Args:
        before: As given.
        after: As coerced, of the same length; compared by position.
    """
    if before.dtype == after.dtype and before.dtype != object and before.array.equals(after.array):
        return np.zeros(len(before), dtype=bool)
    was, now = before.reset_index(drop=True), after.reset_index(drop=True)
    missing = was.isna().to_numpy(dtype=bool)
    marks: Marks = missing != now.isna().to_numpy(dtype=bool)
    there = ~missing & ~marks
    marks[there] = ~_same(was[there], now[there])
    return marks


def _same(was: "pd.Series[Any]", now: "pd.Series[Any]") -> Marks:
    """Cells that are all there."""
    if _is_moment(was) and _is_moment(now) and (_zone(was) is None) == (_zone(now) is None):
        equal: Marks = (was == now).to_numpy(dtype=bool)
        return equal
    numbers = was.to_numpy(), now.to_numpy()
    if all(values.dtype.kind in "biuf" for values in numbers):
        return _equal_numbers(*numbers)
    cells = was.to_numpy(dtype=object), now.to_numpy(dtype=object)
    if _is_text(was) and _is_text(now):
        return np.asarray(cells[0] == cells[1], dtype=bool)
    return np.fromiter(map(_same_cell, *cells), dtype=bool, count=len(was))


def _is_text(values: "pd.Series[Any]") -> bool:
    kind = values.dtype.categories.dtype if isinstance(values.dtype, pd.CategoricalDtype) else values.dtype
    return isinstance(kind, pd.StringDtype)


def _is_moment(values: "pd.Series[Any]") -> bool:
    return isinstance(values.dtype, pd.DatetimeTZDtype) or values.dtype.kind == "M"


def _zone(values: "pd.Series[Any]") -> Any:
    return getattr(values.dtype, "tz", None)


def _equal_numbers(one: Any, other: Any) -> Marks:
    """Exact equality: numpy would compare a whole number with a float as two floats."""
    one, other = (values.astype("int8") if values.dtype.kind == "b" else values for values in (one, other))
    if (one.dtype.kind == "f") == (other.dtype.kind == "f"):
        return np.asarray(one == other)
    floats, whole = (one, other) if one.dtype.kind == "f" else (other, one)
    limits = np.iinfo(whole.dtype)
    inside = (floats >= float(limits.min)) & (floats < float(limits.max) + 1) & (floats == np.trunc(floats))
    return np.asarray(inside & (np.where(inside, floats, 0).astype(whole.dtype) == whole))


def _same_cell(one: Any, other: Any) -> bool:
    one, other = (cell.item() if isinstance(cell, np.generic) else cell for cell in (one, other))
    try:
        if isinstance(one, str):
            return one == other if isinstance(other, str) else _reads(one, other)
        if isinstance(other, str):
            return isinstance(one, _PRINTED) and str(one) == other
        if isinstance(one, Number) and isinstance(other, Number):
            return bool(one == other)
        if isinstance(one, date) and isinstance(other, date):
            return _same_moment(one, other)
        return type(one) is type(other) and bool(one == other)
    except Exception:  # noqa: BLE001 - cells that cannot be compared are not known to be the same
        return False


def _reads(text: str, value: Any) -> bool:
    """Whether a text is a value, written as that value is written."""
    if isinstance(value, bool | int):
        return str(value) == text
    if isinstance(value, float | Decimal):
        return _NUMBER.fullmatch(text) is not None and Decimal(text) == Decimal(str(value))
    return isinstance(value, date) and _MOMENT.fullmatch(text) is not None and _same_moment(pd.Timestamp(text), value)


def _same_moment(one: date, other: date) -> bool:
    was, now = (moment if isinstance(moment, datetime) else pd.Timestamp(moment) for moment in (one, other))
    if was.tzinfo is None and now.tzinfo is not None:
        now = now.replace(tzinfo=None)
    return (was.tzinfo is None) == (now.tzinfo is None) and bool(was == now)
