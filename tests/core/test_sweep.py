"""What the sweep starts: the dependents whose gate is open on inputs they have not consumed."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.core.gate import Head, Open, Pin, Rejection, Snapshot, decide
from lockgate.core.partitions import Daily, Static
from lockgate.core.schedule import Cron
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.core.sweep import (
    BACKOFF_SECONDS,
    MAX_FAILURES,
    Progress,
    Start,
    Tried,
    given_up,
    in_turn,
    missing_runs,
)
from tests.core.worlds import worlds

DAY = "2013-01-05"
DAILY = Daily("2013-01-01", "2013-01-31")
A = AssetSpec("one/a", "c", DAILY, shared_with=("*",))
B = AssetSpec("two/b", "c", DAILY, inputs=(InputSpec("one/a", "a"),))


def published(key: str, number: int, **more: object) -> Head:
    head = Head(key, DAY, judged="published", number=number, version_id=number * 10, code_version="c")
    return replace(head, **more)  # type: ignore[arg-type]


def rejected(number: int, *more: tuple[str, int]) -> Head:
    """``two/b``, rejected on version ``number`` of its input, and on those of others."""
    inputs = {(key, DAY): of for key, of in (("one/a", number), *more)}
    return Head("two/b", DAY, judged="rejected", failed_checks=("contract",), rejection=Rejection("c", inputs))


def world(*heads: Head, assets: tuple[AssetSpec, ...] = (A, B)) -> Snapshot:
    return Snapshot({a.key: a for a in assets}, {(h.asset, h.partition): h for h in heads})


def started(snapshot: Snapshot, progress: Progress | None = None) -> list[tuple[str, str, int]]:
    return [(s.key, s.partition, s.ordinal) for s in missing_runs(snapshot, progress or Progress())]


def tried(*outcomes: str, declined: bool = False) -> Progress:
    return Progress({(("two/b", DAY), frozenset({10}), "c"): Tried(outcomes, declined)})


def test_a_dependent_that_never_ran_is_started_and_a_source_never() -> None:
    assert started(world(published("one/a", 1))) == [("two/b", DAY, 0)]


def test_a_dependent_on_the_current_inputs_is_left_alone() -> None:
    assert started(world(published("one/a", 1), published("two/b", 1, inputs={("one/a", DAY): 1}))) == []


def test_a_newer_input_starts_it_again() -> None:
    assert started(world(published("one/a", 2), published("two/b", 1, inputs={("one/a", DAY): 1}))) != []


def test_a_rejected_attempt_has_consumed_its_inputs_and_code() -> None:
    snapshot = world(published("one/a", 1))
    assert started(snapshot, tried("rejected")) == []
    other_code = world(published("one/a", 1), assets=(A, replace(B, code_version="d")))
    assert started(other_code, tried("rejected")) == [("two/b", DAY, 0)]


def test_failed_attempts_are_tried_again_up_to_a_bound_with_a_new_ordinal() -> None:
    snapshot = world(published("one/a", 1))
    assert started(snapshot, tried("failed")) == [("two/b", DAY, 1)]
    assert started(snapshot, tried(*["failed"] * MAX_FAILURES)) == []


def test_what_a_rollback_withdrew_is_not_made_again_from_the_same_inputs() -> None:
    assert started(world(published("one/a", 1)), tried("failed", declined=True)) == []


def test_what_a_live_claim_holds_is_left_alone() -> None:
    assert started(world(published("one/a", 1)), Progress(claimed=frozenset({("two/b", DAY)}))) == []


def test_an_input_that_does_not_trigger_starts_nothing_by_being_newer() -> None:
    quiet = replace(B, inputs=(InputSpec("one/a", "a", triggers=False),))
    own = published("two/b", 1, inputs={("one/a", DAY): 1})
    assert started(world(published("one/a", 2), own, assets=(A, quiet))) == []


def test_a_partition_the_dependent_does_not_have_is_not_started() -> None:
    outside = replace(published("one/a", 1), partition="2013-02-01")
    assert started(world(outside)) == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(worlds())
def test_everything_started_has_an_open_gate_and_inputs(case: tuple[Snapshot, str, str]) -> None:
    snapshot, _, _ = case
    for start in missing_runs(snapshot, Progress()):
        assert isinstance(decide(start.key, start.partition, snapshot), Open)
        assert snapshot.assets[start.key].inputs


def test_retries_wait_longer_each_time_but_the_first_comes_at_once() -> None:
    waits = [Tried(("failed",) * failures, idle=10.0).wait for failures in range(4)]
    assert waits == [0, 0, BACKOFF_SECONDS - 10, 2 * BACKOFF_SECONDS - 10]
    assert Tried(("failed", "failed"), idle=BACKOFF_SECONDS).wait == 0


def test_what_failed_too_often_is_told_until_inputs_or_code_change() -> None:
    snapshot = world(published("one/a", 1))
    assert given_up(snapshot, tried("failed", "failed")) == []
    assert given_up(snapshot, tried(*["failed"] * MAX_FAILURES)) == [("two/b", DAY)]
    assert given_up(world(assets=(A, replace(B, code_version="d"))), tried(*["failed"] * MAX_FAILURES)) == []


def test_an_asset_that_only_its_schedule_starts_is_left_to_it() -> None:
    quiet = replace(B, inputs=(InputSpec("one/a", "a", triggers=False),))
    scheduled = replace(quiet, schedule=Cron("0 6 * * *"))
    for spec in (quiet, scheduled):
        assert started(world(published("one/a", 1), assets=(A, spec))) == []
        assert started(world(published("one/a", 2), rejected(2), assets=(A, spec))) == []
    assert started(world(published("one/a", 1), assets=(A, replace(B, schedule=Cron("0 6 * * *"))))) != []


def test_an_input_that_does_not_trigger_starts_nothing_after_a_rejection_either() -> None:
    """The one that does, and new code, start it again."""
    other = replace(A, key="one/o")
    both = replace(B, inputs=(*B.inputs, InputSpec("one/o", "o", triggers=False)))
    lost = rejected(1, ("one/o", 1))
    assert started(world(published("one/a", 1), published("one/o", 2), lost, assets=(A, other, both))) == []
    assert started(world(published("one/a", 2), published("one/o", 1), lost, assets=(A, other, both))) != []
    mended = replace(both, code_version="d")
    assert started(world(published("one/a", 1), published("one/o", 1), lost, assets=(A, other, mended))) != []


def test_all_partitions_of_a_list_are_started_by_an_input_without_partitions() -> None:
    table = AssetSpec("one/a", "c", shared_with=("*",))
    whole = Head("one/a", "", judged="published", number=1, version_id=10, code_version="c")
    listed = replace(B, partitions=Static("south", "north"), inputs=(InputSpec("one/a", "a", triggers=True),))
    assert started(world(whole, assets=(table, listed))) == [("two/b", "north", 0), ("two/b", "south", 0)]
    north = Head("two/b", "north", judged="published", number=1, version_id=11, inputs={("one/a", ""): 1})
    assert started(world(whole, north, assets=(table, listed))) == [("two/b", "south", 0)]
    silent = replace(listed, inputs=(InputSpec("one/a", "a"),))
    assert started(world(whole, assets=(table, silent))) == []


def test_what_a_person_cancelled_is_settled_until_inputs_or_code_change() -> None:
    assert started(world(published("one/a", 1)), tried("cancelled")) == []
    assert started(world(published("one/a", 1)), tried("failed", "cancelled")) == []
    assert started(world(replace(published("one/a", 2), version_id=20)), tried("cancelled")) != []
    assert started(world(published("one/a", 1), assets=(A, replace(B, code_version="d"))), tried("cancelled")) != []


STARTS = st.lists(
    st.builds(
        lambda team, name, version: Start(f"{team}/{name}", "", (Pin("x/y", "", 1, version),), 0),
        st.sampled_from(["one", "two", "three"]),
        st.sampled_from(["a", "b", "c"]),
        st.integers(1, 1000),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(STARTS)
def test_teams_take_turns_and_the_longest_due_of_each_comes_first(starts: list[Start]) -> None:
    ordered = in_turn(starts)
    assert sorted(map(repr, ordered)) == sorted(map(repr, starts))
    for team in {start.team for start in starts}:
        ages = [start.age for start in ordered if start.team == team]
        assert ages == sorted(ages)
    for count in range(len(ordered) + 1):
        taken = Counter(start.team for start in ordered[:count])
        left = Counter(start.team for start in ordered[count:])
        # Nobody with something left is more than one behind.
        assert all(taken[team] >= max(taken.values(), default=0) - 1 for team in left)
