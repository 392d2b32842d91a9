"""What the ledger costs a run, with few and with many versions in it: gate, whole publish, and what the sweep reads.

    python -m benchmarks.ledger [--json] [--quick]

A PostgreSQL of its own, as `lockgate up` starts it, with 20 assets of one team in two layers: ten sources by day, and
ten dependents of one source each. The versions are written by SQL, five to a slice; then each operation is done
through the ledger's own functions, one at a time, on days chosen at random.
"""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.common import Series, arguments, report, say
from lockgate.core.check import Verdict
from lockgate.core.gate import Open, decide
from lockgate.core.partitions import Daily
from lockgate.core.spec import AssetSpec, CheckSpec, InputSpec
from lockgate.core.sweep import missing_runs
from lockgate.embedded.home import Home
from lockgate.embedded.postgres import Postgres
from lockgate.ledger import Ledger
from lockgate.ledger.admin import bootstrap, database_url
from lockgate.ledger.roles import DATABASE, PLATFORM, team_role

TEAM, PASSWORD = "bench", "of the benchmark"
PAIRS, VERSIONS_PER_SLICE = 10, 5
START = date(2000, 1, 1)
FILL = """
    create temp table plan as
    select row_number() over (order by number, layer, pair, day) as id, layer, pair, number,
        format('bench/%%s_%%s', layer, pair) as asset, (date %(start)s + day)::text as partition
    from generate_series(0, %(days)s - 1) as day, generate_series(0, %(pairs)s - 1) as pair,
        unnest(array['dependent', 'source']) as layer, generate_series(1, %(numbers)s) as number;
    create index on plan (asset, partition, number);
    insert into attempts
        (id, asset, partition, code_version, flow_run_id, slot, base_epoch, pinned_at, outcome, settled_at)
    overriding system value
    select id, asset, partition, 'c', 'run ' || id, md5(id::text), 0, id, 'published', now() from plan order by id;
    insert into versions (id, attempt, asset, partition, number, location, digest, size, rows, published_at)
    overriding system value
    select id, id, asset, partition, number, concat_ws('/', asset, partition, id, 'data'), 'd', 1, 1, now() from plan
    order by id;
    insert into inputs (attempt, asset, partition, number, version)
    select reader.id, read.asset, read.partition, read.number, read.id from plan as reader
    join plan as read on read.asset = 'bench/source_' || reader.pair and read.partition = reader.partition
        and read.number = reader.number
    where reader.layer = 'dependent' order by reader.id;
    insert into verdicts (attempt, name, severity, passed) select id, 'contract', 'error', true from plan order by id;
    insert into heads (asset, partition, judged, judged_by, current, number, confirmed)
    select asset, partition, 'published', id, id, number, id from plan where number = %(numbers)s order by id;
    select setval(pg_get_serial_sequence('attempts', 'id'), max(id)),
        setval(pg_get_serial_sequence('versions', 'id'), max(id)), setval('tick', max(id)) from plan;
    drop table plan;
    analyze;
"""


def specs() -> list[AssetSpec]:
    """Sources and their dependents."""
    days, checks = Daily(START.isoformat()), (CheckSpec("contract"),)
    sources = [AssetSpec(f"{TEAM}/source_{n}", "c", days, checks=checks) for n in range(PAIRS)]
    return sources + [
        AssetSpec(f"{TEAM}/dependent_{n}", "c", days, (InputSpec(f"{TEAM}/source_{n}", "source"),), checks)
        for n in range(PAIRS)
    ]


@contextmanager
def filled_ledger(versions: int) -> Iterator[tuple[Ledger, Ledger, int]]:
    """A ledger with so many versions: the team's login, the platform's, and the number of days."""
    root = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    postgres = Postgres(Home(root / ".lockgate"))
    try:
        postgres.start()
        bootstrap(postgres.url(), {TEAM: PASSWORD, "platform": PASSWORD})
        days = versions // (2 * PAIRS * VERSIONS_PER_SLICE)
        with _login(postgres, team_role(TEAM)) as team, _login(postgres, PLATFORM) as platform:
            team.register({"team": TEAM, "assets": [spec.to_json() for spec in specs()]})
            _fill(postgres, days)
            yield team, platform, days
    finally:
        postgres.purge()
        shutil.rmtree(root, ignore_errors=True)


def _login(postgres: Postgres, role: str) -> Ledger:
    address = database_url(postgres.url(), DATABASE).rpartition("@")[2]
    return Ledger(f"postgresql://{role}:{PASSWORD.replace(' ', '%20')}@{address}")


def _fill(postgres: Postgres, days: int) -> None:
    values = {"start": START, "days": days, "pairs": PAIRS, "numbers": VERSIONS_PER_SLICE}
    address = database_url(postgres.url(), DATABASE) + "?options=-csearch_path%3Dlockgate"
    with psycopg.connect(address) as connection, psycopg.ClientCursor(connection) as cursor:
        cursor.execute(FILL, values)


def gate(ledger: Ledger, day: str) -> None:
    """What a dependent asks before it computes."""
    key = f"{TEAM}/dependent_{random.randrange(PAIRS)}"
    decide(key, day, ledger.snapshot(key, day))


def publish(ledger: Ledger, day: str) -> None:
    """A forced dependent's whole way through the ledger, its gate included."""
    key = f"{TEAM}/dependent_{random.randrange(PAIRS)}"
    decision = decide(key, day, ledger.snapshot(key, day), force=True)
    if not isinstance(decision, Open):
        raise RuntimeError(f"the gate of {key} is shut: {decision}")
    begun = ledger.begin(
        key, day, code_version="c", flow_run_id="bench", pins=decision.pins, forced=True, lease_seconds=60
    )
    location = f"{key}/{day}/{begun.attempt}/data"
    ledger.stage(begun.attempt, begun.token, location=location, digest="d", size=1, rows=1, metadata={})
    ledger.verdict(begun.attempt, begun.token, Verdict("contract", "error", passed=True))
    ledger.publish(begun.attempt, begun.token)


def timed(work: Callable[[], object], samples: int) -> list[float]:
    """Milliseconds of each call, after one that is not counted."""
    work()
    values = []
    for _ in range(samples):
        begun = time.perf_counter()
        work()
        values.append((time.perf_counter() - begun) * 1000)
    return values


def measure(versions: int, samples: int) -> list[Series]:
    """Every operation with so many versions present."""
    say(f"a ledger with {versions} versions")
    with filled_ledger(versions) as (team, platform, days):

        def any_day() -> str:
            return (START + timedelta(days=random.randrange(days))).isoformat()

        whole: dict[str, Callable[[], Any]] = {
            "status": platform.status,
            "sweep's reading and decision": lambda: list(missing_runs(platform.snapshot_all(), platform.progress())),
        }
        slices = 2 * PAIRS * days
        single: dict[str, Callable[[], Any]] = {
            "gate": lambda: gate(team, any_day()),
            "publish": lambda: publish(team, any_day()),
            "read of a version": lambda: team.version(f"{TEAM}/source_0", any_day()),
            "outcome of a flow run": lambda: platform.attempts(flow_run_id=f"run {random.randrange(1, versions)}"),
        }
        return [
            *(Series(f"{name}, {versions}", "ms", timed(work, samples)) for name, work in single.items()),
            *(
                _per_slice(f"{name}, {versions}", timed(work, max(1, samples // 40)), slices)
                for name, work in whole.items()
            ),
        ]


def _per_slice(name: str, milliseconds: Sequence[float], slices: int) -> Series:
    return Series(name, "µs/slice", [value * 1000 / slices for value in milliseconds])


def per_second(series: Sequence[Series], name: str) -> float:
    """How many operations of a name a single caller does in a second."""
    return 1000 / next(each for each in series if each.name.startswith(f"{name}, ")).median


def main() -> None:
    """Measure with few and with many versions."""
    asked = arguments(__doc__)
    few, many = (1_000, 2_000) if asked.quick else (1_000, 100_000)
    samples = 5 if asked.quick else 200
    before, after = measure(few, samples), measure(many, samples)
    ratios = {
        f"{each.name.rpartition(', ')[0]}, {many} / {few} versions": each.median / before[at].median
        for at, each in enumerate(after)
    }
    for name in ("gate", "publish"):
        ratios[f"{name} per second, {many} versions"] = per_second(after, name)
    report("ledger", [*before, *after], ratios, as_json=asked.json)


if __name__ == "__main__":
    main()
