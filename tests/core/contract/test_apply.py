"""A contract is applied once, before staging: to the same rows, and to what is judged."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from lockgate.core.contract import ContractCheck
from tests.core.contract.judging import came, numbers, verdict_of


def _boom(given: Any) -> Any:
    raise ValueError("secret 4711")


BAD_PARSERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (_boom, "parser ours raised ValueError at test_apply.py:"),
    "exits": (lambda given: sys.exit(0), "parser ours raised SystemExit"),
    "drops a row": (lambda given: given.iloc[:1], "parser ours turned 2 rows into 1"),
    "adds a row": (lambda given: pd.concat([given, given]), "parser ours turned 2 rows into 4"),
    "replaces all rows": (lambda given: given.set_axis([8, 9]), "parser ours replaced the index"),
    "turns them round": (lambda given: given.iloc[::-1], "parser ours replaced the index"),
    "returns nothing": (lambda given: None, "parser ours returned a NoneType"),
    "returns a list": (lambda given: [1, 2], "parser ours returned a list"),
}


def contracts(parser: pa.Parser) -> dict[str, pa.DataFrameSchema]:
    """The same parser for the frame, for a column and for the index."""
    return {
        "frame": pa.DataFrameSchema({"n": pa.Column()}, parsers=parser),
        "column n": pa.DataFrameSchema({"n": pa.Column(parsers=parser)}),
        "index": pa.DataFrameSchema(index=pa.Index(parsers=parser)),
    }


@pytest.mark.parametrize(("parser", "told"), BAD_PARSERS.values(), ids=BAD_PARSERS.keys())
def test_a_parser_that_raises_or_changes_which_rows_there_are_is_a_rejection(
    parser: Callable[[Any], Any], told: str
) -> None:
    frame = numbers(1, 2)
    for where, contract in contracts(pa.Parser(parser, name="ours")).items():
        ended = came(contract, frame)
        assert ended.outcome == "rejected"
        assert ended.verdict.message.startswith(f"{where}: {told}")
        assert "4711" not in str(ended.verdict)
        assert ended.value is frame


def test_a_parser_is_applied_once_and_what_it_made_is_judged_and_staged() -> None:
    double = pa.Parser(lambda values: values * 2)
    contract = pa.DataFrameSchema({"n": pa.Column(int, pa.Check.isin([2, 4]), parsers=double)})
    frame = numbers(1, 2)
    assert came(contract, frame).value["n"].tolist() == [2, 4]
    assert frame["n"].tolist() == [1, 2]
    whole = pa.DataFrameSchema(
        {"n": pa.Column(pa.Int)}, parsers=pa.Parser(lambda frame: frame.assign(n=frame["n"] + 1))
    )
    assert came(whole, frame).value["n"].tolist() == [2, 3]
    index = pa.DataFrameSchema(
        index=pa.Index(int, pa.Check.isin([10, 11]), parsers=pa.Parser(lambda values: values + 10))
    )
    assert came(index, frame).value.index.tolist() == [10, 11]


@pytest.mark.parametrize("index", [[0, 1], [7, 7], ["a", "b"]], ids=str)
def test_what_a_contract_does_not_speak_of_is_left_as_it_is(index: list[Any]) -> None:
    """Texts in a column or index of objects stay objects, which pandas would make text of."""
    texts = pd.Series(["x", "y"], dtype=object)
    frame = pd.DataFrame(
        {"n": ["1", "2"], "object": texts, "judged": texts, "mixed": pd.Series([1, "x"], dtype=object)}
    )
    frame = frame.set_axis(pd.Index(index, dtype=object if index == ["a", "b"] else None, name="id"))
    contract = pa.DataFrameSchema(
        {"n": pa.Column(int, coerce=True), "judged": pa.Column()}, index=pa.Index(coerce=True)
    )
    ended = came(contract, frame)
    assert ended.outcome == "published", ended.verdict
    pd.testing.assert_frame_equal(ended.value.drop(columns="n"), frame.drop(columns="n"))


def test_objects_that_parsers_and_rules_see_are_objects() -> None:
    seen: list[Any] = []

    def note(values: Any) -> Any:
        seen.append(values.dtype)
        return values

    texts = pd.DataFrame({"n": pd.Series(["x", "y"], dtype=object)}).set_axis(pd.Index(["a", "b"], dtype=object))
    noting = pa.Check(lambda values: note(values) is not None)
    contract = pa.DataFrameSchema(
        {"n": pa.Column(checks=noting, parsers=pa.Parser(note))}, index=pa.Index(checks=noting)
    )
    assert came(contract, texts).outcome == "published"
    assert came(pa.DataFrameSchema(checks=pa.Check(lambda f: note(f["n"]) is not None)), texts).outcome == "published"
    assert set(seen) == {np.dtype(object)}


def test_a_value_that_a_contract_was_not_applied_to_is_judged_as_it_is() -> None:
    """What is judged is what is staged: judging parses, completes and coerces nothing."""
    from lockgate.core.contract import Applied

    contract = ContractCheck(
        pa.DataFrameSchema({"n": pa.Column(int, coerce=True, default=1)}, add_missing_columns=True)
    )
    assert not contract.run(Applied(pd.DataFrame({"n": ["1"]}))).passed
    assert not contract.run(Applied(pd.DataFrame({"m": [1]}))).passed
    assert contract.run(contract.apply(pd.DataFrame({"m": [1]}))).passed


def test_a_parser_sees_a_copy() -> None:
    def spoil(values: Any) -> Any:
        values.array[:] = 9
        raise ValueError

    frame = numbers(1, 2)
    for contract in contracts(pa.Parser(spoil)).values():
        came(contract, frame)
        assert (frame["n"].tolist(), frame.index.tolist()) == ([1, 2], [0, 1])


def test_missing_columns_and_values_are_completed_as_the_contract_says() -> None:
    contract = pa.DataFrameSchema(
        {"a": pa.Column(int, default=7), "n": pa.Column(float, default=0.5), "m": pa.Column(float, nullable=True)},
        add_missing_columns=True,
        strict="filter",
    )
    ended = came(contract, pd.DataFrame({"n": [1.0, None], "beside": ["x", "y"]}, index=[3, 4]))
    assert ended.outcome == "published", ended.verdict
    assert list(ended.value.columns) == ["a", "n", "m"]
    assert (ended.value["a"].tolist(), ended.value["n"].tolist(), ended.value.index.tolist()) == (
        [7, 7],
        [1.0, 0.5],
        [3, 4],
    )
    nowhere = pa.DataFrameSchema({"a": pa.Column(int)}, add_missing_columns=True)
    assert verdict_of(nowhere, numbers(1)).message == "column a is missing and has no default"


@pytest.mark.filterwarnings("ignore:'str' is not supported as a fill value")
def test_a_default_of_another_kind_is_a_rejection() -> None:
    contract = pa.DataFrameSchema({"n": pa.Column(float, default="none")})
    assert not verdict_of(contract, pd.DataFrame({"n": [1.0, None]})).passed
    pattern = pa.DataFrameSchema({"n.*": pa.Column(float, default=0.0, regex=True)})
    assert came(pattern, pd.DataFrame({"n1": [1.0, None]})).value["n1"].tolist() == [1.0, 0.0]


def test_a_default_for_the_index_mends_nothing() -> None:
    """pandera judges the filled index and returns the one with gaps."""
    contract = pa.DataFrameSchema(index=pa.Index(float, default=0.0))
    assert not verdict_of(contract, pd.DataFrame({"n": [1, 2]}, index=[1.0, None])).passed
