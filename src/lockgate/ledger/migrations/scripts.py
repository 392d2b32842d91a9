"""How a revision runs its SQL."""

from pathlib import Path
from typing import Any

from alembic import op

_SQL = Path(__file__).parent / "sql"


def run_scripts(revision: str, *names: str) -> None:
    """Run a revision's files in the schema ``lockgate``, in this order.

    Args:
        revision: Name of the folder in ``sql/``.
        names: Of the files, without their ending.
    """
    # The driver itself: SQLAlchemy would read the colons and percent signs of the functions as parameters.
    driver: Any = op.get_bind().connection.dbapi_connection
    driver.execute("SET LOCAL search_path = lockgate")
    for name in names:
        driver.execute((_SQL / revision / f"{name}.sql").read_text(encoding="utf-8"))
