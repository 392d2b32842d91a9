"""Private copies of a value, so that a check cannot change what is published."""

import copy
from typing import Any

import pandas as pd
from pandas.api.types import is_object_dtype


def isolated(value: Any) -> Any:
    """A copy of ``value`` that shares nothing mutable with it; object cells of a frame are copied too."""
    if not isinstance(value, pd.DataFrame):
        return copy.deepcopy(value)
    private = value.copy(deep=True)
    for position, dtype in enumerate(value.dtypes):
        if is_object_dtype(dtype):
            private.isetitem(position, [copy.deepcopy(cell) for cell in value.iloc[:, position]])
    private.index = value.index.copy(deep=True)
    private.attrs = copy.deepcopy(value.attrs)
    return private
