"""What is said beside a value is kept in a known form, or refused by its key before anything is staged."""

import datetime as dt
import decimal
import enum
import json
import math
import pathlib
import uuid
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from lockgate import Output, Team
from lockgate.core.errors import DefinitionError
from lockgate.core.metadata import MAX_BYTES, kept_metadata
from lockgate.testing import materialize
from tests.core.examples import ANYTHING, EXAMPLES


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


SELF: list[Any] = []
SELF.append(SELF)
ID = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (-(2**63), -(2**63)),
        (0.5, 0.5),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        ("é", "é"),
        ("a\0b\ud800", "a\ufffdb\ufffd"),
        (np.bool_(True), True),
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        (np.float64("nan"), "NaN"),
        (np.str_("x"), "x"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.datetime64("2013-01-05T06:00"), "2013-01-05T06:00"),
        (np.datetime64("NaT"), None),
        (np.timedelta64(90, "m"), 5400.0),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp("2013-01-05 06:00", tz="UTC"), "2013-01-05T06:00:00+00:00"),
        (pd.Timedelta("90min"), 5400.0),
        (dt.date(2013, 1, 5), "2013-01-05"),
        (dt.time(6, 0), "06:00:00"),
        (dt.datetime(2013, 1, 5, 6), "2013-01-05T06:00:00"),
        (dt.timedelta(minutes=90), 5400.0),
        (decimal.Decimal("1.10"), "1.10"),
        (ID, str(ID)),
        (pathlib.PurePosixPath("/a"), "/a"),
        (Color.RED, "red"),
        (Level.LOW, 1),
        ((1, [2.5, np.int8(3)]), [1, [2.5, 3]]),
        ({"mean": np.float64(1.5), "by": {"day": dt.date(2013, 1, 5)}}, {"mean": 1.5, "by": {"day": "2013-01-05"}}),
    ],
    ids=str,
)
def test_each_kind_has_a_form(given: Any, kept: Any) -> None:
    found = kept_metadata({"it": given}, "alpha/days")["it"]
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"frame": pd.DataFrame()}, "a DataFrame in 'frame'"),
        ({"by": {"day": pd.Series([1])}}, "a Series in 'by.day'"),
        ({"rows": [1, {2}]}, r"a set in 'rows\[1\]'"),
        ({"id": 2**70}, "an int of more than 64 bits in 'id'"),
        ({"raw": b"x"}, "a bytes in 'raw'"),
        ({"call": print}, "in 'call'"),
        ({"z": 1j}, "a complex in 'z'"),
        ({"record": np.zeros(1, dtype="i4,i4")}, "a ndarray in 'record'"),
        ({1: "x"}, "has a int for a key"),
        ({"by": {None: 1}}, "has a NoneType for a key in by"),
        ({"self": SELF}, "nested too deeply"),
        ({"text": ["x" * 4000] * 20}, f"most of it 'text'. Keep it below {MAX_BYTES}"),
        (["a"], "is a list"),
        ("ab", "is a str"),
    ],
)
def test_what_has_no_form_is_refused_by_its_key(metadata: Any, says: str) -> None:
    with pytest.raises(DefinitionError, match=f"the metadata of alpha/days .*{says}"):
        kept_metadata(metadata, "alpha/days")


@EXAMPLES
@given(st.dictionaries(st.text(), st.recursive(ANYTHING, st.lists, max_leaves=5)))
def test_whatever_is_said_is_kept_as_json_or_refused(metadata: dict[str, Any]) -> None:
    try:
        kept = kept_metadata(metadata, "alpha/days")
    except DefinitionError:
        return
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert "\\u0000" not in json.dumps(kept)


def test_in_memory_it_is_as_in_a_run() -> None:
    team = Team("alpha")

    @team.asset()
    def days() -> Output:
        return Output(1, metadata={"mean": np.float64("nan")})

    @team.asset()
    def months() -> Output:
        return Output(1, metadata={"frame": pd.DataFrame()})

    assert materialize(days).metadata == {"mean": "NaN"}
    with pytest.raises(DefinitionError, match="'frame'"):
        materialize(months)
