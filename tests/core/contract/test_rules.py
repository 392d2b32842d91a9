"""Only a plain, complete yes of a rule counts, given to the value as it will be staged."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given
from pandera.api.extensions import register_check_method

from lockgate.core.check import MAX_MESSAGE
from tests.core.contract.judging import came, numbers, ruled, verdict_of
from tests.core.examples import ANYTHING, EXAMPLES

ROWS = [1, 2, 3]
BAD_ANSWERS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda values: None,
    "a word": lambda values: "yes",
    "a number": lambda values: 1,
    "nan": lambda values: float("nan"),
    "NA": lambda values: pd.NA,
    "an array": lambda values: np.ones(len(values), dtype=bool),
    "a list": lambda values: [True] * len(values),
    "an index": lambda values: pd.Index([True] * len(values)),
    "a generator": lambda values: (True for _ in values),
    "too few rows": lambda values: (values > 0).head(2),
    "no row": lambda values: (values > 0).head(0),
    "too many rows": lambda values: pd.concat([values > 0] * 2),
    "other rows": lambda values: (values > 0).set_axis([7, 8, 9]),
    "one row thrice": lambda values: (values > 0).set_axis([0, 0, 0]),
    "words": lambda values: pd.Series(["True"] * len(values)),
    "numbers": lambda values: (values > 0).astype(int),
    "floats": lambda values: (values > 0).astype(float),
    "nans": lambda values: pd.Series([float("nan")] * len(values)),
    "a gap": lambda values: (values > 0).astype("boolean").where(values > 1),
    "gaps": lambda values: pd.Series([None] * len(values), dtype=object),
    "an arrow gap": lambda values: pd.Series([True, None, True], dtype="bool[pyarrow]"),
    "a bool beside a number": lambda values: pd.Series([True, 1, True], dtype=object),
    "a frame": lambda values: (values > 0).to_frame(),
    "a raise": lambda values: 1 // 0,
    "an exit": lambda values: sys.exit(0),
    "an interrupt": lambda values: (_ for _ in ()).throw(KeyboardInterrupt),
    "a cancellation": lambda values: (_ for _ in ()).throw(asyncio.CancelledError),
    "endless recursion": lambda values: BAD_ANSWERS["endless recursion"](values),
}
GOOD_ANSWERS: dict[str, Callable[[Any], Any]] = {
    "True": lambda values: True,
    "numpy's True": lambda values: np.True_,
    "rows": lambda values: values > 0,
    "nullable rows": lambda values: (values > 0).astype("boolean"),
    "arrow rows": lambda values: (values > 0).astype("bool[pyarrow]"),
    "object rows": lambda values: (values > 0).astype(object),
    "rows without labels": lambda values: pd.Series((values > 0).to_numpy()),
    "rows in another order": lambda values: values.sort_values(ascending=False) > 0,
}


@pytest.mark.parametrize("rule", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_an_answer_that_is_no_plain_yes_to_all_rows_fails_the_rule(rule: Callable[[Any], Any]) -> None:
    for ignore_na in (True, False):
        check = pa.Check(rule, name="ours", ignore_na=ignore_na)
        verdict = verdict_of(ruled(check), numbers(*ROWS))
        assert not verdict.passed
        assert verdict.message.startswith("column n: ours")
    whole = pa.Check(lambda frame: rule(frame["n"]), name="ours")
    assert not verdict_of(pa.DataFrameSchema(checks=whole), numbers(*ROWS)).passed


@pytest.mark.parametrize("rule", GOOD_ANSWERS.values(), ids=GOOD_ANSWERS.keys())
def test_a_plain_yes_to_all_rows_passes_and_one_no_fails(rule: Callable[[Any], Any]) -> None:
    frame = numbers(*ROWS)
    assert verdict_of(ruled(pa.Check(rule)), frame).passed
    assert verdict_of(pa.DataFrameSchema(checks=pa.Check(lambda frame: rule(frame["n"]))), frame).passed
    if isinstance(rule(frame["n"]), pd.Series):
        verdict = verdict_of(ruled(pa.Check(rule)), numbers(3, 2, -1))
        assert (verdict.passed, verdict.rows_failed, verdict.rows_seen) == (False, 1, 3)


def _about_index(rule: pa.Check) -> tuple[pa.DataFrameSchema, pd.DataFrame]:
    return pa.DataFrameSchema(index=pa.Index(int, rule)), numbers(0, 0, 0, index=ROWS)


def _about_level(rule: pa.Check) -> tuple[pa.DataFrameSchema, pd.DataFrame]:
    index = pd.MultiIndex.from_arrays([ROWS, list("abc")], names=["n", "m"])
    return pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(int, rule, name="n"), pa.Index(name="m")])), numbers(
        0, 0, 0, index=index
    )


def _about_pattern(rule: pa.Check) -> tuple[pa.DataFrameSchema, pd.DataFrame]:
    return pa.DataFrameSchema({"^n": pa.Column(int, rule, regex=True)}), numbers(*ROWS)


def _about_twins(rule: pa.Check) -> tuple[pa.DataFrameSchema, pd.DataFrame]:
    return pa.DataFrameSchema({"n": pa.Column(int, rule)}), pd.concat([numbers(*ROWS)[["n"]]] * 2, axis=1)


@pytest.mark.parametrize("about", [_about_index, _about_level, _about_pattern, _about_twins])
def test_it_is_the_same_for_an_index_a_level_and_a_pattern(about: Callable[[pa.Check], Any]) -> None:
    for rule in BAD_ANSWERS.values():
        assert not verdict_of(*about(pa.Check(rule, name="ours"))).passed
    for rule in GOOD_ANSWERS.values():
        assert verdict_of(*about(pa.Check(rule, name="ours"))).passed
    verdict = verdict_of(*about(pa.Check(lambda values: values > 1, name="ours")))
    assert (verdict.passed, verdict.rows_failed, verdict.rows_seen) == (False, 1, 3)
    each = verdict_of(*about(pa.Check(lambda cell: cell > 1, element_wise=True, determined_by_unique=True)))
    assert (each.passed, each.rows_failed) == (False, 1)


@EXAMPLES
@given(ANYTHING)
def test_whatever_a_rule_answers_only_true_passes(answer: Any) -> None:
    for check in (pa.Check(lambda _: answer), pa.Check(lambda _: answer, element_wise=True)):
        assert verdict_of(ruled(check), numbers(*ROWS)).passed == (answer is True)
        assert verdict_of(pa.DataFrameSchema(checks=check), numbers(*ROWS)).passed == (answer is True)


def test_an_answer_na_fails_on_nullable_numbers_also_where_gaps_are_not_ignored() -> None:
    frame = numbers(1, None, 2, dtype="Int64")
    verdict = verdict_of(ruled(pa.Check(lambda values: values > 0, name="above", ignore_na=False)), frame)
    assert verdict.message == "column n: above gave no answer for 1 rows"
    assert (verdict.rows_failed, verdict.rows_seen) == (1, 3)
    assert verdict_of(ruled(pa.Check(lambda values: values > 0)), frame).passed
    assert not verdict_of(ruled(pa.Check.ge(0, ignore_na=False)), frame).passed
    assert verdict_of(ruled(pa.Check.ge(0)), frame).passed


def test_an_answer_for_each_cell_is_judged_cell_by_cell() -> None:
    frame = pd.DataFrame({"a": [1.0, None, 3.0], "b": [1.0, 2.0, None]})
    above = pa.DataFrameSchema(checks=pa.Check(lambda frame: frame > 0))
    assert verdict_of(above, frame).passed
    assert verdict_of(above, frame.assign(b=[1.0, -2.0, None])).rows_failed == 1
    assert (
        verdict_of(pa.DataFrameSchema(checks=pa.Check(lambda frame: frame > 0, ignore_na=False)), frame).rows_failed
        == 2
    )
    for other in (lambda frame: (frame > 0)[["a"]], lambda frame: (frame > 0).head(1), lambda frame: frame):
        assert not verdict_of(pa.DataFrameSchema(checks=pa.Check(other)), frame).passed


def test_a_rule_about_rows_of_nothing_need_not_answer_for_them() -> None:
    frame = pd.DataFrame({"a": [1.0, None], "b": [1.0, None]})
    rule = pa.DataFrameSchema(checks=pa.Check(lambda frame: frame["a"] > 0, name="above"))
    assert verdict_of(rule, frame).passed
    assert not verdict_of(rule, frame.assign(b=1.0)).passed


# -- groups ---------------------------------------------------------------------------------------------------


def all_above(groups: dict[Any, Any]) -> bool:
    return all((group > 0).all() for group in groups.values())


GROUPINGS: list[tuple[str, dict[str, Any], pd.DataFrame, bool]] = [
    ("all there", {"groupby": "k"}, numbers(1, 2, k=["a", "b"]), True),
    ("named and there", {"groupby": "k", "groups": ["a", "b"]}, numbers(1, 2, k=["a", "b"]), True),
    ("one of two named", {"groupby": "k", "groups": ["a"]}, numbers(1, -2, k=["a", "b"]), True),
    ("a named one is missing", {"groupby": "k", "groups": ["a", "c"]}, numbers(1, 2, k=["a", "b"]), False),
    (
        "a named one is empty",
        {"groupby": "k", "groups": ["a", "c"]},
        numbers(1, k=pd.Categorical(["a"], ["a", "c"])),
        False,
    ),
    ("no group at all", {"groupby": "k"}, numbers(1, 2, k=None), False),
    ("rows without a group", {"groupby": "k"}, numbers(1, -2, k=["a", None]), False),
    ("one says no", {"groupby": "k"}, numbers(1, -2, k=["a", "b"]), False),
    ("by a function", {"groupby": lambda frame: frame.groupby("k")}, numbers(1, 2, k=["a", "b"]), True),
    ("by a function that leaves rows out", {"groupby": lambda f: f[f["n"] > 0].groupby("k")}, numbers(1, -2), False),
    ("by a function that exits", {"groupby": lambda frame: sys.exit(0)}, numbers(1, 2), False),
]


@pytest.mark.parametrize(("how", "frame", "passes"), [case[1:] for case in GROUPINGS], ids=[c[0] for c in GROUPINGS])
def test_a_rule_about_groups_must_have_seen_them_all(how: dict[str, Any], frame: pd.DataFrame, passes: bool) -> None:
    assert verdict_of(ruled(pa.Check(all_above, **how)), frame).passed == passes
    if how["groupby"] == "k":
        by_frame = pa.Check(lambda groups: all((group["n"] > 0).all() for group in groups.values()), **how)
        assert verdict_of(pa.DataFrameSchema(checks=by_frame), frame).passed == passes


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        (lambda groups: pd.Series(dict.fromkeys(groups, True)), True),
        (lambda groups: pd.concat([group > 0 for group in groups.values()]), True),
        (lambda groups: pd.Series(dict.fromkeys(groups, False)), False),
        (lambda groups: pd.Series([True]), False),
        (lambda groups: pd.Series([], dtype=bool), False),
        (lambda groups: pd.Series([True, None], dtype="boolean"), False),
        (lambda groups: dict.fromkeys(groups, True), False),
        (lambda groups: groups.clear() or True, True),
    ],
    ids=["each group", "each row", "no", "one of two", "none", "a gap", "a dict", "cleared"],
)
def test_an_answer_about_groups_is_for_all_of_them(answer: Callable[[Any], Any], passes: bool) -> None:
    assert verdict_of(ruled(pa.Check(answer, groupby="k")), numbers(1, 2, 3, k=["a", "b", "b"])).passed == passes


# -- hypothesis tests, registered rules, element by element ---------------------------------------------------


def _higher(one: Any, other: Any) -> tuple[float, float]:
    return float(one.mean() - other.mean()), 0.001


def test_a_hypothesis_is_judged_by_its_relationship_and_needs_its_samples() -> None:
    rule = pa.Hypothesis(_higher, samples=["a", "b"], groupby="k", relationship="greater_than")
    assert verdict_of(ruled(rule), numbers(3, 1, k=["a", "b"])).passed
    assert not verdict_of(ruled(rule), numbers(1, 3, k=["a", "b"])).passed
    assert not verdict_of(ruled(rule), numbers(3, 1, k=["a", "c"])).passed
    assert not verdict_of(ruled(rule), numbers(3, 1, k=None)).passed
    odd = pa.Hypothesis(_higher, samples=["a", "b"], groupby="k", relationship=lambda stat, pvalue: "yes")
    assert not verdict_of(ruled(odd), numbers(3, 1, k=["a", "b"])).passed
    whole = pa.DataFrameSchema(checks=pa.Hypothesis(_higher, samples=["n", "m"], relationship="greater_than"))
    assert verdict_of(whole, pd.DataFrame({"n": [2], "m": [1]})).passed
    assert not verdict_of(whole, pd.DataFrame({"n": [1], "m": [2]})).passed
    one = pa.Hypothesis(lambda values: (float(values.mean()), 0.001), relationship="greater_than")
    assert verdict_of(ruled(one), numbers(1)).passed
    assert not verdict_of(ruled(one), numbers(None, dtype=float)).passed


def test_a_registered_rule_is_the_teams_own() -> None:
    if not hasattr(pa.Check, "at_most_registered"):

        @register_check_method(statistics=["most"])
        def at_most_registered(values: Any, *, most: int) -> Any:
            values.array[:] = most
            return values <= most

    frame = numbers(1, 9)
    assert verdict_of(ruled(pa.Check.at_most_registered(10), pa.Check.le(9)), frame).passed
    assert frame["n"].tolist() == [1, 9]


def test_element_by_element_each_answer_counts() -> None:
    assert verdict_of(ruled(pa.Check(lambda cell: cell > 0, element_wise=True)), numbers(1, 2)).passed
    verdict = verdict_of(ruled(pa.Check(lambda cell: cell > 1, element_wise=True)), numbers(1, 2))
    assert (verdict.rows_failed, verdict.example) == (1, "n=9")
    assert not verdict_of(ruled(pa.Check(lambda cell: None, element_wise=True)), numbers(1)).passed
    categories = numbers("a", "b", dtype="category")
    assert verdict_of(ruled(pa.Check(lambda cell: cell in "ab", element_wise=True)), categories).passed
    rows = pa.DataFrameSchema(checks=pa.Check(lambda row: row["n"] > 0, element_wise=True))
    assert verdict_of(rows, numbers(1, 2)).passed
    assert verdict_of(rows, numbers(1, -2)).rows_failed == 1


async def _later(values: Any) -> Any:
    await asyncio.sleep(0)
    return values > 0


def test_an_async_rule_is_awaited() -> None:
    assert verdict_of(ruled(pa.Check(_later)), numbers(1)).passed
    assert not verdict_of(ruled(pa.Check(_later)), numbers(-1)).passed


# -- each rule judges what will be staged ---------------------------------------------------------------------


def _mend_frame(frame: pd.DataFrame) -> bool:
    frame["n"] = 1
    del frame["k"]
    return True


def _mend_array(values: Any) -> bool:
    values.array[:] = 1
    return True


def isin(values: Any) -> bool:
    """Named like a rule of pandera's."""
    return _mend_array(values)


def _mend_cells(values: Any) -> bool:
    for cell in values:
        cell["frame"].iloc[0, 0] = 1
        cell["frame"]["deep"].iloc[0].append(1)
        cell["list"].append(1)
    return True


def _shorten(frame: pd.DataFrame) -> Any:
    frame.drop(index=frame.index[frame["n"] <= 0], inplace=True)
    return frame["n"] > 0


@pytest.mark.parametrize(
    "mending",
    [
        lambda judge: pa.DataFrameSchema(checks=[pa.Check(_mend_frame), pa.Check(lambda frame: judge(frame["n"]))]),
        lambda judge: ruled(pa.Check(_mend_array), pa.Check(judge)),
        lambda judge: ruled(pa.Check(_mend_array), pa.Check(isin), pa.Check(judge)),
        lambda judge: ruled(pa.Check(_mend_array, name="greater_than"), pa.Check.gt(0)),
        lambda judge: ruled(pa.Check(_mend_array), checks=[pa.Check(lambda frame: judge(frame["n"]))]),
        lambda judge: ruled(
            pa.Check(lambda g: [_mend_array(x) for x in g.values()] and True, groupby="k"), pa.Check.gt(0)
        ),
        lambda judge: pa.DataFrameSchema(
            {"n": pa.Column(checks=pa.Check.gt(0))}, index=pa.Index(checks=pa.Check(lambda index: _mend_array(index)))
        ),
    ],
    ids=["the frame", "an array", "by name of a function", "by name", "for the frame", "a group", "the index"],
)
def test_a_rule_that_mends_what_it_sees_mends_it_for_no_other(mending: Callable[[Any], pa.DataFrameSchema]) -> None:
    frame = numbers(1, -2, 3)
    before = frame.copy()
    verdict = verdict_of(mending(lambda values: values > 0), frame)
    assert (verdict.passed, verdict.rows_failed) == (False, 1)
    pd.testing.assert_frame_equal(frame, before)


def test_cells_are_no_more_shared_between_rules_than_columns() -> None:
    def cell() -> dict[str, Any]:
        return {"list": [-1], "frame": pd.DataFrame({"n": [-1], "deep": [[-1]]})}

    def is_bad(cell: dict[str, Any]) -> bool:
        frame = cell["frame"]
        return (cell["list"], int(frame.iloc[0, 0]), frame["deep"].iloc[0]) == ([-1], -1, [-1])

    frame = numbers(cell(), cell(), dtype=object)
    verdict = verdict_of_once(ruled(pa.Check(_mend_cells), pa.Check(lambda cells: ~cells.map(is_bad))), frame)
    assert not verdict.passed


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_a_rule_that_shortens_its_frame_has_not_answered_for_what_it_dropped() -> None:
    assert not verdict_of(pa.DataFrameSchema(checks=pa.Check(_shorten)), numbers(1, -2)).passed


def test_a_frame_that_was_changed_while_it_was_judged_is_refused() -> None:
    """A rule may hold the frame itself, as when the asset's function kept it in a global."""
    frame = numbers(1, 2)

    def reach(values: Any) -> bool:
        frame.iloc[0, 0] = 5
        return True

    verdict = verdict_of_once(ruled(pa.Check(reach)), frame)
    assert verdict.message == "the frame was changed while it was judged"


def test_cells_that_were_changed_while_they_were_judged_are_found() -> None:
    frame = numbers([1], [2], dtype=object)

    def reach(values: Any) -> bool:
        frame["n"].iloc[0].append(5)
        return True

    assert "changed while" in verdict_of_once(ruled(pa.Check(reach)), frame).message


def verdict_of_once(contract: Any, value: Any) -> Any:
    return came(contract, value).verdict


# -- what is told ---------------------------------------------------------------------------------------------


def test_a_rule_is_told_by_where_it_raised() -> None:
    class Own(pa.DataFrameModel):
        n: int

        @pa.check("n")
        @classmethod
        def positive(cls, values: Any) -> Any:
            raise ValueError("secret 4711")

    message = verdict_of(Own, pd.DataFrame({"n": [1]})).message
    assert message.startswith("column n: positive raised ValueError at test_rules.py:")
    assert "4711" not in message


def test_rows_are_counted_once_however_many_rules_they_fail_and_whatever_their_labels() -> None:
    frame = numbers(-1, -2, 3, index=[5, 5, 5])
    verdict = verdict_of(ruled(pa.Check.ge(0), pa.Check.ge(-1), pa.Check(lambda values: values > -2)), frame)
    assert (verdict.rows_failed, verdict.rows_seen) == (2, 3)
    assert verdict.message.count(";") == 2


@pytest.mark.parametrize("n_failure_cases", [None, 0, 1])
def test_how_many_cases_are_shown_changes_no_count(n_failure_cases: int | None) -> None:
    frame = numbers(*[-1] * 50)
    assert verdict_of(ruled(pa.Check.ge(0, n_failure_cases=n_failure_cases)), frame).rows_failed == 50


class Unreadable:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


@pytest.mark.parametrize("cell", ["\0", "\ud800", "a\nb", "x" * 10**6, Unreadable(), 2**70, b"\0"], ids=range(7))
def test_whatever_a_failed_rule_saw_its_verdict_can_be_stored(cell: Any) -> None:
    verdict = verdict_of_once(
        ruled(pa.Check(lambda values: values.map(lambda _: False), name="a\0\ud800")), numbers(cell, dtype=object)
    )
    assert not verdict.passed
    for text in (verdict.message, verdict.example):
        assert text.isprintable()
        assert len(text.encode()) <= 4 * MAX_MESSAGE


def test_names_of_columns_that_cannot_be_stored_are_cleaned() -> None:
    frame = pd.DataFrame({"\0": [1], "\ud800": [1], Unreadable(): [1], "x" * 1000: [1]})
    verdict = verdict_of_once(pa.DataFrameSchema({"n": pa.Column(int)}, strict=True), frame)
    assert verdict.message.isprintable()
    assert len(verdict.message) <= MAX_MESSAGE
