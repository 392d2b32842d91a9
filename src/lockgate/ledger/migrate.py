"""Bringing the ledger's schema to this release, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from lockgate.core.errors import LedgerError

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Run the migrations that the ledger does not have yet.

    Args:
        url: ``postgresql://`` address of the ledger, with a role that may act as its owner.

    Raises:
        LedgerError: If the ledger is of a newer release than this code.
    """
    try:
        command.upgrade(_config(url), "head")
    except CommandError as error:
        raise LedgerError(
            "The ledger was made by a newer release of lockgate.", cure="Update lockgate to the release that runs it."
        ) from error
    except DBAPIError as error:
        # The driver's own, as of every other statement.
        raise error.orig or error from error


def newest() -> str:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(_config("")).get_current_head() or ""
