"""One piece of work is done once, however often it is started."""

import json

import pytest

from tests.running import DEADLINE, Live, until


def test_two_runs_of_the_same_work_do_it_once_and_the_second_names_the_first(live: Live, day: str) -> None:
    """The loser of a claim ends at once, green, and says which run does the work."""
    # given a run that holds the claim
    live.steer("solo", day, hold=True)
    holder = live.start("alpha/solo", day)
    live.is_computing("solo", day)

    # when the same work is started again
    duplicate = live.run("alpha/solo", day)

    # then nothing is computed twice
    assert duplicate.outcome == "duplicate"
    assert (duplicate.state.name, duplicate.state.is_completed()) == ("Duplicate", True)
    assert duplicate.message == f"the same work is done by flow run {holder}"
    live.let_go("solo", day)
    assert live.ended(holder).outcome == "published"
    assert live.calls("solo", day) == 1


def test_waiting_for_a_duplicate_reports_what_became_of_the_holder(live: Live, day: str) -> None:
    """Two people who start the same work and wait are told the same, here that it was rejected."""
    live.steer("pulse", day, hold=True, values=[-1])
    holder = live.start("alpha/pulse", day)
    live.is_computing("pulse", day)

    waiting = live.begin("run", "alpha/pulse", "-p", day, "--wait", "--json")
    live.await_attempts("alpha/pulse", day, 2)
    live.let_go("pulse", day)

    out, err = waiting.communicate(timeout=DEADLINE)
    assert waiting.returncode == 3, err
    told = json.loads(out)
    assert told["outcome"] == "rejected"
    assert told["flow_run_id"] != holder
    assert live.ended(holder).outcome == "rejected"


@pytest.mark.slow
def test_the_claim_of_a_dead_run_runs_out_and_the_next_run_takes_over(live: Live, day: str) -> None:
    """A claim is a lease: nobody has to clean up after a crash."""
    live.steer("solo", day, die=True)
    assert live.run("alpha/solo", day).state.is_crashed()
    live.steer("solo", day)

    def taken_over() -> bool:
        return live.run("alpha/solo", day).outcome == "published"

    until(taken_over, "the lease of the dead run runs out")
    assert live.attempts("alpha/solo", day)[0].outcome == "failed"
