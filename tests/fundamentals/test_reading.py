"""Reading: inside a run only what was declared, outside only what is shared."""

import pytest

from lockgate.core.errors import UsageError
from tests.running import Live


def test_inside_a_run_only_declared_inputs_can_be_loaded(live: Live, day: str) -> None:
    """No dependency is implicit: loading anything else is refused, even what the team may read outside a run."""
    other = live.new_day()
    live.run_all(("alpha/catalogue", ""), ("alpha/pulse", day))
    live.steer("peeking", day, values=[["alpha/pulse", day]])
    live.steer("peeking", other, values=[["alpha/catalogue"]])

    undeclared, declared = live.run_all(("gamma/peeking", day), ("gamma/peeking", other))

    assert undeclared.outcome == "failed"
    assert "is not among the versions this run is pinned to" in str(undeclared.attempts[0].reason)
    assert declared.outcome == "published"
    assert live.load("gamma/peeking", other) == [[1.0, 2.0]]
    assert live.load("alpha/pulse", day, login="gamma") == [1.0, 2.0]


def test_outside_a_run_a_team_reads_only_what_is_shared_with_it(live: Live, day: str) -> None:
    """The ledger tells a team nothing of where an unshared value lies."""
    live.run("alpha/solo", day)
    assert live.load("alpha/solo", day, login="alpha") == [1.0, 2.0]
    with pytest.raises(UsageError, match=r"alpha/solo \[.*\] has no published version that this login may read"):
        live.load("alpha/solo", day, login="beta")


def test_an_older_version_can_be_loaded_by_its_number(live: Live, day: str) -> None:
    """Versions are immutable and numbered."""
    live.run("alpha/solo", day)
    live.steer("solo", day, values=[3])
    live.run("alpha/solo", day)
    assert live.load("alpha/solo", day) == [3]
    assert live.load("alpha/solo", day, version=1) == [1.0, 2.0]


def test_a_worker_holds_its_own_teams_credentials_and_nothing_else(live: Live) -> None:
    """What a run's process is given: Prefect's address, its own login, the store, its own settings."""
    live.run("alpha/environment")
    given = live.load("alpha/environment")
    ours = {name for name in given if name.startswith("LOCKGATE_")}
    assert ours <= {
        *("LOCKGATE_LEDGER_URL", "LOCKGATE_STORE_URL"),
        *("LOCKGATE_WORKER_RUNTIME", "LOCKGATE_STARTED_BY", "LOCKGATE_DEPLOYMENT"),
    }
    assert "lockgate_team_alpha:" in given["LOCKGATE_LEDGER_URL"]
    secrets = [live.home.secret(name) for name in ("ledger/beta", "ledger/platform")]
    assert not [name for name, value in given.items() if any(secret in value for secret in secrets)]
    assert given["STEER_DIR"]
    assert not [name for name in given if name.startswith("BETA__")]
