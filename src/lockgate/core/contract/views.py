"""Private views of a frame: what a team's function sees of it, it may spoil."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.backends.pandas.components import ColumnBackend
from pandera.errors import SchemaError

from lockgate.core.contract.definition import index_parts
from lockgate.core.isolate import isolated


def private(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """A copy of a column or index level that shares nothing mutable with it."""
    own: pd.Series[Any] = isolated(values.to_frame("cells"))["cells"]
    own.name = values.name
    return own


def columns(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[tuple[Any, int]]:
    """Each column that a schema speaks of, with its position; a name that stands twice, twice."""
    positions: dict[Any, list[int]] = {}
    for position, name in enumerate(frame.columns):
        positions.setdefault(name, []).append(position)
    for name, part in declared(schema, frame).items():
        for each in matching(part, frame) if part.regex else [name]:
            yield from ((part, position) for position in positions.get(each, ()))


def names(frame: pd.DataFrame) -> set[Any]:
    """The names of a frame's columns: an index of dates or of several levels says yes to parts of a name, too."""
    return set(frame.columns)


def declared(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> dict[Any, Any]:
    """A schema's columns by name; all of the frame's where it has none but a type for all."""
    if schema.columns or schema.dtype is None:
        return dict(schema.columns)
    return {name: pa.Column(name=name) for name in frame.columns}


def matching(part: Any, frame: pd.DataFrame) -> list[Any]:
    """Names of the columns that a column with a pattern speaks of."""
    try:
        return list(ColumnBackend().get_regex_columns(part, frame))
    except SchemaError:
        return []


def levels(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> Iterator[tuple[Any, int]]:
    """Each level of the index that a schema speaks of and the frame has, with its position."""
    names, several = list(frame.index.names), isinstance(schema.index, pa.MultiIndex)
    if not several and frame.index.nlevels > 1:
        return
    for order, part in enumerate(index_parts(schema.index)):
        by_name = several and part.name is not None
        position = order if not by_name else names.index(part.name) if part.name in names else frame.index.nlevels
        if position < frame.index.nlevels:
            yield part, position


def level(frame: pd.DataFrame, position: int) -> "pd.Series[Any]":
    """One level of the index as a column beside the index."""
    values = frame.index.get_level_values(position)
    return pd.Series(values.array, index=frame.index, dtype=values.dtype, name=values.name)


def has_value(frame: pd.DataFrame) -> bool:
    """Whether any cell of a frame is there."""
    return any(frame.iloc[:, position].notna().any() for position in range(frame.shape[1]))


def runs(labels: pd.Index) -> list[Any]:
    """Column names, those that follow on themselves once."""
    return [name for name, _ in groupby(labels)]
