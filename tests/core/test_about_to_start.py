"""``why`` says that a slice is about to start if and only if the next round of the sweep starts it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.core.explain import Activity, explain
from lockgate.core.explain_text import sentence
from lockgate.core.gate import Open, Slice, Snapshot, decide
from lockgate.core.sweep import Progress, Tried, missing_runs
from tests.core.worlds import slices_of, worlds

OUTCOMES = st.lists(st.sampled_from(["failed", "failed", "rejected", "cancelled", "superseded"]), max_size=3)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Snapshot, Progress, dict[Slice, Activity]]:
    """A platform, what was tried on its present inputs, and what was done last."""
    snapshot, _, _ = draw(worlds())
    slices = [(key, part) for key, spec in snapshot.assets.items() for part in slices_of(spec.partitions)]
    tried, done = {}, {}
    for where in slices:
        decision = decide(*where, snapshot)
        outcomes = tuple(draw(OUTCOMES))
        if isinstance(decision, Open) and outcomes:
            ids = frozenset(pin.version_id for pin in decision.pins)
            idle = draw(st.sampled_from([0.0, 1e6]))
            tried[where, ids, snapshot.assets[where[0]].code_version] = Tried(outcomes, draw(st.booleans()), idle)
            done[where] = Activity(outcome=outcomes[-1])
    claimed = draw(st.sets(st.sampled_from(slices), max_size=2))
    return snapshot, Progress(tried, frozenset(claimed)), done


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases())
def test_about_to_start_is_said_of_exactly_what_the_next_round_starts(
    case: tuple[Snapshot, Progress, dict[Slice, Activity]],
) -> None:
    snapshot, progress, done = case
    started = {(start.key, start.partition) for start in missing_runs(snapshot, progress) if start.wait <= 0}
    said = set()
    for key in snapshot.assets:
        for spec in snapshot.assets.values():
            for partition in slices_of(spec.partitions):
                told = explain(key, partition, snapshot, done, progress)
                assert told.state != "due" or told.starts
                if "about to start" in sentence(told):
                    said.add((key, partition))
    assert said == started
