"""The sweep: what an event failed to start, it starts; what was tried, it leaves alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lockgate.ledger import Ledger
from tests.running import Live

AUTOMATION = "alpha/pulse -> beta/echo"


@contextmanager
def events_lost(live: Live) -> Iterator[None]:
    """Nothing hears of what is published meanwhile."""
    live.pause_automation(AUTOMATION)
    try:
        yield
    finally:
        live.pause_automation(AUTOMATION, paused=False)


def sweep(live: Live) -> None:
    assert live.sweep().state.is_completed()


def swept(live: Live, key: str, day: str) -> list[str | None]:
    """Outcomes of the runs that the sweep started."""
    return [live.ended(str(run.id)).outcome for run in live.runs_of(key, day) if "sweep" in run.tags]


def test_the_sweep_starts_a_dependent_whose_event_was_lost(live: Live, day: str) -> None:
    """Events are speed, never truth: the ledger knows what is published and who has not consumed it."""
    with events_lost(live):
        live.run("alpha/pulse", day)
        sweep(live)
    assert swept(live, "beta/echo", day) == ["published"]
    assert live.runs_of("beta/echo", day, by="AUTOMATION") == []


@pytest.mark.slow
def test_the_sweep_never_restarts_what_was_rejected_or_failed_too_often(live: Live, day: str) -> None:
    """A rejected attempt has consumed its inputs, and so has one that failed three times; nothing runs for ever."""
    # given a dependent that is rejected, and one that always fails
    hopeless = live.new_day()
    live.steer("echo", day, values=[-1])
    live.steer("echo", hopeless, raise_first=100)
    with events_lost(live):
        live.run_all(("alpha/pulse", day), ("alpha/pulse", hopeless))

        # when the sweep comes by again and again
        for _ in range(3):
            sweep(live)
            outcomes = [swept(live, "beta/echo", day), swept(live, "beta/echo", hopeless)]

        # then each was tried as often as makes sense, the third time only after a pause
        assert outcomes == [["rejected"], ["failed"] * 2]
        live.age("beta/echo", minutes=5)
        for _ in range(2):
            sweep(live)
            outcomes = [swept(live, "beta/echo", day), swept(live, "beta/echo", hopeless)]
        assert outcomes == [["rejected"], ["failed"] * 3]

        # and new inputs are a reason to try again
        live.run_all(("alpha/pulse", day), ("alpha/pulse", hopeless))
        live.steer("echo", day)
        sweep(live)
        assert swept(live, "beta/echo", day) == ["rejected", "published"]
        assert swept(live, "beta/echo", hopeless) == ["failed"] * 4


def test_the_sweep_does_not_remake_what_a_rollback_withdrew(live: Live, day: str) -> None:
    """A rollback declines the inputs of what it withdrew, until inputs or code change; its number is a new one."""
    live.run("alpha/pulse", day)
    live.started_by_event("beta/echo", day)
    live.steer("pulse", day, values=[9])
    live.run("alpha/pulse", day)
    assert live.started_by_event("beta/echo", day, number=2).outcome == "published"

    with Ledger(live.ledger_url("beta")) as ledger:
        assert ledger.rollback("beta/echo", day, to_number=1, why="nines are wrong").number == 3
    sweep(live)

    assert swept(live, "beta/echo", day) == []
    assert live.load("beta/echo", day)["pulse"] == [1.0, 2.0]


def test_a_rollback_is_not_overwritten_by_an_attempt_under_way(live: Live, day: str) -> None:
    """It moves the fencing token: what began before it cannot be published after it."""
    live.run("alpha/solo", day)
    live.steer("solo", day, values=[9], hold=True)
    under_way = live.start("alpha/solo", day)
    live.is_computing("solo", day, calls=2)

    with Ledger(live.ledger_url("alpha")) as ledger:
        ledger.rollback("alpha/solo", day, to_number=1, why="stop")
    live.let_go("solo", day)

    assert live.ended(under_way).outcome == "failed"
    assert live.load("alpha/solo", day) == [1.0, 2.0]
