"""pandas frames as Parquet: what is read back is what was checked, or it is refused before it is staged."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_object_dtype

from lockgate.store.errors import UnsupportedValue

FILE = "data.parquet"


def encode_frame(frame: pd.DataFrame) -> bytes:
    """The frame as Parquet.

    Raises:
        UnsupportedValue: If it has a MultiIndex, column names that are no unique texts, or anything else that
            would come back otherwise; the message names the column.
    """
    _check_axes(frame)
    try:
        table = pa.Table.from_pandas(frame)
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd")
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise UnsupportedValue(
            f"The frame cannot be written as Parquet: {_first_line(error)}.",
            cure="Give each column one type that Parquet knows.",
        ) from error
    content = buffer.getvalue()
    _check_same(frame, table, _read(content))
    return content


def decode_frame(content: bytes) -> pd.DataFrame:
    """The frame that ``encode_frame`` wrote."""
    frame: pd.DataFrame = _read(content).to_pandas()
    return frame


def _read(content: bytes) -> pa.Table:
    return pq.read_table(pa.BufferReader(content))


def _check_axes(frame: pd.DataFrame) -> None:
    for axis, name in ((frame.index, "index"), (frame.columns, "columns")):
        if isinstance(axis, pd.MultiIndex):
            raise UnsupportedValue(f"The frame has a MultiIndex as its {name}.", cure="Call reset_index() first.")
    names = list(frame.columns)
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise UnsupportedValue(f"Column name {wrong[0]!r} is no text.", cure="Rename it: columns are texts.")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnsupportedValue(f"Two columns are named {twice!r}.", cure="Rename one of them.")


def _check_same(frame: pd.DataFrame, written: pa.Table, back: pa.Table) -> None:
    """Compare with what comes back, by type and value.

    Of plain numbers, times and texts, pandas makes the same column from the same Arrow column. All others, and the
    index, are made again and compared, as their dtype may hold more than Arrow keeps.
    """
    doubtful = [
        name
        for name in frame.columns
        if not (_is_plain(frame[name].dtype) and back.column(name).equals(written.column(name)))
    ]
    index = [name for name in back.column_names if name not in frame.columns]
    read = back.select([*doubtful, *index]).to_pandas()
    if read.attrs != frame.attrs:
        raise UnsupportedValue("The frame's attrs do not survive Parquet.", cure="Put them into Output(metadata=...).")
    try:
        pd.testing.assert_index_equal(read.index, frame.index, exact=True)
        pd.testing.assert_index_equal(read.columns, frame[doubtful].columns, exact=True)
    except AssertionError as error:
        raise UnsupportedValue("The frame's index does not survive Parquet.", cure="Call reset_index().") from error
    for name in doubtful:
        _check_column(name, frame[name], read[name])


def _is_plain(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iubmM" or dtype in (np.float32, np.float64)
    return bool(dtype == pd.StringDtype(na_value=np.nan))


def _check_column(name: str, before: "pd.Series[Any]", after: "pd.Series[Any]") -> None:
    try:
        pd.testing.assert_series_equal(after, before, check_exact=True, check_freq=False)
        same = not is_object_dtype(before.dtype) or all(map(_identical, before, after))
    except (AssertionError, TypeError, ValueError):
        same = False
    if not same:
        raise UnsupportedValue(
            f"Column {name} of dtype {before.dtype} would come back otherwise than it was checked.",
            cure="Give it a plain dtype: int64, Int64, float64, str, category, datetime64[ns].",
        )


def _identical(before: Any, after: Any) -> bool:
    """Cells of an object column: None stays None, and no list becomes an array."""
    if type(before) is not type(after):
        return False
    return bool(before is after or before == after or (before != before and after != after))


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
