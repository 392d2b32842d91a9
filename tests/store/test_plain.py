"""Values that are no frames: kept exactly in a format that runs no code, else pickled, and the file's name says so."""

import datetime as dt
import enum
import io
import json
import zipfile
from collections import OrderedDict, namedtuple
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as st_numpy

from lockgate.core.formats import PICKLE, PLAIN, is_pickle
from lockgate.store import Store, UnsupportedValue, ValueDamaged
from lockgate.store.encoding import decode, encode
from lockgate.store.same import same
from tests.store.conftest import new_folder

EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(st.characters(), max_size=5)  # lone surrogates and NUL as well
TIMES = (st.datetimes() | st.datetimes(timezones=st.just(dt.UTC))).map(lambda time: time.replace(fold=0))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.binary(max_size=5), st.dates(), TIMES,
    st.integers(-(2**20_000), 2**20_000), st.integers(0, 255).map(np.uint8), st.floats(width=32).map(np.float32),
    st.just(np.datetime64("2013-01-05T06", "h")), st.just(np.bool_(True)),
)  # fmt: skip
KEYS = st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.tuples(TEXTS, st.integers()))
ARRAYS = st_numpy.arrays(
    st_numpy.scalar_dtypes() | st_numpy.array_dtypes(max_size=2) | st_numpy.unicode_string_dtypes(max_len=3),
    st_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(KEYS, inner, max_size=3),
        st.sets(TEXTS, max_size=3), st.frozensets(st.integers(), max_size=3),
    ),
    max_leaves=12,
)  # fmt: skip


def _back(value: Any) -> Any:
    file, content = encode(value)
    assert file == PLAIN
    return decode(file, content, any_class=False)


@EXAMPLES
@given(value=VALUES)
def test_plain_values_come_back_by_type_and_value(value: Any) -> None:
    read = _back(value)
    assert same(value, read)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -1, 2**63, -(2**63), 10**10_000, 0.1, -0.0, 1e308, float("inf"), "", "a\x00b\ud83d\ude00", b"",
        b"\xff" * 100_000, [], {}, (), [[]], {"a": {"b": [1, 2.0, "3", None, True]}}, {1: "a", "1": "b", None: 0},
        {True: 1}, [1, True, 1.0], {(1, 2): [3]}, {"tuple": [1]}, {"same": 0}, {"dict": []}, {"int": "0x1"},
        dt.date(2013, 1, 5), dt.datetime(2013, 1, 5, 6, 7, 8, 9), {"x"}, frozenset({1, 2}),
        np.arange(6).reshape(2, 3), np.asfortranarray(np.eye(3)), np.array(["a", "bc"]), np.array([], dtype="float32"),
        np.array([np.nan, -0.0]), np.array("2013", dtype="M8[D]"), np.zeros(2, dtype=[("a", ">i4"), ("b", "S")]),
        np.float64(0.1), np.int8(3), np.complex64(1j), np.timedelta64(3, "s"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_each_of_these_comes_back_exactly(store: Store, value: Any) -> None:
    stored = store.write(new_folder(), value)
    assert stored.location.endswith("/data.zip")
    assert same(value, store.read(stored.location, digest=stored.digest))


def test_nan_is_nan_again() -> None:
    assert repr(_back([float("nan"), np.float32("nan")])) == "[nan, np.float32(nan)]"


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2013-01-05", periods=2)),
        pd.Series([1.0, None], name="x"),
        pd.Series(["a", None], dtype="str", index=pd.Index([3, 4], name="id")),
        pd.Series([], dtype="Int64"),
        pd.Index(["a", "b"], name="day"),
        pd.RangeIndex(3),
        pd.date_range("2013-01-05", periods=3, freq="D", tz="America/New_York"),
        pd.CategoricalIndex(["a", "b", "a"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_pandas_within_other_values_comes_back_exactly(value: Any) -> None:
    read = _back({"all": [value]})["all"][0]
    assert type(read) is type(value)
    kind = "index" if isinstance(value, pd.Index) else "series" if isinstance(value, pd.Series) else "frame"
    getattr(pd.testing, f"assert_{kind}_equal")(read, value, check_exact=True)
    assert getattr(read, "freq", None) == getattr(value, "freq", None)


def test_what_occurs_twice_is_one_value_again_and_what_holds_itself_does() -> None:
    shared, holding = [1], []
    holding.append(holding)
    read = _back({"a": shared, "b": (shared, b"x"), "c": holding})
    assert read["a"] is read["b"][0]
    assert read["c"][0] is read["c"]


def test_what_grows_without_bound_when_written_out_is_written_once() -> None:
    value: list[Any] = []
    for _ in range(80):
        value = [value, value]
    read = _back(value)
    assert read[0] is read[1]


class Color(enum.IntEnum):
    """A number that is more than one."""

    RED = 1


Point = namedtuple("Point", "x y")


def _in_itself() -> tuple[Any, ...]:
    holding: list[Any] = []
    value = (holding,)
    holding.append(value)
    return value


def _deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(150):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        Color.RED, {"a": Color.RED}, Point(1, 2), OrderedDict(a=1), np.str_("a"), [np.bytes_(b"a")],
        np.array([1, "a", None], dtype=object), np.ma.masked_array([1, 2], [0, 1]), dt.timedelta(1),
        dt.datetime(2013, 1, 5, fold=1), dt.datetime(2013, 1, 5, tzinfo=dt.timezone(dt.timedelta(0), "GMT")),
        pd.Series([1], name=3), pd.Series([[1, 2]]), pd.NA, 1j,
        {"frame": pd.DataFrame({3: [1]})}, np.zeros(1, dtype=[("x", "O")]), _deep(),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_fits_no_safe_format_is_pickled_whole_and_comes_back_as_it_was(value: Any) -> None:
    file, content = encode(value)
    assert is_pickle(file)
    read = decode(file, content, any_class=True)
    assert type(read) is type(value)
    assert repr(read) == repr(value)


def test_a_tuple_in_a_list_in_itself_is_pickled() -> None:
    file, content = encode(_in_itself())
    assert file == PICKLE
    read = decode(file, content, any_class=False)
    assert read[0][0] is read


@pytest.mark.parametrize("value", [lambda: 1, (n for n in range(3)), {"a": open}], ids=["lambda", "generator", "fits"])
def test_what_cannot_be_pickled_is_refused(value: Any) -> None:
    if isinstance(value, dict):
        assert encode(value)[0] == PICKLE
        return
    with pytest.raises(UnsupportedValue, match="cannot be stored"):
        encode(value)


def test_the_same_value_gives_the_same_bytes() -> None:
    """So that a repeated run stages the same digest."""
    value = {"a": [1, np.arange(3)], "b": b"x"}
    assert encode(value) == encode(value)


def test_it_can_be_looked_into_with_any_tool() -> None:
    _, content = encode({"days": ["2013-01-05"], "weights": np.arange(2)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["value.json", "0.npy"]
        assert json.loads(archive.read("value.json")) == {
            "dict": [["days", {"list": ["2013-01-05"]}], ["weights", {"array": "0.npy"}]]
        }


@pytest.mark.parametrize(
    "tree", ['{"same":7}', '{"evil":1}', '{"array":"9.npy"}', '{"dict":[[{"list":[]},1]]}', "[", "{}"]
)
def test_an_archive_that_lockgate_did_not_write_is_damaged_and_no_more(store: Store, tree: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("value.json", tree)
    stored = store.write(new_folder(), 1)
    store._objects.put(stored.location, buffer.getvalue())  # type: ignore[attr-defined]
    with pytest.raises(ValueDamaged, match="cannot be decoded"):
        store.read(stored.location)
