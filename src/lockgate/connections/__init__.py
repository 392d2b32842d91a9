"""Connections: what a team declares to reach the systems its data comes from, by name, configured by who runs it.

Declaring one touches no network; the address is read when it is used. Imports the core alone.
"""

from lockgate.connections.base import Connection, declared
from lockgate.connections.http_connection import HttpConnection, http
from lockgate.connections.objects_connection import ObjectsConnection, objects
from lockgate.connections.sql_connection import SqlConnection, sql
from lockgate.connections.trying import Finding, try_connection

__all__ = [
    "Connection",
    "Finding",
    "HttpConnection",
    "ObjectsConnection",
    "SqlConnection",
    "declared",
    "http",
    "objects",
    "sql",
    "try_connection",
]
