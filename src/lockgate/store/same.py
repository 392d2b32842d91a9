"""Whether two values are the same to the last bit, and of the same types."""

import datetime
import decimal
import uuid
from typing import Any

import numpy as np
import pandas as pd

_EQUAL = (type(None), bool, int, str, bytes)
# Their repr tells all there is to tell: the sign of a zero, the zone of a time, the exponent of a decimal.
_TOLD = (
    *(float, complex, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.time, datetime.datetime, datetime.timedelta, pd.Timestamp, pd.Timedelta),
    *(type(pd.NaT), type(pd.NA)),
)


def same(before: Any, after: Any) -> bool:
    """Whether ``after`` is what ``before`` was: types, values, order of keys; one NaN is as good as another.

    Objects of other kinds are compared by what they would be pickled as; one that cannot be is not the same.
    """
    if type(before) is not type(after):
        return False
    if before is after:
        return True
    if isinstance(before, np.ndarray | np.generic):
        return _same_array(np.asarray(before), np.asarray(after))
    if type(before) in (list, tuple):
        return len(before) == len(after) and all(map(same, before, after))
    if type(before) is dict:
        return same(list(before.items()), list(after.items()))
    if type(before) in (set, frozenset):
        return {(type(each), each) for each in before} == {(type(each), each) for each in after}
    if isinstance(before, _EQUAL):
        return bool(before == after)
    if isinstance(before, _TOLD):
        return repr(before) == repr(after)
    return _same_object(before, after)


def _same_array(before: "np.ndarray[Any, Any]", after: "np.ndarray[Any, Any]") -> bool:
    if (before.dtype, before.shape) != (after.dtype, after.shape):
        return False
    if before.dtype.hasobject:
        return same(before.tolist(), after.tolist())
    return before.tobytes() == after.tobytes()


def _same_object(before: Any, after: Any) -> bool:
    if isinstance(before, type) or callable(before):
        return bool(before == after)
    try:
        one, other = before.__reduce_ex__(4), after.__reduce_ex__(4)
    except TypeError:
        return False
    if isinstance(one, str):
        return bool(one == other)
    # The fourth and fifth part are iterators over items.
    return all(
        same(list(a), list(b)) if hasattr(a, "__next__") else same(a, b) for a, b in zip(one, other, strict=True)
    )
