"""Rollback: old data under a new number; what it withdraws is neither read, nor restored by accident, nor remade."""

import pytest

from lockgate.core.errors import LedgerError
from lockgate.core.gate import Blocked, Open
from lockgate.core.sweep import missing_runs
from lockgate.ledger import InvalidRequest, NotRegistered
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE, USE = "weather/source", "flights/use"


@pytest.fixture
def chain(world: World) -> World:
    world.deploy(asset(SOURCE), asset(USE, SOURCE), asset("delays/end", USE))
    for _ in range(2):
        world.publish(SOURCE)
        world.publish(USE)
    return world


def _sweep(world: World) -> list[str]:
    platform = world.ledger("platform")
    return [start.key for start in missing_runs(platform.snapshot_all(), platform.progress())]


def test_it_makes_old_data_current_under_a_new_number(chain: World) -> None:
    old = chain.of(USE).version(USE, "", 1)
    restored = chain.of(USE).rollback(USE, "", to_number=1, why="wrong unit")
    current = chain.of(USE).version(USE, "")
    assert old
    assert current
    assert (restored.outcome, restored.number, current.number) == ("published", 3, 3)
    assert (current.location, current.digest) == (old.location, old.digest)
    assert current.version_id != old.version_id


@proves("reason_given")
def test_it_keeps_why(chain: World) -> None:
    chain.of(USE).rollback(USE, "", to_number=1, why="wrong unit")
    assert chain.ask("select why from versions where restores = 1") == "wrong unit"
    with pytest.raises(InvalidRequest, match="needs a reason"):
        chain.of(USE).rollback(USE, "", to_number=1, why="  ")


def test_it_withdraws_everything_published_after(chain: World) -> None:
    chain.publish(USE, forced=True)
    chain.of(USE).rollback(USE, "", to_number=1, why="wrong unit")
    rows = chain.superuser.execute(
        "select number, withdrawn_at is not null from versions where asset = %s order by 1", [USE]
    ).fetchall()
    assert rows == [(1, False), (2, True), (3, True), (4, False)]


def test_the_sweep_does_not_remake_what_was_withdrawn_until_inputs_or_code_change(chain: World) -> None:
    chain.publish("delays/end")
    chain.of(USE).rollback(USE, "", to_number=1, why="wrong unit")
    assert isinstance(chain.decide(USE), Open)
    assert USE not in _sweep(chain)
    assert "delays/end" in _sweep(chain)
    chain.publish(SOURCE)
    assert USE in _sweep(chain)


def test_new_code_ends_the_decline(chain: World) -> None:
    chain.of(USE).rollback(USE, "", to_number=1, why="wrong unit")
    chain.deploy(asset(USE, SOURCE, code="c2"))
    assert chain.begin(USE).outcome == "begun"
    assert not chain.ask("select declined from (select count(*) as declined from declined where slot = ("
                         "select slot from attempts where code_version = 'c2')) as found")  # fmt: skip


def test_restoring_what_was_withdrawn_takes_the_decline_back(chain: World) -> None:
    chain.of(USE).rollback(USE, "", to_number=1, why="wrong unit")
    chain.of(USE).rollback(USE, "", to_number=2, why="the unit was right")
    declined = chain.superuser.execute(
        "select versions.number from declined join attempts using (asset, partition, slot)"
        " join versions on versions.attempt = attempts.id where restores is null"
    ).fetchall()
    assert declined == [(1,)]


def test_to_the_current_number_it_clears_a_rejection(chain: World) -> None:
    chain.reject(USE, forced=True)
    assert isinstance(chain.decide("delays/end"), Blocked)
    restored = chain.of(USE).rollback(USE, "", to_number=2, why="the check was wrong")
    assert restored.number == 3
    assert isinstance(chain.decide("delays/end"), Open)
    assert chain.ask("select count(*) from versions where withdrawn_at is not null") == 0


@proves("known_number")
def test_to_a_number_that_was_never_published_it_is_refused(chain: World) -> None:
    chain.prepare(USE, forced=True)
    for number in (0, 3, -1):
        with pytest.raises(LedgerError) as refused:
            chain.of(USE).rollback(USE, "", to_number=number, why="x")
        assert isinstance(refused.value, NotRegistered)
        assert f"has no published version number {number}" in str(refused.value)
    with pytest.raises(NotRegistered):
        chain.of(USE).rollback(USE, "never", to_number=1, why="x")


def test_numbers_go_on_after_it(chain: World) -> None:
    chain.of(SOURCE).rollback(SOURCE, "", to_number=1, why="x")
    assert chain.publish(SOURCE).number == 4
    assert chain.publish(USE).number == 3
