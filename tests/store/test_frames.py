"""Frames: what was checked is what is read back, or it is refused before it is staged."""

import datetime as dt
import enum
import io
import subprocess
import sys
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from lockgate.store import Store, UnsupportedValue
from lockgate.store.frames import decode_frame, encode_frame
from lockgate.store.same import same
from tests.store.conftest import new_folder

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NANOSECONDS = st.integers(-(2**62), 2**62)
INT64 = st.integers(-(2**63), 2**63 - 1)
NEW_YORK = ZoneInfo("America/New_York")


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


# The dtypes that are promised to survive, with the values they may hold.
PLAIN: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "int64": ("int64", INT64),
    "uint8": ("uint8", st.integers(0, 255)),
    "nullable int": ("Int64", _maybe(INT64)),
    "nullable small int": ("Int16", _maybe(st.integers(-(2**15), 2**15 - 1))),
    "float with NaN": ("float64", st.floats(width=64)),
    "float32": ("float32", st.floats(width=32)),
    "nullable float": ("Float64", _maybe(st.floats(allow_nan=False))),
    "bool": ("bool", st.booleans()),
    "nullable bool": ("boolean", _maybe(st.booleans())),
    "text with None and empty": ("str", _maybe(TEXTS)),
    "nullable text": ("string", _maybe(TEXTS)),
    "category": (pd.CategoricalDtype(["b", "a", ""]), _maybe(st.sampled_from(["a", "b", ""]))),
    "ordered category": (pd.CategoricalDtype(["low", "high"], ordered=True), _maybe(st.sampled_from(["low", "high"]))),
    "nanoseconds": ("datetime64[ns]", _maybe(NANOSECONDS.map(pd.Timestamp))),
    "microseconds": ("datetime64[us]", _maybe(st.datetimes())),
    "time zone": ("datetime64[ns, America/New_York]", _maybe(NANOSECONDS.map(lambda n: pd.Timestamp(n, tz="UTC")))),
    "UTC": ("datetime64[us, UTC]", _maybe(st.datetimes(timezones=st.just(dt.UTC)))),
    "duration": ("timedelta64[ns]", _maybe(NANOSECONDS.map(pd.Timedelta))),
}
# What JSON keeps; anything else in attrs is refused.
ATTRS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
# Anything may stand in an object column: it comes back the same, or the column is refused.
CELLS = st.one_of(
    st.none(), st.just(float("nan")), st.just(pd.NA), st.just(pd.NaT), TEXTS, st.integers(), st.booleans(), st.floats(),
    st.binary(max_size=3), st.dates(), st.times(), st.datetimes(), st.datetimes(timezones=st.just(NEW_YORK)),
    st.decimals(), st.uuids(), st.lists(st.integers(0, 9), max_size=2), st.tuples(st.integers(0, 9)),
    st.dictionaries(TEXTS, st.integers(0, 9), max_size=2), st.just(np.int8(3)),
)  # fmt: skip


@st.composite
def _indexes(draw: st.DrawFn, rows: int) -> pd.Index:
    name = draw(_maybe(st.sampled_from(["id", "", "day"])))
    made: pd.Index = draw(st.sampled_from([
        pd.RangeIndex(rows, name=name),
        pd.RangeIndex(10, 10 + 3 * rows, 3, name=name),
        pd.Index([f"r{number % 2}" for number in range(rows)], name=name, dtype="str"),
        pd.Index(range(rows, 0, -1), name=name, dtype="int64"),
        pd.date_range("2013-01-05", periods=rows, name=name, unit="ns"),
        pd.date_range("2013-03-09 23:00", periods=rows, freq="h", tz="America/New_York", name=name, unit="us"),
        pd.date_range("2013-01-31", periods=rows, freq="ME", name=name, unit="us"),
        pd.timedelta_range("1h", periods=rows, freq="15min", name=name),
        pd.DatetimeIndex(["2013-01-05"] * rows, name=name).as_unit("us"),
        pd.period_range("2013-01", periods=rows, freq="M", name=name),
    ]))  # fmt: skip
    return made


@st.composite
def _plain_frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 6))
    columns = {}
    for name in draw(st.lists(st.sampled_from(sorted(PLAIN)), unique=True, min_size=1, max_size=6)):
        dtype, values = PLAIN[name]
        cells = draw(st.lists(values, min_size=rows, max_size=rows))
        columns[name] = pd.Series(cells, dtype=dtype)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows), columns=list(columns))
    frame = frame.set_axis(draw(_indexes(rows)), axis="index")
    labels = draw(st.sampled_from(["str", "object"]))
    frame.columns = pd.Index(list(columns), dtype=labels, name=draw(_maybe(st.just("facts"))))
    if frame.index.is_unique and draw(st.booleans()):
        frame = frame.set_flags(allows_duplicate_labels=False)
    frame.attrs = draw(st.dictionaries(TEXTS, ATTRS, max_size=2))
    return frame


def _assert_same(read: pd.DataFrame, frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(read, frame, check_exact=True, check_column_type="exact")
    assert list(read.dtypes) == list(frame.dtypes)
    assert type(read.index) is type(frame.index)
    assert (read.index.dtype, read.columns.dtype) == (frame.index.dtype, frame.columns.dtype)
    assert [*read.index.names, read.columns.name] == [*frame.index.names, frame.columns.name]
    assert getattr(read.index, "freq", None) == getattr(frame.index, "freq", None)
    assert repr(read.attrs) == repr(frame.attrs)
    assert read.flags == frame.flags


@EXAMPLES
@given(frame=_plain_frames())
def test_plain_dtypes_and_indexes_come_back_as_they_were(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    _assert_same(decode_frame(encode_frame(frame)), before)
    _assert_same(frame, before)


@EXAMPLES
@given(cells=st.lists(CELLS, max_size=5))
def test_an_object_column_comes_back_cell_by_cell_or_is_refused(cells: list[Any]) -> None:
    frame = pd.DataFrame({"number": range(len(cells)), "x": pd.Series(cells, dtype=object)})
    try:
        read = decode_frame(encode_frame(frame))
    except UnsupportedValue:
        return
    assert read["x"].dtype == object
    assert [(type(cell), repr(cell)) for cell in read["x"]] == [(type(cell), repr(cell)) for cell in cells]


@pytest.mark.parametrize("cells", [[None, None], [b"x", None], [dt.date(2013, 1, 5), None]])
def test_object_columns_of_one_type_with_none_are_kept(cells: list[Any]) -> None:
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    assert list(decode_frame(encode_frame(frame))["x"]) == cells


@pytest.mark.parametrize("dtype", [dtype for dtype, _ in PLAIN.values()], ids=list(PLAIN))
def test_a_frame_without_rows_keeps_its_dtypes(store: Store, dtype: Any) -> None:
    frame = pd.DataFrame({"a": pd.Series([], dtype=dtype)})
    _assert_same(store.read(store.write(new_folder(), frame).location), frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [1], "b": [2]}).set_index(["a", "b"]), "has a MultiIndex as its index. Call reset_index()"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "has a MultiIndex as its columns."),
        (pd.DataFrame(index=range(3)), "The frame has no columns."),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Two columns are named 'a'."),
        (pd.DataFrame({3: [1]}), "Column name 3 is no text."),
        (pd.DataFrame({"a": [1, "x"]}), "The frame cannot be written as Parquet"),
        (pd.DataFrame({"a": [[1, 2]]}), "Column a of dtype object would come back otherwise than it was checked."),
        (
            pd.DataFrame({"a": pd.Series(["x", None], dtype=object)}),
            "Give it a plain dtype: int64, Int64, float64, str",
        ),
        (pd.DataFrame({"a": [dt.date(2013, 1, 5), 1e12]}), "The frame cannot be written as Parquet"),
        (pd.DataFrame({"a": [1 + 2j]}), "The frame cannot be written as Parquet"),
        (pd.DataFrame({"a": pd.array([1, 2], dtype="Sparse[int64]")}), "The frame cannot be written as Parquet"),
    ],
)
def test_what_would_come_back_otherwise_is_refused_in_one_sentence(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(UnsupportedValue) as refused:
        encode_frame(frame)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


class Kind(enum.IntEnum):
    """Equal to a number, and more than one."""

    ONE = 1


class Table(pd.DataFrame):
    """A frame with a name of its own."""

    @property
    def _constructor(self) -> type["Table"]:
        return Table


@pytest.mark.parametrize(
    "kind",
    [Kind.ONE, np.int64(1), np.float64(1.0), np.True_, (1, 2), {1: "a"}, {"a": [Kind.ONE]}, b"x", {1, 2}, dt.date.min,
     pd.NA, pd.Timestamp(0), np.array([1])],
    ids=repr,
)  # fmt: skip
def test_attrs_that_would_be_something_else_are_refused(kind: Any) -> None:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {"kind": kind}
    with pytest.raises(UnsupportedValue, match="attrs do not survive Parquet"):
        encode_frame(frame)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2013-01-07", periods=3, freq=pd.offsets.CustomBusinessDay(holidays=["2013-01-08"])),
        pd.Index([1, 2, 3], name=("a", "b")),
        pd.Index([1, 2, 3], name=7),
        pd.Index([1, None, "x"], dtype=object),
        pd.Index(["x", "y", "z"], dtype=object),
        pd.Index([1.0, float("nan"), None], dtype=object),
        pd.interval_range(0, 3),
    ],
    ids=lambda index: f"{type(index).__name__} {index.name}",
)
def test_an_index_that_would_be_something_else_is_refused_or_comes_back(index: "pd.Index[Any]") -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=index)
    try:
        read = decode_frame(encode_frame(frame))
    except UnsupportedValue:
        return
    _assert_same(read, frame)
    assert [(type(label), repr(label)) for label in read.index] == [(type(label), repr(label)) for label in index]


@pytest.mark.parametrize(
    "columns",
    [
        pd.CategoricalIndex(["a"]),
        pd.Index(["a"], dtype="string"),
        pd.Index([np.str_("a")], dtype=object),
        pd.Index(["a"], name=3),
        pd.Index(["a"], name=("x", "y")),
        pd.Index(["a"], name=np.str_("x")),
    ],
    ids=["category", "string", "numpy's text", "name 3", "name of two", "numpy's name"],
)
def test_column_labels_that_would_be_something_else_are_refused(columns: "pd.Index[Any]") -> None:
    with pytest.raises(UnsupportedValue, match=r"columns do not survive Parquet|is no text"):
        encode_frame(pd.DataFrame([[1]], columns=columns))


def test_a_subclass_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedValue, match=r"A Table would come back as a plain frame\. Return pandas\.DataFrame"):
        encode_frame(Table({"a": [1]}))


@pytest.mark.parametrize("length", [3, 5_000])
@pytest.mark.parametrize("odd", [float("nan"), None, pd.NaT, pd.NA])
@pytest.mark.parametrize("usual", ["a", b"a", dt.date(2013, 1, 5), dt.time(6), None], ids=repr)
def test_a_single_odd_cell_in_a_long_column_is_seen(usual: Any, odd: Any, length: int) -> None:
    """Alone, in an array, and in an array in a dict: pandas shows no more of a long one than its ends."""
    cells = [usual] * length
    cells[length // 2] = odd
    nested = np.array(cells, dtype=object)
    for column in (cells, [nested], [{"x": nested}]):
        frame = pd.DataFrame({"x": pd.Series(column, dtype=object)})
        try:
            read = decode_frame(encode_frame(frame))
        except UnsupportedValue:
            continue
        assert same(list(frame["x"]), list(read["x"]))


@pytest.mark.parametrize("cells", [[1.0, "n/a"], [dt.date(2013, 1, 5), "4711"], [b"4711", 3], [{"a": 1}, {"a": "47"}]])
def test_a_refusal_names_the_column_and_no_data(cells: list[Any]) -> None:
    with pytest.raises(UnsupportedValue) as refused:
        encode_frame(pd.DataFrame({"price": pd.Series(cells, dtype=object)}))
    assert "price" in str(refused.value)
    assert not [text for text in ("n/a", "4711", "47") if text in str(refused.value)]


def test_frames_of_earlier_releases_are_read_as_before() -> None:
    """They have no word of labels, frequency and flags beside the data."""
    frame = pd.DataFrame({"a": pd.Categorical(["x"])}, index=pd.RangeIndex(1, name="id"))
    table = pa.Table.from_pandas(frame)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    _assert_same(decode_frame(buffer.getvalue()), frame)


def test_reading_leaves_no_thread_behind() -> None:
    """One of Arrow's that still works when a short process ends would abort it, after all was read."""
    script = """
import pandas, psutil
from lockgate.store.frames import decode_frame, encode_frame
before = psutil.Process().num_threads()
decode_frame(encode_frame(pandas.DataFrame({"a": [1.0] * 1000, "b": ["x"] * 1000})))
print(psutil.Process().num_threads() - before)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


@pytest.mark.parametrize(
    "dtype",
    [pa.list_(pa.int64(), 2), pa.binary(2), pa.string_view(), pa.binary_view(), pa.list_view(pa.int64())],
    ids=str,
)
@pytest.mark.parametrize("rows", [0, 1])
def test_a_type_of_arrow_that_pandas_does_not_know_whole_is_one_clear_sentence(dtype: pa.DataType, rows: int) -> None:
    frame = pd.DataFrame({"a": pd.Series([None] * rows, dtype=pd.ArrowDtype(dtype))})
    with pytest.raises(UnsupportedValue, match=r"Give .* dtype|Give each column one type"):
        encode_frame(frame)
