"""Cancel means stop: what a person ended is settled, and nothing starts it again by itself."""

from pathlib import Path

import httpx

from tests.running import Live, until


def cancel(live: Live, run: str, message: str) -> None:
    state = {"type": "CANCELLING", "message": message}
    live._post(f"/flow_runs/{run}/set_state", {"state": state, "force": True})


def test_a_cancelled_dependent_starts_again_for_new_inputs_only(live: Live, day: str) -> None:
    """Neither an event nor the sweep takes a cancellation for a failure."""
    # given a dependent that a person cancels in Prefect while it computes
    live.steer("echo", day, hold=True)
    live.run("alpha/pulse", day)
    live.is_computing("echo", day)
    (run,) = live.runs_of("beta/echo", day)
    cancel(live, str(run.id), "wrong day")
    ended = live.ended(str(run.id))
    assert ended.state.name == "Cancelled"
    assert [(attempt.outcome, attempt.reason) for attempt in ended.attempts] == [
        ("cancelled", {"why": "cancelled in Prefect: wrong day"})
    ]

    # when the sweep comes by, then it is left alone, and told as what it is
    for _ in range(2):
        assert live.sweep().state.is_completed()
    assert len(live.runs_of("beta/echo", day)) == 1
    told = live.command("why", "beta/echo", "-p", day)
    assert "its last run was cancelled" in told.out
    assert "about to start" not in told.out

    # and new inputs are a reason to run
    live.steer("echo", day)
    live.run("alpha/pulse", day)
    until(lambda: live.version("beta/echo", day) == 1, "it is published")


def test_a_run_deleted_in_prefect_stops_and_publishes_nothing(live: Live, day: str) -> None:
    """Deletion is cancellation: its process ends, and a new run of it is no duplicate of it."""
    live.steer("solo", day, hold=True)
    run = live.start("alpha/solo", day)
    live.is_computing("solo", day)
    pid = int(live.client.read_flow_run(run).infrastructure_pid or 0)  # type: ignore[arg-type]
    httpx.delete(f"{live.api_url}/flow_runs/{run}", timeout=30).raise_for_status()

    assert live.sweep().state.is_completed()
    (attempt,) = live.attempts("alpha/solo", day)
    assert (attempt.outcome, attempt.reason) == ("cancelled", {"why": "its run was deleted in Prefect"})
    until(lambda: not Path(f"/proc/{pid}").exists(), "its process is gone")
    live.let_go("solo", day)
    assert live.version("alpha/solo", day) is None

    live.steer("solo", day)
    assert live.run("alpha/solo", day).outcome == "published"
