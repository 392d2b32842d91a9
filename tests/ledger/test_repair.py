"""What a dead run leaves behind is settled; what lives, however slow, is not touched."""

import pytest

from lockgate.ledger import Forbidden, LeaseLost
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE = "weather/source"


@pytest.fixture
def one(world: World) -> World:
    world.deploy(asset(SOURCE))
    return world


def silent(world: World, grace: float = 30.0) -> list[int]:
    return [found.attempt for found in world.operator.expired(grace)]


def test_an_attempt_whose_lease_ran_out_is_found_and_settled_as_failed(one: World) -> None:
    begun = one.prepare(SOURCE, run="dead")
    assert silent(one) == []
    one.expire(begun)
    (found,) = one.operator.expired(30)
    assert (found.attempt, found.asset, found.partition, found.flow_run_id) == (begun.attempt, SOURCE, "", "dead")

    assert one.operator.expire(begun.attempt)

    assert silent(one) == []
    (attempt,) = one.of(SOURCE).attempts(key=SOURCE)
    assert (attempt.outcome, attempt.reason) == ("failed", {"why": "its lease ran out"})
    assert one.ask("select count(*) from claims") == 0
    with pytest.raises(LeaseLost):
        one.of(SOURCE).publish(begun.attempt, begun.token)


@proves("expire_lease")
def test_one_that_came_back_to_life_meanwhile_is_left_alone(one: World) -> None:
    begun = one.prepare(SOURCE)
    one.expire(begun)
    assert silent(one) == [begun.attempt]
    one.of(SOURCE).renew(begun.attempt, begun.token, 60)
    assert not one.operator.expire(begun.attempt)
    assert one.of(SOURCE).publish(begun.attempt, begun.token).outcome == "published"


def test_one_that_was_late_by_less_than_the_grace_is_not_looked_at(one: World) -> None:
    begun = one.prepare(SOURCE)
    one.superuser.execute("update claims set expires = now() - interval '10 seconds'")
    assert silent(one, 30) == []
    assert silent(one, 5) == [begun.attempt]


def test_what_is_settled_or_unknown_cannot_be_expired(one: World) -> None:
    begun = one.prepare(SOURCE)
    one.of(SOURCE).publish(begun.attempt, begun.token)
    assert not one.operator.expire(begun.attempt)
    assert not one.operator.expire(4711)


def test_only_the_platform_settles_what_is_not_its_own(one: World) -> None:
    for call in ("expired(0)", "expire(1)"):
        with pytest.raises(Forbidden):
            one.ledger("weather")._rows(f"select lockgate.{call}")


@proves("own_version")
def test_an_announcement_is_noted_once_by_the_owner_or_the_platform(one: World) -> None:
    version = one.publish(SOURCE).version_id or 0
    assert [found.version_id for found in one.operator.unannounced(0, 10)] == [version]
    assert one.operator.unannounced(60, 10) == []
    with pytest.raises(Forbidden):
        one.ledger("flights").announced(version)
    with pytest.raises(Forbidden):
        one.ledger("flights").announced(4711)
    one.of(SOURCE).announced(version)
    assert one.operator.unannounced(0, 10) == []

    restored = one.of(SOURCE).rollback(SOURCE, "", to_number=1, why="x").version_id
    assert [found.version_id for found in one.operator.unannounced(0, 10)] == [restored]
    one.operator.announced(restored or 0)
    assert one.operator.unannounced(0, 10) == []


def test_what_is_only_staged_cannot_be_announced(one: World) -> None:
    one.prepare(SOURCE)
    one.of(SOURCE).announced(one.ask("select id from versions"))
    assert one.ask("select announced_at from versions") is None


def test_who_published_and_who_rolled_back_is_on_record(one: World) -> None:
    one.publish(SOURCE)
    one.of(SOURCE).rollback(SOURCE, "", to_number=1, why="x")
    assert one.ask("select array_agg(distinct made_by::text) from versions") == ["lockgate_team_weather"]
