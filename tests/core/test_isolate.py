"""A check gets a copy of its own: whatever it does to it, what is published stays as it was."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from lockgate import Team
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
    team = Team("weather")

    @team.asset()
    def observations() -> pd.DataFrame:
        return _frame()

    @team.check(observations)
    def careless(value: pd.DataFrame) -> bool:
        DEEDS[deed](value)
        return True

    assert _facts(materialize(observations).value) == _facts(_frame())
