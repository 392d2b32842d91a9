"""Each team deletes from its store what the ledger has given up."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = Path(__file__).parents[1] / "sql" / "0003"


def upgrade() -> None:
    """Let teams note what they have deleted."""
    # The driver itself: SQLAlchemy would read the colons and percent signs of the functions as parameters.
    driver: Any = op.get_bind().connection.dbapi_connection
    driver.execute("SET LOCAL search_path = lockgate")
    driver.execute((SQL / "discard.sql").read_text(encoding="utf-8"))
