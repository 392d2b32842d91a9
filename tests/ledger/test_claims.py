"""Claims: who works on a slice, who waits, who is told that somebody else does, and what a lost lease costs."""

import pytest

from lockgate.core.gate import Open
from lockgate.core.partitions import Daily
from lockgate.ledger import CodeDiffers, InputsMoved, LeaseLost, StaleHead
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE, TOTAL = "weather/source", "flights/use", "delays/total"
DAYS = Daily("2013-01-01")
ONE, TWO, THREE = "2013-01-01", "2013-01-02", "2013-01-03"


@pytest.fixture
def fan(world: World) -> World:
    """A daily source with one published day, and an unpartitioned asset that reads all of its days."""
    world.deploy(asset(SOURCE, partitions=DAYS), asset(TOTAL, SOURCE))
    world.publish(SOURCE, ONE)
    return world


def test_the_second_run_on_the_same_inputs_and_code_is_a_duplicate_and_learns_of_whom(pair: World) -> None:
    first = pair.begin(SOURCE, run="first")
    second = pair.begin(SOURCE, run="second")
    assert (second.outcome, second.holder) == ("duplicate", "first")
    (attempt,) = pair.of(SOURCE).attempts(flow_run_id="second")
    assert (attempt.outcome, attempt.holder) == ("duplicate", first.attempt)


def test_a_run_on_newer_inputs_is_no_duplicate(pair: World) -> None:
    pair.publish(SOURCE)
    assert pair.begin(USE).outcome == "begun"
    pair.publish(SOURCE)
    assert pair.begin(USE).outcome == "begun"


def test_a_run_that_comes_after_the_publish_of_what_it_would_make_is_a_duplicate(pair: World) -> None:
    pair.publish(SOURCE)
    pins = pair.pins(USE)
    pair.publish(USE, run="first")
    late = pair.begin(USE, pins=pins, run="late")
    assert (late.outcome, late.holder) == ("duplicate", "first")
    assert pair.begin(USE, pins=pins, forced=True).outcome == "begun"


def test_a_rejected_value_is_made_again_from_the_same_inputs_only_if_forced(pair: World) -> None:
    pair.publish(SOURCE)
    pair.publish(USE)
    pair.reject(USE, forced=True)
    assert pair.begin(USE).outcome == "duplicate"
    assert pair.begin(USE, forced=True).outcome == "begun"


@proves("renewable")
def test_a_dead_holder_is_taken_over_and_cannot_publish_afterwards(pair: World) -> None:
    dead = pair.prepare(SOURCE, run="dead")
    pair.expire(dead)
    next_one = pair.prepare(SOURCE, run="next")
    assert pair.of(SOURCE).attempts(attempt=dead.attempt)[0].outcome == "failed"
    with pytest.raises(LeaseLost, match="its lease ran out"):
        pair.of(SOURCE).publish(dead.attempt, dead.token)
    with pytest.raises(LeaseLost):
        pair.of(SOURCE).renew(dead.attempt, dead.token, 60)
    assert pair.of(SOURCE).publish(next_one.attempt, next_one.token).number == 1


@proves("lease")
def test_a_lease_that_ran_out_keeps_from_publishing_until_it_is_renewed(pair: World) -> None:
    slow = pair.prepare(SOURCE)
    pair.expire(slow)
    with pytest.raises(LeaseLost, match="has run out"):
        pair.of(SOURCE).publish(slow.attempt, slow.token)
    pair.of(SOURCE).renew(slow.attempt, slow.token, 60)
    assert pair.of(SOURCE).publish(slow.attempt, slow.token).number == 1


def test_no_lease_is_longer_than_an_hour(pair: World) -> None:
    begun = pair.begin(SOURCE, lease=1e9)
    assert pair.ask("select expires < now() + interval '61 min' from claims where attempt = %s", begun.attempt)


def test_claims_of_different_slices_do_not_meet(fan: World) -> None:
    assert {fan.begin(SOURCE, day).outcome for day in (TWO, THREE)} == {"begun"}


def test_an_asset_that_reads_all_partitions_runs_once_with_one_more_waiting(fan: World) -> None:
    running = fan.prepare(TOTAL, run="running")
    fan.publish(SOURCE, TWO)
    waiting = fan.begin(TOTAL, run="waiting")
    assert (waiting.outcome, waiting.holder) == ("queued", "running")
    for number in range(5):
        fan.publish(SOURCE, TWO)
        late = fan.begin(TOTAL, run=f"late {number}")
        assert (late.outcome, late.holder) == ("duplicate", "waiting")

    again = fan.begin(TOTAL, run="waiting", queued=waiting)
    assert again.outcome == "queued"
    fan.of(TOTAL).publish(running.attempt, running.token)
    turn = fan.begin(TOTAL, run="waiting", queued=again)

    assert (turn.outcome, turn.attempt) == ("begun", waiting.attempt)
    fan.stage(TOTAL, turn)
    fan.judge(TOTAL, turn)
    assert fan.of(TOTAL).publish(turn.attempt, turn.token).number == 2
    assert fan.ask("select number from inputs where attempt = %s and partition = %s", turn.attempt, TWO) == 6


def test_a_run_on_the_same_partitions_as_the_running_one_does_not_wait(fan: World) -> None:
    fan.begin(TOTAL, run="running")
    same = fan.begin(TOTAL, run="same")
    assert (same.outcome, same.holder) == ("duplicate", "running")


@proves("turn")
def test_an_attempt_that_waits_for_its_turn_can_be_neither_judged_nor_published(fan: World) -> None:
    fan.begin(TOTAL, run="running")
    fan.publish(SOURCE, TWO)
    waiting = fan.begin(TOTAL, run="waiting")
    for early in (
        lambda: fan.stage(TOTAL, waiting),
        lambda: fan.judge(TOTAL, waiting),
        lambda: fan.of(TOTAL).publish(waiting.attempt, waiting.token),
        lambda: fan.of(TOTAL).reject(waiting.attempt, waiting.token),
    ):
        with pytest.raises(LeaseLost, match="still waits for its turn"):
            early()


@proves("queued")
def test_a_place_in_the_queue_is_lost_with_its_lease(fan: World) -> None:
    fan.begin(TOTAL, run="running")
    fan.publish(SOURCE, TWO)
    gone = fan.begin(TOTAL, run="gone")
    fan.expire(gone)
    next_one = fan.begin(TOTAL, run="next")
    assert next_one.outcome == "queued"
    with pytest.raises(LeaseLost, match="does not wait for its turn any more"):
        fan.begin(TOTAL, run="gone", queued=gone)


def test_a_dead_running_attempt_gives_its_turn_to_the_waiting_one(fan: World) -> None:
    dead = fan.begin(TOTAL, run="dead")
    fan.publish(SOURCE, TWO)
    waiting = fan.begin(TOTAL, run="waiting")
    fan.expire(dead)
    assert fan.begin(TOTAL, run="waiting", queued=waiting).outcome == "begun"


def test_a_redeploy_while_waiting_is_noticed_when_the_turn_comes(fan: World) -> None:
    fan.begin(TOTAL, run="running")
    fan.publish(SOURCE, TWO)
    waiting = fan.begin(TOTAL, run="waiting")
    fan.deploy(asset(TOTAL, SOURCE, code="c2"))
    with pytest.raises(CodeDiffers):
        fan.begin(TOTAL, run="waiting", queued=waiting, code="c1")
    fan.of(TOTAL).fail(waiting.attempt, waiting.token, "the code differs")
    assert fan.begin(TOTAL, run="other").outcome == "queued"


@proves("all_partitions")
def test_a_partition_published_since_the_gate_sends_begin_back_to_it(fan: World) -> None:
    pins = fan.pins(TOTAL)
    fan.publish(SOURCE, TWO)
    with pytest.raises(InputsMoved, match=rf"{SOURCE} \[{TWO}\] was published meanwhile"):
        fan.begin(TOTAL, pins=pins)
    assert isinstance(fan.decide(TOTAL), Open)
    assert fan.begin(TOTAL).outcome == "begun"


def test_a_rollback_fences_also_the_attempt_that_took_over(pair: World) -> None:
    pair.publish(SOURCE)
    dead = pair.prepare(SOURCE)
    pair.expire(dead)
    heir = pair.prepare(SOURCE)
    pair.of(SOURCE).rollback(SOURCE, "", to_number=1, why="stop")
    with pytest.raises(StaleHead):
        pair.of(SOURCE).publish(heir.attempt, heir.token)


def test_a_run_whose_turn_comes_when_the_gate_has_shut_ends_in_its_own_attempt(fan: World) -> None:
    """It gives up its place at once: nobody waits for it until its lease runs out."""
    fan.begin(TOTAL, run="running")
    fan.publish(SOURCE, TWO)
    waiting = fan.begin(TOTAL, run="waiting")
    assert waiting.outcome == "queued"

    ended = fan.of(TOTAL).record(
        TOTAL, "", outcome="blocked", code_version="c1", flow_run_id="waiting", reasons=(), queued=waiting
    )

    assert ended == waiting.attempt
    assert [attempt.outcome for attempt in fan.of(TOTAL).attempts(flow_run_id="waiting")] == ["blocked"]
    assert fan.begin(TOTAL, run="next").outcome == "queued"
