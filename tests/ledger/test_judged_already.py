"""What stands rejected is judged again on new inputs, by new code or because a person says so; not by itself."""

from dataclasses import replace

import pytest

from lockgate.core.gate import AlreadyRejected, Open
from lockgate.core.sweep import missing_runs
from tests.ledger.world import World, asset

SOURCE, OTHER, USE = "weather/source", "weather/other", "flights/use"


@pytest.fixture
def rejected(world: World) -> World:
    """``USE`` was rejected by its contract on the first version of its input."""
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    world.publish(SOURCE)
    world.reject(USE, run="first")
    return world


def last(world: World) -> tuple[str | None, int | None]:
    attempt = world.of(USE).attempts(key=USE)[0]
    return attempt.outcome, attempt.holder


def test_an_event_that_brings_nothing_new_ends_at_the_gate_naming_the_check(rejected: World) -> None:
    decision = rejected.decide(USE)
    assert isinstance(decision, AlreadyRejected)
    assert str(decision) == "already rejected by contract on these inputs and this code"
    for _ in range(4):
        begun = rejected.begin(USE)
        assert (begun.outcome, begun.holder) == ("duplicate", "first")
    assert rejected.ask("select count(*) from attempts where asset = %s and outcome = 'rejected'", USE) == 1
    first = rejected.ask("select id from attempts where outcome = 'rejected'")
    assert last(rejected) == ("duplicate", first)


def test_a_person_who_forces_it_judges_it_again(rejected: World) -> None:
    assert isinstance(rejected.decide(USE, force=True), Open)
    assert rejected.publish(USE, forced=True).outcome == "published"
    assert rejected.operator.snapshot_all().head(USE, "").rejection is None


def test_new_inputs_and_new_code_open_the_gate(rejected: World) -> None:
    rejected.publish(SOURCE)
    assert isinstance(rejected.decide(USE), Open)
    rejected.reject(USE)
    assert isinstance(rejected.decide(USE), AlreadyRejected)
    rejected.deploy(replace(rejected.specs[USE], code_version="c2"))
    assert isinstance(rejected.decide(USE), Open)
    assert rejected.begin(USE).outcome == "begun"


def test_a_waiver_of_all_that_failed_opens_the_gate(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE, checks=("contract", "complete")))
    world.publish(SOURCE)
    begun = world.prepare(USE, "", "contract", "complete")
    world.of(USE).reject(begun.attempt, begun.token)
    until = world.ask("select now() + interval '1 hour'")
    world.of(USE).waive(USE, "", check="contract", until=until, why="known")
    assert isinstance(world.decide(USE), AlreadyRejected)
    assert world.begin(USE).outcome == "duplicate"
    world.of(USE).waive(USE, "", check="complete", until=until, why="known")
    assert isinstance(world.decide(USE), Open)
    assert world.begin(USE).outcome == "begun"


def test_a_rollback_that_clears_the_rejection_opens_the_gate(world: World) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    world.publish(SOURCE)
    world.publish(USE)
    world.publish(SOURCE)
    world.reject(USE)
    assert isinstance(world.decide(USE), AlreadyRejected)
    world.of(USE).rollback(USE, "", to_number=1, why="good enough")
    assert isinstance(world.decide(USE), Open)


def test_a_rejected_source_always_computes(world: World) -> None:
    world.deploy(asset(SOURCE))
    world.reject(SOURCE)
    assert isinstance(world.decide(SOURCE), Open)
    assert world.begin(SOURCE).outcome == "begun"


def test_the_sweep_sees_what_a_run_sees(rejected: World) -> None:
    seen, own = rejected.operator.snapshot_all().head(USE, ""), rejected.of(USE).snapshot(USE, "").head(USE, "")
    assert seen == own
    assert own.rejection is not None
    assert own.rejection.inputs == {(SOURCE, ""): 1}
    assert list(missing_runs(rejected.operator.snapshot_all(), rejected.operator.progress())) == []


@pytest.mark.parametrize("by", ["run", "platform"])
def test_what_a_person_cancelled_is_settled_for_its_inputs_and_code(world: World, by: str) -> None:
    world.deploy(asset(SOURCE), asset(USE, SOURCE))
    world.publish(SOURCE)
    begun = world.begin(USE, run="one")
    (under_way,) = world.operator.under_way()
    assert (under_way.attempt, under_way.asset, under_way.flow_run_id) == (begun.attempt, USE, "one")
    if by == "run":
        world.of(USE).fail(begun.attempt, begun.token, "by ann", cancelled=True)
    else:
        assert world.operator.cancel(begun.attempt, "by ann")
    (attempt, *_) = world.of(USE).attempts(key=USE)
    assert (attempt.outcome, attempt.reason) == ("cancelled", {"why": "by ann"})
    assert world.operator.under_way() == []
    assert not world.operator.cancel(begun.attempt, "again")

    def due() -> list[str]:
        return [start.key for start in missing_runs(world.operator.snapshot_all(), world.operator.progress())]

    assert due() == []
    world.publish(SOURCE)
    assert due() == [USE]


def test_a_cancelled_attempt_publishes_nothing(world: World) -> None:
    world.deploy(asset(SOURCE))
    begun = world.prepare(SOURCE)
    assert world.operator.cancel(begun.attempt, "deleted in Prefect")
    with pytest.raises(Exception, match="cancelled already"):
        world.of(SOURCE).publish(begun.attempt, begun.token)
    assert world.of(SOURCE).version(SOURCE, "") is None
