"""A frame comes back from the store exactly as it went in, or it is refused."""

from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.store.errors import UnsupportedValue
from lockgate.store.frames import decode_frame, encode_frame

TIMES = st.datetimes(pd.Timestamp("1970-01-01"), pd.Timestamp("2100-01-01"))
KINDS: dict[str, Any] = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "float64": st.floats(),
    "float32": st.floats(width=32),
    "bool": st.booleans(),
    "str": st.one_of(st.text(max_size=5).filter(lambda text: text.isprintable()), st.none()),
    "string": st.one_of(st.sampled_from(["a", ""]), st.none()),
    "Int64": st.one_of(st.integers(-(2**63), 2**63 - 1), st.none()),
    "Float64": st.one_of(st.sampled_from([0.0, -0.0, 1e300]), st.none()),
    "boolean": st.one_of(st.booleans(), st.none()),
    "category": st.one_of(st.sampled_from(["a", "b"]), st.none()),
    "datetime64[ns]": st.one_of(TIMES, st.just(pd.NaT)),
    "datetime64[s]": TIMES,
    "datetime64[us, UTC]": TIMES.map(lambda time: pd.Timestamp(time, tz="UTC")),
    "timedelta64[ns]": st.timedeltas(pd.Timedelta(0), pd.Timedelta(days=900)),
    "object": st.one_of(st.none(), st.integers(0, 9), st.sampled_from(["a", float("nan"), [1]])),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 5))
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4))
    columns = {
        f"c{number} {kind}": pd.Series(draw(st.lists(KINDS[kind], min_size=rows, max_size=rows)), dtype=kind)
        for number, kind in enumerate(kinds)
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    frame.index = draw(st.sampled_from([frame.index, pd.Index(list("zyxwv")[:rows], name="key"), frame.index + 3]))
    return frame


@settings(max_examples=300, deadline=None)
@given(frames())
def test_what_is_not_refused_comes_back_by_type_and_value(frame: pd.DataFrame) -> None:
    try:
        content = encode_frame(frame)
    except UnsupportedValue:
        assert any("object" in name or "[s]" in name or "category" in name for name in frame), frame.dtypes
        return
    back = decode_frame(content)
    pd.testing.assert_frame_equal(back, frame, check_exact=True, check_freq=False)
    assert [list(map(type, back[name])) for name in back] == [list(map(type, frame[name])) for name in frame]
