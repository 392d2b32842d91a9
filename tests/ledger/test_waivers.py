"""A waiver lets one named failing check pass, for one partition and a bounded time; it is recorded for ever."""

import datetime
from dataclasses import replace
from typing import Any

import pytest
from psycopg import errors

from lockgate.core.check import Verdict
from lockgate.core.errors import LedgerError
from lockgate.core.partitions import Static
from lockgate.core.spec import CheckSpec
from lockgate.ledger import Forbidden, InvalidRequest, NotRegistered, VerdictRefused
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

SOURCE = "weather/source"
PLACES = Static("north", "south")
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def one(world: World) -> World:
    checks = ("contract", "complete", CheckSpec("tidy", "warn"))
    world.deploy(asset(SOURCE, partitions=PLACES, checks=checks, shared_with=["flights"]))
    return world


def waive(world: World, **changed: Any) -> int:
    given: dict[str, Any] = {
        "key": SOURCE,
        "partition": "north",
        "check": "complete",
        "until": datetime.datetime.now(datetime.UTC) + HOUR,
        "why": "the station is being repaired",
    } | changed
    key, partition = given.pop("key"), given.pop("partition")
    return world.of(SOURCE).waive(key, partition, **given)


def publish(world: World, partition: str = "north", failing: str = "complete") -> Any:
    begun = world.prepare(SOURCE, partition, failing)
    try:
        return world.of(SOURCE).publish(begun.attempt, begun.token)
    except VerdictRefused:
        world.of(SOURCE).reject(begun.attempt, begun.token)
        raise


def verdict(world: World, login: str = "platform") -> Verdict:
    """That of the check ``complete`` in the newest attempt."""
    newest = world.ledger("platform").attempts(key=SOURCE)[0].attempt
    return next(found for found in world.ledger(login).verdicts(newest) if found.name == "complete")


def test_the_named_check_does_not_keep_the_value_from_being_published(one: World) -> None:
    waive(one)
    assert publish(one).outcome == "published"
    assert (verdict(one).passed, verdict(one).waived) == (False, True)
    assert not verdict(one).blocks


def test_everybody_who_sees_the_verdict_sees_that_it_was_waived(one: World) -> None:
    waive(one)
    publish(one)
    assert verdict(one, "weather").waived
    assert verdict(one, "flights").waived
    (status,) = (row for row in one.ledger("platform").status() if row.asset == SOURCE)
    assert [check.name for check in status.checks if check.waived] == ["complete"]
    assert one.ledger("platform").activity([(SOURCE, "north")])[SOURCE, "north"].waived == ("complete",)


def test_it_covers_no_other_check(one: World) -> None:
    waive(one)
    with pytest.raises(VerdictRefused, match="failed contract"):
        publish(one, failing="contract")


@proves("waiver_partition")
def test_it_covers_no_other_partition(one: World) -> None:
    waive(one)
    with pytest.raises(VerdictRefused, match="failed complete"):
        publish(one, "south")


@proves("waiver_live")
def test_it_ends_when_it_ends(one: World) -> None:
    waive(one)
    one.superuser.execute("update waivers set granted_at = now() - interval '2 hours', until = now()")
    with pytest.raises(VerdictRefused, match="failed complete"):
        publish(one)
    assert not verdict(one).waived
    assert one.of(SOURCE).waivers(SOURCE, "north", live=True) == []


def test_what_counts_is_that_it_holds_when_the_attempt_is_published(one: World) -> None:
    begun = one.prepare(SOURCE, "north", "complete")
    with pytest.raises(VerdictRefused):
        one.of(SOURCE).publish(begun.attempt, begun.token)
    waive(one)
    assert one.of(SOURCE).publish(begun.attempt, begun.token).outcome == "published"


def test_a_published_version_keeps_its_waiver_on_record(one: World) -> None:
    granted = waive(one)
    publish(one)
    one.superuser.execute("update waivers set granted_at = now() - interval '2 hours', until = now()")
    assert verdict(one).waived
    assert one.ask("select waiver from verdicts where waiver is not null") == granted
    (kept,) = one.of(SOURCE).waivers(SOURCE, "north")
    assert (kept.why, kept.granted_by) == ("the station is being repaired", "lockgate_team_weather")


def test_what_is_rejected_in_spite_of_it_stands_rejected(one: World) -> None:
    """The run decides to publish or to reject; a waiver of one check says nothing about another."""
    waive(one)
    begun = one.prepare(SOURCE, "north", "complete", "contract")
    one.of(SOURCE).reject(begun.attempt, begun.token)
    assert one.ask("select failed_checks from heads") == ["complete", "contract"]


def test_only_the_owner_can_grant_one(one: World) -> None:
    until = datetime.datetime.now(datetime.UTC) + HOUR
    with pytest.raises(Forbidden):
        one.ledger("flights").waive(SOURCE, "north", check="complete", until=until, why="we need it")
    with pytest.raises(Forbidden):
        one.ledger("platform").waive(SOURCE, "north", check="complete", until=until, why="we need it")


@proves("waivable_check")
@pytest.mark.parametrize("check", ["tidy", "unheard_of", "", "complete' or true --"])
def test_only_an_error_check_of_the_asset_can_be_waived(one: World, check: str) -> None:
    with pytest.raises(InvalidRequest, match="has no check"):
        waive(one, check=check)


@proves("waiver_time")
@pytest.mark.parametrize("hours", [-1, 30 * 24 + 1, 24 * 365 * 1000])
def test_it_is_bounded_to_thirty_days(one: World, hours: int) -> None:
    with pytest.raises(LedgerError) as refused:
        waive(one, until=datetime.datetime.now(datetime.UTC) + hours * HOUR)
    assert isinstance(refused.value, InvalidRequest)
    for nonsense in ("infinity", None):
        with pytest.raises(errors.DatabaseError, match="must end within 30 days"):
            one.raw("weather").execute("select lockgate.waive(%s, 'north', 'complete', %s, 'why')", [SOURCE, nonsense])


@proves("waiver_reason")
@pytest.mark.parametrize("why", ["", "  "])
def test_it_needs_a_reason(one: World, why: str) -> None:
    with pytest.raises(LedgerError) as refused:
        waive(one, why=why)
    assert isinstance(refused.value, InvalidRequest)


def test_there_is_none_for_a_partition_that_does_not_exist(one: World) -> None:
    with pytest.raises(NotRegistered):
        waive(one, partition="west")


@proves("waivers_readable", "waivers_platform", "waivers_row_security")
def test_who_may_not_read_the_asset_does_not_see_its_waivers(one: World) -> None:
    waive(one)
    seen = {login: len(one.ledger(login).waivers(SOURCE, "north")) for login in ("flights", "delays", "platform")}
    assert seen == {"flights": 1, "delays": 0, "platform": 1}


def test_no_team_can_forge_change_or_delete_one(one: World) -> None:
    waive(one)
    for statement in (
        "insert into lockgate.waivers (asset, partition, name, until, why) values ('weather/s', '', '', now(), 'x')",
        "update lockgate.waivers set until = now() + interval '20 days'",
        "delete from lockgate.waivers",
        "update lockgate.verdicts set waiver = 1",
        "select lockgate.apply_waivers(attempts) from lockgate.attempts",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            one.raw("weather").execute(statement)


def test_a_redeploy_that_drops_the_check_changes_nothing_on_record(one: World) -> None:
    waive(one)
    publish(one)
    one.deploy(replace(one.specs[SOURCE], checks=(CheckSpec("contract"),)))
    assert len(one.of(SOURCE).waivers(SOURCE, "north")) == 1
