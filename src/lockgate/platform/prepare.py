"""`lockgate bootstrap`: a database server made ready for the platform, its passwords given as files."""

from pathlib import Path

from lockgate.core.errors import UsageError
from lockgate.embedded.databases import ensure_prefect_database
from lockgate.ledger.admin import bootstrap

PREFECT = "prefect"
LEDGER = "ledger-"
# docker/compose.yaml: two API servers, two of services.
PREFECT_PROCESSES = 4


def prepare_databases(server_url: str, secrets: Path) -> list[str]:
    """Create or bring up to date Prefect's database, the ledger, and all their logins. Safe to repeat.

    Args:
        server_url: ``postgresql://`` address of the server, with a role that may create roles and databases.
        secrets: A folder with one password per file: ``prefect``, ``ledger-platform``, and ``ledger-<team>``
            for each team.

    Returns:
        The logins to the ledger.

    Raises:
        UsageError: If a file is missing or empty.
        LockgateError: If the server cannot be reached or refuses.
    """
    logins = {file.name.removeprefix(LEDGER): _password(file) for file in sorted(secrets.glob(f"{LEDGER}*"))}
    ensure_prefect_database(server_url, _password(secrets / PREFECT))
    bootstrap(server_url, logins, prefect_processes=PREFECT_PROCESSES)
    return list(logins)


def _password(file: Path) -> str:
    password = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    if not password:
        raise UsageError(f"There is no password in {file}.", cure="Write one line into it.")
    return password
