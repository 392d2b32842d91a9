"""Collection gives up only what nobody can publish or wants to look at any more."""

from pathlib import Path

import pytest

from lockgate.ledger import Forbidden, LeaseLost
from lockgate.orchestration.discard import Discarded, discard_values
from lockgate.store import open_store
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, OTHER = "weather/source", "flights/other"
HOUR = 3600.0


@pytest.fixture
def one(world: World) -> World:
    world.deploy(asset(SOURCE))
    return world


def _age(world: World) -> None:
    """Let everything staged so far be two hours old."""
    world.superuser.execute("update versions set staged_at = staged_at - interval '2 hours'")


def _collected(world: World) -> list[str]:
    return sorted(world.ledger("platform").collect(HOUR))


def _place(attempt: int, key: str = SOURCE) -> str:
    return f"{key}/_/{attempt}"


@proves("collect_grace")
def test_a_failed_attempts_value_is_collected_once(one: World) -> None:
    begun = one.prepare(SOURCE)
    one.of(SOURCE).fail(begun.attempt, begun.token, "x")
    assert _collected(one) == []
    _age(one)
    assert _collected(one) == [_place(begun.attempt)]
    assert _collected(one) == []


def test_what_is_published_stays_for_ever(one: World) -> None:
    one.publish(SOURCE)
    one.publish(SOURCE)
    one.of(SOURCE).rollback(SOURCE, "", to_number=1, why="x")
    _age(one)
    assert _collected(one) == []


@proves("collect_settled")
def test_a_live_claim_protects_its_value(one: World) -> None:
    begun = one.prepare(SOURCE)
    _age(one)
    assert _collected(one) == []
    assert one.of(SOURCE).publish(begun.attempt, begun.token).number == 1


def test_an_attempt_without_a_sign_of_life_is_settled_and_collected(one: World) -> None:
    begun = one.prepare(SOURCE)
    _age(one)
    one.superuser.execute("update claims set expires = now() - interval '2 hours'")
    assert _collected(one) == [_place(begun.attempt)]
    with pytest.raises(LeaseLost, match="its lease ran out"):
        one.of(SOURCE).publish(begun.attempt, begun.token)


def test_a_lease_that_ran_out_within_the_grace_can_still_be_revived(one: World) -> None:
    begun = one.prepare(SOURCE)
    _age(one)
    one.superuser.execute("update claims set expires = now() - interval '30 minutes'")
    assert _collected(one) == []
    one.of(SOURCE).renew(begun.attempt, begun.token, 60)
    assert one.of(SOURCE).publish(begun.attempt, begun.token).number == 1


@proves("collect_inspectable")
def test_a_rejected_value_stays_inspectable_while_it_stands(one: World) -> None:
    one.reject(SOURCE)
    _age(one)
    assert _collected(one) == []
    one.publish(SOURCE)
    _age(one)
    assert len(_collected(one)) == 1


def test_effects_have_nothing_to_collect(world: World) -> None:
    world.deploy(asset(SOURCE, effect=True))
    begun = world.prepare(SOURCE)
    world.of(SOURCE).fail(begun.attempt, begun.token, "x")
    assert _collected(world) == []


def test_only_the_platform_collects(one: World) -> None:
    with pytest.raises(Forbidden):
        one.ledger("weather").collect(0)


@proves("discard_own")
def test_each_team_deletes_what_was_given_up_of_its_own(world: World, tmp_path: Path) -> None:
    """Where the platform does not reach a team's store; what is another's is neither seen nor noted as deleted."""
    store = open_store(tmp_path.as_uri())
    world.deploy(asset(SOURCE), asset(OTHER))
    for key in (SOURCE, OTHER):
        begun = world.begin(key)
        stored = store.write(_place(begun.attempt, key), "value")
        world.stage(key, begun, location=stored.location)
        world.of(key).fail(begun.attempt, begun.token, "x")
    platform = world.ledger("platform")
    platform.collect(0)
    own, others = world.of(SOURCE).leavings(), world.of(OTHER).leavings()

    world.of(SOURCE).discarded(list(others))
    assert platform.leavings() == own | others
    assert discard_values(world.of(SOURCE), store) == Discarded(deleted=1)
    assert platform.leavings() == others
    assert [path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("data.*")] == ["flights"]
