"""The table of checks that a run shows in Prefect. It is a view: the ledger has what counts."""

from typing import Any

import httpx
from prefect import get_run_logger
from prefect.artifacts import acreate_table_artifact

from lockgate.core.keys import slug
from lockgate.orchestration.asset_run import AssetRun


def check_rows(run: AssetRun) -> list[dict[str, Any]]:
    """One row per check that came to a verdict: its name, its severity, and what it found."""
    return [
        {
            "check": spec.name,
            "severity": spec.severity,
            "passed": "yes" if verdict.passed else "waived" if verdict.waived else "NO",
            "rows failed": "" if verdict.rows_failed is None else f"{verdict.rows_failed} of {verdict.rows_seen}",
            "message": verdict.message,
            "redacted example": verdict.example,
        }
        for spec in run.spec.checks
        if (verdict := run.verdicts.get(spec.name))
    ]


async def show_checks(rows: list[dict[str, Any]], where: str, what: str) -> None:
    """Show rows as the artifact of the current flow run; if that fails, the log says so and nothing else happens.

    Args:
        rows: From ``check_rows``.
        where: Asset and partition, or job, whose tables Prefect shows as one history.
        what: What the table is about, for its description.
    """
    key = f"checks-{slug(where)}"
    description = f"Checks of {what}. Examples show the shape, not the data."
    try:
        await acreate_table_artifact(table=rows, key=key, description=description)
    except httpx.HTTPError as error:
        get_run_logger().warning("The table of checks could not be shown: %s", type(error).__name__)
