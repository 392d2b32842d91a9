"""One execution is one attempt."""

from prefect.states import Scheduled

from tests.running import Live, kill_with_children, until


def test_a_computation_that_raises_is_repeated_as_declared_within_one_attempt(live: Live, day: str) -> None:
    """Retries belong to the computation, not to the run; their number is bounded."""
    hopeless = live.new_day()
    live.steer("flaky", day, raise_first=1)
    live.steer("flaky", hopeless, raise_first=100)

    healed, failed = live.run_all(("alpha/flaky", day), ("alpha/flaky", hopeless))

    assert (healed.outcome, live.calls("flaky", day), len(healed.attempts)) == ("published", 2, 1)
    assert (failed.outcome, live.calls("flaky", hopeless), len(failed.attempts)) == ("failed", 3, 1)


def test_a_computation_that_takes_too_long_is_ended_and_fails(live: Live, day: str) -> None:
    """A timeout frees the claim, and what comes back late is not published."""
    live.steer("hurried", day, hold=True)
    late = live.run("alpha/hurried", day)
    assert late.outcome == "failed"
    assert "timed out after 1.0 second" in late.message

    live.let_go("hurried", day)
    assert live.run("alpha/hurried", day).outcome == "published"
    assert [attempt.outcome for attempt in live.attempts("alpha/hurried", day)] == ["failed", "published"]


def test_what_the_ledger_keeps_of_a_teams_exception_is_its_kind_not_its_text(live: Live, day: str) -> None:
    """The text may hold data; Prefect's log of the run, which is the team's, has it in full."""
    live.steer("solo", day, raise_first=1)
    assert live.run("alpha/solo", day).attempts[0].reason == {"why": "RuntimeError"}


def test_a_run_retried_from_prefects_ui_is_a_new_attempt(live: Live, day: str) -> None:
    """The retry goes through the gate again and is counted, judged and recorded as an attempt of its own."""
    # given a rejected run
    live.steer("pulse", day, values=[-1])
    rejected = live.run("alpha/pulse", day)

    # when its data is corrected and the run is retried as the UI does it
    live.steer("pulse", day, values=[1])
    live.client.set_flow_run_state(rejected.flow_run.id, Scheduled(name="AwaitingRetry"), force=True)
    until(lambda: live.calls("pulse", day) == 2, "the run computes again")
    retried = live.ended(rejected.id)

    # then the same flow run has two attempts
    assert retried.state.is_completed()
    assert [attempt.outcome for attempt in retried.attempts] == ["published", "rejected"]
    assert live.load("alpha/pulse", day) == [1]


def test_a_run_that_dies_leaves_the_published_version_as_it_was(live: Live, day: str) -> None:
    """Nothing is visible before the one transaction that publishes."""
    live.run("alpha/levels", day)
    live.steer("levels", day, values=[5], hold=True)
    dying = live.start("alpha/levels", day)
    live.is_computing("levels", day, calls=2)

    pid = live.client.read_flow_run(dying).infrastructure_pid  # type: ignore[arg-type]
    kill_with_children(int(pid or 0))

    assert live.ended(dying).state.is_crashed()
    assert live.load("alpha/levels", day) == [1.0, 2.0]
