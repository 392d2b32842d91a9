"""A check gets a copy of its own: whatever it does to it, what is published stays as it was."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lockgate import Team
from lockgate.core.errors import UncopyableValue
from lockgate.core.isolate import isolated
from lockgate.testing import materialize


def _frame() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "number": [1, 2],
            "maybe": pd.array([1, None], dtype="Int64"),
            "text": ["a", "b"],
            "kind": pd.Categorical(["x", "y"]),
            "cells": [[1], {"a": [2]}],
            "when": pd.date_range("2013-01-05", periods=2),
        },
        index=pd.Index([10, 20], name="id"),
    )
    frame.attrs["source"] = {"page": 1}
    return frame


def _append(frame: pd.DataFrame) -> None:
    frame["cells"].iloc[0].append(9)
    frame["cells"].iloc[1]["a"].append(9)


def _write_buffers(frame: pd.DataFrame) -> None:
    for name in ("number", "when"):
        array = frame[name].to_numpy()
        array.flags.writeable = True
        array[:] = array[::-1].copy()
    frame["maybe"].array._mask[:] = True


DEEDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "a cell": lambda f: f.__setitem__("number", 0),
    "a column": lambda f: f.pop("text"),
    "loc": lambda f: f.loc.__setitem__((10, "number"), 99),
    "iat": lambda f: f.iat.__setitem__((0, 2), "changed"),
    "object cells": _append,
    "buffers": _write_buffers,
    "index name": lambda f: setattr(f.index, "name", "other"),
    "column names": lambda f: setattr(f, "columns", list("uvwxyz")),
    "columns' name": lambda f: setattr(f.columns, "name", "other"),
    "attrs": lambda f: f.attrs["source"].update(page=2),
}


def _facts(frame: pd.DataFrame) -> tuple[str, ...]:
    return (str(frame.to_dict("list")), repr(frame.index), repr(frame.columns), repr(frame.attrs))


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_done_to_the_copy_of_a_frame_does_not_reach_it(deed: str) -> None:
    frame = _frame()
    private = isolated(frame)
    pd.testing.assert_frame_equal(private, frame)

    DEEDS[deed](private)

    assert _facts(frame) == _facts(_frame())
    assert _facts(private) != _facts(frame)


def test_what_is_done_to_the_copy_of_another_value_does_not_reach_it() -> None:
    model = {"weights": [1.0], "inner": {"frame": _frame()}}
    private = isolated(model)
    private["weights"].append(2.0)
    private["inner"]["frame"].loc[10, "number"] = 99
    assert model["weights"] == [1.0]
    assert _facts(model["inner"]["frame"]) == _facts(_frame())


@pytest.mark.parametrize("deed", DEEDS)
def test_a_check_that_changes_its_frame_changes_nothing_that_is_published(deed: str) -> None:
    """Within a dict, as Parquet keeps no cells of lists."""
    team = Team("weather")

    @team.asset()
    def observations() -> dict[str, pd.DataFrame]:
        return {"all": _frame()}

    @team.check(observations)
    def careless(value: dict[str, pd.DataFrame]) -> bool:
        DEEDS[deed](value["all"])
        return True

    result = materialize(observations)
    assert result.verdicts["careless"].passed
    assert _facts(result.value["all"]) == _facts(_frame())


@dataclass
class Holder:
    """A team's own class around something."""

    inner: Any


@dataclass(eq=False)
class Kind:
    """Hashable, as categories and labels must be, and mutable all the same."""

    cells: list[int] = field(default_factory=lambda: [3, 1, 2])


def _object_array(cell: Any) -> Any:
    array = np.empty(1, dtype=object)
    array[0] = cell
    return array


# What holds a cell, and how to get at it again: pandas and numpy copy many of these by reference.
HOLDERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "a frame": (lambda cell: pd.DataFrame({"x": _object_array(cell)}), lambda held: held["x"].iloc[0]),
    "a series": (lambda cell: pd.Series(_object_array(cell)), lambda held: held.iloc[0]),
    "an array of objects": (_object_array, lambda held: held[0]),
    "a two-dimensional array": (lambda cell: _object_array(cell).reshape(1, 1), lambda held: held[0, 0]),
    "a dict": (lambda cell: {"x": cell}, lambda held: held["x"]),
    "a list": (lambda cell: [cell], lambda held: held[0]),
    "a tuple": (lambda cell: (cell,), lambda held: held[0]),
    "a deque": (lambda cell: deque([cell]), lambda held: held[0]),
    "a dataclass": (Holder, lambda held: held.inner),
    "a namespace": (lambda cell: SimpleNamespace(x=cell), lambda held: held.x),
    "attrs": (lambda cell: _with_attrs(cell), lambda held: held.attrs["x"]),
    "a structured array": (lambda cell: np.array([(cell,)], dtype=[("x", object)]), lambda held: held["x"][0]),
}


def _with_attrs(cell: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"x": [1]})
    frame.attrs["x"] = cell
    return frame


@pytest.mark.parametrize("outer", HOLDERS)
@pytest.mark.parametrize("inner", HOLDERS)
def test_the_copy_shares_no_cell_however_it_is_nested(outer: str, inner: str) -> None:
    (hold_out, get_out), (hold_in, get_in) = HOLDERS[outer], HOLDERS[inner]
    value = hold_out(hold_in([3, 1, 2]))
    get_in(get_out(isolated(value))).sort()
    assert get_in(get_out(value)) == [3, 1, 2]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (pd.Index(_object_array(Kind())), lambda held: held[0]),
        (pd.DataFrame({"x": [1]}, index=pd.Index(_object_array(Kind()))), lambda held: held.index[0]),
        (pd.DataFrame([[1]], columns=pd.Index(_object_array(Kind()))), lambda held: held.columns[0]),
        (pd.MultiIndex.from_arrays([_object_array(Kind())]), lambda held: held.levels[0][0]),
        ({"x": pd.Categorical(_object_array(Kind()))}, lambda held: held["x"].categories[0]),
        ([pd.DataFrame({"x": pd.Categorical(_object_array(Kind()))})], lambda held: held[0]["x"].cat.categories[0]),
    ],
    ids=["index", "frame's index", "frame's columns", "levels", "categories", "categories of a column"],
)
def test_the_copy_shares_no_label_or_category(value: Any, kind: Callable[[Any], Kind]) -> None:
    kind(isolated(value)).cells.sort()
    assert kind(value).cells == [3, 1, 2]


def test_what_one_holds_twice_the_copy_holds_twice() -> None:
    shared = [1]
    private = isolated({"a": shared, "b": (shared,)})
    assert private["a"] is private["b"][0]


@pytest.mark.parametrize("deed", ["sort", "fill"])
def test_a_check_that_only_warns_cannot_make_an_error_check_pass(deed: str) -> None:
    """In a dict, in a series, in a cell: the order of the checks does not matter, each sees what was staged."""
    team = Team("weather")

    @team.asset()
    def observations() -> dict[str, Any]:
        return {"days": pd.Series([[3, 1, 2]], dtype=object)}

    @team.check(observations, severity="warn")
    def careless(value: dict[str, Any]) -> bool:
        value["days"].iloc[0].sort() if deed == "sort" else value["days"].iloc[0].__setitem__(slice(None), [1, 2, 3])
        return True

    @team.check(observations)
    def is_sorted(value: dict[str, Any]) -> bool:
        return bool(value["days"].iloc[0] == [1, 2, 3])

    result = materialize(observations)
    assert result.outcome == "rejected"
    assert not result.verdicts["is_sorted"].passed


class Secretive:
    """Says its data when it cannot be pickled."""

    def __reduce__(self) -> str:
        raise ValueError("4711")


@pytest.mark.parametrize(
    "value",
    [threading.Lock(), (number for number in range(3)), {"x": lambda: 1}, [Secretive()], Holder(threading.Lock())],
    ids=["lock", "generator", "lambda", "raises", "within"],
)
def test_what_cannot_be_copied_is_told_in_one_sentence_without_data(value: Any) -> None:
    with pytest.raises(UncopyableValue) as refused:
        isolated(value)
    assert str(refused.value).startswith(f"A {type(value).__name__} cannot be copied for its checks: ")
    assert "4711" not in str(refused.value)
    assert "\n" not in str(refused.value)
