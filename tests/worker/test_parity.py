"""However a run ends, it ends for Prefect as it does on the stock process worker."""

import pytest
from prefect.client.schemas.objects import FlowRun

from tests.worker.conftest import Pool

BEHAVIOURS = ("return", "raise", "exit", "kill")


def essence(run: FlowRun) -> tuple[str, str]:
    assert run.state
    return run.state.type.value, run.state.name or ""


@pytest.mark.slow
def test_a_run_ends_as_on_the_stock_worker(stock: Pool, warm: Pool) -> None:
    started = {(pool.label, how): (pool, pool.start(how)) for how in BEHAVIOURS for pool in (stock, warm)}
    started |= {(pool.label, "timeout"): (pool, pool.start("", "slow_probe")) for pool in (stock, warm)}
    ended = {key: essence(pool.ended(run)) for key, (pool, run) in started.items()}
    for how in (*BEHAVIOURS, "timeout"):
        assert ended["warm-process", how] == ended["process", how], how
    assert ended["warm-process", "kill"][0] == "CRASHED"
    assert ended["warm-process", "timeout"] == ("FAILED", "TimedOut")
