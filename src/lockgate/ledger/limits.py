"""What each login to the ledger may take of the server, so that no team leaves the others nothing.

A team can lift its own session's timeouts: they spare it its own mistakes. What it holds nevertheless stops nobody
else: its connections are counted, the registry is taken from who holds it (``sql/0005/register.sql``), the platform
waits for no row (``upkeep.sql``), and the sweep ends what is left open (``sessions.sql``).
"""

import psycopg
from psycopg import sql

from lockgate.core.errors import LedgerError
from lockgate.ledger.roles import OWNER, PLATFORM

# Per process of Prefect's server: its pool and what may come on top (PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE and
# ..._MAX_OVERFLOW).
PREFECT_CONNECTIONS = 20 + 10
# The platform's own runs and commands, migrations, an operator's prompt.
PLATFORM_CONNECTIONS = 20
# A worker's four runs, each with a second one for what its code reads, a deploy, and somebody who looks.
LEAST, MOST = 10, 30
_TEAM_SETTINGS = {
    "statement_timeout": "120s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
}
_PLATFORM_SETTINGS = {"lock_timeout": "10s"}
# Only a superuser may set it, so no team can lift it.
_DISK = {"temp_file_limit": "1GB"}
# By these anybody who may connect can fill the disk, or hold a lock that others ask for.
_SHUT = ("lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lowrite", "lo_import", "pg_logical_emit_message",
         "pg_advisory_lock", "pg_advisory_lock_shared", "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared",
         "pg_try_advisory_lock", "pg_try_advisory_lock_shared", "pg_try_advisory_xact_lock",
         "pg_try_advisory_xact_lock_shared")  # fmt: skip


def apply_limits(ledger: psycopg.Connection, prefect_processes: int) -> None:
    """Give every login its limits, those that are there already too.

    Args:
        ledger: Open as whoever may alter roles.
        prefect_processes: How many processes of Prefect's server share the database server.

    Raises:
        LedgerError: If the server takes too few connections for so many teams.
    """
    roles = [row[0] for row in ledger.execute("SELECT role FROM lockgate.teams ORDER BY role")]
    share = _share(ledger, len(roles), prefect_processes)
    for role in roles:
        name = sql.Identifier(role)
        ledger.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(name, sql.Literal(share)))
        _set(ledger, role, _TEAM_SETTINGS)
    _set(ledger, PLATFORM, _PLATFORM_SETTINGS)
    if _is_superuser(ledger):
        for role in roles:
            _set(ledger, role, _DISK)
        _shut(ledger)
        # To see how long a team's transaction has been open, and to end it.
        for right in ("pg_signal_backend", "pg_read_all_stats"):
            ledger.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(right), sql.Identifier(OWNER)))


def _share(ledger: psycopg.Connection, teams: int, prefect_processes: int) -> int:
    """How many connections each team may have, so that all of them together leave the platform and Prefect theirs."""
    row = ledger.execute(
        "SELECT current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int"
    ).fetchone()
    most, superusers = map(int, row or (0, 0))
    reserve = prefect_processes * PREFECT_CONNECTIONS + PLATFORM_CONNECTIONS + superusers
    share = (most - reserve) // max(teams, 1)
    if share < LEAST:
        raise LedgerError(
            f"The database server takes {most} connections: too few for Prefect and {teams} teams.",
            cure=f"Set its max_connections to {reserve + LEAST * teams} at least.",
        )
    return min(share, MOST)


def _set(ledger: psycopg.Connection, role: str, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        ledger.execute(statement.format(sql.Identifier(role), sql.Identifier(name), sql.Literal(value)))


def _shut(ledger: psycopg.Connection) -> None:
    functions = ledger.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
        " AND proname = ANY (%s)",
        [list(_SHUT)],
    ).fetchall()
    for (function,) in functions:
        ledger.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(sql.SQL(function)))


def _is_superuser(ledger: psycopg.Connection) -> bool:
    row = ledger.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])
