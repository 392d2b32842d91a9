"""Trivial asset runs per minute, each a process of its own, over four teams: lockgate's worker and Prefect's stock one.

All runs are created at once. The rate counts from the first run's creation to the last run's end.
"""

from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any

import httpx

from benchmarks.common import Bench, Series, arguments, report, running_platform, say, until
from benchmarks.workers import STOCK, STOCK_FASTEST, WARM, Kind, replaced

TEAMS = ("north", "south", "east", "west")
RUNS, BASELINE_RUNS, QUICK_RUNS = 200, 40, 8
PAGE = 200
FINAL = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]

CODE = '''
"""One trivial asset."""

from lockgate import Daily, Team

team = Team("{team}")


@team.asset(partitions=Daily("2020-01-01"))
def unit(partition):
    """Nothing to compute."""
    return partition
'''


def rate(bench: Bench, kind: Kind, first: date, number: int) -> float:
    """Runs per minute.

    Args:
        bench: The platform.
        kind: The worker of all teams.
        first: The first of the partitions to run; none of them has been run before.
        number: How many runs in all.
    """
    with ExitStack() as stack:
        if kind is not WARM:
            for team in TEAMS:
                stack.enter_context(replaced(bench, team, kind))
        days = [(first + timedelta(days=day)).isoformat() for day in range(number // len(TEAMS))]
        say(f"{kind.name}: {number} runs")
        runs = [bench.start(f"{team}/unit", day) for day in days for team in TEAMS]
        until(lambda: _post(bench, "count", _final(runs)) == number, f"{number} runs are over", seconds=900, pause=1)
    ended = _post(bench, "filter", {**_final(runs), "limit": PAGE})
    if wrong := [run["name"] for run in ended if run["state_name"] != "Completed"]:
        raise RuntimeError(f"not completed: {wrong}")
    seconds = max(_moment(run["end_time"]) for run in ended) - min(_moment(run["created"]) for run in ended)
    return 60 * number / seconds


def _final(runs: list[str]) -> dict[str, Any]:
    return {"flow_runs": {"id": {"any_": runs}, "state": {"type": {"any_": FINAL}}}}


def _post(bench: Bench, what: str, wanted: dict[str, Any]) -> Any:
    return httpx.post(f"{bench.api_url}/flow_runs/{what}", json=wanted, timeout=60).raise_for_status().json()


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__)
    counts = {WARM: RUNS, STOCK_FASTEST: BASELINE_RUNS, STOCK: BASELINE_RUNS}
    if chosen.quick:
        counts = {WARM: QUICK_RUNS, STOCK_FASTEST: QUICK_RUNS}
    rates: dict[Kind, float] = {}
    with running_platform({team: CODE.format(team=team) for team in TEAMS}) as bench:
        for team in TEAMS:
            bench.ended(bench.start(f"{team}/unit", "2020-01-01"))
        for year, (kind, number) in enumerate(counts.items(), 2021):
            rates[kind] = rate(bench, kind, date(year, 1, 1), number)
    series = [Series(f"{kind.name}, {counts[kind]} runs", "runs/min", [found]) for kind, found in rates.items()]
    ratios = {f"warm worker / {kind.name}": rates[WARM] / found for kind, found in rates.items() if kind is not WARM}
    report("Trivial asset runs over four teams", series, ratios, as_json=chosen.json)


if __name__ == "__main__":
    main()
