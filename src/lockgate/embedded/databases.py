"""The database of Prefect's server: its own, under a role of its own."""

import psycopg
from psycopg import sql

from lockgate.core.errors import PlatformError
from lockgate.embedded.addresses import describe, with_role

DATABASE = "prefect"
ROLE = "lockgate_prefect"


def ensure_prefect_database(server_url: str, password: str) -> str:
    """Create the database and the role of Prefect's server where they are missing.

    Args:
        server_url: ``postgresql://`` address of any database of the server, with a role that may create
            roles and databases.
        password: The role's password; set anew if the role is there and has another one.

    Returns:
        The ``postgresql://`` address by which that role reaches that database.

    Raises:
        PlatformError: If the server cannot be reached, the role given may not create what is missing, or
            there is a database of that name that is not lockgate's.
    """
    url = with_role(server_url, ROLE, password, DATABASE)
    try:
        with psycopg.connect(server_url, autocommit=True, connect_timeout=10) as connection:
            _ensure_role(connection, password)
            _ensure_database(connection)
    except psycopg.OperationalError as error:
        raise PlatformError(
            f"The database server at {describe(server_url)} cannot be reached: {_first_line(error)}.",
            cure="Start it, or correct LOCKGATE_DATABASE_URL.",
        ) from error
    except psycopg.Error as error:
        raise PlatformError(
            f"The database for Prefect's server cannot be prepared on {describe(server_url)}: {_first_line(error)}.",
            cure="LOCKGATE_DATABASE_URL must name a role that may create roles and databases.",
        ) from error
    return url


def _ensure_role(connection: psycopg.Connection, password: str) -> None:
    found = connection.execute("select 1 from pg_roles where rolname = %s", [ROLE]).fetchone()
    # Hashed here: a server that logs statements must not log the password.
    hashed = connection.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256").decode()
    verb = sql.SQL("alter" if found else "create")
    connection.execute(sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(ROLE), sql.Literal(hashed)))


def _ensure_database(connection: psycopg.Connection) -> None:
    owner = connection.execute(
        "select pg_get_userbyid(datdba) from pg_database where datname = %s", [DATABASE]
    ).fetchone()
    name = sql.Identifier(DATABASE)
    if owner is None:
        # The owner of a database must be a role the creator belongs to, unless the creator is a superuser.
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(ROLE)))
        connection.execute(sql.SQL("create database {} owner {}").format(name, sql.Identifier(ROLE)))
        # Teams have roles on this server too, and no business here.
        connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    elif owner[0] != ROLE:
        raise PlatformError(
            f"The database {DATABASE} is there already and belongs to the role {owner[0]}, not to lockgate.",
            cure="Use another PostgreSQL server, or set PREFECT_API_URL to the Prefect server it belongs to.",
        )


def _first_line(error: psycopg.Error) -> str:
    return str(error).splitlines()[0].rstrip(".")
