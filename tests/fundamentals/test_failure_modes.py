"""The three failure modes of the seed architecture, each by its name: impact, effect, recovery."""

import os
import signal

import psutil

from lockgate.embedded.process import alive
from lockgate.embedded.supervisor import Supervisor
from tests.fundamentals.conftest import BadDay
from tests.running import Live, until


def kill(live: Live, name: str) -> None:
    """End one part of the platform as a power cut would."""
    record = Supervisor(live.home).records()[name]
    os.kill(record.pid, signal.SIGKILL)
    until(lambda: not alive(record), f"{name} is dead")


def test_code_location_failure_concerns_its_team_alone_and_is_over_when_its_worker_is_back(
    live: Live, day: str
) -> None:
    """Impact: only the owning team. Effect: its runs are not picked up. Recovery: its worker starts again."""
    # given a team whose worker is dead
    kill(live, "worker/gamma")

    # when something is started of it and of others
    waiting = live.start("gamma/joined", day)
    assert live.run("alpha/left", day).outcome == "published"
    assert not live.client.read_flow_run(waiting).state.is_final()

    # then the run is picked up when its worker is back, and loses nothing
    live.up_again()
    assert live.ended(waiting).outcome == "waiting"


def test_asset_check_failure_blocks_the_lineage_below_and_is_over_when_the_data_is_corrected(
    live: Live, day: str, bad_day: BadDay
) -> None:
    """Impact: downstream lineage only. Effect: blocked. Recovery: data corrected, and all below runs by itself."""
    # given a rejected asset, everything below it is blocked and everything beside it runs
    assert bad_day.rejected.outcome == "rejected"
    assert [bad_day.summary.outcome, bad_day.report.outcome] == ["blocked", "blocked"]
    live.steer("readings", day, values=[99.0])
    beside, rejected = live.run_all(("alpha/solo", bad_day.day), ("alpha/readings", day))
    assert [beside.outcome, rejected.outcome] == ["published", "rejected"]

    # when the data is corrected
    live.steer("readings", day, values=[5.0, 6.0])
    assert live.run("alpha/readings", day).outcome == "published"

    # then the lineage below runs to its end, and nobody started it
    assert live.started_by_event("gamma/report", day).outcome == "published"
    assert live.load("gamma/report", day) == {"reported": 11.0}


def test_control_plane_failure_stops_scheduling_until_it_is_restarted_and_loses_nothing(live: Live, day: str) -> None:
    """Impact: all teams. Effect: nothing new starts; published data stays readable. Recovery: ``lockgate up``."""
    # given published data, and a run under way
    live.run("alpha/solo", day)
    live.steer("pulse", day, hold=True)
    under_way = live.start("alpha/pulse", day)
    live.is_computing("pulse", day)

    # when Prefect's server is killed
    kill(live, "server")
    assert live.load("alpha/solo", day) == [1.0, 2.0]
    live.let_go("pulse", day)
    until(lambda: live.attempts("alpha/pulse", day)[-1].outcome == "published", "published without the control plane")

    # then after a restart the run is over, its dependent runs, and so does whatever is started
    live.up_again()
    assert psutil.pid_exists(live.process("server"))
    assert live.ended(under_way).outcome == "published"
    assert live.run("alpha/solo", day).outcome == "published"
