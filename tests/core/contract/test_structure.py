"""Columns, order, types, nulls, duplicates and index: what fails, by how many rows, and what had nothing to judge."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from pandera import dtypes
from pandera.engines import pandas_engine

from tests.core.contract.judging import numbers, ruled, verdict_of

A, B = pa.Column(int), pa.Column(int, required=False)
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [1, 1, 2]})
KEYS = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["k", "m"])
UNNAMED = KEYS.set_names([None, None])


def levels(*names: str | None, **more: Any) -> pa.DataFrameSchema:
    kinds = {"k": str, "m": int, None: None}
    return pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(kinds.get(name), name=name) for name in names], **more))


# (contract, frame, message of the failure or "", rows failed)
CASES: dict[str, tuple[pa.DataFrameSchema, pd.DataFrame, str, int | None]] = {
    "all is well": (pa.DataFrameSchema({"a": A, "b": B}), FRAME, "", 0),
    "a column is missing": (pa.DataFrameSchema({"c": A}), FRAME, "column c is missing", None),
    "a column is unknown": (pa.DataFrameSchema({"a": A}, strict=True), FRAME, "column b is unknown", None),
    "the order": (pa.DataFrameSchema({"b": B, "a": A}, ordered=True), FRAME, "not in the order b, a", None),
    "the order, one apart": (
        pa.DataFrameSchema({"a": A, "b": B}, ordered=True),
        pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]),
        "not in the order",
        None,
    ),
    "a name twice": (
        pa.DataFrameSchema({"a": A}, unique_column_names=True),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "several columns have the same name",
        None,
    ),
    "each of a name is judged": (
        pa.DataFrameSchema({"a": pa.Column(int, pa.Check.le(1))}),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "less_than_or_equal_to(1)",
        1,
    ),
    "no column of a pattern": (
        pa.DataFrameSchema({"z.*": pa.Column(regex=True)}),
        FRAME,
        "no column matches z.*",
        None,
    ),
    "each column of a pattern": (
        pa.DataFrameSchema({"[ab]": pa.Column(int, pa.Check.gt(1), regex=True)}),
        FRAME,
        "column a: greater_than(1); column b: greater_than(1)",
        2,
    ),
    "a type": (pa.DataFrameSchema({"a": pa.Column(str)}), FRAME, "column a is int64, not", None),
    "a type of cells": (
        pa.DataFrameSchema({"a": pa.Column(pa.Date)}),
        pd.DataFrame({"a": [datetime.date(2013, 1, 5), "x", "y"]}),
        "column a is not date",
        2,
    ),
    "gaps": (pa.DataFrameSchema({"a": pa.Column()}), pd.DataFrame({"a": [1, None, None]}), "column a: not_nullable", 2),
    "duplicates": (pa.DataFrameSchema({"b": pa.Column(unique=True)}), FRAME, "column b: unique", 2),
    "duplicates after the first": (
        pa.DataFrameSchema({"b": pa.Column(unique=True, report_duplicates="exclude_first")}),
        FRAME,
        "column b: unique",
        1,
    ),
    "rows twice": (pa.DataFrameSchema(unique=["b"]), FRAME, "rows are duplicates by b", 2),
    "rows not twice": (pa.DataFrameSchema(unique=["a", "b"]), FRAME, "", 0),
    "rows twice by either": (pa.DataFrameSchema(unique=[["a"], ["b"]]), FRAME, "rows are duplicates by b", 2),
    "unique by what is not there": (pa.DataFrameSchema(unique=["a", "typo"]), FRAME, "column typo, by which", None),
    "unique by nothing that is there": (pa.DataFrameSchema(unique=["typo"]), FRAME, "column typo, by which", None),
    "unique by what may be missing": (
        pa.DataFrameSchema({"a": A, "c": pa.Column(required=False)}, unique=["a", "c"]),
        FRAME,
        "",
        0,
    ),
    "one type for all": (pa.DataFrameSchema(dtype=float), FRAME, "column a is int64, not float64", None),
    "an index type": (pa.DataFrameSchema(index=pa.Index(str)), FRAME, "index is int64, not", None),
    "an index name": (pa.DataFrameSchema(index=pa.Index(int, name="k")), FRAME, "the index is not named k", None),
    "an index rule": (pa.DataFrameSchema(index=pa.Index(int, pa.Check.ge(1))), FRAME, "index: greater_than_or", 1),
    "an index twice": (pa.DataFrameSchema(index=pa.Index(unique=True)), FRAME.set_axis([5, 5, 6]), "index: unique", 2),
    "an index gap": (pa.DataFrameSchema(index=pa.Index()), FRAME.set_axis([0.0, None, 1.0]), "index: not_nullable", 1),
    "several levels for one": (
        pa.DataFrameSchema(index=pa.Index()),
        FRAME.set_axis(KEYS),
        "has 2 levels, not one",
        None,
    ),
    "levels": (levels("k", "m"), FRAME.set_axis(KEYS), "", 0),
    "levels in another order": (levels("m", "k"), FRAME.set_axis(KEYS), "the index levels are not m, k", None),
    "levels in any order": (levels("m", "k", ordered=False), FRAME.set_axis(KEYS), "", 0),
    "a level is missing": (levels("m", "z", ordered=False), FRAME.set_axis(KEYS), "index level z is missing", None),
    "fewer levels": (levels("k", "m"), FRAME, "the index levels are not k, m", None),
    "a level more": (levels("k", strict=True), FRAME.set_axis(KEYS), "the index has 2 levels, not 1", None),
    "levels without names": (levels(None, None), FRAME.set_axis(UNNAMED), "", 0),
    "keys twice": (levels("k", "m", unique="k"), FRAME.set_axis(KEYS), "duplicates by index level k", 2),
    "keys not twice": (levels("k", "m", unique=["k", "m"]), FRAME.set_axis(KEYS), "", 0),
    "keys twice by what is not there": (
        levels("k", "m", unique=["z"]),
        FRAME.set_axis(KEYS),
        "index level z, by",
        None,
    ),
    "a level's rule": (
        pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(str, pa.Check.ne("x"), name="k"), pa.Index(name="m")])),
        FRAME.set_axis(KEYS),
        "index level k: not_equal_to(x)",
        2,
    ),
    "a level's type": (
        pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(int, name="k"), pa.Index(name="m")])),
        FRAME.set_axis(KEYS),
        "index level k is str, not int64",
        None,
    ),
    "a rule under several levels": (
        pa.DataFrameSchema({"a": pa.Column(str, pa.Check.isin(["1"]))}),
        FRAME.assign(a=["1", "2", "3"]).set_axis(KEYS),
        "column a: isin(['1'])",
        2,
    ),
    "a gap under several levels": (
        pa.DataFrameSchema({"a": pa.Column(float)}),
        FRAME.assign(a=[1.0, None, 3.0]).set_axis(KEYS),
        "column a: not_nullable",
        1,
    ),
    "columns named like pandera's own": (
        pa.DataFrameSchema(
            {name: pa.Column(int, pa.Check.gt(0), unique=True) for name in ("index", "column", "failure_case")},
            unique=["index", "column"],
        ),
        pd.DataFrame({"index": [0, 0], "column": [1, 1], "failure_case": [1, 2]}),
        "column index: unique",
        2,
    ),
    "part of a name": (
        pa.DataFrameSchema({"a": pa.Column(str)}, unique=["a"]),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])),
        "column a is missing",
        None,
    ),
    "part of a date": (
        pa.DataFrameSchema({"2013": pa.Column(str)}),
        pd.DataFrame([[1]], columns=pd.to_datetime(["2013-01-05"])),
        "column 2013 is missing",
        None,
    ),
    "a name of several levels": (
        pa.DataFrameSchema({("a", "x"): pa.Column(int, pa.Check.gt(1)), ("a", "y"): pa.Column(int)}),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])),
        "greater_than(1)",
        1,
    ),
    "names that are no text": (pa.DataFrameSchema({1: A, ("a", "b"): A}), pd.DataFrame({1: [1]}), "('a', 'b')", None),
}


@pytest.mark.parametrize(("contract", "frame", "message", "rows"), CASES.values(), ids=CASES.keys())
def test_the_shape_of_a_frame(
    contract: pa.DataFrameSchema, frame: pd.DataFrame, message: str, rows: int | None
) -> None:
    verdict = verdict_of(contract, frame)
    assert verdict.passed == (not message), verdict.message
    assert message in verdict.message
    assert (verdict.rows_failed, verdict.rows_seen) == (rows, len(frame))


@pandas_engine.Engine.register_dtype
@dtypes.immutable
class Even(pandas_engine.DataType):
    """A team's own type, which spoils what it looks at and leaves a gap open."""

    type = np.dtype("int64")

    def check(self, pandera_dtype: Any, data_container: Any = None) -> Any:
        data_container.array[:] = 2
        return (data_container == 2) & False if data_container.name == "no" else self.answer(data_container)

    @staticmethod
    def answer(values: Any) -> Any:
        return {"short": values.head(0) == 2, "gap": pd.Series([None] * len(values)), "word": "yes"}.get(
            values.name, True
        )


@pytest.mark.parametrize(
    ("name", "passes"), [("yes", True), ("no", False), ("short", False), ("gap", False), ("word", False)]
)
def test_a_type_of_the_teams_own_is_asked_like_a_rule(name: str, passes: bool) -> None:
    frame = pd.DataFrame({name: [1, 3]})
    assert verdict_of(pa.DataFrameSchema({name: pa.Column(Even())}), frame).passed == passes
    assert frame[name].tolist() == [1, 3]


class Odd(pd.DataFrame):
    """A frame that answers nothing."""

    def __len__(self) -> int:
        raise RuntimeError("no")


@pytest.mark.parametrize("value", [None, 1, "x", {}, [1], pd.Series([1]), object(), Odd({"n": [1]})], ids=type)
@pytest.mark.parametrize("coerce", [False, True])
def test_whatever_the_value_is_the_contract_comes_to_a_rejection(value: Any, coerce: bool) -> None:
    from tests.core.contract.judging import came

    ended = came(pa.DataFrameSchema({"n": pa.Column(int, coerce=coerce)}), value)
    assert ended.outcome == "rejected" or type(ended.value) is pd.DataFrame


# -- what judged nothing --------------------------------------------------------------------------------------

GAPS = numbers(None, None, dtype="float64")


def own(**metadata: Any) -> pa.DataFrameSchema:
    column = pa.Column(float, nullable=True, metadata=metadata)
    return ruled(pa.Check(lambda values: values > 0, name="above"), column=column)


def test_a_rule_of_ones_own_that_saw_no_row_fails_unless_the_contract_says_otherwise() -> None:
    assert verdict_of(own(), GAPS).message == "column n: above saw no row"
    lenient = verdict_of(own(at_least_one=False), GAPS)
    assert (lenient.passed, lenient.message) == (True, "nothing to judge in 1: column n has no value")
    assert not verdict_of(own(at_least_one=True), GAPS).passed
    assert not verdict_of(own(at_least_one=False), numbers(-1.0, None)).passed


@pytest.mark.parametrize(
    "rule",
    [
        pa.Check(lambda cell: cell > 0, element_wise=True),
        pa.Check(lambda values: True),
        pa.Check(lambda groups: True, groupby="k"),
    ],
    ids=["each", "whole", "groups"],
)
def test_it_fails_however_it_asks(rule: pa.Check) -> None:
    assert "saw no" in verdict_of(ruled(rule), GAPS.assign(k=None)).message


def test_a_rule_about_gaps_sees_them() -> None:
    assert verdict_of(ruled(pa.Check(lambda values: values.isna().all(), ignore_na=False)), GAPS).passed


def test_a_rule_about_a_frame_without_a_value_saw_no_row() -> None:
    def yes(_: Any) -> bool:
        return True

    frame = GAPS.assign(k=None)
    assert verdict_of(pa.DataFrameSchema(checks=pa.Check(yes)), frame).message == "frame: yes saw no row"
    assert verdict_of(pa.DataFrameSchema(checks=pa.Check(yes), metadata={"at_least_one": False}), frame).passed
    assert verdict_of(pa.DataFrameSchema(checks=pa.Check(yes, ignore_na=False)), frame).passed

    class Lenient(pa.DataFrameModel):
        n: float = pa.Field(nullable=True)

        class Config:
            metadata = {"at_least_one": False}  # noqa: RUF012

        @pa.dataframe_check
        @classmethod
        def complete(cls, frame: pd.DataFrame) -> bool:
            return True

    assert (
        verdict_of(Lenient, frame).message == "nothing to judge in 2: column n has no value; frame: complete saw no row"
    )


def test_panderas_own_rules_pass_without_a_row_and_the_verdict_says_so() -> None:
    contract = pa.DataFrameSchema(
        {name: pa.Column(float, pa.Check.ge(0), nullable=True, required=name != "d") for name in "abcd"}
    )
    frame = pd.DataFrame({"a": [1.0], "b": [None], "c": [None]}, dtype=float)
    verdict = verdict_of(contract, frame)
    assert verdict.passed
    assert (
        verdict.message == "nothing to judge in 3: column d is not there; column b has no value; column c has no value"
    )
    many = pa.DataFrameSchema({f"c{number}": pa.Column(required=False) for number in range(9)})
    assert verdict_of(many, frame).message.endswith("; and 6 more")


def test_an_empty_frame_that_is_allowed_has_no_row_to_see() -> None:
    contract = own()
    contract.metadata = {"allow_empty": True}
    empty = GAPS.head(0)
    assert verdict_of(contract, empty).passed
    assert verdict_of(contract, empty).message == "nothing to judge in 1: column n: above saw no row"
    assert not verdict_of(own(), empty).passed
    counting = ruled(pa.Check(lambda values: len(values) > 3), metadata={"allow_empty": True})
    assert not verdict_of(counting, empty).passed
