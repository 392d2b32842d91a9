from dataclasses import dataclass

import pytest

from tests.running import Ended, Live

BAD = [10.0, 75.5]


@dataclass(frozen=True)
class BadDay:
    """Good data went through to the end of the chain; then bad data came, and people started things by hand.

    Attributes:
        day: The partition.
        good: The run that published alpha/readings.
        rejected: The run that had the bad data.
        summary: beta/summary, which reads the readings, started by hand afterwards.
        forced: The same, forced.
        report: gamma/report, which reads the summary, started by hand afterwards.
    """

    day: str
    good: Ended
    rejected: Ended
    summary: Ended
    forced: Ended
    report: Ended


@pytest.fixture(scope="session")
def bad_day(live: Live) -> BadDay:
    """alpha/readings, beta/summary, gamma/report: all published once, then the readings were rejected."""
    day = live.new_day()
    good = live.run("alpha/readings", day)
    assert live.started_by_event("gamma/report", day).outcome == "published"
    live.steer("readings", day, values=BAD)
    rejected = live.run("alpha/readings", day)
    by_hand = [
        live.start("beta/summary", day),
        live.start("beta/summary", day, force=True),
        live.start("gamma/report", day),
    ]
    return BadDay(day, good, rejected, *map(live.ended, by_hand))
