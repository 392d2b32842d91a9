"""A ledger and a lockgate of different releases."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql

from lockgate.core.errors import LedgerError
from lockgate.ledger.admin import bootstrap
from lockgate.ledger.migrate import _config
from tests.postgres import LOGINS, TEMPLATE, Server

EARLIER = [each.revision for each in ScriptDirectory.from_config(_config("")).walk_revisions()][:0:-1]
# What makes two schemas the same: columns, constraints, functions, triggers, policies, and who may do what.
SCHEMA = """
    select format('column %s.%s %s %s', attrelid::regclass, attname, atttypid::regtype, attnotnull) from pg_attribute
    join pg_class on pg_class.oid = attrelid
    where relnamespace = 'lockgate'::regnamespace and attnum > 0 and not attisdropped
    union all
    select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
    where connamespace = 'lockgate'::regnamespace
    union all
    select format('function %s %s', pg_get_functiondef(oid), proacl) from pg_proc
    where pronamespace = 'lockgate'::regnamespace
    union all
    select format('trigger %s', pg_get_triggerdef(pg_trigger.oid)) from pg_trigger
    join pg_class on pg_class.oid = tgrelid where relnamespace = 'lockgate'::regnamespace and not tgisinternal
    union all
    select format('policy %s', pg_policies::text) from pg_policies where schemaname = 'lockgate'
    union all
    select format('table %s %s %s', relname, relkind, relacl) from pg_class
    where relnamespace = 'lockgate'::regnamespace
    order by 1
"""
# A version of weather/b that was made from weather/a, which it reads no more.
HISTORY = """
    insert into teams (name, role) values ('weather', 'lockgate_team_weather') on conflict do nothing;
    insert into assets (key, team, name, active, code_version, partitions, effect, shared_with, spec) values
        ('weather/a', 'weather', 'a', true, 'c1', '{"kind": "none"}', false, '{}', '{"key": "weather/a"}'),
        ('weather/b', 'weather', 'b', true, 'c1', '{"kind": "none"}', false, '{}', '{"key": "weather/b"}');
    insert into attempts (asset, partition, code_version, flow_run_id, slot, base_epoch, pinned_at, outcome, settled_at)
    values
        ('weather/a', '', 'c1', 'run 1', 's1', 0, 1, 'published', now()),
        ('weather/b', '', 'c1', 'run 2', 's2', 0, 2, 'published', now());
    insert into versions (attempt, asset, partition, number, location, published_at) values
        (1, 'weather/a', '', 1, 'weather/a/_/1/data.parquet', now()),
        (2, 'weather/b', '', 1, 'weather/b/_/2/data.joblib', now());
    insert into inputs (attempt, asset, partition, number, version) values (2, 'weather/a', '', 1, 1);
    insert into heads (asset, partition, judged, judged_by, current, number) values
        ('weather/a', '', 'published', 1, 1, 1), ('weather/b', '', 'published', 2, 2, 1);
"""


@contextmanager
def earlier_ledger(server: Server, revision: str) -> Iterator[str]:
    """The name of a database with a ledger as an earlier release made it, with a history."""
    name = f"ledger_of_{revision}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        made = sql.SQL("create database {} owner lockgate_owner").format(sql.Identifier(name))
        connection.execute(made)
        command.upgrade(_config(server.database(name)), revision)
        with psycopg.connect(server.database(name), options="-csearch_path=lockgate", autocommit=True) as owner:
            owner.execute(HISTORY)
            if revision >= "0006":  # from then on a deploy notes what it drops
                owner.execute("insert into dropped_inputs (asset, input) values ('weather/b', 'weather/a')")
        yield name
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.mark.parametrize("revision", EARLIER)
def test_a_ledger_of_each_earlier_release_becomes_what_a_new_one_is(server: Server, revision: str) -> None:
    """In all its tables, functions and rights, with its history."""
    with earlier_ledger(server, revision) as name:
        bootstrap(server.url, LOGINS, database=name)
        with psycopg.connect(server.database(name)) as upgraded, psycopg.connect(server.database(TEMPLATE)) as fresh:
            assert upgraded.execute(SCHEMA).fetchall() == fresh.execute(SCHEMA).fetchall()
            dropped = upgraded.execute("select asset, input from lockgate.dropped_inputs").fetchall()
            assert dropped == [("weather/b", "weather/a")]
            (snapshot,) = upgraded.execute("select lockgate.snapshot('weather/b', '')").fetchone() or ({},)
        files = {head["asset"]: head["file"] for head in snapshot["heads"]}
        assert files == {"weather/a": "data.parquet", "weather/b": "data.joblib"}


def test_a_ledger_of_a_newer_release_is_refused_and_left_as_it_is(server: Server) -> None:
    with server.ledger() as name, psycopg.connect(server.database(name), autocommit=True) as superuser:
        superuser.execute("update lockgate.alembic_version set version_num = '9999'")

        with pytest.raises(LedgerError) as refused:
            bootstrap(server.url, LOGINS, database=name)

        assert str(refused.value) == (
            "The ledger was made by a newer release of lockgate. Update lockgate to the release that runs it."
        )
        assert superuser.execute("select version_num from lockgate.alembic_version").fetchall() == [("9999",)]
