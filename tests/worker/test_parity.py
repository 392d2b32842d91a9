"""However a run ends, and whatever it is given, it is for Prefect as on the stock process worker."""

from pathlib import Path

import pytest

from tests.running import until
from tests.worker.conftest import Pool

ENDINGS = ("return", "raise", "exit", "sys.exit", "kill", "terminate", "timeout", "cancel")


def begin(pool: Pool, how: str) -> str:
    return pool.start("", "slow_probe") if how == "timeout" else pool.start("hold" if how == "cancel" else how)


def end(pool: Pool, how: str, run_id: str) -> tuple[str, str, list[str]]:
    """The final state's type and name, and the hooks that ran."""
    if how == "cancel":
        pool.notes(run_id)
        pool.cancel(run_id)
    run = pool.ended(run_id)
    assert run.state
    hooks = Path(f"{run.parameters['notes']}.hooks")
    until(hooks.exists, f"a hook of {pool.label} {how} has run")
    return run.state.type.value, run.state.name or "", hooks.read_text().split()


@pytest.mark.slow
def test_a_run_ends_as_on_the_stock_worker_and_the_same_hooks_run(stock: Pool, warm: Pool) -> None:
    pools = (stock, warm)
    started = {(pool.label, how): begin(pool, how) for how in ENDINGS for pool in pools}
    ended = {(pool.label, how): end(pool, how, started[pool.label, how]) for how in ENDINGS for pool in pools}
    assert {how: ended["warm-process", how] for how in ENDINGS} == {how: ended["process", how] for how in ENDINGS}
    assert ended["warm-process", "kill"] == ("CRASHED", "Crashed", ["crashed"])
    assert ended["warm-process", "timeout"] == ("FAILED", "TimedOut", ["failure"])
    assert ended["warm-process", "cancel"] == ("CANCELLED", "Cancelled", ["cancellation"])


@pytest.mark.slow
def test_exit_statuses_are_told_in_the_same_words(stock: Pool, warm: Pool) -> None:
    started = [(how, stock.start(how), warm.start(how)) for how in ("exit", "kill")]
    for how, on_stock, on_warm in started:
        told = [pool.ended(run).state.message for pool, run in ((stock, on_stock), (warm, on_warm))]  # type: ignore[union-attr]
        assert told[0] == told[1], how


@pytest.mark.slow
def test_a_run_is_given_the_same_folder_and_variables_and_its_last_words_arrive(stock: Pool, warm: Pool) -> None:
    given = []
    for pool in (stock, warm):
        run = pool.start("streams")
        given.append((Path(pool.notes(run)[3]) == pool.folder, pool.notes(run)[4]))
        notes = pool.ended(run).parameters["notes"]
        until(lambda: f"{notes} last words" in pool.log, "what was not ended by a line end is streamed too")  # noqa: B023
    assert given == [(True, "set-in-the-pool")] * 2
