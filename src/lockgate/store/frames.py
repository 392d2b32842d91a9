"""pandas frames as Parquet: what is read back is what was checked, or it is refused before it is staged."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_object_dtype

from lockgate.store.errors import UnsupportedValue
from lockgate.store.same import same

# Parquet keeps the categories of a column only where it has rows, and never what is no data.
_CATEGORIES = b"lockgate.categories"
_BESIDE = b"lockgate.beside"
_LABELS = ("str", "object")
_WITH_FREQUENCY = (pd.DatetimeIndex, pd.TimedeltaIndex)


def encode_frame(frame: pd.DataFrame) -> bytes:
    """The frame as Parquet.

    Raises:
        UnsupportedValue: If it is of a subclass, has a MultiIndex, no columns, column names that are no unique texts,
            or anything else that would come back otherwise; the message names the column.
    """
    _check_kind(frame)
    _check_labels(frame)
    try:
        table = _with_beside(_with_categories(pa.Table.from_pandas(frame), frame), frame)
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
        content = buffer.getvalue()
        read = _to_pandas(_doubtful(frame, table, _read(content)))
    except (pa.ArrowException, NotImplementedError, TypeError, ValueError, OverflowError) as error:
        raise UnsupportedValue(
            f"The frame cannot be written as Parquet: {_without_data(error)}.",
            cure="Give each column one type that Parquet knows.",
        ) from None  # what Arrow says would be shown with it, and that is data
    _check_same(frame, read)
    return content


def decode_frame(content: bytes) -> pd.DataFrame:
    """The frame that ``encode_frame`` wrote."""
    return _to_pandas(_read(content))


def rows_of(content: bytes) -> int:
    """How many rows a frame has that ``encode_frame`` wrote."""
    return int(pq.ParquetFile(pa.BufferReader(content)).metadata.num_rows)


def _read(content: bytes) -> pa.Table:
    # In this thread alone: a thread of Arrow's that works on while a short process ends aborts it (apache/arrow#34314).
    return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    metadata = table.schema.metadata or {}
    for name, (categories, ordered) in json.loads(metadata.get(_CATEGORIES, "{}")).items():
        if name in frame:
            frame[name] = frame[name].astype(pd.CategoricalDtype(categories, ordered))
    if beside := json.loads(metadata.get(_BESIDE, "{}")):  # earlier releases did not keep it
        _put_back(frame, **beside)
    return frame


def _put_back(frame: pd.DataFrame, labels: str, frequency: str | None, unique: bool) -> None:
    frame.columns = frame.columns.astype(labels)
    if frequency is not None:
        kind: Any = type(frame.index)
        frame.index = kind(frame.index, freq=frequency)
    frame.flags["allows_duplicate_labels"] = not unique


def _with_beside(table: pa.Table, frame: pd.DataFrame) -> pa.Table:
    kept = {
        "labels": str(frame.columns.dtype),
        "frequency": frame.index.freqstr if isinstance(frame.index, _WITH_FREQUENCY) else None,
        "unique": not frame.flags.allows_duplicate_labels,
    }
    return table.replace_schema_metadata({**table.schema.metadata, _BESIDE: json.dumps(kept)})


def _with_categories(table: pa.Table, frame: pd.DataFrame) -> pa.Table:
    if len(frame):
        return table
    kinds = {name: dtype for name, dtype in frame.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)}
    kept = json.dumps({name: [dtype.categories.to_list(), dtype.ordered] for name, dtype in kinds.items()})
    return table.replace_schema_metadata({**table.schema.metadata, _CATEGORIES: kept})


def _check_kind(frame: pd.DataFrame) -> None:
    if type(frame) is not pd.DataFrame:
        raise UnsupportedValue(
            f"A {type(frame).__name__} would come back as a plain frame.", cure="Return pandas.DataFrame(value)."
        )
    for axis, name in ((frame.index, "index"), (frame.columns, "columns")):
        if isinstance(axis, pd.MultiIndex):
            raise UnsupportedValue(f"The frame has a MultiIndex as its {name}.", cure="Call reset_index() first.")
        if axis.name is not None and type(axis.name) is not str:
            raise UnsupportedValue(f"The name of the frame's {name} is no text.", cure="Call rename_axis().")
    if not _is_json(frame.attrs):
        raise UnsupportedValue("The frame's attrs do not survive Parquet.", cure="Put them into Output(metadata=...).")


def _is_json(value: Any) -> bool:
    try:
        return same(value, json.loads(json.dumps(value)))
    except (TypeError, ValueError, RecursionError):
        return False


def _check_labels(frame: pd.DataFrame) -> None:
    names = list(frame.columns)
    if not names:
        raise UnsupportedValue("The frame has no columns.", cure="Give it at least one; it may have no rows.")
    if wrong := [name for name in names if type(name) is not str]:
        raise UnsupportedValue(f"Column name {wrong[0]!r} is no text.", cure="Rename it: columns are texts.")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnsupportedValue(f"Two columns are named {twice!r}.", cure="Rename one of them.")
    if type(frame.columns) is not pd.Index or str(frame.columns.dtype) not in _LABELS:
        raise UnsupportedValue("The frame's columns do not survive Parquet.", cure="Make them a plain list of texts.")


def _doubtful(frame: pd.DataFrame, written: pa.Table, back: pa.Table) -> pa.Table:
    """The columns that pandas must make again and compare, as their dtype may hold more than Arrow keeps; the index.

    Of plain numbers, times and texts, pandas makes the same column from the same Arrow column.
    """
    doubtful = [
        name
        for name in frame.columns
        if not (_is_plain(frame[name].dtype) and back.column(name).equals(written.column(name)))
    ]
    return back.select([*doubtful, *(name for name in back.column_names if name not in frame.columns)])


def _check_same(frame: pd.DataFrame, read: pd.DataFrame) -> None:
    """Compare with the columns that came back, by type and value."""
    if not same(frame.attrs, read.attrs):
        raise UnsupportedValue("The frame's attrs do not survive Parquet.", cure="Put them into Output(metadata=...).")
    if not _same_index(frame.index, read.index):
        raise UnsupportedValue("The frame's index does not survive Parquet.", cure="Call reset_index().")
    if not same([frame.columns.dtype, frame.columns.name], [read.columns.dtype, read.columns.name]):
        raise UnsupportedValue("The frame's columns do not survive Parquet.", cure="Make them a plain list of texts.")
    for name in read.columns:
        _check_column(name, frame[name], read[name])


def _is_plain(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iubmM" or dtype in (np.float32, np.float64)
    return bool(dtype == pd.StringDtype(na_value=np.nan))


def _same_index(before: "pd.Index[Any]", after: "pd.Index[Any]") -> bool:
    return type(before) is type(after) and same(before.name, after.name) and _same_labels(before, after)


def _same_labels(before: "pd.Index[Any]", after: "pd.Index[Any]") -> bool:
    if before.dtype != after.dtype or getattr(before, "freq", None) != getattr(after, "freq", None):
        return False
    return before.equals(after) and (not is_object_dtype(before.dtype) or all(map(same, before, after)))


def _check_column(name: str, before: "pd.Series[Any]", after: "pd.Series[Any]") -> None:
    try:
        pd.testing.assert_series_equal(after, before, check_exact=True)
        alike = not is_object_dtype(before.dtype) or all(map(same, before, after))
        if isinstance(before.dtype, pd.CategoricalDtype):
            alike = _same_labels(before.cat.categories, after.cat.categories)
    except (AssertionError, NotImplementedError, TypeError, ValueError):
        alike = False
    if not alike:
        raise UnsupportedValue(
            f"Column {name} of dtype {before.dtype} would come back otherwise than it was checked.",
            cure="Give it a plain dtype: int64, Int64, float64, str, category, datetime64[ns].",
        )


def _without_data(error: BaseException) -> str:
    """What is said of a column; Arrow says it after the value that it could not take."""
    about = [
        text for text in error.args if str(text).startswith(("Conversion failed for column", "Sparse pandas data"))
    ]
    return str(about[0]).rstrip(".") if about else type(error).__name__
