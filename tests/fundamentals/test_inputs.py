"""When a dependent runs, on what, and when it has nothing to do."""

from tests.running import Live


def test_nothing_is_computed_again_when_inputs_and_code_are_the_same(live: Live, day: str) -> None:
    """The current version is confirmed and announced again, which is what a lost event needs; force computes."""
    live.run("alpha/pulse", day)
    live.started_by_event("beta/echo", day)

    again = live.run("beta/echo", day)

    assert (again.outcome, again.message) == ("unchanged", "version 1 has the same inputs and code")
    assert list(live.tasks(again)) == ["gate", "confirm"]
    told = [event["payload"] for event in live.announced("beta/echo", day, count=2)]
    assert told == [{"partition": day, "version": 1}] * 2
    assert live.run("beta/echo", day, force=True).attempts[0].version == 2


def test_a_source_is_never_unchanged(live: Live, day: str) -> None:
    """What lies outside may have changed: an asset without inputs computes whenever it is run."""
    first, second = live.run("alpha/solo", day), live.run("alpha/solo", day)
    assert [first.attempts[0].version, second.attempts[0].version] == [1, 2]


def test_an_asset_that_wants_all_inputs_runs_once_all_are_fresh(live: Live, day: str) -> None:
    """With ``wants="all"`` half a pair is not enough, the first time and every time after."""
    # given one side only
    live.run("alpha/left", day)
    assert live.started_by_event("gamma/joined", day).outcome == "waiting"

    # when the other side comes
    live.run("alpha/right", day)
    assert live.started_by_event("gamma/joined", day, number=2).outcome == "published"

    # then one new side alone makes it wait again
    live.run("alpha/left", day)
    waiting = live.started_by_event("gamma/joined", day, number=3)
    assert waiting.message == f"alpha/right [{day}] has nothing new since this asset's last version"
    live.run("alpha/right", day)
    assert live.started_by_event("gamma/joined", day, number=4).attempts[0].inputs == {
        f"alpha/left [{day}]": 2,
        f"alpha/right [{day}]": 2,
    }


def test_an_attempt_on_older_inputs_does_not_replace_what_newer_ones_made(live: Live, day: str) -> None:
    """The slow run on old data ends superseded, green, and starts nobody; the new data stays."""
    # given a dependent that is slow on the first version of its input
    live.steer("echo", day, hold=True)
    live.run("alpha/pulse", day)
    live.is_computing("echo", day)
    live.steer("echo", day)

    # when the second version comes and overtakes it
    live.steer("pulse", day, values=[9])
    live.run("alpha/pulse", day)
    assert live.started_by_event("beta/echo", day, number=2).outcome == "published"
    live.let_go("echo", day)

    # then
    slow = live.started_by_event("beta/echo", day)
    assert (slow.outcome, slow.state.name) == ("superseded", "Superseded")
    assert live.load("beta/echo", day)["pulse"] == [9]
    # and the next event that tells of this day is the confirmation by a later run
    assert live.run("beta/echo", day).outcome == "unchanged"
    assert len(live.announced("beta/echo", day, count=2)) == 2


def test_an_input_is_read_at_the_version_the_gate_pinned(live: Live, day: str) -> None:
    """What is published while a run computes is for the next run; a slow run still gets its own published."""
    live.steer("echo", day, hold=True)
    live.run("alpha/pulse", day)
    live.is_computing("echo", day)
    live.pause_automation("alpha/pulse -> beta/echo")
    try:
        live.steer("pulse", day, values=[9])
        live.run("alpha/pulse", day)
    finally:
        live.pause_automation("alpha/pulse -> beta/echo", paused=False)
    live.let_go("echo", day)

    run = live.started_by_event("beta/echo", day)
    assert (run.outcome, run.attempts[0].inputs) == ("published", {f"alpha/pulse [{day}]": 1})
    assert live.load("beta/echo", day)["pulse"] == [1.0, 2.0]
