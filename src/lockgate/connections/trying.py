"""Trying a connection: does it answer, and do its credentials let us in."""

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx
import obstore
import sqlalchemy

from lockgate.connections.base import Connection, NotConfigured
from lockgate.connections.http_connection import HttpConnection
from lockgate.connections.objects_connection import ObjectsConnection
from lockgate.connections.sql_connection import SqlConnection
from lockgate.core.errors import LockgateError

SECONDS = 5.0
LONGEST_REASON = 200


@dataclass(frozen=True)
class Finding:
    """What came of trying a connection; nothing of its address or credentials.

    Attributes:
        name: The connection's.
        kind: ``http``, ``sql`` or ``objects``.
        ok: Whether it answers and lets us in.
        message: One sentence.
        cure: What to do about it; empty if it is ok.
        configured: Whether it has an address here.
    """

    name: str
    kind: str
    ok: bool
    message: str
    cure: str = ""
    configured: bool = True


def try_connection(connection: Connection) -> Finding:
    """Try a connection once: GET its address, ``select 1``, or list its first objects. Never raises.

    Args:
        connection: A declared one, its address in this process' environment.
    """
    try:
        _TRIALS[type(connection)](connection)
    except LockgateError as error:
        configured = not isinstance(error, NotConfigured)
        return Finding(connection.name, connection.kind, False, error.message, error.cure, configured)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is a finding
        reason = f"Connection {connection.name} does not work: {_reason(error, connection)}."
        cure = f"Look at {connection.variable}, its credentials, and whether the system is up."
        return Finding(connection.name, connection.kind, False, reason, cure)
    return Finding(connection.name, connection.kind, True, f"Connection {connection.name} answers.")


def _try_http(connection: HttpConnection) -> None:
    with dataclasses.replace(connection, retries=0, timeout=SECONDS).client() as client:
        try:
            client.get("")
        except httpx.HTTPStatusError as error:
            # An API need not have a page at its root, but it must not turn us away.
            if error.response.status_code in (401, 403) or error.response.is_server_error:
                raise


def _try_sql(connection: SqlConnection) -> None:
    with connection.engine().connect() as opened:
        opened.execute(sqlalchemy.text("select 1"))


def _try_objects(connection: ObjectsConnection) -> None:
    next(iter(obstore.list(connection.store(), chunk_size=1)), None)


_TRIALS: dict[type[Connection], Callable[..., None]] = {
    HttpConnection: _try_http,
    SqlConnection: _try_sql,
    ObjectsConnection: _try_objects,
}


def _reason(error: Exception, connection: Connection) -> str:
    """The first line of an error, without what must not be printed."""
    text = (str(error).splitlines() or [type(error).__name__])[0]
    parts = urlsplit(connection.address)
    secrets = {connection.address, parts.password or "", os.environ.get(f"{connection.name.upper()}_TOKEN", "")}
    for secret in sorted(secrets | {unquote(secret) for secret in secrets}, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    return text[:LONGEST_REASON].rstrip(". ")
