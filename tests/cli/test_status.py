"""The notes of ``lockgate status``: what blocks, else what failed, else what only warned."""

from typing import Any

import pytest
from rich.console import Console

from lockgate.cli.status import status_table

GOOD = {"name": "contract", "severity": "error", "passed": True, "waived": False}
BAD = {"name": "no_gaps", "severity": "error", "passed": False, "waived": False}
WARNED = {"name": "few_cancellations", "severity": "warn", "passed": False, "waived": False}
CAUSE = {"asset": "weather/observations", "partition": "2013-01-05", "check": "contract", "team": "weather"}


def printed(**different: Any) -> str:
    row = {"key": "flights/flights", "partition": "2013-01-05", "outcome": "published", "version": 1}
    console = Console(width=120)
    with console.capture() as captured:
        console.print(status_table([{**row, "checks": [], "blocked_by": [], **different}]))
    return captured.get()


@pytest.mark.parametrize(
    ("row", "note"),
    [
        ({"checks": [GOOD]}, "1 passed"),
        ({"checks": [GOOD, WARNED]}, "1 passed, warned: few_cancellations"),
        ({"checks": [GOOD, BAD | {"waived": True}, WARNED]}, "1 passed, waived: no_gaps, warned: few_cancellations"),
        ({"checks": [GOOD, BAD, WARNED]}, "failed no_gaps"),
        ({"checks": [GOOD], "blocked_by": [CAUSE]}, "blocked by weather/observations [2013-01-05]: contract"),
    ],
)
def test_a_note_says_what_matters_most(row: dict[str, Any], note: str) -> None:
    assert printed(**row).splitlines()[1].endswith(f"v1       {note}")
