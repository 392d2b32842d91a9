"""A ledger and a lockgate of different releases."""

import psycopg
import pytest

from lockgate.core.errors import LedgerError
from lockgate.ledger.admin import bootstrap
from tests.postgres import LOGINS, Server


def test_a_ledger_of_a_newer_release_is_refused_and_left_as_it_is(server: Server) -> None:
    with server.ledger() as name, psycopg.connect(server.database(name), autocommit=True) as superuser:
        superuser.execute("update lockgate.alembic_version set version_num = '9999'")

        with pytest.raises(LedgerError) as refused:
            bootstrap(server.url, LOGINS, database=name)

        assert str(refused.value) == (
            "The ledger was made by a newer release of lockgate. Update lockgate to the release that runs it."
        )
        assert superuser.execute("select version_num from lockgate.alembic_version").fetchall() == [("9999",)]
