"""How many examples the property tests of the core look at: LOCKGATE_EXAMPLES=100000 is their long mode."""

import os

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings

EXAMPLES = settings(
    max_examples=int(os.environ.get("LOCKGATE_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# One value of every plain kind that a function is likely to return by mistake.
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.binary(),
    st.dates(),
    st.timedeltas(),
    st.decimals(),
    st.uuids(),
    st.sets(st.integers()),
    st.tuples(st.booleans(), st.text()),
    st.functions(),
    st.sampled_from([NotImplemented, ..., ValueError("no"), ValueError, print]),
)
