"""What the benchmarks share: arguments, a table of medians, and a platform in a temporary home."""

import argparse
import asyncio
import json
import os
import platform as machine
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from rich.console import Console
from rich.table import Table

from lockgate.embedded.home import Home
from lockgate.embedded.services import purge_services
from lockgate.ledger import Ledger
from lockgate.orchestration.generate import generate_files
from lockgate.platform.up import up
from lockgate.settings import ENDPOINTS, PLATFORM, home_of, ledger_url

REPOSITORY = Path(__file__).parents[1]
DEADLINE = 300.0

T = TypeVar("T")
_console = Console(stderr=True, highlight=False)


def parser(description: str | None) -> argparse.ArgumentParser:
    """The command line that all benchmarks share: ``--json`` and ``--quick``.

    Args:
        description: The benchmark's docstring.
    """
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options.add_argument("--quick", action="store_true", help="few samples: shows that it works, measures nothing")
    return options


def arguments(description: str | None) -> argparse.Namespace:
    """Read the command line of a benchmark that has no options of its own.

    Args:
        description: The benchmark's docstring.

    Returns:
        ``json`` and ``quick``, both bool.
    """
    return parser(description).parse_args()


def say(text: str) -> None:
    """Tell on the error stream what is being done."""
    _console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {text}")


# -- results ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """Samples of one quantity.

    Attributes:
        name: What was measured, and of what.
        unit: Of the samples, as ``s`` or ``runs/min``.
        values: The samples, at least one.
    """

    name: str
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """The 50th percentile."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """The 95th percentile: the smallest sample that 95 % of all do not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]

    def to_json(self) -> dict[str, Any]:
        """Name, unit, number of samples, median, p95, minimum and maximum."""
        return {
            "name": self.name,
            "unit": self.unit,
            "samples": len(self.values),
            "median": self.median,
            "p95": self.p95,
            "min": min(self.values),
            "max": max(self.values),
        }


def report(title: str, series: Sequence[Series], ratios: Mapping[str, float], *, as_json: bool) -> None:
    """Print what was measured on the standard output.

    Args:
        title: Of the table.
        series: Its rows.
        ratios: What the rows say about each other, as ``{"stock / warm": 9.2}``.
        as_json: One JSON document instead of a table.
    """
    if as_json:
        document = {
            "title": title,
            "machine": machine_facts(),
            "series": [each.to_json() for each in series],
            "ratios": dict(ratios),
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("")
    for heading in ("unit", "n", "median", "p95", "min", "max"):
        table.add_column(heading, justify="right")
    for each in series:
        figures = (each.median, each.p95, min(each.values), max(each.values))
        table.add_row(each.name, each.unit, str(len(each.values)), *map(_digits, figures))
    out = Console(highlight=False)
    out.print(table)
    for name, ratio in ratios.items():
        out.print(f"{name}: {ratio:.2f}")


def _digits(value: float) -> str:
    """Three significant digits, no exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine_facts() -> dict[str, Any]:
    """Where the figures come from."""
    return {"cpus": os.cpu_count(), "python": machine.python_version(), "prefect": prefect.__version__}


def until(found: Callable[[], T | None], what: str, seconds: float = DEADLINE, pause: float = 0.05) -> T:
    """What ``found`` returns as soon as that is true.

    Raises:
        TimeoutError: If it is not within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not (result := found()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
    return result


# -- a platform ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """A running platform with teams made for a benchmark.

    Attributes:
        root: Its project.
        home: Its home, which no other platform shares.
        api_url: Prefect's API.
        client: Of that API.
    """

    root: Path
    home: Home
    api_url: str
    client: SyncPrefectClient

    def ledger(self, login: str = PLATFORM) -> Ledger:
        """The ledger, as the platform or as a team."""
        return Ledger(ledger_url(login, self.root))

    def store_url(self) -> str:
        """Where values lie."""
        return str(self.home.state()[ENDPOINTS]["store"])

    def start(self, key: str, partition: str = "", *, force: bool = False) -> str:
        """Start a run of an asset; returns the flow run's id."""
        deployment = self.client.read_deployment_by_name(key)
        parameters = {"partition": partition, "force": force}
        return str(self.client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id)

    def ended(self, flow_run_id: str) -> str:
        """Wait until a run is over; returns the name of its final state."""

        def over() -> str | None:
            state = self.client.read_flow_run(flow_run_id).state  # type: ignore[arg-type]
            return state.name if state and state.is_final() else None

        return until(over, f"flow run {flow_run_id} is over", pause=0.2)


@contextmanager
def running_platform(teams: Mapping[str, str]) -> Iterator[Bench]:
    """A platform in a temporary folder, as ``lockgate up`` starts it; all of it is gone afterwards.

    The sweep is paused, so that nothing runs but what the benchmark starts.

    Args:
        teams: Per team the text of its ``assets.py``.
    """
    forget_other_platforms()
    root = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    try:
        make_project(root, teams)
        say(f"starting a platform in {root}")
        started = asyncio.run(up(root, lambda name, seconds: say(f"  {name} {seconds:.1f} s")))
        if started.broken:
            raise RuntimeError(f"not deployed: {started.broken}")
        with (
            temporary_settings({PREFECT_API_URL: started.api_url}),
            get_client(sync_client=True) as client,
        ):
            client.pause_deployment(client.read_deployment_by_name("platform/sweep").id)
            yield Bench(root, started.home, started.api_url, client)
    finally:
        purge_services(home_of(root))
        shutil.rmtree(root, ignore_errors=True)


def forget_other_platforms() -> None:
    """Drop the settings of the shell we were started from: they would lead to another platform."""
    for name in [name for name in os.environ if name.startswith(("LOCKGATE_", "PREFECT_"))]:
        del os.environ[name]


def make_project(root: Path, teams: Mapping[str, str]) -> None:
    """Write a project: the platform's own files from this repository, and the given teams.

    Args:
        root: An empty folder.
        teams: Per team the text of its ``assets.py``.
    """
    shutil.copy(REPOSITORY / "prefect.yaml", root)
    for folder in ("flows", "work_pools"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for team, code in teams.items():
        place = root / "teams" / team
        place.mkdir(parents=True)
        (place / "assets.py").write_text(code)
    for team, error in generate_files(root, list(teams)).items():
        if isinstance(error, Exception):
            raise RuntimeError(f"team {team}: {error}")
