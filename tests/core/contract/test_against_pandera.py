"""A contract is never laxer than plain pandera, counts truly, and copies nothing it need not."""

import tracemalloc
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from hypothesis import given
from hypothesis import strategies as st
from pandera.errors import SchemaError, SchemaErrors

from lockgate.core.check import Verdict
from lockgate.core.contract import ContractCheck
from tests.core.examples import EXAMPLES

KINDS: dict[str, Any] = {
    "int64": st.integers(-3, 3),
    "float64": st.one_of(st.sampled_from([0.0, -1.5, 2.5]), st.just(float("nan"))),
    "str": st.one_of(st.sampled_from(["a", "bb", "ccc"]), st.none()),
    "Int64": st.one_of(st.integers(-3, 3), st.none()),
    "bool": st.booleans(),
    "datetime64[ns]": st.sampled_from([pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02"), pd.NaT]),
    "object": st.one_of(st.integers(0, 2), st.sampled_from(["a", "b"])),
}
RULES = {
    "ge": lambda: pa.Check.ge(0),
    "isin": lambda: pa.Check.isin([0, 1, "a", True]),
    "length": lambda: pa.Check.str_length(1, 2),
    "own": lambda: pa.Check(lambda series: series.notna(), name="own"),
    "each": lambda: pa.Check(lambda item: item == item, element_wise=True, name="each"),
    "whole": lambda: pa.Check(lambda series: len(series) > 1, name="whole"),
}
NAMES = ("a", "b", "c", "d")
# Why a value fails that plain pandera lets pass.
STRICTER = ("loses values", "saw no row", "gave no answer", "in place of bool")


def judged(schema: pa.DataFrameSchema, value: Any) -> Verdict:
    contract = ContractCheck(schema)
    return contract.run(contract.apply(value))


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 6))
    columns = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        kind = draw(st.sampled_from(sorted(KINDS)))
        columns[name] = pd.Series(draw(st.lists(KINDS[kind], min_size=rows, max_size=rows)), dtype=kind)
    return pd.DataFrame(columns, index=pd.RangeIndex(rows))


@st.composite
def schemas(draw: st.DrawFn) -> pa.DataFrameSchema:
    def column() -> pa.Column:
        rules = draw(st.lists(st.sampled_from(sorted(RULES)), max_size=2, unique=True))
        return pa.Column(
            draw(st.one_of(st.none(), st.sampled_from(sorted(KINDS)))),
            checks=[RULES[rule]() for rule in rules],
            nullable=draw(st.booleans()),
            unique=draw(st.booleans()),
            required=draw(st.booleans()),
            coerce=draw(st.integers(0, 4)) == 0,
        )

    whole = pa.Check(lambda frame: frame.notna().all(axis=1), name="complete")
    return pa.DataFrameSchema(
        {name: column() for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))},
        checks=[whole] if draw(st.integers(0, 4)) == 0 else [],
        strict=draw(st.booleans()),
        ordered=draw(st.booleans()),
        index=draw(st.sampled_from([None, pa.Index("int64", pa.Check.lt(4))])),
    )


def by_pandera(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> tuple[bool, pd.DataFrame | None]:
    try:
        return True, schema.validate(frame.copy(), lazy=True)
    except (SchemaError, SchemaErrors):
        return False, None
    except Exception:  # noqa: BLE001 - a check that cannot be applied to the column's type
        return False, None


@EXAMPLES
@given(schemas(), frames())
def test_nothing_passes_that_plain_pandera_fails_and_what_it_passes_fails_only_for_a_reason(
    schema: pa.DataFrameSchema, frame: pd.DataFrame
) -> None:
    before = frame.copy()
    passed, expected = by_pandera(schema, frame)
    contract = ContractCheck(schema)

    applied = contract.apply(frame)
    verdict = contract.run(applied)

    if passed and not verdict.passed:
        assert any(reason in verdict.message for reason in STRICTER), verdict.message
    else:
        assert verdict.passed == passed, verdict.message
    pd.testing.assert_frame_equal(frame, before)
    if verdict.passed and expected is not None:
        pd.testing.assert_frame_equal(applied.value, expected)


@EXAMPLES
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.lists(st.booleans(), min_size=30, max_size=30))
def test_the_count_of_failed_rows_is_true(numbers: list[int], gaps: list[bool]) -> None:
    frame = pd.DataFrame({"a": numbers, "b": pd.array(numbers, dtype="Int64")})
    frame.loc[pd.Series(gaps[: len(numbers)]), "b"] = pd.NA
    schema = pa.DataFrameSchema(
        {"a": pa.Column(int, pa.Check.ge(0), unique=True), "b": pa.Column("Int64", pa.Check.le(2))}
    )
    twice, above = frame["a"].duplicated(keep=False), (frame["b"] > 2).fillna(value=False)
    bad = (frame["a"] < 0) | twice | frame["b"].isna() | above
    verdict = judged(schema, frame)
    assert verdict.passed == (not bad.any())
    assert verdict.rows_failed == int(bad.sum())


def test_a_check_of_the_teams_own_cannot_write_to_what_is_published() -> None:
    def spoil(series: "pd.Series[Any]") -> bool:
        series.array[0] = 99
        return True

    def spoil_all(frame: pd.DataFrame) -> bool:
        return spoil(frame["n"]) and spoil(frame["m"])

    frame = pd.DataFrame({"n": [1, 2], "m": pd.array([1, None], dtype="Int64")})
    before = frame.copy()
    for schema in (
        pa.DataFrameSchema(
            {"n": pa.Column(int, pa.Check(spoil)), "m": pa.Column("Int64", pa.Check(spoil), nullable=True)}
        ),
        pa.DataFrameSchema({"n|m": pa.Column(checks=pa.Check(spoil), nullable=True, regex=True)}),
        pa.DataFrameSchema({"n": pa.Column(int)}, checks=pa.Check(spoil_all)),
        pa.DataFrameSchema({"n": pa.Column(int, parsers=pa.Parser(lambda series: spoil(series) and series))}),
    ):
        judged(schema, frame)
        pd.testing.assert_frame_equal(frame, before)


def test_a_big_frame_is_not_copied_for_rules_of_panderas_own() -> None:
    frame = pd.DataFrame({f"c{number}": np.arange(1_000_000, dtype="float64") for number in range(8)})
    contract = ContractCheck(pa.DataFrameSchema({"c0": pa.Column(float, pa.Check.ge(0))}))
    tracemalloc.start()
    assert contract.run(contract.apply(frame)).passed
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < frame.memory_usage().sum() / 4


def test_rules_of_ones_own_see_one_copy_at_a_time() -> None:
    frame = pd.DataFrame({f"c{number}": np.arange(500_000, dtype="float64") for number in range(8)})
    rules = [pa.Check(lambda frame: frame["c0"] >= 0, name=f"rule_{number}") for number in range(6)]
    contract = ContractCheck(pa.DataFrameSchema(checks=rules))
    tracemalloc.start()
    assert contract.run(contract.apply(frame)).passed
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < frame.memory_usage().sum() * 2
