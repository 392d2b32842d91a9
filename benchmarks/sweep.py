"""The sweep's decision over a large platform: 10,000 assets with 100,000 heads in a real ledger, 100 runs missing.

Measures what one round asks of the ledger and how long it decides; what it then starts in Prefect is bounded by
its cap, not by the platform's size.
"""

import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.common import Series, arguments, report, say
from lockgate.core.partitions import Daily
from lockgate.core.spec import AssetSpec, CheckSpec, InputSpec
from lockgate.core.sweep import in_turn, missing_runs
from lockgate.embedded.home import Home
from lockgate.embedded.postgres import Postgres
from lockgate.ledger import Operator
from lockgate.ledger.admin import bootstrap, database_url
from lockgate.ledger.roles import DATABASE, PLATFORM

TEAMS = [f"team{number}" for number in range(10)]
DAYS = 10
MISSING = 100

_HEADS = """
insert into attempts (asset, partition, code_version, flow_run_id, slot, base_epoch, pinned_at, outcome, settled_at)
select key, '2020-01-' || lpad(day::text, 2, '0'), 'c', 'run', key || day, 0, day, 'published', now()
from assets, generate_series(1, {days}) as day order by key;

insert into versions (attempt, asset, partition, number, location, published_at, announced_at)
select id, asset, partition, 1, asset || '/' || partition || '/' || id || '/value', now(), now() from attempts;

insert into heads (asset, partition, judged, judged_by, current, number)
select asset, partition, 'published', attempt, id, 1 from versions;

insert into inputs (attempt, asset, partition, number, version)
select made.attempt, read.asset, read.partition, 1, read.id
from versions as made join asset_inputs on asset_inputs.asset = made.asset
join versions as read on read.asset = asset_inputs.input and read.partition = made.partition;

delete from inputs where attempt in (select attempt from inputs order by attempt desc limit {missing});
analyze;
"""


def specs(assets: int) -> list[AssetSpec]:
    """Chains of four assets across the teams, daily; the first of each chain is a source."""
    found: list[AssetSpec] = []
    for number in range(assets):
        inputs = () if number % 4 == 0 else (InputSpec(found[-1].key, "given"),)
        found.append(
            AssetSpec(
                f"{TEAMS[number % len(TEAMS)]}/a{number}",
                code_version="c",
                partitions=Daily("2020-01-01"),
                inputs=inputs,
                checks=(CheckSpec("contract"),),
                shared_with=("*",),
            )
        )
    return found


@contextmanager
def filled_ledger(assets: int) -> Iterator[str]:
    """The platform's address of a ledger with so many assets, each with ten published days."""
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as folder:
        postgres = Postgres(Home(Path(folder) / ".lockgate"), durable=False)
        postgres.start()
        try:
            bootstrap(postgres.url(), dict.fromkeys([*TEAMS, "platform"], "secret"))
            url = database_url(postgres.url(), DATABASE)
            with psycopg.connect(url, autocommit=True, options="-csearch_path=lockgate") as owner:
                _fill(owner, specs(assets))
            yield url.replace(url.split("//")[1].split("@")[0], f"{PLATFORM}:secret")
        finally:
            postgres.purge()


def _fill(owner: psycopg.Connection, registered: list[AssetSpec]) -> None:
    with owner.cursor() as cursor:
        with cursor.copy(
            "copy assets (key, team, name, active, code_version, partitions, effect, shared_with, spec) from stdin"
        ) as rows:
            for spec in registered:
                content = spec.to_json()
                rows.write_row(
                    (spec.key, spec.team, spec.name, True, "c", Jsonb(content["partitions"]), False, ["*"],
                     Jsonb(content))
                )  # fmt: skip
        with cursor.copy("copy asset_inputs (asset, input, param, on_rejected) from stdin") as rows:
            for spec in registered:
                for given in spec.inputs:
                    rows.write_row((spec.key, given.key, given.param, given.on_rejected))
    owner.execute(_HEADS.format(days=DAYS, missing=MISSING))


def main() -> None:
    """Measure rounds and print them."""
    options = arguments(__doc__)
    assets = 1_000 if options.quick else 10_000
    names = ("ask: snapshot", "ask: progress", "decide", "whole round")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    say(f"filling a ledger with {assets:,} assets and {assets * DAYS:,} heads")
    with filled_ledger(assets) as url, Operator(url) as ledger:
        for _ in range(2 if options.quick else 7):
            times = [time.perf_counter()]
            snapshot = ledger.snapshot_all()
            times.append(time.perf_counter())
            progress = ledger.progress()
            times.append(time.perf_counter())
            found = in_turn(missing_runs(snapshot, progress))
            times.append(time.perf_counter())
            assert len(found) == MISSING, len(found)
            taken = [later - earlier for earlier, later in itertools.pairwise(times)]
            for name, value in zip(names, [*taken, sum(taken)], strict=True):
                seconds[name].append(value)
    title = f"One round of the sweep over {assets:,} assets and {assets * DAYS:,} heads, {MISSING} missing, 3 queries"
    report(title, [Series(name, "s", values) for name, values in seconds.items()], {}, as_json=options.json)


if __name__ == "__main__":
    main()
