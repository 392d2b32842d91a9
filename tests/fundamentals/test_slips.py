"""What people write by mistake: every step has a limit, every exception an end, and what was judged is published."""

import pytest

from lockgate.core.errors import UsageError
from tests.running import Ended, Live

SECRET = "Mrs Brown"


@pytest.fixture(scope="module")
def clumsy(live: Live) -> Ended:
    """One run of a job whose assets and checks exit, interrupt, hang and fork."""
    day = live.new_day()
    found = live.client.read_deployment_by_name("alpha/@clumsy")
    run = live.client.create_flow_run_from_deployment(found.id, parameters={"partition": day})
    return live.ended(str(run.id))


def outcomes(live: Live, clumsy: Ended) -> dict[str, str | None]:
    return {attempt.asset: attempt.outcome for attempt in clumsy.attempts}


def test_what_one_asset_of_a_job_does_to_itself_does_nothing_to_the_others(live: Live, clumsy: Ended) -> None:
    """An exit, an interrupt and a StopIteration each fail their own asset; the rest is decided as ever."""
    assert outcomes(live, clumsy) == {
        "alpha/leaving": "failed",
        "alpha/shouting": "failed",
        "alpha/stopping": "failed",
        "alpha/misjudged": "rejected",
        "alpha/awaited": "published",
    }
    why = {attempt.asset: str(attempt.reason) for attempt in clumsy.attempts}
    assert "raised SystemExit" in why["alpha/leaving"]
    assert "raised KeyboardInterrupt" in why["alpha/shouting"]


def test_whatever_a_check_does_it_comes_to_a_verdict(live: Live, clumsy: Ended) -> None:
    """One that sleeps for ever has failed when its time is over."""
    (misjudged,) = (attempt for attempt in clumsy.attempts if attempt.asset == "alpha/misjudged")
    with live.ledger() as ledger:
        found = {verdict.name: verdict for verdict in ledger.verdicts(misjudged.attempt)}
    assert {name: verdict.message.partition(" at ")[0] for name, verdict in found.items()} == {
        "sleeps": "took longer than 1 s",
        "sleeps_async": "raised CancelledError",
        "exits": "raised SystemExit",
        "forks": "forked the run's process; use subprocess, or multiprocessing's spawn",
        "says_too_much": "returned a CheckResult whose failed is no count; return True, False or a CheckResult",
        "leaves_a_thread": "",
        "judges_later": "",
    }
    assert [name for name, verdict in found.items() if verdict.passed] == ["judges_later"]


def test_what_is_said_beside_a_value_is_kept_in_known_forms(live: Live, clumsy: Ended) -> None:
    """NaN and dates too, which are no JSON."""
    day = str(clumsy.flow_run.parameters["partition"])
    with live.ledger() as ledger:
        version = ledger.version("alpha/awaited", day)
    assert version
    assert version.metadata == {"mean": "NaN", "last": "2020-01-01T00:00:00"}


def test_a_call_that_outlived_its_limit_changes_nothing_any_more(live: Live, day: str) -> None:
    """What is staged, judged and published is the one value that the retry returned."""
    run = live.run("alpha/twofold", day)
    assert live.calls("twofold", day) == 2
    assert live.tasks(run)["check first_call_is_over"] == "Completed"
    assert run.outcome == "rejected"
    with pytest.raises(UsageError, match="no published version"):
        live.load("alpha/twofold", day)


def test_what_is_judged_is_what_is_stored_whatever_the_code_does_to_what_it_returned(live: Live, day: str) -> None:
    """Each check sees what was staged, read back."""
    run = live.run("alpha/shared", day)
    assert run.outcome == "published"
    assert live.load("alpha/shared", day) == [1.0]


def test_a_value_that_cannot_be_stored_and_fails_its_checks_is_rejected(live: Live, day: str) -> None:
    """Nothing of it is in what Prefect or the ledger say."""
    live.steer("readings", day, values=[1.0, SECRET])
    run = live.run("alpha/readings", day)
    assert run.outcome == "rejected"
    runs = live._post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run.id]}}})
    logs = live._post("/logs/filter", {"logs": {"flow_run_id": {"any_": [run.id]}}})
    assert SECRET not in str([run, runs, logs, live.artifacts(run)])
