"""`why`, state by state and over random platforms: it tells what the gate decides, and walks up to the cause."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from lockgate.core.explain import Activity, Explanation, explain, lineage
from lockgate.core.explain_text import next_step, sentence, to_json
from lockgate.core.gate import Blocked, Open, Slice, Snapshot, Unchanged, Waiting, decide, standing
from lockgate.core.partitions import Daily
from lockgate.core.spec import AssetSpec, InputSpec
from lockgate.core.sweep import Progress, Tried, known_partitions, missing_runs
from tests.core.test_gate import ALL, DAY, A, B, C, published, rejected, world
from tests.core.test_gate_properties import many
from tests.core.worlds import worlds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OTHER = "2013-01-06"


def told(
    key: str,
    snapshot: Snapshot,
    partition: str = DAY,
    done: dict[Slice, Activity] | None = None,
    progress: Progress | None = None,
) -> Explanation:
    return explain(key, partition, snapshot, done or {}, progress or Progress())


def tree(root: Explanation) -> Iterator[Explanation]:
    yield root
    for cause in root.causes:
        yield from tree(cause)


def test_good_and_up_to_date_is_said_as_such() -> None:
    own = published("two/b", 4, inputs={("one/a", DAY): 1})
    found = told("two/b", world(published("one/a", 1), own), done={("two/b", DAY): Activity(published_at=NOON)})
    assert (found.state, found.causes, next_step(found)) == ("current", (), "")
    assert sentence(found) == "good and up to date: v4 since 2026-01-01 12:00:00 UTC"


def test_a_value_that_a_waiver_let_pass_is_good_and_the_check_is_named() -> None:
    snapshot = world(published("one/a", 1))
    found = told("one/a", snapshot, done={("one/a", DAY): Activity(published_at=NOON, waived=("complete",))})
    assert sentence(found) == "good and up to date: v1 since 2026-01-01 12:00:00 UTC; waived: complete"


def test_a_rejection_far_above_is_walked_to_with_its_check_owner_time_and_command() -> None:
    owned = replace(A, owners=("ann@example.com",))
    snapshot = world(rejected("one/a", 1), published("two/b", 1), assets=(owned, B, C))
    found = told("three/c", snapshot, done={("one/a", DAY): Activity(judged_at=NOON)})

    assert [(each.asset, each.state, each.role) for each in tree(found)] == [
        ("three/c", "blocked", None),
        ("two/b", "blocked", "rejected"),
        ("one/a", "rejected", "rejected"),
    ]
    cause = list(tree(found))[-1]
    assert sentence(cause) == "rejected by contract since 2026-01-01 12:00:00 UTC; v1 is still served"
    assert cause.owners == ("ann@example.com",)
    assert next_step(cause) == f"lockgate evidence one/a -p {DAY}; once mended: lockgate run one/a -p {DAY} --force"


def test_a_missing_input_is_asked_why_it_is_missing() -> None:
    found = told("three/c", world())
    assert [(each.asset, each.state) for each in tree(found)] == [
        ("three/c", "waiting"),
        ("two/b", "waiting"),
        ("one/a", "never_run"),
    ]
    assert next_step(list(tree(found))[-1]) == f"lockgate run one/a -p {DAY}"


def test_a_missing_input_whose_code_raised_is_told_so() -> None:
    failed = Activity(outcome="failed", finished_at=NOON, why="ValueError")
    (cause,) = told("two/b", world(), done={("one/a", DAY): failed}).causes
    assert sentence(cause) == "its last run failed at 2026-01-01 12:00:00 UTC: ValueError"
    assert next_step(cause).startswith(f"lockgate history one/a -p {DAY}")


def test_an_input_no_longer_shared_names_the_edit_and_the_deploy() -> None:
    (cause,) = told("two/b", world(published("one/a", 1), assets=(replace(A, shared_with=()), B))).causes
    assert (cause.state, sentence(cause)) == ("unshared", "not shared with team two")
    assert next_step(cause) == 'add "two" to shared_with of a, then: lockgate deploy one'


def test_an_input_that_is_not_deployed_names_its_team() -> None:
    (cause,) = told("two/b", world(assets=(B,))).causes
    assert (cause.state, cause.owners, next_step(cause)) == ("unknown", ("one",), "lockgate deploy one")


def test_an_input_without_such_a_day_is_told_so() -> None:
    late = replace(A, partitions=Daily("2020-01-01"))
    (cause,) = told("two/b", world(assets=(late, B))).causes
    assert (cause.state, next_step(cause)) == (
        "no_partition", "widen the partitions of a, then: lockgate deploy one",
    )  # fmt: skip


def test_new_inputs_are_about_to_start_it_and_are_named() -> None:
    own = published("two/b", 4, inputs={("one/a", DAY): 1})
    found = told("two/b", world(published("one/a", 2), own))
    assert (found.state, found.newer) == ("due", (f"one/a [{DAY}] v2",))


def test_while_a_run_is_under_way_there_is_nothing_to_do() -> None:
    snapshot = world(published("one/a", 1))
    at_work = Progress(claimed=frozenset({("two/b", DAY)}))
    found = told("two/b", snapshot, done={("two/b", DAY): Activity(running_since=NOON)}, progress=at_work)
    assert sentence(found).endswith("; a run is under way since 2026-01-01 12:00:00 UTC")
    assert next_step(found) == ""


def test_new_code_does_not_start_it_by_itself() -> None:
    own = published("two/b", 4, inputs={("one/a", DAY): 1})
    found = told("two/b", world(published("one/a", 1), own, assets=(A, replace(B, code_version="d"))))
    assert (found.state, found.newer, next_step(found)) == ("outdated", ("code",), f"lockgate run two/b -p {DAY}")


@pytest.mark.parametrize(
    ("tried", "state"),
    [(Tried(("failed",) * 3), "failed"), (Tried(("published",), declined=True), "declined"), (Tried(), "due")],
)
def test_what_the_sweep_leaves_alone_is_not_said_to_start(tried: Tried, state: str) -> None:
    own = published("two/b", 4, inputs={("one/a", DAY): 1})
    snapshot = world(published("one/a", 2), own)
    pins = decide("two/b", DAY, snapshot)
    assert isinstance(pins, Open)
    ids = frozenset(pin.version_id for pin in pins.pins)
    found = told("two/b", snapshot, progress=Progress({(("two/b", DAY), ids, "c"): tried}))
    assert found.state == state


def test_a_fan_in_is_blocked_by_the_one_partition_that_is_rejected() -> None:
    found = told("two/all", world(published("one/a", 1), rejected("one/a", 1, OTHER)), partition="")
    assert [(cause.asset, cause.partition) for cause in found.causes] == [("one/a", OTHER)]


def test_a_fan_in_of_nothing_waits_for_any_partition() -> None:
    (cause,) = told("two/all", world(assets=(A, ALL)), partition="").causes
    assert (cause.partition, next_step(cause)) == (None, "lockgate run one/a -p PARTITION")


def test_an_input_that_is_not_renewed_is_told_as_such() -> None:
    a2 = AssetSpec("one/a2", "c", B.partitions, shared_with=("*",))
    both = AssetSpec(
        "two/both", "c", B.partitions, inputs=(InputSpec("one/a", "a"), InputSpec("one/a2", "b")), wants="all"
    )
    own = published("two/both", 1, inputs={("one/a", DAY): 1, ("one/a2", DAY): 1}, pinned_at=5)
    snapshot = world(published("one/a", 2), published("one/a2", 1), own, assets=(A, a2, both))
    (cause,) = told("two/both", snapshot).causes
    assert (cause.asset, cause.role) == ("one/a2", "not_fresh")
    assert sentence(cause) == "has nothing new: v1 is good"


def test_an_effect_is_explained_as_any_asset() -> None:
    mail = AssetSpec("two/mail", "c", B.partitions, inputs=(InputSpec("one/a", "a"),), effect=True)
    assert told("two/mail", world(rejected("one/a", 1), assets=(A, mail))).causes[0].state == "rejected"


@many
@given(worlds())
def test_it_says_what_the_gate_decides(of: tuple[Snapshot, str, str]) -> None:
    snapshot, key, partition = of
    found = told(key, snapshot, partition)
    decision = decide(key, partition, snapshot)
    if standing(key, partition, snapshot) == "rejected":
        assert found.state == "rejected"
    elif isinstance(decision, Blocked):
        assert found.state == "blocked"
    elif isinstance(decision, Waiting):
        assert found.state == "waiting"
    elif isinstance(decision, Unchanged):
        assert found.state == "current"
    else:
        assert found.state in {"current", "due", "outdated", "never_run"}


@many
@given(worlds())
def test_every_reason_of_the_gate_is_reached_and_every_blocked_branch_ends_in_a_cause(
    of: tuple[Snapshot, str, str],
) -> None:
    snapshot, key, partition = of
    found = told(key, snapshot, partition)
    decision = decide(key, partition, snapshot)
    every = list(tree(found))
    if isinstance(decision, Blocked | Waiting):
        for reason in decision.reasons:
            partitions = {each.partition for each in every if each.asset == reason.asset}
            assert reason.partition in partitions if reason.kind == "rejected" else partitions
    slices = lineage(key, partition, snapshot)
    assert all((each.asset, each.partition) in slices for each in every if each.partition is not None)
    for each in every:
        if each.state == "blocked" and not each.causes:
            assert sum(other.asset == each.asset for other in every) > 1, "told where it was met first"


@many
@given(worlds())
def test_it_can_be_said_in_words_and_in_json(of: tuple[Snapshot, str, str]) -> None:
    snapshot, key, partition = of
    found = told(key, snapshot, partition)
    data = json.loads(json.dumps(to_json(found)))
    for each in tree(found):
        assert sentence(each)
    assert {"asset", "partition", "state", "owners", "since", "sentence", "next", "causes"} <= data.keys()


@many
@given(worlds())
def test_it_says_about_to_start_exactly_of_what_the_sweep_starts(of: tuple[Snapshot, str, str]) -> None:
    snapshot, key, partition = of
    starts = {(start.key, start.partition) for start in missing_runs(snapshot, Progress())}
    found = told(key, snapshot, partition)
    if found.state != "rejected" and partition in known_partitions(snapshot.assets[key], snapshot):
        assert (found.state == "due") == ((key, partition) in starts)


def test_a_dropped_input_that_made_the_version_is_named_as_the_cause() -> None:
    made_with = published("two/b", 4, inputs={("one/a", DAY): 1})
    for assets in ((A, replace(B, inputs=()), C), (replace(B, inputs=()), C)):
        snapshot = world(rejected("one/a", 1), made_with, assets=assets)
        found = told("three/c", snapshot)
        assert [(each.asset, each.role) for each in tree(found)] == [
            ("three/c", None),
            ("two/b", "rejected"),
            ("one/a", "rejected"),
        ]
        (middle,) = found.causes
        assert sentence(middle) == "v4 was made from an input that it reads no more, which does not stand good"
        assert next_step(middle) == f"lockgate run two/b -p {DAY}"
        assert lineage("three/c", DAY, snapshot) >= {("three/c", DAY), ("two/b", DAY)}
