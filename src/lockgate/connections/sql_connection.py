"""SQL: a SQLAlchemy engine."""

import functools
from dataclasses import dataclass
from typing import ClassVar

import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from lockgate.connections.base import Connection, declare

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class SqlConnection(Connection):
    """See ``sql``."""

    kind: ClassVar[str] = "sql"

    def engine(self) -> sqlalchemy.Engine:
        """The engine of the address: one pool per process; connections are tried before they are lent.

        Raises:
            UsageError: If the connection is not configured, or its driver is not installed.
        """
        try:
            return _engine(self.address)
        except ArgumentError:
            raise self.unusable("its address is none that SQLAlchemy reads") from None
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise self.unusable(f"its driver is not installed ({error})") from None


def sql(name: str) -> SqlConnection:
    """Declare a database.

    Args:
        name: Its name; the address is in the environment variable ``<NAME>_URL``: ``postgresql://user:password@host/db``
            (with psycopg), or what SQLAlchemy and the team's drivers know.

    Raises:
        InvalidName: If the name is not allowed.
        DuplicateName: If it is declared otherwise already.
    """
    return declare(SqlConnection(name))


@functools.cache
def _engine(address: str) -> sqlalchemy.Engine:
    url = sqlalchemy.make_url(address)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    postgres = url.get_backend_name() == "postgresql"
    # Values of parameters may be personal data: they stay out of errors and logs.
    return sqlalchemy.create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_SECONDS} if postgres else {},
    )
