"""Prefect's server gets a database of its own, on whichever PostgreSQL it is given."""

import psycopg
import pytest

from lockgate.core.errors import PlatformError
from lockgate.embedded.addresses import asyncpg_url, describe
from lockgate.embedded.databases import ensure_prefect_database
from lockgate.embedded.postgres import Postgres


@pytest.fixture(autouse=True)
def nothing_there(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("drop database if exists prefect")
        connection.execute("drop role if exists lockgate_prefect")


def test_it_is_made_where_it_is_missing_and_found_where_it_is_not(postgres: Postgres) -> None:
    first = ensure_prefect_database(postgres.url(), "secret")
    assert ensure_prefect_database(postgres.url(), "secret") == first

    with psycopg.connect(first) as connection:
        assert connection.execute("select current_user, current_database()").fetchone() == (
            "lockgate_prefect",
            "prefect",
        )
        connection.execute("create extension pg_trgm")


def test_another_role_may_not_enter_it(postgres: Postgres) -> None:
    ensure_prefect_database(postgres.url(), "secret")
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create role team login password 'team'")
    own = postgres.url("prefect").replace(f"postgres:{postgres.home.secret('postgres')}", "team:team")

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(own)


def test_a_role_with_another_password_gets_the_given_one(postgres: Postgres) -> None:
    ensure_prefect_database(postgres.url(), "old")
    psycopg.connect(ensure_prefect_database(postgres.url(), "new")).close()


def test_a_role_that_may_create_but_is_no_superuser_will_do(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create role creator login createdb createrole password 'c'")
    creator = postgres.url().replace(f"postgres:{postgres.home.secret('postgres')}", "creator:c")

    psycopg.connect(ensure_prefect_database(creator, "secret")).close()


def test_somebody_elses_prefect_is_left_alone(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("create database prefect")

    with pytest.raises(PlatformError, match="belongs to the role postgres, not to lockgate"):
        ensure_prefect_database(postgres.url(), "secret")


def test_an_unreachable_server_is_one_clear_sentence_without_its_password() -> None:
    with pytest.raises(PlatformError, match=r"127\.0\.0\.1:1/postgres cannot be reached") as error:
        ensure_prefect_database("postgresql://me:hidden@127.0.0.1:1/postgres", "secret")
    assert "hidden" not in str(error.value)


def test_addresses_are_written_for_their_reader() -> None:
    url = "postgresql://me:p%40ss@db.example:5433/prefect?sslmode=require"
    assert asyncpg_url(url) == "postgresql+asyncpg://me:p%40ss@db.example:5433/prefect?ssl=require"
    assert describe(url) == "db.example:5433/prefect"
