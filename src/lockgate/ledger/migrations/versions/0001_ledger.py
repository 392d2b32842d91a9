"""The ledger: tables, functions, policies."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001"
down_revision = None

SQL = Path(__file__).parents[1] / "sql" / "0001"
FILES = (
    *("registry", "attempts", "versions"),
    *("identity", "slices", "attempts_held", "pins"),
    *("register", "snapshot", "begin", "lease", "stage", "publish_guards", "publish", "reject"),
    *("record", "rollback", "collect", "reading"),
    *("policies", "grants"),
)


def upgrade() -> None:
    """Create everything in the schema ``lockgate``."""
    # The driver itself: SQLAlchemy would read the colons and percent signs of the functions as parameters.
    driver: Any = op.get_bind().connection.dbapi_connection
    driver.execute("SET LOCAL search_path = lockgate")
    for name in FILES:
        driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
