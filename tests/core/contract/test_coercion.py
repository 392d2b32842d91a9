"""A contract may make another type of a column, but not another value."""

import datetime
import decimal
import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given

from lockgate.core.contract.lossless import lost
from tests.core.contract.judging import came, verdict_of
from tests.core.examples import EXAMPLES

SECONDS = pd.DatetimeTZDtype("s", "UTC")
UTC = pd.DatetimeTZDtype("ns", "UTC")

LOSSES: list[tuple[str, Any, Any]] = [
    ("a fraction", int, [1.9]),
    ("an underscore", int, ["1_000"]),
    ("a leading zero", int, ["007"]),
    ("a space", int, [" 1"]),
    ("a plus", int, ["+1"]),
    ("digits of another script", int, ["\u0663"]),
    ("too much for its bits", "int8", [300.0]),
    ("too much for its bits, from int", "int8", [300]),
    ("a sign", "uint8", [-1]),
    ("a sign, from float", "uint8", [-1.0]),
    ("the highest float below int64", "int64", [2.0**63]),
    ("a word for no", bool, ["False"]),
    ("any word", bool, ["no"]),
    ("a number for yes", bool, [2]),
    ("a gap for yes", bool, [math.nan]),
    ("an infinity", "float32", [1e300]),
    ("precision", "float32", [0.1]),
    ("precision of a text", float, ["0.12345678901234567891"]),
    ("a text above every float", float, ["1e400"]),
    ("the text nan", float, ["nan"]),
    ("a large whole number", float, [2**53 + 1]),
    ("a large whole number, nullable", "Float64", pd.array([2**53 + 1], dtype="Int64")),
    ("a decimal", float, [decimal.Decimal("0.1")]),
    ("an unknown category", pd.CategoricalDtype(["a"]), ["b"]),
    ("part of a second", SECONDS, [pd.Timestamp("2013-01-05T00:00:00.5Z")]),
    ("part of a second of a text", SECONDS, ["2013-01-05T00:00:00.5Z"]),
    ("the time of a day", pa.Date, [pd.Timestamp("2013-01-05T12:00")]),
    ("which is the month", "datetime64[ns]", ["01/02/2013"]),
    ("a number for a time", "datetime64[ns]", [1_357_344_000]),
    ("a time for a number", "int64", [pd.Timestamp("2013-01-05")]),
    ("a list", str, [[1, 2]]),
    ("bytes", str, [b"a"]),
    ("an object", str, [object()]),
    ("an imaginary part", float, [1 + 2j]),
]
KEPT: list[tuple[str, Any, Any, Any]] = [
    ("whole numbers as floats", float, [1, 2**53], [1.0, 2.0**53]),
    ("floats as whole numbers", int, [1.0, -2.0], [1, -2]),
    ("a gap beside whole floats", "Int64", [1.0, None], [1, None]),
    ("fewer bits", "int8", [1, -128], [1, -128]),
    ("halves as float32", "float32", [0.5], [0.5]),
    ("yes and no as numbers", int, [True, False], [1, 0]),
    ("numbers as yes and no", bool, [1, 0], [True, False]),
    ("text as whole numbers", int, ["1", "-20"], [1, -20]),
    ("text as floats", float, ["1.50", "0.1", "1e3", "7"], [1.5, 0.1, 1000.0, 7.0]),
    ("numbers as text", str, [1, 20], ["1", "20"]),
    ("a moment as text's day", "datetime64[ns]", ["2013-01-05"], [pd.Timestamp("2013-01-05")]),
    ("a moment in full", "datetime64[ns]", ["2013-01-05T01:02:03.123456789"], ["2013-01-05T01:02:03.123456789"]),
    ("a moment with its zone", UTC, ["2013-01-05T01:00:00+01:00"], ["2013-01-05T00:00:00Z"]),
    ("a coarser moment", SECONDS, [pd.Timestamp("2013-01-05T01:02:03Z")], ["2013-01-05T01:02:03Z"]),
    ("midnight as a day", pa.Date, [pd.Timestamp("2013-01-05")], [datetime.date(2013, 1, 5)]),
    ("categories", "category", ["a", "b"], ["a", "b"]),
]


def coercing(dtype: Any, **more: Any) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({"n": pa.Column(dtype, coerce=True, nullable=True, **more)})


@pytest.mark.filterwarnings("ignore:Constructing a Categorical", "ignore:Casting complex values")
@pytest.mark.parametrize(("dtype", "cells"), [case[1:] for case in LOSSES], ids=[case[0] for case in LOSSES])
def test_coercion_that_loses_is_a_rejection(dtype: Any, cells: Any) -> None:
    verdict = verdict_of(coercing(dtype), pd.DataFrame({"n": cells}))
    assert not verdict.passed
    assert "column n" in verdict.message


@pytest.mark.parametrize(("dtype", "cells", "kept"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
def test_coercion_that_keeps_every_value_is_applied(dtype: Any, cells: Any, kept: Any) -> None:
    ended = came(coercing(dtype), pd.DataFrame({"n": cells}))
    assert ended.outcome == "published", ended.verdict
    expected = pd.Series(kept, name="n")
    read = ended.value["n"]
    if read.dtype.kind == "M":
        expected = pd.to_datetime(expected)
    assert [cell for cell in read if pd.notna(cell)] == [cell for cell in expected if pd.notna(cell)]
    assert read.isna().tolist() == expected.isna().tolist()


def test_a_loss_counts_its_rows_and_shows_one_redacted() -> None:
    verdict = verdict_of(coercing(int), pd.DataFrame({"n": [1.0, 2.5, 3.0, 47.11]}))
    assert (verdict.rows_failed, verdict.rows_seen, verdict.example) == (2, 4, "n=9.9")
    assert verdict.message == "column n loses values if read as int64"


def test_what_cannot_be_read_counts_its_rows_also_under_repeated_labels() -> None:
    frame = pd.DataFrame({"n": ["1", "fortytwo", "3"]}, index=[7, 7, 7])
    verdict = verdict_of(coercing(int), frame)
    assert (verdict.rows_failed, verdict.rows_seen, verdict.example) == (1, 3, "n=xxxxxxxx")
    assert "fortytwo" not in str(verdict)


def test_every_column_that_loses_is_named() -> None:
    schema = pa.DataFrameSchema({name: pa.Column(int) for name in "abc"}, coerce=True)
    verdict = verdict_of(schema, pd.DataFrame({"a": [1.5, 1.0], "b": [1.0, 2.0], "c": [1.0, 2.5]}))
    assert verdict.rows_failed == 2
    assert "column a" in verdict.message
    assert "column c" in verdict.message


def test_a_column_may_lose_where_its_contract_says_so() -> None:
    schema = pa.DataFrameSchema({"n": pa.Column("float32", coerce=True, metadata={"lossy": True})})
    assert came(schema, pd.DataFrame({"n": [0.1]})).value["n"].tolist() == [np.float32(0.1)]

    class Short(pa.DataFrameModel):
        n: "np.float32" = pa.Field(coerce=True, metadata={"lossy": True})
        m: "np.float32" = pa.Field(coerce=True)

    verdict = verdict_of(Short, pd.DataFrame({"n": [0.1], "m": [0.1]}))
    assert verdict.message == "column m loses values if read as float32"


@pytest.mark.parametrize(
    ("schema", "frame"),
    [
        (pa.DataFrameSchema({"n": pa.Column()}, dtype=int, coerce=True), pd.DataFrame({"n": [1.5]})),
        (pa.DataFrameSchema(dtype=int, coerce=True), pd.DataFrame({"n": [1.5]})),
        (pa.DataFrameSchema({"n": pa.Column()}, dtype=int, coerce=True), pd.DataFrame({"n": [1.0], "beside": [1.5]})),
        (pa.DataFrameSchema({"n.*": pa.Column(int, regex=True, coerce=True)}), pd.DataFrame({"n1": [1], "n2": [1.5]})),
        (pa.DataFrameSchema(index=pa.Index(int, coerce=True)), pd.DataFrame({"n": [1]}, index=[1.5])),
        (
            pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(int, name="a"), pa.Index(int, name="b")], coerce=True)),
            pd.DataFrame({"n": [1]}, index=pd.MultiIndex.from_tuples([(1, 1.5)], names=["a", "b"])),
        ),
        (
            pa.DataFrameSchema({"n": pa.Column(int, coerce=True, parsers=pa.Parser(lambda values: values + 0.5))}),
            pd.DataFrame({"n": [1.0]}),
        ),
    ],
    ids=["the frame's type", "no columns", "a column beside", "a pattern", "the index", "a level", "after a parser"],
)
def test_it_is_the_same_wherever_the_coercion_is_declared(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> None:
    verdict = verdict_of(schema, frame)
    assert not verdict.passed
    assert "loses values if read as int64" in verdict.message


def test_two_columns_of_one_name_are_coerced_each() -> None:
    frame = pd.DataFrame([["1", "2"]], columns=["n", "n"])
    assert came(coercing(int), frame).value.to_numpy().tolist() == [[1, 2]]
    assert not verdict_of(coercing(int), pd.DataFrame([["1", "02"]], columns=["n", "n"])).passed


def test_the_frame_given_is_left_alone() -> None:
    frame = pd.DataFrame({"n": ["1"]}, index=["1"])
    schema = pa.DataFrameSchema({"n": pa.Column(int)}, index=pa.Index(int), coerce=True)
    assert came(schema, frame).value.index.tolist() == [1]
    assert (frame["n"].tolist(), frame.index.tolist()) == (["1"], ["1"])


# -- the comparison, against exact arithmetic -----------------------------------------------------------------

NUMBERS = {
    "int8": st.integers(-128, 127),
    "int64": st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(2**53 - 2, 2**53 + 2)),
    "uint64": st.integers(0, 2**64 - 1),
    "float64": st.one_of(st.floats(allow_nan=False), st.integers(-(2**54), 2**54).map(float)),
    "float32": st.floats(width=32, allow_nan=False),
    "bool": st.booleans(),
}


@EXAMPLES
@given(st.data(), st.sampled_from(sorted(NUMBERS)), st.sampled_from(sorted(NUMBERS)))
def test_numbers_are_the_same_exactly_if_python_says_so(data: st.DataObject, one: str, other: str) -> None:
    before = data.draw(st.lists(NUMBERS[one], min_size=1, max_size=8))
    after = [data.draw(st.one_of(NUMBERS[other], _near(cell, other))) for cell in before]
    was, now = pd.Series(np.array(before, dtype=one)), pd.Series(np.array(after, dtype=other))
    assert lost(was, now).tolist() == [
        a.item() != b.item() for a, b in zip(was.to_numpy(), now.to_numpy(), strict=True)
    ]


def _near(cell: Any, dtype: str) -> st.SearchStrategy[Any]:
    """The same number in another type, where it fits."""
    with np.errstate(all="ignore"):
        return st.just(np.array([cell]).astype(dtype)[0].item())


@EXAMPLES
@given(st.lists(st.one_of(st.integers(), st.integers().map(str), st.text(max_size=4)), min_size=1, max_size=6))
def test_what_is_read_as_whole_numbers_is_written_the_same_way_back(cells: list[Any]) -> None:
    ended = came(coercing("int64"), pd.DataFrame({"n": pd.Series(cells, dtype=object)}))
    fits = all(str(cell).lstrip("-").isdigit() and -(2**63) <= int(cell) < 2**63 for cell in cells)
    same = fits and all(str(int(cell)) == str(cell) for cell in cells)
    assert (ended.outcome == "published") == same
    if same:
        assert [str(cell) for cell in ended.value["n"]] == [str(cell) for cell in cells]


@EXAMPLES
@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5), st.text(max_size=3)), min_size=1, max_size=5))
def test_a_coerced_column_never_has_another_gap_than_the_one_given(cells: list[Any]) -> None:
    frame = pd.DataFrame({"n": pd.Series(cells, dtype=object)})
    for dtype in ("float64", "Int64", "boolean", "str", "category"):
        ended = came(coercing(dtype), frame)
        if ended.outcome == "published":
            assert ended.value["n"].isna().tolist() == frame["n"].isna().tolist()
