"""Setting the ledger up: database, roles, tables. Done by whoever may create roles, never by a team or a worker."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from lockgate.core.errors import LedgerError
from lockgate.core.keys import check_name
from lockgate.ledger.errors import translate
from lockgate.ledger.limits import apply_limits
from lockgate.ledger.migrate import migrate
from lockgate.ledger.roles import DATABASE, OWNER, PLATFORM, PLATFORM_LOGIN, TEAMS, team_role


def bootstrap(
    server_url: str, logins: Mapping[str, str], database: str = DATABASE, *, prefect_processes: int = 1
) -> None:
    """Create or bring up to date the ledger's database, tables and logins. Safe to repeat.

    Args:
        server_url: ``postgresql://`` address of the server, with a role that may create roles and databases.
        logins: Passwords by login: team names, and ``platform``.
        database: The ledger's database.
        prefect_processes: How many processes of Prefect's server have their database on it too.

    Raises:
        LedgerError: If the server cannot be reached, takes too few connections, or the role may not do it.
    """
    where = urlsplit(server_url).netloc.rpartition("@")[2]
    try:
        with psycopg.connect(server_url, autocommit=True, connect_timeout=10) as server:
            # Two starters at once must not both migrate. Teams cannot connect to this database, nor take its locks.
            server.execute("SELECT pg_advisory_lock(hashtext('lockgate.bootstrap'))")
            for role, login in ((OWNER, "NOLOGIN"), (TEAMS, "NOLOGIN"), (PLATFORM, "LOGIN")):
                _ensure_role(server, role, login)
            _ensure_database(server, database)
            url = database_url(server_url, database)
            migrate(url)
            with psycopg.connect(url, autocommit=True, connect_timeout=10) as ledger:
                for login, password in logins.items():
                    _ensure_login(ledger, login, password, database)
                apply_limits(ledger, prefect_processes)
    except psycopg.Error as error:
        raise translate(error, where, reached=error.sqlstate is not None) from error


def database_url(server_url: str, database: str = DATABASE) -> str:
    """The address of a database on the same server, with the same role."""
    return urlsplit(server_url)._replace(path=f"/{database}").geturl()


def _ensure_role(connection: psycopg.Connection, role: str, login: str) -> None:
    found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if found and found[0]:
        raise LedgerError(f"Role {role} is a superuser.", cure=f"Run: ALTER ROLE {role} NOSUPERUSER")
    if not found:
        statement = sql.SQL("CREATE ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS {}")
        connection.execute(statement.format(sql.Identifier(role), sql.SQL(login)))
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def _ensure_database(server: psycopg.Connection, database: str) -> None:
    name, owner = sql.Identifier(database), sql.Identifier(OWNER)
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    # Teams have no business in the server's own databases either.
    for shut in (database, "postgres", "template1"):
        server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(shut)))


def _ensure_login(ledger: psycopg.Connection, login: str, password: str, database: str) -> None:
    is_team = login != PLATFORM_LOGIN
    role = team_role(check_name(login, "team")) if is_team else PLATFORM
    _ensure_role(ledger, role, "LOGIN")
    name = sql.Identifier(role)
    # Hashed here: a server that logs statements must not log the password.
    hashed = ledger.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    ledger.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(hashed)))
    ledger.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), name))
    if is_team:
        ledger.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(TEAMS), name))
        ledger.execute(
            "INSERT INTO lockgate.teams (name, role) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING", [login, role]
        )
