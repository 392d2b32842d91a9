"""Operating: announcements, waivers, repair, retention, and progress at the size of a whole platform."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).parents[1] / "sql" / "0002"
FILES = ("tables", "progress", "announce", "waive", "publish", "repair", "retention", "access")


def upgrade() -> None:
    """Add to the schema ``lockgate``."""
    # The driver itself: SQLAlchemy would read the colons and percent signs of the functions as parameters.
    driver: Any = op.get_bind().connection.dbapi_connection
    driver.execute("SET LOCAL search_path = lockgate")
    for name in FILES:
        driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
