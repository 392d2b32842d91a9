"""What a team costs while nothing runs: memory and CPU of its worker and fork server, and requests to Prefect's API.

Memory is the proportional set size (PSS): pages shared by several processes count once in all. The worker reaches
the API through a forwarder that counts its requests; what it sends over its web sockets is not counted.
"""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from benchmarks.common import Bench, Series, arguments, report, running_platform, say
from benchmarks.workers import STOCK, WARM, Kind, replaced

SECONDS, QUICK_SECONDS = 60, 3
SETTLE_SECONDS = 5
REQUEST = re.compile(rb"^(?:GET|POST|PUT|PATCH|DELETE) /", re.MULTILINE)

CODE = '''
"""An asset with a contract, as most are."""

import pandas as pd
import pandera.pandas as pa

from lockgate import Daily, Team

team = Team("quiet")


class Small(pa.DataFrameModel):
    """Numbers."""

    number: int


@team.asset(contract=Small, partitions=Daily("2020-01-01"))
def numbers(partition):
    """A small frame."""
    return pd.DataFrame({"number": range(10)})
'''


class Counter:
    """Forwards connections to a port and counts the HTTP requests that go through."""

    def __init__(self, port: int) -> None:
        self.requests = 0
        self._target = port

    async def serve(self) -> asyncio.Server:
        """Listen on any free port."""
        return await asyncio.start_server(self._forward, "127.0.0.1", 0)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onwards, back = (await asyncio.open_connection("127.0.0.1", self._target))[::-1]
        await asyncio.gather(self._copy(reader, onwards, count=True), self._copy(back, writer, count=False))

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, count: bool) -> None:
        try:
            while chunk := await source.read(65536):
                if count:
                    self.requests += len(REQUEST.findall(chunk))
                target.write(chunk)
                await target.drain()
        except ConnectionError:
            return
        finally:
            target.close()


@contextmanager
def counted(bench: Bench) -> Iterator[tuple[str, Counter]]:
    """Another address of the API, and the counter behind it."""
    counter = Counter(int(bench.api_url.rpartition(":")[2].removesuffix("/api")))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(counter.serve(), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api", counter
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True)
class Cost:
    """Of an idle team.

    Attributes:
        pss: Of worker and fork server, in MiB.
        cpu: Percent of one core.
        requests: Per minute.
    """

    pss: float
    cpu: float
    requests: float


def measure(bench: Bench, kind: Kind, day: str, seconds: float) -> Cost:
    """Let a worker of this kind run one asset, and then nothing."""
    with counted(bench) as (address, counter), replaced(bench, "quiet", kind, api_url=address) as pid:
        bench.ended(bench.start("quiet/numbers", day))
        time.sleep(SETTLE_SECONDS)
        processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        say(f"{kind.name}: {seconds} s")
        cpu, requests = _cpu(processes), counter.requests
        time.sleep(seconds)
        cpu, requests = _cpu(processes) - cpu, counter.requests - requests
        pss = sum(process.memory_full_info().pss for process in processes) / 2**20
    return Cost(pss, 100 * cpu / seconds, 60 * requests / seconds)


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def main() -> None:
    """Measure and print."""
    chosen = arguments(__doc__)
    seconds = QUICK_SECONDS if chosen.quick else SECONDS
    kinds = (WARM, STOCK)
    with running_platform({"quiet": CODE}) as bench:
        costs = {kind: measure(bench, kind, f"202{number}-01-01", seconds) for number, kind in enumerate(kinds)}
    series = []
    for kind, cost in costs.items():
        series.append(Series(f"memory, {kind.name}", "MiB PSS", [cost.pss]))
        series.append(Series(f"CPU, {kind.name}", "% of a core", [cost.cpu]))
        series.append(Series(f"API requests, {kind.name}", "1/min", [cost.requests]))
    report("An idle team", series, {}, as_json=chosen.json)


if __name__ == "__main__":
    main()
