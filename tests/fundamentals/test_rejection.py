"""What a failed check means, for the asset and for everything below it."""

from lockgate.ledger import Ledger
from tests.fundamentals.conftest import BadDay
from tests.running import Live


def test_a_failed_check_task_means_that_no_dependent_run_exists(live: Live, bad_day: BadDay) -> None:
    """A rejection makes no event, so no automation can start a dependent: there is nothing to cancel or to skip."""
    # given a rejected attempt whose check task failed
    assert live.tasks(bad_day.rejected)["check below_the_limit"] == "Failed"

    # when a later publish has gone all the way through the same automation
    later = live.new_day()
    live.run("alpha/readings", later)
    live.started_by_event("beta/summary", later)

    # then the rejected data still has no dependent run, and never had an event
    by_event = live.runs_of("beta/summary", bad_day.day, by="AUTOMATION")
    assert [live.ended(str(run.id)).outcome for run in by_event] == ["published"]
    told = live.announced("alpha/readings", bad_day.day, count=1)
    assert [event["payload"]["version"] for event in told] == [1]


def test_the_error_check_of_a_rejected_attempt_shows_as_a_failed_task_and_nothing_is_published(
    live: Live, bad_day: BadDay
) -> None:
    """The checks are tasks of their own; the attempt ends in ``reject`` where it would have ended in ``publish``."""
    tasks = live.tasks(bad_day.rejected)
    assert list(tasks)[:2] == ["gate", "compute"]
    assert list(tasks)[-1] == "reject"
    assert {name: state for name, state in tasks.items() if state == "Failed"} == {"check below_the_limit": "Failed"}
    assert tasks["check contract"] == "Completed"
    assert "publish" not in tasks


def test_a_blocked_run_started_by_hand_names_the_check_and_its_owner(bad_day: BadDay) -> None:
    """Whoever starts a dependent of rejected data reads what stands in the way and who can mend it."""
    assert bad_day.summary.state.name == "Blocked"
    assert bad_day.summary.message == (
        f"alpha/readings [{bad_day.day}] stands rejected by below_the_limit; team alpha owns it"
    )


def test_no_flag_opens_a_gate_that_is_shut(bad_day: BadDay) -> None:
    """``force`` computes what did not change; it does not read what was rejected."""
    assert bad_day.forced.state.name == "Blocked"


def test_the_gate_looks_at_all_ancestors(live: Live, bad_day: BadDay) -> None:
    """With A rejected, C does not run on an old B either, and is told that A is why."""
    with live.ledger() as ledger:
        assert ledger.version("beta/summary", bad_day.day) is not None
    assert bad_day.report.state.name == "Blocked"
    assert bad_day.report.message == bad_day.summary.message


def test_the_last_good_version_stays_current_and_readable(live: Live, bad_day: BadDay) -> None:
    """Bad data never replaces good data: readers go on reading what passed."""
    assert list(live.load("alpha/readings", bad_day.day)["value"]) == [1.0, 2.0]
    assert list(live.load("alpha/readings", bad_day.day, login="beta")["value"]) == [1.0, 2.0]
    assert live.load("gamma/report", bad_day.day) == {"reported": 3.0}


def test_what_is_told_of_bad_data_holds_no_data(live: Live, bad_day: BadDay) -> None:
    """Names, counts and shapes are shown; values are redacted everywhere a person could read them."""
    (table,) = live.artifacts(bad_day.rejected)
    assert "99.9" in table["data"]
    told = [table["data"], table["description"], bad_day.rejected.message, str(bad_day.rejected.attempts)]
    assert all("75.5" not in text for text in told)


def test_only_a_publish_clears_a_rejection_never_a_later_attempt_that_judged_nothing(live: Live, day: str) -> None:
    """An attempt that fails after a rejection says nothing about the data, so the gate below stays shut."""
    # given a rejected version on top of a good one
    live.run("alpha/pulse", day)
    live.started_by_event("beta/echo", day)
    live.steer("pulse", day, values=[-1])
    assert live.run("alpha/pulse", day).outcome == "rejected"

    # when a later attempt fails
    live.steer("pulse", day, raise_first=100)
    assert live.run("alpha/pulse", day).outcome == "failed"

    # then the asset still stands rejected
    assert live.run("beta/echo", day, force=True).outcome == "blocked"

    # until something is published
    live.steer("pulse", day, values=[3])
    assert live.run("alpha/pulse", day).outcome == "published"
    assert live.started_by_event("beta/echo", day, number=2).outcome == "published"


def test_a_recorded_rollback_clears_a_rejection(live: Live, day: str) -> None:
    """The owner may declare the last good version to be the truth; that is recorded, and opens the gate below."""
    live.run("alpha/levels", day)
    live.started_by_event("beta/notify", day)
    live.steer("levels", day, values=[-1])
    live.run("alpha/levels", day)
    assert live.run("beta/notify", day, force=True).outcome == "blocked"

    with Ledger(live.ledger_url("alpha")) as ledger:
        assert ledger.rollback("alpha/levels", day, to_number=1, why="the sensor was moved").number == 2

    assert live.run("beta/notify", day, force=True).outcome == "published"


def test_an_input_may_opt_out_of_blocking_and_is_then_read_at_its_last_good_version(live: Live, day: str) -> None:
    """``on_rejected="last_good"`` is said per input, by the reader, in code; beside it, others stay blocked."""
    live.run("alpha/levels", day)
    live.started_by_event("gamma/lenient", day)
    live.steer("levels", day, values=[-1])
    live.run("alpha/levels", day)

    lenient, strict = (
        live.ended(run)
        for run in [
            live.start("gamma/lenient", day, force=True),
            live.start("beta/notify", day, force=True),
        ]
    )

    assert (lenient.outcome, strict.outcome) == ("published", "blocked")
    assert live.load("gamma/lenient", day) == {"levels": [1.0, 2.0]}
