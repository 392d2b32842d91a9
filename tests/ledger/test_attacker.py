"""A hostile team, with its own login and a SQL prompt: everything it may not do is refused by the database."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors

from lockgate.ledger import Begun
from lockgate.ledger.roles import OWNER, PLATFORM, TEAMS, team_role
from tests.ledger.mutants import proves
from tests.ledger.world import World, asset

VICTIM, OWN, PRIVATE = "weather/source", "flights/own", "weather/private"
TABLES = ("teams", "assets", "asset_inputs", "asset_checks", "attempts", "verdicts", "claims", "versions", "inputs",
          "heads", "declined", "alembic_version")  # fmt: skip


@pytest.fixture
def scene(world: World) -> World:
    """Team flights attacks team weather, which shares one asset and keeps another to itself."""
    world.deploy(asset(VICTIM), asset(PRIVATE, shared_with=()), asset(OWN, VICTIM))
    world.publish(VICTIM)
    world.publish(PRIVATE)
    return world


@pytest.fixture
def attacker(scene: World) -> psycopg.Connection[Any]:
    return scene.raw("flights")


@pytest.fixture
def under_way(scene: World) -> Begun:
    """An attempt of the victim, ready to be published."""
    return scene.prepare(VICTIM)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "delete from lockgate.{}",
        "truncate lockgate.{} cascade",
        "drop table lockgate.{} cascade",
        "insert into lockgate.{} default values",
        "alter table lockgate.{} disable row level security",
        "create trigger t before insert on lockgate.{} execute function suppress_redundant_updates_trigger()",
        "do $$begin lock table lockgate.{} in row share mode; end$$",
        "create policy all_rows on lockgate.{} using (true)",
    ],
)
def test_no_table_can_be_written_or_changed(shared_world: World, table: str, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        shared_world.raw("flights").execute(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "update lockgate.heads set judged = 'published'",
        "update lockgate.heads set current = 1 where asset = 'flights/own'",
        "update lockgate.verdicts set passed = true",
        "update lockgate.versions set number = 7, published_at = now()",
        "update lockgate.attempts set outcome = 'published'",
        "update lockgate.claims set expires = 'infinity'",
        "update lockgate.assets set shared_with = '{*}'",
        "update lockgate.teams set role = session_user",
        "select nextval('lockgate.tick')",
        "select setval('lockgate.tick', 1)",
        "select * from lockgate.heads for update",
        "select token from lockgate.attempts",
        "select reason from lockgate.attempts",
        "select * from lockgate.teams",
    ],
)
def test_no_row_can_be_changed_locked_or_seen_too_closely(scene: World, statement: str) -> None:
    for login in ("flights", "weather", "platform"):
        with pytest.raises(errors.InsufficientPrivilege):
            scene.raw(login).execute(statement)


def _as_victim(scene: World, begun: Begun) -> dict[str, Callable[[], object]]:
    raw = scene.raw("flights")
    ids = [begun.attempt, begun.token]

    def call(text: str) -> Callable[[], object]:
        return lambda: raw.execute(f"select lockgate.{text}", ids)

    return {
        "publish": call("publish(%s, %s)"),
        "reject": call("reject(%s, %s)"),
        "renew": call("renew(%s, %s, 60)"),
        "fail": call("fail(%s, %s, 'x')"),
        "stage": call("stage(%s, %s, 'flights/own/_/1', 'd', 1, 1, '{}')"),
        "verdict": call("verdict(%s, %s, 'contract', true, 0, 1, '', '')"),
    }


@proves("own_attempt")
@pytest.mark.parametrize("act", ["publish", "reject", "renew", "fail", "stage", "verdict"])
def test_another_teams_attempt_is_out_of_reach_even_with_its_token(scene: World, under_way: Begun, act: str) -> None:
    with pytest.raises(psycopg.DatabaseError) as refused:
        _as_victim(scene, under_way)[act]()
    assert refused.value.sqlstate == "LG001"


@pytest.mark.parametrize(
    "call",
    [
        "begin('weather/source', '', 'c1', 'r', '[]', false, 60)",
        pytest.param("record('weather/source', '', 'failed', 'c1', 'r', '{}')", marks=proves("own_asset")),
        "confirm('weather/source', '', 'c1', 'r', '[]')",
        "rollback('weather/source', '', 1, 'because')",
        pytest.param("""register('{"team": "weather", "assets": []}')""", marks=proves("own_manifest")),
        """register('{"assets": []}')""",
        """register('{"team": null, "assets": []}')""",
        "own_asset('weather/source')",
        "begin(null, null, null, null, '[]', null, null)",
        "publish(null, null)",
        "publish(-1, 0)",
    ],
)
def test_another_teams_asset_is_out_of_reach(attacker: psycopg.Connection[Any], call: str) -> None:
    with pytest.raises(psycopg.DatabaseError) as refused:
        attacker.execute(f"select lockgate.{call}")
    assert refused.value.sqlstate in {"LG001", "42501"}


@pytest.mark.parametrize("key", [VICTIM, "flights/../weather/source", "Flights/x", "flights/own'; drop table x"])
def test_registering_outside_the_namespace_is_refused(
    scene: World, attacker: psycopg.Connection[Any], key: str
) -> None:
    name = key.partition("/")[2]
    stolen = {**asset(OWN).to_json(), "key": key, "name": name}
    manifest = json.dumps({"team": "flights", "assets": [stolen]})
    with pytest.raises(psycopg.DatabaseError):
        attacker.execute("select lockgate.register(%s::jsonb)", [manifest])
    assert scene.ledger("weather").registry()[VICTIM].team == "weather"


def test_a_rejected_attempt_of_its_own_cannot_be_published(scene: World) -> None:
    begun = scene.prepare(OWN, "", "contract")
    scene.of(OWN).reject(begun.attempt, begun.token)
    with pytest.raises(psycopg.DatabaseError) as refused:
        scene.raw("flights").execute("select lockgate.publish(%s, %s)", [begun.attempt, begun.token])
    assert refused.value.sqlstate == "LG011"


def test_a_failed_verdict_of_its_own_cannot_be_turned(scene: World) -> None:
    begun = scene.prepare(OWN, "", "contract")
    raw = scene.raw("flights")
    for turn in (
        "select lockgate.verdict(%s, %s, 'contract', true, 0, 1, '', '')",
        "select lockgate.verdict(%s, %s, 'contract', null, 0, 1, '', '')",
        "select lockgate.publish(%s, %s)",
    ):
        with pytest.raises(psycopg.DatabaseError) as refused:
            raw.execute(turn, [begun.attempt, begun.token])
        assert refused.value.sqlstate == "LG007"


def test_an_unshared_versions_location_is_not_seen(scene: World, attacker: psycopg.Connection[Any]) -> None:
    scene.prepare(VICTIM, run="staged")
    scene.reject(PRIVATE)
    seen = attacker.execute("select location from lockgate.versions").fetchall()
    assert seen == [(f"{VICTIM}/_/1",)]
    for function in ("snapshot(null, null)", "history(null, null, null, null, 100)"):
        (answer,) = attacker.execute(f"select lockgate.{function}::text").fetchone() or ("",)
        assert "/_/" not in answer


def test_a_rejected_staged_value_of_a_shared_asset_is_not_seen(scene: World) -> None:
    scene.reject(VICTIM)
    raw = scene.raw("flights")
    assert raw.execute("select count(*) from lockgate.versions where number is null").fetchone() == (0,)
    assert raw.execute("select count(*) from lockgate.verdicts where not passed").fetchone() == (0,)


def test_row_level_security_cannot_be_switched_off_or_leaked_through_an_operator(scene: World) -> None:
    raw = scene.raw("flights")
    with pytest.raises(errors.InsufficientPrivilege):
        raw.execute("set row_security = off; select * from lockgate.versions")
    raw.execute("set row_security = on")
    with pytest.raises(psycopg.DatabaseError):
        raw.execute("create function pg_temp.leak(text) returns bool language plpgsql cost 0.0001 as "
                    "$$begin raise notice '%', $1; return true; end$$")  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "create table lockgate.mine (x int)",
        "create table public.mine (x int)",
        "create temporary table heads (x int)",
        "create function lockgate.me() returns text language sql as $$select 'weather'$$",
        "create or replace function lockgate.me() returns text language sql as $$select 'weather'$$",
        "create function public.me() returns text language sql as $$select 'weather'$$",
        "create function pg_temp.me() returns text language sql as $$select 'weather'$$",
        "create operator public.= (leftarg = text, rightarg = text, procedure = texteq)",
        "create schema mine",
        "create database mine",
        "create role mine",
        "create extension dblink",
        "alter function lockgate.me() security invoker",
        "alter function lockgate.me() set search_path = public",
        "alter schema lockgate rename to x",
        "copy lockgate.heads to program 'true'",
        "copy (select 1) to '/tmp/x'",
        "select pg_read_file('/etc/passwd')",
        "alter system set log_statement = 'all'",
        "do language plpgsql $$begin perform lockgate.settle_attempt(1, 'published'); end$$",
    ],
)
def test_nothing_can_be_created_replaced_or_shadowed(scene: World, statement: str) -> None:
    for login in ("flights", "platform"):
        with pytest.raises(psycopg.DatabaseError) as refused:
            scene.raw(login).execute(statement)
        assert refused.value.sqlstate in {"42501", "42P01", "3F000"}


def test_a_search_path_of_the_callers_changes_nothing(scene: World) -> None:
    raw = scene.raw("flights")
    raw.execute("set search_path = pg_temp, public, lockgate")
    assert raw.execute("select lockgate.me()").fetchone() == ("flights",)
    raw.execute("reset search_path")


@pytest.mark.parametrize("role", [OWNER, PLATFORM, team_role("weather"), "postgres", TEAMS])
@pytest.mark.parametrize("statement", ["set session authorization {}", "set role {}", "set local role {}"])
def test_the_caller_stays_who_logged_in(scene: World, role: str, statement: str) -> None:
    raw = scene.raw("flights")
    # Only the group that grants the functions may be taken, and it grants nothing more.
    with contextlib.suppress(errors.InsufficientPrivilege):
        raw.execute(statement.format(role))
        assert role == TEAMS
    assert raw.execute("select session_user, lockgate.me()").fetchone() == (team_role("flights"), "flights")
    raw.execute("reset role")


@pytest.mark.parametrize(
    "change",
    [
        "alter role {me} superuser",
        "alter role {me} bypassrls",
        "alter role {victim} password 'x'",
        "alter role {me} rename to {victim}",
        "grant {victim} to {me}",
        "grant {owner} to {me}",
        "grant {platform} to {me}",
        "drop role {victim}",
    ],
)
def test_roles_cannot_be_changed(attacker: psycopg.Connection[Any], change: str) -> None:
    names = {"me": team_role("flights"), "victim": team_role("weather"), "owner": OWNER, "platform": PLATFORM}
    with pytest.raises(psycopg.DatabaseError) as refused:
        attacker.execute(change.format(**names))
    assert refused.value.sqlstate in {"42501", "0LP01", "0A000"}


@pytest.mark.parametrize(
    "call", ["collect(0)", "progress()", "end_overlong(0)", "cancel(1, 'x')", "under_way()", "only_round()"]
)
def test_what_is_the_platforms_is_not_the_teams(attacker: psycopg.Connection[Any], call: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        attacker.execute(f"select lockgate.{call}")


def test_the_platform_reads_and_collects_but_does_not_write(scene: World, under_way: Begun) -> None:
    raw = scene.raw("platform")
    with pytest.raises(errors.InsufficientPrivilege):
        raw.execute("select lockgate.publish(%s, %s)", [under_way.attempt, under_way.token])


def test_teams_and_platform_may_call_exactly_these_functions(scene: World) -> None:
    both = {"me", "owns", "may_read", "snapshot", "history", "announced", "discarded"}
    writing = {"register", "begin", "renew", "stage", "verdict", "publish", "reject", "fail", "record", "confirm",
               "rollback", "waive"}  # fmt: skip
    operating = {"progress", "collect", "expired", "expire", "expendable_versions", "retire_versions",
                 "expendable_attempts", "retire_attempts", "end_overlong", "rejection_of", "cancel",
                 "under_way", "only_round"}  # fmt: skip
    for login, may in (("flights", both | writing), ("platform", both | operating)):
        query = (
            "select proname from pg_proc where pronamespace = 'lockgate'::regnamespace"
            " and has_function_privilege(oid, 'execute')"
        )
        assert {name for (name,) in scene.raw(login).execute(query)} == may


def test_every_function_has_its_own_search_path_and_belongs_to_the_owner(scene: World) -> None:
    query = (
        "select proname from pg_proc where pronamespace = 'lockgate'::regnamespace and"
        " (proowner <> 'lockgate_owner'::regrole or proconfig[1] is distinct from 'search_path=lockgate, pg_temp')"
    )
    assert scene.superuser.execute(query).fetchall() == []


def test_no_role_of_the_ledger_is_more_than_it_must_be(scene: World) -> None:
    query = (
        "select rolname from pg_roles where rolname like 'lockgate%' and"
        " (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)"
    )
    assert scene.superuser.execute(query).fetchall() == []
    assert scene.ask("select rolcanlogin from pg_roles where rolname = %s", OWNER) is False


@pytest.mark.parametrize("role", [team_role("weather"), OWNER, PLATFORM, "postgres", TEAMS])
@pytest.mark.parametrize("password", ["", "password of flights", "wrong"])
def test_nobody_logs_in_as_somebody_else(scene: World, role: str, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"password|not permitted"):
        psycopg.connect(scene.server.login(scene.database, role, password), connect_timeout=5)


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_a_team_has_no_other_database(scene: World, database: str) -> None:
    url = scene.server.login(database, team_role("flights"), "password of flights")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url, connect_timeout=5)


def test_a_login_that_is_no_team_can_do_nothing(scene: World) -> None:
    scene.superuser.execute("delete from lockgate.teams where name = 'delays'")
    try:
        raw = scene.raw("delays")
        assert raw.execute("select count(*) from lockgate.versions").fetchone() == (0,)
        for call in ("begin('weather/source', '', 'c1', 'r', '[]', false, 60)", """register('{"assets": []}')"""):
            with pytest.raises(psycopg.DatabaseError) as refused:
                raw.execute(f"select lockgate.{call}")
            assert refused.value.sqlstate == "LG001"
    finally:
        scene.superuser.execute("insert into lockgate.teams values ('delays', %s)", [team_role("delays")])
