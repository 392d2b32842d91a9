"""The hand-off between two teams while ten, a hundred and a thousand assets are deployed beside them.

Half of the other assets have an input, and so an automation that every event is held against.
"""

import asyncio

from prefect.client.orchestration import PrefectClient

from benchmarks.common import Bench, Series, arguments, report, running_platform, say
from benchmarks.handoff import DEPENDENT, SOURCE, hand_off
from lockgate.core.errors import LockgateError
from lockgate.embedded.supervisor import Supervisor
from lockgate.orchestration.deploy import Result, deploy_teams
from lockgate.orchestration.generate import generate_files

OTHERS = [f"other{number}" for number in range(5)]
SIZES, QUICK_SIZES = (10, 100, 1000), (10, 20)
HAND_OFFS, QUICK_HAND_OFFS = 20, 2


def code(team: str, number: int) -> str:
    """A team with so many assets, every second of which reads the one before it."""
    lines = [
        f'"""Team {team}."""',
        "from lockgate import Daily, Team",
        f'team = Team("{team}")',
        'DAYS = Daily("2020-01-01")',
    ]
    for index in range(number):
        reads = f'inputs={{"before": "{team}/asset{index - 1}"}}, ' if index % 2 else ""
        takes = "before, partition" if index % 2 else "partition"
        lines += [f"@team.asset({reads}partitions=DAYS)", f"def asset{index}({takes}):", "    return 1"]
    return "\n".join(lines) + "\n"


def grow(bench: Bench, size: int) -> None:
    """Deploy others until so many assets are deployed in all."""
    say(f"deploying {size} assets")
    share = (size - 2) // len(OTHERS)
    for team in OTHERS:
        (bench.root / "teams" / team / "assets.py").write_text(code(team, share))
    generate_files(bench.root, OTHERS)

    def check(team: str, result: Result) -> None:
        if isinstance(result, LockgateError):
            raise result
        say(f"  {team}: {share} assets")

    async def deploy() -> None:
        async with PrefectClient(bench.api_url) as client:
            await deploy_teams(bench.root, OTHERS, client, check)

    asyncio.run(deploy())


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__)
    number = QUICK_HAND_OFFS if chosen.quick else HAND_OFFS
    teams = {"source": SOURCE, "dependent": DEPENDENT, **{team: code(team, 1) for team in OTHERS}}
    series = []
    with running_platform(teams) as bench:
        for team in OTHERS:  # deployed they must be, run they need not
            Supervisor(bench.home).stop(f"worker/{team}")
        for size in QUICK_SIZES if chosen.quick else SIZES:
            grow(bench, size)
            hand_off(bench, with_hops=False)
            say(f"{number} hand-offs")
            done = [hand_off(bench, with_hops=False) for _ in range(number)]
            series.append(Series(f"hand-off, {size} assets", "s", [one.total for one in done]))
    ratio = series[-1].median / series[0].median
    report("Hand-off by number of deployed assets", series, {"most / fewest": ratio}, as_json=chosen.json)


if __name__ == "__main__":
    main()
