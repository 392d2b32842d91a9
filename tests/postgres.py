"""One real PostgreSQL for a whole test run, and databases with a ledger that are made in milliseconds."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from lockgate.embedded.home import Home
from lockgate.embedded.postgres import Postgres
from lockgate.ledger.admin import bootstrap, database_url

TEMPLATE = "ledger_template"
LOGINS = {name: f"password of {name}" for name in ("weather", "flights", "delays", "platform")}


@dataclass
class Server:
    """A running server whose template database holds a migrated, empty ledger with the teams of ``LOGINS``."""

    url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def address(self) -> str:
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def database(self, name: str) -> str:
        """The superuser's address of a database."""
        return database_url(self.url, name)

    def login(self, database: str, role: str, password: str) -> str:
        return f"postgresql://{role}:{password.replace(' ', '%20')}@{self.address}/{database}"

    @contextmanager
    def ledger(self) -> Iterator[str]:
        """The name of a new database with an empty ledger."""
        name = f"ledger_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            copy = sql.SQL("create database {} template {} owner lockgate_owner")
            connection.execute(copy.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
            # Who may connect is not copied.
            for change in (
                "revoke all on database {} from public",
                "grant connect on database {} to lockgate_teams, lockgate_platform",
            ):
                connection.execute(sql.SQL(change).format(sql.Identifier(name)))
            yield name
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """A server for the block; its data is gone afterwards."""
    postgres = Postgres(Home(folder / ".lockgate"), durable=False)
    postgres.start()
    try:
        bootstrap(postgres.url(), LOGINS, database=TEMPLATE)
        yield Server(postgres.url())
    finally:
        postgres.purge()
